// A shard: consecutive cores whose compartments together fit a cache, and the unit of work of a thread. It holds
// their neurons, the accumulators where weights wait for their step (a ring as deep as the longest delay), and all
// synapses onto them, by source. Shards share nothing: a step of one is deliver, then update.
//
// Slots: every block (a core's compartments) takes a power-of-two stretch, so that a synapse names its neuron in 15
// bits and the block follows by a shift.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/learning/plastic_set.hpp"
#include "core/neuron.hpp"
#include "core/synapse_stream.hpp"

namespace spikeloom::core {

struct ShardLayout {
    std::uint32_t blocks = 1;
    unsigned block_shift = 0;      ///< slots of a block, as a power of two; blocks << block_shift <= max_slots
    std::uint32_t ring_depth = 1;  ///< a power of two above the longest delay
    NeuronArithmetic arithmetic = {};
    bool values = false;  ///< values arrive, or a run's model does not integrate: sums have 32 bits in any case
};

/// What arrived at a block in this step.
struct BlockLoad {
    std::uint64_t messages = 0;
    std::uint64_t input_messages = 0;  ///< of these, from outside
    std::uint64_t events[load_kinds] = {};
    std::uint64_t learning_updates = 0;
};

/// A spike on its way to a row of a plastic set.
struct PlasticMessage {
    std::uint16_t set = 0;
    std::uint16_t row = 0;
    std::int32_t payload = 0;
};

/// What the reward of a profile was in an epoch.
struct EpochReward {
    bool rewarded = false;   ///< r0
    std::int32_t value = 0;  ///< r1
};

/// The clock and the outer inputs of learning in one step.
struct LearningStep {
    std::uint64_t step = 0;  ///< from 0; epochs of a rule begin at multiples of its length
    bool on = true;
    const EpochDraws* draws = nullptr;
    std::span<const EpochReward> rewards;  ///< by profile

    [[nodiscard]] SpikeTime time(int epoch_steps) const {
        const auto steps = static_cast<std::uint64_t>(epoch_steps);
        return {.epoch = step / steps + 1, .within = static_cast<std::uint32_t>(step % steps) + 1};
    }
};

class Shard {
public:
    explicit Shard(const ShardLayout& layout);

    // Building, before the first step.

    /// Appends a run of one block, with the parameters of each of its slots (at least one; what is equal is not
    /// stored). Runs come by ascending slot.
    void add_run(const NeuronRun& run, std::span<const NeuronParameters> parameters);
    /// What a source sends here; returns the row's name for `deliver`.
    std::uint32_t add_row(std::span<RowSynapse> synapses, std::span<const BareMessages> bare,
                          std::span<const SharedRow> shared = {}) {
        synapses_ += synapses.size();
        for (const SharedRow& row : shared) {
            shared_synapses_ += row.synapses;
        }
        ++rows_;
        return append_row(synapses, bare, shared, layout_.block_shift, stream_);
    }
    /// What rows to come may share: the synapses are not counted until then.
    std::uint32_t add_shared_row(std::span<RowSynapse> synapses) {
        return append_row(synapses, {}, {}, layout_.block_shift, stream_);
    }
    /// Of `layout`, the shard sets slots, blocks and shift. Returns the set's number.
    std::uint32_t add_plastic_set(PlasticSetLayout layout);
    [[nodiscard]] std::span<PlasticSet> plastic_sets() { return plastic_; }
    [[nodiscard]] std::span<const PlasticSet> plastic_sets() const { return plastic_; }
    /// Gives back what building took beyond need.
    void finish();

    // A step: deliver (any number of times), update, learn.

    /// Adds the rows' weights to the sums of step `now` (plus their delays).
    void deliver(std::span<const std::uint32_t> rows, std::uint64_t now);
    /// The same for rows of sources outside of the chip.
    void deliver_inputs(std::span<const std::uint32_t> rows, std::uint64_t now);
    /// Rows of spikes that carry a value, by which the weights are multiplied; `inputs`: from outside of the chip. Only
    /// with ShardLayout::values.
    void deliver_values(std::span<const ValuedRow> rows, std::uint64_t now, bool inputs);
    /// The same for plastic rows, whose sets also note the spikes; `inputs`: from outside of the chip.
    void deliver_plastic(std::span<const PlasticMessage> messages, std::uint64_t now, const LearningStep& learning,
                         bool inputs);
    /// Advances all neurons by step `now`.
    void update(std::uint64_t now, NoiseKey key);

    /// Tells the plastic sets which of their targets spiked, and evaluates rules whose epoch ends with this step.
    void learn(const LearningStep& learning);

