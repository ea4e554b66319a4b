// The verifier, second half: the image against the network it claims to be. Both are expanded into synapses, source by
// source, and compared one to one: none lost, none invented, each weight the nearest that its format has.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compiler/compile.hpp"
#include "compiler/network.hpp"
#include "compiler/verify_expansion.hpp"
#include "compiler/verify_learning.hpp"

namespace spikeloom::compiler {
namespace {

/// Where a neuron sits.
struct Seat {
    std::uint32_t core = 0;
    std::uint32_t compartment = 0;
};

/// A synapse as the image has it: contribution in units of 2^6, and the distance of the values that the format has.
struct Held {
    std::uint64_t target = 0;  ///< population in the high half, neuron in the low
    std::uint32_t delay = 0;
    std::uint32_t rule = 0;  ///< as SynapseEntry::learning
    double value = 0;
    double step = 0;
    bool at_end = false;  ///< the largest magnitude of its format
};

/// A synapse as the network wants it, in the same units.
struct Wanted {
    std::uint64_t target = 0;
    std::uint32_t delay = 0;
    std::uint32_t rule = 0;
    double value = 0;
    std::uint32_t projection = 0;
};

template <class A, class B>
bool same_key(const A& a, const B& b) {
    return a.target == b.target && a.delay == b.delay && a.rule == b.rule;
}

template <class T>
bool by_key_and_value(const T& a, const T& b) {
    if (a.target != b.target) {
        return a.target < b.target;
    }
    if (a.delay != b.delay) {
        return a.delay < b.delay;
    }
    return a.rule != b.rule ? a.rule < b.rule : a.value < b.value;
}

std::uint64_t key_of(std::uint32_t population, std::uint32_t neuron) {
    return std::uint64_t{population} << 32U | neuron;
}

/// A neuron's registers, as found in the image.
struct Programmed {
    chip::CompartmentGroup group;
    double bias = 0;
    double bias_step = 1;
    double initial_current = 0;
};

/// What the registers ought to be, from the equations of network.hpp and LOIHI facts 1.2.
struct Ought {
    double current_decay = 0;  ///< x 4096
    double voltage_decay = 0;
    double threshold = 0;  ///< register units
    double bias = 0;
    double initial_current = 0;
    double gain = 0;  ///< u register per unit of x
};

class NetworkVerifier {
public:
    NetworkVerifier(const chip::Image& image, const Network& network)
        : image_(image), network_(network), expansion_(network) {}
    [[nodiscard]] Diagnostics run();

private:
    void say(const std::string& where, const std::string& found) {
        if (findings_.size() < 100) {
            findings_.push_back({Severity::error, where, found, "", ""});
        }
    }
    [[nodiscard]] bool shapes_agree();
    void seat_neurons();
    [[nodiscard]] Programmed programmed(std::uint32_t population, std::uint32_t neuron) const;
    [[nodiscard]] Ought ought(std::uint32_t population, std::uint32_t neuron, const Programmed& registers) const;
    void check_cores();
    void check_registers(std::uint32_t population);
    void check_fixed_registers(std::uint32_t population);
    void gather_held(std::span<const chip::OutputAxon> outputs);
    void gather_wanted(const Source& source, std::uint32_t neuron);
    void compare(const std::string& name, std::uint32_t neuron);
    template <class Where>
    void compare_pair(const Where& where, const Wanted& wanted, const Held& held);
    void check_source(const Source& source);

