#!/usr/bin/env python3
"""Writes earlier.textproto's network as NIR, by the convention of compiler/timed/README.md.

usage: to_nir.py OUTPUT.nir
"""

import pathlib
import sys

import h5py
import numpy

HERE = pathlib.Path(__file__).resolve().parent
TAU = 6e-6


def node(graph, name, kind, **parameters):
    group = graph.create_group(f"nodes/{name}")
    group["type"] = kind
    for key, value in parameters.items():
        group[key] = value


def cuba_lif(graph, name, size):
    ones = numpy.ones(size)
    node(graph, name, "CubaLIF", tau_syn=TAU * ones, tau_mem=TAU * ones, r=ones, v_leak=0 * ones, v_threshold=ones,
         w_in=ones)


def main(path):
    hidden, label = numpy.load(HERE / "hidden.npy"), numpy.load(HERE / "label.npy")
    with h5py.File(path, "w") as file:
        file["version"] = "1.0"
        graph = file.create_group("node")
        graph["type"] = "NIRGraph"
        node(graph, "in", "Input", shape=numpy.array([2]))
        node(graph, "bias", "Input", shape=numpy.array([1]))
        node(graph, "w_hidden", "Linear", weight=hidden.T)  # NIR's weights are targets x sources
        node(graph, "w_label", "Linear", weight=label[:4].T)
        node(graph, "w_bias", "Linear", weight=label[4:].T)
        cuba_lif(graph, "hidden", 4)
        cuba_lif(graph, "label", 2)
        node(graph, "out", "Output", shape=numpy.array([2]))
        edges = [("in", "w_hidden"), ("w_hidden", "hidden"), ("hidden", "w_label"), ("w_label", "label"),
                 ("bias", "w_bias"), ("w_bias", "label"), ("label", "out")]
        graph["edges"] = numpy.array(edges, dtype=h5py.string_dtype())
        coding = graph.create_group("metadata/ttfs")
        for key, value in {"time_unit": TAU, "early": 0.15, "late": 2.0, "window": 8.0}.items():
            coding[key] = value
        coding["constant_times/bias"] = numpy.array([2.5])


if __name__ == "__main__":
    main(sys.argv[1])
