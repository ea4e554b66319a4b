// The verifier, second part: what every neuron receives, from the image alone, and against the network.
#include "compiler/analog/verify_analog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "compiler/analog/analog_routes.hpp"
#include "compiler/analog/compile_analog.hpp"

namespace spikeloom::compiler {
namespace analog {
namespace {

std::pair<std::uint32_t, std::uint32_t> pair_of(const ReceivedSynapse& synapse) {
    return {synapse.target, synapse.source};
}

void merge(std::vector<ReceivedSynapse>& received) {
    std::ranges::sort(received, {}, pair_of);
    std::size_t kept = 0;
    for (const ReceivedSynapse& synapse : received) {
        if (kept > 0 && pair_of(received[kept - 1]) == pair_of(synapse)) {
            received[kept - 1].weight += synapse.weight;
            received[kept - 1].cells += synapse.cells;
        } else {
            received[kept++] = synapse;
        }
    }
    received.resize(kept);
}

std::string name_of(const chip::SynapseCell& cell) {
    return fmt::format("synapse at hemisphere {}, row {}, column {}", cell.hemisphere, cell.row, cell.column);
}

void follow_run(const chip::AnalogImage& image, std::size_t number, AnalogFindings& findings,
                std::vector<ReceivedSynapse>& received) {
    const chip::AnalogRun& run = image.runs[number];
    const std::string where = fmt::format("run {}", number);
    const RunRoutes routes(image, run);
    for (const std::size_t dropped : routes.dropped()) {
        const chip::HostSource& source = run.host_sources[dropped];
        findings.add(where, fmt::format("the crossbar drops label {} of lane {} (host {} {})", source.label,
                                        source.lane, source.is_neuron ? "neuron" : "channel", source.index));
    }
    std::size_t first_background = image.neurons.size();
    for (const chip::AnalogInput& input : image.inputs) {
        first_background += input.count;
    }
    const int rows_per_driver = image.chip.array.rows / image.chip.array.drivers;
    for (const chip::SynapseCell& cell : run.cells) {
        const chip::RowMode mode = routes.row_mode(cell.hemisphere, cell.row);
        const std::int64_t target = routes.neuron_at(cell.hemisphere, cell.column);
        if (mode == chip::RowMode::disabled || target < 0) {
            findings.add(where, name_of(cell) + (target < 0 ? " belongs to no neuron" : " lies in a row that is off"));
            continue;
        }
        const auto sources = routes.heard(cell.hemisphere, cell.row / rows_per_driver, cell.label);
        if (sources.size() != 1) {
            findings.add(
                where, fmt::format("{}, label {}: hears {} sources", name_of(cell), cell.label, sources.size()), "one");
        }
        const std::int64_t weight = mode == chip::RowMode::excitatory ? cell.weight : -std::int64_t{cell.weight};
        for (const std::uint32_t source : sources) {
            if (source >= first_background) {
                findings.add(where,
                             fmt::format("{} hears background source {}", name_of(cell), source - first_background));
                continue;
            }
            received.push_back(
                {.target = static_cast<std::uint32_t>(target), .source = source, .weight = weight, .cells = 1});
        }
    }
}

}  // namespace

std::vector<ReceivedSynapse> follow_spikes(const chip::AnalogImage& image, AnalogFindings& findings) {
    std::vector<ReceivedSynapse> received;
    for (std::size_t r = 0; r < image.runs.size(); ++r) {
        follow_run(image, r, findings, received);
    }
    merge(received);
    return received;
}

}  // namespace analog

Diagnostics verify_analog(const chip::AnalogImage& image) {
    analog::AnalogFindings findings;
    if (image.chip.ideal) {
        analog::verify_ideal(image, findings);
        return findings.take();
    }
    analog::verify_limits(image, findings);
    if (findings.empty()) {
        static_cast<void>(analog::follow_spikes(image, findings));
    }
    return findings.take();
}

}  // namespace spikeloom::compiler
