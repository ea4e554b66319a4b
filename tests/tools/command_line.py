#!/usr/bin/env python3
"""The program as its users meet it: every subcommand, the way of the demo, bad usage, broken files.

usage: command_line.py PROGRAM [unittest arguments]
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

import h5py
import numpy

SOURCE = pathlib.Path(__file__).resolve().parents[2]
YINYANG = SOURCE / "models/networks/yinyang"
REFERENCE = pathlib.Path(os.environ.get("SPIKELOOM_REFERENCE_DATA", SOURCE.parent / "shared/data"))
SUBCOMMANDS = ["chips", "inspect", "convert", "compile", "explain", "run", "eval", "report", "compare", "compare-chips", "rule", "ppu",
               "calibrate", "train", "noc", "place", "partition"]
PROGRAM = ""


def spikeloom(*words, cwd=None, stdout=subprocess.PIPE):
    environment = dict(os.environ, SPIKELOOM_MODELS=str(SOURCE / "models"))
    return subprocess.run([PROGRAM, *map(str, words)], stdout=stdout, stderr=subprocess.PIPE, text=True, cwd=cwd,
                          env=environment, timeout=600, check=False)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def done(self, *words):
        result = spikeloom(*words)
        self.assertEqual(result.returncode, 0, f"{words}: {result.stderr}")
        return result.stdout

    def refused(self, *words, status=1, says=""):
        """The program gives up with the status, says why on stderr, and nothing on stdout."""
        result = spikeloom(*words)
        self.assertEqual(result.returncode, status, f"{words}: {result.stdout}{result.stderr}")
        self.assertIn("error", result.stderr, words)
        self.assertIn(says, result.stderr, words)
        self.assertEqual(result.stdout, "", words)
        self.assertNotIn("assert", result.stderr.lower(), words)
        return result.stderr


class Figures(Case):
    """Figures of one output against each other."""
    pictures = SOURCE / "models/networks/mnist_conv/mnist_conv.textproto"

    def test_ways_that_were_given_up_have_no_messages(self):
        told = json.loads(self.done("explain", self.pictures, "--chip", "loihi1", "--effort", 1, "--json"))
        tried = told["orders_tried"]
        self.assertTrue(any(not way["given_up"] for way in tried))
        best = min(way["cores"] for way in tried if not way["given_up"])
        for way in tried:
            if way["given_up"]:
                self.assertIsNone(way["messages"])
                self.assertGreater(way["cores"], best)
            else:
                self.assertGreaterEqual(way["messages"], told["messages_at_least"])

    def test_populations_apart_keep_their_tiles(self):
        told = json.loads(self.done("explain", self.pictures, "--chip", "loihi1", "--json"))
        self.assertEqual((told["fits"], told["cores"], told["chip_cores"]), (True, 3, 128))
        self.assertIn(f"{told['cores']} of 128 cores, at least {told['cores_at_least']}", told["verdict"])
        rows = {row["change"]: row for row in told["all_trials"]}
        on = {need["population"]: -(-need["neurons"] // 1024) for need in told["populations"]}
        self.assertEqual(rows["no core with neurons of two populations"]["cores"], sum(on.values()))
        self.assertIn("hears", rows["chip generic"]["refusal"])

    def test_compare_and_report_split_energy_alike(self):
        network = YINYANG / "yinyang.nir"
        data = ("--data", YINYANG / "yinyang_test.npz", "--limit", 20)
        table = self.done("compare", network, "--chips", "loihi1", *data)
        self.done("eval", network, "--chip", "loihi1", *data, "-o", self.folder / "eval.h5")
        report = self.done("report", self.folder / "eval.h5")
        figure = r"\S+ [npum]?J"
        compared = re.search(rf"loihi1 +silicon +{figure} +({figure}) +({figure}) +({figure}) +{figure} +({figure})", table)
        told = [re.search(rf"(?m)^ +{row} +({figure})", report)[1]
                for row in ("all", "cores in use", "rest of the chip", "embedded processors")]
        self.assertEqual(list(compared.groups()), told)


class Contradictions(Case):
    network = YINYANG / "yinyang.nir"

    def test_options_that_would_be_passed_over_are_refused(self):
        for words in (("--limit", 5), ("--steps", 5), ("-e", "rate"), ("--decide-by", "hidden")):
            self.refused("compare", self.network, "--chips", "loihi1", *words, status=2, says="belongs to --data")

    def test_a_chip_of_forbidden_cores_is_said_to_be_one(self):
        self.refused("compile", self.network, "--chip", "loihi1", "-o", self.folder / "x.loom", "--forbid-core", "0-127",
                     says="all 128 cores of chip 'loihi1' are forbidden")

    def test_one_core_is_not_cores(self):
        told = self.done("compile", self.network, "--chip", "loihi1", "-o", self.folder / "x.loom")
        self.assertIn("hidden: 150 neurons on 1 core, ", told)


class Outputs(Case):
    """What a slip of the hand must not cost: the files that the words name, and devices."""
    network = YINYANG / "yinyang.nir"

    def test_no_output_replaces_an_input(self):
        network = self.folder / "net.nir"
        network.write_bytes(self.network.read_bytes())
        image = self.folder / "net.loom"
        self.done("compile", network, "--chip", "loihi1", "-o", image)
        hypergraph = self.folder / "net.hgr"
        hypergraph.write_text("1 2 1\n1 1 2\n")
        (self.folder / "link").symlink_to(network)
        for kept, words in ((network, ("compile", network, "--chip", "loihi1", "-o", network)),
                            (network, ("compile", network, "--chip", "loihi1", "-o", self.folder / "link")),
                            (network, ("inspect", network, "--svg", network)),
                            (network, ("inspect", network, "--text", network)),
                            (network, ("compare", network, "--chips", "loihi1", "--html", network)),
                            (image, ("run", image, "--input", "poisson:1", "--steps", 1, "-o", image)),
                            (hypergraph, ("partition", hypergraph, "--capacity", 2, "-o", hypergraph)),
                            (hypergraph, ("partition", hypergraph, "--capacity", 2, "-o", "new", "--json", "new"))):
            before = kept.read_bytes()
            self.refused(*words, status=2, says="would be lost")
            self.assertEqual(kept.read_bytes(), before, words)

    def test_an_image_replaces_images_only(self):
        other = self.folder / "weights.h5"
        other.write_bytes(b"weights")
        self.refused("compile", self.network, "--chip", "loihi1", "-o", other, says="is not an image")
        self.assertEqual(other.read_bytes(), b"weights")
        self.refused("compile", self.network, "--chip", "loihi1", "-o", self.folder, says="not a regular file")
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        self.refused("compile", self.network, "--chip", "loihi1", "-o", pipe, says="not a regular file")
        self.assertTrue(pipe.is_fifo())
        for _ in range(2):
            self.done("compile", self.network, "--chip", "loihi1", "-o", self.folder / "net.loom")

    def test_names_of_a_file_do_not_reach_the_terminal_as_controls(self):
        bad = self.folder / "bad.nir"
        bad.write_bytes(self.network.read_bytes())
        with h5py.File(bad, "a") as file:
            file.move("/node/nodes/hidden", "/node/nodes/red\x1b[31m\n")
            edges = [[{"hidden": "red\x1b[31m\n"}.get(end.decode(), end.decode()) for end in edge] for edge in file["/node/edges"][:]]
            del file["/node/edges"]
            file["/node"].create_dataset("edges", data=edges, dtype=h5py.string_dtype())
        told = self.refused("compile", bad, "--chip", "loihi1", "-o", self.folder / "net.loom", says="control character")
        self.assertNotIn("\x1b", told)
        self.assertIn("red\\x1b[31m\\x0a", told)


class Mapping(Case):
    """What steers and explains a mapping: overrides, explain, compare, the graph of inspect."""
    network = YINYANG / "yinyang.nir"

    def cramped(self, words):
        """loihi1 with less synaptic memory a core."""
        text = (SOURCE / "models/chips/loihi1.textproto").read_text()
        changed, count = re.subn(r"(?m)^(\s*words(_per_axon)?:) \d+", rf"\1 {words}", text)
        self.assertEqual(count, 2)
        path = self.folder / "cramped.textproto"
        path.write_text(changed)
        return path

    def test_pins_and_forbidden_cores_hold_and_leave_the_spikes_alone(self):
        outcomes = set()
        for words in ((), ("--pin", "hidden=7,9", "--pin", "output_neurons=31", "--forbid-core", "9,0-5")):
            image = self.folder / "net.loom"
            self.done("compile", self.network, "--chip", "loihi1", "-o", image, *words)
            places = {core["place"] for core in json.loads(self.done("inspect", image, "--json"))["cores"]}
            if words:
                self.assertEqual(places, {7, 31})
            run = json.loads(self.done("eval", image, "--data", YINYANG / "yinyang_test.npz", "--limit", 20, "--json",
                                       "-f", "-o", self.folder / "run.h5"))
            with h5py.File(self.folder / "run.h5") as recording:
                outcomes.add((tuple(recording["eval/predicted"]),
                              tuple(recording["spikes/hidden/node_ids"]), len(run)))
        self.assertEqual(len(outcomes), 1)
        self.done("compile", self.network, "--chip", "loihi1", "-o", image, "--rates", self.folder / "run.h5")
        self.assertIn("rates of the calibration run", self.done("compile", self.network, "--chip", "loihi1", "-o",
                                                                 image, "--rates", self.folder / "run.h5"))
        self.refused("compile", self.network, "--chip", "loihi1", "-o", image, "--rates", self.network)

    def test_explain_says_what_decides_and_what_helps(self):
        told = json.loads(self.done("explain", self.network, "--chip", self.cramped(160), "--no-other-chips", "--json"))
        self.assertTrue(told["decides"].startswith("words of synaptic memory: without that limit 1 core"), told)
        cores = [row["cores"] for row in told["what_helps"]]
        self.assertTrue(cores and max(cores) < int(re.search(r": (\d+) of", told["verdict"])[1]), told)
        bits = next(row for row in told["what_helps"] if row["option"].startswith("--weight-bits"))
        image = self.folder / "net.loom"
        self.done("compile", self.network, "--chip", self.cramped(160), "-o", image, *bits["option"].split())
        self.assertEqual(len(json.loads(self.done("inspect", image, "--json"))["cores"]), bits["cores"])
        self.assertIn("does not fit", self.done("explain", self.network, "--chip", self.cramped(1), "--depth", 0,
                                                "--no-other-chips"))
        self.refused("explain", self.network, "--chip", "loihi1", "--depth", 7, status=2, says="0 to 2")

    def test_explain_finds_the_parts_that_save_cores_and_compile_makes_them(self):
        net = self.folder / "wide.textproto"
        net.write_text("""name: "wide" step_s: 1 seed: 7
input { name: "in" shape: 9000 }
population { name: "fc" shape: 64 kind: integrate_fire v_threshold: 1000 }
projection { name: "p" source: "in" target: "fc" dense {} weight { uniform { low: -100 high: 127 } } }
output { population: "fc" }""")
        told = json.loads(self.done("explain", net, "--chip", "loihi2", "--depth", 0, "--no-other-chips", "--json",
                                    "--effort", 0))
        parts = next(row for row in told["what_helps"] if row["option"].startswith("--fan-in-parts fc="))
        self.assertLess(parts["cores"] * 3, int(re.search(r": (\d+) of", told["verdict"])[1]) * 2, told)
        image = self.folder / "wide.loom"
        text = self.done("compile", net, "--chip", "loihi2", "-o", image, "--effort", 0, *parts["option"].split())
        self.assertIn("fc.sums", text)
        self.assertEqual(len(json.loads(self.done("inspect", image, "--json"))["cores"]), parts["cores"])
        for word, says in {"fc": "POPULATION=PARTS", "fc=x": "POPULATION=PARTS"}.items():
            self.refused("compile", net, "--chip", "loihi2", "-o", image, "--fan-in-parts", word, status=2, says=says)
        self.refused("compile", net, "--chip", "loihi2", "-o", image, "--fan-in-parts", "fc=4", "--split-fan-in",
                     "never", status=2, says="contradict")
        self.refused("compile", net, "--chip", "loihi1", "-o", image, "--fan-in-parts", "fc=4", says="passes a part")
        self.refused("compile", net, "--chip", "loihi2", "-o", image, "--fan-in-parts", "fd=4", says="'fd'")

    def test_explain_counts_runs_of_an_analog_chip(self):
        told = json.loads(self.done("explain", self.network, "--chip", "brainscales2", "--json"))
        self.assertIn("does not fit brainscales2", told["verdict"])
        self.assertEqual(told["what_helps"][0]["option"], "--time-scale 0.001")
        told = json.loads(self.done("explain", self.network, "--chip", "brainscales2", "--time-scale", 0.001, "--json"))
        self.assertTrue(told["verdict"].startswith("fits brainscales2: 1 run of 64"), told)
        self.refused("explain", self.network, "--chip", "brainscales2", "--effort", 2, status=2, says="chips with steps")
        self.refused("explain", self.network, "--chip", "loihi1", "--time-scale", 2, status=2, says="analog chips")
        self.refused("explain", self.network, "--chip", "ideal_analog", says="no limits")

    def trained(self, hidden=300, inputs=30):
        """NIR: a recurrent layer and a readout, every neuron with time constants of its own."""
        random = numpy.random.default_rng(3)
        path = self.folder / "trained.nir"
        with h5py.File(path, "w") as file:
            file["version"] = b"0.2.0"
            root = file.create_group("node")
            root["type"] = b"NIRGraph"

            def node(name, kind, **values):
                group = root.create_group(f"nodes/{name}")
                group["type"] = kind.encode()
                for key, value in values.items():
                    group[key] = value

            def cuba(size):
                tau = {"tau_mem": 0.015 * numpy.exp(random.uniform(-1, 1, size)),
                       "tau_syn": 0.005 * numpy.exp(random.uniform(-1, 1, size))}
                plain = {"r": 1, "v_leak": 0, "v_threshold": 0.5, "v_reset": 0, "w_in": 3}
                return dict(tau, **{key: numpy.full(size, float(value)) for key, value in plain.items()})
            node("in", "Input", shape=numpy.array([inputs]))
            node("fc", "Linear", weight=random.normal(0.2, 0.5, (hidden, inputs)))
            node("lif", "CubaLIF", **cuba(hidden))
            node("rec", "Linear", weight=random.normal(0, 0.5 / hidden**0.5, (hidden, hidden)))
            node("fc2", "Linear", weight=random.normal(0, 3 / hidden**0.5, (4, hidden)))
            node("lif2", "CubaLIF", **cuba(4))
            node("out", "Output", shape=numpy.array([4]))
            root["edges"] = numpy.array([("in", "fc"), ("fc", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "fc2"),
                                         ("fc2", "lif2"), ("lif2", "out")], dtype="S8")
        return path

    def test_near_time_constants_are_merged_when_asked(self):
        net, image = self.trained(), self.folder / "net.loom"
        words = ("compile", net, "--chip", "loihi1", "-o", image, "--nir-dt", 0.001)
        exact = json.loads(self.done(*words, "--json"))
        self.assertEqual(exact["merged_decays"], [])
        self.assertGreaterEqual(exact["cores"], 300 / 32)
        merged = json.loads(self.done(*words, "--json", "--merge-decays", 30))
        self.assertLessEqual(merged["cores"], 2)
        told = merged["merged_decays"]
        self.assertEqual([(row["population"], row["pairs"]) for row in told], [("lif", 30)])
        self.assertGreater(told[0]["pairs_before"], 250)
        self.assertLess(told[0]["membrane"]["mean_percent"], told[0]["membrane"]["largest_percent"])
        within = json.loads(self.done(*words, "--json", "--merge-decays", "5%"))
        wide = json.loads(self.done(*words, "--json", "--merge-decays", "25%"))
        self.assertLess(wide["cores"], exact["cores"])
        for row in within["merged_decays"]:
            self.assertLessEqual(max(row["membrane"]["largest_percent"], row["synapse"]["largest_percent"]), 5)
        self.assertRegex(self.done(*words, "--merge-decays", "5%"),
                         r"lif: \d+ pairs of decay registers merged to \d+, in \d+ of 300 neurons; membrane time "
                         r"constants change by at most [1-4]\.\d\d %, on average")
        for wrong in ("0", "-1", "x", "0%", "5%%", "1.5", "%", "nan%", "1e9%", "99999999999"):
            self.refused(*words, f"--merge-decays={wrong}", status=2, says="--merge-decays: '")

    def test_the_gap_shows_what_merged_time_constants_do(self):
        net, image = self.trained(60), self.folder / "net.loom"
        random = numpy.random.default_rng(5)
        numpy.savez(self.folder / "set.npz", inputs=(random.random((6, 30, 30)) < 0.3).astype(numpy.uint8),
                    labels=numpy.zeros(6, int))
        changed = {}
        for pairs in ("1000", "3"):
            self.done("compile", net, "--chip", "loihi1", "-o", image, "--nir-dt", 0.001, "--merge-decays", pairs)
            self.done("eval", image, "--data", self.folder / "set.npz", "--steps", 30, "--gap", "-f", "-o",
                      self.folder / "run.h5")
            text = self.done("report", self.folder / "run.h5")
            changed[pairs] = float(re.search(r"rounding the time constants\s.*?([\d.]+) %\s*$", text, re.M)[1])
        self.assertGreater(changed["3"], 2 * changed["1000"])

    def test_explain_and_a_refusal_name_the_merging_of_time_constants_with_figures(self):
        net = self.trained()
        told = json.loads(self.done("explain", net, "--chip", "loihi1", "--nir-dt", 0.001, "--no-other-chips", "--depth", 0,
                                    "--json"))
        self.assertIn("compartment profiles", told["decides"])
        row = next(row for row in told["what_helps"] if row["option"] == "--merge-decays 32")
        self.assertRegex(row["change"], r"at most 32 pairs of decays a population \(changed by at most [\d.]+ %")
        image = self.folder / "net.loom"
        self.done("compile", net, "--chip", "loihi1", "--nir-dt", 0.001, "-o", image, "--effort", 0,
                  *row["option"].split())
        self.assertLessEqual(len(json.loads(self.done("inspect", image, "--json"))["cores"]), row["cores"])
        small = self.folder / "small.textproto"
        text = (SOURCE / "models/chips/loihi1.textproto").read_text()
        changed, count = re.subn(r"(?m)^mesh {.*}$", "mesh { columns: 1 rows: 1 cores_per_tile: 4 }", text)
        self.assertEqual(count, 1)
        small.write_text(changed)
        self.refused("compile", net, "--chip", small, "--nir-dt", 0.001, "-o", image, says="--merge-decays 32")

    def narrow(self, input_axons):
        """Loihi 2 with so few input axons a core."""
        chip = self.folder / f"narrow{input_axons}.textproto"
        text = (SOURCE / "models/chips/loihi2.textproto").read_text()
        chip.write_text(text.replace("  input_axons: 16000", f"  input_axons: {input_axons}"))
        return chip

    def layer(self, sources):
        """A dense layer of ten neurons."""
        net = self.folder / f"layer{sources}.textproto"
        net.write_text(f"""name: "layer" step_s: 1 seed: 7
