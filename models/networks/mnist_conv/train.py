#!/usr/bin/env python3
"""Trains the bundled convolutional classifier of MNIST and writes mnist_conv.textproto and its weights beside itself.

28 x 28 pixels, each one spike (latency code) - convolution 12 x 5x5, stride 2 - convolution 32 x 3x3, stride 2 - 10
outputs; integrate-and-fire neurons, reset to zero; the class is the output with the most spikes. Gradients go through a
surrogate, and the layers are timed as on a stepped chip: a spike of one layer reaches the next a step later. Weights are
whole numbers of 8 bits and so are thresholds, so that a chip with 8-bit weights computes what is trained, to the bit.

The images are not part of the project: name idx files (.gz too). Needs Debian's python3-torch and python3-numpy.
"""

import argparse
import pathlib
import sys

import numpy as np
import torch
from torch.nn.functional import affine_grid, conv2d, cross_entropy, grid_sample

sys.dont_write_bytecode = True  # nothing into the source folders
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2]))
from idx import read_idx  # noqa: E402  models/idx.py

STEPS = 12  # of a sample
WINDOW = 8  # steps over which the latency code spreads
CUTOFF = 0.2  # of full brightness: darker pixels give no spike
CHANNELS = (12, 32)
STRIDE = 2
UNIT = 1 / 127  # of the weights, which are -127..127 units
THRESHOLD = 127.5 * UNIT  # for whole numbers the same as 127, and out of reach of float rounding
NOISE = 0.3  # of the weights in training, in units


class Membrane(torch.autograd.Function):
    """Spikes (T, B, ...) of the currents (T, B, ...): v = v + x, spike where v > threshold, then v = 0.

    The backward pass replaces the step by 1 / (1 + slope |v - threshold|)^2 and lets no gradient through the reset.
    """

    SLOPE = 1.5

    @staticmethod
    def forward(ctx, current):
        v = torch.zeros_like(current[0])
        distance = torch.empty_like(current)
        for t in range(current.shape[0]):
            v = v + current[t]
            distance[t] = v - THRESHOLD
            v = torch.where(distance[t] > 0, torch.zeros_like(v), v)
        ctx.save_for_backward(distance)
        return (distance > 0).to(current.dtype)

    @staticmethod
    def backward(ctx, grad_spikes):
        (distance,) = ctx.saved_tensors
        surrogate = grad_spikes / (1 + Membrane.SLOPE * distance.abs()) ** 2
        kept = (distance <= 0).to(surrogate.dtype)
        grad = torch.empty_like(surrogate)
        ahead = torch.zeros_like(surrogate[0])
        for t in reversed(range(surrogate.shape[0])):
            ahead = surrogate[t] + kept[t] * ahead
            grad[t] = ahead
        return grad


def rounded(weights, noise=0.0):
    """Weights as multiples of the unit, within -1..1, with the gradient of the identity.

    `noise`: standard deviation in such units, so that the net does not lean on the last bit.
    """
    held = torch.clamp(torch.round(weights.detach() / UNIT), -127, 127) + noise * torch.randn_like(weights)
    return weights + (held * UNIT - weights.detach())


def raster(images):
    """Spikes (T, B, 1, 28, 28) of the constant code: a pixel's value adds up, beyond 1 it spikes and starts from 0."""
    v, spikes = torch.zeros_like(images), []
    for _ in range(STEPS):
        v = v + images
        spikes.append((v > 1).float())
        v = torch.where(v > 1, torch.zeros_like(v), v)
    return torch.stack(spikes)


def later(spikes):
    return torch.cat([torch.zeros_like(spikes[:1]), spikes[:-1]])


def each_step(operation, spikes):
    currents = operation(spikes.flatten(0, 1))
    return currents.view(spikes.shape[0], spikes.shape[1], *currents.shape[1:])


def run(weights, images):
    """Spikes of the three layers, (T, B, channels, rows, columns) and (T, B, 10), and what reaches the outputs in all.

    `images`: (B, 1, 28, 28), 0..1.
    """
    first = Membrane.apply(each_step(lambda x: conv2d(x, weights[0], stride=STRIDE), raster(images)))
    second = Membrane.apply(each_step(lambda x: conv2d(x, weights[1], stride=STRIDE), later(first)))
    drive = each_step(lambda x: x.flatten(1) @ weights[2].t(), later(second))
    return first, second, Membrane.apply(drive), drive.sum(0)


def decide(output):
    """The class with most spikes; ties go to the one that fired first, then to the lower number."""
    counts = output.sum(0)
    first = torch.where(output.cumsum(0) > 0, 0, 1).sum(0)
    return (counts * (STEPS + 1) - first).argmax(1)


def accuracy(weights, images, labels, batch=250):
    """Share of right answers, and spikes a sample of each layer."""
    right, spikes = 0, np.zeros(3)
    with torch.no_grad():
        for at in range(0, len(labels), batch):
            layers = run(weights, images[at:at + batch])[:3]
            right += (decide(layers[2]) == labels[at:at + batch]).sum().item()
            spikes += [layer.sum().item() for layer in layers]
    return right / len(labels), spikes / len(labels)


def distorted(images):
    """Turned by up to 12 degrees, scaled by up to 12 %, sheared a little, moved by up to two pixels."""
    count = len(images)
    angle, shear = ((torch.rand(2, count) - 0.5) * 2 * torch.tensor([[0.21], [0.15]]))
    scale = 1 + (torch.rand(2, count) - 0.5) * 0.24
    shift = (torch.rand(2, count) - 0.5) * 2 * 2 / 14
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = [torch.stack([cos * scale[0], (shear - sin) * scale[0], shift[0]], 1),
            torch.stack([sin * scale[1], cos * scale[1], shift[1]], 1)]
    grid = affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False).clamp(0, 1)