    const chip::Image& image_;
    const Network& network_;
    Diagnostics findings_;
    std::vector<std::vector<Seat>> seats_;            ///< by population, neuron
    std::vector<std::vector<std::uint64_t>> key_at_;  ///< by core, compartment
    std::vector<std::vector<const chip::CompartmentGroup*>> group_at_;
    std::vector<std::vector<double>> gain_;        ///< by population, neuron
    std::vector<std::vector<double>> input_bias_;  ///< the constant part of x
    std::vector<std::vector<double>> late_bias_;   ///< the part of it that is absent in the first step
    std::vector<std::uint64_t> lost_;              ///< by projection
    std::vector<std::uint32_t> rule_of_;           ///< by projection: SynapseEntry::learning of its synapses
    std::vector<Held> held_;
    std::vector<Wanted> wanted_;
    NaiveExpansion expansion_;
    std::vector<ExpandedSynapse> connections_;
};

bool NetworkVerifier::shapes_agree() {
    if (image_.populations.size() != network_.populations.size() || image_.inputs.size() != network_.inputs.size() ||
        image_.losses.size() != network_.projections.size()) {
        say("image", fmt::format("{} populations, {} inputs, {} projections; the network has {}, {}, {}",
                                 image_.populations.size(), image_.inputs.size(), image_.losses.size(),
                                 network_.populations.size(), network_.inputs.size(), network_.projections.size()));
        return false;
    }
    for (std::size_t p = 0; p < network_.populations.size(); ++p) {
        if (image_.populations[p].size() != network_.populations[p].size() ||
            image_.populations[p].name != network_.populations[p].name) {
            say(fmt::format("population '{}'", network_.populations[p].name), "has another name or size in the image");
            return false;
        }
    }
    for (std::size_t i = 0; i < network_.inputs.size(); ++i) {
        if (image_.inputs[i].size() != network_.inputs[i].size() ||
            image_.inputs[i].graded != network_.inputs[i].graded) {
            say(fmt::format("input '{}'", network_.inputs[i].name),
                "has another size in the image, or its spikes other values");
            return false;
        }
    }
    return true;
}

void NetworkVerifier::seat_neurons() {
    for (const chip::CoreImage& core : image_.cores) {
        key_at_.emplace_back(core.compartments, ~std::uint64_t{0});
        auto& groups = group_at_.emplace_back(core.compartments, nullptr);
        for (const chip::CompartmentGroup& group : core.groups) {
            std::fill_n(groups.begin() + group.first, group.count, &group);
        }
    }
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        auto& seats = seats_.emplace_back();
        const chip::PopulationSymbol& symbol = image_.populations[p];
        for (const chip::PopulationTile& tile : symbol.tiles) {
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                seats.push_back({tile.core.value(), symbol.compartment(tile, i)});
                key_at_[tile.core.value()][symbol.compartment(tile, i)] = key_of(p, tile.first_neuron + i);
            }
        }
        auto& bias = input_bias_.emplace_back();
        for (std::size_t i = 0; i < network_.populations[p].size(); ++i) {
            bias.push_back(network_.populations[p].bias[i]);
        }
        late_bias_.emplace_back(bias.size(), 0.0);
    }
    for (const Projection& projection : network_.projections) {
        auto& bias = input_bias_[projection.target.value()];
        for (std::size_t i = 0; i < bias.size(); ++i) {
            bias[i] += projection.bias[i];
            late_bias_[projection.target.value()][i] += projection.bias_from_step > 0 ? projection.bias[i] : 0.0;
        }
    }
}

Programmed NetworkVerifier::programmed(std::uint32_t population, std::uint32_t neuron) const {
    const Seat seat = seats_[population][neuron];
    const chip::CoreImage& core = image_.cores[seat.core];
    Programmed found;
    found.group = *group_at_[seat.core][seat.compartment];
    if (!core.biases.empty()) {
        const chip::BiasRegister bias = core.biases[seat.compartment];
        found.bias_step = std::ldexp(1.0, bias.exponent);
        found.bias = bias.mantissa * found.bias_step;
    }
    found.initial_current = core.initial_currents.empty() ? 0 : core.initial_currents[seat.compartment];
    return found;
}

