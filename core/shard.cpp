#include "core/shard.hpp"

#include <algorithm>
#include <utility>

namespace spikeloom::core {
Shard::Shard(const ShardLayout& layout)
    : layout_(layout),
      standard_(is_standard(layout.arithmetic)),
      neurons_(layout.blocks),
      loads_(std::size_t{load_kinds} * layout.blocks),
      input_loads_(loads_.size()),
      learning_updates_(layout.blocks),
      active_(layout.blocks) {
    const std::size_t padded = slots() + NeuronArrays::padding;
    arrays_.current.resize(padded);
    arrays_.voltage.resize(padded);
    arrays_.bias.resize(padded);
    const std::size_t ring = std::size_t{ring_stride()} * layout.ring_depth;
    if (wraps_in_16_bits(layout.arithmetic) && !layout.values) {
        sums16_.resize(ring);
    } else {
        sums32_.resize(ring);
    }
}

void Shard::ensure(AlignedVector<std::int32_t>& array) const {
    array.resize(slots() + NeuronArrays::padding);
}

void Shard::add_run(const NeuronRun& run, std::span<const NeuronParameters> parameters) {
    NeuronRun added = run;
    added.parameters = parameters.front();
    added.variation = Variation::none;
    added.refractory = false;
    for (const NeuronParameters& p : parameters) {
        NeuronParameters same_threshold = p;
        same_threshold.threshold = added.parameters.threshold;
        if (!(same_threshold == added.parameters)) {
            added.variation = Variation::all;
        } else if (!(p == added.parameters) && added.variation == Variation::none) {
            added.variation = Variation::threshold;
        }
        added.refractory = added.refractory || p.refractory > 1;
    }
    if (added.refractory) {
        ensure(arrays_.hold);
    }
    if (added.variation != Variation::none) {
        ensure(arrays_.threshold);
    }
    if (added.variation == Variation::all) {
        ensure(arrays_.current_keep);
        ensure(arrays_.voltage_keep);
        ensure(arrays_.refractory);
    }
    for (std::size_t i = 0; i < parameters.size() && added.variation != Variation::none; ++i) {
        const std::size_t slot = run.first + i;
        arrays_.threshold[slot] = parameters[i].threshold;
        if (added.variation == Variation::all) {
            arrays_.current_keep[slot] = parameters[i].current_keep;
            arrays_.voltage_keep[slot] = parameters[i].voltage_keep;
            arrays_.refractory[slot] = parameters[i].refractory;
        }
    }
    ensure_own(added);
    runs_.push_back(added);
    neurons_[block(run.first)] += run.count / static_cast<std::uint32_t>(inputs_of(run.model));
}

/// Arrays that the run's model needs.
void Shard::ensure_own(const NeuronRun& run) {
    if (!integrates(run.model) && arrays_.sent.size() < run.count) {
        arrays_.sent.resize(run.count);
    }
    if (sends_values(run.model) && payloads_.empty()) {
        payloads_.resize(slots() + NeuronArrays::padding);
    }
    if (run.model == NeuronModel::delta || (run.model == NeuronModel::sigma_delta && !run.own.corrected)) {
        ensure(arrays_.residue);
        if (run.own.cumulative_error) {
            ensure(arrays_.error);
        }
    }
    if (run.model == NeuronModel::adaptive_threshold) {
        ensure(arrays_.adaptation);
        ensure(arrays_.refractoriness);
    }
}

void Shard::finish() {
    stream_.shrink_to_fit();
    runs_.shrink_to_fit();
    // A usual row and the stretch of a line before it, rounded up: a line too many costs less than one too few.
    constexpr std::size_t line_words = 16, most_lines = 8;
    const std::size_t row_words = stream_.size() / std::max<std::size_t>(rows_, 1);
    row_lines_ = static_cast<std::uint32_t>(std::min((row_words + 3 * line_words / 2) / line_words, most_lines));
    spikes_.resize(slots() + NeuronArrays::padding);
    for (PlasticSet& set : plastic_) {
        set.finish();
    }
}

std::uint32_t Shard::add_plastic_set(PlasticSetLayout layout) {
    layout.slots = slots();
    layout.blocks = layout_.blocks;
    layout.block_shift = layout_.block_shift;
    plastic_.emplace_back(layout);
    return static_cast<std::uint32_t>(plastic_.size() - 1);
}

std::size_t Shard::delivery_cost() const {
    // A sparse synapse takes a word of the stream, a dense one half a word.
    constexpr std::size_t dense_synapses_a_sparse_one = 10;
    const std::size_t saved = synapses_ - std::min(synapses_, stream_.size());
    const std::size_t dense = std::min(2 * saved, synapses_);
    return synapses() - dense + dense / dense_synapses_a_sparse_one;
}

std::size_t Shard::synapses() const {
    std::size_t synapses = synapses_ + shared_synapses_;
    for (const PlasticSet& set : plastic_) {
        synapses += set.synapses();
    }
    return synapses;
}

template <class Sum>
DeliveryTarget<Sum> Shard::delivery_target(AlignedVector<Sum>& sums, std::uint64_t now,
                                           std::vector<std::uint64_t>& loads) {
    const std::uint32_t mask = layout_.ring_depth - 1;
    return {.sums = sums.data(),
            .slots = ring_stride(),
            .position = static_cast<std::uint32_t>(now) & mask,
            .ring_mask = mask,
            .loads = loads.data(),
            .blocks = layout_.blocks,
            .block_shift = layout_.block_shift,
            .row_lines = row_lines_};
}

template <class Sum>
void Shard::deliver_to(AlignedVector<Sum>& sums, std::span<const std::uint32_t> rows, std::uint64_t now,
                       std::vector<std::uint64_t>& loads) {
    core::deliver(stream_.data(), rows, delivery_target(sums, now, loads));
}

void Shard::deliver_plastic(std::span<const PlasticMessage> messages, std::uint64_t now, const LearningStep& learning,
                            bool inputs) {
    std::vector<std::uint64_t>& loads = inputs ? input_loads_ : loads_;
    for (const PlasticMessage& message : messages) {
        PlasticSet& set = plastic_[message.set];
        if (sums16_.empty()) {
            set.deliver(message.row, delivery_target(sums32_, now, loads));
        } else {
            set.deliver(message.row, delivery_target(sums16_, now, loads));
        }
        if (learning.on) {
            set.note_source_spike(message.row, learning.time(set.rule().epoch), message.payload, learning.draws);
        }
    }
}

void Shard::learn(const LearningStep& learning) {
    for (PlasticSet& set : plastic_) {
        const SpikeTime time = learning.time(set.rule().epoch);
        if (!learning.on) {
            set.skip_epoch();
            continue;
        }
        for (const std::uint32_t slot : spikes()) {
            if (set.is_target(slot)) {
                set.note_target_spike(slot, time, learning.draws);
            }
        }
        if (time.within != static_cast<std::uint32_t>(set.rule().epoch)) {
            continue;
        }
        for (std::size_t y = 0; y < set.registers().size(); ++y) {
            write_registers(set, y);
        }
        const EpochReward reward =
            set.profile() < learning.rewards.size() ? learning.rewards[set.profile()] : EpochReward{};
        set.end_epoch(
            {.epoch = time.epoch, .rewarded = reward.rewarded, .reward = reward.value, .draws = learning.draws},
            learning_updates_);
    }
}

/// Third factors that are registers of the target.
void Shard::write_registers(PlasticSet& set, std::size_t y) const {
    const RegisterFactor& factor = set.registers()[y];
    if (factor.from == RegisterFactor::Register::none) {
        return;
    }
    const auto& values = factor.from == RegisterFactor::Register::current ? arrays_.current : arrays_.voltage;
    for (const std::uint32_t slot : set.targets()) {
        set.write_trace(slot, y, values[slot] >> factor.shift);
    }
}

void Shard::deliver(std::span<const std::uint32_t> rows, std::uint64_t now) {
    sums16_.empty() ? deliver_to(sums32_, rows, now, loads_) : deliver_to(sums16_, rows, now, loads_);
}

void Shard::deliver_inputs(std::span<const std::uint32_t> rows, std::uint64_t now) {
    sums16_.empty() ? deliver_to(sums32_, rows, now, input_loads_) : deliver_to(sums16_, rows, now, input_loads_);
}

void Shard::deliver_values(std::span<const ValuedRow> rows, std::uint64_t now, bool inputs) {
    if (!rows.empty()) {
        core::deliver_values(stream_.data(), rows, delivery_target(sums32_, now, inputs ? input_loads_ : loads_));
    }
}

template <class Sum>
UpdateResult Shard::update_run(const NeuronRun& run, NoiseKey key, Sum* sums, std::uint32_t* spikes,
                               std::int32_t* payloads) {
    if (standard_ && run.model == NeuronModel::leaky && run.noise.target == Noise::Target::off) {
        if constexpr (sizeof(Sum) == 2) {
            return update_standard(run, arrays_, sums, spikes);
        } else {
            return update_standard(run, arrays_, sums, spikes, layout_.arithmetic.sum_bits);
        }
    }
    if constexpr (sizeof(Sum) == 4) {
        if (!integrates(run.model)) {
            return update_model(layout_.arithmetic, run, arrays_, sums, spikes, payloads);
        }
    }
    return update_general(layout_.arithmetic, run, key, arrays_, sums, spikes, payloads);
}

void Shard::reset_periodically(const NeuronRun& run, std::uint64_t now) {
    const auto interval = static_cast<std::uint64_t>(run.own.reset_interval);
    if ((now + 1) % interval == static_cast<std::uint64_t>(run.own.reset_offset)) {
        std::fill_n(arrays_.current.begin() + run.first, run.count, 0);
        std::fill_n(arrays_.voltage.begin() + run.first, run.count, 0);
    }
}

void Shard::update(std::uint64_t now, NoiseKey key) {
    std::fill(active_.begin(), active_.end(), 0);
    const std::size_t position = (now & (layout_.ring_depth - 1)) * std::size_t{ring_stride()};
    std::uint32_t* spikes = spikes_.data();
    for (const NeuronRun& run : runs_) {
        if (run.own.reset_interval > 0) {
            reset_periodically(run, now);
        }
        const std::ptrdiff_t before = spikes - spikes_.data();
        std::int32_t* const payloads = sends_values(run.model) ? payloads_.data() + before : nullptr;
        const UpdateResult result = sums16_.empty() ? update_run(run, key, sums32_.data() + position, spikes, payloads)
                                                    : update_run(run, key, sums16_.data() + position, spikes, payloads);
        if (payloads == nullptr && !payloads_.empty()) {
            std::fill(payloads_.begin() + before, payloads_.begin() + (result.spikes_end - spikes_.data()), 1);
        }
        spikes = result.spikes_end;
        active_[block(run.first)] += result.active;
    }
    spike_count_ = static_cast<std::size_t>(spikes - spikes_.data());
}

BlockLoad Shard::take_load(std::uint32_t block) {
    BlockLoad load;
    for (std::uint32_t kind = 0; kind < load_kinds; ++kind) {
        std::uint64_t& own = loads_[std::size_t{kind} * layout_.blocks + block];
        std::uint64_t& input = input_loads_[std::size_t{kind} * layout_.blocks + block];
        load.events[kind] = (own & 0xFFFFFFFFU) + (input & 0xFFFFFFFFU);
        load.messages += (own >> 32) + (input >> 32);
        load.input_messages += input >> 32;
        own = 0;
        input = 0;
    }
    load.learning_updates = std::exchange(learning_updates_[block], 0);
    return load;
}

const NeuronRun& Shard::run_of(std::uint32_t slot) const {
    const auto after = std::upper_bound(runs_.begin(), runs_.end(), slot,
                                        [](std::uint32_t s, const NeuronRun& run) { return s < run.first; });
    return *std::prev(after);
}

std::int32_t Shard::refractory_steps(std::uint32_t slot) const {
    const NeuronRun& run = run_of(slot);
    return run.variation == Variation::all ? arrays_.refractory[slot] : run.parameters.refractory;
}

bool Shard::refractory(std::uint32_t slot) const {
    if (run_of(slot).model != NeuronModel::leaky && run_of(slot).model != NeuronModel::ternary_leaky) {
        return false;
    }
    // Without dead steps nothing is held, but the register still shows the spike of this step.
    const auto spiked = spikes();
    return (!arrays_.hold.empty() && arrays_.hold[slot] > 0) || std::binary_search(spiked.begin(), spiked.end(), slot);
}

void Shard::set_initial_current(std::uint32_t slot, std::int32_t current) {
    ensure(initial_current_);
    initial_current_[slot] = current;
    arrays_.current[slot] = current;
}

void Shard::reset() {
    for (auto* array : {&arrays_.current, &arrays_.voltage, &arrays_.hold, &arrays_.residue, &arrays_.error,
                        &arrays_.adaptation, &arrays_.refractoriness, &sums32_}) {
        std::fill(array->begin(), array->end(), 0);
    }
    std::copy(initial_current_.begin(), initial_current_.end(), arrays_.current.begin());
    std::fill(sums16_.begin(), sums16_.end(), std::int16_t{0});
    std::fill(loads_.begin(), loads_.end(), 0);
    std::fill(input_loads_.begin(), input_loads_.end(), 0);
    std::fill(active_.begin(), active_.end(), 0);
    std::fill(learning_updates_.begin(), learning_updates_.end(), 0);
    spike_count_ = 0;
    for (PlasticSet& set : plastic_) {
        set.reset_traces();
    }
}

void Shard::reset_learning() {
    for (PlasticSet& set : plastic_) {
        set.reset();
    }
}

std::size_t Shard::resident_bytes() const {
    std::size_t bytes = bytes_of(runs_) + bytes_of(stream_) + bytes_of(sums16_) + bytes_of(sums32_) + bytes_of(loads_) +
                        bytes_of(input_loads_) + bytes_of(spikes_) + bytes_of(payloads_) + bytes_of(active_) +
                        bytes_of(neurons_);
    for (const PlasticSet& set : plastic_) {
        bytes += sizeof(set) + set.resident_bytes();
    }
    for (const auto* array :
         {&arrays_.current, &arrays_.voltage, &arrays_.bias, &arrays_.hold, &arrays_.threshold, &initial_current_,
          &arrays_.current_keep, &arrays_.voltage_keep, &arrays_.refractory, &arrays_.residue, &arrays_.error,
          &arrays_.adaptation, &arrays_.refractoriness, &arrays_.sent}) {
        bytes += bytes_of(*array);
    }
    return bytes;
}

}  // namespace spikeloom::core