input {{ name: "in" shape: {sources} }}
population {{ name: "out" shape: 10 kind: integrate_fire v_threshold: 100 }}
projection {{ name: "fc" source: "in" target: "out" dense {{}} weight {{ uniform {{ low: -7 high: 7 }} }} }}
output {{ population: "out" }}""")
        return net

    def test_a_layer_with_too_many_sources_is_split_where_spikes_carry_values(self):
        image = self.folder / "layer.loom"
        told = json.loads(self.done("compile", self.layer(20000), "--chip", "loihi2", "-o", image, "--json"))
        self.assertLessEqual(told["cores"], 8)
        text = self.done("inspect", image)
        self.assertIn("out.sums", text)
        said = self.refused("compile", self.layer(20000), "--chip", "loihi2", "-o", image, "--split-fan-in", "never",
                            says="16000 input axons")
        self.assertIn("--split-fan-in exact makes its sum in parts", said)
        self.refused("compile", self.layer(20), "--chip", "loihi2", "-o", image, "--split-fan-in", "maybe", status=2,
                     says="exact and never")

    def test_a_layer_with_too_many_sources_is_refused_with_figures_elsewhere(self):
        image = self.folder / "layer.loom"
        said = self.refused("compile", self.layer(5000), "--chip", "loihi1", "-o", image, says="4096 input axons")
        self.assertRegex(said, r"neuron \d+ alone hears (\d+) sources and needs \1 input axons")
        self.assertRegex(said, r"prune to about 4096 sources a neuron \(1\d % fewer\)")
        self.assertIn("loihi2", said)
        said = self.refused("compile", self.layer(784), "--chip", "truenorth", "-o", image, says="256 input axons")
        self.assertRegex(said, r"hears \d+ sources, whose weights have \d binary digits")
        self.assertRegex(said, r"--weight-bits 1 takes up to \d+ rows, still more than 256: then prune to 128 to 256 sources")
        told = json.loads(self.done("explain", self.layer(784), "--chip", "truenorth", "--no-other-chips", "--json"))
        self.assertEqual(told["decides"].split(":")[0], "single neurons need more than a core has")
        changes = [row["change"] for row in told["what_helps"]]
        self.assertTrue(any(re.fullmatch(r"the \d+ strongest sources of every neuron", change) for change in changes))
        self.assertTrue(any(change.endswith("every neuron, weights of 1 bit") for change in changes), changes)
        self.assertFalse(image.exists())

    def test_neurons_that_reach_too_many_cores_have_copies(self):
        net = self.folder / "hub.textproto"
        net.write_text("""name: "hub" step_s: 1e-3 seed: 7