Ought NetworkVerifier::ought(std::uint32_t population, std::uint32_t neuron, const Programmed& registers) const {
    const Population& p = network_.populations[population];
    const chip::NeuronFormat& format = image_.chip.neuron;
    const double one = std::ldexp(1.0, format.decay_bits);
    const double unit = image_.populations[population].voltage_per_unit;
    const double du = (registers.group.current_decay + format.current_decay_offset) / one;
    const bool current = has_synaptic_current(p.kind);
    const double origin =
        spikes(p.kind) && p.reset == ResetRule::to_value && p.kind != NeuronKind::threshold ? p.v_reset[neuron] : 0.0;
    const double w_in = current ? p.w_in[neuron] : 1.0;

    Ought ought;
    ought.current_decay = one * (current ? network_.step_s / p.tau_syn_s[neuron] : 1.0);
    double current_to_voltage = 0;
    double leak = 0;
    if (p.kind == NeuronKind::threshold) {
        ought.voltage_decay = one;
        current_to_voltage = 1;
    } else if (leaks(p.kind)) {
        ought.voltage_decay = one * network_.step_s / p.tau_mem_s[neuron];
        const double charging = std::min(1.0, network_.step_s / p.tau_mem_s[neuron]);
        current_to_voltage = charging * p.resistance[neuron];
        leak = charging * (p.v_leak[neuron] - origin);
    } else {
        current_to_voltage = network_.step_s * p.resistance[neuron];
    }
    ought.gain = unit * current_to_voltage * (current ? (du > 0 ? du : ought.current_decay / one) * w_in : 1.0);
    ought.bias = unit * (leak + current_to_voltage * w_in * input_bias_[population][neuron]);
    // u(t) = u(-1) (1 - du)^(t+1) shall make the constant input rise as s does: from step 0, or late from step 1.
    const double kept = current ? 1 - (du > 0 ? du : ought.current_decay / one) : 0;
    const double late = kept * 16 >= 1 ? late_bias_[population][neuron] : 0;
    if (kept > 0) {
        ought.initial_current =
            unit * current_to_voltage * w_in * (late - input_bias_[population][neuron] - (late != 0 ? late / kept : 0));
    }
    ought.threshold = unit * (p.v_threshold[neuron] - origin);
    return ought;
}

/// Noise, and bounds of v that a network does not ask for, would change its spikes.
void NetworkVerifier::check_cores() {
    const chip::NeuronFormat& format = image_.chip.neuron;
    for (std::size_t c = 0; c < image_.cores.size(); ++c) {
        const chip::CoreImage& core = image_.cores[c];
        if (core.noise.target != chip::NoiseRegister::Target::off) {
            say(fmt::format("core {}", c), "noise, which the network does not have");
        }
        if (core.voltage_floor_exponent != format.voltage_floor_exponent.most ||
            core.voltage_ceiling_exponent != format.voltage_ceiling_exponent.most) {
            say(fmt::format("core {}", c),
                fmt::format("bounds of the voltage of exponents {} and {}; wanted the widest",
                            core.voltage_floor_exponent, core.voltage_ceiling_exponent));
        }
    }
}

/// Given registers are taken bit by bit, but for readouts that may sum up in v what they sum up in u.
void NetworkVerifier::check_fixed_registers(std::uint32_t population) {
    const Population& p = network_.populations[population];
    const FixedNeuron& wanted = *p.fixed;
    const chip::NeuronFormat& format = image_.chip.neuron;
    gain_.emplace_back(p.size(), 64.0);
    for (std::uint32_t neuron = 0; neuron < p.size(); ++neuron) {
        const std::string where = fmt::format("population '{}', neuron {}", p.name, neuron);
        const Programmed found = programmed(population, neuron);
        const chip::CompartmentGroup& group = found.group;
        const int current = group.current_decay + format.current_decay_offset;
        const int voltage = group.voltage_decay + format.voltage_decay_offset;
        const double bias = wanted.biases.empty() ? 0 : wanted.biases[wanted.biases.size() == 1 ? 0 : neuron];
        const bool reads_out = wanted.model == NeuronModel::leaky && !spikes(p.kind) && bias == 0 &&
                               wanted.current_decay == 0 && wanted.voltage_decay == 4096;
        const bool as_given = current == wanted.current_decay && voltage == wanted.voltage_decay;
        if (!as_given && !(reads_out && current == 4096 && voltage == 0)) {
            say(where, fmt::format("decays {} and {}; given are {} and {}", current, voltage, wanted.current_decay,
                                   wanted.voltage_decay));
        }
        if (group.spikes != spikes(p.kind) || (group.spikes && group.threshold_mantissa != wanted.threshold)) {
            say(where, fmt::format("threshold {}; given is {}", group.threshold_mantissa, wanted.threshold));
        }
        if (found.bias != bias || found.initial_current != 0) {
            say(where, fmt::format("bias {} and initial current {}; given are {} and 0", found.bias,
                                   found.initial_current, bias));
        }
        if (group.spikes && group.refractory != p.refractory_steps) {
            say(where, fmt::format("refractory time {}; wanted {}", group.refractory, p.refractory_steps));
        }
        if (group.model != wanted.model || group.parameters != wanted.parameters) {
            say(where, fmt::format("its model is {}, or has other parameters; given is {}", name_of(group.model),
                                   name_of(wanted.model)));
        }
    }
}

