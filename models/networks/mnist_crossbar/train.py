#!/usr/bin/env python3
"""Trains the bundled classifier of MNIST for TrueNorth's crossbars and writes mnist_crossbar.textproto and its weights.

28 x 28 pixels - edges: convolution 16 x 5x5, stride 2 - parts: 140 x 4x4, stride 4 - voters: five groups, each of 50
voters that hear 28 of the parts everywhere - 10 digits, each of which counts its voters. Every layer is divided so that a
core hears at most 256 axons and a neuron reaches one core, by one axon: so each neuron behind the pixels only excites or
only inhibits, and training chooses what it is joined with. Integrate-and-fire neurons, reset to zero; a spike of one
layer reaches the next a step later; the class is the digit with the most spikes. Gradients go through a surrogate.

The images are not part of the project: name idx files (.gz too). Needs Debian's python3-torch and python3-numpy.
"""

import argparse
import pathlib
import sys

import numpy as np
import torch
from torch.nn.functional import conv2d, cross_entropy

sys.dont_write_bytecode = True  # nothing into the source folders
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2]))
from mnist_conv.train import decide, distorted, later, raster, read_sets, write_split  # noqa: E402

EDGES = 16  # channels
GROUPS = 5  # of parts and voters: a core of voters each
PARTS = 28  # channels a group: 28 x 3 x 3 sources are 252 axons
VOTERS = 50  # a group
THRESHOLDS = (4, 8, 8, 6)  # of edges, parts, voters, digits
EXCITES, INHIBITS = 1, -2  # what a neuron adds where it is joined; every third channel inhibits
SLOPES = (0.5, 0.25, 0.25, 0.25)


class Membrane(torch.autograd.Function):
    """Spikes (T, B, ...) of the currents (T, B, ...): v = v + x, spike where v > threshold, then v = 0.

    The backward pass replaces the step by 1 / (1 + slope |v - threshold|)^2 and lets no gradient through the reset. All
    currents are whole numbers: half a unit on top of the threshold changes no spike, and makes the surrogate symmetric.
    """

    @staticmethod
    def forward(ctx, current, threshold, slope):
        v = torch.zeros_like(current[0])
        distance = torch.empty_like(current)
        for t in range(current.shape[0]):
            v = v + current[t]
            distance[t] = v - (threshold + 0.5)
            v = torch.where(distance[t] > 0, torch.zeros_like(v), v)
        ctx.save_for_backward(distance)
        ctx.slope = slope
        return (distance > 0).to(current.dtype)

    @staticmethod
    def backward(ctx, grad_spikes):
        (distance,) = ctx.saved_tensors
        surrogate = grad_spikes / (1 + ctx.slope * distance.abs()) ** 2
        kept = (distance <= 0).to(surrogate.dtype)
        grad = torch.empty_like(surrogate)
        ahead = torch.zeros_like(surrogate[0])
        for t in reversed(range(surrogate.shape[0])):
            ahead = surrogate[t] + kept[t] * ahead
            grad[t] = ahead
        return grad, None, None


def effects(channels):
    """What a spike of each channel adds: 1, 1, -2, 1, 1, -2, ..; (channels, 1, 1)."""
    return torch.where(torch.arange(channels) % 3 == 2, float(INHIBITS), float(EXCITES))[:, None, None]


def held(latent):
    """The weights that the chip holds, of the latent ones, with the gradient of the identity.

    Pixels have two axons each, 1 and -2 where joined: -2, -1, 0, 1. All others one: 0, or the effect of their channel.
    """
    pixels, edges, parts = latent

    def straight(values, weights):
        return weights + (values - weights).detach()

    return [straight(torch.round(pixels).clamp(-2, 1), pixels),
            straight((edges > 0.5).float(), edges) * effects(EDGES),
            straight((parts > 0.5).float(), parts) * effects(PARTS)]


def votes():
    """(voters, 10): neighbours vote for different digits, so that each group has voters of all."""
    return (torch.arange(GROUPS * VOTERS)[:, None] % 10 == torch.arange(10)).float()


def run(weights, images):
    """Spikes of the four layers, (T, B, ...), and the votes for each digit over all steps, (B, 10).

    `images`: (B, 1, 28, 28), 0..1.
    """
    def layer(number, current, count):
        return Membrane.apply(current.view(count, -1, *current.shape[1:]), THRESHOLDS[number], SLOPES[number])

    pixels = raster(images)
    steps = len(pixels)
    edges = layer(0, conv2d(pixels.flatten(0, 1), weights[0], stride=2), steps)
    parts = layer(1, conv2d(later(edges).flatten(0, 1), weights[1], stride=4), steps)
    voters = layer(2, conv2d(later(parts).flatten(0, 1), weights[2], groups=GROUPS).flatten(1), steps)
    drive = later(voters) @ votes()
    return edges, parts, voters, Membrane.apply(drive, THRESHOLDS[3], SLOPES[3]), drive.sum(0)


def accuracy(weights, images, labels, batch=250):
    """Share of right answers, and spikes a sample of each layer."""
    right, spikes = 0, np.zeros(4)
    with torch.no_grad():
        for at in range(0, len(labels), batch):
            layers = run(weights, images[at:at + batch])[:4]
            right += (decide(layers[3]) == labels[at:at + batch]).sum().item()
            spikes += [layer.sum().item() for layer in layers]
    return right / len(labels), spikes / len(labels)


