// From the image to the tables: cores into shards, compartment groups into runs, and the synapse lists, which the
// image keeps by destination axon, into rows by source.
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "chip/load_check.hpp"
#include "chip/load_neurons.hpp"
#include "chip/load_plastic.hpp"
#include "chip/plan_shards.hpp"
#include "chip/registers.hpp"
#include "chip/spec/weight_format.hpp"
#include "chip/spike_counter.hpp"
#include "chip/tables.hpp"

namespace spikeloom::chip {
namespace {

using core::RowSynapse;

/// Rows are named by 32-bit offsets; and a small hostile file, whose lists share synapses, could ask for any memory.
constexpr std::uint64_t most_synapses = std::uint64_t{1} << 31;

class Builder {
public:
    Builder(const Image& image, std::uint32_t least_shards, std::uint64_t seed)
        : image_(image),
          spike_counter_(image),
          arithmetic_(arithmetic_of(image.chip)),
          least_shards_(std::max(least_shards, 1U)),
          plastic_(image, tables_, seed) {}

    Result<Tables> build() {
        plan_shards(image_, arithmetic_, least_shards_, tables_);
        if (tables_.shards.size() > SourceTable::max_shards) {
            return fail({.where = "image",
                         .found = fmt::format("{} cores need {} shards", image_.cores.size(), tables_.shards.size()),
                         .allowed = fmt::format("{} shards", SourceTable::max_shards)});
        }
        if (const std::uint64_t synapses = count_axons(); synapses > most_synapses) {
            return fail({.where = "image",
                         .found = fmt::format("its sources reach {} synapses", synapses),
                         .allowed = fmt::format("{}", most_synapses)});
        }
        if (Diagnostics findings = check_loadable(image_, axon_uses_); has_error(findings)) {
            return fail(std::move(findings));
        }
        add_neurons(image_, tables_);
        add_sources();
        plastic_.finish();
        for (core::Shard& shard : tables_.shards) {
            shard.finish();
        }
        tables_.sources.finish();
        tables_.plastic_sources.finish();
        tables_.values = has_values(image_);
        tables_.tree = image_.chip.network.parameters.topology == router::Topology::tree;
        tables_.refractory_probe_shift = image_.chip.neuron.refractory_probe_shift;
        return std::move(tables_);
    }

private:
    std::uint64_t count_axons();
    void add_sources();
    void add_source(std::span<const OutputAxon> outputs, const SourceCounts& counts);
    void add_rows(std::span<const OutputAxon> outputs);
    void add_row(std::uint32_t shard, std::span<const OutputAxon> outputs);
    [[nodiscard]] bool share(const OutputAxon& output, std::uint32_t shard);
    void gather(const OutputAxon& output, std::uint32_t shard);
    void gather(std::uint32_t core, SharedAxon axon, std::uint32_t shard);
    std::int32_t weight_of(std::uint32_t core, std::uint8_t format, std::int16_t mantissa);

    const Image& image_;
    SpikeCounter spike_counter_;
    core::NeuronArithmetic arithmetic_;
    std::uint32_t least_shards_;
    Tables tables_;

