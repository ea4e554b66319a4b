#!/usr/bin/env python3
"""Trains the bundled ReLU example and writes shapes.nir and shapes.npz beside itself.

A small convolutional net that tells a cross, a ring, a square and a triangle apart on noisy images of 12 x 12:
convolution - ReLU - average pooling - convolution - ReLU - average pooling - matrix. NIR has no ReLU, so the file holds
the weights, the pooling and the Flatten alone; spikeloom convert reads a ReLU after every weight layer but the last.
Needs Debian's python3-torch, python3-h5py, python3-numpy; takes seconds.
"""

import pathlib

import h5py
import numpy as np
import torch

SIZE = 12
CLASSES = 4
TEST_SAMPLES = 200
TEST_SEED = 77


def shape_image(rng, label):
    """One image, uint8 (12, 12): the outline of a shape of random size, place and brightness, with noise."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(float)
    radius = rng.uniform(2.6, 4.4)
    y, x = rng.uniform(radius, SIZE - 1 - radius, 2)
    v, u = rows - y, columns - x
    if label == 0:  # cross
        distance = np.minimum(np.abs(u), np.abs(v)) + 9 * (np.maximum(np.abs(u), np.abs(v)) > radius)
    elif label == 1:  # ring
        distance = np.abs(np.hypot(u, v) - radius)
    elif label == 2:  # square
        distance = np.abs(np.maximum(np.abs(u), np.abs(v)) - radius)
    else:  # triangle, its tip above
        slope = np.abs(u) * 0.894 - (v + radius) * 0.447
        distance = np.abs(np.maximum(slope, v - radius))
    ink = np.clip(1.2 - distance, 0, 1) * rng.uniform(0.7, 1)
    return (255 * np.clip(ink + rng.normal(0, 0.08, ink.shape), 0, 1)).astype(np.uint8)


def samples(rng, count):
    labels = rng.integers(CLASSES, size=count)
    return np.stack([shape_image(rng, label) for label in labels]), labels


def train():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    images, labels = samples(np.random.default_rng(1), 4000)
    x = torch.tensor(images / 255.0, dtype=torch.float32)[:, None]
    y = torch.tensor(labels)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 3),
        torch.nn.ReLU(),
        torch.nn.AvgPool2d(2),
        torch.nn.Conv2d(6, 12, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AvgPool2d(2, stride=2),
        torch.nn.Flatten(),
        torch.nn.Linear(48, CLASSES),
    )
    optimiser = torch.optim.Adam(net.parameters(), 4e-3)
    for _ in range(12):
        for batch in torch.randperm(len(x)).split(50):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
            optimiser.step()
    return net


def write_nir(path, net):
    text = h5py.string_dtype("utf-8")

    def affine(layer):
        return {"weight": layer.weight.detach().numpy(), "bias": layer.bias.detach().numpy()}

    def convolution(layer):
        geometry = {key: np.array(getattr(layer, key)) for key in ("stride", "padding", "dilation")}
        return affine(layer) | geometry | {"groups": layer.groups}

    pool = {"kernel_size": np.array([2, 2]), "stride": np.array([2, 2]), "padding": np.array([0, 0])}
    nodes = {
        "input": ("Input", {"shape": np.array([1, SIZE, SIZE])}),
        "conv1": ("Conv2d", convolution(net[0])),
        "pool1": ("AvgPool2d", pool),
        "conv2": ("Conv2d", convolution(net[3])),
        "pool2": ("AvgPool2d", pool),
        "flatten": ("Flatten", {"start_dim": 0, "end_dim": -1}),
        "fc": ("Affine", affine(net[7])),
        "output": ("Output", {"shape": np.array([CLASSES])}),
    }
    names = list(nodes)
    with h5py.File(path, "w") as file:
        file.create_dataset("version", data="1.0.7", dtype=text)
        graph = file.create_group("node")
        graph.create_dataset("type", data="NIRGraph", dtype=text)
        for name, (kind, parameters) in nodes.items():
            node = graph.create_group("nodes/" + name)
            node.create_dataset("type", data=kind, dtype=text)
            for key, value in parameters.items():
                node.create_dataset(key, data=value)
        graph.create_dataset("edges", data=np.array(list(zip(names, names[1:])), dtype=object), dtype=text)


def main():
    folder = pathlib.Path(__file__).parent
    net = train()
    images, labels = samples(np.random.default_rng(TEST_SEED), TEST_SAMPLES)
    with torch.no_grad():
        answers = net(torch.tensor(images / 255.0, dtype=torch.float32)[:, None]).argmax(1).numpy()
    print(f"{100 * (answers == labels).mean():.1f} % of {TEST_SAMPLES} test images")
    write_nir(folder / "shapes.nir", net)
    np.savez_compressed(folder / "shapes.npz", images=images, labels=labels)


if __name__ == "__main__":
    main()
