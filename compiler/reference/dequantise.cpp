#include "compiler/reference/dequantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "compiler/legalise/late_reference.hpp"
#include "compiler/reference/image_view.hpp"

namespace spikeloom::compiler {
namespace {

/// What the registers of one neuron mean in the network's equations.
struct Meaning {
    double current_decay = 1;  ///< a step; what the network wants where the register holds none
    double voltage_decay = 0;
    double charging = 0;         ///< of what v is drawn to, the part that a step adds: the network's own decay
    bool leaks_on_chip = false;  ///< the register holds a decay
    double origin = 0;           ///< the network's v where the chip's is 0
    double current_gain = 1;     ///< u over voltage_per_unit, per unit of s
    double gain = 1;             ///< u over voltage_per_unit, per unit of x
};

Meaning meaning_of(const Network& network, const Population& population, const Registers& registers,
                   const chip::NeuronFormat& format, std::size_t i) {
    const double one = std::ldexp(1.0, format.decay_bits);
    const double du = std::min(1.0, (registers.group.current_decay + format.current_decay_offset) / one);
    const double dv = std::min(1.0, (registers.group.voltage_decay + format.voltage_decay_offset) / one);
    Meaning meaning;
    if (population.fixed) {
        constexpr double weight_unit = 64;  // of u
        meaning.gain = weight_unit;
        return meaning;
    }
    if (has_synaptic_current(population.kind)) {
        meaning.current_decay = du > 0 ? du : network.step_s / population.tau_syn_s[i];
    }
    if (leaks(population.kind)) {
        meaning.leaks_on_chip = dv > 0;
        meaning.voltage_decay = dv > 0 ? dv : network.step_s / population.tau_mem_s[i];
        // The passes take the exact decay here, so that v rises as fast as in float (merged decays: as the user's).
        meaning.charging = std::min(1.0, network.step_s / population.tau_mem_s[i]);
        meaning.current_gain = meaning.charging * population.resistance[i];
    } else if (population.kind != NeuronKind::threshold) {
        meaning.current_gain = network.step_s * population.resistance[i];
    }
    meaning.gain = meaning.current_gain;
    if (has_synaptic_current(population.kind)) {
        meaning.gain *= meaning.current_decay * population.w_in[i];
    }
    const bool counts_from_reset =
        spikes(population.kind) && population.kind != NeuronKind::threshold && population.reset == ResetRule::to_value;
    meaning.origin = counts_from_reset ? population.v_reset[i] : 0.0;
    return meaning;
}

class Dequantiser {
public:
    Dequantiser(const Network& network, const chip::Image& image, const ImageView& view)
        : view_(view), format_(image.chip.neuron), original_(network), variant_(network) {
        for (std::size_t p = 0; p < network.populations.size(); ++p) {
            meanings_.emplace_back();
            for (std::size_t i = 0; i < network.populations[p].size(); ++i) {
                meanings_[p].push_back(
                    meaning_of(network, network.populations[p], view.registers(p)[i], image.chip.neuron, i));
            }
        }
    }

    // Order matters: weights, then thresholds, then decays, which stretch what a lost leak needs.
    void replace_weights();
    void replace_thresholds();
    void replace_decays();
    [[nodiscard]] Network take() { return std::move(variant_); }

private:
    void replace_biases(std::size_t population);
    void replace_late_biases(std::size_t population, int from);
    [[nodiscard]] bool drawn_by_leak(std::size_t population) const;

