#include "core/learning/plastic_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/diagnostics.hpp"

namespace spikeloom::core {
namespace {

using rules::Variable;

constexpr std::uint32_t offset_bits = 16;
constexpr std::uint32_t offset_mask = (1U << offset_bits) - 1;

std::uint32_t word_of(std::int32_t weight, std::uint32_t low) {
    return static_cast<std::uint32_t>(weight) << 16 | low;
}

std::int32_t weight_of(std::uint32_t word) {
    return static_cast<std::int32_t>(word) >> 16;
}

rules::IntegerRange range_of(Variable variable, const PlasticSetLayout& layout) {
    const rules::LearningArithmetic& a = layout.arithmetic;
    switch (variable) {
    case Variable::weight:
        return layout.weights;
    case Variable::delay:
        return {0, a.delay_most};
    case Variable::tag:
        return {-(1 << a.tag_bits) - (a.lava_tag_floor ? 1 : 0), (1 << a.tag_bits) - 1};
    }
    return {};
}

TraceBank::Injected injected_x(const EpochDraws* draws) {
    return draws == nullptr ? TraceBank::Injected{}
                            : TraceBank::Injected{draws->x_decay.data(), draws->x_impulse.data()};
}

TraceBank::Injected injected_y(const EpochDraws* draws) {
    return draws == nullptr ? TraceBank::Injected{}
                            : TraceBank::Injected{draws->y_decay.data(), draws->y_impulse.data()};
}

/// Keeps the draws for w, d and t of one synapse apart.
std::uint32_t salt_of(Variable variable) {
    return (static_cast<std::uint32_t>(variable) + 1) * 0x9E3779B9U;
}

/// Half of a payload; ties go to the even number, as in Lava.
std::int32_t half_of(std::int32_t payload) {
    return (payload >> 1) + ((payload & 3) == 3 ? 1 : 0);
}

}  // namespace

PlasticSet::PlasticSet(const PlasticSetLayout& layout)
    : layout_(layout),
      kernel_(layout.rule, layout.arithmetic),
      is_target_(layout.slots),
      target_neuron_(layout.slots),
      target_key_(layout.slots) {
    has_rows_ = layout.rule.depends_on(rules::Dependency::x0);
    has_columns_ = layout.rule.depends_on(rules::Dependency::y0);
    y_ = TraceBank({.traces = layout_.rule.y,
                    .arithmetic = layout.arithmetic,
                    .epoch = layout.rule.epoch,
                    .size = layout.slots,
                    .holds = layout.rule.post_traces == rules::PostTraces::neuron});
}

// ---- building ----

std::uint32_t PlasticSet::add_row(std::uint32_t source, std::span<const PlasticSynapseStart> synapses) {
    SPIKELOOM_ASSERT(rows() < max_rows && synapses.size() <= max_row_synapses,
                     fmt::format("{} rows, {} synapses", rows(), synapses.size()));
    const std::size_t first_load = loads_.size();
    for (const PlasticSynapseStart& synapse : synapses) {
        words_.push_back(word_of(synapse.weight, synapse.slot | (synapse.opens_message ? opens_bit : 0)));
        if (synapse.delay != 0 && delays_.empty()) {
            delays_.resize(words_.size() - 1);
        }
        if (synapse.delay != 0 || !delays_.empty()) {
            delays_.push_back(static_cast<std::uint8_t>(synapse.delay));
        }
        const std::uint32_t block = synapse.slot >> layout_.block_shift;
        auto load = std::find_if(loads_.begin() + static_cast<std::ptrdiff_t>(first_load), loads_.end(),
                                 [&](const RowLoad& l) { return l.block == block && l.kind == synapse.kind; });
        if (load == loads_.end()) {
            load = loads_.insert(loads_.end(), {.block = block, .kind = synapse.kind, .events = 0, .messages = 0});
        }
        load->events += 1;
        load->messages += synapse.opens_message ? 1 : 0;
    }
    row_begin_.push_back(static_cast<std::uint32_t>(words_.size()));
    row_source_.push_back(source);
    load_begin_.push_back(static_cast<std::uint32_t>(loads_.size()));
    return rows() - 1;
}

void PlasticSet::name_target(std::uint32_t slot, std::uint32_t neuron) {
    const std::uint64_t key =
        stream_key({.seed = layout_.seed, .profile = layout_.profile, .side = DrawSide::target, .neuron = neuron});
    y_.set_key(slot, key);
    target_neuron_[slot] = neuron;
    target_key_[slot] = static_cast<std::uint32_t>(key);
}

void PlasticSet::finish() {
    if (!delays_.empty() || !layout_.rule.dd.empty()) {
        delays_.resize(words_.size());
    }
    if (layout_.rule.uses_tag()) {
        tags_.resize(words_.size());
    }
    x_ = TraceBank(
        {.traces = layout_.rule.x, .arithmetic = layout_.arithmetic, .epoch = layout_.rule.epoch, .size = rows()});
    for (std::uint32_t row = 0; row < rows(); ++row) {
        x_.set_key(row, stream_key({.seed = layout_.seed,
                                    .profile = layout_.profile,
                                    .side = DrawSide::source,
                                    .neuron = row_source_[row]}));
    }
    epoch_key_.resize(rows());
    for (const std::uint32_t word : words_) {
        is_target_[word & slot_mask] = 1;
    }
    for (std::uint32_t s = 0; s < layout_.slots; ++s) {
        if (is_target(s)) {
            targets_.push_back(s);
        }
    }
    words_.shrink_to_fit();
    start_weights_.reserve(words_.size());
    delays_.shrink_to_fit();
    loads_.shrink_to_fit();
    if (has_columns_) {
        build_columns();
    }
    for (const std::uint32_t word : words_) {
        start_weights_.push_back(static_cast<std::int16_t>(weight_of(word)));
    }
    start_delays_ = delays_;
}

void PlasticSet::build_columns() {
    column_begin_.assign(layout_.slots + 1, 0);
    for (const std::uint32_t word : words_) {
        ++column_begin_[(word & slot_mask) + 1];
    }
    for (std::size_t slot = 0; slot < layout_.slots; ++slot) {
        column_begin_[slot + 1] += column_begin_[slot];
    }
    columns_.resize(words_.size());
    std::vector<std::uint32_t> next(column_begin_.begin(), column_begin_.end() - 1);
    for (std::uint32_t row = 0; row < rows(); ++row) {
        for (std::uint32_t s = row_begin_[row]; s < row_begin_[row + 1]; ++s) {
            columns_[next[slot(s)]++] = row << offset_bits | (s - row_begin_[row]);
        }
    }
}

// ---- a step ----

template <class Sum>
void PlasticSet::deliver(std::uint32_t row, const DeliveryTarget<Sum>& target) {
    for (std::uint32_t l = load_begin_[row]; l < load_begin_[row + 1]; ++l) {
        const RowLoad& load = loads_[l];
        target.loads[std::size_t{load.kind} * target.blocks + load.block] +=
            load.events + (std::uint64_t{load.messages} << 32);
    }
    const std::int16_t* const effective = layout_.effective.data() - layout_.weights.least;
    const std::uint32_t end = row_begin_[row + 1];
    using Unsigned = std::make_unsigned_t<Sum>;
    const auto add = [&](std::uint32_t s, Sum* sums) {
        const std::uint32_t word = words_[s];
        Sum& sum = sums[word & slot_mask];
        sum = static_cast<Sum>(static_cast<Unsigned>(sum) + static_cast<Unsigned>(effective[weight_of(word)]));
    };
    if (delays_.empty()) {
        Sum* const sums = target.sums + std::size_t{target.position} * target.slots;
        for (std::uint32_t s = row_begin_[row]; s < end; ++s) {
            add(s, sums);
        }
        return;
    }
    for (std::uint32_t s = row_begin_[row]; s < end; ++s) {
        add(s, target.sums + std::size_t{(target.position + delays_[s]) & target.ring_mask} * target.slots);
    }
}

template void PlasticSet::deliver(std::uint32_t, const DeliveryTarget<std::int16_t>&);
template void PlasticSet::deliver(std::uint32_t, const DeliveryTarget<std::int32_t>&);

void PlasticSet::note_source_spike(std::uint32_t row, const SpikeTime& time, std::int32_t payload,
                                   const EpochDraws* draws) {
    if (layout_.rule.graded == rules::GradedMode::regular_impulse) {
        x_.note_spike(row, time, injected_x(draws));
        return;
    }
    const std::int32_t half = half_of(payload);
    const std::int32_t most = layout_.arithmetic.trace_most();
    std::int32_t x1 = half;
    bool counts = true;
    switch (layout_.rule.graded) {
    case rules::GradedMode::regular_impulse:
    case rules::GradedMode::overwrite:
        break;
    case rules::GradedMode::add_with_saturation:
        x1 = std::min(most, x_.value(0, row) + half);
        break;
    case rules::GradedMode::add_without_saturation:
        x1 = x_.value(0, row) + half;
        counts = x1 > most;
        x1 = counts ? x1 - most : x1;
        break;
    }
    if (counts) {
        x_.note_spike(row, time, injected_x(draws));
    }
    x_.set_value(0, row, x1);
}

void PlasticSet::note_target_spike(std::uint32_t slot, const SpikeTime& time, const EpochDraws* draws) {
    if (layout_.rule.post_traces == rules::PostTraces::spikes) {
        y_.note_spike(slot, time, injected_y(draws));
    } else {
        y_.mark_spike(slot, time.within);
    }
}

void PlasticSet::write_trace_once(std::uint32_t slot, std::size_t y, std::int32_t value) {
    write_trace(slot, y, value);
    written_.push_back({slot, y});
}

// ---- the end of an epoch ----

void PlasticSet::end_epoch(const EpochInputs& inputs, std::span<std::uint64_t> updates) {
    x_.run_epoch(inputs.epoch, injected_x(inputs.draws));
    y_.run_epoch(inputs.epoch, injected_y(inputs.draws));
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
    for (const std::uint32_t slot : y_.spiked()) {
        std::uint64_t evaluated = 0;
        for (std::uint32_t c = column_begin_[slot]; c < column_begin_[slot + 1]; ++c) {
            const std::uint32_t row = columns_[c] >> offset_bits;
            if (has_rows_ && x_.spiked_at(row) != 0) {
                continue;
            }
            const std::uint32_t synapse = row_begin_[row] + (columns_[c] & offset_mask);
            __builtin_prefetch(&words_[synapse], 1);
            push(synapse, row);
            ++evaluated;
        }
        updates[slot >> layout_.block_shift] += evaluated;
    }
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
    batch.any_x0 = batch.any_y0 = false;
    for (std::uint32_t i = 0; i < batch.size; ++i) {
        batch.slot[i] = slot(batch.synapse[i]);
        batch.source_time[i] = x_.spiked_at(batch.row[i]);
        batch.target_time[i] = y_.spiked_at(batch.slot[i]);
        batch.x0[i] = batch.source_time[i] != 0 ? 1 : 0;
        batch.y0[i] = batch.target_time[i] != 0 ? 1 : 0;
        batch.any_x0 = batch.any_x0 || batch.x0[i] != 0;
        batch.any_y0 = batch.any_y0 || batch.y0[i] != 0;
    }
    for (const BatchOperand& operand : kernel_.operands()) {
        gather(operand);
    }
    for (const Variable variable : rules::variables) {
        if (!layout_.rule.series(variable).empty()) {
            evaluate_variable(variable);
        }
    }
    // Only now: every series reads the values from before the epoch.
    for (const Variable variable : rules::variables) {
        if (!layout_.rule.series(variable).empty()) {
            const auto& result = batch.result[static_cast<std::size_t>(variable)];
            for (std::uint32_t i = 0; i < batch.size; ++i) {
                store(batch.synapse[i], variable, result[i]);
            }
        }
    }
    batch.size = 0;
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
        fill([&](std::uint32_t i) { return value(batch.synapse[i], Variable::weight); });
        break;
    case Operand::d:
        fill([&](std::uint32_t i) { return value(batch.synapse[i], Variable::delay); });
        break;
    case Operand::t:
        fill([&](std::uint32_t i) { return value(batch.synapse[i], Variable::tag); });
        break;
    case Operand::constant:
        break;
    }
}

