#!/usr/bin/env python3
"""A run for each rule of this folder that shows what it is for: a few synapses on a virtual Loihi 1, minutes of their
life, and their weights before and after.

    show.py PROGRAM [RULE ...]       PROGRAM: spikeloom; no rule: all. pes is shown by models/runs/few_shot.

Source and target spike when the script says so (the target's teacher alone makes it spike), except for homeostasis,
whose targets are driven. Exits with 1 if a rule doesn't do what it is for. Needs Debian's python3-numpy, python3-h5py.
"""

import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
NETWORK = """
name: "{rule}" step_s: 1e-3
input {{ name: "pre" shape: {sources} }}
input {{ name: "post" shape: {targets} }}
input {{ name: "reward" shape: 1 }}
population {{ name: "clock" shape: 1 kind: threshold v_threshold: 0.5 bias: 1 }}
population {{ name: "cell" shape: {targets} kind: leaky tau_mem_s: 0.01 resistance: 10 v_threshold: 1 }}
projection {{ name: "teach" source: "post" target: "cell" one_to_one {{}} weight {{ constant: {teach} }} }}
projection {{
  name: "learn" source: "{source}" target: "cell" {pairs} weight {{ constant: {begin} }}
  learning {{ rule_file: "{rule}.textproto" sign: {sign} weight_max: 0.25 {reward} }}
}}
output {{ population: "cell" }}
"""