def initial_weights():
    latent = [0.2 + 0.8 * torch.randn(EDGES, 1, 5, 5), 0.5 + 0.25 * torch.randn(GROUPS * PARTS, EDGES, 4, 4),
              0.5 + 0.25 * torch.randn(GROUPS * VOTERS, PARTS, 3, 3)]
    return [weights.requires_grad_() for weights in latent]


def train(images, labels, chosen_on, options):
    torch.manual_seed(options.seed)
    torch.use_deterministic_algorithms(True)
    latent = initial_weights()
    rates = [2 * options.rate, options.rate, options.rate]  # pixels' weights span three times as much
    optimiser = torch.optim.Adam([{"params": [w], "lr": rate} for w, rate in zip(latent, rates)])
    batches = len(labels) // options.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=options.epochs * batches, pct_start=0.15)
    best, best_right = None, -1.0
    for epoch in range(options.epochs):
        order, total = torch.randperm(len(labels)), 0.0
        for at in range(0, batches * options.batch, options.batch):
            picked = order[at:at + options.batch]
            digits, drive = run(held(latent), distorted(images[picked]))[3:]
            loss = cross_entropy(digits.sum(0), labels[picked]) + cross_entropy(0.3 * drive, labels[picked])
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(latent, 5.0)
            optimiser.step()
            schedule.step()
            total += loss.item() / batches
            with torch.no_grad():  # none goes so far beyond its range that it would not come back
                latent[0].clamp_(-2.4, 1.4)
                latent[1].clamp_(-0.2, 1.2)
                latent[2].clamp_(-0.2, 1.2)
        right, spikes = accuracy(held(latent), *chosen_on)
        print(f"epoch {epoch + 1:3d} loss {total:.4f} chosen on {right:.4f} spikes a sample "
              + " ".join(f"{count:.1f}" for count in spikes), flush=True)
        if right >= best_right:
            best, best_right = [w.detach().clone() for w in held(latent)], right
    return best


def write_network(folder, weights):
    for name, values in zip(("edges", "parts", "voters"), weights):
        whole = torch.round(values).numpy().astype(np.int8)
        whole[whole.reshape(len(whole), -1).max(1) <= 0] = 0  # nothing excites it, so it needs no axons
        np.save(folder / f"mnist_crossbar_{name}.npy", whole)
    np.save(folder / "mnist_crossbar_digits.npy", votes().t().numpy().astype(np.int8))

    def population(name, shape, threshold):
        return (f'population {{ name: "{name}"  shape: {list(shape)}  kind: integrate_fire  '
                f'resistance: 1000  v_threshold: {threshold} }}\n')

    def convolution(source, target, kernel):
        return (f'projection {{\n  name: "{source}_{target}"  source: "{source}"  target: "{target}"\n'
                f'  convolution {{ {kernel} }}\n  weight {{ file: "mnist_crossbar_{target}.npy" }}\n}}\n')

    text = (
        "# Classifier of MNIST for TrueNorth's crossbars, written by train.py of this folder (see README.md).\n"
        "# Weights and thresholds are whole numbers; a spike adds its weight to v (resistance * step_s is 1).\n"
        'name: "mnist_crossbar"  step_s: 1e-3\n'
        'input { name: "pixels"  shape: [1, 28, 28] }\n'
        + population("edges", (EDGES, 12, 12), THRESHOLDS[0])
        + population("parts", (GROUPS * PARTS, 3, 3), THRESHOLDS[1])
        + population("voters", (GROUPS * VOTERS, 1, 1), THRESHOLDS[2])
        + population("digits", (10,), THRESHOLDS[3])
        + convolution("pixels", "edges", "kernel_size: 5  stride: 2")
        + convolution("edges", "parts", "kernel_size: 4  stride: 4")
        + convolution("parts", "voters", f"kernel_size: 3  groups: {GROUPS}")
        + 'projection {\n  name: "voters_digits"  source: "voters"  target: "digits"\n'
          '  dense_file { path: "mnist_crossbar_digits.npy"  orientation: target_by_source }\n}\n'
        + 'output { population: "digits" }\n')
    (folder / "mnist_crossbar.textproto").write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=pathlib.Path, help="idx file of images")
    parser.add_argument("labels", type=pathlib.Path, help="idx file of their labels")
    parser.add_argument("--test-images", type=pathlib.Path, help="a set of its own to test on; else a fifth of `images`")
    parser.add_argument("--test-labels", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--rate", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    parser.add_argument("--split", type=pathlib.Path,
                        help="train nothing; write the parts that train, choose and test into this folder (.npz)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sets = read_sets(options)
    if options.split:
        write_split(options.split, sets)
        return
    tensors = [(torch.from_numpy(images / np.float32(255)).unsqueeze(1), torch.from_numpy(labels.astype(np.int64)))
               for images, labels in sets]
    print("trained on {}, chosen on {}, tested on {}".format(*(len(labels) for _, labels in tensors)), flush=True)
    weights = train(*tensors[0], tensors[1], options)
    right, spikes = accuracy(weights, *tensors[2])
    print(f"test: accuracy {right:.4f}, spikes a sample: " + ", ".join(f"{s:.1f}" for s in spikes))
    write_network(options.out, weights)


if __name__ == "__main__":
    main()
