#!/usr/bin/env python3
"""Published measurements of neuromorphic chips beside what spikeloom estimates for them, with the error and its sign.

usage: validate.py PROGRAM            print the tables
       validate.py PROGRAM --update   write them into README.md, between the markers
       validate.py PROGRAM --check    exit with 1 if README.md doesn't hold them
       validate.py PROGRAM --quick    the same of some of the rows, in a few seconds

PROGRAM is spikeloom. Nothing else is needed but Python's standard library; half a minute.
"""

import argparse
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # nothing is written into the source tree

import networks
import published
from table import Measurement, digits, missing, render

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent
README = HERE / "README.md"
BEGIN, END = "<!-- written by validate.py -->\n", "<!-- end -->\n"


class Range:
    """A value with its bounds, closed under what the estimates need."""

    def __init__(self, value, low=None, high=None):
        self.value = value
        self.low = value if low is None else low
        self.high = value if high is None else high

    def __add__(self, other):
        return Range(self.value + other.value, self.low + other.low, self.high + other.high)

    def minus(self, other):
        """The difference of two runs under the same constants: bound from bound."""
        return Range(self.value - other.value, self.low - other.low, self.high - other.high)

    def __mul__(self, factor):
        return Range(self.value * factor, self.low * factor, self.high * factor)


class Estimate:
    """What the program says of one run, under one cost table. Energies in pJ, times in ns."""

    def __init__(self, report, costs):
        def read(fields):
            return Range(fields["value"], fields["low"], fields["high"])
        self.steps = report["steps"]
        self.cores = report["headline"]["cores_used"]
        self.spikes = report["headline"]["spikes_per"] * self.steps
        self.events = report["headline"]["synaptic_events_per"] * self.steps
        self.dynamic = read(costs["dynamic_pj"])
        self.static_cores, self.static_chip, self.host = (read(costs["static_pj"][key])
                                                          for key in ("cores", "chip", "host"))
        self.time_ns = costs["time_ns"]
        self.step_ns = self.time_ns / self.steps


class Spikeloom:
    def __init__(self, program, folder, quick):
        self.program = str(pathlib.Path(program).resolve())
        self.folder = pathlib.Path(folder)
        self.quick = quick
        self.runs = 0
        self.recording = None

    def rates(self, *all_of_them):
        """The rates to run a net at: only the lowest where it has to be quick."""
        return all_of_them[:1] if self.quick else all_of_them

    def call(self, *words):
        environment = dict(os.environ, SPIKELOOM_MODELS=str(MODELS))
        result = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, env=environment,
                                check=False)
        if result.returncode != 0:
            sys.exit(f"spikeloom {' '.join(map(str, words))}\n{result.stderr}")
        return result.stdout

    def run(self, text, chip, steps, spikes="poisson:0"):
        """Compiles a network for a chip, runs it, and returns the estimates by cost table."""
        self.runs += 1
        network, image, recording = (self.folder / f"{self.runs}.{end}" for end in ("textproto", "loom", "h5"))
        network.write_text(text, encoding="utf-8")
        self.call("compile", network, "--chip", chip, "--no-network", "-o", image)
        self.call("run", image, "--input", spikes, "--steps", steps, "-o", recording)
        report = json.loads(self.call("report", recording, "--json"))
        self.recording = recording
        return {costs["table"]: Estimate(report, costs) for costs in report["costs"]}

    def again(self, setting):
        """The last run, priced again with a constant changed."""
        report = json.loads(self.call("report", self.recording, "--json", "--set", setting))
        return {costs["table"]: Estimate(report, costs) for costs in report["repriced"]}

    def chip_like_loihi(self, name, costs, mesh, **limits):
        """A description with Loihi's registers, another mesh and other limits, priced by a file of models/costs."""
        text = (MODELS / "chips/loihi1.textproto").read_text(encoding="utf-8")
        text = text[:re.search(r"^costs \{", text, re.MULTILINE).start()]
        text = re.sub(r"^learning \{.*?^\}\n", "", text, flags=re.MULTILINE | re.DOTALL)
        text = re.sub(r"^mesh \{[^}]*\}", mesh, text, flags=re.MULTILINE)
        for field, value in limits.items():
            text, found = re.subn(rf"^  {field}: \d+", f"  {field}: {value}", text, flags=re.MULTILINE)
            assert found == 1, field
        path = self.folder / f"{name}.textproto"
        path.write_text(text + (MODELS / f"costs/{costs}.textproto").read_text(encoding="utf-8"), encoding="utf-8")
        return path


def rate_of(estimate, neurons):
    """Spikes a neuron and step."""
    return estimate.spikes / (neurons * estimate.steps)


