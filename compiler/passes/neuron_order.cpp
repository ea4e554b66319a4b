#include "compiler/passes/neuron_order.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "compiler/passes/core_use.hpp"

namespace spikeloom::compiler {
namespace {

/// Interleaves the bits of two 16-bit coordinates.
std::uint64_t morton_code(std::uint32_t row, std::uint32_t column) {
    std::uint64_t code = 0;
    for (unsigned bit = 0; bit < 16; ++bit) {
        code |= std::uint64_t{(column >> bit) & 1U} << (2 * bit) | std::uint64_t{(row >> bit) & 1U} << (2 * bit + 1);
    }
    return code;
}

/// Fills one core after the other with the neuron that shares the largest part of its sources with the core.
class OverlapFiller {
public:
    OverlapFiller(const MappedNetwork& mapped, const chip::ChipSpec& chip)
        : table_(mapped.table),
          chip_(chip),
          neurons_(mapped.neurons()),
          core_sources_(mapped.nodes(), 0),
          shared_(neurons_, 0),
          shared_round_(neurons_, 0),
          assigned_(neurons_, false) {
        build_targets();
    }

    [[nodiscard]] std::optional<NeuronOrder> run(std::uint64_t most_work);

private:
    static constexpr std::size_t levels = 256;

    void build_targets();
    [[nodiscard]] bool has_room(std::uint32_t neuron) const;
    void take(std::uint32_t neuron);
    void raise_targets(std::uint32_t source);
    [[nodiscard]] std::optional<std::uint32_t> best_candidate();
    void close_core();
    [[nodiscard]] std::size_t level(std::uint32_t neuron) const {
        return (levels - 1) * shared_[neuron] / std::max<std::size_t>(in_degree(neuron), 1);
    }
    [[nodiscard]] std::size_t in_degree(std::uint32_t neuron) const { return table_.fan_in(neuron); }