input { name: "in" shape: 8 }
population { name: "hub" shape: 6 kind: integrate_fire resistance: 1000 v_threshold: 5 }
population { name: "out" shape: 200 kind: integrate_fire resistance: 1000 v_threshold: 9 }
projection { name: "a" source: "in" target: "hub" dense {} weight { uniform { low: 1 high: 7 } } }
projection { name: "b" source: "hub" target: "out" dense {} weight { uniform { low: -3 high: 7 } } }
output { population: "out" }""")
        text = (SOURCE / "models/chips/loihi1.textproto").read_text()
        chip = self.folder / "small.textproto"
        chip.write_text(re.sub("output_axons: [0-9]+", "output_axons: 4",
                               re.sub("  compartments: [0-9]+", "  compartments: 24", text)))
        spikes = []
        for name in ("loihi1", chip):
            image = self.folder / "hub.loom"
            self.done("compile", net, "--chip", name, "-o", image)
            recording = self.folder / "run.h5"
            self.done("run", image, "--input", "poisson:300", "--steps", 50, "--force", "-o", recording)
            with h5py.File(recording) as file:
                out = file["spikes/out"]
                spikes.append(sorted(zip(out["timestamps"][()], out["node_ids"][()])))
        self.assertIn("hub.copies", self.done("inspect", image))
        self.assertGreater(len(spikes[0]), 100)
        self.assertEqual(spikes[0], spikes[1])

    def test_a_split_network_keeps_its_gap_and_its_answers(self):
        data = YINYANG / "yinyang_test.npz"
        answers = []
        for chip, drain in (("loihi2", 0), (self.narrow(64), 1)):
            image = self.folder / "net.loom"
            self.done("compile", self.network, "--chip", chip, "-o", image)
            recording = self.folder / "net.h5"
            self.done("eval", image, "--data", data, "--limit", 100, "--drain", drain, "--gap", "--force", "-o", recording)
            answers.append(json.loads(self.done("report", recording, "--json")))
        for told in answers:
            output = next(layer for layer in told["gap"]["layers"] if layer["population"] == "output_neurons")
            told["output"] = {what: output[what] for what in ("float_spikes", "chip_spikes", "mismatched_spikes")}
        self.assertEqual(answers[0]["evaluation"]["confusion"], answers[1]["evaluation"]["confusion"])
        self.assertEqual(answers[0]["output"], answers[1]["output"])  # spike by spike the same, a step later
        self.assertEqual(answers[0]["losses"], answers[1]["losses"])

    def test_copies_of_neurons_change_nothing_of_the_gap(self):
        data = YINYANG / "yinyang_test.npz"
        text = (SOURCE / "models/chips/loihi1.textproto").read_text()
        chip = self.folder / "few_outputs.textproto"
        text = re.sub("output_axons: [0-9]+", "output_axons: 1", text.replace("mesh { columns: 8", "mesh { columns: 32"))
        chip.write_text(re.sub("  compartments: [0-9]+", "  compartments: 2", text))
        told = []
        for name in ("loihi1", chip):
            image = self.folder / "net.loom"
            self.done("compile", self.network, "--chip", name, "--effort", 0, "-o", image)
            recording = self.folder / "net.h5"
            self.done("eval", image, "--data", data, "--limit", 50, "--gap", "--force", "-o", recording)
            told.append(json.loads(self.done("report", recording, "--json"))["gap"])
        self.assertIn(".copies", self.done("inspect", image))
        self.assertEqual(told[0]["layers"], told[1]["layers"])
        self.assertEqual(told[0]["steps"], told[1]["steps"])

    def test_the_deeper_explain_looks_the_more_it_tries(self):
        tried = []
        for depth in (0, 1, 2):
            told = json.loads(self.done("explain", self.network, "--chip", self.cramped(160), "--no-other-chips",
                                        "--json", "--depth", depth, "--effort", 1))
            rows = told["what_helps"] + told["with_a_limit_lifted"]
            tried.append({row["change"] for row in rows} |
                         {text.rsplit(":", 1)[0] for text in told["what_does_not_help"]})
        self.assertLess(tried[0], tried[1])
        self.assertEqual(tried[2] - tried[1], {"a harder search (effort 2)", "a harder search (effort 3)"})
        self.assertLess(tried[1], tried[2])

    def test_keeping_a_population_with_itself_is_refused(self):
        self.refused("compile", self.network, "--chip", "loihi1", "-o", self.folder / "net.loom", "--keep-together",
                     "hidden,hidden", says="'hidden' is named twice")
        self.refused("compile", self.network, "--chip", "loihi1", "-o", self.folder / "net.loom", "--keep-together",
                     "hidden,", status=2, says="--keep-together")

    def test_a_large_mapping_is_told_in_brief(self):
        network = self.folder / "many.textproto"
        parts = ['name: "many" step_s: 1e-3 input { name: "in" shape: 4 }']
        for i in range(1, 31):
            parts.append(f'population {{ name: "p{i}" shape: {i} kind: leaky tau_mem_s: 0.01 v_threshold: 1 }}\n'
                         f'projection {{ name: "to{i}" source: "in" target: "p{i}" dense {{}} weight {{ constant: 0.5 }} }}')
        network.write_text("\n".join(parts) + '\noutput { population: "p30" }\n')
        words = ("compile", network, "--chip", "loihi1", "-o", self.folder / "many.loom")
        brief, whole = self.done(*words), self.done(*words, "--all")
        self.assertIn("and 10 more populations, none larger", brief)
        self.assertIn("--all lists", brief)
        self.assertNotIn("  p10: ", brief)
        self.assertIn("  p10: ", whole)
        self.assertNotIn("more populations", whole)

    def test_compare_is_one_table_over_chips(self):
        words = ("compare", self.network, "--chips", f"loihi1,{self.cramped(1)}", "--chip", "truenorth")
        told = json.loads(self.done(*words[:4], "--data", YINYANG / "yinyang_test.npz", "--limit", 20, "--json"))
        fits, cramped = told["chips"]
        self.assertEqual([row["fits"] for row in told["chips"]], [True, False])
        self.assertEqual((fits["cores"], fits["cores_there"]), (1, 128))
        run = fits["inference"]
        self.assertEqual(run["samples"], 20)
        self.assertAlmostEqual(run["accuracy"], run["correct"] / 20)
        for price in run["costs"]:
            energy = price["energy_pj"]
            parts = [price[part] for part in ("events_pj", "cores_in_use_pj", "rest_of_chip_pj")]
            for end in ("value", "low", "high"):
                self.assertAlmostEqual(energy[end], sum(part[end] for part in parts), delta=1e-9 * energy["high"])
                self.assertAlmostEqual(energy[end], sum(one["energy_pj"][end] for one in price["constants"]),
                                       delta=1e-9 * energy["high"])
            self.assertLess(price["latency_least_ns"], price["latency_ns"])
            self.assertIn(price["energy_trust"], {one["trust"] for one in price["constants"]})
        self.assertIsNone(cramped["inference"])
        self.assertIn("words of", cramped["why"][0]["found"] + cramped["why"][0]["allowed"])
        self.assertEqual([row["chip"] for row in json.loads(self.done(*words, "--json"))["chips"]], ["truenorth"])
        self.refused("compare", self.network, "--chips", "loihi1,,generic", status=2, says="--chips")
        self.refused("compare", self.network, "--ttfs-window", 3, status=2, says="first spikes")

    def test_compare_agrees_with_eval(self):
        told = json.loads(self.done("compare", self.network, "--chips", "loihi1", "--data", YINYANG / "yinyang_test.npz",
                                    "--limit", 20, "--json"))["chips"][0]["inference"]
        self.done("compile", self.network, "--chip", "loihi1", "-o", self.folder / "net.loom")
        self.done("eval", self.folder / "net.loom", "--data", YINYANG / "yinyang_test.npz", "--limit", 20, "-o",
                  self.folder / "run.h5")
        report = json.loads(self.done("report", self.folder / "run.h5", "--json"))
        self.assertEqual(told["accuracy"], report["headline"]["accuracy"])
        for price, costs in zip(told["costs"], report["costs"], strict=True):
            self.assertAlmostEqual(price["events_pj"]["value"], costs["dynamic_per_pj"]["value"], delta=1)
            self.assertAlmostEqual(price["latency_ns"], costs["time_per_ns"], delta=1e-3)

    def test_compare_runs_networks_with_steps_in_continuous_time(self):
        def row(network, *words):
            told = self.done("compare", network, "--chips", "brainscales2", *words, "--json")
            return json.loads(told)["chips"][0]
        told = row(self.network, "--data", YINYANG / "yinyang_test.npz", "--limit", 100)
        run = told["inference"]
        self.assertEqual((told["fits"], told["approximated"], told["runs"]), (True, False, 1))
        self.assertGreater(run["accuracy"], 0.8)
        self.assertAlmostEqual(run["costs"][0]["latency_ns"], 60e3, delta=1)  # 60 steps of 1 ms, 1000 times faster
        self.assertAlmostEqual(run["costs"][0]["energy_pj"]["value"], 175 * 60e3, delta=1)  # mW times ns
        self.assertEqual(run, row(self.network, "--data", YINYANG / "yinyang_test.npz", "--limit", 100, "--threads", 3)
                         ["inference"])
        leaky = self.folder / "leaky.textproto"
        leaky.write_text("""name: "leaky" step_s: 1e-3 input { name: "in" shape: 4 }
            population { name: "cell" shape: 2 kind: leaky tau_mem_s: 0.01 v_threshold: 1 }
            projection { name: "in_cell" source: "in" target: "cell" dense {} weight { constant: 0.5 } }
            output { population: "cell" }""")
        near = row(leaky)
        self.assertEqual((near["fits"], near["approximated"]), (True, True))
        self.assertIn("pulse of 100 us", near["remarks"][0])
        chain = row(SOURCE / "models/networks/examples/chain.textproto")
        self.assertEqual((chain["fits"], chain["approximated"]), (False, False))
        self.assertIn("delay", chain["why"][0]["found"])
        plastic = row(SOURCE / "models/networks/examples/plastic.textproto")
        self.assertFalse(plastic["fits"])
        self.assertIn("plastic", plastic["why"][0]["found"])
        images = self.folder / "images.npz"
        numpy.savez(images, inputs=numpy.zeros((4, 7), "f4"), labels=numpy.zeros(4, "i4"))
        self.refused("compare", self.network, "--chips", "brainscales2", "--data", images, says="channels")
        self.refused("compare", self.network, "--chips", "loihi1", "--trims", images, says="images.npz")

    def test_compare_shows_truenorth_at_work(self):
        images = numpy.zeros((2, 28, 28), "f4")  # a ring, a stroke
        x, y = numpy.meshgrid(numpy.arange(28) - 13.5, numpy.arange(28) - 13.5)
        images[0][abs(numpy.hypot(x / 0.75, y) - 8) < 1.5] = 1
        images[1][4:24, 13:15] = 1
        numpy.savez(self.folder / "drawn.npz", inputs=images.reshape(2, 784), labels=numpy.arange(2, dtype="i4"))
        told = json.loads(self.done("compare", SOURCE / "models/networks/mnist_crossbar/mnist_crossbar.textproto", "--chips",
                                    "loihi1,truenorth", "--data", self.folder / "drawn.npz", "--encode", "constant", "--steps",
                                    12, "--effort", 0, "--json"))
        loihi, truenorth = told["chips"]
        self.assertEqual(truenorth["cores"], 24)
        for chip in (loihi, truenorth):
            self.assertEqual(chip["inference"]["correct"], 2)
            self.assertEqual(chip["inference"]["spikes"], 2919)  # a sample; as train.py counts them

    def test_reports_count_a_crossbar_as_the_compiler_does(self):
        text = """name: "digits" step_s: 1e-3 input { name: "in" shape: 20 }
            population { name: "p" shape: 10 kind: integrate_fire v_threshold: 9 resistance: 1000 }
            population { name: "q" shape: 10 kind: integrate_fire v_threshold: 9 resistance: 1000 }
            projection { name: "in_p" source: "in" target: "p" dense {} weight { constant: 1 } }
            projection { name: "p_q" source: "p" target: "q" dense {} weight { list { value: [%s] } } }
            output { population: "q" }""" % ", ".join(["1, 15"] * 50)
        (self.folder / "net.textproto").write_text(text)
        numpy.savez(self.folder / "set.npz", inputs=numpy.ones((1, 20), "f4"), labels=numpy.zeros(1, "i4"))
        self.done("compile", self.folder / "net.textproto", "--chip", "truenorth", "-o", self.folder / "net.loom")
        self.done("eval", self.folder / "net.loom", "--data", self.folder / "set.npz", "-o", self.folder / "run.h5")
        core, = json.loads(self.done("report", self.folder / "run.h5", "--format", "json"))["cores"]
        # An axon for each input; of the neurons of p, half have weights of one digit, half of four, and so three copies.
        self.assertEqual((core["input_axons"], core["synapse_words"], core["longest_list"]), (45, 45, 4))
        self.assertEqual(core["compartments"], 10 + 10 + 5 * 3)
        self.assertEqual((core["binding_limit"], core["binding_utilisation"]), ("input_axons", 45 / 256))

    def test_compare_draws_a_page(self):
        page = self.folder / "page.html"
        self.done("compare", self.network, "--chips", "loihi1,truenorth", "--data", YINYANG / "yinyang_test.npz",
                  "--limit", 5, "--html", page)
        html = page.read_text()
        pictures = re.findall("<svg.*?</svg>", html, re.S)
        self.assertEqual(len(pictures), 3)
        for picture in pictures:
            self.assertIn("does not fit", "".join(xml.etree.ElementTree.fromstring(picture).itertext()))
        self.assertNotRegex(html, "(src|href)=")
        self.assertNotIn("nan", html)
        self.refused("compare", self.network, "--chips", "loihi1", "--html", self.folder / "none" / "page.html",
                     says="none")

    def test_inspect_draws_networks_and_images(self):
        text = self.done("inspect", self.network, "--svg", self.folder / "net.svg")
        self.assertIn("[input] 5, input", text)
        self.assertIn("<- input: dense, 750 weights", text)
        self.assertIn("=> output", text)
        self.done("compile", self.network, "--chip", "loihi1", "-o", self.folder / "net.loom")
        self.done("inspect", self.folder / "net.loom", "--svg", self.folder / "cores.svg")
        for name, words in (("net.svg", {"hidden", "output_neurons (output)"}), ("cores.svg", {"hidden (150 neurons)"})):
            tree = xml.etree.ElementTree.parse(self.folder / name)
            texts = {node.text for node in tree.iter("{http://www.w3.org/2000/svg}text")}
            self.assertLessEqual(words, texts)
        self.refused("inspect", SOURCE / "models/chips/loihi1.textproto", "--svg", self.folder / "x.svg", status=2,
                     says="--svg")


class Train(Case):
    network = SOURCE / "models/networks/yinyang_ttfs/yinyang_ttfs.textproto"
    drawn = ("--init", "1.5,0.5", "--init", "0.8,0.8", "--seed", "1")
    sets = ("--data", "yin-yang:1000:101", "--validation", "yin-yang:300:102", "--batch", "50")

    def train(self, folder, *words, chip="ideal_analog", net=network):
        return json.loads(self.done("train", net, "--chip", chip, *self.sets, "-o", self.folder / folder, "--json",
                                    *words))

    def same_files(self, one, other):
        for name in ("W0.npy", "W1.npy", "training.jsonl", "yinyang_ttfs.textproto", "yinyang_ttfs.loom"):
            self.assertEqual((self.folder / one / name).read_bytes(), (self.folder / other / name).read_bytes(), name)

    def test_learns_and_goes_on_to_the_same_bits_on_other_threads(self):
        whole = self.train("whole", *self.drawn, "--epochs", "8", "--input-noise", "0.02")
        self.assertLess(whole["before"]["validation"]["accuracy"], 0.5)
        self.assertGreater(whole["after"]["validation"]["accuracy"], 0.75)
        self.train("parts", *self.drawn, "--epochs", "3", "--input-noise", "0.02")
        self.train("parts", *self.drawn, "--epochs", "8", "--input-noise", "0.02", "--resume", "--threads", "2")
        self.same_files("whole", "parts")
        self.refused("train", self.network, "--chip", "ideal_analog", *self.sets, *self.drawn, "--resume", "-o",
                     self.folder / "parts", says="input noise")
        self.refused("train", self.network, "--chip", "ideal_analog", *self.sets, *self.drawn, "-o",
                     self.folder / "parts", says="--resume")

    def test_a_training_that_was_interrupted_goes_on_to_the_same_bits(self):
        words = [PROGRAM, "train", str(self.network), "--chip", "ideal_analog", *self.sets, *self.drawn,
                 "-o", str(self.folder / "parts"), "--epochs"]
        environment = dict(os.environ, SPIKELOOM_MODELS=str(SOURCE / "models"))
        with subprocess.Popen([*words, "100000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=environment) as process:
            while "epoch 2" not in process.stderr.readline():
                self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        epochs = len((self.folder / "parts/training.jsonl").read_text(encoding="utf-8").splitlines()) - 1
        self.assertGreaterEqual(epochs, 2)
        self.train("parts", *self.drawn, "--epochs", epochs + 2, "--resume")
        self.train("whole", *self.drawn, "--epochs", epochs + 2)
        self.same_files("whole", "parts")

    def test_learns_on_a_mismatched_chip_what_eval_finds_there(self):
        trained = self.folder / "ideal/yinyang_ttfs.textproto"
        self.train("ideal", *self.drawn, "--epochs", "8")
        chip = ("--instance", "7", "--mismatch", "chip", "--mismatch", "threshold=0.1")
        figures = self.train("chip", *chip, "--epochs", "6", chip="brainscales2", net=trained)
        before, after = (figures[when]["validation"]["accuracy"] for when in ("before", "after"))
        self.assertGreater(after, before + 0.03)
        image, run = self.folder / "chip/yinyang_ttfs.loom", self.folder / "eval.h5"
        there = json.loads(self.done("eval", image, "--data", "yin-yang:300:102", *chip, "-o", run, "--json"))
        self.assertAlmostEqual(there["accuracy"], after)

    def test_bad_usage(self):
        self.refused("train", self.network, "--chip", "loihi1", *self.sets, *self.drawn, "-o", self.folder / "x",
                     says="a chip with steps")
        self.refused("train", self.network, "--chip", "ideal_analog", "--data", "yin-yang:10", *self.drawn, "-o",
                     self.folder / "x", says="yin-yang:SAMPLES:SEED")
        lone = self.folder / "lone.textproto"
        lone.write_text(self.network.read_text(encoding="utf-8"), encoding="utf-8")
        self.refused("train", lone, "--chip", "ideal_analog", *self.sets, "-o", self.folder / "x", says="W0.npy")
        self.refused("train", self.network, "--chip", "ideal_analog", *self.sets, "--init", "1,1", "-o",
                     self.folder / "x", status=2, says="2 layers")
        self.refused("train", self.network, "--chip", "ideal_analog", *self.sets, "--init", "1,x", "--init", "1,1",
                     "-o", self.folder / "x", status=2, says="MEAN,DEVIATION")
        self.refused("train", self.network, "--chip", "ideal_analog", *self.sets, *self.drawn, "--rate", "-1", "-o",
                     self.folder / "x", says="learning rate")


class Plastic(Case):
    network = SOURCE / "models/networks/examples/plastic.textproto"

    def test_compiles_and_is_inspected_with_its_rule(self):
        image = self.folder / "plastic.loom"
        report = self.done("compile", self.network, "--chip", "loihi1", "-o", image)
        self.assertIn("in_cell: rule pair_stdp, epochs of 1 step", report)
        for path in (self.network, image):
            (rule,) = json.loads(self.done("inspect", path, "--json"))["learning"]
            self.assertEqual(rule["dw"], "2^-2*x1*y0 - 2^-2*y1*x0")
            self.assertIn("pair_stdp", self.done("inspect", path))
        self.assertEqual(rule["synapses"], 6)
        self.assertEqual(json.loads(self.done("inspect", image, "--json"))["limits"], "all met")

    def test_a_chip_that_cannot_learn_refuses_it(self):
        text = (SOURCE / "models/chips/loihi1.textproto").read_text()
        begin, rest = text.split("learning {", 1)
        chip = self.folder / "dull.textproto"
        chip.write_text(begin + rest.split("\n}\n", 1)[1])
        said = self.refused("compile", self.network, "--chip", chip, "-o", self.folder / "x.loom",
                            says="has no learning engine")
        self.assertIn("projection 'in_cell'", said)


class NetxValues(Case):
    """A regression net of sigma-delta neurons, as lava-dl writes one, against its equations in numpy."""

    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(3)
        self.weights = [random.integers(-40, 50, (8, 6)), random.integers(-40, 50, (2, 8))]
        self.bias = random.integers(-10, 40, 8)
        self.net = self.folder / "sums.net"
        with h5py.File(self.net, "w") as file:
            sizes = (6, 8, 2)
            for i, (kind, size) in enumerate(zip(("input", "dense", "dense"), sizes)):
                layer = file.create_group(f"layer/{i}")
                layer.create_dataset("type", (1,), "S10", [kind.encode("ascii")])
                layer.create_dataset("shape", data=numpy.array([size, 1, 1] if i else [size]))
                neuron = {"type": "SDNN", "activation": "relu", "vThMant": 3}
                if i == 0:
                    layer.create_dataset("weight", data=numpy.float32([[36]]))
                    layer.create_dataset("bias", data=numpy.float32([[34]]))
                else:
                    layer.create_dataset("inFeatures", data=sizes[i - 1])
                    layer.create_dataset("outFeatures", data=size)
                    layer.create_dataset("weight", data=self.weights[i - 1].astype(numpy.float32))
                if i == 1:
                    layer.create_dataset("bias", data=self.bias.astype(numpy.float32))
                if i == 2:
                    neuron["sigma_output"] = True
                for name, value in neuron.items():
                    layer.create_dataset(f"neuron/{name}", data=value)

    def sums(self, values):
        """Of the output after each step; values: steps x 6."""
        state = {"sigma": [numpy.zeros(8, int), numpy.zeros(2, int)], "x": [0, 0], "left": [0, 0], "sent": [0, 0]}

        def send(i, x):
            change = x - state["x"][i] + state["left"][i]
            out = numpy.where(abs(change) >= 3 << 12, change, 0)
            state["x"][i], state["left"][i], state["sent"][i] = x, change - out, out >> 6

        state["sent"] = [numpy.zeros(6, int), numpy.zeros(8, int)]
        course = []
        for row in values:
            state["sigma"][1] += self.weights[1] @ state["sent"][1]
            state["sigma"][0] += self.weights[0] @ state["sent"][0]
            send(1, numpy.maximum(0, state["sigma"][0] + (self.bias << 12)))
            send(0, row << 12)
            course.append(state["sigma"][1].copy())
        return numpy.array(course)

    def test_a_run_records_the_sums_of_the_output_unasked(self):
        values = numpy.random.default_rng(4).integers(-64, 65, (20, 6))
        numpy.save(self.folder / "in.npy", values.astype(numpy.int32))
        recording = self.folder / "sums.h5"
        self.done("run", self.net, "--chip", "loihi2", "-i", self.folder / "in.npy", "-o", recording)
        with h5py.File(recording) as file:
            self.assertTrue((file["report/dense2_v/exact"][:] == self.sums(values)).all())

    def test_pixels_become_values_as_the_input_layer_says(self):
        pixels = numpy.random.default_rng(5).random((12, 6))
        values = numpy.trunc(2 * 36 * pixels - 36 + 34).astype(int)
        classes = [self.sums([row] * 8)[-1].argmax() for row in values]
        numpy.savez(self.folder / "set.npz", inputs=pixels, labels=numpy.array(classes))
        words = ("--chip", "loihi2", "--data", self.folder / "set.npz", "--steps", "8", "-o", self.folder / "e.h5")
        said = self.done("eval", self.net, *words, "--gap")
        self.assertIn("12 of 12 samples", said)
        with h5py.File(self.folder / "e.h5") as file:
            gap = json.loads(file["extra/gap"][()])
            answers = numpy.array([self.sums([row] * 8)[-1] for row in values])
            self.assertTrue((file["eval/output_values"][:] == answers).all())
        self.assertEqual([step["spike_change"] for step in gap["steps"] if step["name"] == "all"], [0])
        self.assertRegex(self.done("report", self.folder / "e.h5"), r"Effective ACs +0 ACs")  # all of them multiply
        self.refused("eval", self.net, *words, "-f", "-e", "rate", says="whose spikes carry values; allowed: values")

    def test_the_network_as_text_is_the_same_network(self):
        text = self.folder / "sums.textproto"
        self.done("inspect", self.net, "--text", text)
        again = self.folder / "again.textproto"
        self.done("inspect", text, "--text", again)
        body = [path.read_text().split("\n", 1)[1] for path in (text, again)]  # but for the line that says whence
        self.assertEqual(body[0].replace("sums.", "again."), body[1])
        figures = [json.loads(self.done("compile", net, "--chip", "loihi2", "-o", self.folder / "a.loom", "--json"))
                   for net in (self.net, text)]
        self.assertEqual(figures[0]["losses"], figures[1]["losses"])

    def test_parts_of_a_net(self):
        self.assertIn("dense1", self.done("inspect", self.net, "--netx-layers", "1:2", "--netx-reset", "16,1"))
        self.refused("inspect", self.net, "--netx-layers", "1:9", says="FIRST:END within 0:3")
        self.refused("inspect", self.net, "--netx-layers", "x", status=2, says="numbers of layers")
        self.refused("inspect", self.net, "--netx-reset", "16:1", status=2, says="steps, and an offset")


@unittest.skipUnless((REFERENCE / "netx/mnist").exists() and (REFERENCE / "mnist").exists(), "no reference data")
class Netx(Case):
    net = REFERENCE / "netx/mnist/trained_mnist_network.net"
    images = REFERENCE / "mnist/t10k-images-idx3-ubyte.gz"

    def test_is_inspected_and_compiled_without_loss(self):
        self.assertIn("netx", self.done("inspect", self.net))
        figures = json.loads(self.done("compile", self.net, "--chip", "loihi2", "-o", self.folder / "m.loom", "--json"))
        self.assertLessEqual(figures["cores"], 5)
        self.assertEqual([loss["rms_error"] for loss in figures["losses"]], [0, 0, 0])

    def test_is_evaluated_straight_from_its_file(self):
        words = ("--data", self.images, "--steps", "20", "--limit", "200")
        counted = "accuracy 98.00 % (196 of 200 samples)"  # as numpy counts it by the rule of netx
        self.assertIn(counted, self.done("eval", self.net, "--chip", "loihi2", *words, "-o", self.folder / "a.h5"))
        self.done("compile", self.net, "--chip", "loihi1", "-o", self.folder / "m.loom")
        self.assertIn(counted, self.done("eval", self.folder / "m.loom", *words, "-e", "constant", "--drain", "2",
                                         "--decision", "argmax", "-o", self.folder / "b.h5"))
        self.refused("eval", self.net, *words, "-o", self.folder / "c.h5", says="--chip CHIP compiles it")
        self.refused("eval", self.folder / "m.loom", "--chip", "loihi2", *words, "-o", self.folder / "c.h5",
                     says="an image has its chip already")

    def test_options_and_damaged_files(self):
        self.refused("inspect", self.net, "--netx-input-shape", "1,x", status=2, says="one to three extents")
        self.refused("inspect", YINYANG / "yinyang.nir", "--netx-input", "spikes", status=2, says="for netx files")
        broken = self.folder / "broken.net"
        broken.write_bytes(self.net.read_bytes()[:9000])
        self.refused("inspect", broken)


class AnalogChips(Case):
    """Descriptions and images of chips in continuous time."""

    def setUp(self):
        super().setUp()
        numpy.save(self.folder / "w.npy", numpy.array([[1.5, -0.5], [0.25, 2.0], [0.5, 0.5]]))
        self.network = self.folder / "net.textproto"
        self.network.write_text("""name: "small" time_unit_s: 6e-6
            input { name: "in" size: 2 }
            layer { name: "label" size: 2 weights: "w.npy" bias_times: [0.9] }
            coding { early: 0.15 late: 2.0 window: 8 }""")

    def test_chips_of_both_kinds_are_listed(self):
        chips = {chip["name"]: chip for chip in json.loads(self.done("chips", "--json"))}
        self.assertEqual(chips["brainscales2"]["time_base"], "continuous")
        self.assertEqual(chips["brainscales2"]["neuron_circuits"], 512)
        self.assertEqual(chips["brainscales2"]["synapses"], 131072)
        self.assertTrue(chips["ideal_analog"]["ideal"])
        self.assertEqual(chips["loihi1"]["time_base"], "steps")
        self.assertRegex(self.done("chips"), r"(?m)^brainscales2 +continuous +BrainScaleS-2")

    def test_an_image_is_inspected_and_its_limits_recomputed(self):
        for chip in ("brainscales2", "ideal_analog"):
            image = self.folder / f"{chip}.loom"
            self.done("compile", self.network, "--chip", chip, "-o", image)
            described = json.loads(self.done("inspect", image, "--json"))
            self.assertEqual(described["kind"], "analog image")
            self.assertEqual(described["chip"], chip)
            self.assertEqual(described["limits"], "all met")
            self.assertEqual(described["coding"]["window_us"], 48)
            if chip == "brainscales2":
                (run,) = described["runs"]
                self.assertEqual((run["neurons"], run["circuits"], run["not_zero"]), (2, 2, 6))
            else:
                self.assertEqual(described["synapses"], 6)
            self.assertIn("limits:", self.done("inspect", image))

    def test_a_damaged_image_is_refused(self):
        image = self.folder / "net.loom"
        self.done("compile", self.network, "--chip", "brainscales2", "-o", image)
        data = image.read_bytes()
        for damaged in (data[:-1], data[:100], data + b"x", data[:50] + bytes([data[50] ^ 1]) + data[51:]):
            image.write_bytes(damaged)
            self.refused("inspect", image, says="damaged")

    def test_a_chip_of_ones_own_is_checked_with_places(self):
        text = (SOURCE / "models/chips/brainscales2.textproto").read_text()
        chip = self.folder / "own.textproto"
        chip.write_text(text.replace("weight_bits: 6", "weight_bits: 9").replace("l2_lanes: 4", "l2_lames: 4"))
        said = self.refused("inspect", chip, says="'array.weight_bits' is 9; allowed: 1..8")
        self.assertRegex(said, r"own\.textproto:\d+:\d+: error: .*l2_lames")
        chip.write_text(text.replace("weight_bits: 6", "weight_bits: 3"))
        image = self.folder / "own.loom"
        self.done("compile", self.network, "--chip", chip, "-o", image)
        self.refused("rule", "check", "dw = x1*y0", "--chip", "brainscales2", says="analog")


class Help(Case):
    def test_every_subcommand_explains_itself_with_an_example(self):
        for name in SUBCOMMANDS:
            text = self.done(name, "--help")
            self.assertIn(f"Usage: spikeloom {name}", text)
            self.assertIn(f"spikeloom {name}", text.split("Example:")[1])
            self.assertEqual(self.done("help", name), text)

    def test_overview_and_version(self):
        overview = self.done("--help")
        for name in SUBCOMMANDS:
            self.assertRegex(overview, rf"\n  {name} ")
        self.assertRegex(self.done("--version"), r"^spikeloom \d+\.\d+\.\d+\n$")

    def test_bad_usage_has_status_2(self):
        self.assertEqual(spikeloom().returncode, 2)
        self.refused("weave", status=2, says="weave")
        self.refused("help", "weave", status=2)
        for name in SUBCOMMANDS:
            self.refused(name, "--no-such-option", status=2, says="no-such-option")
        for name in ("calibrate", "inspect", "compile", "run", "eval", "report"):
            self.refused(name, status=2)
        self.refused("compile", "net.nir", "-o", "x.loom", status=2, says="chip")
        self.refused("compile", "net.nir", "--chip", "loihi1", "-o", "x", "--weight-bits", "9", status=2)
        self.refused("compile", YINYANG / "yinyang.nir", "--chip", "loihi1", "-o", "x", "--effort", "4", status=2,
                     says="0 to 3")
        self.refused("compile", YINYANG / "yinyang.nir", "--chip", "loihi1", "-o", "x", "--threads", "0", status=2)
        for words in (("--pin", "hidden"), ("--pin", "hidden=3-1"), ("--forbid-core", "4,x")):
            self.refused("compile", YINYANG / "yinyang.nir", "--chip", "loihi1", "-o", "x", *words, status=2,
                         says=words[0])
        self.refused("compile", YINYANG / "yinyang.nir", "--chip", "loihi1", "-o", "x", "--pin", "nobody=0",
                     says="no population 'nobody'")
        self.refused("compile", YINYANG / "yinyang.nir", "--chip", "loihi1", "-o", "x", "--nir-reset", "maybe",
                     status=2, says="zero, subtract")
        self.refused("report", "run.h5", "-o", "page.pdf", status=2, says=".html")

    def test_a_full_disk_behind_stdout_is_a_failure(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.assertEqual(spikeloom("chips", stdout=full).returncode, 1)


class Calibrate(Case):
    def test_trims_come_closer_and_are_kept(self):
        trims = self.folder / "chip7.textproto"
        text = self.done("calibrate", "--chip", "brainscales2", "--instance", 7, "-o", trims)
        self.assertRegex(text, r"(?m)^leak +80 LSB ")
        again = self.folder / "again.textproto"
        table = json.loads(self.done("calibrate", "--chip", "brainscales2", "--instance", 7, "--json", "-o", again))
        self.assertEqual(trims.read_bytes(), again.read_bytes())
        self.assertEqual(table["circuits"], 512)
        self.assertEqual([row["parameter"] for row in table["parameters"]],
                         ["threshold", "leak", "reset", "tau_mem", "tau_syn", "weight"])
        for row in table["parameters"]:
            self.assertLess(row["ratio"], row.get("ratio_accepted_by_calix", 0.5), row)

    def test_targets_are_the_chips_range(self):
        self.refused("calibrate", "--chip", "brainscales2", "--tau-mem", 1e6, says="0.1..2000 us")
        self.refused("calibrate", "--chip", "brainscales2", "--leak", 130, says="above leak")
        self.refused("calibrate", "--chip", "loihi1", says="continuous time")
        self.refused("calibrate", "--chip", "ideal_analog", says="not ideal")
        self.refused("calibrate", "--chip", "brainscales2", "--for", self.folder / "absent.loom", says="absent.loom")
        self.refused("calibrate", "--chip", "brainscales2", "-o", self.folder / "no/such.textproto", says="no/such")


class Place(Case):
    hypergraph = "4 5\n1 2 3\n2 3\n1 3 4\n4 5 1\n"

    def test_solves_an_assignment_problem_and_says_how_good_it_is(self):
        problem = self.folder / "row.dat"  # a chain of three, listed out of order, along a row
        problem.write_text("3\n0 1 2\n1 0 1\n2 1 0\n\n0 5 5\n5 0 0\n5 0 0\n")
        found = json.loads(self.done("place", problem, "--json", "--plain", 1000))
        self.assertEqual((found["cost"], found["bound"], found["plain"]["cost"]), (20, 20, 20))
        self.assertEqual(found["permutation"][1], 1)
        numbers = self.folder / "numbers"
        text = self.done("place", problem, "--grid", "3x1", "-o", numbers)
        self.assertRegex(text, r"(?m)^cost +20$")
        self.assertEqual(sorted(numbers.read_text().split()), ["1", "2", "3"])
        self.refused("place", problem, "--grid", "1x4", says="3 places")

    def test_places_a_partition(self):
        net, parts = self.folder / "net.hgr", self.folder / "parts"
        net.write_text(self.hypergraph)
        parts.write_text("0\n1\n2\n2\n0\n")
        found = json.loads(self.done("place", net, "--parts", parts, "--mesh", "3x1", "--json", "--effort", 0))
        self.assertEqual((found["cores"], found["copies"], found["cost"]), (3, 5, 6))
        parts.write_text("0\n1\n2\n2\n9\n")
        self.refused("place", net, "--parts", parts, "--mesh", "3x1", says="parts:5")
        self.refused("place", net, "--parts", parts, status=2, says="--mesh")
        self.refused("place", net, "--parts", parts, "--mesh", "3", status=2, says="7x4")

    def test_hostile_files(self):
        problem = self.folder / "bad.dat"
        problem.write_text("4000 1 2 3")
        self.refused("place", problem, says="too short")
        self.refused("place", self.folder / "absent.dat", says="absent.dat")
        self.refused("place", problem, "--effort", 4, status=2, says="0 to 3")


class Chips(Case):
    def test_lists_the_bundled_chips(self):
        self.assertRegex(self.done("chips"), r"(?m)^loihi1 .*128 cores")
        chips = {chip["name"]: chip for chip in json.loads(self.done("chips", "--json"))}
        self.assertEqual(chips["loihi1"]["cores"], 128)
        self.assertGreaterEqual(len(chips["loihi1"]["cost_tables"]), 2)
        self.assertEqual((chips["loihi1"]["topology"], chips["loihi1"]["chips"]), ("mesh", 1))

    def test_what_chips_have_beyond_loihi_1(self):
        lines = self.done("chips")
        self.assertRegex(lines, r"(?m)^loihi2 .*10 neuron models, payloads of 24 bits, shared lists")
        self.assertRegex(lines, r"(?m)^truenorth .*a crossbar of 4 axon types, 1 destination a compartment")
        chips = {chip["name"]: chip for chip in json.loads(self.done("chips", "--json"))}
        self.assertEqual([chips[name]["chips"] for name in ("nahuku32", "pohoiki_springs", "hala_point")], [32, 768, 1152])
        self.assertEqual(chips["loihi1"]["neuron_models"], ["leaky"])
        self.assertIn("sigma_delta", chips["hala_point"]["neuron_models"])
        described = json.loads(self.done("inspect", SOURCE / "models/chips/truenorth.textproto", "--json"))
        self.assertEqual(described["limits_per_core"]["crossbar_types"], 4)
        self.assertEqual(described["neuron"]["voltage_decay"], "0..0")

    def test_a_board_of_a_bundled_chip(self):
        board = self.folder / "two.textproto"
        text = 'name: "two" title: "t" description: "d"\nboard { chip: "loihi1" chip_columns: 2 chip_rows: 1 }'
        board.write_text(text)
        self.assertEqual(json.loads(self.done("inspect", board, "--json"))["board"], "2 x 1 chips")
        image = self.folder / "two.loom"
        self.done("compile", SOURCE / "models/networks/yinyang/yinyang.nir", "--chip", board, "-o", image)
        self.assertEqual(json.loads(self.done("inspect", image, "--json"))["limits"], "all met")
        board.write_text(text.replace("loihi1", "nahuku32"))
        self.refused("inspect", board, says="is a board itself")
        board.write_text(text.replace("loihi1", "loihi7"))
        self.refused("inspect", board, says="no chip 'loihi7'")

    def test_a_board_of_ones_own(self):
        board = SOURCE / "models/chips/examples/torus_board.textproto"
        described = json.loads(self.done("inspect", board, "--json"))
        self.assertEqual((described["cores"], described["board"]), (64, "2 x 1 chips"))
        self.assertEqual((described["network"]["topology"], described["network"]["planes"]), ("torus", 3))
        image = self.folder / "own.loom"
        self.done("compile", SOURCE / "models/networks/examples/chain.textproto", "--chip", board, "-o", image)
        self.assertEqual(json.loads(self.done("inspect", image, "--json"))["limits"], "all met")
        text = board.read_text().replace("cast: UNICAST", "cast: MULTICAST").replace("buffer_flits: 8", "buffer_flits: 1")
        broken = self.folder / "broken.textproto"
        broken.write_text(text)
        self.refused("inspect", broken, says="buffers that take a whole packet")


class Demo(Case):
    """The way of tools/demo.sh, on fewer samples, with every file looked at on the way."""

    def setUp(self):
        super().setUp()
        self.image = self.folder / "yinyang.loom"
        self.compiled = json.loads(
            self.done("compile", YINYANG / "yinyang.nir", "--chip", "loihi1", "-o", self.image, "--json"))

    def eval(self, recording, *words):
        return self.done("eval", self.image, "--data", YINYANG / "yinyang_test.npz", "--window", 50, "--steps", 60,
                         "-o", recording, *words)

    def test_compile_says_what_it_resolved_and_lost(self):
        self.assertEqual(self.compiled["chip"], "loihi1")
        self.assertIn("--nir-time-unit", {row["option"] for row in self.compiled["resolutions"]})
        self.assertEqual({row["projection"] for row in self.compiled["losses"]}, {"fc1", "fc2"})
        text = self.done("compile", YINYANG / "yinyang.nir", "--chip", SOURCE / "models/chips/loihi1.textproto", "-o",
                         self.folder / "again.loom")
        self.assertIn("time unit: ", text)
        self.assertIn("--nir-time-unit", text)

    def test_an_accepted_approximation_is_not_made_where_the_chip_is_exact(self):
        words = ("compile", YINYANG / "yinyang.nir", "--chip", "loihi2", "--nir-reset", "subtract", "-o")
        self.done(*words, self.folder / "exact.loom")
        told = spikeloom(*words, self.folder / "accepted.loom", "--approximate-reset")
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertNotIn("approximated", told.stderr)

    def test_reset_by_subtraction_is_refused_by_name_or_approximated_when_asked(self):
        words = ("compile", YINYANG / "yinyang.nir", "--chip", "loihi1", "-o", self.folder / "s.loom", "--nir-reset",
                 "subtract")
        self.assertRegex(self.refused(*words), "'hidden'.*subtract.*--approximate-reset")
        self.done(*words, "--approximate-reset")

    def test_a_set_says_how_it_wants_to_be_coded(self):
        figures = [json.loads(self.done("eval", self.image, "--data", YINYANG / "yinyang_test.npz", "--limit", 50, "--json",
                                        "-o", self.folder / f"{len(words)}.h5", *words))
                   for words in ((), ("--window", 50, "--steps", 60))]
        self.assertEqual(figures[0]["steps"], 50 * 60)
        self.assertEqual(figures[0]["steps"], figures[1]["steps"])

    def test_inspect_knows_every_file_on_the_way(self):
        recording = self.folder / "run.h5"
        self.eval(recording, "--limit", 5)
        kinds = {
            YINYANG / "yinyang.nir": "network",
            YINYANG / "yinyang_test.npz": "numpy arrays",
            SOURCE / "models/chips/loihi1.textproto": "chip description",
            SOURCE / "models/chips/brainscales2.textproto": "analog chip description",
            SOURCE / "models/rules/triplet_stdp.textproto": "learning rule",
            self.image: "image",
        }
        for path, kind in kinds.items():
            self.assertIn(kind, self.done("inspect", path).splitlines()[0])
            self.assertEqual(json.loads(self.done("inspect", path, "--json"))["kind"], kind)
        self.assertRegex(self.done("inspect", recording), r"[0-5] of 5 samples")
        self.assertEqual(json.loads(self.done("inspect", self.image, "--json"))["limits"], "all met")

    def test_eval_and_report(self):
        recording = self.folder / "eval.h5"
        figures = self.eval(recording, "--limit", 100, "--gap")
        accuracy = float(re.search(r"accuracy ([\d.]+) %", figures).group(1))
        self.assertGreater(accuracy, 90)
        text = self.done("report", recording)
        self.assertIn("loihi1", text)
        report = json.loads(self.done("report", recording, "--json"))
        self.assertIsInstance(report, dict)
        page = self.folder / "report.html"
        self.done("report", recording, "-o", page)
        html = page.read_text(encoding="utf-8")
        self.assertIn("<svg", html)
        self.assertIsNone(re.search(r'(src|href)\s*=\s*"(https?:)?//', html), "the page must need no network")
        self.done("report", recording, "-o", self.folder / "report.json")
        self.assertEqual(json.loads((self.folder / "report.json").read_text(encoding="utf-8")), report)
        self.assertEqual(self.done("report", recording, "--format", "text"), text)

    def test_a_recording_is_priced_again_as_a_run_with_other_costs_is(self):
        self.refused("run", self.image, "--input", "poisson:60", "--steps", "-1", status=2, says="from 0 on")
        run = ("run", self.image, "--input", "poisson:60", "--steps", 50, "--seed", 3)
        first, other = self.folder / "first.h5", self.folder / "other.h5"
        settings = ("--set", "costs.synaptic_op.energy_pj=20", "--set", "costs.davies2018.spike.energy_pj=5")
        self.done(*run, "-o", first)
        self.done(*run, "-o", other, *settings)
        report = json.loads(self.done("report", first, "--json", *settings))
        changed = json.loads(self.done("report", other, "--json"))
        self.assertEqual([again["table"] for again in report["repriced"]], ["silicon", "davies2018"])
        for again, ran in zip(report["repriced"], changed["costs"]):
            self.assertEqual(again["dynamic_pj"], ran["dynamic_pj"])
            self.assertEqual(again["time_ns"], ran["time_ns"])
            self.assertEqual(again["constants"], ran["constants"])
            self.assertEqual(again["dynamic_by_population"], ran["dynamic_by_population"])
            self.assertNotEqual(again["difference"]["dynamic_pj"]["absolute"], 0)
        self.assertIn("Priced again", self.done("report", first, *settings))
        tables = self.folder / "costs.textproto"
        chip = (SOURCE / "models/chips/loihi1.textproto").read_text(encoding="utf-8")
        tables.write_text(chip[chip.index("costs {"):], encoding="utf-8")
        same = json.loads(self.done("report", first, "--json", "--costs", tables))
        for again, recorded in zip(same["repriced"], same["costs"]):
            self.assertEqual(again["dynamic_pj"], recorded["dynamic_pj"])
            self.assertEqual(again["difference"]["dynamic_pj"]["absolute"], 0)
        self.refused("report", first, "--set", "costs.synaptic_opp.energy_pj=20", says="did you mean 'synaptic_op'")
        self.refused("report", first, "--set", "costs.voltage_v=0.6", says="which voltage")
        self.refused("report", first, "--costs", self.folder / "absent.textproto", says="absent.textproto")
        self.refused(*run, "-o", self.folder / "no.h5", "--set", "costs.spike.energy_pj=-1", says="from 0")
        scaled = json.loads(self.done("report", first, "--json", "--set", "costs.davies2018.voltage_v=0.6"))
        self.assertAlmostEqual(scaled["repriced"][0]["difference"]["dynamic_pj"]["relative"], -0.36, places=9)

    def test_more_neurons_than_classes_are_warned_of(self):
        words = ["eval", self.image, "--data", YINYANG / "yinyang_test.npz", "--limit", 2, "-f", "-o", self.folder / "many.h5"]
        self.assertEqual(spikeloom(*words).stderr, "")
        self.assertIn("150 neurons answer for 3 classes", spikeloom(*words, "--decide-by", "hidden").stderr)

    def test_neurons_may_stand_for_classes(self):
        self.eval(self.folder / "named.h5", "--limit", "300")
        self.eval(self.folder / "asked.h5", "--first", "300", "--limit", "200", "--assign-labels", self.folder / "named.h5")
        with h5py.File(self.folder / "asked.h5") as file:
            right = (file["/eval/label"][:] == file["/eval/predicted"][:]).mean()
        self.assertGreater(right, 0.9)  # trained outputs stand for their own classes
        data = YINYANG / "yinyang_test.npz"
        out = self.folder / "refused.h5"
        self.refused("eval", self.image, "--data", data, "-o", out, "--assign-labels", data, says="HDF5")
        self.refused("eval", self.image, "--data", data, "-o", out, "--teacher", "nobody", says="no input port")
        self.refused("eval", self.image, "--data", data, "-o", out, "--gap", "--assign-labels", self.folder / "named.h5",
                     says="--gap")

    def test_a_recording_opens_as_sonata(self):
        recording = self.folder / "run.h5"
        self.done("run", self.image, "--input", "poisson:60", "--steps", 200, "-o", recording, "--probe",
                  "hidden[0:4].v")
        with h5py.File(recording) as file:
            times = file["/spikes/hidden/timestamps"]
            self.assertEqual(times.dtype, numpy.float64)
            self.assertEqual(times.attrs["units"], "ms")
            self.assertEqual(file["/spikes/hidden/node_ids"].dtype, numpy.uint64)
            self.assertTrue((numpy.diff(times[:]) >= 0).all())
            self.assertGreater(len(times), 0)
            self.assertLess(file["/spikes/hidden/node_ids"][:].max(), 150)
            probes = [name for name in file["/report"] if name.startswith("hidden")]
            self.assertEqual(file[f"/report/{probes[0]}/data"].shape, (200, 4))

    def test_the_same_spikes_on_one_thread_and_two(self):
        spikes = []
        for threads in (1, 2):
            recording = self.folder / f"threads{threads}.h5"
            self.done("run", self.image, "--input", "poisson:60", "--steps", 300, "--seed", 3, "--threads", threads,
                      "-o", recording)
            with h5py.File(recording) as file:
                spikes.append({name: (group["timestamps"][:].tolist(), group["node_ids"][:].tolist())
                               for name, group in file["/spikes"].items()})
        self.assertEqual(spikes[0], spikes[1])

    def test_the_spike_network_is_timed_and_changes_no_spike(self):
        run = ("run", self.image, "--input", "poisson:60", "--steps", 100, "--costs", "silicon")
        times = {}
        for noc in ("free", "queued", "flit"):
            recording = self.folder / f"{noc}.h5"
            self.done(*run, "--noc", noc, "--trace", "--trace-steps", "10:20", "-o", recording)
            with h5py.File(recording) as file:
                times[noc] = file["/energy/silicon/step_time"][:]
                self.assertEqual(file["/energy/silicon/step_time"].attrs["model"], noc)
                self.assertEqual(file["/energy/davies2018/step_time"].attrs["model"], "free")
                self.assertEqual(file["/traffic/costs"][()].decode(), "silicon")
                self.assertEqual(file["/traffic/phases"].shape, (100, 8))
                steps = file["/traffic/trace/step"][:]
                self.assertTrue(len(steps) > 0 and steps.min() >= 10 and steps.max() < 20)
                spikes = file["/spikes/hidden/node_ids"][:]
                first = spikes if noc == "free" else first
                self.assertTrue((spikes == first).all())
        self.assertTrue((times["queued"] >= times["free"]).all())
        self.assertTrue((times["flit"] >= times["free"]).all())
        out = self.folder / "other.h5"
        cut = spikeloom(*run, "--trace", "--trace-cores", "0:2,3", "--trace-limit", 5, "-o", out)
        self.assertEqual(cut.returncode, 0)
        self.assertIn("more than 5 messages", cut.stderr)
        with h5py.File(out) as file:
            self.assertEqual(len(file["/traffic/trace/step"]), 5)
        self.done(*run, "--no-traffic", "--core-steps", "-f", "-o", out)
        with h5py.File(out) as file:
            self.assertEqual(list(file["/traffic"]), ["core_steps"])
            own = file["/traffic/core_steps/counters"][:].sum(axis=0)[:4]  # updates, spikes, messages sent
            self.assertTrue((own == file["/counters/total"][:].sum(axis=0)[:4]).all())
        self.refused(*run, "-f", "-o", out, "--noc", "fast", status=2, says="queued")
        self.refused(*run, "-f", "-o", out, "--trace-steps", "1:2", status=2, says="--trace")
        self.refused(*run, "-f", "-o", out, "--trace", "--trace-steps", "5:5", status=2, says="empty")
        self.refused(*run, "-f", "-o", out, "--trace", "--trace-cores", "a", status=2, says="number")
        self.refused(*run[:-1], "nobody's", "-f", "-o", out, says="davies2018")

    def test_nothing_is_overwritten_or_left_behind(self):
        recording = self.folder / "run.h5"
        run = ("run", self.image, "--input", "poisson:20", "--steps", 20, "-o", recording)
        self.done(*run)
        before = recording.read_bytes()
        self.refused(*run, says="force")
        self.assertEqual(recording.read_bytes(), before)
        self.done(*run, "--force")
        self.refused("run", self.image, "--input", "poisson:20", "--steps", 20, "-o", self.folder / "no/such/run.h5")
        self.refused("run", self.image, "--input", self.folder / "absent.npy", "-o", self.folder / "other.h5")
        self.refused("run", self.image, "--input", "poisson:20", "-o", self.folder / "other.h5", says="--steps")
        self.refused("run", self.image, "--input", "poisson:20", "--steps", 5, "--probe", "nobody.v", "-o",
                     self.folder / "other.h5", says="hidden")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["run.h5", "yinyang.loom"])

    def test_ctrl_c_closes_the_recording(self):
        recording = self.folder / "long.h5"
        process = subprocess.Popen([PROGRAM, "run", self.image, "--input", "poisson:20", "--steps", "100000000", "-o",
                                    recording], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        self.assertFalse(recording.exists(), "nothing stands under the final name before the end")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 1, errors)
        self.assertIn("interrupted", output)
        with h5py.File(recording) as file:
            self.assertGreater(file["/counters/per_step"].shape[0], 0)
        self.assertIn("interrupted", self.done("report", recording).lower())

    def test_data_that_do_not_fit_the_network(self):
        data = self.folder / "data.npz"
        output = ("-o", self.folder / "eval.h5")
        numpy.savez(data, inputs=numpy.zeros((4, 7), numpy.float32), labels=numpy.zeros(4, numpy.int32))
        self.refused("eval", self.image, "--data", data, *output, says="7 channels")
        numpy.savez(data, inputs=numpy.zeros((4, 5), numpy.float32), labels=numpy.full(4, 3, numpy.int32))
        self.refused("eval", self.image, "--data", data, *output, says="label 3")
        numpy.savez(data, inputs=numpy.zeros((4, 5), numpy.float32))
        self.refused("eval", self.image, "--data", data, *output, says="labels")
        self.refused("eval", self.image, "--data", YINYANG / "yinyang_test.npz", "--encode", "events", *output,
                     says="latency")
        self.refused("eval", self.image, "--data", YINYANG / "yinyang_test.npz", "--encode", "smoke", *output,
                     status=2, says="latency, rate")


class Convert(Case):
    relu = SOURCE / "models/networks/examples/relu"

    def convert(self, *words):
        network = self.folder / "net.textproto"
        document = self.done("convert", self.relu / "shapes.nir", "--calibrate", self.relu / "shapes.npz", "-o", network,
                             "--steps", "32", "--drain", "2", "--json", *words)
        return network, json.loads(document)

    def test_a_relu_net_goes_to_the_chip_with_its_accuracy_over_steps_and_events(self):
        network, document = self.convert("--test", self.relu / "shapes.npz", "--limit", "100")
        self.assertIn("but the last", document["reading"])
        ann, curve = document["curve"]["ann"], document["curve"]["curves"][0]
        self.assertGreater(ann["accuracy"], 0.97)
        self.assertEqual(ann["multiply_accumulates"], 600 * 9 + 12 * 6 * 169 + 192)
        self.assertEqual(len(curve["accuracy"]), 34)
        self.assertGreater(curve["accuracy"][-1], ann["accuracy"] - 0.03)
        image, recording = self.folder / "net.loom", self.folder / "net.h5"
        self.done("compile", network, "--chip", "loihi2", "-o", image, "--seed", "1")
        self.done("eval", image, "--data", self.relu / "shapes.npz", "--limit", "60", "--encode", "regular", "--steps",
                  "32", "--drain", "2", "--decision", "voltage_last", "--curve", "--ann", self.relu / "shapes.nir",
                  "-o", recording)
        chip = json.loads(self.done("report", recording, "--json"))["curve"]
        self.assertEqual(chip["ann"]["multiply_accumulates"], ann["multiply_accumulates"])
        accuracy, operations = chip["curves"][0]["accuracy"], chip["curves"][0]["synaptic_operations"]
        self.assertEqual(len(accuracy), 34)
        self.assertLess(accuracy[0], 0.6)
        self.assertGreater(accuracy[-1], 0.93)
        self.assertEqual(operations, sorted(operations))
        self.assertIn("multiply-accumulates", self.done("report", recording))
        page = self.folder / "page.html"
        self.done("report", recording, "-o", page)
        self.assertIn("Accuracy over synaptic events", page.read_text())

    def test_bad_sets_and_options(self):
        words = ("convert", self.relu / "shapes.nir", "-o", self.folder / "x.textproto", "--calibrate")
        self.refused(*words, YINYANG / "yinyang_test.npz", says="144")
        self.refused(*words, self.relu / "shapes.npz", "--percentile", "0", status=2, says="percentile")
        self.refused(*words, self.relu / "shapes.npz", "--labels", self.relu / "shapes.npz", status=2, says="--test")
        self.refused(*words, self.relu / "shapes.npz", "--test", self.relu / "shapes.npz", "--labels",
                     self.relu / "shapes.nir")
        self.refused("convert", YINYANG / "yinyang.nir", "-o", self.folder / "x.textproto", "--calibrate",
                     YINYANG / "yinyang_test.npz", says="ReLU")
        self.assertEqual(list(self.folder.iterdir()), [])


    def test_what_would_not_read_back_is_not_written(self):
        numpy.savez(self.folder / "vast.npz", W0=numpy.full((10, 144), 1e38, "f4"), W1=numpy.full((2, 10), 1e38, "f4"))
        output = self.folder / "x.textproto"
        words = ("--calibrate", self.relu / "shapes.npz", "-o")
        self.refused("convert", self.folder / "vast.npz", *words, output, says="finite")
        self.refused("convert", self.relu / "shapes.nir", *words, output, "--step", "1e300", status=2, says="1000 seconds")
        self.refused("convert", self.relu / "shapes.nir", *words, output, "--step", "1e-320", says="finite")
        self.refused("convert", self.relu / "shapes.nir", *words, output, "--steps", 10 ** 8, status=2, says="1000000")
        self.refused("convert", self.relu / "shapes.nir", *words, "", says="no name of a file")
        (self.folder / "in_the_way").mkdir()
        self.refused("convert", self.relu / "shapes.nir", *words, self.folder / "in_the_way", says="is a folder")
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"vast.npz", "in_the_way"})


class FilesNobodyShouldSend(Case):
    """To commands about networks: every one says what is wrong with the file, by the status for failures."""

    def files(self):
        whole = (YINYANG / "yinyang.nir").read_bytes()
        contents = {"empty": b"", "cut": whole[:5000], "noise": bytes(range(256)) * 16, "zeros": bytes(4096),
                    "vast": b'name: "x" step_s: 1e999 input { name: "in" shape: 4294967295 shape: 4294967295 }'}
        for name, content in contents.items():
            (self.folder / name).write_bytes(content)
            yield self.folder / name
        (self.folder / "folder").mkdir()
        yield self.folder / "folder"
        (self.folder / "loop").symlink_to(self.folder / "loop")
        yield self.folder / "loop"
        yield self.folder / "missing"

    def test_as_networks(self):
        for path in self.files():
            for words in (("explain", path, "--chip", "loihi1"), ("compare", path, "--chips", "loihi1"),
                          ("inspect", path, "--svg", self.folder / "x.svg"),
                          ("compile", path, "--chip", "loihi1", "-o", self.folder / "x.loom")):
                with self.subTest(path.name, command=words[0]):
                    self.refused(*words, says=path.name)

    def test_as_chips_and_sets(self):
        network = YINYANG / "yinyang.nir"
        for path in self.files():
            with self.subTest(path.name):
                self.refused("explain", network, "--chip", path, says=path.name)
                self.refused("compare", network, "--chips", f"loihi1,{path}", says=path.name)
                self.refused("compare", network, "--chips", "loihi1", "--data", path, says=path.name)
        self.refused("compare", network, "--chips", "loihi1", "--labels", network, status=2, says="--data")

    def test_names_that_are_markup_stay_text_in_a_picture(self):
        name = "<b>&'\\\"]]>"
        network = self.folder / "net.textproto"
        network.write_text(f"""name: "{name}" step_s: 1e-3
