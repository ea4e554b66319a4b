#include "compiler/memory_bounds.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "chip/spec/weight_format.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::int64_t divide_up(std::int64_t need, std::int64_t room) {
    return room > 0 ? (need + room - 1) / room : 0;
}

int narrowest(const std::vector<int>& widths) {
    int least = 0;
    for (const int width : widths) {
        least = width > 0 && (least == 0 || width < least) ? width : least;
    }
    return least;
}

}  // namespace

/// An entry takes its prefix, and one index at least: of each synapse (sparse), or of the first (run-length, dense),
/// where run-length takes a skip a synapse. What every synapse takes of these is counted with it, the rest of the
/// first index with the entry.
LeastBits least_bits(const FanInTable& table, const chip::SynapseMemory& memory) {
    const int index = narrowest(memory.index_bits);
    int place = index;  // of a synapse
    for (const chip::SynapseEncoding encoding : memory.encodings) {
        if (encoding == chip::SynapseEncoding::dense) {
            place = 0;
        } else if (encoding == chip::SynapseEncoding::runlength) {
            place = std::min(place, narrowest(memory.skip_bits));
        }
    }
    LeastBits least{.synapse = {}, .entry = memory.format_id_bits + memory.count_bits + index - place};
    for (std::size_t f = 0; f < table.formats.size(); ++f) {
        const chip::WeightFormat& format = table.formats[f];
        const int tag_bits = table.learning_of(static_cast<std::uint16_t>(f)).tag_bits;
        least.synapse.push_back(format.weight_bits + format.delay_bits + tag_bits + place);
    }
    return least;
}

/// A source's lists, one a core that it reaches, end each and are filled up to words, so they take at least as many
/// words as all its entries and ends, filled up once; and a word each. An entry holds synapses of one format, a limited
/// number.
std::vector<std::int64_t> least_own_words(const MappedNetwork& mapped, const chip::SynapseMemory& memory,
                                          std::span<const std::int64_t> reach) {
    const LeastBits least = least_bits(mapped.table, memory);
    const std::int64_t most = std::max(memory.synapses_per_entry, 1);
    constexpr std::size_t most_counters = std::size_t{1} << 26;
    const std::size_t formats = mapped.table.formats.size();
    const std::size_t counters = formats * mapped.nodes() <= most_counters ? formats : 1;
    std::vector<std::uint32_t> count(mapped.nodes() * counters, 0);
    std::vector<std::int64_t> bits(mapped.nodes(), 0);
    for (std::uint32_t neuron = 0; neuron < mapped.neurons(); ++neuron) {
        mapped.table.for_each(neuron, [&](std::uint32_t source, const FanInSynapse& synapse) {
            ++count[source * counters + (counters > 1 ? synapse.format : 0U)];
            bits[source] += least.synapse[synapse.format];
        });
    }
    std::vector<std::int64_t> words(mapped.nodes(), 0);
    for (std::size_t node = 0; node < mapped.nodes(); ++node) {
        if (reach[node] == 0) {
            continue;
        }
        std::int64_t entries = 0;
        for (const std::uint32_t synapses : std::span(count).subspan(node * counters, counters)) {
            entries += divide_up(synapses, most);
        }
        entries = std::max(entries, reach[node]);
        const std::int64_t all = bits[node] + entries * least.entry + reach[node] * memory.list_end_bits;
        words[node] = std::max(reach[node], divide_up(all, memory.word_bits));
    }
    return words;
}

/// An axon reads no synapse of its list twice. So a core keeps as many synapses of one kind (weight, format, delay) as
/// any of its sources has of it there; over all cores that is at least as many as any source has of it in all. (A
/// source's own axons on a core read different lists.) Little more can be said of all ways to lay neurons side by side:
/// where every row of a matrix is the one before it moved by one, a list barely longer than a row serves all.
std::int64_t least_shared_words(const MappedNetwork& mapped, const chip::SynapseMemory& memory) {
    constexpr std::uint64_t most_synapses = 16'000'000;
    if (mapped.table.synapses() > most_synapses) {
        return 0;
    }
    std::vector<std::uint32_t> neurons(mapped.neurons());
    std::iota(neurons.begin(), neurons.end(), 0U);
    CoreSynapses all(mapped.table, mapped.nodes());
    all.gather(neurons);
    struct Kind {
        std::uint32_t here = 0;  ///< of the source at hand
        std::uint32_t most = 0;  ///< of any
    };
    std::unordered_map<std::uint64_t, Kind> kinds;
    std::vector<std::uint64_t> seen;
    for (std::size_t i = 0; i < all.sources().size(); ++i) {
        seen.clear();
        for (const CoreSynapse& synapse : all.row(i)) {
            const std::uint64_t kind = std::uint64_t{synapse.format} << 24U | std::uint64_t{synapse.delay} << 16U |
                                       static_cast<std::uint16_t>(synapse.weight);
            if (kinds[kind].here++ == 0) {
                seen.push_back(kind);
            }
        }
        for (const std::uint64_t kind : seen) {
            Kind& count = kinds[kind];
            count.most = std::max(count.most, std::exchange(count.here, 0U));
        }
    }
    const LeastBits least = least_bits(mapped.table, memory);
    std::int64_t bits = 0;
    for (const auto& [kind, count] : kinds) {  // a sum: in any order
        bits += count.most * least.synapse[kind >> 24U];
    }
    return divide_up(bits, memory.word_bits);
}

