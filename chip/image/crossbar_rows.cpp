#include "chip/image/crossbar_rows.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

namespace spikeloom::chip {
namespace {

/// Contribution to u in units of 2^6 (LOIHI facts 1.5).
std::int64_t contribution(const Synapse& synapse, const WeightFormat& format, const Conventions& conventions) {
    const double lost = std::ldexp(1.0, (format.sign_mode == SignMode::mixed ? 9 : 8) - format.weight_bits);
    const bool to_zero = conventions.negative_mixed_weight == Conventions::NegativeMixedWeight::toward_zero;
    const auto whole = [&](double value) { return to_zero ? std::trunc(value) : std::floor(value); };
    const double value = whole(std::ldexp(whole(synapse.weight / lost) * lost, format.weight_exponent));
    constexpr double most = 32767;
    return static_cast<std::int64_t>(to_zero ? std::clamp(value, -most, most) : value);
}

/// What the digits of a neuron count: the values of 0, 1, ..
using DigitValues = std::vector<std::int64_t>;

/// The digits that add up to the weight, by number; nothing if none do. Each digit is at most what all below it and one
/// more come to, so that going down from the largest finds them.
std::vector<int> written(std::int64_t weight, const DigitValues& values) {
    std::vector<int> digits;
    for (int i = static_cast<int>(values.size()) - 1; i >= 0; --i) {
        const std::int64_t value = values[static_cast<std::size_t>(i)];
        // A negative digit above positive ones is in every negative weight; among negative ones, where it fits.
        const bool taken = value > 0 ? weight >= value : weight < 0 && (weight <= value || values.front() > 0);
        if (taken) {
            digits.push_back(i);
            weight -= value;
        }
    }
    return weight == 0 ? digits : std::vector<int>{-1};
}

/// The first way that writes all: few digits before many, one sign before both, large units before small.
DigitValues shortest(const std::set<std::int64_t>& weights) {
    for (int count = 1; count <= 17; ++count) {
        for (const int kind : {0, 1, 2}) {  // all positive, all negative, the last negative
            for (int unit = 16; unit >= 0; --unit) {
                DigitValues values;
                for (int i = 0; i < count; ++i) {
                    const bool negative = kind == 1 || (kind == 2 && i + 1 == count);
                    values.push_back((negative ? -1 : 1) * (std::int64_t{1} << (unit + i)));
                }
                const auto works = [&](std::int64_t weight) {
                    const std::vector<int> digits = written(weight, values);
                    return digits.empty() || digits.front() >= 0;
                };
                if (std::ranges::all_of(weights, works)) {
                    return values;
                }
            }
        }
    }
    return {};
}

struct CrossbarRows {
    std::vector<std::int64_t> axon;  ///< axons of the crossbar that each input axon of the image takes
    std::int64_t types = 0;
};

CrossbarRows rows_of(const CoreImage& core, const Conventions& conventions) {
    std::map<std::tuple<std::size_t, int, int>, std::int64_t> joints;  // weight by axon, delay, target
    for (std::size_t axon = 0; axon < core.axons(); ++axon) {
        for (const SynapseEntry& entry : core.entries_of(axon)) {
            for (std::uint32_t i = entry.first; i < entry.first + entry.count; ++i) {
                const Synapse& synapse = core.synapses[i];
                joints[{axon, synapse.delay, synapse.target}] +=
                    contribution(synapse, core.formats[entry.format], conventions);
            }
        }
    }
    std::vector<std::set<std::int64_t>> weights(core.compartments);
    for (const auto& [where, weight] : joints) {
        if (weight != 0) {
            weights[static_cast<std::size_t>(std::get<2>(where))].insert(weight);
        }
    }
    std::vector<DigitValues> values;
    CrossbarRows rows;
    for (const auto& incoming : weights) {
        values.push_back(incoming.empty() ? DigitValues{} : shortest(incoming));
        rows.types = std::max(rows.types, static_cast<std::int64_t>(values.back().size()));
    }
    std::set<std::tuple<std::size_t, int, int>> used;  // axon, delay, digit
    for (const auto& [where, weight] : joints) {
        for (const int digit :
             weight == 0 ? std::vector<int>{} : written(weight, values[static_cast<std::size_t>(std::get<2>(where))])) {
            used.emplace(std::get<0>(where), std::get<1>(where), digit);
        }
    }
    rows.axon.assign(core.axons(), 0);
    for (const auto& digit : used) {
        ++rows.axon[std::get<0>(digit)];
    }
    for (std::int64_t& count : rows.axon) {
        count = std::max<std::int64_t>(count, 1);
    }
    return rows;
}

/// `rows`: axons that each input axon of each core takes.
std::int64_t splitters(const CoreImage& core, const ChipSpec& chip, const std::vector<CrossbarRows>& rows) {
    const std::int64_t each = chip.limits.destinations_per_compartment;
    std::int64_t more = 0;
    for (const CompartmentGroup& group : core.groups) {
        const std::int64_t one =
            group.parameters.soft_reset
                ? std::max<std::int64_t>(inputs_of(group.model), chip.neuron.soft_reset_compartments)
                : inputs_of(group.model);
        for (std::uint32_t i = group.first; i < group.first + group.count; ++i) {
            std::int64_t reached = 0;
            for (std::uint32_t o = core.output_first[i]; o < core.output_first[i + 1]; ++o) {
                reached += rows[core.outputs[o].core.value()].axon[core.outputs[o].axon.value()];
            }
            more += std::max<std::int64_t>(reached - 1, 0) / each * one;
        }
    }
    return more;
}

}  // namespace

std::vector<CrossbarUse> crossbar_uses(const Image& image) {
    std::vector<CrossbarUse> uses(image.cores.size());
    const bool crossbar = image.chip.synapses.crossbar_types > 0;
    const bool few = image.chip.limits.destinations_per_compartment > 0;
    std::vector<CrossbarRows> rows;
    for (std::size_t c = 0; c < uses.size() && (crossbar || few); ++c) {
        const CoreImage& core = image.cores[c];
        rows.push_back(crossbar ? rows_of(core, image.chip.conventions)
                                : CrossbarRows{.axon = std::vector<std::int64_t>(core.axons(), 1)});
        uses[c] = {.axons = std::accumulate(rows[c].axon.begin(), rows[c].axon.end(), std::int64_t{0}),
                   .most_of_an_axon = rows[c].axon.empty() ? 0 : std::ranges::max(rows[c].axon),
                   .types = rows[c].types};
    }
    for (std::size_t c = 0; c < uses.size() && few; ++c) {
        uses[c].splitters = splitters(image.cores[c], image.chip, rows);
    }
    return uses;
}

}  // namespace spikeloom::chip
