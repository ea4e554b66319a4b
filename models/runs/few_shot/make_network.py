#!/usr/bin/env python3
"""Writes few_shot.textproto: a fixed layer of oriented edges, pooled, and a plastic output.

Needs Debian's python3-numpy.
"""
import numpy as np

ORIENTATIONS = 8
SIZE = 5
SIGMA = 2.0


def kernel(angle):
    """A derivative of a Gaussian: positive and negative half add up to 1 and -1."""
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE // 2
    weights = (x * np.cos(angle) + y * np.sin(angle)) * np.exp(-(x**2 + y**2) / (2 * SIGMA**2))
    return weights / (np.abs(weights).sum() / 2)


def main():
    print(HEAD, end="")
    for k in range(ORIENTATIONS):
        for row in kernel(2 * np.pi * k / ORIENTATIONS):
            print("      value: [" + ", ".join(f"{w:.4f}" for w in row + 0.0) + "]")
    print(TAIL, end="")


HEAD = """\
# Made by make_network.py. A digit's edges of eight directions, counted over windows of 6 x 6, are the features; five
# output neurons learn what they mean from a few examples, by the delta rule (models/rules/pes.textproto). A weight of 1
# is the chip's 255; "teacher" writes y1, the wish, by the payload of its spikes.
name: "few_shot"
step_s: 1e-3

input { name: "image" shape: [1, 28, 28] }
input { name: "teacher" shape: 5 }

population { name: "edge" shape: [8, 24, 24] kind: integrate_fire resistance: 1000 v_threshold: 0.25 bias: -0.2 }
population { name: "feature" shape: [8, 5, 5] kind: integrate_fire resistance: 1000 v_threshold: 8 }
population { name: "class" shape: 5 kind: leaky tau_mem_s: 32e-3 resistance: 32 v_threshold: 7.8125 }

projection {
  name: "detect" source: "image" target: "edge"
  convolution { kernel_size: 5 }
  weight {
    list {
"""
TAIL = """\
    }
  }
}
projection {
  name: "pool" source: "edge" target: "feature"
  convolution { kernel_size: 1 groups: 8 pooling { kernel_size: 6 stride: 4 } }
  weight { constant: 1 }
}
projection {
  name: "learn" source: "feature" target: "class"
  dense {} weight { constant: 0 }
  learning {
    rule_file: "../../rules/pes.textproto"
    sign: mixed weight_max: 1
    third_factor { trace: 1 input: "teacher" }
  }
}

output { population: "class" }
"""

if __name__ == "__main__":
    main()