/// The new values of one variable, into batch.result.
void PlasticSet::evaluate_variable(Variable variable) {
    RuleBatch& batch = *batch_;
    const auto v = static_cast<std::size_t>(variable);
    const int fraction = layout_.arithmetic.fraction_bits;
    const rules::IntegerRange range = range_of(variable, layout_);
    auto& result = batch.result[v];
    batch.u = due_[v];
    for (std::uint32_t i = 0; i < batch.size; ++i) {
        batch.accumulator[i] = value(batch.synapse[i], variable) * (1 << fraction);
    }
    if (layout_.arithmetic.products == rules::ProductArithmetic::real_brian2) {
        evaluate_real(variable);
        return;
    }
    kernel_.accumulate(variable, batch);
    draw_rounding(variable);
    // A sign that a weight may not have is cut off before rounding.
    const std::int32_t floor = range.least == 0 ? 0 : std::numeric_limits<std::int32_t>::min() / 2;
    const std::int32_t ceiling = range.most == 0 ? 0 : std::numeric_limits<std::int32_t>::max() / 2;
    for (std::uint32_t i = 0; i < batch.size; ++i) {
        const std::int32_t kept = std::clamp(batch.accumulator[i], floor, ceiling);
        result[i] = std::clamp(rules::round_stochastic(kept, batch.draw[i], fraction), range.least, range.most);
    }
}

