#include "compiler/trial_changes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <variant>

namespace spikeloom::compiler {
namespace {

/// More cores than any network of the trials needs; what a fill may ask for is bounded by this.
constexpr int enlarged_cores = 1 << 18;
/// Limits that a change of the chip can lift for a trial: far beyond what any core holds.
constexpr std::int64_t lifted = std::int64_t{1} << 30;
constexpr int lifted_index_bits = 30;

/// The weights of a projection, whatever form they have.
std::vector<float>& weights_of(Weights& weights) {
    struct Visitor {
        std::vector<float>& operator()(DenseWeights& dense) const { return dense.weights; }
        std::vector<float>& operator()(SparseWeights& sparse) const { return sparse.weights; }
        std::vector<float>& operator()(ConvolutionWeights& convolution) const { return convolution.kernel; }
        std::vector<float>& operator()(OneToOneWeights& one) const { return one.weights; }
    };
    return std::visit(Visitor{}, weights);
}

}  // namespace

chip::ChipSpec with_large_board(chip::ChipSpec chip) {
    const int cores = std::max(chip.mesh.cores(), 1);
    chip.mesh.chip_columns *= std::max(enlarged_cores / cores, 1);
    return chip;
}

chip::ChipSpec without_limit(chip::ChipSpec chip, Limit limit) {
    switch (limit) {
    case Limit::compartments:
        chip.limits.compartments = 1 << 20;
        chip.synapses.index_bits.push_back(lifted_index_bits);
        break;
    case Limit::input_axons:
        chip.limits.input_axons = lifted;
        if (chip.synapses.crossbar_types > 0) {  // axons, and words, are the rows of the crossbar
            chip.synapses.words = chip.synapses.words_per_axon = lifted;
        }
        break;
    case Limit::output_axons:
        chip.limits.output_axons = lifted;
        break;
    case Limit::synapse_words:
        chip.synapses.words = lifted;
        break;
    case Limit::axon_words:
        chip.synapses.words_per_axon = lifted;
        break;
    case Limit::compartment_profiles:
        chip.limits.compartment_profiles = lifted;
        break;
    case Limit::threshold_profiles:
        chip.limits.threshold_profiles = lifted;
        break;
    case Limit::synapse_formats:
        chip.synapses.synapse_formats = 255;
        break;
    case Limit::learning_rules:
        chip.learning.profiles_per_core = 255;
        break;
    case Limit::plastic_axons:
        chip.learning.plastic_axons = lifted;
        break;
    case Limit::axon_types:
        chip.synapses.crossbar_types = chip.synapses.crossbar_types > 0 ? 255 : 0;
        break;
    }
    return chip;
}

chip::ChipSpec with_shared_lists(chip::ChipSpec chip, bool shared) {
    chip.synapses.shared_lists = shared;
    chip.synapses.shared_base_most = shared ? chip.limits.compartments - 1 : 0;
    chip.synapses.shared_base_multiple = 1;
    chip.synapses.shared_in_part = shared;
    return chip;
}

std::uint64_t synapses_written(const Network& network) {
    struct Visitor {
        std::uint64_t targets = 0;
        std::uint64_t operator()(const DenseWeights& dense) const { return dense.weights.size(); }
        std::uint64_t operator()(const SparseWeights& sparse) const { return sparse.targets.size(); }
        std::uint64_t operator()(const ConvolutionWeights& convolution) const {
            return convolution.kernel.size() * convolution.output[1] * convolution.output[2];
        }
        std::uint64_t operator()(const OneToOneWeights& /*one*/) const { return targets; }
    };
    std::uint64_t sum = 0;
    for (const Projection& projection : network.projections) {
        sum +=
            std::visit(Visitor{.targets = network.populations[projection.target.value()].size()}, projection.weights);
    }
    return sum;
}

int longest_delay(const Network& network) {
    int longest = 0;
    for (const Projection& projection : network.projections) {
        int own = 0;
        if (const auto* sparse = std::get_if<SparseWeights>(&projection.weights); sparse && !sparse->delays.empty()) {
            own = *std::ranges::max_element(sparse->delays);
        }
        longest = std::max(longest, projection.delay_steps + own);
    }
    return longest;
}

Network pruned(const Network& network, double share, std::vector<double>& lost) {
    Network smaller = network;
    lost.clear();
    for (Projection& projection : smaller.projections) {
        double gone = 0;
        double all = 0;
        std::vector<float>& weights = weights_of(projection.weights);
        std::vector<std::uint32_t> order;
        for (std::uint32_t i = 0; i < weights.size(); ++i) {
            all += static_cast<double>(weights[i]) * weights[i];
            if (weights[i] != 0) {
                order.push_back(i);
            }
        }
        const auto count = static_cast<std::ptrdiff_t>(std::floor(share * static_cast<double>(order.size())));
        if (!projection.learning && weights.size() > 1) {
            std::ranges::nth_element(order, order.begin() + count, [&](std::uint32_t a, std::uint32_t b) {
                const float left = std::fabs(weights[a]);
                const float right = std::fabs(weights[b]);
                return left != right ? left < right : a > b;
            });
            for (auto at = order.begin(); at != order.begin() + count; ++at) {
                gone += static_cast<double>(weights[*at]) * weights[*at];
                weights[*at] = 0;
            }
        }
        lost.push_back(all > 0 ? std::sqrt(gone / all) : 0);
    }
    return smaller;
}

Network with_longer_steps(const Network& network, int factor) {
    const auto fewer = [factor](int steps) { return (steps + factor - 1) / factor; };
    Network slower = network;
    slower.step_s *= factor;
    for (Projection& projection : slower.projections) {
        projection.delay_steps = fewer(projection.delay_steps);
        if (auto* sparse = std::get_if<SparseWeights>(&projection.weights)) {
            for (std::uint8_t& delay : sparse->delays) {
                delay = static_cast<std::uint8_t>(fewer(delay));
            }
        }
    }
    for (Population& population : slower.populations) {
        population.refractory_steps = std::max(fewer(population.refractory_steps), 1);
    }
    return slower;
}

}  // namespace spikeloom::compiler