def keyword_spotter(spikeloom):
    """The slope of dynamic energy over added layers, at several rates; and the dynamic power of the original net."""
    inference = 10  # steps
    neurons = 2560  # a branch
    rows = []
    slopes = {}  # by table: (rate, nJ)
    for drive in spikeloom.rates(0, 0.03, 0.06, 0.12):
        one, two = (spikeloom.run(networks.keyword_spotter(branches, drive), "loihi1", 20 * inference)
                    for branches in (1, 2))
        for table in one:
            share = two[table].dynamic.minus(one[table].dynamic) * (1 / (neurons * one[table].steps) * 1e-3)
            rate = (two[table].spikes - one[table].spikes) / (neurons * one[table].steps)
            slopes.setdefault(table, []).append((rate, share.value))
            rows.append(Measurement(published.KEYWORD_SLOPE, table, share,
                                    "no spikes: a lower bound" if drive == 0 else
                                    f"{rate:.3f} spikes a neuron and step"))
    rows.sort(key=lambda row: row.table != "silicon")
    notes = []
    if not spikeloom.quick:
        notes.append(meeting_rates(slopes))
    small = spikeloom.run(networks.keyword_spotter(0, 0.06), "loihi1", 20 * inference, "poisson:60")
    for table, estimate in small.items():
        a_second = published.KEYWORD_RATE * inference / estimate.steps * 1e-9  # mW
        host = estimate.host * (1 / estimate.time_ns)  # mW: pJ over ns
        rows.append(Measurement(published.KEYWORD_DYNAMIC, table, host + estimate.dynamic * a_second,
                                "processors awake all the time, 0.06 spikes a neuron and step"))
        rows.append(Measurement(published.KEYWORD_IDLE, table,
                                (estimate.static_cores + estimate.static_chip) * (1 / estimate.time_ns),
                                f"static power of the {estimate.cores} cores in use; high: of the chip"))
    return rows, notes


def meeting_rates(slopes):
    """A sentence on the rates at which ours would be theirs."""
    silicon, davies = (crossing(slopes[table], published.KEYWORD_SLOPE.value) for table in ("silicon", "davies2018"))
    return (f"Ours meets the published slope (1) at {silicon:.3f} spikes a neuron and step under `silicon`, at "
            f"{davies:.3f} under `davies2018`; at 1 ms a step, as the net was built for, {silicon * 1000:.0f} and "
            f"{davies * 1000:.0f} Hz.")


def static_power(spikeloom):
    """What a chip draws that no event explains; the same under both tables."""
    estimate = spikeloom.run(networks.idle(72 * 1024), "loihi1", 1)["silicon"]
    assert estimate.cores == 72, estimate.cores
    host = estimate.host * (1 / estimate.time_ns)  # mW
    static = (estimate.static_cores + estimate.static_chip) * (1 / estimate.time_ns)
    return [Measurement(published.OLFACTORY_STATIC, "silicon", static + host, "processors awake"),
            Measurement(published.SMNIST_HOST, "silicon", host, "processors awake")], []


def crossing(points, wanted):
    """Where the line through the two points around `wanted` meets it; beyond the last, where that line goes on."""
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if y1 >= wanted or (x1, y1) == points[-1]:
            return x0 + (wanted - y0) * (x1 - x0) / (y1 - y0)
    return points[-1][0]


def step_times(spikeloom):
    """Nets whose time a step was published."""
    rows = []
    nets = ((published.NTIDIGITS, lambda rate: networks.layers("ntidigits", 64, [256, 256, 242], rate)),
            (published.MNIST_STEP, networks.mnist_cnn))
    for figure, net in nets:
        for drive in spikeloom.rates(0, 0.03, 0.12):
            spikes = f"poisson:{drive * 1000:g}" if figure is published.NTIDIGITS else "poisson:0"
            for table, estimate in spikeloom.run(net(drive), "loihi1", 200, spikes).items():
                rate = rate_of(estimate, figure.neurons)
                rows.append(Measurement(figure, table, Range(estimate.step_ns * 1e-3),
                                        f"{rate:.3f} spikes a neuron and step, {estimate.cores} cores"))
    rows.sort(key=lambda row: (row.figure is not published.NTIDIGITS, row.table != "silicon"))
    cores = spikeloom.run(networks.mnist_cnn(0), "loihi1", 1)["silicon"].cores
    rows.append(Measurement(published.MNIST_CORES, "(compiler)", Range(cores), "the tutorial's net"))
    return rows, []


def barrier(_):
    """The barrier of many chips, off the table in loihi1's description."""
    text = (MODELS / "chips/loihi1.textproto").read_text(encoding="utf-8").split("davies2018")[0]
    at = {kind: [(int(count), float(value)) for count, value in
                 re.findall(rf"^  {kind} \{{ \w+: (\d+) time_ns \{{\s*value: ([\d.e+]+)", text, re.MULTILINE)]
          for kind in ("barrier", "chip_barrier")}
    ours = at["barrier"][-1][1] + max((count, value) for count, value in at["chip_barrier"] if count <= 768)[1]
    return [Measurement(published.SPRINGS_BARRIER, "silicon", Range(ours * 1e-3), "")], []


