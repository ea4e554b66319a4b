#include "compiler/passes/plastic_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "chip/image/rule_check.hpp"
#include "compiler/passes/weight_fit.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::size_t most_profiles = 255;  // SynapseEntry::learning has 8 bits, and 0 means none
constexpr int loihi_weight_bits = 8;

std::uint32_t port_of(const Network& network, const std::string& name) {
    const auto found = std::ranges::find(network.inputs, name, &InputPort::name);
    return static_cast<std::uint32_t>(found - network.inputs.begin());
}

chip::ThirdFactor::From from(Learning::ThirdFactor::From from) {
    switch (from) {
    case Learning::ThirdFactor::From::nowhere:
        return chip::ThirdFactor::From::nowhere;
    case Learning::ThirdFactor::From::input:
        return chip::ThirdFactor::From::input;
    case Learning::ThirdFactor::From::current:
        return chip::ThirdFactor::From::current;
    case Learning::ThirdFactor::From::voltage:
        return chip::ThirdFactor::From::voltage;
    }
    return chip::ThirdFactor::From::nowhere;
}

/// What the rule reads and nothing moves, and the other way round.
void remark_sources(const Learning& learning, const std::string& where, Diagnostics& findings) {
    using rules::Operand;
    const auto note = [&](std::string found, std::string help) {
        findings.push_back({Severity::note, where, std::move(found), "", std::move(help)});
    };
    const rules::Rule& rule = learning.rule;
    const bool reads_reward = rule.reads(Operand::r0) || rule.reads(Operand::r1);
    if (reads_reward && learning.reward_input.empty()) {
        note("the rule reads the reward, and no input brings one",
             "reward { input: ... }; else only the host can reward");
    }
    if (!reads_reward && !learning.reward_input.empty()) {
        note(fmt::format("input '{}' brings rewards, and the rule reads none", learning.reward_input),
             "r1 or r0 in the rule");
    }
    constexpr std::array traces{Operand::y1, Operand::y2, Operand::y3};
    for (std::size_t i = 0; i < traces.size() && rule.post_traces == rules::PostTraces::neuron; ++i) {
        if (rule.reads(traces[i]) && learning.third_factors[i].from == Learning::ThirdFactor::From::nowhere) {
            note(fmt::format("the rule reads {}, and no third factor writes it: it stays 0", rules::name_of(traces[i])),
                 fmt::format("third_factor {{ trace: {} ... }}", i + 1));
        }
    }
}

}  // namespace

chip::SignMode sign_mode(Learning::Sign sign) {
    switch (sign) {
    case Learning::Sign::mixed:
        return chip::SignMode::mixed;
    case Learning::Sign::excitatory:
        return chip::SignMode::excitatory;
    case Learning::Sign::inhibitory:
        return chip::SignMode::inhibitory;
    }
    return chip::SignMode::mixed;
}

double learning_reach(const Projection& projection) {
    double reach = projection.learning->weight_max;
    std::visit(
        [&](const auto& held) {
            if constexpr (requires { held.weights; }) {
                for (const float weight : held.weights) {
                    reach = std::max(reach, std::abs(static_cast<double>(weight)));
                }
            }
        },
        projection.weights);
    return reach;
}

int largest_mantissa(const chip::ChipSpec& chip) {
    return (1 << chip.learning.arithmetic.weight_bits) - 1;
}

int unit_exponent(const chip::WeightFormat& format, const chip::ChipSpec& chip) {
    return format.weight_exponent + loihi_weight_bits - chip.learning.arithmetic.weight_bits;
}

chip::WeightFormat fit_plastic(double reach, const Learning& learning, const chip::ChipSpec& chip) {
    const double most = largest_mantissa(chip);
    chip::WeightFormat format{.weight_bits = widest_weight(chip.synapses, learning.weight_bits),
                              .weight_exponent = static_cast<int>(chip.synapses.weight_exponent.least),
                              .sign_mode = sign_mode(learning.sign)};
    while (format.weight_exponent < chip.synapses.weight_exponent.most &&
           std::ldexp(most + 0.5, unit_exponent(format, chip)) < reach) {
        ++format.weight_exponent;
    }
    return format;
}

double plastic_loss(double reach, const chip::WeightFormat& format, const chip::ChipSpec& chip) {
    if (!(reach > 0)) {
        return 0;
    }
    const double most = largest_mantissa(chip);
    const int exponent = unit_exponent(format, chip);
    const double missed = std::ldexp(most, exponent) / reach - 1;
    const double coarse = exponent < 0 ? std::ldexp(1.0, -exponent) / most : 0;
    return missed * missed + coarse * coarse;
}

