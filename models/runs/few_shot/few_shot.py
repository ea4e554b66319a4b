#!/usr/bin/env python3
"""Few-shot learning on a virtual chip: episodes of N-way k-shot, each beside the same rule in floating point.

An episode draws k images of each new digit (5 to 9), shows them with a teacher to the network whose output learns, then
asks 20 other images of each, learning off. The floating-point twin gets the very spikes of the feature layer that
the chip recorded and applies the same rule to real weights and traces, without rounding or bounds; `cosine` is the
nearest class mean of the feature layer's spike counts. Needs Debian's python3-numpy and python3-h5py.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

sys.dont_write_bytecode = True  # nothing into the source folders
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2]))
from idx import read_idx  # noqa: E402  models/idx.py

HERE = pathlib.Path(__file__).resolve().parent
CLASSES = [5, 6, 7, 8, 9]
QUERIES = 20  # of a class, an episode
STEPS, DRAIN = 32, 2  # of an image; spikes need two steps to the output
TEACHER = 8  # the third factor: y1 = 8 asks for a spike of the output in every second step
PASSES = {1: 20, 5: 8}  # how often the k images are shown
# As in few_shot.textproto; weights in units of the chip's register, 256 of them are weight_max.
THRESHOLD, TAU = 2000.0, 32.0
X_IMPULSE, X_TAU = 12.0, 8.0
RATE = 2.0**-6


def read_digits(folder):
    images = read_idx(folder / "t10k-images-idx3-ubyte.gz").reshape(-1, 784)
    return images / np.float32(255), read_idx(folder / "t10k-labels-idx1-ubyte.gz")


def draw_episode(rng, labels, shots):
    """Indices of the images to learn from, in the order of showing, and of those to ask."""
    support, queries = [], []
    for label in CLASSES:
        drawn = rng.permutation(np.flatnonzero(labels == label))
        support.append(drawn[:shots])
        queries.append(drawn[shots : shots + QUERIES])
    support = np.concatenate(support)
    shown = np.concatenate([rng.permutation(support) for _ in range(PASSES[shots])])
    return shown, np.concatenate(queries)


class Chip:
    """The compiled network, and recordings of it in a folder."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.call("compile", HERE / "few_shot.textproto", "--chip", "loihi1", "-o", self.image("naive"))

    def image(self, name):
        return self.folder / f"{name}.loom"

    def call(self, *words):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"spikeloom {' '.join(map(str, words))}:\n{done.stdout}{done.stderr}")

    def show(self, image, pixels, labels, *options):
        """Output spikes (samples x classes), feature spikes (samples x steps x features)."""
        data, recording = self.folder / "set.npz", self.folder / "run.h5"
        np.savez(data, inputs=pixels, labels=labels)
        self.call("eval", self.image(image), "--data", data, "--encode", "constant", "-n", STEPS, "--drain", DRAIN,
                  "-o", recording, "--force", *options)
        with h5py.File(recording) as file:
            step_ms = file["/network/step"][()] * 1000
            steps = np.rint(file["/spikes/feature/timestamps"][:] / step_ms).astype(np.int64)
            neurons = file["/spikes/feature/node_ids"][:].astype(np.int64)
            names = [name.decode() for name in file["/network/names"][:]]
            features = int(file["/network/sizes"][names.index("feature")])
            answers = file["/eval/output_spikes"][:]
        spikes = np.zeros((len(labels) * (STEPS + DRAIN), features), bool)
        spikes[steps, neurons] = True
        return answers, spikes.reshape(len(labels), STEPS + DRAIN, features)


def float_twin(spikes, weights, labels=None):
    """Shows feature spikes to the output in real arithmetic; with labels it learns. Output spikes by class."""
    answers = np.zeros((len(spikes), weights.shape[1]), np.int64)
    for sample, raster in enumerate(spikes):
        voltage, trace = np.zeros(weights.shape[1]), np.zeros(weights.shape[0])
        for t in range(1, len(raster)):  # a feature's spike reaches the output one step later
            arrived = raster[t - 1]
            voltage += arrived @ weights - voltage / TAU
            spiked = voltage > THRESHOLD
            voltage[spiked] = 0
            answers[sample] += spiked
            trace = trace * np.exp(-1 / X_TAU) + X_IMPULSE * arrived
            if labels is not None:
                weights[:, labels[sample]] += RATE * trace * (TEACHER / 8)
                weights[:, spiked] -= 2 * RATE * trace[:, None]
    return answers


def nearest_mean(shown, labels, asked):
    counts, questions = shown.sum(1).astype(float), asked.sum(1).astype(float)
    means = np.stack([counts[labels == c].mean(0) for c in range(len(CLASSES))])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return questions @ means.T


def right(answers, labels):
    """The share of samples whose class has the most spikes; of equals the lower class; silence is wrong."""
    return np.mean((answers.argmax(1) == labels) & (answers.max(1) > 0))


def run_episode(chip, pixels, labels, shots, seed):
    rng = np.random.default_rng([seed, shots])
    shown, asked = draw_episode(rng, labels, shots)
    shown_labels, asked_labels = labels[shown].astype(int) - 5, labels[asked].astype(int) - 5
    _, shown_spikes = chip.show("naive", pixels[shown], shown_labels, "--teacher", "teacher", "--teacher-payload",
                                TEACHER, "--seed", seed, "--save-image", chip.image("learned"))
    answers, asked_spikes = chip.show("learned", pixels[asked], asked_labels, "--freeze")
    weights = np.zeros((shown_spikes.shape[2], len(CLASSES)))
    float_twin(shown_spikes, weights, shown_labels)
    return (right(answers, asked_labels), right(float_twin(asked_spikes, weights), asked_labels),
            right(nearest_mean(shown_spikes, shown_labels, asked_spikes), asked_labels))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="spikeloom")
    parser.add_argument("digits", type=pathlib.Path, help="folder with the MNIST test set")
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--needed", type=float, default=0.0, help="exit with 1 if 5-shot on the chip is below")
    options = parser.parse_args()
    pixels, labels = read_digits(options.digits)
    with tempfile.TemporaryDirectory() as folder:
        chip = Chip(options.program, pathlib.Path(folder))
        print(f"{len(CLASSES)}-way, {options.episodes} episodes, {QUERIES * len(CLASSES)} questions each; "
              "mean +- standard deviation over episodes")
        for shots in PASSES:
            shares = np.array([run_episode(chip, pixels, labels, shots, seed) for seed in range(options.episodes)])
            named = zip(("chip", "float", "cosine"), shares.mean(0), shares.std(0))
            line = "  ".join(f"{name} {mean:.3f} +- {std:.3f}" for name, mean, std in named)
            print(f"{shots}-shot  {line}", flush=True)
    if shares[:, 0].mean() < options.needed:
        sys.exit(f"it did not learn: less than {options.needed}")


if __name__ == "__main__":
    main()
