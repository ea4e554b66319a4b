#include "compiler/network_check_learning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "chip/image/rule_check.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::int32_t least_reward = -128;
constexpr std::int32_t most_reward = 127;
constexpr int most_shift = 31;

/// What every engine of a chip description stays within (chip_spec.proto); the compiler checks the chip's own.
chip::LearningFormat widest_engine() {
    chip::LearningFormat widest;
    widest.arithmetic.trace_bits = 15;
    widest.rule = {.mantissa_least = -128,
                   .mantissa_most = 127,
                   .exponent_least = -15,
                   .exponent_most = 15,
                   .constant_least = -32768,
                   .constant_most = 32767,
                   .decimation_most = 9,
                   .products = 256,
                   .factors = 16};
    return widest;
}

class LearningChecker {
public:
    LearningChecker(const Network& network, const Projection& projection)
        : network_(network),
          projection_(projection),
          learning_(*projection.learning),
          where_(fmt::format("projection '{}'", projection.name)) {}

    Diagnostics run() {
        found_ = chip::check_rule(learning_.rule, widest_engine(), where_);
        weights();
        reward();
        for (std::size_t i = 0; i < learning_.third_factors.size(); ++i) {
            third_factor(learning_.third_factors[i], fmt::format("{}, third factor y{}", where_, i + 1));
        }
        return std::move(found_);
    }

private:
    void complain(std::string where, std::string found, std::string allowed, std::string help = {}) {
        found_.push_back({.where = std::move(where),
                          .found = std::move(found),
                          .allowed = std::move(allowed),
                          .help = std::move(help)});
    }

    [[nodiscard]] const InputPort* port(const std::string& name) const {
        const auto found = std::ranges::find(network_.inputs, name, &InputPort::name);
        return found == network_.inputs.end() ? nullptr : &*found;
    }

    void weights() {
        if (!std::isfinite(learning_.weight_max) || learning_.weight_max <= 0) {
            complain(where_, fmt::format("weight_max is {}", learning_.weight_max), "a number above 0");
        }
        if (learning_.weight_bits < 1 || learning_.weight_bits > 8) {
            complain(where_, fmt::format("weight_bits is {}", learning_.weight_bits), "1..8");
        }
        if (std::holds_alternative<ConvolutionWeights>(projection_.weights)) {
            complain(where_, "its weights are plastic and those of a convolution, which many synapses share",
                     "dense, sparse or one-to-one weights, each of which changes by itself",
                     "write the synapses out (`synapses`, or a sparse rule), or let the convolution's weights stay");
            return;
        }
        const auto wrong = [&](float weight) {
            return (learning_.sign == Learning::Sign::excitatory && weight < 0) ||
                   (learning_.sign == Learning::Sign::inhibitory && weight > 0);
        };
        std::visit(
            [&](const auto& held) {
                if constexpr (requires { held.weights; }) {
                    const auto bad = std::ranges::find_if(held.weights, wrong);
                    if (bad != held.weights.end()) {
                        const bool excitatory = learning_.sign == Learning::Sign::excitatory;
                        complain(where_,
                                 fmt::format("a weight is {}, and the projection learns as {}", *bad,
                                             excitatory ? "excitatory" : "inhibitory"),
                                 excitatory ? "weights of 0 and more" : "weights of 0 and less",
                                 "sign: mixed, or other initial weights");
                    }
                }
            },
            projection_.weights);
    }

    void reward() {
        if (learning_.reward_input.empty()) {
            if (!learning_.reward_values.empty()) {
                complain(where_, "rewards have values, but come from no input", "the name of an input");
            }
            return;
        }
        const InputPort* input = port(learning_.reward_input);
        if (input == nullptr) {
            complain(where_, fmt::format("its reward comes from '{}'", learning_.reward_input),
                     "the name of an input of the network");
        } else if (learning_.reward_values.size() != input->size()) {
            complain(where_,
                     fmt::format("{} reward values, and input '{}' has {} channels", learning_.reward_values.size(),
                                 input->name, input->size()),
                     "one value a channel");
        }
        for (const std::int32_t value : learning_.reward_values) {
            if (value < least_reward || value > most_reward) {
                complain(where_, fmt::format("a reward is {}", value),
                         fmt::format("{}..{}", least_reward, most_reward));
            }
        }
    }

    void third_factor(const Learning::ThirdFactor& factor, const std::string& where) {
        using From = Learning::ThirdFactor::From;
        if (factor.from > From::voltage) {
            complain(where, "it comes from an unknown place", "nowhere, an input, the current, the voltage");
        }
        if (factor.from != From::nowhere && learning_.rule.post_traces != rules::PostTraces::neuron) {
            complain(where, "the rule's y traces follow spikes", "a rule whose post traces the neuron writes",
                     "post_traces: neuron in the rule");
        }
        if (factor.shift < 0 || factor.shift > most_shift) {
            complain(where, fmt::format("its shift is {}", factor.shift), fmt::format("0..{}", most_shift));
        }
        if (factor.from != From::input) {
            if (!factor.input.empty()) {
                complain(where, fmt::format("it names input '{}', but does not come from it", factor.input),
                         "an input only where it comes from one");
            }
            return;
        }
        const InputPort* input = port(factor.input);
        const std::size_t targets = network_.populations[projection_.target.value()].size();
        if (input == nullptr) {
            complain(where, fmt::format("it comes from '{}'", factor.input), "the name of an input of the network");
        } else if (input->size() != 1 && input->size() != targets) {
            complain(where, fmt::format("input '{}' has {} channels", input->name, input->size()),
                     fmt::format("1 channel, or {}, one a target neuron", targets));
        }
    }

    const Network& network_;
    const Projection& projection_;
    const Learning& learning_;
    std::string where_;
    Diagnostics found_;
};

}  // namespace

Diagnostics check_learning(const Network& network, const Projection& projection) {
    return LearningChecker(network, projection).run();
}

}  // namespace spikeloom::compiler