void NetworkVerifier::check_registers(std::uint32_t population) {
    const Population& p = network_.populations[population];
    if (p.fixed) {
        check_fixed_registers(population);
        return;
    }
    const chip::NeuronFormat& format = image_.chip.neuron;
    auto& gains = gain_.emplace_back();
    for (std::uint32_t neuron = 0; neuron < p.size(); ++neuron) {
        const std::string where = fmt::format("population '{}', neuron {}", p.name, neuron);
        const Programmed found = programmed(population, neuron);
        const Ought wanted = ought(population, neuron, found);
        gains.push_back(wanted.gain);
        const auto near_decay = [&](double decay, int reg, const chip::IntRange& registers, int offset) {
            const double reachable = std::clamp(decay, static_cast<double>(registers.least + offset),
                                                static_cast<double>(registers.most + offset));
            return std::abs(reg + offset - reachable) <= 0.5 + 1e-9;
        };
        if (!near_decay(wanted.current_decay, found.group.current_decay, format.current_decay,
                        format.current_decay_offset) ||
            !near_decay(wanted.voltage_decay, found.group.voltage_decay, format.voltage_decay,
                        format.voltage_decay_offset)) {
            say(where,
                fmt::format("decay registers {} and {}; wanted {:.2f} and {:.2f} of 4096", found.group.current_decay,
                            found.group.voltage_decay, wanted.current_decay, wanted.voltage_decay));
        }
        const double quantum = std::ldexp(1.0, format.threshold_exponent);
        if (found.group.spikes != spikes(p.kind) ||
            (found.group.spikes &&
             std::abs(found.group.threshold_mantissa * quantum - wanted.threshold) > 0.501 * quantum)) {
            say(where, fmt::format("threshold {} x {}; wanted {:.1f}", found.group.threshold_mantissa, quantum,
                                   wanted.threshold));
        }
        if (std::abs(found.bias - wanted.bias) > 0.501 * found.bias_step + 1e-9 * std::abs(wanted.bias)) {
            say(where, fmt::format("bias {}; wanted {:.2f}", found.bias, wanted.bias));
        }
        if (std::abs(found.initial_current - wanted.initial_current) >
            0.501 + 1e-9 * std::abs(wanted.initial_current)) {
            say(where, fmt::format("initial current {}; wanted {:.2f}", found.initial_current, wanted.initial_current));
        }
        if (found.group.parameters.soft_reset && p.reset != ResetRule::subtract_threshold) {
            say(where, "a spike takes the threshold off; wanted a reset to a value");
        }
        ModelParameters plain;
        plain.soft_reset = found.group.parameters.soft_reset;
        if (!p.fixed && (found.group.model != NeuronModel::leaky || found.group.parameters != plain)) {
            say(where, fmt::format("neuron model '{}' with parameters of its own; wanted a leaky neuron",
                                   name_of(found.group.model)));
        }
        if (found.group.spikes && found.group.refractory != p.refractory_steps) {
            say(where, fmt::format("refractory time {}; wanted {}", found.group.refractory, p.refractory_steps));
        }
    }
}

