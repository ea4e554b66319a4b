"""How a measurement and our estimate of it are written down."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A published measurement."""

    what: str
    value: float
    unit: str
    source: str
    setup: str  # how we set it up
    remark: str = ""  # why ours is off, what to make of it
    role: str = "validates"  # "validates"; "fitted": a constant of the table comes from it; "bound": an upper bound
    neurons: int = 0
    hz: float = 0  # spikes a second of a neuron
    synapses: int = 128  # of a neuron
    volts: float = 0.8
    factor: float = 1


@dataclass(frozen=True)
class Measurement:
    figure: Figure
    table: str  # the cost table
    ours: object  # with value, low, high, in the figure's unit
    assumed: str  # what differs between rows of one figure


def digits(number):
    """Three significant digits, without an exponent."""
    if number == 0:
        return "0"
    text = f"{number:#.3g}"
    return f"{float(text):.0f}" if "e" in text else text.rstrip(".")


def error(ours, theirs):
    percent = (ours / theirs - 1) * 100
    return f"{percent:+.1f} %" if abs(percent) < 100 else f"{percent:+.0f} %"


def render(title, rows, notes):
    """A section: one table, then a paragraph a figure."""
    figures = list(dict.fromkeys(row.figure for row in rows))
    lines = [f"### {title}", "", "| | measured | published | cost table | assumed | ours (low to high) | error |",
             "|---|---|---|---|---|---|---|"]
    for number, figure in enumerate(figures, 1):
        for row in (row for row in rows if row.figure == figure):
            ours = row.ours
            span = "" if ours.low == ours.high else f" ({digits(ours.low)} to {digits(ours.high)})"
            theirs = ("< " if figure.role == "bound" else "") + digits(figure.value)
            off = {"validates": error(ours.value, figure.value), "fitted": "fitted",
                   "bound": "holds" if ours.value < figure.value else error(ours.value, figure.value)}[figure.role]
            lines.append(f"| {number} | {figure.what} | {theirs} {figure.unit} | `{row.table}` | {row.assumed} | "
                         f"{digits(ours.value)}{span} | {off} |")
    lines.append("")
    for number, figure in enumerate(figures, 1):
        lines.append(f"{number}. {figure.what}. Source: {figure.source}" +
                     (f" Set up: {figure.setup}" if figure.setup else "") +
                     (f" {figure.remark}" if figure.remark else ""))
    lines += ["", *notes] if notes else []
    return "\n".join(lines) + "\n"


def missing(tables, page):
    """The rows of `tables` that `page` doesn't have."""
    there = set(page.splitlines())
    return [line for line in tables.splitlines() if line.startswith("|") and line not in there]