def initial_weights():
    shapes = [(CHANNELS[0], 1, 5, 5), (CHANNELS[1], CHANNELS[0], 3, 3), (10, CHANNELS[1] * 25)]
    scales = (0.16, 0.14, 0.06)
    means = (0.06, 0.02, 0.005)
    return [(mean + scale * torch.randn(shape)).requires_grad_() for mean, scale, shape in zip(means, scales, shapes)]


def train(images, labels, chosen_on, options):
    torch.manual_seed(options.seed)
    torch.use_deterministic_algorithms(True)
    weights = initial_weights()
    optimiser = torch.optim.Adam(weights, lr=options.rate)
    batches = len(labels) // options.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.rate, total_steps=options.epochs * batches,
                                                   pct_start=0.15)
    best, best_right = None, -1.0
    for epoch in range(options.epochs):
        order = torch.randperm(len(labels))
        for at in range(0, batches * options.batch, options.batch):
            picked = order[at:at + options.batch]
            first, second, third, drive = run([rounded(w, NOISE) for w in weights], distorted(images[picked]))
            counts = third.sum(0)
            loss = cross_entropy(counts, labels[picked]) + 0.5 * cross_entropy(drive, labels[picked])
            loss = loss + 1e-3 * (counts.sum(1) - 6).clamp(min=0).pow(2).mean()
            loss = loss + options.sparseness * (first.sum((0, 2, 3, 4)).mean() + second.sum((0, 2, 3, 4)).mean())
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 5.0)
            optimiser.step()
            schedule.step()
        right, spikes = accuracy([rounded(w) for w in weights], *chosen_on)
        print(f"epoch {epoch + 1:3d} loss {loss.item():.4f} chosen on {right:.4f} spikes a sample "
              + " ".join(f"{count:.1f}" for count in spikes), flush=True)
        if right >= best_right:
            best, best_right = [w.detach().clone() for w in weights], right
    return best


def write_network(folder, weights):
    whole = [torch.clamp(torch.round(w / UNIT), -127, 127).int().numpy() for w in weights]
    np.save(folder / "mnist_conv_out.npy", whole[2].astype(np.int8))

    def numbers(kernel):
        values = [str(value) for value in kernel.flatten()]
        lines = [", ".join(values[at:at + 25]) for at in range(0, len(values), 25)]
        return "[\n    " + ",\n    ".join(lines) + "\n  ]"

    def population(name, shape, threshold):
        return (f'population {{ name: "{name}"  shape: {list(shape)}  kind: integrate_fire  '
                f'resistance: 1000  v_threshold: {threshold} }}\n')

    def convolution(name, source, target, kernel):
        return (f'projection {{\n  name: "{name}"  source: "{source}"  target: "{target}"\n  convolution {{ '
                f'kernel_size: {kernel.shape[2]}  stride: {STRIDE} }}\n  weight {{ list {{ value: {numbers(kernel)} }} }}'
                f'\n}}\n')

    text = (
        "# Convolutional classifier of MNIST, written by train.py of this folder (see README.md).\n"
        "# Weights and thresholds are whole numbers; a spike adds its weight to v (resistance * step_s is 1).\n"
        'name: "mnist_conv"  step_s: 1e-3\n'
        'input { name: "pixels"  shape: [1, 28, 28] }\n'
        + population("conv1", (CHANNELS[0], 12, 12), 127)
        + population("conv2", (CHANNELS[1], 5, 5), 127)
        + population("digits", (10,), 127)
        + convolution("pixels_conv1", "pixels", "conv1", whole[0])
        + convolution("conv1_conv2", "conv1", "conv2", whole[1])
        + 'projection {\n  name: "conv2_digits"  source: "conv2"  target: "digits"\n'
          '  dense_file { path: "mnist_conv_out.npy"  orientation: target_by_source }\n}\n'
        + 'output { population: "digits" }\n')
    (folder / "mnist_conv.textproto").write_text(text)


def divided(images, labels):
    """Of one set: of ten images in a row, numbers 4 and 9 are for the test, number 0 chooses, the others train."""
    tenth = np.arange(len(labels)) % 10
    parts = (tenth % 5 != 4) & (tenth != 0), tenth == 0, tenth % 5 == 4
    return [(images[part], labels[part]) for part in parts]


def read_sets(options):
    images, labels = read_idx(options.images), read_idx(options.labels)
    if options.test_images is None:
        return divided(images, labels)
    chooses = np.arange(len(labels)) % 10 == 0
    return [(images[~chooses], labels[~chooses]), (images[chooses], labels[chooses]),
            (read_idx(options.test_images), read_idx(options.test_labels))]


def write_split(folder, sets):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (images, labels) in zip(("train", "choose", "test"), sets):
        np.savez(folder / f"mnist_{name}.npz", images=images, labels=labels.astype(np.int32),
                 steps=np.int32(STEPS), window=np.int32(WINDOW))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=pathlib.Path, help="idx file of images")
    parser.add_argument("labels", type=pathlib.Path, help="idx file of their labels")
    parser.add_argument("--test-images", type=pathlib.Path, help="a set of its own to test on; else a fifth of `images`")
    parser.add_argument("--test-labels", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--sparseness", type=float, default=2e-5, help="price of a spike")
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
    for name, used in (("float", [w.clamp(-1, 1) for w in weights]), ("8 bits", [rounded(w) for w in weights])):
        right, spikes = accuracy(used, *tensors[2])
        print(f"test, {name}: accuracy {right:.4f}, spikes a sample: " + ", ".join(f"{s:.1f}" for s in spikes))
    write_network(options.out, weights)


if __name__ == "__main__":
    main()
