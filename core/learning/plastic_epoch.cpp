// The end of an epoch: which synapses are evaluated, what their rule reads, and where the results go.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/learning/plastic_set.hpp"

namespace spikeloom::core {
namespace {

using rules::Variable;

/// Keeps the draws for w, d and t of one synapse apart.
std::uint32_t salt_of(Variable variable) {
    return (static_cast<std::uint32_t>(variable) + 1) * 0x9E3779B9U;
}

}  // namespace

void PlasticSet::end_epoch(const EpochInputs& inputs, std::span<std::uint64_t> updates) {
    x_.run_epoch(inputs.epoch, TraceBank::injected_x(inputs.draws));
    y_.run_epoch(inputs.epoch, TraceBank::injected_y(inputs.draws));
    inputs_ = inputs;
    for (std::uint32_t row = 0; row < rows(); ++row) {
        epoch_key_[row] = static_cast<std::uint32_t>(x_.epoch_draw(row, inputs.epoch));
    }
    batch_->size = 0;
    due_ = {};
    bool any_u = false;
    for (const Variable variable : rules::variables) {
        const rules::ProductSeries& series = layout_.rule.series(variable);
        const std::uint64_t number = inputs.epoch - (layout_.arithmetic.first_epoch_is_due ? 1 : 0);
        const bool due = series.decimation && number % (std::uint64_t{1} << *series.decimation) == 0;
        due_[static_cast<std::size_t>(variable)] = due;
        any_u = any_u || due;
    }
    evaluate_rows(any_u, updates);
    if (has_columns_ && !any_u) {
        evaluate_columns(updates);
    }
    evaluate_batch();
    x_.finish_epoch();
    y_.finish_epoch();
    forget_written();
}

void PlasticSet::skip_epoch() {
    x_.forget_spikes();
    y_.forget_spikes();
    forget_written();
}

void PlasticSet::forget_written() {
    for (const Written& written : written_) {
        write_trace(written.slot, written.y, 0);
    }
    written_.clear();
}

/// Rows whose source spiked, if the rule has x0; or all.
void PlasticSet::evaluate_rows(bool all, std::span<std::uint64_t> updates) {
    const auto evaluate = [&](std::uint32_t row) {
        for (std::uint32_t l = load_begin_[row]; l < load_begin_[row + 1]; ++l) {
            updates[loads_[l].block] += loads_[l].events;
        }
        for (std::uint32_t s = row_begin_[row]; s < row_begin_[row + 1]; ++s) {
            push(s, row);
        }
    };
    if (all) {
        for (std::uint32_t row = 0; row < rows(); ++row) {
            evaluate(row);
        }
    } else if (has_rows_) {
        for (const std::uint32_t row : x_.spiked()) {
            evaluate(row);
        }
    }
}

/// Columns of targets that spiked, without the synapses that evaluate_rows has seen.
void PlasticSet::evaluate_columns(std::span<std::uint64_t> updates) {
    for (std::uint32_t row = 0; row < rows(); ++row) {
        in_column_[row] = has_rows_ && x_.spiked_at(row) != 0 ? 0 : 1;
    }
    for (const std::uint32_t slot : y_.spiked()) {
        const std::span<const std::uint32_t> column{columns_.data() + column_begin_[slot],
                                                    columns_.data() + column_begin_[slot + 1]};
        std::uint64_t& count = updates[slot >> layout_.block_shift];
        if (column_gate_) {
            const std::uint16_t* const gate = x_.history(*column_gate_) + std::size_t{y_.spiked_at(slot)} * x_.size();
            count += evaluate_column(column, [gate](std::uint32_t row) { return gate[row] != 0 ? 1U : 0U; });
        } else {
            count += evaluate_column(column, [](std::uint32_t) { return 1U; });
        }
    }
}

/// `may_change`: 1 for a row whose synapse has to be looked at, else 0. Whether a synapse is passed over can't be
/// foreseen, so there is no branch on it. Returns how many synapses the rule is evaluated for.
template <class MayChange>
std::uint64_t PlasticSet::evaluate_column(std::span<const std::uint32_t> column, const MayChange& may_change) {
    RuleBatch& batch = *batch_;
    std::uint64_t evaluated = 0;
    for (std::size_t c = 0; c < column.size();) {
        const std::uint32_t first = batch.size;
        std::uint32_t size = first;
        const std::size_t end = std::min(column.size(), c + (RuleBatch::capacity - first));
        for (; c < end; ++c) {
            const std::uint32_t row = column[c] >> offset_bits;
            batch.synapse[size] = row_begin_[row] + (column[c] & offset_mask);
            batch.row[size] = row;
            evaluated += in_column_[row];
            size += in_column_[row] & may_change(row);
        }
        for (std::uint32_t i = first; i < size; ++i) {
            __builtin_prefetch(&words_[batch.synapse[i]], 1);
        }
        batch.size = size;
        if (size == RuleBatch::capacity) {
            evaluate_batch();
        }
    }
    return evaluated;
}

void PlasticSet::push(std::uint32_t synapse, std::uint32_t row) {
    RuleBatch& batch = *batch_;
    batch.synapse[batch.size] = synapse;
    batch.row[batch.size] = row;
    if (++batch.size == RuleBatch::capacity) {
        evaluate_batch();
    }
}

void PlasticSet::evaluate_batch() {
    RuleBatch& batch = *batch_;
    if (batch.size == 0) {
        return;
    }
    load_batch();
    for (const BatchOperand& operand : kernel_.operands()) {
        gather(operand);
    }
    for (const Variable variable : changed_) {
        const auto v = static_cast<std::size_t>(variable);
        batch.u = due_[v];
        if (layout_.arithmetic.products == rules::ProductArithmetic::real_brian2) {
            evaluate_real(variable);
        } else {
            kernel_.evaluate(variable, rounding(variable), batch);
        }
    }
    // Only now: every series reads the values from before the epoch.
    for (const Variable variable : changed_) {
        const auto& result = batch.result[static_cast<std::size_t>(variable)];
        if (variable == Variable::weight) {
            for (std::uint32_t i = 0; i < batch.size; ++i) {
                std::uint32_t& word = words_[batch.synapse[i]];
                word = (word & (slot_mask | opens_bit)) | static_cast<std::uint32_t>(result[i]) << 16;
            }
            continue;
        }
        for (std::uint32_t i = 0; i < batch.size; ++i) {
            store(batch.synapse[i], variable, result[i]);
        }
    }
    batch.size = 0;
}

/// What every synapse of the batch brings: its values, its neurons' spikes, its random key.
void PlasticSet::load_batch() {
    RuleBatch& batch = *batch_;
    std::int32_t any_x0 = 0, any_y0 = 0;
    auto& weights = batch.before[static_cast<std::size_t>(Variable::weight)];
    for (std::uint32_t i = 0; i < batch.size; ++i) {
        const std::uint32_t word = words_[batch.synapse[i]];
        const std::uint32_t slot = word & slot_mask;
        const std::uint32_t row = batch.row[i];
        weights[i] = static_cast<std::int32_t>(word) >> 16;
        batch.slot[i] = slot;
        batch.source_time[i] = x_.spiked_at(row);
        batch.target_time[i] = y_.spiked_at(slot);
        batch.key[i] = epoch_key_[row] ^ target_key_[slot];
        batch.x0[i] = static_cast<std::int32_t>(batch.source_time[i] != 0);
        batch.y0[i] = static_cast<std::int32_t>(batch.target_time[i] != 0);
        any_x0 |= batch.x0[i];
        any_y0 |= batch.y0[i];
    }
    batch.any_x0 = any_x0 != 0;
    batch.any_y0 = any_y0 != 0;
    for (const Variable variable : {Variable::delay, Variable::tag}) {
        if (!layout_.rule.series(variable).empty() || reads_[static_cast<std::size_t>(variable)]) {
            for (std::uint32_t i = 0; i < batch.size; ++i) {
                batch.before[static_cast<std::size_t>(variable)][i] = value(batch.synapse[i], variable);
            }
        }
    }
}

void PlasticSet::gather(const BatchOperand& wanted) {
    using rules::Dependency;
    using rules::Operand;
    RuleBatch& batch = *batch_;
    auto& values = batch.values[static_cast<std::size_t>(wanted.dependency)][static_cast<std::size_t>(wanted.operand)];
    const auto fill = [&](const auto& value_of) {
        for (std::uint32_t i = 0; i < batch.size; ++i) {
            values[i] = value_of(i);
        }
    };
    const auto traces = [&](const TraceBank& bank, std::size_t k, const auto& neurons) {
        const std::uint16_t* const history = bank.history(k);
        const std::size_t stride = bank.size();
        switch (wanted.dependency) {
        case Dependency::x0:
            if (batch.any_x0) {
                fill([&](std::uint32_t i) { return history[batch.source_time[i] * stride + neurons[i]]; });
            }
            break;
        case Dependency::y0:
            if (batch.any_y0) {
                fill([&](std::uint32_t i) { return history[batch.target_time[i] * stride + neurons[i]]; });
            }
            break;
        case Dependency::u:
            fill([&](std::uint32_t i) {
                return history[static_cast<std::size_t>(layout_.rule.epoch) * stride + neurons[i]];
            });
            break;
        }
    };
    switch (wanted.operand) {
    case Operand::x0:
        values = batch.x0;
        break;
    case Operand::y0:
        values = batch.y0;
        break;
    case Operand::x1:
    case Operand::x2:
        traces(x_, wanted.operand == Operand::x1 ? 0 : 1, batch.row);
        break;
    case Operand::y1:
    case Operand::y2:
    case Operand::y3:
        traces(y_, static_cast<std::size_t>(wanted.operand) - static_cast<std::size_t>(Operand::y1), batch.slot);
        break;
    case Operand::r0:
        std::fill_n(values.begin(), batch.size, inputs_.rewarded ? 1 : 0);
        break;
    case Operand::r1:
        std::fill_n(values.begin(), batch.size, inputs_.reward);
        break;
    case Operand::w:
        values = batch.before[static_cast<std::size_t>(Variable::weight)];
        break;
    case Operand::d:
        values = batch.before[static_cast<std::size_t>(Variable::delay)];
        break;
    case Operand::t:
        values = batch.before[static_cast<std::size_t>(Variable::tag)];
        break;
    case Operand::constant:
        break;
    }
}

RuleRounding PlasticSet::rounding(Variable variable) const {
    const rules::IntegerRange range = value_range(variable);
    const int fraction = layout_.arithmetic.fraction_bits;
    RuleRounding rounding{.fraction_bits = fraction,
                          .floor = range.least == 0 ? 0 : std::numeric_limits<std::int32_t>::min() / 2,
                          .ceiling = range.most == 0 ? 0 : std::numeric_limits<std::int32_t>::max() / 2,
                          .range = range,
                          .salt = salt_of(variable)};
    if (inputs_.draws != nullptr) {
        const auto most = static_cast<std::int32_t>((1U << fraction) - 1);
        rounding.shared_draw = most - static_cast<std::int32_t>(inputs_.draws->rounding >> (draw_bits - fraction));
    }
    return rounding;
}

/// The same as one fraction of 2^53.
std::uint64_t PlasticSet::rounding_draw(std::uint32_t i, Variable variable) const {
    if (inputs_.draws != nullptr) {
        return inputs_.draws->rounding;
    }
    const std::uint32_t mixed = mix32(batch_->key[i] ^ salt_of(variable));
    return std::uint64_t{mixed} << (draw_bits - 32);
}

/// brian2_loihi's way: each change in reals, rounded away from zero, then to a multiple of the weight's precision.
void PlasticSet::evaluate_real(Variable variable) {
    RuleBatch& batch = *batch_;
    const auto v = static_cast<std::size_t>(variable);
    const rules::IntegerRange range = value_range(variable);
    std::array<std::array<double, rules::operand_count>, 3> values{};
    for (std::uint32_t i = 0; i < batch.size; ++i) {
        for (auto& of_dependency : values) {
            of_dependency[static_cast<std::size_t>(rules::Operand::x0)] = batch.x0[i];
            of_dependency[static_cast<std::size_t>(rules::Operand::y0)] = batch.y0[i];
        }
        for (const BatchOperand& operand : kernel_.operands()) {
            const auto d = static_cast<std::size_t>(operand.dependency);
            const auto o = static_cast<std::size_t>(operand.operand);
            values[d][o] = batch.values[d][o][i];
        }
        const double change = rules::accumulate_real(layout_.rule.series(variable), values, due_[v], 0);
        const auto away = static_cast<std::int32_t>(change < 0 ? std::floor(change) : std::ceil(change));
        const auto size = static_cast<std::uint64_t>(std::abs(away));
        const std::uint64_t rest = size % layout_.weight_precision;
        const bool up = rest != 0 && rounding_draw(i, variable) < (rest << draw_bits) / layout_.weight_precision;
        const auto steps = static_cast<std::int32_t>(size / layout_.weight_precision + (up ? 1 : 0));
        const std::int32_t rounded = steps * static_cast<std::int32_t>(layout_.weight_precision);
        batch.result[v][i] = std::clamp(batch.before[v][i] + (away < 0 ? -rounded : rounded), range.least, range.most);
    }
}

}  // namespace spikeloom::core
