#include "compiler/legalise/payload_bounds.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "chip/spec/weight_format.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::int64_t unknown = 0;

class Bounder {
public:
    Bounder(const Network& network, const MappedNetwork& mapped, const chip::ChipSpec& chip)
        : network_(network), mapped_(mapped), chip_(chip) {}

    std::vector<std::int64_t> run() {
        std::vector<std::uint32_t> open;
        for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
            const std::optional<FixedNeuron>& fixed = network_.populations[p].fixed;
            const bool values = fixed && sends_values(fixed->model) && fixed->model != NeuronModel::ternary_leaky;
            bounds_.insert(bounds_.end(), network_.populations[p].size(), values ? unknown : 1);
            if (values && sends_what_it_hears(*fixed)) {
                open.push_back(p);
            }
        }
        for (const InputPort& port : network_.inputs) {
            bounds_.insert(bounds_.end(), port.size(), port.graded ? unknown : 1);
        }
        // Sources first: a population is bounded once all that it hears is.
        while (std::erase_if(open, [&](std::uint32_t population) { return bound(population); }) > 0) {
        }
        return std::move(bounds_);
    }

private:
    static bool sends_what_it_hears(const FixedNeuron& fixed) {
        return fixed.model == NeuronModel::graded_vector || fixed.model == NeuronModel::graded_relu ||
               (fixed.model == NeuronModel::delta && !fixed.parameters.cumulative_error && !fixed.parameters.corrected);
    }

    /// What a neuron hears in a step; nothing where a source has no bound.
    [[nodiscard]] std::optional<std::int64_t> hears(std::uint32_t node) const {
        std::int64_t sum = 0;
        bool known = true;
        mapped_.table.for_each(node, [&](std::uint32_t source, const FanInSynapse& synapse) {
            known = known && bounds_[source] != unknown && sum < most;
            sum += known
                       ? bounds_[source] * std::abs(std::int64_t{chip::effective_weight_64(
                                               static_cast<int>(synapse.weight), mapped_.table.formats[synapse.format],
                                               chip_.conventions.negative_mixed_weight)})
                       : 0;
        });
        return known && sum < most ? std::optional(sum) : std::nullopt;
    }

    /// True where all its neurons have bounds, which they take then.
    bool bound(std::uint32_t population) {
        const FixedNeuron& fixed = *network_.populations[population].fixed;
        const std::uint32_t first = mapped_.population_first[population];
        std::vector<std::int64_t> own;
        for (std::uint32_t node = first; node < mapped_.population_first[population + 1]; ++node) {
            const std::optional<std::int64_t> heard = hears(node);
            if (!heard) {
                return false;
            }
            // Of a difference: of two sums, and of what was too little to send before.
            const int exponent = fixed.parameters.state_exponent;
            const std::int64_t sends =
                fixed.model == NeuronModel::delta
                    ? (2 * (*heard << exponent) + std::int64_t{fixed.threshold}) / (std::int64_t{1} << exponent) + 1
                    : *heard;
            const std::int64_t payload = (std::int64_t{1} << (std::max(chip_.neuron.payload_bits, 1) - 1)) - 1;
            own.push_back(sends <= payload ? std::max<std::int64_t>(sends, 1) : unknown);
        }
        std::ranges::copy(own, bounds_.begin() + first);
        return std::ranges::find(own, unknown) == own.end();
    }

    static constexpr std::int64_t most = std::int64_t{1} << 32;  ///< beyond it no payload holds it, and sums might wrap
    const Network& network_;
    const MappedNetwork& mapped_;
    const chip::ChipSpec& chip_;
    std::vector<std::int64_t> bounds_;
};

}  // namespace

std::vector<std::int64_t> payload_bounds(const Network& network, const MappedNetwork& mapped,
                                         const chip::ChipSpec& chip) {
    return Bounder(network, mapped, chip).run();
}

}  // namespace spikeloom::compiler
