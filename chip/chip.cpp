// One step of the chip, phase by phase:
//     deliver   spikes of the last step, and inputs of this one, add their weights to the sums of their targets
//     update    every neuron takes its sum, decays, integrates, fires or not
//     learn     plastic synapses whose rule's epoch ends change
//     queue     each spike leaves the names of its rows with the shards that it reaches, for the next step
//     count     what each core received, updated and sent
// The first four run shard by shard, and shards share nothing, so threads change no bit of the result: sums of
// integers don't depend on their order.
#include "chip/chip.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chip/chip_state.hpp"
#include "chip/stopwatch.hpp"

namespace spikeloom::chip {

void Chip::step(std::span<const InputSpike> inputs) {
    state_->step(inputs);
}

void Chip::State::step(std::span<const InputSpike> inputs) {
    queue_inputs(inputs);
    pool_.for_each(tables_.shards.size(), expected_work(), [this](std::size_t shard, std::size_t worker) {
        Stopwatch watch(time_phases_);
        deliver(shard);
        watch.lap(times_[worker].deliver_s);
        tables_.shards[shard].update(now_, {.seed = seed_, .step = noise_step_});
        watch.lap(times_[worker].update_s);
        if (!tables_.profiles.empty()) {
            tables_.shards[shard].learn(learning_step());
            watch.lap(times_[worker].learn_s);
        }
        tables_.shards[shard].payloads().empty() ? queue_spikes<false>(shard, worker)
                                                 : queue_spikes<true>(shard, worker);
        watch.lap(times_[worker].queue_s);
    });
    std::swap(arriving_, leaving_);
    std::swap(arriving_values_, leaving_values_);
    std::swap(arriving_plastic_, leaving_plastic_);
    end_reward_epochs();
    draws_.reset();
    Stopwatch watch(time_phases_);
    count();
    list_spikes();
    watch.lap(times_[0].count_s);
    ++now_;
    ++noise_step_;
}

void Chip::State::queue_inputs(std::span<const InputSpike> inputs) {
    for (const InputSpike& input : inputs) {
        SPIKELOOM_ASSERT(input.port + std::size_t{1} < tables_.port_first_source.size(),
                         fmt::format("port {}", input.port));
        const std::uint32_t first = tables_.port_first_source[input.port];
        SPIKELOOM_ASSERT(input.channel < tables_.port_first_source[input.port + 1] - first,
                         fmt::format("port {}, channel {}", input.port, input.channel));
        if (tables_.graded_ports[input.port]) {
            tables_.sources.for_each_row(first + input.channel, [&](SourceTable::Row row) {
                value_inputs_[row.shard].push_back({row.begin, input.payload});
            });
        } else {
            tables_.sources.for_each_row(first + input.channel,
                                         [&](SourceTable::Row row) { inputs_[row.shard].push_back(row.begin); });
        }
        if (!tables_.profiles.empty()) {
            tables_.plastic_sources.for_each_row(first + input.channel, [&](SourceTable::Row row) {
                plastic_inputs_[row.shard].push_back(plastic_message(row.begin, input.payload));
            });
            modulate(input);
        }
    }
}

void Chip::State::deliver(std::size_t shard) {
    for (RowQueues& queues : arriving_) {
        tables_.shards[shard].deliver(queues[shard], now_);
        queues[shard].clear();
    }
    tables_.shards[shard].deliver_inputs(inputs_[shard], now_);
    inputs_[shard].clear();
    if (tables_.values) {
        deliver_values(shard);
    }
    if (tables_.profiles.empty()) {
        return;
    }
    for (PlasticQueues& queues : arriving_plastic_) {
        tables_.shards[shard].deliver_plastic(queues[shard], now_, learning_step(), false);
        queues[shard].clear();
    }
    tables_.shards[shard].deliver_plastic(plastic_inputs_[shard], now_, learning_step(), true);
    plastic_inputs_[shard].clear();
}

void Chip::State::deliver_values(std::size_t shard) {
    for (ValueQueues& queues : arriving_values_) {
        tables_.shards[shard].deliver_values(queues[shard], now_, false);
        queues[shard].clear();
    }
    tables_.shards[shard].deliver_values(value_inputs_[shard], now_, true);
    value_inputs_[shard].clear();
}

template <bool values>
void Chip::State::queue_spikes(std::size_t shard_index, std::size_t worker) {
    // A spike's record lies anywhere in memory; it is fetched while this many others are read.
    constexpr std::size_t ahead = 16;
    const core::Shard& shard = tables_.shards[shard_index];
    const std::uint32_t first_block = tables_.shard_first_block[shard_index];
    const SourceTable& sources = tables_.sources;
    const auto block_of = [&](std::uint32_t slot) { return first_block + shard.block(slot); };
    const auto source_of = [&](std::uint32_t slot) {
        return tables_.blocks[block_of(slot)].first_source + shard.within_block(slot);
    };

    const std::span<const std::uint32_t> slots = shard.spikes();
    const std::span<const std::int32_t> payloads = shard.payloads();
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (i + 2 * ahead < slots.size()) {
            sources.prefetch_index(source_of(slots[i + 2 * ahead]));
        }
        if (i + ahead < slots.size()) {
            sources.prefetch_record(source_of(slots[i + ahead]));
        }
        const std::uint32_t source = source_of(slots[i]);
        sent_[block_of(slots[i])].add(sources.counts(source));
        if (values && payloads[i] != 1) {
            sources.for_each_row(source, [&](SourceTable::Row row) {
                leaving_values_[worker][row.shard].push_back({row.begin, payloads[i]});
            });
        } else {
            sources.for_each_row(source,
                                 [&](SourceTable::Row row) { leaving_[worker][row.shard].push_back(row.begin); });
        }
        if (!tables_.profiles.empty()) {
            tables_.plastic_sources.for_each_row(source, [&](SourceTable::Row row) {
                leaving_plastic_[worker][row.shard].push_back(plastic_message(row.begin, 0));
            });
        }
    }
}

