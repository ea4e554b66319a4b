"""The Yin-Yang task (Kriener, Goeltz, Petrovici 2021) from its formula, and its latency code.

Points lie in a circle of radius 0.5 around (0.5, 0.5): class 0 is yang, class 1 yin, class 2 the two dots of radius
0.1. A class is drawn uniformly, then points are drawn uniformly until one is of that class.
"""

import numpy as np

R_BIG = 0.5
R_SMALL = 0.1
BIAS = 0.5  # value of the fifth channel: a spike in the middle of the window, the same for every sample


def classify(x, y):
    """Class 0, 1, 2 of each point, or -1 outside the circle; x and y are arrays of equal shape."""
    right = np.hypot(x - 1.5 * R_BIG, y - R_BIG)
    left = np.hypot(x - 0.5 * R_BIG, y - R_BIG)
    dot = (right < R_SMALL) | (left < R_SMALL)
    yin = (right <= R_SMALL) | ((left > R_SMALL) & (left <= 0.5 * R_BIG)) | ((y > R_BIG) & (right > 0.5 * R_BIG))
    label = np.where(dot, 2, yin.astype(np.int64))
    return np.where(np.hypot(x - R_BIG, y - R_BIG) > R_BIG, -1, label)


def samples(rng, count):
    """`count` samples: values (count, 5) float32 in 0..1 = x, y, 1-x, 1-y, bias; labels (count) int64."""
    goal = rng.integers(3, size=count)
    points = np.zeros((count, 2))
    missing = np.arange(count)
    while missing.size:
        drawn = rng.random((missing.size, 2))
        points[missing] = drawn
        missing = missing[classify(drawn[:, 0], drawn[:, 1]) != goal[missing]]
    values = np.concatenate([points, 1.0 - points, np.full((count, 1), BIAS)], axis=1)
    return values.astype(np.float32), goal


def latency_steps(values, window):
    """Step of each channel's only spike: value 1 at step 0, value 0 at step window - 1, halves rounded up."""
    late = (1.0 - values.astype(np.float64)) * (window - 1)
    return np.floor(late + 0.5).astype(np.int64)