def loihi2(spikeloom):
    """No measurement; what the derived table makes of a run, beside those that it is derived from."""
    net = networks.keyword_spotter(1, 0.06)
    chip = spikeloom.chip_like_loihi("loihi2", "loihi2_derived", "mesh { columns: 8 rows: 4 cores_per_tile: 4 }")
    lines = ["### Loihi 2", "",
             "No measurement of Loihi 2 in our sources can be set up (below). What the derived table makes of the "
             "keyword spotter with one branch, at 0.06 spikes a neuron and step, as Loihi 1 runs it:", "",
             "| cost table | dynamic energy a step, nJ (low to high) | time of a step, us |", "|---|---|---|"]
    for table, estimate in {**spikeloom.run(net, "loihi1", 200), **spikeloom.run(net, chip, 200)}.items():
        energy = estimate.dynamic * (1e-3 / estimate.steps)
        lines.append(f"| `{table}` | {digits(energy.value)} ({digits(energy.low)} to {digits(energy.high)}) | "
                     f"{digits(estimate.step_ns * 1e-3)} |")
    return "\n".join(lines) + "\n"


def truenorth(spikeloom):
    """4096 neurons, 16 of 4096 cores; power is a core's, times 4096, at the published rate."""
    chip = spikeloom.chip_like_loihi("truenorth", "truenorth", "mesh { columns: 64 rows: 64 cores_per_tile: 1 }",
                                     compartments=256)
    neurons, fan_out = 4096, 128
    recorded = spikeloom.run(networks.recurrent(neurons, fan_out, 0.02), chip, 200)["truenorth"]

    def power(figure):
        """mW. The bounds of an event's energy are other ways to account for the same power, not bounds of the power."""
        estimate = recorded if figure.volts == 0.8 else spikeloom.again(
            f"costs.truenorth.voltage_v={figure.volts}")["truenorth"]
        event = estimate.dynamic.value / recorded.events  # pJ, all that happens included
        idle = estimate.static_cores.value / estimate.time_ns / recorded.cores * 4096
        return Range(idle + event * figure.hz * 4096 * 256 * figure.synapses * 1e-9)

    rows = [Measurement(figure, "truenorth", power(figure), f"{figure.volts} V")
            for figure in published.TRUENORTH_POWERS]
    events = 20 * 4096 * 256 * fan_out * 1e-9
    merolla = next(figure for figure in published.TRUENORTH_POWERS if figure.volts == 0.775)
    rows.append(Measurement(published.TRUENORTH_EVENT, "truenorth", power(merolla) * (1 / events), "0.775 V"))
    return rows, []


def spinnaker(spikeloom):
    """A sixteenth of one of the 48 chips."""
    figure = published.SPINNAKER_CHIP
    chip = spikeloom.chip_like_loihi("spinnaker", "spinnaker", "mesh { columns: 8 rows: 8 cores_per_tile: 1 }")
    neurons, fan_out, hz = 250_000 // 48 // 16, 81_000_000 // 250_000, 1.8e9 / 81e6
    estimate = spikeloom.run(networks.recurrent(neurons, fan_out, hz / 1000), chip, 400)["spinnaker"]
    updates = spikeloom.run(networks.recurrent(neurons, fan_out, 0), chip, 400)["spinnaker"].dynamic
    events = estimate.dynamic.minus(updates) * (1.8e9 / 48 / (estimate.events / (estimate.time_ns * 1e-9)))
    power = (updates * 16 + events + estimate.static_chip) * (1 / estimate.time_ns * 1e-3)  # W
    return [Measurement(figure, "spinnaker", power, "")], []


def brainscales2(spikeloom):
    image, recording = spikeloom.folder / "analog.loom", spikeloom.folder / "analog.h5"
    net = MODELS / "networks/yinyang_ttfs/yinyang_ttfs.textproto"
    spikeloom.call("compile", net, "--chip", "brainscales2", "-o", image)
    figures = json.loads(spikeloom.call("eval", image, "--data", "yin-yang:20:1", "-o", recording, "--json"))
    power = published.analog_power(figures)  # mW
    rows = [Measurement(figure, "brainscales2", Range(*power) * figure.factor, "") for figure in published.BRAINSCALES]
    return rows, []


def written(spikeloom):
    sections = []
    for title, parts in (("Loihi 1", (keyword_spotter, static_power, step_times, barrier)), ("TrueNorth", (truenorth,)),
                         ("SpiNNaker", (spinnaker,)), ("BrainScaleS-2", (brainscales2,))):
        rows, notes = [], []
        for part in parts:
            more, remarks = part(spikeloom)
            rows += more
            notes += remarks
        sections.append(render(title, rows, notes))
        if title == "Loihi 1" and not spikeloom.quick:
            sections.append(loihi2(spikeloom))
    return "\n".join(sections)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tables = written(Spikeloom(chosen.program, folder, chosen.quick))
    page = README.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    old, after = rest.split(END)
    if chosen.quick:
        differences = missing(tables, old)
    else:
        differences = list(difflib.unified_diff(old.splitlines(), tables.splitlines(), "README.md", "now", lineterm=""))
    if chosen.update and not chosen.quick:
        README.write_text(before + BEGIN + tables + END + after, encoding="utf-8")
    elif not (chosen.check or chosen.quick):
        print(tables, end="")
    elif differences:
        print("\n".join(differences))
        sys.exit("The estimates have changed: see why, and then models/validation/validate.py PROGRAM --update.")
    else:
        print("README.md holds what the program says")


if __name__ == "__main__":
    main()