PlasticMantissa plastic_mantissa(double wanted, const chip::WeightFormat& format, const chip::ChipSpec& chip) {
    const chip::IntRange range = chip::stored_weights(format.sign_mode, chip.learning.arithmetic.weight_bits);
    const double exact = std::ldexp(wanted, -unit_exponent(format, chip));
    const auto least = static_cast<double>(range.least);
    const auto most = static_cast<double>(range.most);
    return {.value = static_cast<std::int16_t>(std::lround(std::clamp(exact, least, most))),
            .clipped = exact < least - 0.5 || exact > most + 0.5};
}

void check_plastic(const Network& network, const chip::ChipSpec& chip, Diagnostics& findings) {
    std::size_t plastic = 0;
    for (const Projection& projection : network.projections) {
        if (!projection.learning) {
            continue;
        }
        ++plastic;
        const std::string where = fmt::format("projection '{}'", projection.name);
        if (!chip.learning.present) {
            findings.push_back({Severity::error, where,
                                fmt::format("its synapses learn (rule '{}')", projection.learning->rule.name),
                                fmt::format("weights that stay: chip '{}' has no learning engine", chip.name),
                                "a chip whose description has a `learning` block, as loihi1, or leave `learning` out"});
            continue;
        }
        const Diagnostics rule = chip::check_rule(projection.learning->rule, chip.learning, where);
        findings.insert(findings.end(), rule.begin(), rule.end());
        remark_sources(*projection.learning, where, findings);
        if (widest_weight(chip.synapses, projection.learning->weight_bits) < 1) {
            findings.push_back({Severity::error, where,
                                fmt::format("weight_bits is {}", projection.learning->weight_bits),
                                fmt::format("a width that chip '{}' has, or more", chip.name), ""});
        }
    }
    if (plastic > most_profiles) {
        findings.push_back({Severity::error, fmt::format("network '{}'", network.name),
                            fmt::format("{} projections learn", plastic), fmt::format("at most {}", most_profiles),
                            "join projections that share source, target and rule"});
    }
}

chip::LearningProfile learning_profile(const Network& network, const Projection& projection, double weight_per_unit) {
    const Learning& learning = *projection.learning;
    chip::LearningProfile profile;
    profile.projection = projection.name;
    profile.rule = learning.rule;
    profile.weight_per_unit = weight_per_unit;
    if (!learning.reward_input.empty()) {
        profile.reward =
            chip::RewardPort{.port = port_of(network, learning.reward_input), .values = learning.reward_values};
    }
    for (std::size_t i = 0; i < learning.third_factors.size(); ++i) {
        const Learning::ThirdFactor& factor = learning.third_factors[i];
        profile.third_factors[i] = {.from = from(factor.from),
                                    .port = factor.input.empty() ? 0 : port_of(network, factor.input),
                                    .shift = factor.shift};
    }
    return profile;
}

void check_gains(const Network& network, const std::vector<PopulationModel>& models, Diagnostics& findings) {
    for (const Projection& projection : network.projections) {
        const auto& neurons = models[projection.target.value()].neurons;
        if (!projection.learning || neurons.empty()) {
            continue;
        }
        const auto [least, most] = std::ranges::minmax(neurons, {}, &DerivedNeuron::gain);
        const std::string where = fmt::format("projection '{}'", projection.name);
        if (!(least.gain > 0)) {
            findings.push_back(
                {Severity::error, where,
                 fmt::format("it is plastic, and a weight of 1 moves its target's voltage by {:.4g}", least.gain),
                 "more than 0: learning moves weights, not what they are multiplied with",
                 "a positive resistance and w_in"});
        } else if (most.gain > 1.01 * least.gain) {
            findings.push_back({Severity::note, where,
                                fmt::format("the same learned register means a weight {:.2f} times as large at some of "
                                            "its targets as at others",
                                            most.gain / least.gain),
                                "", "equal time constants, resistance and w_in for all neurons of the target"});
        }
    }
}

void remark_reach(const Projection& projection, const chip::LearningProfile& profile, const chip::ChipSpec& chip,
                  Diagnostics& remarks) {
    constexpr double noticeable = 0.02;
    const double wanted = projection.learning->weight_max;
    const double end = profile.weight_per_unit * largest_mantissa(chip);
    if (std::abs(end / wanted - 1) > noticeable) {
        const bool larger_at_start = learning_reach(projection) > wanted;
        remarks.push_back(
            {Severity::note, fmt::format("projection '{}'", projection.name),
             fmt::format("learning can take its weights to {:.4g}, not to weight_max = {:.4g}", end, wanted), "",
             larger_at_start ? "initial weights within weight_max"
                             : "all plastic projections into a population share one scale: weight_max "
                               "values that are equal, or differ by powers of two"});
    }
}

}  // namespace spikeloom::compiler