input {{ name: "in{name}" shape: 4 }}
population {{ name: "p{name}" shape: 4 kind: leaky tau_mem_s: 0.01 v_threshold: 1 }}
projection {{ name: "--><!--" source: "in{name}" target: "p{name}" dense {{}} weight {{ constant: 1 }} }}
output {{ population: "p{name}" }}""")
        self.done("compile", network, "--chip", "loihi1", "-o", self.folder / "net.loom")
        for source in (network, self.folder / "net.loom"):
            self.done("inspect", source, "--svg", self.folder / "net.svg")
            texts = "".join(xml.etree.ElementTree.parse(self.folder / "net.svg").getroot().itertext())
            self.assertIn("p<b>&'\"]]>", texts)


class WrittenNetworks(Case):
    def test_every_bundled_network_compiles_and_runs(self):
        for path in sorted((SOURCE / "models/networks").glob("**/*.textproto")):
            with self.subTest(path.name):
                image = self.folder / f"{path.stem}.loom"
                description = self.done("inspect", path)
                self.assertIn("kind:   network", description)
                if "TTFS text" in description:
                    self.done("compile", path, "--chip", "brainscales2", "-o", image)
                    continue
                self.done("compile", path, "--chip", "loihi1", "-o", image)
                self.done("run", image, "--input", "poisson:50", "--steps", 100, "-o", self.folder / f"{path.stem}.h5")

    def test_a_net_too_large_for_its_chip_is_refused_with_need_and_room(self):
        path = self.folder / "large.textproto"
        path.write_text('name: "large" step_s: 1e-3 seed: 1\n'
                        'input { name: "in" shape: 1 }\n'
                        'population { name: "many" shape: 200000 kind: leaky tau_mem_s: 0.01 v_threshold: 1 }\n'
                        'projection { name: "p" source: "in" target: "many" dense {} weight { constant: 1 } }\n'
                        'output { population: "many" }\n', encoding="utf-8")
        errors = self.refused("compile", path, "--chip", "loihi1", "-o", self.folder / "large.loom")
        self.assertRegex(errors, "needs 196 cores.*compartments.*'many'.*allowed: 128 cores.*help: ")


class AnalogCompile(Case):
    """Networks in continuous time onto analog chips."""

    def network(self, *sizes, delays=False):
        random = numpy.random.default_rng(1)
        text = [f'name: "net" time_unit_s: 6e-6 neuron {{ tau_mem: 1 tau_syn: 1 threshold: 1 }}',
                f'input {{ name: "in" size: {sizes[0]} }}']
        for layer, (sources, targets) in enumerate(zip(sizes, sizes[1:])):
            numpy.save(self.folder / f"W{layer}.npy", random.normal(0.1, 0.5, (sources, targets)))
            numpy.save(self.folder / f"D{layer}.npy", random.uniform(0, 1, (sources, targets)))
            with_delays = f' delays: "D{layer}.npy"' if delays else ""
            text.append(f'layer {{ name: "layer{layer}" size: {targets} weights: "W{layer}.npy"{with_delays} }}')
        text.append("coding { early: 0.15 late: 2 window: 8 }")
        path = self.folder / "net.ttfs.textproto"
        path.write_text("\n".join(text), encoding="utf-8")
        return path

    def compile(self, path, chip, *words):
        return self.done("compile", path, "--chip", chip, "-o", self.folder / "net.loom", *words)

    def test_the_report_says_what_is_used_of_every_limit(self):
        report = self.compile(self.network(256, 246, 10), "brainscales2")
        self.assertIn("runs 1 (at least 1: neuron circuits)", report)
        self.assertIn("circuits 512 of 512 (100 %)", report)
        self.assertRegex(report, r"drivers 2\d\d of 256 .*bus 0: 3\d\+3\d")
        self.assertIn("host labels 256 of 16384 (2 %) for 256 sources: 1.00 spikes sent for one", report)
        self.assertRegex(report, r"layer0: LSB .*63 LSB = .*error [\d.]+ % of the rms weight")
        self.assertIn("threshold 125.0 LSB", report)

    def test_a_large_net_is_divided_into_runs(self):
        figures = json.loads(self.compile(self.network(784, 256, 10), "brainscales2", "--json"))
        self.assertEqual([run["neurons"] for run in figures["runs"]], [64, 64, 64, 64, 10])
        errors = self.refused("compile", self.network(784, 256, 10), "--chip", "brainscales2", "--max-runs", 4, "-o",
                              self.folder / "few.loom", says="4 runs leave 10 neurons uncomputed")
        self.assertIn("help: allow more runs", errors)

    def test_delays_need_an_ideal_chip(self):
        path = self.network(4, 5, 3, delays=True)
        errors = self.refused("compile", path, "--chip", "brainscales2", "-o", self.folder / "no.loom",
                              says="'brainscales2' has no synaptic delays; help: run it on ideal_analog")
        self.assertEqual(errors.count("have a delay"), 2)
        self.assertFalse((self.folder / "no.loom").exists())
        self.assertIn("weights as they are", self.compile(path, "ideal_analog"))
        self.assertIn("rounded to sign and 6 bits", self.compile(path, "ideal_analog", "--weight-bits", 6))

    def test_a_unit_of_weights_that_clips_is_remarked_on(self):
        path = self.network(4, 5, 3)
        result = spikeloom("compile", path, "--chip", "brainscales2", "--weight-unit", 0.001, "-o",
                           self.folder / "net.loom")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stderr, "'layer0': warning: .* are beyond 0.063 and were clipped; the largest is")

    def test_evaluation_in_steps_stays_near_the_continuous_one(self):
        self.compile(self.network(60, 40, 3), "ideal_analog")
        random = numpy.random.default_rng(2)
        numpy.savez(self.folder / "set.npz", inputs=random.uniform(0, 1, (20, 60)), labels=random.integers(0, 3, 20))

        def times(*words):
            text = self.done("eval", self.folder / "net.loom", "--data", self.folder / "set.npz", "--save-times",
                             self.folder / "times.npy", *words)
            return text, numpy.load(self.folder / "times.npy")

        _, exact = times()
        spiking = numpy.isfinite(exact)
        self.assertGreater(spiking.sum(), 5)
        for preset in ["", ",euler", ",fast_and_deep", ",hxtorch_mock", ",hxtorch_euler"]:
            with self.subTest(preset):
                text, stepped = times("--stepped", "0.002" + preset)
                self.assertIn("in steps of 0.002 time units", text)
                both = spiking & numpy.isfinite(stepped)
                self.assertLess(numpy.median(numpy.abs(stepped[both] - exact[both])), 0.01)
                self.assertGreater(numpy.abs(stepped[both] - exact[both]).max(), 0)
        for words in ["0", "x", "0.1,", "0.1,foo", "-1", "0.1 ,euler", ","]:
            with self.subTest(words):
                self.refused("eval", self.folder / "net.loom", "--data", self.folder / "set.npz", f"--stepped={words}",
                             status=2, says="hxtorch_mock")
        self.refused("eval", self.folder / "net.loom", "--data", self.folder / "set.npz", "--stepped", "3,euler",
                     says="forward Euler diverges")

    def test_a_network_in_biological_time_is_scaled_to_the_chip(self):
        words = ("compile", YINYANG / "yinyang.nir", "-o", self.folder / "net.loom", "--chip", "brainscales2")
        self.refused(*words, says="scale all times of the network (compile --time-scale 0.001")
        report = self.done(*words, "--time-scale", 1e-3)
        self.assertIn("tau_mem 25.6 us", report)

    def test_options_belong_to_kinds_of_chips(self):
        path = self.network(4, 3)
        for words in [("brainscales2", "--no-network"), ("brainscales2", "--weight-unit", -1),
                      ("brainscales2", "--weight-bits", 0), ("brainscales2", "--time-scale", 0), ("loihi1", "--max-runs", 2), ("loihi1", "--weight-bits", 9)]:
            with self.subTest(words):
                self.refused("compile", path, "-o", self.folder / "net.loom", "--chip", *words, status=2)
        self.refused("compile", path, "-o", self.folder / "net.loom", "--chip", "brainscales2", "--weight-bits", 7,
                     says="0 to 6")


class RuleCheck(Case):
    """A rule as text or file, beside a chip: what it says for people and for programs."""

    PAIR = "dw = 2^-2*x1*y0 - 2^-2*y1*x0"

    def check(self, *words):
        return json.loads(self.done("rule", "check", *words, "--json"))

    def test_help_of_the_family_and_its_member(self):
        self.assertIn("check", self.done("rule", "--help"))
        text = self.done("rule", "check", "--help")
        self.assertIn("Usage: spikeloom rule check", text)
        self.assertEqual(self.done("help", "rule", "check"), text)

    def test_bad_usage_has_status_2(self):
        self.refused("rule", status=2, says="check")
        self.refused("rule", "weave", status=2, says="weave")
        self.refused("rule", "check", status=2, says="RULE")
        self.refused("rule", "check", "x0", "--x1", "127", status=2, says="IMPULSE:TAU")
        self.refused("rule", "check", "x0", "--convention", "loihi", status=2, says="lava, nengo, brian2")
        self.refused("rule", "check", "x0", "--sign", "any", status=2, says="excitatory")
        self.refused("rule", "check", "x0", "--rare", "2", status=2, says="0..1")

    def test_products_and_what_they_come_to(self):
        found = self.check(self.PAIR, "--chip", "loihi1", "--x1", "127:10", "--y1", "64:20")
        first, second = found["products"]
        self.assertEqual((first["dependency"], first["mantissa"], first["exponent"]), ("y0", 1, -2))
        self.assertEqual((second["dependency"], second["mantissa"], second["exponent"]), ("x0", -1, -2))
        self.assertEqual(first["factors"][0], {"operand": "x1", "constant": 0, "sign": False, "width_bits": 7,
                                               "range": [0, 127], "clipped": False})
        self.assertEqual(first["change"], [0, 31.75])
        self.assertEqual(second["change_at_impulse"], -16)
        self.assertEqual(found["memory"], {"synapse_tag_bits": 0, "axon_trace_bits": 7, "neuron_trace_bits": 7})
        davies = next(row for row in found["update_cost"] if row["table"] == "davies2018")
        self.assertEqual((davies["energy_pj"]["value"], davies["time_ns"]["value"]), (120, 6.1))
        self.assertIn("Davies 2018", davies["energy_pj"]["source"])

    def test_findings_say_what_to_change(self):
        found = self.check("dw = 2^-2*u1*x1*y1 + u1*t")["findings"]
        kinds = {row["kind"]: row for row in found}
        self.assertTrue(found[0]["serious"])
        self.assertEqual(kinds["dead_factor"]["columns"], [22, 25])
        self.assertIn("4*2^-4", kinds["lost_products"]["advice"])
        self.assertEqual(self.check("dw = 2^-2*u1*x1*y1")["series"][0]["finer_text"], "4*2^-4*u1*x1*y1")
        text = self.done("rule", "check", "dw = 2^-2*u1*x1*y1 + u1*t")
        for row in found:
            self.assertIn(row["found"], text)
            self.assertIn(row["advice"], text)

    def test_conventions_drop_other_bits(self):
        self.assertEqual(self.check("u1*x1*y1", "--epoch", "3")["forced_update_interval_steps"], 6)
        dropped = [self.check("u1*x1*y1", "--convention", tool)["products"][0]["dropped_bits"]
                   for tool in ("lava", "nengo", "brian2")]
        self.assertEqual(dropped, [3, 2, 0])

    def test_the_bundled_rules_have_no_serious_finding(self):
        paths = sorted((SOURCE / "models/rules").glob("*.textproto"))
        self.assertTrue(paths)
        for path in paths:
            self.assertEqual([row for row in self.check(path)["findings"] if row["serious"]], [], path)

    def test_several_texts_are_one_rule(self):
        together = self.check("dw = u0*t*r1; dt = x1*y0")
        self.assertEqual(self.check("dw = u0*t*r1", "dt = x1*y0")["series"], together["series"])
        self.assertEqual(together["memory"]["synapse_tag_bits"], 9)
        self.refused("rule", "check", "dw = x0", "dw = y0", says="rule[2]: error: a second dw")

    def test_errors_name_their_columns(self):
        said = self.refused("rule", "check", "x0**2 + 0.3*y0", says="rule: column 3")
        self.assertIn("rule: column 9", said)
        self.assertIn("5*2^-4", said)
        self.assertEqual(self.check("0.3*y0", "--round")["products"][0]["mantissa"], 5)
        self.assertIn("warning: the coefficient 0.3", spikeloom("rule", "check", "0.3*y0", "--round").stderr)
        self.refused("rule", "check", "x0", "--epoch", "64", status=2, says="1 to 63")
        self.refused("rule", "check", "x1*y0", "--x1", "128:4", status=2, says="0 to 127")
        self.refused("rule", "check", " ", says="an empty rule")

    def test_a_rule_file(self):
        path = self.folder / "pair.textproto"
        path.write_text('name: "pair"\ndw: "2^-2*x1*y0"\nx1 { impulse: 16 tau: 10 }\nepoch: 4\n')
        found = self.check(path)
        self.assertEqual((found["rule"], found["epoch_steps"], found["traces_known"]), ("pair", 4, True))
        self.assertEqual(found["products"][0]["change_at_impulse"], 4)
        path.write_text('name: "pair"\ndw: "2^-2*x1*y0*"\nepoch: 4\n')
        self.refused("rule", "check", path, says="pair.textproto:2:5: dw: column 12: error")
        self.refused("rule", "check", path, "x0", says="one file, alone")
        self.refused("rule", "check", self.folder / "none.textproto", says="none.textproto")


class RuleWindow(Case):
    """The window of pair STDP, through every form and protocol."""

    RULE = ("rule", "window", "dw = 2^-2*x1*y0 - 2^-2*y1*x0", "--x1", "64:20", "--y1", "64:20")

    def test_text_says_what_the_chip_loses(self):
        text = self.done(*self.RULE, "--range", 10)
        self.assertIn("chip mean", text)
        self.assertIn("The chip's mean differs from float by at most", text)
        self.assertEqual(self.done(*self.RULE, "--range", 10), text)

    def test_json_has_the_window_with_units_in_its_keys(self):
        window = json.loads(self.done(*self.RULE, "--range", 8, "--format", "json", "--trials", 400))
        points = {point["difference_steps"]: point["dw"] for point in window["series"][0]["points"]}
        self.assertEqual(sorted(points), list(range(-8, 9)))
        self.assertAlmostEqual(points[5]["float_lsb"], 16 * 2.718281828459045 ** (-5 / 20), places=9)
        self.assertAlmostEqual(points[5]["chip_mean_lsb"], points[5]["float_lsb"], delta=0.2)
        self.assertGreater(points[5]["chip_standard_deviation_lsb"], 0)

    def test_picture_is_a_file_of_its_own_for_every_protocol(self):
        rewarded = ("rule", "window", "dt = x1*y0 - 2^-4*u0*t; dw = u0*t*r1")
        for protocol, words in {"pair": self.RULE, "triplet": self.RULE, "frequency": self.RULE,
                                "reward": rewarded}.items():
            picture = self.folder / f"{protocol}.svg"
            self.assertEqual(self.done(*words, "--protocol", protocol, "--range", 8, "--trials", 20, "-o", picture), "")
            root = xml.etree.ElementTree.parse(picture).getroot()
            self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")

    def test_every_bundled_rule_has_a_window(self):
        files = sorted((SOURCE / "models/rules").glob("*.textproto"))
        self.assertTrue(files)
        for file in files:
            self.assertIn("Learning window of ", self.done("rule", "window", file, "--range", 4, "--trials", 20))

    def test_a_trace_that_nobody_describes_is_told(self):
        result = spikeloom("rule", "window", "x1*y0", "--range", 2)
        self.assertEqual(result.returncode, 0)
        self.assertIn("--x1 64:20", result.stderr)

    def test_bad_options_are_refused_by_name(self):
        for words, status, says in [(("--x1", "200:20"), 2, "--x1"), (("--x1", "64"), 2, "IMPULSE:TAU"),
                                    (("--epoch", 64), 2, "1 to 63"), (("--trace-bits", 16), 2, "1 to 15"),
                                    (("--protocol", "quadruplet"), 2, "pair, triplet"),
                                    (("--sign", "odd"), 2, "mixed, excitatory"), (("-o", "w.png"), 2, ".svg"),
                                    (("--stride", 0), 2, "--stride"), (("--convention", "spike"), 2, "lava, nengo"),
                                    (("--trials", 1), 1, "2 to 10000"), (("--range", 0), 1, "--range"),
                                    (("--weight", 300), 1, "-256 to 255"), (("--protocol", "reward"), 1, "r1"),
                                    (("--chip", "nochip"), 1, "nochip"), (("--pairs", 100000), 1, "--pairs")]:
            self.refused("rule", "window", "2^-2*x1*y0", *words, status=status, says=says)
        self.refused("rule", "window", "dw = 2^-2*x1*", says="column")
        self.refused("rule", "window", status=2)


class Learning(Case):
    """A plastic network: run, frozen, saved, gone through more than once, reported."""

    def setUp(self):
        super().setUp()
        network = self.folder / "pairs.textproto"
        network.write_text(
            'name: "pairs" step_s: 1e-3 seed: 1\n'
            'input { name: "in" shape: 40 }\n'
            'population { name: "e" shape: 10 kind: leaky tau_mem_s: 0.02 v_threshold: 1 }\n'
            'projection { name: "in_e" source: "in" target: "e" dense {} weight { uniform { low: 0.5 high: 6 } }\n'
            '  learning { rule { dw: "2^-4*x1*y0 - 2^-4*y1*x0" epoch: 4 x1 { impulse: 64 tau: 20 }\n'
            '    y1 { impulse: 64 tau: 20 } } sign: excitatory weight_max: 10 } }\n'
            'output { population: "e" }\n', encoding="utf-8")
        self.image = self.folder / "pairs.loom"
        self.done("compile", network, "--chip", "loihi1", "-o", self.image)

    def learned(self, recording):
        return json.loads(self.done("report", recording, "--json"))["learning"][0]

    def run_image(self, *words, image=None, name="run.h5"):
        recording = self.folder / name
        self.done("run", image or self.image, "--input", "poisson:60", "--steps", 400, "-o", recording, "-f", *words)
        return recording

    def test_probes_and_snapshots_reach_the_report(self):
        recording = self.run_image("--probe", "in_e[0:3,7].w", "--probe", "in_e[5].x1", "--learning-every", 20,
                                   "--snapshot-every", 100)
        learning = self.learned(recording)
        self.assertEqual(learning["synapses"], 400)
        self.assertGreater(learning["changed"], 200)
        self.assertEqual(learning["snapshots"], 5)
        self.assertEqual(learning["time_ms"], [20.0 * i for i in range(21)])
        weights, trace = learning["probes"]
        self.assertEqual([line["of"] for line in weights["lines"]], ["0 to 7", "1 to 7", "2 to 7"])
        self.assertEqual([line["of"] for line in trace["lines"]], ["source 5"])
        self.assertEqual(len(trace["lines"][0]["registers"]), 21)
        self.assertIn("Learning\n", self.done("report", recording))

    def test_threads_learn_the_same(self):
        one, two = (self.learned(self.run_image("--probe", "in_e.w", "--threads", threads)) for threads in (1, 2))
        self.assertEqual(one, two)

    def test_a_frozen_run_keeps_its_weights(self):
        recording = self.run_image("--freeze")
        self.assertEqual(self.learned(recording)["changed"], 0)
        self.assertIn("Learning was off in this run", self.done("inspect", recording))
        self.assertIn("Learning was off in this run.", self.done("report", recording))

    def test_a_saved_image_goes_on_where_the_run_ended(self):
        saved = self.folder / "learned.loom"
        first = self.learned(self.run_image("--save-image", saved, "--probe", "in_e[:,4].w"))
        again = self.learned(self.run_image("--freeze", "--probe", "in_e[:,4].w", image=saved, name="again.h5"))
        ends, starts = ([line["registers"][at] for line in run["probes"][0]["lines"]]
                        for run, at in ((first, -1), (again, 0)))
        self.assertEqual(starts, ends)
        self.assertEqual(again["at_most_limit"], first["at_most_limit"])
        self.assertEqual(again["mean_before_register"], first["mean_after_register"])
        self.assertFalse(json.loads(self.done("inspect", saved, "--json"))["float_network"])
        self.assertIn("after 400 steps of the run recorded in run.h5", self.done("inspect", saved))
        words = ("run", self.image, "--input", "poisson:60", "--steps", 10, "-o", self.folder / "x.h5", "--save-image")
        before = saved.read_bytes()
        self.refused(*words, saved, says="the file exists")
        self.refused(*words, self.folder / "missing" / "x.loom", says="make its folder first")
        self.refused(*words, self.folder / "x.h5", status=2, says="names the same file")
        self.assertEqual(saved.read_bytes(), before)
        self.assertFalse((self.folder / "x.h5").exists())
        self.done(*words, saved, "--force")
        self.assertNotEqual(saved.read_bytes(), before)

    def test_passes_over_a_set_go_on_learning(self):
        data = self.folder / "set.npz"
        numpy.savez(data, inputs=numpy.linspace(0, 1, 160, dtype=numpy.float32).reshape(4, 40),
                    labels=numpy.arange(4, dtype=numpy.int32))
        changed = []
        for epochs in (1, 3):
            recording = self.folder / f"eval{epochs}.h5"
            figures = json.loads(self.done("eval", self.image, "--data", data, "--steps", 20, "--epochs", epochs,
                                           "-o", recording, "--json"))
            self.assertEqual(figures["evaluation"]["samples"], 4 * epochs)
            self.assertEqual(figures["steps"], 80 * epochs)
            changed.append(figures["learning"][0]["time_ms"][-1])
        self.assertEqual(changed, [80.0, 240.0])
        words = ("eval", self.image, "--data", data, "-o", self.folder / "e.h5")
        self.refused(*words, "--epochs", 0, status=2, says="--epochs")
        self.refused(*words, "--epochs", 2, "--gap", status=2, says="--gap")
        self.refused(*words, "--gap", says="--freeze compares the weights of the image")
        self.done(*words, "--gap", "--freeze", "--steps", 20)

    def test_what_can_not_be_watched_or_saved_is_refused_with_what_can(self):
        words = ("run", self.image, "--input", "poisson:60", "--steps", 10, "-o", self.folder / "x.h5")
        for probe, says in [("out.w", "allowed: in_e"), ("in_e.y2", "w, d, x1, y1, r1"), ("in_e[40,0].w", "40 sources"),
                            ("in_e[400].w", "0..399"), ("in_e[1].r1", "one r1")]:
            self.refused(*words, "--probe", probe, says=says)
        self.refused(*words, "--learning-every", 0, status=2, says="--learning-every")
        fixed = self.folder / "yinyang.loom"
        self.done("compile", YINYANG / "yinyang.nir", "--chip", "loihi1", "-o", fixed)
        self.refused("run", fixed, "--input", "poisson:60", "--steps", 10, "-o", self.folder / "x.h5", "--save-image",
                     self.folder / "y.loom", says="no projection of the image is plastic")


class RuleCompare(Case):
    """What a rule loses in a network, by itself and in a network from a file."""

    def test_a_rule_by_itself_in_every_form(self):
        rule = ("rule", "compare", "dw = 2^-2*x1*y0 - 2^-2*y1*x0", "--x1", "16:20", "--y1", "16:20", "--steps", 300)
        text = self.done(*rule)
        self.assertIn("weights of 4 bits", text)
        self.assertIn("On the whole chip", text)
        comparison = json.loads(self.done(*rule, "--format", "json", "--weights", "4", "--traces", ""))
        runs = {run["name"]: run["projections"][0] for run in comparison["runs"]}
        self.assertEqual(set(runs), {"float", "loihi1's widths", "weights of 4 bits", "loihi1"})
        self.assertEqual(runs["float"]["rms_of_weight_max"], 0)
        self.assertGreater(runs["weights of 4 bits"]["rms_same_spikes_of_weight_max"],
                           runs["loihi1's widths"]["rms_same_spikes_of_weight_max"])
        picture = self.folder / "compare.svg"
        self.done(*rule, "--no-chip", "-o", picture)
        self.assertEqual(xml.etree.ElementTree.parse(picture).getroot().tag, "{http://www.w3.org/2000/svg}svg")

    def test_the_chip_learns_from_equal_spikes_what_the_reference_learns(self):
        """Other inputs make the neurons spike, so spikes are equal in all runs; a step's shift would be seen."""
        network = self.folder / "relay.textproto"
        network.write_text(
            'name: "relay" step_s: 1e-3 seed: 1\n'
            'input { name: "in" shape: 10 }  input { name: "drive" shape: 10 }\n'
            'population { name: "e" shape: 10 kind: leaky tau_mem_s: 0.02 v_threshold: 1 }\n'
            'projection { name: "in_e" source: "in" target: "e" dense {} weight { uniform { low: 0 high: 0.01 } }\n'
            '  learning { rule { dw: "2^-3*x1*y0 - 2^-4*y1*x0" epoch: 2 x1 { impulse: 16 tau: 5 }\n'
            '    y1 { impulse: 16 tau: 5 } } sign: excitatory weight_max: 0.01 } }\n'
            'projection { name: "drive_e" source: "drive" target: "e" one_to_one {} weight { constant: 200 } }\n'
            'output { population: "e" }\n', encoding="utf-8")
        comparison = json.loads(self.done("rule", "compare", network, "--input", "poisson:20", "--steps", 1000,
                                          "--format", "json"))
        runs = {run["name"]: run for run in comparison["runs"]}
        for name in ("loihi1's widths", "loihi1"):
            self.assertIsNone(runs[name]["departs_step"])
            self.assertGreater(runs[name]["projections"][0]["correlation"], 0.995)
            self.assertLess(runs[name]["projections"][0]["rms_of_weight_max"], 0.03)

    def test_a_network_from_a_file(self):
        network = self.folder / "pairs.textproto"
        layer = ('projection { name: "%s" source: "%s" target: "%s" dense {} weight { uniform { low: 0.5 high: 6 } }\n'
                 '  learning { rule { dw: "2^-4*x1*y0 - 2^-4*y1*x0" epoch: 2 x1 { impulse: 16 tau: 20 }\n'
                 '    y1 { impulse: 16 tau: 20 } } sign: excitatory weight_max: 10 } }\n')
        network.write_text(
            'name: "pairs" step_s: 1e-3 seed: 1\n'
            'input { name: "in" shape: 20 }\n'
            'population { name: "e" shape: 5 kind: leaky tau_mem_s: 0.02 v_threshold: 1 }\n'
            'population { name: "o" shape: 3 kind: leaky tau_mem_s: 0.02 v_threshold: 1 }\n' +
            layer % ("in_e", "in", "e") + layer % ("e_o", "e", "o") + 'output { population: "o" }\n',
            encoding="utf-8")
        text = self.done("rule", "compare", network, "--input", "poisson:30", "--steps", 300)
        self.assertIn("in_e: 100 synapses, weight_max 10", text)
        self.assertIn("e_o: 15 synapses", text)
        self.assertRegex(text, r"(?m)^  loihi1 +\d+\.\d+ +- ")
        self.refused("rule", "compare", network, "--input", "poisson:30", says="--steps")

    def test_bad_options_are_refused_by_name(self):
        rule = "2^-2*x1*y0"
        for words, status, says in [(("--weights", "4,x"), 2, "--weights"), (("--traces", "16"), 2, "1 to 15"),
                                    (("--trials", 0), 2, "1 to 100"), (("--sign", "odd"), 2, "mixed"),
                                    (("--float", "half"), 2, "written, chip"), (("-o", "c.png"), 2, ".svg"),
                                    (("--steps", 0), 1, "--steps"), (("--input", "nofile.csv"), 1, "nofile.csv")]:
            self.refused("rule", "compare", rule, *words, status=status, says=says)
        self.refused("rule", "compare", YINYANG / "yinyang.nir", "--input", "poisson:10", "--steps", 10,
                     says="none of its projections learns")
        self.refused("rule", "compare", YINYANG / "yinyang.nir", status=2, says="--input")