class Run:
    """One network and its spikes: `weights` (rows x synapses, registers), `steps` of the rows, `spikes` of cells."""

    def __init__(self, program, folder, rule, *, pre=(), post=(), reward=(), steps, sources=1, targets=1, **options):
        rewarded = 'reward { input: "reward" value: [100] }' if reward else ""
        settings = {"source": "pre", "pairs": "dense {}", "begin": 0.125, "sign": "excitatory", "teach": 2.0, **options}
        text = NETWORK.format(rule=rule, sources=sources, targets=targets, reward=rewarded, **settings)
        (folder / "net.textproto").write_text(text.replace(f'"{rule}.textproto"', f'"{HERE / rule}.textproto"'))
        with open(folder / "in.csv", "w", encoding="ascii") as file:
            file.write("step,port,channel\n")
            for port, events in (("pre", pre), ("post", post), ("reward", reward)):
                file.writelines(f"{step},{port},{channel}\n" for step, channel in events)
        self.call(program, "compile", folder / "net.textproto", "--chip", "loihi1", "-o", folder / "net.loom")
        self.call(program, "run", folder / "net.loom", "-i", folder / "in.csv", "-n", steps, "-o", folder / "run.h5",
                  "-f", "--snapshot-every", max(1, steps // 100))
        with h5py.File(folder / "run.h5") as file:
            snapshots = file["/learning/learn/snapshots"]
            self.weights, self.steps = snapshots["weights"][:].astype(int), np.rint(snapshots["time"][:])
            spikes = file["/spikes/cell"]
            self.spikes = np.stack([np.rint(spikes["timestamps"][:]).astype(int), spikes["node_ids"][:].astype(int)], 1)

    @staticmethod
    def call(*words):
        done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")

    def at(self, step):
        return self.weights[np.searchsorted(self.steps, step, side="right") - 1]


def pairings(times, difference, channel, target):
    """Source before target by `difference` steps."""
    return [(t, channel) for t in times], [(t + difference, target) for t in times]


def pair_stdp(run):
    times = np.arange(50, 1050, 100)
    before, after = [(t, 0) for t in times], [(t + 15, 1) for t in times]
    end = run(pre=before + after, post=[(t + 8, 0) for t in times], steps=1200, sources=2).weights[-1]
    print(f"  ten spikes of the target, 8 steps after source 0 and 7 before source 1: 128 -> {end[0]} and {end[1]}")
    return end[0] > 150 and end[1] < 105


def triplet_stdp(run):
    ends = []
    for hertz in (5, 50):
        pre, post = pairings(np.arange(50, 50 + 10 * 1000 // hertz, 1000 // hertz), 8, 0, 0)
        ends.append(run(pre=pre, post=post, steps=3000).weights[-1][0])
    print(f"  ten pairs of the same timing: at 5 Hz 128 -> {ends[0]}, at 50 Hz 128 -> {ends[1]}")
    return ends[1] > ends[0] + 20


def reward_stdp(run):
    pre, post = [], []
    for channel, begin in ((0, 100), (1, 1100)):
        sources, targets = pairings(np.arange(begin, begin + 20000, 2000), 8, channel, 0)
        pre, post = pre + sources, post + targets
    reward = [(t + 58, 0) for t in range(100, 20100, 2000)]
    end = run(pre=pre, post=post, reward=reward, steps=21000, sources=2).weights[-1]
    print(f"  ten pairs each; a reward 50 steps after those of source 0 only: 128 -> {end[0]} and {end[1]}")
    return end[0] > 160 and abs(end[1] - 128) < 20


def homeostasis(run):
    rng = np.random.default_rng(1)
    steps, rates = 300000, (0.01, 0.02, 0.05, 0.1)
    drive = [(t, target) for target, rate in enumerate(rates) for t in np.flatnonzero(rng.random(steps) < rate)]
    spikes = run(post=drive, steps=steps, targets=4, source="clock", begin=-0.001, sign="inhibitory", teach=1.05).spikes
    early, late = (np.bincount(spikes[(spikes[:, 0] >= a) & (spikes[:, 0] < b), 1], minlength=4) / (b - a) * 1000
                   for a, b in ((0, 2000), (250000, 300000)))
    print(f"  targets driven at 10, 20, 50, 100 Hz spike at {early.round(1)} Hz, later at {late.round(1)} Hz (goal 2)")
    return late.max() < 4


def oja(run):
    times = np.arange(50, 10050, 100)
    pre = [(t - lead, channel) for channel, lead in enumerate((1, 8, 24)) for t in times]
    end = run(pre=pre, post=[(t, 0) for t in times], steps=10200, sources=3).weights[-1]
    print(f"  a hundred spikes of the target 1, 8 and 24 steps after the sources: 128 -> {end} (4 x trace)")
    return end[0] > end[1] > end[2] + 20 and end[0] < 255


def bcm(run):
    bursts = np.arange(100, 10100, 500)
    busy = np.concatenate([bursts + 10 * k for k in range(5)])
    calm = np.concatenate([bursts + 200, bursts + 320])
    pre, post = (a + b for a, b in zip(pairings(busy, 4, 0, 0), pairings(calm, 4, 1, 0)))
    end = run(pre=pre, post=post, steps=10400, sources=2).weights[-1]
    print("  source 0 before each spike of the target's bursts, source 1 before its single spikes: "
          f"128 -> {end[0]} and {end[1]}")
    return end[0] > 150 and end[1] < 120


def tagging(run):
    pre, post = [], []
    for channel, begin in ((0, 100), (1, 2000)):
        sources, targets = pairings(np.arange(begin, begin + 300, 30), 8, channel, 0)
        pre, post = pre + sources, post + targets
    result = run(pre=pre, post=post, reward=[(450, 0)], steps=4000, sources=2, begin=0.001)
    print(f"  ten pairs of source 0, then proteins: {result.at(440)[0]}, later {result.weights[-1][0]}; "
          f"ten pairs of source 1 and none: {result.at(2340)[1]}, later {result.weights[-1][1]}")
    return result.weights[-1][0] > 10 and result.weights[-1][1] < 5 < result.at(2340)[1]


SHOWN = {show.__name__: show for show in (pair_stdp, triplet_stdp, reward_stdp, homeostasis, oja, bcm, tagging)}


def main():
    if len(sys.argv) < 2 or any(name not in SHOWN for name in sys.argv[2:]):
        sys.exit(f"usage: show.py PROGRAM [RULE ...]; rules: {' '.join(SHOWN)}")
    missed = []
    for name in sys.argv[2:] or SHOWN:
        print(name)
        with tempfile.TemporaryDirectory() as folder:
            if not SHOWN[name](lambda **options: Run(sys.argv[1], pathlib.Path(folder), name, **options)):
                missed.append(name)
    if missed:
        sys.exit("not as it should be: " + ", ".join(missed))


if __name__ == "__main__":
    main()