void NetworkVerifier::gather_held(std::span<const chip::OutputAxon> outputs) {
    held_.clear();
    for (const chip::OutputAxon& output : outputs) {
        const chip::CoreImage& core = image_.cores[output.core.value()];
        const std::uint32_t axon = output.axon.value();
        const std::int32_t base = core.axon(axon).base;
        for (const chip::SynapseEntry& entry : core.entries_of(axon)) {
            const chip::WeightFormat& format = core.formats[entry.format];
            const bool mixed = format.sign_mode == chip::SignMode::mixed;
            const bool plastic = entry.learning > 0;
            const int register_bits = image_.chip.learning.arithmetic.weight_bits;
            // A plastic register resolves the range of 8 bits with as many as it has.
            const double scale = std::ldexp(1.0, format.weight_exponent + (plastic ? 8 - register_bits : 0));
            const double lsb = std::ldexp(1.0, (mixed ? 9 : 8) - format.weight_bits);
            const double step = plastic ? scale : std::max(1.0, lsb * scale);
            const double end =
                plastic ? std::ldexp(scale, register_bits) : std::min(32767.0, (256 - lsb) * scale) - step;
            for (std::uint32_t i = entry.first; i < entry.first + entry.count; ++i) {
                const chip::Synapse& synapse = core.synapses[i];
                if (synapse.weight != 0 || plastic) {
                    const double value = plastic ? synapse.weight * scale : std::floor(synapse.weight * scale);
                    held_.push_back(
                        {.target = key_at_[output.core.value()][static_cast<std::size_t>(base + synapse.target)],
                         .delay = synapse.delay,
                         .rule = entry.learning,
                         .value = value,
                         .step = step,
                         .at_end = plastic ? std::abs(value) >= end - step : std::abs(value) > end});
                }
            }
        }
    }
    std::ranges::sort(held_, by_key_and_value<Held>);
}

void NetworkVerifier::gather_wanted(const Source& source, std::uint32_t neuron) {
    wanted_.clear();
    for (std::uint32_t p = 0; p < network_.projections.size(); ++p) {
        const Projection& projection = network_.projections[p];
        if (!(projection.source == source)) {
            continue;
        }
        connections_.clear();
        expansion_.append(p, neuron, connections_);
        const std::uint32_t population = projection.target.value();
        for (const ExpandedSynapse& connection : connections_) {
            wanted_.push_back({.target = key_of(population, connection.target),
                               .delay = connection.delay,
                               .rule = rule_of_[p],
                               .value = gain_[population][connection.target] * connection.weight / 64.0,
                               .projection = p});
        }
    }
    std::ranges::sort(wanted_, by_key_and_value<Wanted>);
}

template <class Where>
void NetworkVerifier::compare_pair(const Where& where, const Wanted& wanted, const Held& held) {
    const double error = std::abs(held.value - wanted.value);
    const bool clipped = held.at_end && std::abs(wanted.value) > std::abs(held.value) && held.value * wanted.value > 0;
    // Whole numbers into given registers are exact, unless the image admits that they are not.
    const bool exact =
        network_.populations[wanted.target >> 32U].fixed && image_.losses[wanted.projection].rms_error == 0;
    if (exact ? error != 0 : error > 0.5 * held.step + 1e-6 * std::abs(wanted.value) && !clipped) {
        say(where(), fmt::format("a synapse of projection '{}' contributes {} x 64; wanted {:.3f}",
                                 network_.projections[wanted.projection].name, held.value, wanted.value));
    }
}

/// Of parallel synapses that are more than are held, both ascending: the smallest of the sign that has too many, since
/// the signs may have formats, and steps, of their own.
std::span<Wanted>::iterator rounded_away(std::span<Wanted> group, std::span<const Held> held) {
    const auto negative = [](const auto& synapse) { return synapse.value < 0; };
    const auto positive = std::ranges::partition_point(group, negative);
    const bool too_many_negative = positive - group.begin() > std::ranges::count_if(held, negative);
    return too_many_negative || positive == group.end() ? positive - 1 : positive;
}