class Noc(Case):
    """The spike network by itself."""

    def test_a_batch_drains_in_booksims_cycles(self):
        words = ("noc", "--traffic", "transpose", "--packets", 16, "--flits", 2, "--buffer", 4)
        batch = json.loads(self.done(*words, "--json"))["batch"]
        self.assertEqual((batch["drain_cycles"], batch["packets"], batch["packet_latency_mean_cycles"]),
                         (363, 1024, 115))
        text = self.done(*words)
        self.assertRegex(text, r"(?m)^drained in +363 cycles$")
        self.assertRegex(text, r"(?m)^busiest link +tile ")

    def test_pairs_have_their_zero_load_latency(self):
        pairs = json.loads(self.done("noc", "--traffic", "neighbor", "-n", 1, "--pairs", "--json"))["batch"]["pairs"]
        latency = {(pair["source"], pair["destination"]): pair["packet_latency_mean_cycles"] for pair in pairs}
        self.assertEqual(len(latency), 64)
        self.assertEqual(latency[0, 9], 5 + 3 * 2)
        self.assertIn("source  destination", self.done("noc", "-n", 1, "--pairs"))

    def test_a_load_is_accepted_until_the_network_saturates(self):
        words = ("noc", "--columns", 4, "--rows", 4, "--cycles", 3000, "--warm-up", 1000)
        points = json.loads(self.done(*words, "--rate", "0.8,0.1", "--json"))["points"]
        self.assertEqual([point["saturated"] for point in points], [False, True])
        self.assertAlmostEqual(points[0]["accepted_flits_per_node_cycle"], 0.1, delta=0.01)
        self.assertLess(points[1]["accepted_flits_per_node_cycle"], 0.75)
        self.assertIn("  saturated", self.done(*words, "--rate", "0.8"))
        found = json.loads(self.done(*words, "--traffic", "allto:5", "--saturation", "--json"))["saturation"]
        self.assertLess(found["stable_flits_per_node_cycle"], 1.03 / 16)
        self.assertGreater(found["unstable_flits_per_node_cycle"], 0.9 / 16)
        self.assertAlmostEqual(found["overload"]["accepted_flits_per_node_cycle"], 1 / 16, delta=0.001)
        picture = self.folder / "load.svg"
        self.assertEqual(self.done(*words, "--rate", "0.1,0.2,0.8", "-o", picture), "")
        self.assertEqual(xml.etree.ElementTree.parse(picture).getroot().tag, "{http://www.w3.org/2000/svg}svg")

    def test_a_list_of_packets_and_a_chips_network(self):
        packets = self.folder / "packets.csv"
        packets.write_text("source,destination,cycle\n0,1,0\n0,1,100\n3,0,7\n", encoding="utf-8")
        small = ("noc", "--columns", 2, "--rows", 2)
        self.assertEqual(json.loads(self.done(*small, "-t", packets, "--json"))["batch"]["drain_cycles"], 109)
        self.assertRegex(self.done("noc", "--chip", "loihi1", "-n", 2), r"drained in +\d+ cycles \([0-9.]+ [nu]s\)")
        for model in ("free", "queued", "flit"):
            for topology in ("mesh", "torus", "tree"):
                text = self.done(*small, "--noc", model, "--topology", topology, "--planes", 2, "--chips", "2x1",
                                 "--chip-link", "10:30", "-n", 3)
                self.assertIn("packets          24, ", text)
        packets.write_text("0,4\n", encoding="utf-8")
        self.refused(*small, "-t", packets, says="0..3")
        packets.write_text("0,1\n0;2\n", encoding="utf-8")
        self.refused(*small, "-t", packets, says="packets.csv:2")
        self.refused(*small, "-t", self.folder / "none.csv", says="none.csv")

    def test_bad_options_are_refused_by_name(self):
        for words, status, says in [(("--traffic", "transposed"), 1, "bitcomp"), (("--noc", "exact"), 2, "queued"),
                                    (("--traffic", "transpose", "--rows", 4), 1, "square"),
                                    (("--buffer", 0), 2, "--buffer"), (("--flits", -1), 2, "--flits"),
                                    (("--columns", 1024, "--rows", 1024, "--cores-per-tile", 256), 2, "cores"),
                                    (("--chips", "2"), 2, "COLUMNSxROWS"), (("--chip-link", "1:0"), 2, "LATENCY"),
                                    (("--rate", "0.1,"), 2, "--rate"), (("--rate", "1.5"), 2, "a packet a cycle"),
                                    (("--rate", "0.1", "--saturation"), 2, "one of them"),
                                    (("--rate", "0.1", "--pairs"), 2, "--pairs"), (("--packets", 0), 2, "--packets"),
                                    (("--rate", "1", "--cycles", 100000000), 1, "--cycles"),
                                    (("-o", "w.png"), 2, ".svg"), (("-o", "w.svg"), 2, "--rate"),
                                    (("--chip", "brainscales2"), 1, "analog"),
                                    (("--threshold", 0, "--rate", "1"), 2, "--threshold")]:
            self.refused("noc", *words, status=status, says=says)


