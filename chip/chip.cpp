// One step of the chip, phase by phase:
//     deliver   spikes of the last step, and inputs of this one, add their weights to the sums of their targets
//     update    every neuron takes its sum, decays, integrates, fires or not
//     queue     each spike leaves the names of its rows with the shards that it reaches, for the next step
//     count     what each core received, updated and sent
// The first three run shard by shard, and shards share nothing, so threads change no bit of the result: sums of
// integers don't depend on their order.
#include "chip/chip.hpp"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "chip/registers.hpp"
#include "chip/tables.hpp"
#include "chip/thread_pool.hpp"

namespace spikeloom::chip {
namespace {

/// Adds the processor time since the last lap to a sum, if it is on.
class Stopwatch {
public:
    explicit Stopwatch(bool on) : on_(on), last_(on ? now() : 0) {}
    void lap(double& seconds) {
        if (on_) {
            const double current = now();
            seconds += current - last_;
            last_ = current;
        }
    }

private:
    static double now() {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    }
    bool on_;
    double last_;
};

}  // namespace

class Chip::State {
public:
    State(Tables tables, const ChipOptions& options)
        : tables_(std::move(tables)),
          seed_(options.seed),
          pool_(options.threads),
          stopwatch_on_(options.time_phases),
          times_(static_cast<std::size_t>(pool_.workers())),
          arriving_(static_cast<std::size_t>(pool_.workers()), Rows(tables_.shards.size())),
          leaving_(arriving_),
          inputs_(tables_.shards.size()),
          sent_(tables_.blocks.size()),
          step_counts_(tables_.cores()),
          counts_(tables_.cores()) {}

    void step(std::span<const InputSpike> inputs) {
        queue_inputs(inputs);
        pool_.for_each(tables_.shards.size(), expected_work(), [this](std::size_t shard, std::size_t worker) {
            Stopwatch watch(stopwatch_on_);
            deliver(shard);
            watch.lap(times_[worker].deliver_s);
            tables_.shards[shard].update(now_, {.seed = seed_, .step = noise_step_});
            watch.lap(times_[worker].update_s);
            queue_spikes(shard, worker);
            watch.lap(times_[worker].queue_s);
        });
        std::swap(arriving_, leaving_);
        Stopwatch watch(stopwatch_on_);
        count();
        watch.lap(times_[0].count_s);
        ++now_;
        ++noise_step_;
    }

    void reset_state() {
        for (core::Shard& shard : tables_.shards) {
            shard.reset();
        }
        for (Rows& rows : arriving_) {
            std::for_each(rows.begin(), rows.end(), [](auto& queue) { queue.clear(); });
        }
        std::fill(step_counts_.begin(), step_counts_.end(), Counters{});
        spikes_.clear();
        now_ = 0;
    }

    void reset() {
        reset_state();
        std::fill(counts_.begin(), counts_.end(), Counters{});
        noise_step_ = 0;
    }

    [[nodiscard]] std::span<const CoreSpike> spikes() const { return spikes_; }
    [[nodiscard]] std::span<const Counters> step_counts() const { return step_counts_; }
    [[nodiscard]] std::span<const Counters> counts() const { return counts_; }
    [[nodiscard]] const Tables& tables() const { return tables_; }
    [[nodiscard]] Step now() const { return Step(now_); }
    [[nodiscard]] PhaseTimes phase_times() const {
        PhaseTimes sum;
        for (const PhaseTimes& t : times_) {
            sum.deliver_s += t.deliver_s;
            sum.update_s += t.update_s;
            sum.queue_s += t.queue_s;
            sum.count_s += t.count_s;
        }
        return sum;
    }

    /// Where a compartment lies.
    struct Place {
        core::Shard* shard;
        std::uint32_t slot;
    };
    [[nodiscard]] Place place(CoreId core, CompartmentId compartment) {
        SPIKELOOM_ASSERT(core.value() < tables_.cores(), fmt::format("core {}", core.value()));
        const std::uint32_t part = compartment.value() / core::max_slots;
        const std::uint32_t first = tables_.core_first_block[core.value()];
        const Block& block = tables_.blocks[std::min(first + part, tables_.core_first_block[core.value() + 1] - 1)];
        const std::uint32_t within = compartment.value() - block.first_compartment;
        SPIKELOOM_ASSERT(within < block.compartments,
                         fmt::format("core {}, compartment {}", core.value(), compartment.value()));
        core::Shard& shard = tables_.shards[block.shard];
        return {&shard, (block.index << shard.layout().block_shift) + within};
    }

