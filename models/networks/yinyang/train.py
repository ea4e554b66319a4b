#!/usr/bin/env python3
"""Trains the bundled Yin-Yang classifier and writes yinyang.nir and yinyang_test.npz beside itself.

5 inputs - hidden - 3 outputs, current-based LIF neurons, one spike a channel; the class is the output with the most
spikes. Every sample is new (the data set is a formula), gradients go through a surrogate, and the layers are timed as
on a stepped chip: a spike of the hidden layer reaches the outputs one step later. Needs Debian's python3-torch,
python3-h5py, python3-numpy; takes a few minutes on two cores.
"""

import argparse
import pathlib

import h5py
import numpy as np
import torch

import yin_yang

WINDOW = 50  # steps over which the latency code spreads
STEPS = 60  # of a sample
STEP_S = 1e-3
HIDDEN = 150
DECAY_SYN = 320 / 4096  # step / tau_syn: 12.8 ms; exact in 12-bit decays
DECAY_MEM = 160 / 4096  # step / tau_mem: 25.6 ms
THRESHOLD = 1.0
NOISE = 0.3  # of the weights in training, in steps of 8-bit weights
TEST_SAMPLES = 1000
TEST_SEED = 4242


class Membrane(torch.autograd.Function):
    """Spikes (T, B, N) of the synaptic currents (T, B, N): v = (1 - k) v + s, spike where v > threshold, then v = 0.

    The backward pass replaces the step by 1 / (1 + slope |v - threshold|)^2 and lets no gradient through the reset.
    """

    SLOPE = 5.0

    @staticmethod
    def forward(ctx, current):
        v = torch.zeros_like(current[0])
        distance = torch.empty_like(current)
        for t in range(current.shape[0]):
            v = v * (1 - DECAY_MEM) + current[t]
            distance[t] = v - THRESHOLD
            v = torch.where(distance[t] > 0, torch.zeros_like(v), v)
        ctx.save_for_backward(distance)
        return (distance > 0).to(current.dtype)

    @staticmethod
    def backward(ctx, grad_spikes):
        (distance,) = ctx.saved_tensors
        surrogate = grad_spikes / (1 + Membrane.SLOPE * distance.abs()) ** 2
        kept = (1 - DECAY_MEM) * (distance <= 0).to(surrogate.dtype)
        grad = torch.empty_like(surrogate)
        ahead = torch.zeros_like(surrogate[0])
        for t in reversed(range(surrogate.shape[0])):
            ahead = surrogate[t] + kept[t] * ahead
            grad[t] = ahead
        return grad


def filtered(current):
    """s[t] = (1 - k) s[t-1] + current[t]; linear, so weights may be applied before or after."""
    state, states = torch.zeros_like(current[0]), []
    for t in range(current.shape[0]):
        state = state * (1 - DECAY_SYN) + current[t]
        states.append(state)
    return torch.stack(states)


def later(spikes):
    return torch.cat([torch.zeros_like(spikes[:1]), spikes[:-1]])


def rounded(weights, noise=0.0):
    """Weights as an 8-bit chip would hold them (127 steps of the largest), with the gradient of the identity.

    `noise`: standard deviation in steps, so that the net does not lean on the last bit.
    """
    unit = weights.detach().abs().max() / 127
    held = torch.round(weights.detach() / unit) + noise * torch.randn_like(weights)
    return weights + (held * unit - weights.detach())


def raster(values):
    """Spikes (T, B, 5) of the latency code."""
    steps = torch.from_numpy(yin_yang.latency_steps(values, WINDOW))
    return torch.nn.functional.one_hot(steps, STEPS).permute(2, 0, 1).float()


def run(weights, values):
    """Spikes of the hidden (T, B, HIDDEN) and output (T, B, 3) layers."""
    hidden = Membrane.apply(filtered(raster(values)) @ weights[0].t())
    return hidden, Membrane.apply(filtered(later(hidden) @ weights[1].t()))


def decide(output):
    """The class with most spikes; ties go to the one that fired first, then to the lower number."""
    counts = output.sum(0)
    first = torch.where(output.cumsum(0) > 0, 0, 1).sum(0)
    return (counts * (STEPS + 1) - first).argmax(1)