    const ImageView& view_;
    const chip::NeuronFormat& format_;
    const Network& original_;
    Network variant_;
    std::vector<std::vector<Meaning>> meanings_;
    bool biases_replaced_ = false;
};

void Dequantiser::replace_weights() {
    std::vector<Source> sources;
    for (std::uint32_t i = 0; i < original_.inputs.size(); ++i) {
        sources.push_back({Source::Kind::input, i});
    }
    for (std::uint32_t i = 0; i < original_.populations.size(); ++i) {
        sources.push_back({Source::Kind::population, i});
    }
    // What stays of the old projections is their bias.
    for (Projection& projection : variant_.projections) {
        projection.weights =
            SparseWeights{std::vector<std::uint64_t>(original_.source_size(projection.source) + 1, 0), {}, {}, {}};
        projection.delay_steps = 0;
    }
    for (const Source& source : sources) {
        std::map<std::uint32_t, SparseWeights> by_target;
        const auto size = static_cast<std::uint32_t>(original_.source_size(source));
        for (std::uint32_t neuron = 0; neuron < size; ++neuron) {
            view_.for_each_synapse(source, neuron, [&](const NeuronPlace& place, double contribution, int delay) {
                const double unit =
                    meanings_[place.population][place.neuron].gain * view_.voltage_per_unit(place.population);
                SparseWeights& weights = by_target[place.population];
                weights.row_begin.resize(std::size_t{neuron} + 1, weights.targets.size());
                weights.targets.push_back(place.neuron);
                weights.weights.push_back(static_cast<float>(unit != 0 ? contribution / unit : 0.0));
                weights.delays.push_back(static_cast<std::uint8_t>(delay));
            });
        }
        for (auto& [target, weights] : by_target) {
            weights.row_begin.resize(std::size_t{size} + 1, weights.targets.size());
            Projection projection;
            projection.name =
                fmt::format("image: {} -> {}", original_.source_name(source), original_.populations[target].name);
            projection.source = source;
            projection.target = PopulationId(target);
            projection.weights = std::move(weights);
            projection.recurrent = std::any_of(
                original_.projections.begin(), original_.projections.end(), [&](const Projection& candidate) {
                    return candidate.source == source && candidate.target.value() == target && candidate.recurrent;
                });
            variant_.projections.push_back(std::move(projection));
        }
    }
}

void Dequantiser::replace_thresholds() {
    biases_replaced_ = true;
    for (std::size_t p = 0; p < variant_.populations.size(); ++p) {
        Population& population = variant_.populations[p];
        if (population.fixed) {
            continue;  // registers are as they were given
        }
        if (spikes(population.kind)) {
            population.v_threshold.values.resize(population.size());
            for (std::size_t i = 0; i < population.size(); ++i) {
                const double threshold =
                    std::ldexp(view_.registers(p)[i].group.threshold_mantissa, format_.threshold_exponent);
                population.v_threshold.values[i] = meanings_[p][i].origin + threshold / view_.voltage_per_unit(p);
            }
        }
        replace_biases(p);
    }
}

/// All that is added to v every step, as the registers hold it. A bias B with an initial current -F acts as F through
/// the synaptic filter and B - F at once; what acts at once becomes part of v_leak where v leaks.
void Dequantiser::replace_biases(std::size_t p) {
    if (const int from = biased_from(original_, p); from > 0 && !drawn_by_leak(p)) {
        replace_late_biases(p, from);
        return;
    }
    Population& population = variant_.populations[p];
    std::vector<double> biases(population.size(), 0.0);
    std::vector<double> leaks_to(population.size(), 0.0);
    for (std::size_t i = 0; i < population.size(); ++i) {
        const Meaning& meaning = meanings_[p][i];
        const Registers& registers = view_.registers(p)[i];
        const double through_filter =
            has_synaptic_current(population.kind) ? meaning.current_gain * population.w_in[i] : 0;
        const double filtered = through_filter != 0 ? -registers.initial_current / view_.voltage_per_unit(p) : 0.0;
        if (filtered != 0) {
            biases[i] = filtered / through_filter;
        }
        const double added = static_cast<double>(registers.bias) / view_.voltage_per_unit(p) - filtered;
        if (leaks(population.kind)) {
            leaks_to[i] = meaning.origin + added / meaning.charging;
        } else if (meaning.current_gain != 0) {
            biases[i] = added / meaning.current_gain;
        }
    }
    population.bias = Parameter(std::move(biases));
    if (leaks(population.kind)) {
        population.v_leak = Parameter(std::move(leaks_to));
    }
    for (Projection& projection : variant_.projections) {
        if (projection.target.value() == p) {
            projection.bias = Parameter(0.0);
            projection.bias_from_step = 0;
        }
    }
}

/// Whether a leak alone moves a neuron from where it starts.
bool Dequantiser::drawn_by_leak(std::size_t p) const {
    const Population& population = original_.populations[p];
    for (std::size_t i = 0; leaks(population.kind) && i < population.size(); ++i) {
        if (population.v_leak[i] != meanings_[p][i].origin) {
            return true;
        }
    }
    return false;
}

/// Where all that is added acts from a step on, as the float network has it: one of its projections brings it.
void Dequantiser::replace_late_biases(std::size_t p, int from) {
    Population& population = variant_.populations[p];
    std::vector<double> biases(population.size(), 0.0);
    for (std::size_t i = 0; i < population.size(); ++i) {
        const double per_input =
            meanings_[p][i].current_gain * (has_synaptic_current(population.kind) ? population.w_in[i] : 1.0);
        const double added = static_cast<double>(view_.registers(p)[i].bias) / view_.voltage_per_unit(p);
        biases[i] = per_input != 0 ? added / per_input : 0.0;
    }
    population.bias = Parameter(0.0);
    if (leaks(population.kind)) {
        std::vector<double> origins;
        for (const Meaning& meaning : meanings_[p]) {
            origins.push_back(meaning.origin);
        }
        population.v_leak = Parameter(std::move(origins));
    }
    bool carried = false;
    for (Projection& projection : variant_.projections) {
        if (projection.target.value() == p) {
            projection.bias = carried ? Parameter(0.0) : Parameter(biases);
            projection.bias_from_step = from;
            carried = true;
        }
    }
}

void Dequantiser::replace_decays() {
    constexpr double hardly = 0x1.0p-30;  // a decay that takes longer than any run, for registers that hold none
    for (std::size_t p = 0; p < variant_.populations.size(); ++p) {
        Population& population = variant_.populations[p];
        if (population.fixed) {
            continue;
        }
        const auto one_each = [&](Parameter& parameter) -> std::vector<double>& {
            std::vector<double> values(population.size());
            for (std::size_t i = 0; i < values.size(); ++i) {
                values[i] = parameter[i];
            }
            parameter = Parameter(std::move(values));
            return parameter.values;
        };
        if (has_synaptic_current(population.kind)) {
            std::vector<double>& tau = one_each(population.tau_syn_s);
            for (std::size_t i = 0; i < tau.size(); ++i) {
                tau[i] = original_.step_s / meanings_[p][i].current_decay;
            }
        }
        if (!leaks(population.kind)) {
            continue;
        }
        std::vector<double>& tau = one_each(population.tau_mem_s);
        std::vector<double>& resistance = one_each(population.resistance);
        std::vector<double>& leak = one_each(population.v_leak);
        for (std::size_t i = 0; i < population.size(); ++i) {
            const Meaning& meaning = meanings_[p][i];
            const double decay = meaning.leaks_on_chip ? meaning.voltage_decay : hardly;
            tau[i] = original_.step_s / decay;
            resistance[i] *= meaning.charging / decay;
            // What biases were replaced by is added as it is; a potential at rest stays where the leak is a register's.
            const double drawn = biases_replaced_ || !meaning.leaks_on_chip ? meaning.charging / decay : 1.0;
            leak[i] = meaning.origin + (leak[i] - meaning.origin) * drawn;
        }
    }
}

}  // namespace

Result<Network> quantised_variant(const Network& network, const chip::Image& image, QuantisedPart part) {
    ImageView view(network, image);
    if (Diagnostics findings = view.open(); has_error(findings)) {
        return fail(std::move(findings));
    }
    Dequantiser dequantiser(network, image, view);
    const bool all = part == QuantisedPart::all;
    if (all || part == QuantisedPart::weights) {
        dequantiser.replace_weights();
    }
    if (all || part == QuantisedPart::thresholds) {
        dequantiser.replace_thresholds();
    }
    if (all || part == QuantisedPart::decays) {
        dequantiser.replace_decays();
    }
    return dequantiser.take();
}

}  // namespace spikeloom::compiler
