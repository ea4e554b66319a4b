// The plastic synapses of one rule in one shard, with the traces of their sources and targets. A step delivers rows
// (weights add to sums, and the source's spike is noted) and notes which targets spiked; at the end of an epoch the
// rule is evaluated for just those synapses whose source or target spiked in it (all of them where u_k is due), then
// the traces move on. What an epoch computes does not depend on the order of rows, on the shard, or on threads: random
// numbers are functions of (seed, profile, source, target, epoch).
//
// Rows are one behind the other, a word a synapse: weight 16 | opens a message 1 | slot 15; delays and tags lie in
// arrays of their own, where the rule or the image has them. Columns (for rules with y0) list a target's synapses as
// row 16 | place in the row 16.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/aligned.hpp"
#include "core/learning/draws.hpp"
#include "core/learning/rule_kernel.hpp"
#include "core/learning/traces.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/rule.hpp"
#include "core/synapse_stream.hpp"

namespace spikeloom::core {

/// A register of the target that is written into one of its traces at the end of an epoch, as clip(register >> shift).
struct RegisterFactor {
    enum class Register : std::uint8_t { none, current, voltage };
    Register from = Register::none;
    int shift = 0;
};

struct PlasticSetLayout {
    rules::Rule rule;
    rules::LearningArithmetic arithmetic;
    rules::IntegerRange weights;  ///< what a weight may become, by its sign mode
    std::uint32_t slots = 0;      ///< of the shard; targets are below
    unsigned block_shift = 0;     ///< slots of a block, as a power of two
    std::uint32_t blocks = 1;
    /// Units that the weight's width resolves; only ProductArithmetic::real_brian2 keeps stored weights to it.
    std::uint32_t weight_precision = 1;
    std::uint32_t profile = 0;                  ///< for the random numbers
    std::uint64_t seed = 0;                     ///< likewise
    std::array<RegisterFactor, 3> registers{};  ///< for y1, y2, y3
    std::vector<std::int16_t> effective;  ///< contribution to u in units of 2^6 of each weight, weights.least first
};

/// A synapse as it is programmed.
struct PlasticSynapseStart {
    std::uint32_t slot = 0;
    std::int32_t weight = 0;
    std::uint32_t delay = 0;
    std::uint32_t kind = 0;  ///< encoding, for the counters; below load_kinds
    bool opens_message = false;
};

/// What an epoch sees from outside.
struct EpochInputs {
    std::uint64_t epoch = 1;            ///< number of the epoch that ends, from 1
    bool rewarded = false;              ///< r0
    std::int32_t reward = 0;            ///< r1, at the epoch's end
    const EpochDraws* draws = nullptr;  ///< in place of the engine's own random numbers
};

class PlasticSet {
public:
    static constexpr std::uint32_t max_rows = 1U << 16;
    static constexpr std::uint32_t max_row_synapses = 1U << 16;

    explicit PlasticSet(const PlasticSetLayout& layout);

    // Building.

    /// What `source` (its number in the network) sends here; at most max_row_synapses. Returns the row.
    std::uint32_t add_row(std::uint32_t source, std::span<const PlasticSynapseStart> synapses);
    /// The number in the network of the neuron in a slot, for the random numbers.
    void name_target(std::uint32_t slot, std::uint32_t neuron);
    void finish();

    // A step.

    /// Adds the row's weights to their sums, counts events and messages, notes the source's spike.
    template <class Sum>
    void deliver(std::uint32_t row, const DeliveryTarget<Sum>& target);
    void note_source_spike(std::uint32_t row, const SpikeTime& time, std::int32_t payload, const EpochDraws* draws);
    void note_target_spike(std::uint32_t slot, const SpikeTime& time, const EpochDraws* draws);
    /// Third factors: y1..y3 (y: 0..2) of a slot as a neuron writes them, clipped to the trace's range.
    void write_trace(std::uint32_t slot, std::size_t y, std::int32_t value) { y_.set_value(y, slot, value); }
    /// The same, forgotten at the end of the epoch.
    void write_trace_once(std::uint32_t slot, std::size_t y, std::int32_t value);

    /// Evaluates the rule, moves the traces on, forgets the epoch's spikes. Adds evaluated synapses to `updates`, one
    /// count a block.
    void end_epoch(const EpochInputs& inputs, std::span<std::uint64_t> updates);
    /// Without learning: only forgets the epoch's spikes.
    void skip_epoch();

    // Looking in.