void PlasticSet::draw_rounding(Variable variable) {
    RuleBatch& batch = *batch_;
    const int bits = layout_.arithmetic.fraction_bits;
    if (inputs_.draws != nullptr) {
        const auto most = static_cast<std::int32_t>((1U << bits) - 1);
        std::fill_n(batch.draw.begin(), batch.size,
                    most - static_cast<std::int32_t>(inputs_.draws->rounding >> (draw_bits - bits)));
        return;
    }
    const std::uint32_t salt = salt_of(variable);
    for (std::uint32_t i = 0; i < batch.size; ++i) {
        const std::uint32_t mixed = mix32(epoch_key_[batch.row[i]] ^ target_key_[batch.slot[i]] ^ salt);
        batch.draw[i] = static_cast<std::int32_t>(mixed >> (32 - bits));
    }
}

/// The same as one fraction of 2^53.
std::uint64_t PlasticSet::rounding_draw(std::uint32_t i, Variable variable) const {
    if (inputs_.draws != nullptr) {
        return inputs_.draws->rounding;
    }
    const std::uint32_t mixed = mix32(epoch_key_[batch_->row[i]] ^ target_key_[batch_->slot[i]] ^ salt_of(variable));
    return std::uint64_t{mixed} << (draw_bits - 32);
}