    const FanInTable& table_;
    const chip::ChipSpec& chip_;
    std::uint32_t neurons_;
    std::vector<std::uint64_t> target_begin_;  ///< by node
    std::vector<std::uint32_t> targets_;       ///< neurons
    std::vector<std::uint32_t> core_sources_;  ///< round in which the source joined a core
    std::vector<std::uint32_t> shared_;        ///< synapses from sources of the core
    std::vector<std::uint32_t> shared_round_;
    std::vector<bool> assigned_;
    std::array<std::vector<std::uint32_t>, levels> buckets_;
    std::size_t top_ = 0;
    std::uint32_t round_ = 1;
    std::int64_t axons_ = 0;
    std::int64_t bits_ = 0;
    std::int64_t synapse_bits_ = 18;  ///< of a sparse list, and the largest tag
    std::uint64_t work_ = 0;
    std::vector<std::uint32_t> core_;
    NeuronOrder order_{.name = "greedy overlap of sources", .neuron_at = {}};
};

void OverlapFiller::build_targets() {
    int tag_bits = 0;
    for (const FormatLearning& learning : table_.learning) {
        tag_bits = std::max(tag_bits, learning.tag_bits);
    }
    synapse_bits_ += tag_bits;
    const std::vector<std::uint32_t> fan_out = table_.fan_out(static_cast<std::uint32_t>(core_sources_.size()));
    target_begin_.assign(1, 0);
    for (const std::uint32_t targets : fan_out) {
        target_begin_.push_back(target_begin_.back() + targets);
    }
    targets_.resize(target_begin_.back());
    std::vector<std::uint64_t> next(target_begin_.begin(), target_begin_.end() - 1);
    for (std::uint32_t neuron = 0; neuron < neurons_; ++neuron) {
        table_.for_each(
            neuron, [&](std::uint32_t source, const FanInSynapse& /*synapse*/) { targets_[next[source]++] = neuron; });
    }
}

/// A cautious estimate (sparse lists of full width); the exact reckoning follows when cores are filled.
bool OverlapFiller::has_room(std::uint32_t neuron) const {
    if (static_cast<std::int64_t>(core_.size()) >= chip_.limits.compartments) {
        return false;
    }
    std::int64_t axons = axons_;
    table_.for_each(neuron, [&](std::uint32_t source, const FanInSynapse& /*synapse*/) {
        axons += core_sources_[source] != round_ ? 1 : 0;
    });
    const std::int64_t bits = bits_ + static_cast<std::int64_t>(in_degree(neuron)) * synapse_bits_;
    return axons <= chip_.limits.input_axons &&
           bits + axons * chip_.synapses.word_bits / 2 <= chip_.synapses.words * chip_.synapses.word_bits;
}

void OverlapFiller::take(std::uint32_t neuron) {
    assigned_[neuron] = true;
    core_.push_back(neuron);
    bits_ += static_cast<std::int64_t>(in_degree(neuron)) * synapse_bits_;
    table_.for_each_source(neuron, [&](std::uint32_t source) {
        if (core_sources_[source] != round_) {
            core_sources_[source] = round_;
            ++axons_;
            raise_targets(source);
        }
    });
}

/// The targets of a source that has joined the core share one source more with it.
void OverlapFiller::raise_targets(std::uint32_t source) {
    for (std::uint64_t i = target_begin_[source]; i < target_begin_[source + 1]; ++i) {
        const std::uint32_t target = targets_[i];
        ++work_;
        if (assigned_[target]) {
            continue;
        }
        if (shared_round_[target] != round_) {
            shared_round_[target] = round_;
            shared_[target] = 0;
        }
        const std::size_t before = level(target);
        ++shared_[target];
        const std::size_t after = level(target);
        if (after != before || shared_[target] == 1) {
            buckets_[after].push_back(target);
            top_ = std::max(top_, after);
        }
    }
}

std::optional<std::uint32_t> OverlapFiller::best_candidate() {
    for (;; --top_) {
        std::vector<std::uint32_t>& bucket = buckets_[top_];
        while (!bucket.empty()) {
            const std::uint32_t neuron = bucket.back();
            bucket.pop_back();
            if (!assigned_[neuron] && level(neuron) == top_) {
                return neuron;
            }
        }
        if (top_ == 0) {
            return std::nullopt;
        }
    }
}

void OverlapFiller::close_core() {
    std::ranges::sort(core_);
    order_.neuron_at.insert(order_.neuron_at.end(), core_.begin(), core_.end());
    order_.cuts.push_back(static_cast<std::uint32_t>(order_.neuron_at.size()));
    core_.clear();
    for (auto& bucket : buckets_) {
        bucket.clear();
    }
    top_ = 0;
    axons_ = 0;
    bits_ = 0;
    ++round_;
}

std::optional<NeuronOrder> OverlapFiller::run(std::uint64_t most_work) {
    std::uint32_t next_seed = 0;
    while (order_.neuron_at.size() + core_.size() < neurons_) {
        if (work_ > most_work) {
            return std::nullopt;
        }
        while (assigned_[next_seed]) {
            ++next_seed;
        }
        std::uint32_t candidate = best_candidate().value_or(next_seed);
        if (!core_.empty() && !has_room(candidate)) {
            close_core();
            candidate = next_seed;  // from the edge of what is left, so that no islands stay behind
        }
        take(candidate);
    }
    close_core();
    return std::move(order_);
}

}  // namespace

NeuronOrder natural_order(const MappedNetwork& mapped) {
    NeuronOrder order{.name = "filled in the order of the populations", .neuron_at = {}};
    order.neuron_at.resize(mapped.neurons());
    std::iota(order.neuron_at.begin(), order.neuron_at.end(), 0U);
    return order;
}

NeuronOrder separate_order(const MappedNetwork& mapped) {
    NeuronOrder order = natural_order(mapped);
    order.name = "filled population by population";
    order.cuts.assign(mapped.population_first.begin() + 1, mapped.population_first.end());
    return order;
}

std::optional<NeuronOrder> profile_order(const MappedNetwork& mapped) {
    NeuronOrder order = natural_order(mapped);
    order.name = "filled along decays and thresholds";
    bool any = false;
    for (std::size_t p = 0; p < mapped.populations.size(); ++p) {
        const MappedPopulation& population = mapped.populations[p];
        if (population.registers.size() <= 1) {
            continue;
        }
        any = true;
        const std::uint32_t first = mapped.population_first[p];
        std::stable_sort(
            order.neuron_at.begin() + first, order.neuron_at.begin() + mapped.population_first[p + 1],
            [&](std::uint32_t a, std::uint32_t b) { return population.of(a - first) < population.of(b - first); });
    }
    return any ? std::optional(std::move(order)) : std::nullopt;
}

std::optional<NeuronOrder> pixel_order(const Network& network, const MappedNetwork& mapped, bool morton) {
    NeuronOrder order = natural_order(mapped);
    order.name = morton ? "filled along a Z curve of pixels" : "filled along rows of pixels";
    bool any = false;
    for (std::size_t p = 0; p < network.populations.size(); ++p) {
        const Shape& shape = network.populations[p].shape;
        if (shape.size() != 3 || shape[1] * shape[2] <= 1 || shape[1] >= 65536 || shape[2] >= 65536) {
            continue;
        }
        any = true;
        struct Pixel {
            std::uint64_t rank = 0;
            std::uint32_t index = 0;
        };
        std::vector<Pixel> pixels;
        for (std::uint32_t row = 0; row < shape[1]; ++row) {
            for (std::uint32_t column = 0; column < shape[2]; ++column) {
                const std::uint32_t index = row * shape[2] + column;
                pixels.push_back({morton ? morton_code(row, column) : index, index});
            }
        }
        std::ranges::sort(pixels, {}, &Pixel::rank);
        std::uint32_t at = mapped.population_first[p];
        for (const Pixel& pixel : pixels) {
            for (std::uint32_t channel = 0; channel < shape[0]; ++channel) {
                order.neuron_at[at++] = mapped.population_first[p] + channel * shape[1] * shape[2] + pixel.index;
            }
        }
    }
    return any ? std::optional(std::move(order)) : std::nullopt;
}

std::optional<NeuronOrder> overlap_order(const MappedNetwork& mapped, const chip::ChipSpec& chip,
                                         std::uint64_t most_work) {
    return OverlapFiller(mapped, chip).run(most_work);
}

}  // namespace spikeloom::compiler