    AxonUses axon_uses_;
    using RowKey = std::vector<std::uint64_t>;
    std::map<RowKey, std::uint32_t> shared_rows_;  ///< that several sources have: stored once
    /// What axons with bases of their own read of a list: a row that they share.
    struct ListRow {
        core::SharedRow row;
        std::int32_t lowest = 0;  ///< target of the list at the row's slot 0
    };
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, ListRow> list_rows_;  ///< by core, list, part
    /// Of each core and format: contributions of the mantissas -256..255.
    std::vector<std::vector<std::int16_t>> weights_;
    std::vector<RowSynapse> synapses_;
    std::vector<core::BareMessages> bare_;
    std::vector<core::SharedRow> moved_;
    std::vector<std::pair<std::uint32_t, OutputAxon>> by_shard_;
    std::vector<OutputAxon> in_shard_;
    std::vector<SourceTable::Row> rows_;          ///< of the source at hand
    std::vector<SourceTable::Row> plastic_rows_;  ///< likewise
    PlasticBuilder plastic_;
};

// ---- sources and their rows ----

/// Counts what uses each axon; returns how many synapses all sources reach, each counted as often as it is reached.
std::uint64_t Builder::count_axons() {
    std::vector<std::vector<std::uint64_t>> lengths;
    for (const CoreImage& core : image_.cores) {
        axon_uses_.emplace_back(core.axons());
        std::vector<std::uint64_t>& of_core = lengths.emplace_back(core.axons());
        for (std::size_t axon = 0; axon < core.axons(); ++axon) {
            for (const SynapseEntry& entry : core.entries_of(axon)) {
                of_core[axon] += entry.count;
            }
        }
    }
    std::uint64_t synapses = 0;
    const auto count = [&](const std::vector<OutputAxon>& outputs) {
        for (const OutputAxon& output : outputs) {
            std::uint8_t& uses = axon_uses_[output.core.value()][output.axon.value()];
            uses = static_cast<std::uint8_t>(std::min(uses + 1, 2));
            synapses += std::min(lengths[output.core.value()][output.axon.value()], most_synapses + 1);
        }
    };
    for (const CoreImage& core : image_.cores) {
        count(core.outputs);
    }
    for (const InputSymbol& input : image_.inputs) {
        count(input.outputs);
    }
    return synapses;
}

std::span<const OutputAxon> outputs_of(const std::vector<std::uint32_t>& first, const std::vector<OutputAxon>& outputs,
                                       std::size_t i) {
    if (first.empty()) {
        return {};
    }
    return std::span(outputs).subspan(first[i], first[i + 1] - first[i]);
}

void Builder::add_sources() {
    tables_.sources = SourceTable(image_.chip.mesh.chips() > 1);
    for (std::uint32_t c = 0; c < image_.cores.size(); ++c) {
        const CoreImage& core = image_.cores[c];
        for (std::uint32_t i = 0; i < core.compartments; ++i) {
            if (plastic_.active()) {
                plastic_.begin_source(plastic_.neuron(c, i));
            }
            const std::span<const OutputAxon> outputs = outputs_of(core.output_first, core.outputs, i);
            add_source(outputs, spike_counter_.count(c, i, outputs));
        }
    }
    for (const InputSymbol& input : image_.inputs) {
        tables_.graded_ports.push_back(input.graded);
        tables_.port_first_source.push_back(static_cast<std::uint32_t>(tables_.sources.size()));
        for (std::uint32_t channel = 0; channel < input.size(); ++channel) {
            plastic_.begin_source(channel);
            add_source(outputs_of(input.output_first, input.outputs, channel), {});  // the host's ways are not counted
        }
    }
    tables_.port_first_source.push_back(static_cast<std::uint32_t>(tables_.sources.size()));
}

void Builder::add_source(std::span<const OutputAxon> outputs, const SourceCounts& counts) {
    rows_.clear();
    plastic_rows_.clear();
    add_rows(outputs);
    tables_.sources.add(counts, rows_);
    if (plastic_.active()) {
        tables_.plastic_sources.add({}, plastic_rows_);
    }
}

void Builder::add_rows(std::span<const OutputAxon> outputs) {
    by_shard_.clear();
    for (const OutputAxon& output : outputs) {
        const std::uint32_t first = tables_.core_first_block[output.core.value()];
        const std::uint32_t last = tables_.core_first_block[output.core.value() + 1];
        for (std::uint32_t b = first; b < last; ++b) {
            by_shard_.emplace_back(tables_.blocks[b].shard, output);
        }
    }
    std::sort(by_shard_.begin(), by_shard_.end(), [](const auto& a, const auto& b) {
        return std::tuple(a.first, a.second.core, a.second.axon) < std::tuple(b.first, b.second.core, b.second.axon);
    });
    for (auto first = by_shard_.begin(); first != by_shard_.end();) {
        const std::uint32_t shard = first->first;
        in_shard_.clear();
        for (; first != by_shard_.end() && first->first == shard; ++first) {
            in_shard_.push_back(first->second);
        }
        add_row(shard, in_shard_);
    }
}

void Builder::add_row(std::uint32_t shard, std::span<const OutputAxon> outputs) {
    RowKey key;
    const bool shared = std::all_of(outputs.begin(), outputs.end(), [&](const OutputAxon& o) {
        return axon_uses_[o.core.value()][o.axon.value()] > 1;
    });
    if (shared) {
        key.push_back(shard);
        for (const OutputAxon& output : outputs) {
            key.push_back(std::uint64_t{output.core.value()} << 32 | output.axon.value());
        }
        const auto known = shared_rows_.find(key);
        if (known != shared_rows_.end()) {
            rows_.push_back({.shard = shard, .begin = known->second});
            return;
        }
    }
    synapses_.clear();
    bare_.clear();
    moved_.clear();
    for (const OutputAxon& output : outputs) {
        if (!share(output, shard)) {
            gather(output, shard);
        }
    }
    plastic_.end_row(shard, plastic_rows_);
    if (synapses_.empty() && bare_.empty() && moved_.empty() && !shared) {
        return;
    }
    const std::uint32_t begin = tables_.shards[shard].add_row(synapses_, bare_, moved_);
    rows_.push_back({.shard = shard, .begin = begin});
    if (shared) {
        shared_rows_.emplace(std::move(key), begin);
    }
}

/// A list that axons share is a row of its own, to which the rows of their sources point. Not if it is so short that
/// its synapses may as well stand in each row, nor in cores of more compartments than a block has.
bool Builder::share(const OutputAxon& output, std::uint32_t shard) {
    constexpr std::uint32_t least_synapses = 4;
    const std::uint32_t c = output.core.value();
    const CoreImage& core = image_.cores[c];
    if (core.shared_axons.empty() || core.compartments > core::max_slots) {
        return false;
    }
    const SharedAxon axon = core.axon(output.axon.value());
    const auto [known, added] = list_rows_.try_emplace({c, axon.list, axon.part});
    ListRow& list = known->second;
    if (added) {
        std::int32_t lowest = std::numeric_limits<std::int32_t>::max();
        for (const SynapseEntry& entry : core.entries_of(axon)) {
            if (entry.learning != 0) {
                list.row.synapses = 0;
                return false;
            }
            list.row.synapses += entry.count;
            for (std::uint32_t i = entry.first; i < entry.first + entry.count; ++i) {
                lowest = std::min<std::int32_t>(lowest, core.synapses[i].target);
            }
        }
        if (list.row.synapses >= least_synapses) {
            std::vector<RowSynapse> rest;
            std::swap(rest, synapses_);
            gather(c, {.list = axon.list, .base = -lowest, .part = axon.part}, shard);
            list.row.begin = tables_.shards[shard].add_shared_row(synapses_);
            list.lowest = lowest;
            std::swap(rest, synapses_);
        }
    }
    if (list.row.synapses < least_synapses) {
        return false;
    }
    moved_.push_back({.begin = list.row.begin,
                      .slots = static_cast<std::uint32_t>(axon.base + list.lowest),
                      .synapses = list.row.synapses});
    return true;
}

void Builder::gather(const OutputAxon& output, std::uint32_t shard_index) {
    const std::uint32_t core = output.core.value();
    gather(core, image_.cores[core].axon(output.axon.value()), shard_index);
}

/// The part of an axon's list that lies in a shard. The list's first synapse opens the message.
void Builder::gather(std::uint32_t c, SharedAxon axon, std::uint32_t shard_index) {
    const CoreImage& core = image_.cores[c];
    const core::Shard& shard = tables_.shards[shard_index];
    const std::uint32_t first_block = tables_.core_first_block[c];
    bool opens = true;
    for (const SynapseEntry& entry : core.entries_of(axon)) {
        for (std::uint32_t i = entry.first; i < entry.first + entry.count; ++i) {
            const Synapse& synapse = core.synapses[i];
            const auto target = static_cast<std::uint32_t>(axon.base + synapse.target);
            const Block& block = tables_.blocks[first_block + target / core::max_slots];
            if (block.shard == shard_index && entry.learning != 0) {
                plastic_.add(entry.learning - 1U, core.formats[entry.format],
                             {.slot = shard.slot(block.index, target - block.first_compartment),
                              .weight = synapse.weight,
                              .delay = synapse.delay,
                              .kind = static_cast<std::uint32_t>(entry.encoding),
                              .opens_message = opens});
            } else if (block.shard == shard_index) {
                synapses_.emplace_back(
                    RowSynapse::Fields{.slot = shard.slot(block.index, target - block.first_compartment),
                                       .weight = weight_of(c, entry.format, synapse.weight),
                                       .delay = synapse.delay,
                                       .kind = static_cast<std::uint32_t>(entry.encoding),
                                       .opens_message = opens});
            }
            opens = false;
        }
    }
    if (opens && tables_.blocks[first_block].shard == shard_index) {
        bare_.push_back({.block = tables_.blocks[first_block].index, .count = 1});
    }
}

std::int32_t Builder::weight_of(std::uint32_t core, std::uint8_t format, std::int16_t mantissa) {
    constexpr int least = -256;
    constexpr int most = 255;
    if (weights_.empty()) {
        weights_.resize(image_.cores.size());
    }
    std::vector<std::int16_t>& table = weights_[core];
    const Conventions::NegativeMixedWeight rounding = image_.chip.conventions.negative_mixed_weight;
    if (table.empty()) {
        for (const WeightFormat& f : image_.cores[core].formats) {
            for (int m = least; m <= most; ++m) {
                table.push_back(static_cast<std::int16_t>(effective_weight_64(m, f, rounding)));
            }
        }
    }
    if (mantissa < least || mantissa > most) {
        return effective_weight_64(mantissa, image_.cores[core].formats[format], rounding);
    }
    return table[std::size_t{format} * (most - least + 1) + static_cast<std::size_t>(mantissa - least)];
}

}  // namespace

Result<Tables> build_tables(const Image& image, std::uint32_t least_shards, std::uint64_t seed) {
    if (Diagnostics findings = check_image(image); has_error(findings)) {
        return fail(std::move(findings));
    }
    return Builder(image, least_shards, seed).build();
}

}  // namespace spikeloom::chip