def accuracy(weights, values, labels):
    with torch.no_grad():
        hidden, output = run(weights, values)
    right = (decide(output) == torch.from_numpy(labels)).float().mean().item()
    silent = (output.sum((0, 2)) == 0).sum().item()
    return right, silent, hidden.sum().item() / len(labels), output.sum().item() / len(labels)


def train(iterations, batch, seed):
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(seed)
    weights = [
        (0.035 + 0.055 * torch.randn(HIDDEN, 5)).requires_grad_(),
        (0.003 + 0.015 * torch.randn(3, HIDDEN)).requires_grad_(),
    ]
    optimiser = torch.optim.Adam([{"params": [weights[0]], "lr": 4e-3}, {"params": [weights[1]], "lr": 2e-3}])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [4e-3, 2e-3], total_steps=iterations, pct_start=0.1)
    for iteration in range(iterations):
        values, labels = yin_yang.samples(rng, batch)
        hidden, output = run([rounded(w, NOISE) for w in weights], values)
        counts = output.sum(0)
        loss = torch.nn.functional.cross_entropy(counts * 1.0, torch.from_numpy(labels))
        loss = loss + 1e-3 * (counts.sum(1) - 8).clamp(min=0).pow(2).mean() + 2e-5 * hidden.sum((0, 2)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if (iteration + 1) % 100 == 0:
            held, silent, per_hidden, per_output = accuracy(weights, *yin_yang.samples(np.random.default_rng(1), 2000))
            print(f"{iteration + 1:6d} loss {loss.item():.4f} held-out {held:.4f} silent {silent} "
                  f"hidden spikes {per_hidden:.1f} output spikes {per_output:.2f}", flush=True)
    return [w.detach() for w in weights]


def write_nir(path, weights):
    """NIR 1.0 as the nir package lays it down; r and w_in as snnTorch writes them, so that dt is told: r = tau / dt."""
    text = h5py.string_dtype("utf-8")
    with h5py.File(path, "w") as file:
        file.create_dataset("version", data="1.0.7", dtype=text)
        nodes = file.create_group("node/nodes")
        file["node"].create_dataset("type", data="NIRGraph", dtype=text)

        def node(name, kind, **parameters):
            group = nodes.create_group(name)
            group.create_dataset("type", data=kind, dtype=text)
            for key, value in parameters.items():
                group.create_dataset(key, data=value)

        def neurons(name, count):
            tau_syn, tau_mem = STEP_S / DECAY_SYN, STEP_S / DECAY_MEM
            def full(value):
                return np.full(count, value, np.float32)
            node(name, "CubaLIF", tau_syn=full(tau_syn), tau_mem=full(tau_mem), r=full(tau_mem / STEP_S),
                 w_in=full(tau_syn / STEP_S), v_leak=full(0), v_threshold=full(THRESHOLD), v_reset=full(0))

        node("input", "Input", shape=np.array([5]))
        node("fc1", "Linear", weight=weights[0].numpy())
        neurons("hidden", HIDDEN)
        node("fc2", "Linear", weight=weights[1].numpy())
        neurons("output_neurons", 3)
        node("output", "Output", shape=np.array([3]))
        chain = ["input", "fc1", "hidden", "fc2", "output_neurons", "output"]
        file["node"].create_dataset("edges", data=list(zip(chain[:-1], chain[1:])), dtype=text)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--iterations", type=int, default=3000)
    options.add_argument("--batch", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    weights = train(arguments.iterations, arguments.batch, arguments.seed)
    values, labels = yin_yang.samples(np.random.default_rng(TEST_SEED), TEST_SAMPLES)
    for name, used in (("float", weights), ("8-bit weights", [rounded(w) for w in weights])):
        right, silent, per_hidden, per_output = accuracy(used, values, labels)
        print(f"test, {name}: accuracy {right:.4f}, silent {silent}, spikes a sample: hidden {per_hidden:.1f}, "
              f"output {per_output:.2f}")
    write_nir(arguments.out / "yinyang.nir", [rounded(w) for w in weights])
    np.savez(arguments.out / "yinyang_test.npz", inputs=values, labels=labels.astype(np.int32),
             steps=np.int32(STEPS), window=np.int32(WINDOW))


if __name__ == "__main__":
    main()
