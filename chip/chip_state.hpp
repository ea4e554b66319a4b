// What a running chip holds: its tables, the queues between two steps, and the counts. The step that moves it on is
// in chip.cpp; looking in from outside and resetting is in chip_access.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chip/chip.hpp"
#include "chip/tables.hpp"
#include "chip/thread_pool.hpp"

namespace spikeloom::chip {

/// Rows of synapses to deliver, by shard.
using RowQueues = std::vector<std::vector<std::uint32_t>>;
using ValueQueues = std::vector<std::vector<core::ValuedRow>>;
using PlasticQueues = std::vector<std::vector<core::PlasticMessage>>;

/// What the spikes of a block's compartments sent in a step.
struct SentCounts {
    std::uint64_t spikes = 0;
    std::uint64_t messages = 0;
    std::uint64_t local = 0;
    std::uint64_t hops_ew = 0;
    std::uint64_t hops_ns = 0;
    std::uint64_t hops_chip = 0;
    std::uint64_t outputs = 0;

    void add(const SourceCounts& spike) {
        spikes += 1;
        messages += spike.messages_out;
        local += spike.messages_local;
        hops_ew += spike.hops_ew;
        hops_ns += spike.hops_ns;
        hops_chip += spike.hops_chip;
        outputs += spike.output ? 1 : 0;
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

    void set_learning(bool on) { learning_on_ = on; }
    void set_learning_draws(const LearningDraws& draws) { draws_ = draws; }
    void reward(std::uint32_t profile, std::int32_t value);
    [[nodiscard]] std::int32_t reward_trace(std::uint32_t profile) const { return rewards_[profile].value; }

    /// Where a synapse of a profile lies.
    struct PlasticLocation {
        std::uint16_t shard = 0;
        std::uint16_t set = 0;
        std::uint32_t synapse = 0;
    };
    /// In the order of Chip::plastic_synapses; sorted when it is first asked for.
    [[nodiscard]] const std::vector<PlasticLocation>& plastic_order(std::uint32_t profile);
    [[nodiscard]] PlasticSynapse name_of(const PlasticLocation& place);
    [[nodiscard]] core::PlasticSet& plastic_set(const PlasticLocation& place) {
        return tables_.shards[place.shard].plastic_sets()[place.set];
    }
    [[nodiscard]] std::int32_t trace(std::uint32_t profile, rules::Operand operand, std::uint32_t neuron);

    [[nodiscard]] std::span<const CoreSpike> spikes() const { return spikes_; }
    [[nodiscard]] std::span<const Counters> step_counts() const { return step_counts_; }
    [[nodiscard]] std::span<const Counters> counts() const { return counts_; }
    [[nodiscard]] const Tables& tables() const { return tables_; }
    [[nodiscard]] Step now() const { return Step(now_); }
    [[nodiscard]] PhaseTimes phase_times() const;
    [[nodiscard]] std::size_t resident_bytes() const;

private:
    void queue_inputs(std::span<const InputSpike> inputs);
    /// Rewards and third factors that an input spike brings.
    void modulate(const InputSpike& input);
    void write_third_factor(const ProfileTable& profile, std::size_t y, const InputSpike& input);
    void end_reward_epochs();
    [[nodiscard]] core::LearningStep learning_step() const;
    /// Of every neuron of a profile, a row or a slot (in place of the synapse) that has its traces.
    struct TracePlaces {
        std::vector<std::optional<PlasticLocation>> sources;
        std::vector<std::optional<PlasticLocation>> targets;
    };
    /// Found when they are first asked for.
    [[nodiscard]] const TracePlaces& trace_places(std::uint32_t profile);
    void deliver(std::size_t shard);
    void deliver_values(std::size_t shard);
    /// `values`: spikes of the shard may send something else than 1.
    template <bool values>
    void queue_spikes(std::size_t shard, std::size_t worker);
    void count();
    void list_spikes();
    [[nodiscard]] std::size_t expected_work() const;

    Tables tables_;
    std::size_t cost_a_row_;  ///< in sparse synaptic events
    std::uint64_t seed_;
    std::uint64_t now_ = 0;
    std::uint64_t noise_step_ = 0;  ///< goes on when the state is reset between samples

    ThreadPool pool_;
    std::vector<RowQueues> arriving_;           ///< by the worker that queued them: what spikes of the last step send
    std::vector<RowQueues> leaving_;            ///< the same, of this step
    RowQueues inputs_;                          ///< what inputs of this step send
    std::vector<ValueQueues> arriving_values_;  ///< the same three for spikes that are not 1; empty where none can be
    std::vector<ValueQueues> leaving_values_;
    ValueQueues value_inputs_;
    std::vector<PlasticQueues> arriving_plastic_;  ///< the same three for plastic rows
    std::vector<PlasticQueues> leaving_plastic_;
    PlasticQueues plastic_inputs_;

    bool learning_on_ = true;
    std::optional<LearningDraws> draws_;                       ///< of the running epoch, where the host gives them
    std::vector<double> reward_traces_;                        ///< r1 by profile, as the host keeps it
    std::vector<core::EpochReward> rewards_;                   ///< and as the registers hold it
    std::vector<std::vector<PlasticLocation>> plastic_order_;  ///< by profile; empty until asked for
    std::vector<TracePlaces> trace_places_;                    ///< likewise

    std::vector<SentCounts> sent_;  ///< by block, of this step
    std::vector<Counters> step_counts_;
    std::vector<Counters> counts_;
    std::vector<CoreSpike> spikes_;

    bool time_phases_;
    std::vector<PhaseTimes> times_;  ///< by worker
};

}  // namespace spikeloom::chip
