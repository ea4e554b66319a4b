#!/usr/bin/env python3
"""Draws what neurons of models/runs/digits learned: their weights as images, 12 x 12 of them, in a PNG file.

    draw_weights.py train.h5 weights.png

Black is 0, white 255 (the chip's register). Needs Debian's python3-numpy and python3-h5py.
"""

import pathlib
import struct
import sys
import zlib

import h5py
import numpy as np

SIDE, EDGE, SCALE = 12, 28, 2  # images a row, pixels of an image, of a pixel


def png(image):
    """Bytes of an 8-bit grey PNG file."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = image.shape
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: draw_weights.py RECORDING PICTURE")
    with h5py.File(sys.argv[1]) as file:
        learned = file["/learning/look"]
        source, target = learned["synapses/source"][:], learned["synapses/target"][:]
        weights = np.zeros((target.max() + 1, EDGE * EDGE))
        weights[target, source] = learned["snapshots/weights"][-1]
    picture = np.full((SIDE * (EDGE + 1), SIDE * (EDGE + 1)), 64, np.uint8)
    for neuron, image in enumerate(weights[: SIDE * SIDE].clip(0, 255).reshape(-1, EDGE, EDGE)):
        y, x = (EDGE + 1) * (neuron // SIDE), (EDGE + 1) * (neuron % SIDE)
        picture[y : y + EDGE, x : x + EDGE] = image
    pathlib.Path(sys.argv[2]).write_bytes(png(picture.repeat(SCALE, 0).repeat(SCALE, 1)))


if __name__ == "__main__":
    main()
