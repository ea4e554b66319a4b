#include "compiler/verify_registers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace spikeloom::compiler {
namespace {

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

class RegisterVerifier {
public:
    RegisterVerifier(const chip::Image& image, const Network& network, const std::vector<std::vector<Seat>>& seats,
                     Diagnostics& findings)
        : image_(image), network_(network), seats_(seats), findings_(findings) {}
    [[nodiscard]] std::vector<std::vector<double>> run();

private:
    void say(const std::string& where, const std::string& found) {
        if (findings_.size() < 100) {
            findings_.push_back({Severity::error, where, found, "", ""});
        }
    }
    void find_groups();
    void sum_biases();
    [[nodiscard]] Programmed programmed(std::uint32_t population, std::uint32_t neuron) const;
    [[nodiscard]] Ought ought(std::uint32_t population, std::uint32_t neuron, const Programmed& registers) const;
    void check_cores();
    void check_registers(std::uint32_t population);
    void check_fixed_registers(std::uint32_t population);

    const chip::Image& image_;
    const Network& network_;
    const std::vector<std::vector<Seat>>& seats_;
    Diagnostics& findings_;
    std::vector<std::vector<const chip::CompartmentGroup*>> group_at_;  ///< by core, compartment
    std::vector<std::vector<double>> gain_;                             ///< by population, neuron
    std::vector<std::vector<double>> input_bias_;                       ///< the constant part of x
    std::vector<std::vector<double>> late_bias_;  ///< the part of it that is absent in the first step
};

void RegisterVerifier::find_groups() {
    for (const chip::CoreImage& core : image_.cores) {
        auto& groups = group_at_.emplace_back(core.compartments, nullptr);
        for (const chip::CompartmentGroup& group : core.groups) {
            std::fill_n(groups.begin() + group.first, group.count, &group);
        }
    }
}

void RegisterVerifier::sum_biases() {
    for (const Population& population : network_.populations) {
        auto& bias = input_bias_.emplace_back();
        for (std::size_t i = 0; i < population.size(); ++i) {
            bias.push_back(population.bias[i]);
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

Programmed RegisterVerifier::programmed(std::uint32_t population, std::uint32_t neuron) const {
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

Ought RegisterVerifier::ought(std::uint32_t population, std::uint32_t neuron, const Programmed& registers) const {
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
void RegisterVerifier::check_cores() {
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
void RegisterVerifier::check_fixed_registers(std::uint32_t population) {
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

void RegisterVerifier::check_registers(std::uint32_t population) {
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

std::vector<std::vector<double>> RegisterVerifier::run() {
    find_groups();
    sum_biases();
    check_cores();
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        check_registers(p);
    }
    return std::move(gain_);
}

}  // namespace

std::vector<std::vector<double>> verify_registers(const chip::Image& image, const Network& network,
                                                  const std::vector<std::vector<Seat>>& seats, Diagnostics& findings) {
    return RegisterVerifier(image, network, seats, findings).run();
}

}  // namespace spikeloom::compiler