    [[nodiscard]] std::uint32_t rows() const { return static_cast<std::uint32_t>(row_begin_.size() - 1); }
    [[nodiscard]] std::uint32_t row_source(std::uint32_t row) const { return row_source_[row]; }
    [[nodiscard]] std::uint32_t row_begin(std::uint32_t row) const { return row_begin_[row]; }  ///< first synapse
    /// The row that a synapse is in; takes a search.
    [[nodiscard]] std::uint32_t row_of(std::uint32_t synapse) const {
        return static_cast<std::uint32_t>(std::upper_bound(row_begin_.begin(), row_begin_.end(), synapse) -
                                          row_begin_.begin() - 1);
    }
    [[nodiscard]] std::size_t synapses() const { return words_.size(); }
    [[nodiscard]] std::uint32_t slot(std::size_t synapse) const { return words_[synapse] & slot_mask; }
    /// What a variable may become.
    [[nodiscard]] rules::IntegerRange value_range(rules::Variable variable) const;
    [[nodiscard]] std::int32_t value(std::size_t synapse, rules::Variable variable) const;
    /// Clips to value_range. Delays that the rule does not learn, and tags that it does not use, stay as they are.
    void set_value(std::size_t synapse, rules::Variable variable, std::int32_t value);
    [[nodiscard]] std::int32_t source_trace(std::uint32_t row, std::size_t x) const { return x_.value(x, row); }
    [[nodiscard]] std::int32_t target_trace(std::uint32_t slot, std::size_t y) const { return y_.value(y, slot); }
    /// Slots that have synapses, ascending.
    [[nodiscard]] std::span<const std::uint32_t> targets() const { return targets_; }
    [[nodiscard]] bool is_target(std::uint32_t slot) const { return is_target_[slot] != 0; }
    /// The slot of a target by its number in the network, if it has synapses here.
    [[nodiscard]] std::optional<std::uint32_t> slot_of_target(std::uint32_t neuron) const;
    [[nodiscard]] std::uint32_t target_neuron(std::uint32_t slot) const { return target_neuron_[slot]; }
    [[nodiscard]] std::uint32_t profile() const { return layout_.profile; }
    [[nodiscard]] const std::array<RegisterFactor, 3>& registers() const { return layout_.registers; }
    [[nodiscard]] const rules::Rule& rule() const { return layout_.rule; }

    /// Traces and the epoch's spikes are forgotten, what was learned stays.
    void reset_traces();
    /// Everything as after finish().
    void reset();
    [[nodiscard]] std::size_t resident_bytes() const;

private:
    static constexpr std::uint32_t slot_mask = 0x7FFF;
    static constexpr std::uint32_t opens_bit = 0x8000;

    static constexpr std::uint32_t offset_bits = 16;  ///< of a column's entry: the place in the row
    static constexpr std::uint32_t offset_mask = (1U << offset_bits) - 1;

    /// Synapses of a row in one block and encoding, for the counters.
    struct RowLoad {
        std::uint32_t block;
        std::uint32_t kind;
        std::uint32_t events;
        std::uint32_t messages;
    };

    void build_columns();
    void forget_written();
    void evaluate_rows(bool all, std::span<std::uint64_t> updates);
    void evaluate_columns(std::span<std::uint64_t> updates);
    template <class MayChange>
    std::uint64_t evaluate_column(std::span<const std::uint32_t> column, const MayChange& may_change);
    void push(std::uint32_t synapse, std::uint32_t row);
    void evaluate_batch();
    void gather(const BatchOperand& wanted);
    void load_batch();
    void evaluate_real(rules::Variable variable);
    [[nodiscard]] RuleRounding rounding(rules::Variable variable) const;
    [[nodiscard]] std::uint64_t rounding_draw(std::uint32_t i, rules::Variable variable) const;
    void store(std::size_t synapse, rules::Variable variable, std::int32_t value);

    PlasticSetLayout layout_;
    RuleKernel kernel_;
    bool has_rows_ = false;  ///< some product waits for a source's spike
    bool has_columns_ = false;
    std::optional<std::size_t> column_gate_;  ///< x1 (0) or x2 (1): where it is 0, a column's synapse does not change
    std::vector<rules::Variable> changed_;    ///< that the rule has a series for
    std::array<bool, 3> reads_{};             ///< variables that some product reads

    std::vector<std::uint32_t> row_begin_{0};
    std::vector<std::uint32_t> row_source_;
    std::vector<std::uint32_t> load_begin_{0};
    std::vector<RowLoad> loads_;
    AlignedVector<std::uint32_t> words_;
    std::uint8_t common_delay_ = 0;
    std::vector<std::uint8_t> delays_;         ///< empty: all are common_delay_
    std::vector<std::int16_t> tags_;           ///< empty: the rule has none
    std::vector<std::uint32_t> column_begin_;  ///< slots + 1, or empty
    AlignedVector<std::uint32_t> columns_;

    std::vector<std::uint32_t> targets_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> slot_of_target_;  ///< (neuron, slot), ascending
    std::vector<std::uint8_t> is_target_;                                  ///< by slot
    std::vector<std::uint32_t> target_neuron_;                             ///< by slot

    TraceBank x_;
    TraceBank y_;
    std::vector<std::uint32_t> target_key_;  ///< by slot
    std::vector<std::uint32_t> epoch_key_;   ///< by row, of the epoch that is evaluated

    struct Written {
        std::uint32_t slot;
        std::size_t y;
    };
    std::vector<Written> written_;

    // Of the epoch that is evaluated.
    std::vector<std::uint8_t> in_column_;  ///< by row: 1 where evaluate_rows did not go
    EpochInputs inputs_;
    std::array<bool, 3> due_{};  ///< by variable: u_k is 1
    std::unique_ptr<RuleBatch> batch_ = std::make_unique<RuleBatch>();

    std::vector<std::int16_t> start_weights_;  ///< for reset()
    std::vector<std::uint8_t> start_delays_;
};

}  // namespace spikeloom::core