namespace {

/// Calls use(source, delay, digits) for what a neuron's synapses take of a crossbar, parallel ones of one delay
/// together.
template <class Use>
void for_each_digits(const MappedNetwork& mapped, std::uint32_t neuron, const WeightDigits& digits,
                     chip::Conventions::NegativeMixedWeight rounding, Use use) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int32_t> sums;
    mapped.table.for_each(neuron, [&](std::uint32_t source, const FanInSynapse& synapse) {
        sums[{source, static_cast<std::uint32_t>(synapse.delay)}] +=
            chip::effective_weight_64(static_cast<int>(synapse.weight), mapped.table.formats[synapse.format], rounding);
    });
    for (const auto& [key, sum] : sums) {
        use(key.first, key.second, sum == 0 ? 0U : digits.of(sum));
    }
}

}  // namespace

/// A row serves one source, delay and binary digit on one core; so a source takes, for each of its delays and digits,
/// as many as there are cores that hold its targets with that digit: at least as many as their compartments fill,
/// copies included. And a neuron takes a compartment for each so many rows that it reaches, which fills more cores in
/// turn: each round starts from figures that hold, so all rounds hold.
LeastRows least_rows(const MappedNetwork& mapped, const CoreFacts& facts, const chip::ChipSpec& chip) {
    LeastRows least{.by_node = std::vector<std::int64_t>(mapped.nodes(), 0),
                    .compartments = {facts.compartments.begin(), facts.compartments.end()}};
    constexpr std::size_t digit_bits = 32;
    using Filled = std::array<std::int64_t, digit_bits>;  // compartments of targets, by digit
    constexpr int most_rounds = 4;
    for (int round = 0; round < most_rounds; ++round) {
        std::vector<std::map<std::uint32_t, Filled>> filled(mapped.nodes());  // by delay
        std::vector<std::int64_t> targets(mapped.nodes(), 0);
        for (std::uint32_t neuron = 0; neuron < mapped.neurons(); ++neuron) {
            const std::int64_t here = least.compartments[neuron];
            for_each_digits(mapped, neuron, facts.crossbar.digits(neuron), chip.conventions.negative_mixed_weight,
                            [&](std::uint32_t source, std::uint32_t delay, std::uint32_t digits) {
                                Filled& sums = filled[source][delay];
                                for (; digits != 0; digits &= digits - 1U) {
                                    sums[static_cast<std::size_t>(std::countr_zero(digits))] += here;
                                }
                            });
            mapped.table.for_each_source(neuron, [&](std::uint32_t source) { targets[source] += here; });
        }
        for (std::size_t node = 0; node < mapped.nodes(); ++node) {
            std::int64_t rows = 0;
            for (const auto& [delay, sums] : filled[node]) {
                for (const std::int64_t compartments : sums) {
                    rows += divide_up(compartments, chip.limits.compartments);
                }
            }
            least.by_node[node] = std::max(rows, divide_up(targets[node], chip.limits.compartments));
        }
        bool more = false;
        for (std::uint32_t neuron = 0; neuron < mapped.neurons(); ++neuron) {
            const std::int64_t copies =
                chip.limits.destinations_per_compartment > 0
                    ? std::max<std::int64_t>(1,
                                             divide_up(least.by_node[neuron], chip.limits.destinations_per_compartment))
                    : 1;
            const std::int64_t needed = facts.compartments[neuron] * copies;
            more = more || needed > least.compartments[neuron];
            least.compartments[neuron] = std::max(least.compartments[neuron], needed);
        }
        if (!more) {
            break;
        }
    }
    return least;
}

}  // namespace spikeloom::compiler