    [[nodiscard]] std::size_t resident_bytes() const {
        std::size_t bytes = tables_.resident_bytes() + core::bytes_of(sent_) + core::bytes_of(step_counts_) +
                            core::bytes_of(counts_) + core::bytes_of(spikes_);
        for (const auto* queues : {&arriving_, &leaving_}) {
            for (const Rows& rows : *queues) {
                bytes += bytes_of_rows(rows);
            }
        }
        return bytes + bytes_of_rows(inputs_);
    }

private:
    /// Rows to deliver, by shard.
    using Rows = std::vector<std::vector<std::uint32_t>>;

    /// What a block's spikes sent in this step.
    struct Sent {
        std::uint64_t spikes = 0, messages = 0, local = 0, hops_ew = 0, hops_ns = 0;

        void add(const SourceCounts& spike) {
            spikes += 1;
            messages += spike.messages_out;
            local += spike.messages_local;
            hops_ew += spike.hops_ew;
            hops_ns += spike.hops_ns;
        }
    };
    /// A source's record is fetched while this many others are read.
    static constexpr std::size_t sources_ahead = 16;

    void queue_rows(std::uint32_t source, Rows& queues) const {
        tables_.sources.for_each_row(source, [&](SourceTable::Row row) { queues[row.shard].push_back(row.begin); });
    }

    void queue_inputs(std::span<const InputSpike> inputs) {
        for (const InputSpike& input : inputs) {
            SPIKELOOM_ASSERT(input.port + 1 < tables_.port_first_source.size(), fmt::format("port {}", input.port));
            const std::uint32_t source = tables_.port_first_source[input.port] + input.channel;
            SPIKELOOM_ASSERT(source < tables_.port_first_source[input.port + 1],
                             fmt::format("port {}, channel {}", input.port, input.channel));
            queue_rows(source, inputs_);
        }
    }

    void deliver(std::size_t shard) {
        for (Rows& queues : arriving_) {
            tables_.shards[shard].deliver(queues[shard], now_);
            queues[shard].clear();
        }
        tables_.shards[shard].deliver_inputs(inputs_[shard], now_);
        inputs_[shard].clear();
    }

    void queue_spikes(std::size_t shard_index, std::size_t worker) {
        const core::Shard& shard = tables_.shards[shard_index];
        const unsigned shift = shard.layout().block_shift;
        const std::uint32_t mask = (1U << shift) - 1;
        const Block* const blocks = tables_.blocks.data() + tables_.shard_first_block[shard_index];
        const auto source_of = [&](std::uint32_t slot) { return blocks[slot >> shift].first_source + (slot & mask); };
        const std::span<const std::uint32_t> slots = shard.spikes();
        for (std::size_t i = 0; i < slots.size(); ++i) {
            if (i + 2 * sources_ahead < slots.size()) {
                tables_.sources.prefetch_index(source_of(slots[i + 2 * sources_ahead]));
            }
            if (i + sources_ahead < slots.size()) {
                tables_.sources.prefetch_record(source_of(slots[i + sources_ahead]));
            }
            const std::uint32_t source = source_of(slots[i]);
            sent_[tables_.shard_first_block[shard_index] + (slots[i] >> shift)].add(tables_.sources.counts(source));
            queue_rows(source, leaving_[worker]);
        }
    }

    void count() {
        std::fill(step_counts_.begin(), step_counts_.end(), Counters{});
        for (std::size_t b = 0; b < tables_.blocks.size(); ++b) {
            const Block& block = tables_.blocks[b];
            count_block(tables_.shards[block.shard], block.index, sent_[b], step_counts_[block.core]);
            sent_[b] = {};
        }
        for (std::size_t c = 0; c < counts_.size(); ++c) {
            counts_[c] += step_counts_[c];
        }
        list_spikes();
    }

    static void count_block(core::Shard& shard, std::uint32_t index, const Sent& sent, Counters& counts) {
        const core::BlockLoad load = shard.take_load(index);
        counts[Counter::updates_active] += shard.active(index);
        counts[Counter::updates_idle] += shard.neurons(index) - shard.active(index);
        counts[Counter::spikes] += sent.spikes;
        counts[Counter::messages_out] += sent.messages;
        counts[Counter::messages_in] += load.messages;
        counts[Counter::messages_local] += sent.local;
        counts[Counter::hops_ew] += sent.hops_ew;
        counts[Counter::hops_ns] += sent.hops_ns;
        counts[Counter::synaptic_events_sparse] += load.events[static_cast<std::size_t>(SynapseEncoding::sparse)];
        counts[Counter::synaptic_events_runlength] += load.events[static_cast<std::size_t>(SynapseEncoding::runlength)];
        counts[Counter::synaptic_events_dense] += load.events[static_cast<std::size_t>(SynapseEncoding::dense)];
        counts[Counter::input_spikes] += load.input_messages;
    }