/// brian2_loihi's way: each change in reals, rounded away from zero, then to a multiple of the weight's precision.
void PlasticSet::evaluate_real(Variable variable) {
    RuleBatch& batch = *batch_;
    const auto v = static_cast<std::size_t>(variable);
    const rules::IntegerRange range = range_of(variable, layout_);
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
        batch.result[v][i] =
            std::clamp(value(batch.synapse[i], variable) + (away < 0 ? -rounded : rounded), range.least, range.most);
    }
}

// ---- looking in ----

std::int32_t PlasticSet::value(std::size_t synapse, Variable variable) const {
    switch (variable) {
    case Variable::weight:
        return weight_of(words_[synapse]);
    case Variable::delay:
        return delays_.empty() ? 0 : delays_[synapse];
    case Variable::tag:
        return tags_.empty() ? 0 : tags_[synapse];
    }
    return 0;
}

void PlasticSet::store(std::size_t synapse, Variable variable, std::int32_t value) {
    switch (variable) {
    case Variable::weight:
        words_[synapse] = word_of(value, words_[synapse] & (slot_mask | opens_bit));
        break;
    case Variable::delay:
        delays_[synapse] = static_cast<std::uint8_t>(value);
        break;
    case Variable::tag:
        tags_[synapse] = static_cast<std::int16_t>(value);
        break;
    }
}

void PlasticSet::set_value(std::size_t synapse, Variable variable, std::int32_t value) {
    const rules::IntegerRange range = range_of(variable, layout_);
    if ((variable == Variable::delay && delays_.empty()) || (variable == Variable::tag && tags_.empty())) {
        return;
    }
    store(synapse, variable, std::clamp(value, range.least, range.most));
}

void PlasticSet::reset_traces() {
    x_.reset();
    y_.reset();
    written_.clear();
}

void PlasticSet::reset() {
    reset_traces();
    for (std::size_t s = 0; s < words_.size(); ++s) {
        store(s, Variable::weight, start_weights_[s]);
    }
    delays_ = start_delays_;
    std::fill(tags_.begin(), tags_.end(), std::int16_t{0});
}

std::size_t PlasticSet::resident_bytes() const {
    return bytes_of(row_begin_) + bytes_of(row_source_) + bytes_of(load_begin_) + bytes_of(loads_) + bytes_of(words_) +
           bytes_of(delays_) + bytes_of(tags_) + bytes_of(column_begin_) + bytes_of(columns_) + x_.resident_bytes() +
           y_.resident_bytes() + bytes_of(target_key_) + bytes_of(targets_) + bytes_of(is_target_) +
           bytes_of(target_neuron_) + bytes_of(epoch_key_) + bytes_of(start_weights_) + bytes_of(start_delays_) +
           sizeof(RuleBatch);
}

}  // namespace spikeloom::core
