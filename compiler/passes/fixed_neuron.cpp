#include "compiler/passes/fixed_neuron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "compiler/passes/scale.hpp"

namespace spikeloom::compiler {
namespace {

constexpr double unit = 64;  ///< of u, for a weight of 1

/// Whether the threshold register is a mantissa, or the number itself.
bool compares_mantissas(NeuronModel model) {
    return model == NeuronModel::leaky || model == NeuronModel::ternary_leaky ||
           model == NeuronModel::adaptive_threshold;
}

class Registers {
public:
    Registers(const Population& population, const chip::ChipSpec& chip, Diagnostics& findings)
        : population_(population), chip_(chip), findings_(findings) {}

    NeuronRegisters write() {
        FixedNeuron fixed = *population_.fixed;
        check_model(fixed);
        sum_in_voltage(fixed);
        NeuronRegisters registers;
        const chip::NeuronFormat& format = chip_.neuron;
        registers.current_decay =
            decay("current_decay", fixed.current_decay, format.current_decay_offset, format.current_decay);
        registers.voltage_decay =
            decay("voltage_decay", fixed.voltage_decay, format.voltage_decay_offset, format.voltage_decay);
        registers.spikes = spikes(population_.kind);
        registers.threshold_mantissa =
            static_cast<std::int32_t>(registers.spikes ? fixed.threshold : format.threshold_mantissa_max);
        const std::int64_t most = compares_mantissas(fixed.model) ? format.threshold_mantissa_max
                                                                  : (std::int64_t{1} << (format.state_bits - 1)) - 1;
        if (registers.threshold_mantissa > most) {
            refuse(fmt::format("a threshold of {}", fixed.threshold), fmt::format("at most {}", most));
        }
        registers.refractory =
            registers.spikes ? population_.refractory_steps : static_cast<std::int32_t>(format.refractory.least);
        if (!format.refractory.contains(registers.refractory)) {
            refuse(fmt::format("refractory time of {} steps", registers.refractory),
                   fmt::format("{}..{}", format.refractory.least, format.refractory.most));
        }
        registers.model = fixed.model;
        registers.parameters = fixed.parameters;
        check_biases(fixed);
        return registers;
    }

private:
    void refuse(std::string found, const std::string& allowed) {
        findings_.push_back({.where = fmt::format("population '{}'", population_.name),
                             .found = std::move(found),
                             .allowed = fmt::format("{} (chip '{}')", allowed, chip_.name),
                             .help = "its registers are given, so nothing is rounded: choose another chip"});
    }

    void check_model(const FixedNeuron& fixed) {
        const auto& models = chip_.neuron.models;
        if (std::ranges::find(models, fixed.model) == models.end()) {
            std::string known;
            for (const NeuronModel model : models) {
                known += (known.empty() ? "" : ", ") + std::string(name_of(model));
            }
            refuse(fmt::format("neurons of the model {}", name_of(fixed.model)), known);
        }
        if (inputs_of(fixed.model) > 1) {
            findings_.push_back(
                {.where = fmt::format("population '{}'", population_.name),
                 .found = fmt::format("neurons of the model {}, which have two inputs", name_of(fixed.model)),
                 .allowed = "models with one input: no projection says which of two it reaches",
                 .help = "build the image itself, where such a neuron takes two compartments"});
        }
        if (fixed.parameters.soft_reset && chip_.neuron.soft_reset_compartments <= 0) {
            refuse("a reset by subtraction", "a reset to zero");
        }
        if (sends_values(fixed.model) && chip_.neuron.payload_bits <= 0) {
            refuse(fmt::format("neurons of the model {}, which send values", name_of(fixed.model)),
                   "spikes without payload");
        }
    }

    void sum_in_voltage(FixedNeuron& fixed) {
        const bool sums = fixed.model == NeuronModel::leaky && fixed.current_decay == 0 &&
                          fixed.voltage_decay == 4096 && !spikes(population_.kind) &&
                          std::ranges::all_of(fixed.biases, [](std::int32_t bias) { return bias == 0; });
        const auto holds = [&](std::int32_t effective, int offset, const chip::IntRange& range) {
            return range.contains(std::int64_t{effective} - offset);
        };
        const chip::NeuronFormat& format = chip_.neuron;
        if (sums && !(holds(0, format.current_decay_offset, format.current_decay) &&
                      holds(4096, format.voltage_decay_offset, format.voltage_decay))) {
            std::swap(fixed.current_decay, fixed.voltage_decay);
            findings_.push_back({.severity = Severity::note,
                                 .where = fmt::format("population '{}'", population_.name),
                                 .found = "it sums up its input in v instead of u, which the chip's decays can't: v "
                                          "reads the same"});
        }
    }

    std::int32_t decay(const char* name, std::int32_t effective, int offset, const chip::IntRange& range) {
        const std::int32_t held = effective - offset;
        if (!range.contains(held)) {
            refuse(fmt::format("{} of {}", name, effective),
                   fmt::format("{}..{}", range.least + offset, range.most + offset));
        }
        return held;
    }

    void check_biases(const FixedNeuron& fixed) {
        std::size_t lost = 0;
        std::int32_t example = 0;
        for (const std::int32_t bias : fixed.biases) {
            const chip::BiasRegister held = bias_register(bias, chip_.neuron);
            if (std::ldexp(held.mantissa, held.exponent) != bias) {
                ++lost;
                example = bias;
            }
        }
        if (lost > 0) {
            const chip::NeuronFormat& format = chip_.neuron;
            refuse(fmt::format("{} of {} biases that no register holds exactly, {} for one", lost, fixed.biases.size(),
                               example),
                   fmt::format("mantissas {}..{} times 2^{} to 2^{}", format.bias_mantissa.least,
                               format.bias_mantissa.most, format.bias_exponent.least, format.bias_exponent.most));
        }
    }

    const Population& population_;
    const chip::ChipSpec& chip_;
    Diagnostics& findings_;
};

}  // namespace

PopulationModel fixed_neuron_model(const Population& population, const chip::ChipSpec& chip, Diagnostics& findings) {
    const FixedNeuron& fixed = *population.fixed;
    DerivedNeuron neuron;
    neuron.registers = Registers(population, chip, findings).write();
    neuron.gain = unit;
    neuron.current_gain = unit;
    neuron.threshold = std::ldexp(fixed.threshold, chip.neuron.threshold_exponent);
    neuron.current_decay = fixed.current_decay / 4096.0;
    neuron.voltage_decay = fixed.voltage_decay / 4096.0;
    PopulationModel model;
    model.neurons.assign(population.size(), neuron);
    for (std::size_t i = 0; i < model.neurons.size() && !fixed.biases.empty(); ++i) {
        model.neurons[i].bias = fixed.biases[fixed.biases.size() == 1 ? 0 : i];
    }
    return model;
}

}  // namespace spikeloom::compiler
