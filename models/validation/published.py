"""The published figures, each with its source, what we made of its set-up, and what to make of the error.

Where a source is a quotation in others' notes and not the paper itself, it says so.
"""

from table import Figure

_LEAST_SQUARES = ((1, 683.4), (2, 703.4), (4, 734.5), (6, 767.7), (8, 801.5), (10, 835.7))  # branches, uJ an inference


def _slope(points):
    """Of the least-squares line."""
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / sum((x - x_mean) ** 2 for x, _ in points)


KEYWORD_RATE = 296.46  # inferences a second

KEYWORD_SLOPE = Figure(
    what="keyword spotting, dynamic energy of an added neuron and step",
    value=_slope(_LEAST_SQUARES) * 1e3 / (2560 * 10), unit="nJ",
    source="Blouw et al. 2018 and the logs of github.com/abr/power_benchmarks: 683.4, 703.4, 734.5, 767.7, 801.5, "
           "835.7 uJ an inference with 1, 2, 4, 6, 8, 10 branches of ten layers of 256; slope of the least-squares "
           "line, over 2560 neurons and 10 steps.",
    setup="390-256-256-29 with one and two branches, drawn weights; the difference of the two runs. The rates of the"
          " measured nets are not published, so that the table gives ours at several.",
    remark="The measured slope lies inside our range over rates: not refuted, and confirmed no closer than the rates"
           " are known. Without a spike ours bounds it from below. The absolute energies (620 to 836 uJ) hold about "
           "70 mW of processors that wake up, and are not compared.")

KEYWORD_DYNAMIC = Figure(
    what="keyword spotting, running less idle power", value=81, unit="mW",
    source="Blouw et al. 2018: 110 mW running, 29 mW idle, 296 inferences a second (0.27 mJ an inference).",
    setup="390-256-256-29, 10 steps an inference; the processors' power (65 mW, Frady et al. 2020: another board) "
          "and the dynamic energy at the published rate of inferences.",
    remark="Nearly all of it is the processors; the cores' dynamic power is some percent. It tests `host_power_mw`, "
           "no more: the chip was host-bound at 0.34 ms a step.")

KEYWORD_IDLE = Figure(
    what="keyword spotting, idle power", value=29, unit="mW", source="Blouw et al. 2018, on a Wolf Mountain board.",
    setup="static power of the cores that the net uses; the constant is Frady's 3.34 W for 32 chips (Pohoiki "
          "Springs).",
    remark="We charge leakage to cores in use only, and a chip leaks with all of its cores: a typical value that is "
           "far too low for a small net. The upper bound charges the whole chip, and holds.")

SMNIST_HOST = Figure(
    what="sequential MNIST, power of the embedded processors", value=23.2, unit="mW",
    source="the LSNN benchmark on Loihi 1 (23.2 of 25.9 mW), as the project's facts quote it.",
    setup="`host_power_mw`, which is Frady's for Pohoiki Springs, as a run reports it.",
    remark="How long processors are awake depends on the program; no table of costs knows it. Between this and "
           "keyword spotting (70 to 81 mW) lies a factor of three.")

OLFACTORY_STATIC = Figure(
    what="olfactory model on 72 cores, power that is not dynamic", value=(0.43 - 0.12) / 2.75e-3, unit="mW",
    source="Imam et al. 2020: 0.43 mJ in all, 0.12 mJ of it dynamic, in 2.75 ms.",
    setup="a net that fills 72 cores: static power of these cores and the processors; high: of the whole chip.",
    remark="Whether the published energy holds the processors is not said in our sources; without them ours is 58.8 "
           "mW. The upper bounds of the cores' and the chip's static power are alternatives; a report adds them.")

NTIDIGITS = Figure(
    what="NTIDIGITS 64-256-256-242, time of a step", value=17.625, unit="us",
    source="SLAYER's net on Loihi 1, as the project's facts quote it.", neurons=256 + 256 + 242,
    setup="drawn weights, several rates (not published); inputs fire at the same rate. Our compiler packs the net "
          "into as few cores as hold it.",
    remark="As the next.")

MNIST_STEP = Figure(
    what="MNIST CNN of NxTF's tutorial, time of a step", value=57.4, unit="us",
    source="Rueckauer et al. 2021 (NxTF) and the tutorial's printed output.", neurons=784 + 2304 + 3200 + 1024 + 10,
    setup="28x28 - 16c5s2 - 32c3 - 64c3s2 - 10c4, drawn weights, several rates (not published); no host in the loop.",
    remark="A step of ours is neurons, synapses and barrier, without the embedded processors, which on the chip "
           "reset, read and write states between steps; how long that took is not published. Cores in parallel are "
           "what the cost tables know; packing a net into fewer cores makes the step longer.")

MNIST_CORES = Figure(
    what="MNIST CNN, cores", value=14, unit="cores", source="Rueckauer et al. 2021 (NxTF).",
    setup="the same net through our compiler; whether the paper's net is the tutorial's is not certain.",
    remark="Fewer cores than NxTF's: our compiler cuts layers across maps and packs several into a core.")