    /// Slots that spiked in the last step, ascending.
    [[nodiscard]] std::span<const std::uint32_t> spikes() const { return {spikes_.data(), spike_count_}; }
    /// What they send, one each; empty where all send 1.
    [[nodiscard]] std::span<const std::int32_t> payloads() const {
        return {payloads_.data(), payloads_.empty() ? 0 : spike_count_};
    }
    /// Neurons of a block that the last update found active.
    [[nodiscard]] std::uint32_t active(std::uint32_t block) const { return active_[block]; }
    [[nodiscard]] std::uint32_t neurons(std::uint32_t block) const { return neurons_[block]; }
    /// What arrived at a block since the last call, and sets it to zero.
    BlockLoad take_load(std::uint32_t block);

    [[nodiscard]] std::int32_t current(std::uint32_t slot) const { return arrays_.current[slot]; }
    [[nodiscard]] std::int32_t voltage(std::uint32_t slot) const { return arrays_.voltage[slot]; }
    /// Whether the neuron spiked less than its refractory time ago.
    [[nodiscard]] bool refractory(std::uint32_t slot) const;
    [[nodiscard]] std::int32_t refractory_steps(std::uint32_t slot) const;
    void set_bias(std::uint32_t slot, std::int32_t bias) { arrays_.bias[slot] = bias; }

    /// u before the first step, here and after every reset.
    void set_initial_current(std::uint32_t slot, std::int32_t current);

    /// All state back to the start, deliveries in flight and traces included; biases and what was learned stay.
    void reset();
    /// What was learned goes back to the start.
    void reset_learning();

    // Slots and blocks.

    [[nodiscard]] std::uint32_t block(std::uint32_t slot) const { return slot >> layout_.block_shift; }
    [[nodiscard]] std::uint32_t within_block(std::uint32_t slot) const {
        return slot & ((1U << layout_.block_shift) - 1);
    }
    [[nodiscard]] std::uint32_t slot(std::uint32_t block, std::uint32_t within) const {
        return (block << layout_.block_shift) + within;
    }
    [[nodiscard]] std::size_t synapses() const;
    /// What delivering every synapse once costs, in deliveries of a sparse one; a dense one is a tenth of it.
    [[nodiscard]] std::size_t delivery_cost() const;
    [[nodiscard]] std::size_t resident_bytes() const;

private:
    template <class Sum>
    void deliver_to(AlignedVector<Sum>& sums, std::span<const std::uint32_t> rows, std::uint64_t now,
                    std::vector<std::uint64_t>& loads);
    template <class Sum>
    DeliveryTarget<Sum> delivery_target(AlignedVector<Sum>& sums, std::uint64_t now, std::vector<std::uint64_t>& loads);
    template <class Sum>
    UpdateResult update_run(const NeuronRun& run, NoiseKey key, Sum* sums, std::uint32_t* spikes,
                            std::int32_t* payloads);
    void reset_periodically(const NeuronRun& run, std::uint64_t now);
    [[nodiscard]] const NeuronRun& run_of(std::uint32_t slot) const;
    void ensure_own(const NeuronRun& run);
    void write_registers(PlasticSet& set, std::size_t y) const;
    [[nodiscard]] std::uint32_t slots() const { return layout_.blocks << layout_.block_shift; }
    /// Slots of one ring position; padded, because the kernels read whole vectors.
    [[nodiscard]] std::uint32_t ring_stride() const {
        return slots() + static_cast<std::uint32_t>(NeuronArrays::padding);
    }
    void ensure(AlignedVector<std::int32_t>& array) const;

    ShardLayout layout_;
    bool standard_;
    std::vector<NeuronRun> runs_;
    std::vector<std::uint32_t> neurons_;
    AlignedVector<std::uint32_t> stream_;
    std::size_t synapses_ = 0;         ///< of rows that nobody shares
    std::size_t shared_synapses_ = 0;  ///< as often as they are delivered
    std::size_t rows_ = 0;
    std::uint32_t row_lines_ = 1;
    std::vector<PlasticSet> plastic_;

    NeuronArrays arrays_;
    AlignedVector<std::int32_t> initial_current_;  ///< empty: all zero
    AlignedVector<std::int16_t> sums16_;           ///< where the 22-bit wrap is the natural overflow; else empty
    AlignedVector<std::int32_t> sums32_;           ///< for every other arithmetic; else empty
    std::vector<std::uint64_t> loads_;
    std::vector<std::uint64_t> input_loads_;
    std::vector<std::uint64_t> learning_updates_;  ///< by block
    std::vector<std::uint32_t> active_;
    AlignedVector<std::uint32_t> spikes_;
    AlignedVector<std::int32_t> payloads_;  ///< of the spikes; empty where no run sends values
    std::size_t spike_count_ = 0;
};

}  // namespace spikeloom::core
