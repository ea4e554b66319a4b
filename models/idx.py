"""Reads idx files of bytes, as MNIST comes. Needs Debian's python3-numpy."""

import gzip

import numpy as np


def read_idx(path):
    """An array of uint8 of the shape that the file says; .gz too. Exits where the file is none, or cut off."""
    data = (gzip.open if str(path).endswith(".gz") else open)(path, "rb").read()
    extents = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
    if data[:3] != b"\0\0\x08" or len(data) != 4 + 4 * len(extents) + np.prod(extents):
        raise SystemExit(f"{path}: no idx file of bytes, or cut off")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(extents)).reshape(extents)
