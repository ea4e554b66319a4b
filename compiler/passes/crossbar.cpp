#include "compiler/passes/crossbar.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "chip/spec/weight_format.hpp"

namespace spikeloom::compiler {
namespace {

/// Calls use(synapse, contribution) for each bit that the crossbar needs: parallel synapses of one delay add up.
/// Synapses of one pair lie side by side; `same_pair` tells them.
template <class Synapse, class SamePair, class Use>
void for_each_joint(std::span<const Synapse> synapses, std::span<const chip::WeightFormat> formats,
                    chip::Conventions::NegativeMixedWeight rounding, SamePair same_pair, Use use) {
    for (std::size_t begin = 0; begin < synapses.size();) {
        std::size_t end = begin;
        while (end < synapses.size() && same_pair(synapses[end], synapses[begin])) {
            ++end;
        }
        for (std::size_t i = begin; i < end; ++i) {
            const auto same_delay = [&](const Synapse& other) { return other.delay == synapses[i].delay; };
            const auto before = synapses.subspan(begin, i - begin);
            if (std::ranges::any_of(before, same_delay)) {
                continue;
            }
            std::int32_t sum = 0;
            for (std::size_t k = i; k < end; ++k) {
                if (same_delay(synapses[k])) {
                    sum += chip::effective_weight_64(static_cast<int>(synapses[k].weight), formats[synapses[k].format],
                                                     rounding);
                }
            }
            if (sum != 0) {
                use(synapses[i], sum);
            }
        }
        begin = end;
    }
}

struct Extent {
    std::uint32_t bits = 0;  ///< all magnitudes, ored: their lowest bit is the unit
    std::int32_t least = 0;
    std::int32_t most = 0;
};

WeightDigits digits_for(const Extent& extent) {
    if (extent.bits == 0) {
        return {};
    }
    const auto width = [](std::int32_t magnitude) {
        return static_cast<std::uint8_t>(std::bit_width(static_cast<std::uint32_t>(magnitude)));
    };
    WeightDigits digits{.unit = static_cast<std::uint8_t>(std::countr_zero(extent.bits))};
    const std::int32_t least = extent.least / (1 << digits.unit);
    const std::int32_t most = extent.most / (1 << digits.unit);
    if (least == 0) {
        digits.count = width(most);
    } else if (most == 0) {
        digits.signs = WeightDigits::Signs::negative;
        digits.count = width(-least);
    } else {
        digits.signs = WeightDigits::Signs::both;
        digits.count = static_cast<std::uint8_t>(std::max(width(-least - 1), width(most)) + 1);
    }
    return digits;
}

}  // namespace

std::uint32_t WeightDigits::of(std::int32_t contribution) const {
    const std::int32_t units = contribution / (1 << unit);
    const std::uint32_t all = (1U << count) - 1U;
    return static_cast<std::uint32_t>(signs == Signs::negative ? -units : units) & all;
}

Crossbar::Crossbar(const FanInTable& table, const chip::ChipSpec& chip)
    : rounding_(chip.conventions.negative_mixed_weight) {
    if (chip.synapses.crossbar_types == 0) {
        return;
    }
    const auto same_source = [](const FanInSynapse& a, const FanInSynapse& b) { return a.source == b.source; };
    digits_.reserve(table.neurons());
    for (std::uint32_t neuron = 0; neuron < table.neurons(); ++neuron) {
        Extent extent;
        for_each_joint(table.list(neuron), table.formats, rounding_, same_source,
                       [&](const FanInSynapse& /*synapse*/, std::int32_t weight) {
                           extent.bits |= static_cast<std::uint32_t>(weight < 0 ? -weight : weight);
                           extent.least = std::min(extent.least, weight);
                           extent.most = std::max(extent.most, weight);
                       });
        digits_.push_back(digits_for(extent));
    }
}

std::int64_t Crossbar::axons(std::span<const CoreSynapse> synapses, std::span<const chip::WeightFormat> formats,
                             std::span<const std::uint32_t> neurons) const {
    const auto same_target = [](const CoreSynapse& a, const CoreSynapse& b) { return a.target == b.target; };
    std::array<std::uint32_t, 256> used{};  // digits by delay
    for_each_joint(synapses, formats, rounding_, same_target,
                   [&](const CoreSynapse& synapse, std::int32_t contribution) {
                       used[synapse.delay] |= digits_[neurons[synapse.target]].of(contribution);
                   });
    std::int64_t count = 0;
    for (const std::uint32_t digits : used) {
        count += std::popcount(digits);
    }
    return std::max<std::int64_t>(count, 1);
}

}  // namespace spikeloom::compiler
