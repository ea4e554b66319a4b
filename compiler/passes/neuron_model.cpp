#include "compiler/passes/neuron_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "compiler/passes/fixed_neuron.hpp"

namespace spikeloom::compiler {
namespace {

/// A decay as its register holds it.
struct Decay {
    std::int32_t reg = 0;
    double effective = 0;  ///< fraction a step that the register means; the wanted one if the register can't hold any
    bool lost = false;     ///< a decay was wanted and the register holds none
    bool clamped = false;  ///< more than the register can express
    bool refused = false;  ///< no register comes near: the chip has no such decay
};

Decay decay_register(double fraction, const chip::IntRange& registers, int offset, int bits) {
    const std::int64_t one = std::int64_t{1} << bits;
    const auto wanted = static_cast<std::int64_t>(std::llround(std::min(fraction, 1.0) * static_cast<double>(one)));
    const std::int64_t held = std::clamp<std::int64_t>(wanted, registers.least + offset, registers.most + offset);
    Decay decay;
    decay.reg = static_cast<std::int32_t>(held - offset);
    decay.effective = static_cast<double>(held) / static_cast<double>(one);
    decay.clamped = fraction > 1.0;
    decay.refused = std::abs(wanted - held) > 1;
    if (held == 0 && fraction > 0) {
        decay.lost = true;
        decay.effective = fraction;
    }
    return decay;
}

/// Whether what is left above the threshold matters.
bool subtracts(const Population& population) {
    return spikes(population.kind) && population.reset == ResetRule::subtract_threshold &&
           population.kind != NeuronKind::threshold;
}

/// Counts of neurons by what had to be approximated; reported once a population.
struct Approximations {
    std::size_t current_clamped = 0, voltage_clamped = 0, current_lost = 0, voltage_lost = 0, residual = 0;
    std::size_t negative_threshold = 0, late_bias = 0, shifted_start = 0;
    std::size_t current_refused = 0, voltage_refused = 0;
};

/// Of neurons that subtract the threshold: where that takes no second compartment, there is nothing to be won by giving
/// it up.
bool resets_to_zero(const NeuronModelOptions& options, const chip::ChipSpec& chip) {
    const int compartments = chip.neuron.soft_reset_compartments;
    return compartments <= 0 || (options.approximate_reset && compartments > 1);
}

class Deriver {
public:
    Deriver(const Network& network, std::size_t index, const chip::ChipSpec& chip, const NeuronModelOptions& options)
        : network_(network),
          population_(network.populations[index]),
          chip_name_(chip.name),
          format_(chip.neuron),
          soft_reset_(subtracts(population_) && !resets_to_zero(options, chip)) {
        input_bias_.assign(population_.size(), 0.0);
        late_bias_.assign(population_.size(), 0.0);
        for (std::size_t i = 0; i < input_bias_.size(); ++i) {
            input_bias_[i] = population_.bias[i];
        }
        for (const Projection& projection : network.projections) {
            if (projection.target.value() == index) {
                add_bias(projection);
            }
        }
    }

