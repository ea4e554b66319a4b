// What a running chip holds: its tables, the queues between two steps, and the counts. The step that moves it on is
// in chip.cpp; looking in from outside and resetting is in chip_access.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/chip.hpp"
#include "chip/tables.hpp"
#include "chip/thread_pool.hpp"

namespace spikeloom::chip {

/// Rows of synapses to deliver, by shard.
using RowQueues = std::vector<std::vector<std::uint32_t>>;

/// What the spikes of a block's compartments sent in a step.
struct SentCounts {
    std::uint64_t spikes = 0;
    std::uint64_t messages = 0;
    std::uint64_t local = 0;
    std::uint64_t hops_ew = 0;
    std::uint64_t hops_ns = 0;

    void add(const SourceCounts& spike) {
        spikes += 1;
        messages += spike.messages_out;
        local += spike.messages_local;
        hops_ew += spike.hops_ew;
        hops_ns += spike.hops_ns;
    }
};

class Chip::State {
public:
    State(Tables tables, const ChipOptions& options);

    void step(std::span<const InputSpike> inputs);
    void reset_state();
    void reset();

    /// Where a compartment lies.
    struct Place {
        core::Shard* shard;
        std::uint32_t slot;
    };
    [[nodiscard]] Place place(CoreId core, CompartmentId compartment);

    [[nodiscard]] std::span<const CoreSpike> spikes() const { return spikes_; }
    [[nodiscard]] std::span<const Counters> step_counts() const { return step_counts_; }
    [[nodiscard]] std::span<const Counters> counts() const { return counts_; }
    [[nodiscard]] const Tables& tables() const { return tables_; }
    [[nodiscard]] Step now() const { return Step(now_); }
    [[nodiscard]] PhaseTimes phase_times() const;
    [[nodiscard]] std::size_t resident_bytes() const;

private:
    void queue_inputs(std::span<const InputSpike> inputs);
    void deliver(std::size_t shard);
    void queue_spikes(std::size_t shard, std::size_t worker);
    void count();
    void list_spikes();
    [[nodiscard]] std::size_t expected_work() const;

    Tables tables_;
    std::size_t synapses_a_row_;
    std::uint64_t seed_;
    std::uint64_t now_ = 0;
    std::uint64_t noise_step_ = 0;  ///< goes on when the state is reset between samples

    ThreadPool pool_;
    std::vector<RowQueues> arriving_;  ///< by the worker that queued them: what spikes of the last step send
    std::vector<RowQueues> leaving_;   ///< the same, of this step
    RowQueues inputs_;                 ///< what inputs of this step send

    std::vector<SentCounts> sent_;  ///< by block, of this step
    std::vector<Counters> step_counts_;
    std::vector<Counters> counts_;
    std::vector<CoreSpike> spikes_;

    bool time_phases_;
    std::vector<PhaseTimes> times_;  ///< by worker
};

}  // namespace spikeloom::chip
