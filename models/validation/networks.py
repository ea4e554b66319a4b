"""The networks of the published measurements, in the text form of compiler/text/network.proto.

Nobody published the weights and rates that these were measured with (or the weights lie where we can't pass them on).
So shapes are theirs, and rates are ours: every neuron has a constant input that makes it fire at a mean rate that the
caller gives, drawn between half and one and a half of it, and weights are drawn around zero, small enough to leave that
rate alone. What is counted (updates, spikes, messages, synaptic events) is that of a net of this shape at this rate.
"""

SEED = 20181205  # of all drawn weights and inputs


class Text:
    """A network file, line by line."""

    def __init__(self, name):
        self.lines = [f'name: "{name}"  step_s: 1e-3  seed: {SEED}']

    def input(self, name, shape):
        self.lines.append(f'input {{ name: "{name}" shape: {shape} }}')

    def population(self, name, shape, rate):
        """Integrate-and-fire neurons that fire `rate` times a step each, in the mean; never at 0."""
        drive = f"drawn {{ parameter: bias uniform {{ low: {0.5 * rate:g} high: {1.5 * rate:g} }} }}" if rate else ""
        self.lines.append(f'population {{ name: "{name}" shape: {shape} kind: integrate_fire resistance: 1000 '
                          f'v_threshold: 1 {drive} }}')

    def projection(self, source, target, rule, width=0.004):
        self.lines.append(f'projection {{ name: "{source}_{target}" source: "{source}" target: "{target}" {rule} '
                          f'weight {{ uniform {{ low: -{width} high: {width} }} }} }}')

    def output(self, name):
        self.lines.append(f'output {{ population: "{name}" }}')

    def text(self):
        return "\n".join(self.lines) + "\n"


def layers(name, inputs, sizes, rate):
    """A dense feed-forward net."""
    net = Text(name)
    net.input("in", inputs)
    before = "in"
    for i, size in enumerate(sizes):
        net.population(f"layer{i}", size, rate)
        net.projection(before, f"layer{i}", "dense {}")
        before = f"layer{i}"
    net.output(before)
    return net.text()


def keyword_spotter(branches, rate):
    """390-256-256-29; between its hidden layers `branches` chains of ten of 256 (power_benchmarks, models.py)."""
    net = Text(f"keyword_spotter_{branches}")
    net.input("in", 390)
    net.population("first", 256, rate)
    net.projection("in", "first", "dense {}")
    ends = []
    for branch in range(branches):
        before = "first"
        for depth in range(10):
            name = f"b{branch}_{depth}"
            net.population(name, 256, rate)
            net.projection(before, name, "dense {}")
            before = name
        ends.append(before)
    net.population("last", 256, rate)
    for end in ends or ["first"]:
        net.projection(end, "last", "dense {}")
    net.population("out", 29, rate)
    net.projection("last", "out", "dense {}")
    net.output("out")
    return net.text()


def mnist_cnn(rate):
    """NxTF's tutorial on MNIST: 28x28 - 16c5s2 - 32c3 - 64c3s2 - 10c4; the input layer is neurons on the chip."""
    net = Text("mnist_cnn")
    net.input("in", 1)
    shapes = {"image": (1, 28), "c1": (16, 12), "c2": (32, 10), "c3": (64, 4), "c4": (10, 1)}
    for name, (channels, side) in shapes.items():
        net.population(name, f"[{channels}, {side}, {side}]", rate)
    # An image needs no spikes from outside; the input is there because a run needs one.
    net.projection("in", "c4", "dense {}", 1e-3)
    for source, target, kernel, stride in (("image", "c1", 5, 2), ("c1", "c2", 3, 1), ("c2", "c3", 3, 2),
                                           ("c3", "c4", 4, 1)):
        net.projection(source, target, f"convolution {{ kernel_size: {kernel} stride: {stride} }}")
    net.output("c4")
    return net.text()


def idle(neurons):
    """Neurons that nothing drives."""
    net = Text("idle")
    net.input("in", 1)
    net.population("net", neurons, 0)
    net.projection("in", "net", "fixed_out_degree { count: 1 }")
    net.output("net")
    return net.text()


def recurrent(neurons, fan_out, rate):
    """One population, every neuron onto `fan_out` others, as powers of TrueNorth and SpiNNaker are given for."""
    net = Text("recurrent")
    net.input("in", 1)
    net.population("net", neurons, rate)
    net.projection("net", "net", f"fixed_out_degree {{ count: {fan_out} }}", 0.0005)
    net.projection("in", "net", "fixed_out_degree { count: 1 }", 0.0005)
    net.output("net")
    return net.text()