SPRINGS_BARRIER = Figure(
    what="barrier of 768 chips (Pohoiki Springs)", value=16.2, unit="us", source="Frady et al. 2020.",
    setup="the barrier of one chip and the part for 768 chips, read off the cost table (the step function's value at"
          " 512). Fitted: 14.3 us with 256 chips.",
    remark="We knew both figures when we chose a law between one chip and 256, so that this tests the law little.")

_TRUENORTH_SETUP = "4096 of the neurons, 128 synapses each, on 16 of the cores; times 256, at the published rate."
_AS_BEFORE = "as before."
_VOLTS = ("as before, priced again at that voltage (`--set costs.truenorth.voltage_v`: events with its square, "
          "leakage in proportion).")
_FIG17 = "Akopyan et al., IEEE TCAD 2015, fig. 17 (0.8 V), as public notes of readers quote it; we have not read it."

TRUENORTH_POWERS = (
    Figure(what="recurrent net at 11.58 Hz, chip's power", value=68, unit="mW", source=_FIG17, setup=_TRUENORTH_SETUP,
           hz=11.58, role="fitted"),
    Figure(what="recurrent net at 95.93 Hz, chip's power", value=94, unit="mW", source=_AS_BEFORE, setup=_AS_BEFORE,
           hz=95.93, role="fitted"),
    Figure(what="recurrent net at 20.07 Hz, chip's power", value=71, unit="mW", source=_AS_BEFORE, setup=_AS_BEFORE,
           hz=20.07, remark="The point between, which was not fitted: the chip's power is a line in its events."),
    Figure(what="recurrent net at 20 Hz and 0.75 V, chip's power", value=65, unit="mW", setup=_VOLTS, hz=20, volts=0.75,
           source="Akopyan et al. 2015 (in the title).", remark="Not fitted."),
    Figure(what="recurrent net at 20 Hz and 0.775 V, chip's power", value=72, unit="mW", setup=_VOLTS, hz=20,
           volts=0.775, source="Merolla et al., Science 2014 (quoted in the same notes).",
           remark="More than the other paper's 71 mW at 0.8 V: the two papers' measurements differ by this much."),
    Figure(what="least power: no spikes, 0.70 V", value=42, unit="mW", setup=_VOLTS, hz=0, synapses=0, volts=0.7,
           source="Akopyan et al. 2015, section VII, as quoted.",
           remark="Leakage falls faster than the voltage; a line through two powers at 0.8 V doesn't know it."),
    Figure(what="most power: 200 Hz, 256 synapses, 1.05 V", value=323, unit="mW", setup=_VOLTS, hz=200, synapses=256,
           volts=1.05, source="Akopyan et al. 2015, section VII, as quoted.",
           remark="Leakage rises faster than the voltage."),
)

TRUENORTH_EVENT = Figure(
    what="energy a synaptic event, all power included", value=26, unit="pJ",
    source="Merolla et al. 2014: 72 mW at 20 Hz and 128 synapses a neuron.", setup=_AS_BEFORE,
    remark="No new measurement but the 72 mW of 5, over 2.77 billion events a second; 20 Hz and 128 synapses make "
           "2.68 billion. One more event costs 2.3 pJ.")

SPINNAKER_CHIP = Figure(
    what="250,000 neurons, 81 million synapses, 1.8 billion events a second on 48 chips: power a chip", value=1,
    unit="W", role="bound", source="Stromatias et al. 2013, abstract: less than 1 W a chip.",
    setup="a sixteenth of a chip's share: 325 neurons with 324 synapses each at 22 Hz, times 16; 360 mW for the idle"
          " chip.",
    remark="Two of the three constants come from secondary sources, the idle power from memory: an order of "
           "magnitude; that it holds so closely is chance.")

BRAINSCALES = (
    Figure(what="16x16 MNIST, energy an image of 48 us", value=8.4, unit="uJ", factor=48e-3, role="fitted",
           source="Renner et al. 2024, table 1 (Goeltz et al.).",
           setup="the chip's power, as an evaluation of the bundled Yin-Yang net reports it, times the published "
                 "time."),
    Figure(what="ECG network, energy a sample of 276 us", value=192, unit="uJ", factor=276e-3,
           source="arXiv 2103.15960 (the ASIC's share).",
           setup="the chip's power times the published time.",
           remark="That network ran in the multiply-accumulate mode with the embedded processors at work, at 0.70 W;"
                  " our one power is of the spiking mode, and neither mode's events are priced apart, because nobody"
                  " has published them."),
)


def analog_power(figures):
    """Power of the chip in mW (value, low, high), from the figures of an evaluation: energy over time."""
    energy = figures["energy"][0]
    time_us = figures["time_per_inference_s"] * 1e6
    return tuple(energy[f"energy_per_inference{end}_uj"] / time_us * 1e3 for end in ("", "_low", "_high"))
