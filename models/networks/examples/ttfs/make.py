#!/usr/bin/env python3
"""Writes the arrays of earlier.textproto and a labelled set beside this file."""

import pathlib

import numpy

HERE = pathlib.Path(__file__).resolve().parent

# sources x neurons; a spike of weight w lifts the membrane by at most w / e of the threshold
HIDDEN = numpy.array([[6.0, 4.0, -3.0, -2.0],
                      [-3.0, -2.0, 6.0, 4.0]])
LABEL = numpy.array([[4.0, -4.0],
                     [3.0, -1.0],
                     [-4.0, 4.0],
                     [-1.0, 3.0],
                     [0.5, 0.5]])  # the bias, spiking at 2.5


def main():
    numpy.save(HERE / "hidden.npy", HIDDEN)
    numpy.save(HERE / "label.npy", LABEL)
    values = numpy.random.default_rng(7).random((400, 2))
    values = values[numpy.abs(values[:, 0] - values[:, 1]) > 0.05]
    labels = (values[:, 1] < values[:, 0]).astype(numpy.int64)  # small values spike early
    numpy.savez(HERE / "earlier_test.npz", inputs=values, labels=labels)


if __name__ == "__main__":
    main()