namespace {

void count_block(core::Shard& shard, std::uint32_t index, const SentCounts& sent, bool tree, Counters& counts) {
    const core::BlockLoad load = shard.take_load(index);
    const auto events = [&](SynapseEncoding encoding) { return load.events[static_cast<std::size_t>(encoding)]; };
    counts[Counter::updates_active] += shard.active(index);
    counts[Counter::updates_idle] += shard.neurons(index) - shard.active(index);
    counts[Counter::spikes] += sent.spikes;
    counts[Counter::messages_out] += sent.messages;
    counts[Counter::messages_in] += load.messages;
    counts[Counter::messages_local] += sent.local;
    counts[tree ? Counter::hops_vertical : Counter::hops_ew] += sent.hops_ew;
    counts[Counter::hops_ns] += sent.hops_ns;
    counts[Counter::synaptic_events_sparse] += events(SynapseEncoding::sparse);
    counts[Counter::synaptic_events_runlength] += events(SynapseEncoding::runlength);
    counts[Counter::synaptic_events_dense] += events(SynapseEncoding::dense);
    counts[Counter::input_spikes] += load.input_messages;
    counts[Counter::learning_updates] += load.learning_updates;
    counts[Counter::hops_chip] += sent.hops_chip;
    counts[Counter::output_spikes] += sent.outputs;
}

}  // namespace

void Chip::State::count() {
    std::fill(step_counts_.begin(), step_counts_.end(), Counters{});
    for (std::size_t b = 0; b < tables_.blocks.size(); ++b) {
        const Block& block = tables_.blocks[b];
        count_block(tables_.shards[block.shard], block.index, sent_[b], tables_.tree, step_counts_[block.core]);
        sent_[b] = {};
    }
    for (std::size_t c = 0; c < counts_.size(); ++c) {
        counts_[c] += step_counts_[c];
    }
}

void Chip::State::list_spikes() {
    spikes_.clear();
    for (std::size_t s = 0; s < tables_.shards.size(); ++s) {
        const core::Shard& shard = tables_.shards[s];
        const std::span<const std::uint32_t> slots = shard.spikes();
        const std::span<const std::int32_t> payloads = shard.payloads();
        for (std::size_t i = 0; i < slots.size(); ++i) {
            const Block& block = tables_.blocks[tables_.shard_first_block[s] + shard.block(slots[i])];
            spikes_.push_back({.core = CoreId(block.core),
                               .compartment = CompartmentId(block.first_compartment + shard.within_block(slots[i])),
                               .payload = payloads.empty() ? 1 : payloads[i]});
        }
    }
}

/// Roughly, in sparse synaptic events: whether waking threads pays.
std::size_t Chip::State::expected_work() const {
    constexpr std::size_t neurons_an_event = 4;
    std::size_t rows = 0;
    for (std::size_t shard = 0; shard < inputs_.size(); ++shard) {
        rows += inputs_[shard].size();
        for (const RowQueues& queues : arriving_) {
            rows += queues[shard].size();
        }
        rows += tables_.values ? value_inputs_[shard].size() : 0;
        for (const ValueQueues& queues : arriving_values_) {
            rows += queues[shard].size();
        }
        // An epoch's end costs some five times a delivery.
        constexpr std::size_t plastic_weight = 5;
        rows += plastic_weight * plastic_inputs_[shard].size();
        for (const PlasticQueues& queues : arriving_plastic_) {
            rows += plastic_weight * queues[shard].size();
        }
    }
    return rows * cost_a_row_ + tables_.port_first_source.front() / neurons_an_event;
}

}  // namespace spikeloom::chip