    void list_spikes() {
        spikes_.clear();
        for (std::size_t s = 0; s < tables_.shards.size(); ++s) {
            const unsigned shift = tables_.shards[s].layout().block_shift;
            for (const std::uint32_t slot : tables_.shards[s].spikes()) {
                const Block& block = tables_.blocks[tables_.shard_first_block[s] + (slot >> shift)];
                spikes_.push_back(
                    {.core = CoreId(block.core),
                     .compartment = CompartmentId(block.first_compartment + (slot & ((1U << shift) - 1)))});
            }
        }
    }

    /// Roughly, in synaptic events: what decides whether waking threads pays.
    [[nodiscard]] std::size_t expected_work() const {
        std::size_t rows = 0;
        for (const Rows& queues : arriving_) {
            for (const auto& queue : queues) {
                rows += queue.size();
            }
        }
        const std::size_t neurons = tables_.port_first_source.front();
        return rows * synapses_a_row_ + neurons / 8;
    }

    static std::size_t bytes_of_rows(const Rows& rows) {
        std::size_t bytes = core::bytes_of(rows);
        for (const auto& queue : rows) {
            bytes += core::bytes_of(queue);
        }
        return bytes;
    }

    std::size_t mean_row() const {
        std::size_t synapses = 0;
        for (const core::Shard& shard : tables_.shards) {
            synapses += shard.synapses();
        }
        return synapses / std::max<std::size_t>(tables_.sources.rows(), 1);
    }

    Tables tables_;
    std::uint64_t seed_;
    std::uint64_t now_ = 0;
    std::uint64_t noise_step_ = 0;
    ThreadPool pool_;
    bool stopwatch_on_;
    std::vector<PhaseTimes> times_;  ///< by worker
    std::vector<Rows> arriving_;     ///< by the worker that queued them: spikes of the last step
    std::vector<Rows> leaving_;      ///< the same, of this step
    Rows inputs_;
    std::vector<Sent> sent_;  ///< by block
    std::vector<Counters> step_counts_;
    std::vector<Counters> counts_;
    std::vector<CoreSpike> spikes_;
    std::size_t synapses_a_row_ = mean_row();
};

Result<Chip> Chip::load(const Image& image, const ChipOptions& options) {
    const auto threads = static_cast<std::uint32_t>(std::clamp(options.threads, 1, ThreadPool::max_workers));
    auto tables = build_tables(image, threads == 1 ? 1 : 2 * threads);
    if (!tables) {
        return tl::unexpected(std::move(tables.error()));
    }
    return Chip(std::make_unique<State>(std::move(*tables), options));
}

Chip::Chip(std::unique_ptr<State> state) : state_(std::move(state)) {}
Chip::Chip(Chip&&) noexcept = default;
Chip& Chip::operator=(Chip&&) noexcept = default;
Chip::~Chip() = default;

void Chip::step(std::span<const InputSpike> inputs) {
    state_->step(inputs);
}

std::span<const CoreSpike> Chip::spikes() const {
    return state_->spikes();
}

StepCounts Chip::step_counts() const {
    return {state_->step_counts()};
}

std::span<const Counters> Chip::counters() const {
    return state_->counts();
}

std::int32_t Chip::current(CoreId core, CompartmentId compartment) const {
    const auto place = state_->place(core, compartment);
    return place.shard->current(place.slot);
}

std::int32_t Chip::voltage(CoreId core, CompartmentId compartment, bool as_register) const {
    const auto place = state_->place(core, compartment);
    if (as_register && place.shard->refractory(place.slot)) {
        return place.shard->parameters(place.slot).refractory * (1 << state_->tables().refractory_probe_shift);
    }
    return place.shard->voltage(place.slot);
}

void Chip::set_bias(CoreId core, CompartmentId compartment, BiasRegister bias) {
    SPIKELOOM_ASSERT(bias.exponent <= max_bias_exponent, fmt::format("bias exponent {}", bias.exponent));
    const auto place = state_->place(core, compartment);
    place.shard->set_bias(place.slot, bias_value(bias));
}

void Chip::reset() {
    state_->reset();
}

void Chip::reset_state() {
    state_->reset_state();
}

Step Chip::now() const {
    return state_->now();
}

std::size_t Chip::cores() const {
    return state_->tables().cores();
}

std::size_t Chip::synapses() const {
    std::size_t total = 0;
    for (const core::Shard& shard : state_->tables().shards) {
        total += shard.synapses();
    }
    return total;
}

std::size_t Chip::resident_bytes() const {
    return state_->resident_bytes();
}

PhaseTimes Chip::phase_times() const {
    return state_->phase_times();
}

}  // namespace spikeloom::chip
