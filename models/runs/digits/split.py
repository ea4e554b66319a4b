#!/usr/bin/env python3
"""Shuffles the 10,000 MNIST test images and deals them out: train.npz and test.npz, disjoint.

The file's first half is easier than its second, so images are drawn, not taken in order. The same seed gives the same
split. Needs Debian's python3-numpy.
"""

import argparse
import pathlib
import sys

import numpy as np

sys.dont_write_bytecode = True  # nothing into the source folders
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2]))
from idx import read_idx  # noqa: E402  models/idx.py


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("digits", type=pathlib.Path, help="folder with the MNIST test set")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--train", type=int, default=8000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("."))
    options = parser.parse_args()
    images = read_idx(options.digits / "t10k-images-idx3-ubyte.gz").reshape(-1, 784)
    labels = read_idx(options.digits / "t10k-labels-idx1-ubyte.gz")
    if options.train + options.test > len(labels):
        parser.error(f"there are {len(labels)} images")
    order = np.random.default_rng(options.seed).permutation(len(labels))
    for name, chosen in (("train", order[: options.train]), ("test", order[-options.test :])):
        np.savez(options.folder / f"{name}.npz", inputs=images[chosen], labels=labels[chosen].astype(np.int32))


if __name__ == "__main__":
    main()
