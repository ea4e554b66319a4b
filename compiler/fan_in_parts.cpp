#include "compiler/fan_in_parts.hpp"

#include <algorithm>
#include <vector>

namespace spikeloom::compiler {

std::optional<std::uint64_t> cores_in_parts(const DenseLayer& layer, std::uint32_t parts, const chip::ChipSpec& chip) {
    const chip::SynapseMemory& memory = chip.synapses;
    const auto axons = static_cast<std::int64_t>((layer.sources + parts - 1) / parts);
    if (axons == 0 || axons > std::min(std::int64_t{chip.limits.input_axons}, std::int64_t{memory.words}) ||
        layer.synapse_bits <= 0) {
        return std::nullopt;
    }
    const int least_index = memory.index_bits.empty() ? 0 : std::ranges::min(memory.index_bits);
    const int overhead = memory.format_id_bits + memory.count_bits + memory.list_end_bits + least_index;
    const std::int64_t list_bits =
        std::min(memory.words / axons, std::int64_t{memory.words_per_axon}) * memory.word_bits - overhead;
    const auto fitting = static_cast<std::int64_t>(static_cast<double>(list_bits) / layer.synapse_bits);
    if (fitting < 1) {
        return std::nullopt;
    }
    const auto neurons = static_cast<std::uint64_t>(std::min(fitting, std::int64_t{chip.limits.compartments}));
    return parts * ((layer.neurons + neurons - 1) / neurons);
}

FanInParts cheapest_fan_in_parts(const DenseLayer& layer, const chip::ChipSpec& chip) {
    constexpr std::uint32_t most_parts = 64;
    constexpr double worth_more_parts = 1.1;
    std::vector<FanInParts> ways;
    for (std::uint32_t parts = 2; parts <= std::min<std::uint64_t>(most_parts, layer.sources); ++parts) {
        if (const auto cores = cores_in_parts(layer, parts, chip)) {
            ways.push_back({.parts = parts, .cores = *cores});
        }
    }
    if (ways.empty()) {
        return {};
    }
    const std::uint64_t least = std::ranges::min_element(ways, {}, &FanInParts::cores)->cores;
    return *std::ranges::find_if(ways, [&](const FanInParts& way) {
        return static_cast<double>(way.cores) <= worth_more_parts * static_cast<double>(least);
    });
}

}  // namespace spikeloom::compiler
