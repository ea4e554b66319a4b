#include "core/learning/plastic_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/diagnostics.hpp"

namespace spikeloom::core {
namespace {

using rules::Variable;

std::uint32_t word_of(std::int32_t weight, std::uint32_t low) {
    return static_cast<std::uint32_t>(weight) << 16 | low;
}

std::int32_t weight_of(std::uint32_t word) {
    return static_cast<std::int32_t>(word) >> 16;
}

/// Half of a payload; ties go to the even number, as in Lava.
std::int32_t half_of(std::int32_t payload) {
    return (payload >> 1) + ((payload & 3) == 3 ? 1 : 0);
}

/// A trace of the source that is a factor of every product of y0, if there is one: where it is 0, nothing changes.
std::optional<std::size_t> gate_of_columns(const rules::Rule& rule) {
    for (const rules::Operand operand : {rules::Operand::x1, rules::Operand::x2}) {
        const auto gates = [&](const rules::Product& product) {
            return product.dependency != rules::Dependency::y0 ||
                   std::any_of(product.factors.begin(), product.factors.end(), [&](const rules::Factor& factor) {
                       return factor.operand == operand && factor.constant == 0;
                   });
        };
        const bool all = std::all_of(rules::variables.begin(), rules::variables.end(), [&](Variable variable) {
            const auto& products = rule.series(variable).products;
            return std::all_of(products.begin(), products.end(), gates);
        });
        if (all) {
            return operand == rules::Operand::x1 ? 0 : 1;
        }
    }
    return std::nullopt;
}

}  // namespace

PlasticSet::PlasticSet(const PlasticSetLayout& layout)
    : layout_(layout),
      kernel_(layout.rule, layout.arithmetic),
      is_target_(layout.slots),
      target_neuron_(layout.slots),
      target_key_(layout.slots) {
    for (const Variable variable : rules::variables) {
        if (!layout.rule.series(variable).empty()) {
            changed_.push_back(variable);
        }
    }
    reads_ = {true, layout.rule.reads(rules::Operand::d), layout.rule.reads(rules::Operand::t)};
    has_rows_ = layout.rule.depends_on(rules::Dependency::x0);
    has_columns_ = layout.rule.depends_on(rules::Dependency::y0);
    column_gate_ = gate_of_columns(layout.rule);
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
        const auto delay = static_cast<std::uint8_t>(synapse.delay);
        if (words_.size() == 1) {
            common_delay_ = delay;
        }
        if (delay != common_delay_ && delays_.empty()) {
            delays_.assign(words_.size() - 1, common_delay_);
        }
        if (!delays_.empty()) {
            delays_.push_back(delay);
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
    if (delays_.empty() && !layout_.rule.dd.empty()) {
        delays_.assign(words_.size(), common_delay_);
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
    in_column_.resize(rows());
    for (const std::uint32_t word : words_) {
        is_target_[word & slot_mask] = 1;
    }
    for (std::uint32_t s = 0; s < layout_.slots; ++s) {
        if (is_target(s)) {
            targets_.push_back(s);
            slot_of_target_.emplace_back(target_neuron_[s], s);
        }
    }
    std::sort(slot_of_target_.begin(), slot_of_target_.end());
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
    const std::int16_t* const effective = layout_.effective.data();
    const std::int32_t least = layout_.weights.least;
    const std::uint32_t end = row_begin_[row + 1];
    using Unsigned = std::make_unsigned_t<Sum>;
    const auto add = [&](std::uint32_t s, Sum* sums) {
        const std::uint32_t word = words_[s];
        Sum& sum = sums[word & slot_mask];
        sum = static_cast<Sum>(static_cast<Unsigned>(sum) + static_cast<Unsigned>(effective[weight_of(word) - least]));
    };
    if (delays_.empty()) {
        Sum* const sums =
            target.sums + std::size_t{(target.position + common_delay_) & target.ring_mask} * target.slots;
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
        x_.note_spike(row, time, TraceBank::injected_x(draws));
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
        x_.note_spike(row, time, TraceBank::injected_x(draws));
    }
    x_.set_value(0, row, x1);
}

void PlasticSet::note_target_spike(std::uint32_t slot, const SpikeTime& time, const EpochDraws* draws) {
    if (layout_.rule.post_traces == rules::PostTraces::spikes) {
        y_.note_spike(slot, time, TraceBank::injected_y(draws));
    } else {
        y_.mark_spike(slot, time.within);
    }
}

void PlasticSet::write_trace_once(std::uint32_t slot, std::size_t y, std::int32_t value) {
    write_trace(slot, y, value);
    written_.push_back({slot, y});
}

// ---- looking in ----

std::optional<std::uint32_t> PlasticSet::slot_of_target(std::uint32_t neuron) const {
    const auto found = std::lower_bound(slot_of_target_.begin(), slot_of_target_.end(), std::pair(neuron, 0U));
    return found != slot_of_target_.end() && found->first == neuron ? std::optional(found->second) : std::nullopt;
}

rules::IntegerRange PlasticSet::value_range(Variable variable) const {
    const rules::LearningArithmetic& a = layout_.arithmetic;
    switch (variable) {
    case Variable::weight:
        return layout_.weights;
    case Variable::delay:
        return {0, a.delay_most};
    case Variable::tag:
        return {-(1 << a.tag_bits) - (a.lava_tag_floor ? 1 : 0), (1 << a.tag_bits) - 1};
    }
    return {};
}

std::int32_t PlasticSet::value(std::size_t synapse, Variable variable) const {
    switch (variable) {
    case Variable::weight:
        return weight_of(words_[synapse]);
    case Variable::delay:
        return delays_.empty() ? common_delay_ : delays_[synapse];
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
    const rules::IntegerRange range = value_range(variable);
    // The shard's ring is as deep as the delays that it was built for.
    if ((variable == Variable::delay && layout_.rule.dd.empty()) || (variable == Variable::tag && tags_.empty())) {
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
           bytes_of(slot_of_target_) + bytes_of(target_neuron_) + bytes_of(epoch_key_) + bytes_of(in_column_) +
           bytes_of(start_weights_) + bytes_of(start_delays_) + sizeof(RuleBatch);
}

}  // namespace spikeloom::core