    DerivedNeuron neuron(std::size_t i);
    void report(Diagnostics& findings) const;

private:
    void add_bias(const Projection& projection) {
        for (std::size_t i = 0; i < input_bias_.size(); ++i) {
            input_bias_[i] += projection.bias[i];
            late_bias_[i] += projection.bias_from_step > 0 ? projection.bias[i] : 0.0;
        }
    }
    /// What u must hold before the first step for the bias to come in as through the synaptic filter.
    double initial_current(double per_input, double keep, std::size_t i) {
        constexpr double least_keep = 1.0 / 16;  // a bias of 19 bits divided by it still fits u
        const bool late_fits = keep >= least_keep;
        if (late_bias_[i] != 0 && !late_fits) {
            ++seen_.late_bias;
        }
        const double late = late_fits ? late_bias_[i] : 0.0;
        return keep > 0 ? -per_input * (input_bias_[i] - late) - (late != 0 ? per_input * late / keep : 0.0) : 0.0;
    }
    void set_voltage_decay(DerivedNeuron& model, double fraction) {
        const Decay decay =
            decay_register(fraction, format_.voltage_decay, format_.voltage_decay_offset, format_.decay_bits);
        model.registers.voltage_decay = decay.reg;
        model.voltage_decay = decay.effective;
        seen_.voltage_refused += decay.refused ? 1U : 0U;
        seen_.voltage_lost += decay.lost && !decay.refused ? 1U : 0U;
        seen_.voltage_clamped += decay.clamped ? 1U : 0U;
        seen_.residual += fraction >= 1.0 && decay.effective < 1.0 ? 1U : 0U;
    }
    void set_current_decay(DerivedNeuron& model, double fraction) {
        const Decay decay =
            decay_register(fraction, format_.current_decay, format_.current_decay_offset, format_.decay_bits);
        model.registers.current_decay = decay.reg;
        model.current_decay = decay.effective;
        seen_.current_refused += decay.refused ? 1U : 0U;
        seen_.current_lost += decay.lost && !decay.refused ? 1U : 0U;
        seen_.current_clamped += decay.clamped ? 1U : 0U;
        seen_.residual += fraction >= 1.0 && decay.effective < 1.0 ? 1U : 0U;
    }