/// Both lists are sorted. Where fewer are held than wanted, the smallest may have been rounded to zero.
void NetworkVerifier::compare(const std::string& name, std::uint32_t neuron) {
    const auto where = [&] { return fmt::format("'{}'[{}]", name, neuron); };
    std::size_t h = 0;
    for (std::size_t w = 0; w < wanted_.size();) {
        std::size_t w_end = w + 1;
        while (w_end < wanted_.size() && same_key(wanted_[w_end], wanted_[w])) {
            ++w_end;
        }
        if (h < held_.size() && held_[h].target < wanted_[w].target) {
            break;  // a synapse that nobody wants: reported below
        }
        std::size_t h_end = h;
        while (h_end < held_.size() && same_key(held_[h_end], wanted_[w])) {
            ++h_end;
        }
        // Those of the group that are more than are held, and may be gone, move behind its end.
        std::size_t kept_end = w_end;
        while (kept_end - w > h_end - h) {
            const auto group = std::span(wanted_).subspan(w, kept_end - w);
            const auto least = rounded_away(group, std::span(held_).subspan(h, h_end - h));
            const chip::ProjectionLoss& loss = image_.losses[least->projection];
            const double step = std::max(1.0, std::ldexp(1.0, 9 - loss.weight_bits + loss.weight_exponent));
            if (std::abs(least->value) > 0.5 * step || least->rule > 0) {
                say(where(), fmt::format("a synapse of projection '{}' to neuron {} is lost (wanted {:.3f} x 64)",
                                         loss.name, least->target & 0xFFFFFFFFU, least->value));
            }
            ++lost_[least->projection];
            std::rotate(least, least + 1, group.end());
            --kept_end;
        }
        if (h_end - h > kept_end - w) {
            say(where(), fmt::format("{} synapses to neuron {}; wanted {}", h_end - h, wanted_[w].target & 0xFFFFFFFFU,
                                     kept_end - w));
        }
        for (std::size_t i = 0; i < kept_end - w; ++i) {
            compare_pair(where, wanted_[w + i], held_[h + i]);
        }
        w = w_end;
        h = h_end;
    }
    if (h != held_.size()) {
        say(where(), fmt::format("{} synapses that the network does not have", held_.size() - h));
    }
}

void NetworkVerifier::check_source(const Source& source) {
    const std::string& name = network_.source_name(source);
    const auto size = static_cast<std::uint32_t>(network_.source_size(source));
    for (std::uint32_t neuron = 0; neuron < size && findings_.size() < 100; ++neuron) {
        std::span<const chip::OutputAxon> outputs;
        if (source.kind == Source::Kind::input) {
            const chip::InputSymbol& symbol = image_.inputs[source.index];
            outputs = std::span(symbol.outputs)
                          .subspan(symbol.output_first[neuron],
                                   symbol.output_first[neuron + 1] - symbol.output_first[neuron]);
        } else {
            const Seat seat = seats_[source.index][neuron];
            const chip::CoreImage& core = image_.cores[seat.core];
            outputs = std::span(core.outputs)
                          .subspan(core.output_first[seat.compartment],
                                   core.output_first[seat.compartment + 1] - core.output_first[seat.compartment]);
        }
        gather_held(outputs);
        gather_wanted(source, neuron);
        compare(name, neuron);
    }
}

Diagnostics NetworkVerifier::run() {
    if (!shapes_agree()) {
        return std::move(findings_);
    }
    seat_neurons();
    check_cores();
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        check_registers(p);
    }
    lost_.assign(network_.projections.size(), 0);
    rule_of_ = rules_of(network_);
    verify_learning(image_, network_, gain_, findings_);
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        check_source({Source::Kind::population, p});
    }
    for (std::uint32_t i = 0; i < network_.inputs.size(); ++i) {
        check_source({Source::Kind::input, i});
    }
    for (std::size_t p = 0; p < lost_.size(); ++p) {
        if (lost_[p] != image_.losses[p].zeroed) {
            say(fmt::format("projection '{}'", network_.projections[p].name),
                fmt::format("{} weights are zero on the chip; the image admits {}", lost_[p], image_.losses[p].zeroed));
        }
    }
    return std::move(findings_);
}

}  // namespace

Diagnostics verify(const chip::Image& image, const Network& network) {
    Diagnostics findings = verify(image);
    if (has_error(findings)) {
        return findings;
    }
    return NetworkVerifier(image, network).run();
}

}  // namespace spikeloom::compiler