class Partition(Case):
    """Two squares of four vertices, fully connected, joined by one net."""

    def setUp(self):
        super().setUp()
        self.file = self.folder / "squares.hgr"
        self.file.write_text("% two squares\n5 8\n1 2 3 4\n1 3\n5 6 7 8\n6 8\n4 5\n")

    def test_parts_and_figures(self):
        parts, figures = self.folder / "parts.txt", self.folder / "figures.json"
        text = self.done("partition", self.file, "--capacity", 4, "-o", parts, "--json", figures)
        self.assertRegex(text, r"(?m)^copies +1\b")
        part = parts.read_text().split()
        self.assertEqual(len(part), 8)
        self.assertEqual((len(set(part[:4])), len(set(part[4:])), len(set(part))), (1, 1, 2))
        found = json.loads(figures.read_text())
        self.assertEqual((found["copies"], found["parts_used"], found["largest_part"]), (1, 2, 4))
        self.assertGreater(found["expected_at_random"], 1)

    def test_more_parts_on_request(self):
        text = self.done("partition", self.file, "--capacity", 4, "--parts", 3, "--effort", 0)
        self.assertIn("of 3,", text)
        self.done("partition", self.file, "--capacity", 4, "--slack", 10)

    def test_threads_change_nothing(self):
        found = []
        for threads in (1, 3):
            parts = self.folder / f"parts{threads}.txt"
            self.done("partition", self.file, "--capacity", 3, "--effort", 2, "--threads", threads, "-o", parts)
            found.append(parts.read_text())
        self.assertEqual(found[0], found[1])

    def test_bad_usage_and_files(self):
        self.refused("partition", self.file, status=2, says="capacity")
        self.refused("partition", self.file, "--capacity", 0, status=2, says="--capacity 0")
        self.refused("partition", self.file, "--capacity", 4, "--effort", 4, status=2, says="allowed are 0 to 3")
        self.refused("partition", self.file, "--capacity", 4, "--threads", 0, status=2, says="--threads 0")
        self.refused("partition", self.file, "--capacity", 4, "--parts", 2, "--slack", 5, status=2, says="one of them")
        self.refused("partition", self.file, "--capacity", 3, "--parts", 2, says="do not pack into 2 parts of 3")
        self.refused("partition", self.folder / "none.hgr", "--capacity", 4)
        self.file.write_text("2 4\n1 2\n1 5\n")
        self.refused("partition", self.file, "--capacity", 4, says="squares.hgr:3: error: vertex 5")


