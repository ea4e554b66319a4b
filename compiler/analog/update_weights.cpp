#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "compiler/analog/analog_routes.hpp"
#include "compiler/analog/compile_analog.hpp"
#include "compiler/analog/flat_synapses.hpp"
#include "compiler/analog/verify_analog.hpp"
#include "compiler/analog/weight_scale.hpp"

namespace spikeloom::compiler {
namespace {

using analog::FanIn;

/// A cell of a run with what it connects.
struct Slot {
    std::uint32_t target = 0;
    std::uint32_t source = 0;
    bool inhibitory = false;
    chip::SynapseCell* cell = nullptr;
};

auto key_of(const Slot& slot) {
    return std::tuple(slot.target, slot.source, slot.inhibitory);
}

std::vector<Slot> slots_of(chip::AnalogImage& image) {
    std::vector<Slot> slots;
    const int rows_per_driver = image.chip.array.rows / image.chip.array.drivers;
    for (chip::AnalogRun& run : image.runs) {
        const analog::RunRoutes routes(image, run);
        for (chip::SynapseCell& cell : run.cells) {
            const chip::RowMode mode = routes.row_mode(cell.hemisphere, cell.row);
            const std::int64_t target = routes.neuron_at(cell.hemisphere, cell.column);
            const auto sources = routes.heard(cell.hemisphere, cell.row / rows_per_driver, cell.label);
            if (mode != chip::RowMode::disabled && target >= 0 && sources.size() == 1) {
                slots.push_back({.target = static_cast<std::uint32_t>(target),
                                 .source = sources.front(),
                                 .inhibitory = mode == chip::RowMode::inhibitory,
                                 .cell = &cell});
            }
        }
    }
    std::ranges::stable_sort(slots, {}, key_of);
    return slots;
}

Diagnostic other_network(const std::string& what) {
    return {.where = "update_weights",
            .found = what,
            .allowed = "a network that differs in its weights only",
            .help = "compile it"};
}

bool same_symbols(const chip::AnalogImage& image, const TimedNetwork& network) {
    bool same = image.inputs.size() == network.inputs.size() && image.populations.size() == network.populations.size();
    for (std::size_t i = 0; same && i < network.inputs.size(); ++i) {
        same = image.inputs[i].count == network.inputs[i].size();
    }
    for (std::size_t p = 0; same && p < network.populations.size(); ++p) {
        same = image.populations[p].count == network.populations[p].size();
    }
    return same;
}

Result<void> update_ideal(chip::AnalogImage& image, const TimedNetwork& network) {
    chip::IdealSynapses flat = analog::flat_synapses(network);
    if (flat.row_begin != image.synapses.row_begin || flat.targets != image.synapses.targets ||
        flat.delays != image.synapses.delays) {
        return fail(other_network("synapses or delays are not the image's"));
    }
    image.synapses.weights = std::move(flat.weights);
    return {};
}

/// The register over the cells of its sign, filled one after the other; false: there are none.
bool write_register(std::span<Slot> slots, std::int32_t value, std::int32_t largest) {
    std::int32_t left = std::abs(value);
    for (Slot& slot : slots) {
        const bool mine = slot.inhibitory == (value < 0);
        const std::int32_t part = mine ? std::min(left, largest) : 0;
        slot.cell->weight = static_cast<std::uint8_t>(part);
        left -= part;
    }
    return left == 0;
}

Result<void> update_mapped(chip::AnalogImage& image, const TimedNetwork& network) {
    analog::AnalogFindings findings;
    analog::verify_limits(image, findings);
    if (!findings.empty()) {
        return fail(findings.take());
    }
    const FanIn fan = analog::fan_in(network);
    const std::int32_t largest = (1 << image.chip.array.weight_bits) - 1;
    chip::AnalogImage written = image;
    std::vector<Slot> slots = slots_of(written);
    std::size_t next = 0;
    for (std::uint32_t target = 0; target < image.neurons.size(); ++target) {
        for (std::uint64_t s = fan.begin[target]; s < fan.begin[target + std::size_t{1}]; ++s) {
            std::size_t end = next;
            while (end < slots.size() && slots[end].target == target && slots[end].source == fan.sources[s]) {
                ++end;
            }
            const std::int32_t value = analog::register_of(fan.weights[s], image.neurons[target].weight_unit, largest);
            if (end == next || !write_register(std::span(slots).subspan(next, end - next), value, largest)) {
                return fail(other_network(fmt::format("neuron {} has a synapse that the image has not", target)));
            }
            next = end;
        }
    }
    if (next != slots.size()) {
        return fail(other_network("the image has synapses that it has not"));
    }
    image = std::move(written);
    return {};
}

}  // namespace

Result<void> update_weights(chip::AnalogImage& image, const TimedNetwork& network) {
    if (Diagnostics findings = check_timed_network(network); has_error(findings)) {
        return fail(std::move(findings));
    }
    if (!same_symbols(image, network)) {
        return fail(other_network("inputs or populations are not the image's"));
    }
    return image.chip.ideal ? update_ideal(image, network) : update_mapped(image, network);
}

}  // namespace spikeloom::compiler
