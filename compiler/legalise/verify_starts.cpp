#include "compiler/legalise/verify_starts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <utility>
#include <vector>

#include "compiler/compile.hpp"

namespace spikeloom::compiler {
namespace {

/// A neuron of a population that starts late.
struct Seat {
    std::size_t core = 0;
    std::uint32_t compartment = 0;
    std::uint32_t neuron = 0;
};

std::vector<Seat> seats_of(const chip::PopulationSymbol& symbol) {
    std::vector<Seat> seats;
    for (const chip::PopulationTile& tile : symbol.tiles) {
        for (std::uint32_t i = 0; i < tile.count; ++i) {
            seats.push_back({tile.core.value(), symbol.compartment(tile, i), tile.first_neuron + i});
        }
    }
    return seats;
}

chip::CompartmentGroup& group_of(chip::CoreImage& core, std::uint32_t compartment) {
    return *std::prev(std::ranges::upper_bound(core.groups, compartment, {}, &chip::CompartmentGroup::first));
}

class StartVerifier {
public:
    StartVerifier(chip::Image& image, const LegalNetwork& legal) : image_(image), legal_(legal) {}
    [[nodiscard]] Diagnostics run();

private:
    void check(const LateStart& start);
    [[nodiscard]] std::int64_t after_a_step(std::int64_t value, std::int32_t decay) const {
        const double one = std::ldexp(1.0, image_.chip.neuron.decay_bits);
        return static_cast<std::int64_t>(static_cast<double>(value) * (1 - std::min(decay / one, 1.0)));
    }
    [[nodiscard]] bool begins_late(const chip::CompartmentGroup& group, std::int64_t bias, std::int64_t current,
                                   std::int64_t wanted, int steps) const;
    void set_as_quantised(const LateStart& start);

    chip::Image& image_;
    const LegalNetwork& legal_;
    Diagnostics findings_;
};

/// Whether a neuron that hears nothing is after those steps, without a spike, where nothing tells it from one at its
/// start.
bool StartVerifier::begins_late(const chip::CompartmentGroup& group, std::int64_t bias, std::int64_t current,
                                std::int64_t wanted, int steps) const {
    const chip::NeuronFormat& format = image_.chip.neuron;
    const std::int32_t current_decay = group.current_decay + format.current_decay_offset;
    const std::int32_t voltage_decay = group.voltage_decay + format.voltage_decay_offset;
    if (group.model == NeuronModel::sigma_delta) {
        const std::int64_t sends = group.parameters.relu ? std::max<std::int64_t>(bias, 0) : bias;
        return sends == 0 || (std::abs(sends) < group.threshold_mantissa && !group.parameters.cumulative_error);
    }
    const bool resets = group.model == NeuronModel::leaky || group.model == NeuronModel::ternary_leaky;
    if (!resets) {
        return !integrates(group.model) || bias == 0;
    }
    const double unit = std::ldexp(1.0, format.threshold_exponent);
    std::int64_t voltage = 0;
    for (int step = 1; step <= steps + 1; ++step) {
        if (group.parameters.reset_interval > 0 &&
            step % group.parameters.reset_interval == group.parameters.reset_offset) {
            current = voltage = 0;
        }
        if (step > steps) {
            break;
        }
        current = after_a_step(current, current_decay);
        voltage = after_a_step(voltage, voltage_decay) + current + bias;
        const auto level = static_cast<double>(voltage);
        if (group.spikes &&
            (level > group.threshold_mantissa * unit ||
             (group.model == NeuronModel::ternary_leaky && level < group.parameters.threshold_low * unit))) {
            return false;
        }
    }
    return after_a_step(current, current_decay) == after_a_step(wanted, current_decay) &&
           after_a_step(voltage, voltage_decay) == 0;
}

void StartVerifier::check(const LateStart& start) {
    const chip::PopulationSymbol& symbol = image_.populations[start.population];
    for (const Seat& seat : seats_of(symbol)) {
        chip::CoreImage& core = image_.cores[seat.core];
        const chip::CompartmentGroup& group = group_of(core, seat.compartment);
        const ModelParameters& own = group.parameters;
        const auto say = [&](const std::string& found) {
            findings_.push_back({.where = fmt::format("'{}'[{}]", symbol.name, seat.neuron),
                                 .found = found,
                                 .allowed = {},
                                 .help = {}});
        };
        if (start.reset != (own.reset_interval == LateStart::once && own.reset_offset == start.steps + 1)) {
            say(fmt::format("its reset before step {} is not the one step {} that it is said to be", own.reset_offset,
                            start.steps + 1));
        }
        const std::int64_t bias = core.biases.empty() ? 0
                                                      : std::int64_t{core.biases[seat.compartment].mantissa} *
                                                            (std::int64_t{1} << core.biases[seat.compartment].exponent);
        const std::int64_t current = core.initial_currents.empty() ? 0 : core.initial_currents[seat.compartment];
        const std::int64_t wanted = start.quantised_currents.empty() ? current : start.quantised_currents[seat.neuron];
        std::int64_t decayed = current;
        for (int step = 0; step < start.steps; ++step) {
            decayed = after_a_step(decayed, group.current_decay + image_.chip.neuron.current_decay_offset);
        }
        if (current != wanted && decayed != wanted) {
            say(fmt::format("u begins at {}, which does not decay to {} in {} steps", current, wanted, start.steps));
        }
        if (start.inexact == 0 && !begins_late(group, bias, current, wanted, start.steps)) {
            say(fmt::format("it does not begin {} steps later", start.steps));
        }
        if (findings_.size() > 20) {
            return;
        }
    }
}

void StartVerifier::set_as_quantised(const LateStart& start) {
    const bool resets = start.reset && !legal_.network.populations[start.population].fixed;
    for (const Seat& seat : seats_of(image_.populations[start.population])) {
        chip::CoreImage& core = image_.cores[seat.core];
        if (resets) {
            ModelParameters& own = group_of(core, seat.compartment).parameters;
            own.reset_interval = own.reset_offset = 0;
        }
        if (!start.quantised_currents.empty()) {
            core.initial_currents.resize(core.compartments, 0);
            core.initial_currents[seat.compartment] = start.quantised_currents[seat.neuron];
        }
    }
}

Diagnostics StartVerifier::run() {
    for (const LateStart& start : legal_.late_starts) {
        check(start);
    }
    struct Registers {
        std::vector<chip::CompartmentGroup> groups;
        std::vector<std::int32_t> initial_currents;
    };
    std::vector<Registers> own;
    for (const chip::CoreImage& core : image_.cores) {
        own.push_back({core.groups, core.initial_currents});
    }
    for (const LateStart& start : legal_.late_starts) {
        set_as_quantised(start);
    }
    Diagnostics rest = verify(image_, legal_.network);
    findings_.insert(findings_.end(), rest.begin(), rest.end());
    for (std::size_t c = 0; c < own.size(); ++c) {
        image_.cores[c].groups = std::move(own[c].groups);
        image_.cores[c].initial_currents = std::move(own[c].initial_currents);
    }
    return std::move(findings_);
}

}  // namespace

Diagnostics verify_legal_image(chip::Image& image, const LegalNetwork& legal) {
    return StartVerifier(image, legal).run();
}

}  // namespace spikeloom::compiler