class Ppu(Case):
    rules = SOURCE / "models/ppu"

    def test_a_rule_by_itself_has_its_time(self):
        figures = json.loads(self.done("ppu", "check", self.rules / "stdp.ppu", "--rows", 128, "--json"))
        kernels = {row["kernel"]: row for row in figures["kernels"]}
        self.assertEqual(sorted(kernels), ["measure_offsets", "stdp"])
        self.assertGreater(kernels["stdp"]["row_us"], 1.7)
        self.assertAlmostEqual(kernels["stdp"]["call_us"], 128 * kernels["stdp"]["row_us"], delta=0.1)
        self.assertIn("CADC conversion", self.done("ppu", "check", self.rules / "stdp.ppu"))
        figures = json.loads(self.done("ppu", "check", self.rules / "stdp.ppu", "--period-us", 1000, "--json"))
        self.assertEqual([row["meets_period"] for row in figures["kernels"]], [True, False])

    def test_bundled_experiments_meet_their_deadlines(self):
        for name in ["homeostasis", "stdp", "pong"]:
            figures = json.loads(self.done("ppu", "check", name, "--json"))
            self.assertEqual([row["missed"] for row in figures["tasks"]], [0] * len(figures["tasks"]), name)

    def test_a_kernel_that_is_too_slow_is_told(self):
        text = (self.rules / "stdp.textproto").read_text().replace("period_ms: 5 }", "period_ms: 0.2 }")
        (self.folder / "fast.textproto").write_text(text)
        (self.folder / "stdp.ppu").write_text((self.rules / "stdp.ppu").read_text())
        result = spikeloom("ppu", "check", self.folder / "fast.textproto")
        self.assertEqual(result.returncode, 0)
        self.assertIn("deadlines are missed", result.stderr)

    def test_homeostasis_finds_its_target(self):
        figures = json.loads(self.done("ppu", "run", "homeostasis", "--json"))
        rates = figures["spikes_per_neuron_and_ms"]
        self.assertGreater(rates[0]["mean"], 15)
        self.assertLess(abs(rates[-1]["mean"] - 10), 2)
        self.assertEqual(json.loads(self.done("ppu", "run", "homeostasis", "--json")), figures)
        self.assertNotEqual(json.loads(self.done("ppu", "run", "homeostasis", "--seed", 2, "--json"))["spikes"],
                            figures["spikes"])
        faster = json.loads(self.done("ppu", "run", "homeostasis", "--set", "target=20", "--json"))
        self.assertLess(abs(faster["spikes_per_neuron_and_ms"][-1]["mean"] - 20), 3)

    def test_stdp_shows_its_window(self):
        out = self.folder / "weights.h5"
        self.done("ppu", "run", "stdp", "--output", out)
        with h5py.File(out) as file:
            weights = file["weights/values"][:].astype(int)
            self.assertEqual(weights.shape, (len(file["weights/time_s"]), 80, 32))
        change = (weights[-1] - weights[0]).mean(axis=1)
        self.assertGreater(change[15:20].min(), 5)  # 10 to 0 us before the teacher's spikes
        self.assertLess(change[22:30].max(), -5)
        self.assertEqual(abs(change[:8]).max(), 0)
        self.assertEqual(abs(change[40:]).max(), 0)
        text = self.folder / "weights.csv"
        self.done("ppu", "run", "stdp", "--output", text)
        self.assertEqual(len(text.read_text().splitlines()), 1 + 80 * len(weights))
        self.refused("ppu", "run", "stdp", "--output", text, says="exist")

    def test_pong_runs_a_few_turns(self):
        figures = json.loads(self.done("ppu", "run", "pong", "--duration-ms", 40.88, "--json"))
        self.assertEqual([row["missed"] for row in figures["tasks"]], [0] * 4)
        self.assertGreater(figures["spikes"], 100)
        self.assertEqual([row["record"] for row in figures["records_mean"]], ["reward", "mean", "hit", "position"])

    def test_rules_and_experiments_are_inspected(self):
        rule = json.loads(self.done("inspect", SOURCE / "models/ppu/stdp.ppu", "--json"))
        self.assertEqual(rule["kernels"], ["measure_offsets", "stdp"])
        experiment = json.loads(self.done("inspect", SOURCE / "models/ppu/pong.textproto", "--json"))
        self.assertEqual((experiment["experiment"], experiment["neurons"]), ("pong", 100))

    def test_what_is_wrong_is_said_with_its_place(self):
        rule = self.folder / "rule.ppu"
        rule.write_text("kernel k {\n    rows { weights = weights / 2; }\n}\n")
        self.assertIn("rule.ppu:2:30: error: a division of mod8", self.refused("ppu", "check", rule))
        self.refused("ppu", "run", self.rules / "stdp.ppu", says="a rule by itself")
        self.refused("ppu", "run", "nothing", says="homeostasis, stdp, pong")
        self.refused("ppu", "run", "stdp", "--set", "factr=1", status=2, says="factr")
        self.refused("ppu", "run", "stdp", "--output", "weights.png", status=2, says=".h5 or .csv")
        self.refused("ppu", "run", "stdp", "--duration-ms", "-1", status=2, says="duration")
        self.refused("ppu", "learn", status=2, says="check, run")
        text = (self.rules / "stdp.textproto").read_text().replace("neurons: 32", "neurons: 257")
        (self.folder / "wide.textproto").write_text(text)
        self.refused("ppu", "check", self.folder / "wide.textproto", says="wide.textproto:7:")


