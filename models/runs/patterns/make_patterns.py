#!/usr/bin/env python3
"""Spike patterns to be told apart: writes train.npz, label.npz and test.npz (inputs: samples x steps x channels).

A pattern is a set of channels, each with its own moment; a presentation moves every spike a little, loses some, and adds
others anywhere. The same seed gives the same files. Needs Debian's python3-numpy.
"""

import argparse
import pathlib

import numpy as np

CHANNELS = 64
STEPS = 32  # of a presentation
ACTIVE = 16  # channels of a pattern; two patterns share four of them on average
BEGIN, END = 4, 20  # steps between which a pattern's spikes lie
JITTER = 1.0  # standard deviation of a spike's time, steps
LOSS = 0.1  # chance that a spike of the pattern is missing
NOISE = 0.005  # chance of a spike that belongs to no pattern, a channel and step


def draw_patterns(rng, count):
    """`count` patterns: (channels, moments), ACTIVE of each."""
    return [(rng.choice(CHANNELS, ACTIVE, replace=False), rng.uniform(BEGIN, END, ACTIVE)) for _ in range(count)]


def present(rng, pattern):
    """One presentation, STEPS x CHANNELS of 0 and 1."""
    spikes = rng.random((STEPS, CHANNELS)) < NOISE
    channels, moments = pattern
    kept = rng.random(ACTIVE) >= LOSS
    steps = np.clip(np.rint(moments + rng.normal(0, JITTER, ACTIVE)), 0, STEPS - 1).astype(int)
    spikes[steps[kept], channels[kept]] = True
    return spikes.astype(np.uint8)


def write(path, rng, patterns, samples):
    labels = rng.integers(len(patterns), size=samples)
    np.savez_compressed(path, inputs=np.stack([present(rng, patterns[label]) for label in labels]), labels=labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patterns", type=int, default=4)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("."))
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    patterns = draw_patterns(rng, options.patterns)
    for name, samples in (("train", 500), ("label", 100), ("test", 200)):
        write(options.folder / f"{name}.npz", rng, patterns, samples)


if __name__ == "__main__":
    main()