    const Network& network_;
    const Population& population_;
    const std::string& chip_name_;
    const chip::NeuronFormat& format_;
    bool soft_reset_;
    std::vector<double> input_bias_;
    std::vector<double> late_bias_;  ///< the part of it that is absent in the first step
    Approximations seen_;
};

DerivedNeuron Deriver::neuron(std::size_t i) {
    const Population& p = population_;
    const bool fires = spikes(p.kind);
    const bool resets_to_value = fires && p.reset == ResetRule::to_value && p.kind != NeuronKind::threshold;
    // The chip's v counts from the reset value; what never resets counts from 0.
    const double origin = resets_to_value ? p.v_reset[i] : 0.0;

    DerivedNeuron model;
    model.registers.spikes = fires;
    model.registers.parameters.soft_reset = soft_reset_;
    model.registers.refractory = fires ? p.refractory_steps : static_cast<std::int32_t>(format_.refractory.least);
    set_current_decay(model, has_synaptic_current(p.kind) ? network_.step_s / p.tau_syn_s[i] : 1.0);
    if (p.kind == NeuronKind::threshold) {
        set_voltage_decay(model, 1.0);
        model.current_gain = 1.0;
    } else if (leaks(p.kind)) {
        const double decay = network_.step_s / p.tau_mem_s[i];
        set_voltage_decay(model, decay);
        model.current_gain = std::min(decay, 1.0) * p.resistance[i];
        model.bias = std::min(decay, 1.0) * (p.v_leak[i] - origin);
    } else {
        set_voltage_decay(model, 0.0);
        model.current_gain = network_.step_s * p.resistance[i];
    }
    const double w_in = has_synaptic_current(p.kind) ? p.w_in[i] : 1.0;
    model.gain = model.current_gain * (has_synaptic_current(p.kind) ? model.current_decay * w_in : 1.0);
    model.bias += model.current_gain * w_in * input_bias_[i];
    if (fires) {
        model.threshold = p.v_threshold[i] - origin;
        seen_.negative_threshold += model.threshold < 0 ? 1U : 0U;
        seen_.shifted_start += origin != 0 ? 1U : 0U;
    }
    const double keep = has_synaptic_current(p.kind) ? 1.0 - model.current_decay : 0.0;
    model.initial_current = initial_current(model.current_gain * w_in, keep, i);
    return model;
}

void Deriver::report(Diagnostics& findings) const {
    const std::string where = fmt::format("population '{}'", population_.name);
    const auto say = [&](Severity severity, std::size_t count, const std::string& what, const std::string& help = "",
                         const std::string& allowed = "") {
        if (count > 0) {
            findings.push_back(
                {severity, where, fmt::format("{} of {} neurons: {}", count, population_.size(), what), allowed, help});
        }
    };
    const auto refuse = [&](std::size_t count, const std::string& what, const chip::IntRange& registers, int offset,
                            const std::string& help) {
        say(Severity::error, count, what, help,
            fmt::format("{}..{} of {} a step (chip '{}')", registers.least + offset, registers.most + offset,
                        std::int64_t{1} << format_.decay_bits, chip_name_));
    };
    refuse(seen_.voltage_refused, "the membrane's leak is none that the chip has", format_.voltage_decay,
           format_.voltage_decay_offset, "neurons without a leak in proportion to the voltage, or another chip");
    refuse(seen_.current_refused, "the synaptic current's decay is none that the chip has", format_.current_decay,
           format_.current_decay_offset, "neurons without a synaptic current of their own, or another chip");
    say(Severity::error, seen_.negative_threshold, "the threshold lies below the reset value",
        "a chip's threshold mantissa is not negative: raise v_threshold or lower v_reset");
    say(Severity::warning, seen_.voltage_clamped,
        "the membrane time constant is shorter than one step; the voltage decays fully within a step");
    say(Severity::warning, seen_.current_clamped,
        "the synaptic time constant is shorter than one step; the current decays fully within a step");
    const std::string slow = fmt::format("is longer than {} steps, which rounds to a register of no decay",
                                         std::int64_t{2} << format_.decay_bits);
    say(Severity::warning, seen_.voltage_lost, "the membrane time constant " + slow, "use a longer step");
    say(Severity::warning, seen_.current_lost, "the synaptic time constant " + slow, "use a longer step");
    say(Severity::note, seen_.residual,
        fmt::format("the widest decay register leaves 1/{} of the state each step",
                    std::int64_t{1} << format_.decay_bits));
    say(Severity::note, seen_.shifted_start, "the chip's voltage counts from v_reset, so a run starts there, not at 0");
    say(Severity::note, seen_.late_bias,
        "a projection's bias that is absent in the first step is present from the start");
}

void check_expressible(const Population& population, const chip::ChipSpec& chip, const NeuronModelOptions& options,
                       Diagnostics& findings) {
    const std::string where = fmt::format("population '{}'", population.name);
    const chip::IntRange& refractory = chip.neuron.refractory;
    if (!spikes(population.kind)) {
        return;
    }
    if (!refractory.contains(population.refractory_steps)) {
        findings.push_back({Severity::error, where,
                            fmt::format("refractory time of {} steps", population.refractory_steps),
                            fmt::format("{}..{} (chip '{}')", refractory.least, refractory.most, chip.name),
                            "use a longer step or a shorter refractory time"});
    }
    if (subtracts(population) && resets_to_zero(options, chip)) {
        if (options.approximate_reset) {
            findings.push_back({Severity::warning, where,
                                "reset by subtraction is approximated by reset to zero: what exceeds the threshold "
                                "at a spike is lost",
                                "", ""});
        } else {
            findings.push_back({Severity::error, where,
                                "resets by subtracting the threshold; a compartment of the chip resets to zero",
                                "reset to a value",
                                "train with reset to zero, or accept the approximation (--approximate-reset)"});
        }
    }
}

}  // namespace

PopulationModel derive_neuron_model(const Network& network, std::size_t index, const chip::ChipSpec& chip,
                                    const NeuronModelOptions& options, Diagnostics& findings) {
    const Population& population = network.populations[index];
    if (population.fixed) {
        return fixed_neuron_model(population, chip, findings);
    }
    check_expressible(population, chip, options, findings);
    PopulationModel model;
    model.neurons.reserve(population.size());
    Deriver deriver(network, index, chip, options);
    for (std::size_t i = 0; i < population.size(); ++i) {
        model.neurons.push_back(deriver.neuron(i));
    }
    deriver.report(findings);
    return model;
}

}  // namespace spikeloom::compiler
