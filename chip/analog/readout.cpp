#include "chip/analog/readout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace spikeloom::chip::analog {
namespace {

/// Columns of the neurons' first circuits, by run and neuron.
std::map<std::uint32_t, std::pair<std::size_t, int>> places(const AnalogImage& image) {
    std::map<std::uint32_t, std::pair<std::size_t, int>> columns;
    for (std::size_t r = 0; r < image.runs.size(); ++r) {
        for (const PlacedNeuron& neuron : image.runs[r].neurons) {
            columns[neuron.neuron] = {r, neuron.circuits.front().column};
        }
    }
    return columns;
}

}  // namespace

double lsb_of(const AnalogRanges& ranges, const Lif& target, double potential) {
    const double span = target.threshold == never ? 1 : target.threshold - target.leak;
    return ranges.leak_lsb + (potential - target.leak) / span * (ranges.threshold_lsb - ranges.leak_lsb);
}

const Converter& converter_of(const AnalogSpec& chip, ConverterKind kind) {
    return kind == ConverterKind::cadc ? chip.cadc : chip.madc;
}

std::uint16_t code_of(const AnalogSpec& chip, ConverterKind kind, double lsb) {
    const int bits = converter_of(chip, kind).bits;
    const double code = std::round(std::ldexp(lsb, bits - chip.cadc.bits));
    if (!(code > 0)) {
        return 0;
    }
    return static_cast<std::uint16_t>(std::min(code, std::ldexp(1.0, std::min(bits, 16)) - 1));
}

Diagnostics check_probes(const AnalogImage& image, std::span<const MembraneProbe> probes) {
    Diagnostics findings;
    const auto columns = places(image);
    std::set<MembraneProbe> seen;
    std::map<std::pair<std::size_t, int>, std::uint32_t> channels;  // of the MADC: run and parity of the column
    for (const MembraneProbe& probe : probes) {
        const std::string where = fmt::format("probe of neuron {}", probe.neuron);
        if (probe.neuron >= image.neurons.size()) {
            findings.push_back({.where = where,
                                .found = "the network has no such neuron",
                                .allowed = fmt::format("0..{}", image.neurons.size() - 1)});
            continue;
        }
        if (!seen.insert(probe).second) {
            findings.push_back({.where = where, .found = "it is given twice", .allowed = "once a converter"});
            continue;
        }
        if (image.chip.ideal || probe.converter == ConverterKind::cadc) {
            continue;
        }
        const auto [run, column] = columns.at(probe.neuron);
        const int parities = std::max(image.chip.madc.channels, 1);
        const auto [taken, free] = channels.try_emplace({run, column % parities}, probe.neuron);
        if (!free) {
            findings.push_back({.where = where,
                                .found = fmt::format(
                                    "the fast converter's channel for its column is taken by neuron {}", taken->second),
                                .allowed = "one neuron of an even and one of an odd column in a run",
                                .help = "use the slow converter, or another neuron"});
        }
    }
    return findings;
}

}  // namespace spikeloom::chip::analog