class FirstSpike(Case):
    """Time-to-first-spike networks on analog chips, from text and arrays to the report."""

    folder_of_net = SOURCE / "models/networks/examples/ttfs"
    data = folder_of_net / "earlier_test.npz"

    def compiled(self, chip="brainscales2", net=folder_of_net / "earlier.textproto"):
        image = self.folder / f"{chip}.loom"
        self.done("compile", net, "--chip", chip, "-o", image)
        return image

    def test_text_is_inspected(self):
        found = json.loads(self.done("inspect", self.folder_of_net / "earlier.textproto", "--json"))
        self.assertEqual(found["kind"], "network in continuous time")
        self.assertEqual([row["neurons"] for row in found["populations"]], [4, 2])

    def test_evaluation_recorded_and_reported(self):
        image, recording = self.compiled(), self.folder / "eval.h5"
        figures = json.loads(self.done("eval", image, "-d", self.data, "-o", recording, "--json", "--threads", 2,
                                       "--save-times", self.folder / "times.npy"))
        self.assertGreater(figures["accuracy"], 0.9)
        self.assertGreater(figures["energy"][0]["energy_per_inference_uj"], 1)
        times = numpy.load(self.folder / "times.npy")
        with h5py.File(recording) as file:
            numpy.testing.assert_allclose(file["eval/first_spikes"][:] / 6e-6, times, rtol=1e-12)
            answers = numpy.where(numpy.isfinite(times.min(axis=1)), times.argmin(axis=1), -1)
            numpy.testing.assert_array_equal(file["eval/predicted"][:], answers)
            spikes = file["spikes/label"]
            self.assertEqual(len(spikes["timestamps"]), numpy.isfinite(times).sum())
            self.assertEqual(spikes["timestamps"].attrs["units"], "ms")
        self.assertEqual(json.loads(self.done("report", recording, "--json")), figures)
        self.done("report", recording, "-o", self.folder / "report.html")
        self.assertIn("accuracy", self.done("inspect", recording))
        self.refused("eval", image, "-d", self.data, "-o", recording, says="exists")

    def test_threads_change_nothing_and_stopping_saves(self):
        image = self.compiled()
        words = ["eval", image, "-d", self.data, "--mismatch", "chip", "--noise", "--json"]
        self.assertEqual(self.done(*words), self.done(*words, "--threads", 3))
        stopped = json.loads(self.done(*words, "--stop-at-first-spike"))
        self.assertLess(stopped["counts"]["duration_s"], stopped["without_stopping"]["counts"]["duration_s"])

    def test_monte_carlo_counts_chips(self):
        image = self.compiled("ideal_analog")
        figures = json.loads(self.done("eval", image, "-d", self.data, "--mismatch", "threshold=0.3", "--instances", 4,
                                       "--required-accuracy", 0.9, "--json"))["monte_carlo"]
        accuracies = [chip["accuracy"] for chip in figures["chips"]]
        self.assertEqual(len(set(accuracies)), 4)
        self.assertAlmostEqual(figures["mean_accuracy"], numpy.mean(accuracies))
        self.assertAlmostEqual(figures["standard_deviation"], numpy.std(accuracies, ddof=1))
        self.assertAlmostEqual(figures["yield"], numpy.mean([a >= 0.9 for a in accuracies]))

    def test_nir_gives_the_same_spike_times(self):
        nir = self.folder / "earlier.nir"
        subprocess.run([sys.executable, self.folder_of_net / "to_nir.py", nir], check=True)
        times = []
        for number, net in enumerate([self.folder_of_net / "earlier.textproto", nir]):
            image, saved = self.folder / f"{number}.loom", self.folder / f"{number}.npy"
            self.done("compile", net, "--chip", "ideal_analog", "-o", image)
            self.done("eval", image, "-d", self.data, "--save-times", saved)
            times.append(numpy.load(saved))
        numpy.testing.assert_allclose(times[0], times[1], rtol=1e-12)

    def test_a_run_at_real_times_with_membranes(self):
        image, spikes, recording = self.compiled(), self.folder / "in.csv", self.folder / "run.h5"
        spikes.write_text("time_s,channel\n1e-6,0  # early\n9e-6,in,1\n".replace("9e-6,in,1", "9e-6,1"))
        self.done("run", image, "-i", spikes, "-o", recording, "--duration", 48e-6, "--probe", "label")
        with h5py.File(recording) as file:
            self.assertEqual(list(file["spikes/label/node_ids"][:1]), [0])
            self.assertTrue((numpy.diff(file["spikes/hidden/timestamps"][:]) >= 0).all())
            membrane = file["membranes/label[0]"]
            self.assertGreater(membrane["potential"][:].max(), 0.1)
            self.assertEqual(len(membrane["potential"]), len(membrane["code"]))
        self.refused("run", image, "-i", spikes, "-o", recording, says="exists")
        spikes.write_text("1e-6,7\n-1,0\nx,y\n")
        said = self.refused("run", image, "-i", spikes, "-o", self.folder / "other.h5", says="channel 7")
        self.assertIn("in.csv:2", said)
        self.refused("run", image, "-i", spikes, "-o", recording, "--probe", "label[9]")

    def test_one_table_of_chips(self):
        rows = json.loads(self.done("compare-chips", self.folder_of_net / "earlier.textproto", "-d", self.data,
                                    "--chip", "loihi1", "--chip", "brainscales2", "--limit", 50, "--json"))["chips"]
        self.assertEqual([row["chip"] for row in rows], ["loihi1", "brainscales2"])
        for row in rows:
            self.assertGreater(row["inference"]["accuracy"], 0.85)
            for price in row["inference"]["costs"]:
                self.assertGreater(price["energy_pj"]["value"], price["energy_to_decision_pj"]["value"])
                self.assertGreater(price["latency_ns"], price["latency_to_decision_ns"])
        self.refused("compare", self.folder_of_net / "earlier.textproto", "-d", self.data, "--steps", 20, status=2,
                     says="--ttfs-step")

    def test_the_bundled_net_on_samples_made_on_the_spot(self):
        net = SOURCE / "models/networks/yinyang_ttfs/yinyang_ttfs.textproto"
        image, recording = self.compiled("ideal_analog", net), self.folder / "made.h5"
        figures = json.loads(self.done("eval", image, "-d", "yin-yang:1000:77", "-o", recording, "--json"))
        self.assertGreater(figures["accuracy"], 0.95)
        self.assertEqual(json.loads(self.done("report", recording, "--json")), figures)
        self.refused("eval", image, "-d", "yin-yang:many:77", says="yin-yang:SAMPLES:SEED")
        rows = json.loads(self.done("compare", net, "-d", "yin-yang:50:77", "--json"))["chips"]
        self.assertEqual({row["chip"]: row["inference"] is not None for row in rows},
                         {"loihi1": True, "loihi2": True, "truenorth": False, "brainscales2": True})

    def test_a_missing_image_is_named_before_its_options(self):
        self.refused("eval", self.folder / "none.loom", "-d", "x", "--stop-at-first-spike", says="does not exist")
        self.refused("run", self.folder / "none.loom", "-i", "x", "--duration", "1", says="does not exist")

    def test_recorded_times_of_others(self):
        folder = REFERENCE / "ttfs/yin_yang_v1"
        if not folder.exists():
            self.skipTest(f"{folder} is absent")
        net = self.folder / "net.textproto"
        net.write_text(f"""name: "yin_yang" time_unit_s: 6e-6 input {{ size: 4 }} coding {{ }}
            layer {{ name: "hidden" size: 120 weights: "{folder}/W0.npy" bias_times: 0.9 }}
            layer {{ name: "label" size: 3 weights: "{folder}/W1.npy" bias_times: 0.9 }}""")
        self.done("eval", self.compiled("ideal_analog", net), "-d", folder / "test_inputs.npy", "--data-holds", "times",
                  "--labels", folder / "test_labels.npy", "--save-times", self.folder / "times.npy")
        exact = numpy.load(folder / "exact_label_times.npy")
        times = numpy.load(self.folder / "times.npy")
        numpy.testing.assert_array_equal(numpy.isinf(times), numpy.isinf(exact))
        numpy.testing.assert_allclose(times[numpy.isfinite(exact)], exact[numpy.isfinite(exact)], rtol=0, atol=1e-9)

    def test_bad_options_are_refused_by_name(self):
        image = self.compiled("ideal_analog")
        for words, says in [(["--mismatch", "speed=1"], "--mismatch"), (["--mismatch", "threshold=x"], "--mismatch"),
                            (["--instances", 3], "--instances"), (["--calibration", "perfect"], "--calibration"),
                            (["--window", -1], "--window"), (["--data-holds", "spikes"], "--data-holds")]:
            self.refused("eval", image, "-d", self.data, *words, status=2, says=says)
        self.refused("eval", image, "-d", YINYANG / "yinyang_test.npz", says="values a sample")
        self.refused("eval", image, "-d", self.data, "--decide-by", "none", says="no population")


class BrokenFiles(Case):
    """Whatever a file holds, the program says what is wrong with it and ends with status 1."""

    def check(self, path):
        for words in (("inspect", path), ("compile", path, "--chip", "loihi1", "-o", self.folder / "out.loom"),
                      ("run", path, "--input", "poisson:1", "--steps", "1", "-o", self.folder / "out.h5"),
                      ("report", path)):
            self.refused(*words)
        self.refused("compile", YINYANG / "yinyang.nir", "--chip", path, "-o", self.folder / "out.loom")
        self.assertFalse((self.folder / "out.loom").exists())
        self.assertFalse((self.folder / "out.h5").exists())

    def test_no_such_file_and_no_file_at_all(self):
        self.check(self.folder / "absent")
        self.check(self.folder)
        self.check("/dev/null")

    def test_foreign_files(self):
        contents = {
            "empty": b"",
            "text": b"Call me Ishmael.\n",
            "noise": numpy.random.default_rng(1).bytes(5000),
            "hdf5_head": b"\x89HDF\r\n\x1a\n" + bytes(100),
            "image_head": b"SPIKELOOM-IMAGE" + b"\xff" * 64,
            "zip_head": b"PK\x03\x04" + b"\xff" * 64,
            "npy_head": b"\x93NUMPY\x01\x00\xff\xff{'descr'",
            "gzip_head": b"\x1f\x8b\x08" + b"\0" * 20,
            "idx_head": b"\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            "population": b"population { name: }\n",
            "mesh": b"mesh { columns: -3 colums: 4 }\n",
        }
        for name, content in contents.items():
            path = self.folder / name
            path.write_bytes(content)
            with self.subTest(name):
                self.check(path)

    def test_truncated_and_damaged_files(self):
        image = self.folder / "good.loom"
        self.done("compile", YINYANG / "yinyang.nir", "--chip", "loihi1", "-o", image)
        recording = self.folder / "good.h5"
        self.done("run", image, "--input", "poisson:20", "--steps", 20, "-o", recording)
        for good in (image, recording, YINYANG / "yinyang.nir", YINYANG / "yinyang_test.npz"):
            content = good.read_bytes()
            for kept in (9, 100, len(content) // 2, len(content) - 1):
                path = self.folder / "truncated"
                path.write_bytes(content[:kept])
                with self.subTest(good.name, kept=kept):
                    self.refused("inspect", path)
        content = bytearray(image.read_bytes())
        for at in range(16, len(content), max(1, len(content) // 40)):
            damaged = bytearray(content)
            damaged[at] ^= 0x55
            path = self.folder / "damaged.loom"
            path.write_bytes(damaged)
            with self.subTest("image", at=at):
                self.refused("run", path, "--input", "poisson:1", "--steps", 1, "-o", self.folder / "out.h5")

    def nir(self, change):
        """A copy of the bundled net with one change."""
        path = self.folder / "changed.nir"
        path.write_bytes((YINYANG / "yinyang.nir").read_bytes())
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    def test_broken_networks_are_refused_with_the_path_in_the_file(self):
        def edges(rows):
            def change(file):
                del file["/node/edges"]
                file["/node"].create_dataset("edges", data=rows, dtype=h5py.string_dtype())
            return change

        def replace(path, value, **options):
            def change(file):
                del file[path]
                file.create_dataset(path, data=value, **options)
            return change

        def remove(path):
            def change(file):
                del file[path]
            return change

        changes = {
            "dangling edge": (edges([("input", "fc1"), ("fc1", "nobody")]), "nobody"),
            "cycle without a neuron": (edges([("input", "fc1"), ("fc1", "fc2"), ("fc2", "fc1")]), "fc"),
            "wrong shape": (replace("/node/nodes/fc1/weight", numpy.zeros((150, 6), "f4")), "/node/nodes"),
            "no weight": (remove("/node/nodes/fc1/weight"), "weight"),
            "unknown type": (replace("/node/nodes/fc1/type", "Wormhole", dtype=h5py.string_dtype()), "Wormhole"),
            "no edges": (remove("/node/edges"), "edges"),
            "nan weight": (replace("/node/nodes/fc2/weight", numpy.full((3, 150), numpy.nan, "f4")), "fc2"),
            "negative tau": (replace("/node/nodes/hidden/tau_mem", numpy.full(150, -1.0, "f4")), "tau_mem"),
            "text as weight": (replace("/node/nodes/fc1/weight", "heavy", dtype=h5py.string_dtype()), "weight"),
        }
        for name, (change, says) in changes.items():
            with self.subTest(name):
                path = self.nir(change)
                self.refused("inspect", path, says=says)
                self.refused("compile", path, "--chip", "loihi1", "-o", self.folder / "out.loom", says="changed.nir:/")

    def test_the_nets_of_others(self):
        folder = REFERENCE / "nir/others"
        if not folder.exists():
            self.skipTest(f"reference data {folder} is absent (set SPIKELOOM_REFERENCE_DATA)")
        for path in sorted(folder.glob("*.nir")):
            with self.subTest(path.name):
                result = spikeloom("compile", path, "--chip", "loihi1", "-o", self.folder / "out.loom")
                self.assertIn(result.returncode, (0, 1), result.stderr)
                if result.returncode == 1:
                    self.assertIn(f"{path}:/", result.stderr)
        self.refused("inspect", folder / "invalid_braille_dangling_subgraph.nir", says="lif")


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
