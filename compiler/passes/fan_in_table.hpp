// Every synapse of a mapped network, as a mantissa and a format, by the neuron where it ends. Neurons whose fan-ins are
// equal but for a shift of all sources (the neurons of a convolution's map) share one list, which is found by hashing,
// not declared: so a convolution costs memory by kernel, not by synapse.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "chip/spec/weight_format.hpp"

namespace spikeloom::compiler {

/// Eight bytes, since networks have hundreds of millions. (All fields of one type, or they would not lie together.)
struct FanInSynapse {
    std::uint64_t source : 26 = 0;  ///< node; in the table: beyond the first source of the list
    std::int64_t weight : 16 = 0;   ///< mantissa
    std::uint64_t format : 14 = 0;  ///< index into FanInTable::formats
    std::uint64_t delay : 8 = 0;    ///< steps
};
static_assert(sizeof(FanInSynapse) == 8);
inline constexpr std::uint64_t most_mapped_nodes = std::uint64_t{1} << 26;
inline constexpr std::size_t most_mapped_formats = std::size_t{1} << 14;

/// What the synapses of a format learn. Two projections that learn never share a format.
struct FormatLearning {
    std::uint8_t profile = 0;  ///< as SynapseEntry::learning; 0: the weights stay
    std::uint8_t rule = 0;     ///< equal for profiles whose synapses can share a rule of the engine, and traces
    int tag_bits = 0;          ///< that a synapse takes beside its weight
    int longest_delay = 0;     ///< that the rule can reach; 0 if it leaves delays alone
};

class FanInTable {
public:
    std::vector<chip::WeightFormat> formats;
    std::vector<FormatLearning> learning;  ///< one a format, or empty: all weights stay

    [[nodiscard]] FormatLearning learning_of(std::uint16_t format) const {
        return learning.empty() ? FormatLearning{} : learning[format];
    }
    /// The next neuron's synapses, ascending by source; with parallel ones in the order in which cores shall hold them.
    void add(std::span<const FanInSynapse> synapses);
    /// Room for so many synapses that no list shares: growth by doubling would hold twice the table.
    void reserve(std::uint64_t synapses) { lists_.reserve(synapses); }
    /// Gives every synapse of format f the format `number[f]`; when all neurons are there.
    void renumber(std::span<const std::uint16_t> number);

    [[nodiscard]] std::uint32_t neurons() const { return static_cast<std::uint32_t>(rows_.size()); }
    [[nodiscard]] std::uint64_t synapses() const { return synapses_; }
    [[nodiscard]] std::uint64_t stored() const { return lists_.size(); }  ///< shared ones once
    [[nodiscard]] std::uint32_t fan_in(std::uint32_t neuron) const { return rows_[neuron].count; }

    /// A neuron's synapses; sources count from the first.
    [[nodiscard]] std::span<const FanInSynapse> list(std::uint32_t neuron) const {
        return std::span(lists_).subspan(rows_[neuron].first, rows_[neuron].count);
    }
    /// Calls use(source, synapse) for all synapses of a neuron, ascending by source; the synapse's own `source` counts
    /// from its list.
    template <class Use>
    void for_each(std::uint32_t neuron, Use use) const {
        for (const FanInSynapse& synapse : list(neuron)) {
            use(rows_[neuron].base + static_cast<std::uint32_t>(synapse.source), synapse);
        }
    }
    /// The same for the different sources of a neuron: use(source).
    template <class Use>
    void for_each_source(std::uint32_t neuron, Use use) const {
        std::uint32_t last = 0xffffffffU;
        for_each(neuron, [&](std::uint32_t source, const FanInSynapse& /*synapse*/) {
            if (source != last) {
                use(source);
                last = source;
            }
        });
    }
    /// By format: whether any synapse has it.
    [[nodiscard]] std::vector<bool> formats_in_use() const;
    /// Synapses by source, one count for each of so many nodes.
    [[nodiscard]] std::vector<std::uint32_t> fan_out(std::uint32_t nodes) const;

private:
    struct Row {
        std::uint64_t first = 0;
        std::uint32_t count = 0;
        std::uint32_t base = 0;  ///< the first source
    };
    [[nodiscard]] bool equal(const Row& known, std::span<const FanInSynapse> synapses, std::uint32_t base) const;

    std::vector<Row> rows_;  ///< by neuron
    std::vector<FanInSynapse> lists_;
    std::uint64_t synapses_ = 0;
    std::unordered_map<std::uint64_t, std::uint32_t> known_;  ///< by hash: a neuron whose list it is
};

/// Equal in all but the place: weight, format, delay.
[[nodiscard]] constexpr bool same_kind(const FanInSynapse& a, const FanInSynapse& b) {
    return a.weight == b.weight && a.format == b.format && a.delay == b.delay;
}

}  // namespace spikeloom::compiler
