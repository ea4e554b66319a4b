#include "chip/load_plastic.hpp"

#include <algorithm>
#include <numeric>

#include "chip/registers.hpp"

namespace spikeloom::chip {
namespace {

rules::IntegerRange weights_of(SignMode sign, int bits) {
    const std::int32_t most = (1 << bits) - 1;
    switch (sign) {
    case SignMode::mixed:
        return {-most - 1, most};
    case SignMode::excitatory:
        return {0, most};
    case SignMode::inhibitory:
        return {-most, 0};
    }
    return {};
}

/// What a stored weight of `bits` bits adds to u, in units of 2^6. A chip with other than 8 bits is hypothetical: its
/// registers resolve the same range more or less finely.
std::int16_t contribution(std::int32_t weight, int bits, const WeightFormat& format,
                          Conventions::NegativeMixedWeight rounding) {
    constexpr int loihi_bits = 8;
    constexpr std::int64_t least = -32768, most = 32767;
    if (bits == loihi_bits) {
        return static_cast<std::int16_t>(effective_weight_64(weight, format, rounding));
    }
    const int shift = format.weight_exponent + loihi_bits - bits;
    const std::int64_t scaled =
        shift >= 0 ? std::int64_t{weight} * (std::int64_t{1} << shift) : std::int64_t{weight} >> -shift;
    return static_cast<std::int16_t>(std::clamp(scaled, least, most));
}

core::RegisterFactor register_factor(const ThirdFactor& factor) {
    using Register = core::RegisterFactor::Register;
    switch (factor.from) {
    case ThirdFactor::From::nowhere:
    case ThirdFactor::From::input:
        return {};
    case ThirdFactor::From::current:
        return {Register::current, factor.shift};
    case ThirdFactor::From::voltage:
        return {Register::voltage, factor.shift};
    }
    return {};
}

}  // namespace

PlasticBuilder::PlasticBuilder(const Image& image, Tables& tables, std::uint64_t seed)
    : image_(image), tables_(tables), seed_(seed) {
    if (!active()) {
        return;
    }
    for (const CoreImage& core : image.cores) {
        std::vector<std::uint32_t>& neurons = neuron_of_.emplace_back(core.compartments);
        std::iota(neurons.begin(), neurons.end(), 0U);
    }
    for (const PopulationSymbol& population : image.populations) {
        for (const PopulationTile& tile : population.tiles) {
            const auto first = neuron_of_[tile.core.value()].begin() + tile.first_compartment;
            std::iota(first, first + tile.count, tile.first_neuron);
        }
    }
    for (const LearningProfile& profile : image.learning) {
        ProfileTable& table = tables.profiles.emplace_back();
        table.rule = profile.rule;
        table.reward = profile.reward;
        table.third_factors = profile.third_factors;
    }
}

void PlasticBuilder::add(std::uint32_t profile, const WeightFormat& format, const core::PlasticSynapseStart& synapse) {
    gathered_[{profile, format}].push_back(synapse);
}

void PlasticBuilder::end_row(std::uint32_t shard, std::vector<SourceTable::Row>& rows) {
    constexpr std::size_t most = core::PlasticSet::max_row_synapses;
    for (const auto& [key, synapses] : gathered_) {
        for (std::size_t first = 0; first < synapses.size(); first += most) {
            const std::uint32_t set = set_with_room({shard, key.first, key.second});
            const auto part = std::span(synapses).subspan(first, std::min(most, synapses.size() - first));
            const std::uint32_t row = tables_.shards[shard].plastic_sets()[set].add_row(source_, part);
            rows.push_back({.shard = shard, .begin = plastic_row_name(set, row)});
        }
    }
    gathered_.clear();
}

std::uint32_t PlasticBuilder::set_with_room(const SetKey& key) {
    const auto [shard, profile, format] = key;
    core::Shard& home = tables_.shards[shard];
    const auto known = open_.find(key);
    if (known != open_.end() && home.plastic_sets()[known->second].rows() < core::PlasticSet::max_rows) {
        return known->second;
    }
    const std::uint32_t set = home.add_plastic_set(layout(profile, format));
    tables_.profiles[profile].sets.push_back({shard, set, format});
    open_[key] = set;
    return set;
}

core::PlasticSetLayout PlasticBuilder::layout(std::uint32_t profile, const WeightFormat& format) const {
    const LearningProfile& described = image_.learning[profile];
    const rules::LearningArithmetic& arithmetic = image_.chip.learning.arithmetic;
    core::PlasticSetLayout layout;
    layout.rule = described.rule;
    layout.arithmetic = arithmetic;
    layout.weights = weights_of(format.sign_mode, arithmetic.weight_bits);
    const int lost_bits = 8 - format.weight_bits + (format.sign_mode == SignMode::mixed ? 1 : 0);
    layout.weight_precision = 1U << std::max(lost_bits, 0);
    layout.profile = profile;
    layout.seed = seed_;
    for (std::size_t y = 0; y < described.third_factors.size(); ++y) {
        layout.registers[y] = register_factor(described.third_factors[y]);
    }
    for (std::int32_t w = layout.weights.least; w <= layout.weights.most; ++w) {
        layout.effective.push_back(
            contribution(w, arithmetic.weight_bits, format, image_.chip.conventions.negative_mixed_weight));
    }
    return layout;
}

void PlasticBuilder::finish() {
    for (const Block& block : tables_.blocks) {
        core::Shard& shard = tables_.shards[block.shard];
        for (core::PlasticSet& set : shard.plastic_sets()) {
            for (std::uint32_t i = 0; i < block.compartments; ++i) {
                set.name_target(shard.slot(block.index, i), neuron(block.core, block.first_compartment + i));
            }
        }
    }
}

}  // namespace spikeloom::chip
