#!/usr/bin/env python3
"""Trains the Yin-Yang net in spike times with `spikeloom train`, and prints the tables of README.md.

usage: train.py PROGRAM FOLDER scratch|loop|uncalibrated

scratch:      from drawn weights on the ideal chip, seeds 1, 2, 3; seed 1's arrays are those of this folder
loop:         this folder's net onto chips 0 to 4 of BrainScaleS-2: 6-bit weights, the mismatch that calibration leaves,
              noise; accuracy before and after training in the loop
uncalibrated: the same on chips that nobody calibrated
"""

import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NET = HERE / "yinyang_ttfs.textproto"
SETS = ["--data", "yin-yang:5000:101", "--validation", "yin-yang:1000:102", "--test", "yin-yang:1000:103"]


def train(program, folder, *words):
    command = [program, "train", NET, *SETS, "-o", folder, "--force", "--json", *words]
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout)


def row(name, figures):
    before, after = (100 * figures[when]["test"]["accuracy"] for when in ("before", "after"))
    print(f"| {name} | {before:.1f} | {after:.1f} | {figures['kept_epoch']} | {figures['seconds']:.0f} |", flush=True)
    return before, after


def summary(rows):
    for name, values in zip(("before", "after"), zip(*rows)):
        print(f"{name}: {statistics.mean(values):.1f} +- {statistics.stdev(values):.1f} %"
              f" ({min(values):.1f} to {max(values):.1f})")


def main():
    if len(sys.argv) != 4 or sys.argv[3] not in ("scratch", "loop", "uncalibrated"):
        sys.exit(__doc__)
    program, folder, what = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    print("| | before, test % | after, test % | epoch kept | seconds |\n|---|---|---|---|---|")
    if what == "scratch":
        drawn = ["--init", "1.5,0.5", "--init", "0.8,0.8", "--missing", "0.3", "--missing", "0", "--epochs", "300"]
        summary([row(f"seed {seed}", train(program, folder / f"seed{seed}", "--chip", "ideal_analog", *drawn, "--seed",
                                           seed)) for seed in (1, 2, 3)])
        return
    loop = ["--chip", "brainscales2", "--epochs", "30", "--train-seed", "1"]
    if what == "loop":
        row("6-bit weights alone", train(program, folder / "quantised", *loop))
    loop += ["--mismatch", "chip", "--noise", "--calibration", "expected" if what == "loop" else "none"]
    summary([row(f"chip {chip}", train(program, folder / f"{what}{chip}", *loop, "--instance", chip))
             for chip in range(5)])


if __name__ == "__main__":
    main()
