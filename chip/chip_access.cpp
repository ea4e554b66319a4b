// Everything about the chip but its step: loading, looking in, writing registers, resetting.
#include <fmt/format.h>

#include <algorithm>

#include "chip/chip_state.hpp"
#include "chip/registers.hpp"

namespace spikeloom::chip {
namespace {

std::size_t delivery_cost(const Tables& tables) {
    std::size_t cost = 0;
    for (const core::Shard& shard : tables.shards) {
        cost += shard.delivery_cost();
    }
    return cost;
}

std::size_t count_synapses(const Tables& tables) {
    std::size_t synapses = 0;
    for (const core::Shard& shard : tables.shards) {
        synapses += shard.synapses();
    }
    return synapses;
}

template <class Queues>
std::size_t bytes_of_queues(const Queues& queues) {
    std::size_t bytes = core::bytes_of(queues);
    for (const auto& queue : queues) {
        bytes += core::bytes_of(queue);
    }
    return bytes;
}

/// Whether steps can be large enough to wake threads: more shards mean more and shorter rows, which cost time too.
bool worth_dividing(const Image& image, const ChipOptions& options) {
    constexpr std::size_t busy_step = 32;  // delivers one of so many synapses
    std::size_t synapses = 0;
    for (const CoreImage& core : image.cores) {
        synapses += core.synapses.size();
    }
    return options.threads > 1 && synapses >= busy_step * options.least_parallel_work;
}

/// `by_worker`: RowQueues, ValueQueues or PlasticQueues, one a worker.
template <class Queues>
void clear_queues(std::vector<Queues>& by_worker) {
    for (Queues& queues : by_worker) {
        for (auto& queue : queues) {
            queue.clear();
        }
    }
}

}  // namespace

Result<Chip> Chip::load(const Image& image, const ChipOptions& options) {
    const auto threads = static_cast<std::uint32_t>(std::clamp(options.threads, 1, ThreadPool::max_workers));
    const std::uint32_t least_shards =
        worth_dividing(image, options) ? 2 * threads : 1;  // so that uneven ones even out
    auto tables = build_tables(image, least_shards, options.seed);
    if (!tables) {
        return tl::unexpected(std::move(tables.error()));
    }
    return Chip(std::make_unique<State>(std::move(*tables), options));
}

Chip::Chip(std::unique_ptr<State> state) : state_(std::move(state)) {}
Chip::Chip(Chip&&) noexcept = default;
Chip& Chip::operator=(Chip&&) noexcept = default;
Chip::~Chip() = default;

Chip::State::State(Tables tables, const ChipOptions& options)
    : tables_(std::move(tables)),
      cost_a_row_(delivery_cost(tables_) /
                  std::max<std::size_t>(tables_.sources.rows() + tables_.plastic_sources.rows(), 1)),
      seed_(options.seed),
      pool_(options.threads, options.least_parallel_work),
      arriving_(static_cast<std::size_t>(pool_.workers()), RowQueues(tables_.shards.size())),
      leaving_(arriving_),
      inputs_(tables_.shards.size()),
      arriving_values_(tables_.values ? arriving_.size() : 0, ValueQueues(tables_.shards.size())),
      leaving_values_(arriving_values_),
      value_inputs_(tables_.values ? tables_.shards.size() : 0),
      arriving_plastic_(arriving_.size(), PlasticQueues(tables_.shards.size())),
      leaving_plastic_(arriving_plastic_),
      plastic_inputs_(tables_.shards.size()),
      reward_traces_(tables_.profiles.size()),
      rewards_(tables_.profiles.size()),
      plastic_order_(tables_.profiles.size()),
      trace_places_(tables_.profiles.size()),
      sent_(tables_.blocks.size()),
      step_counts_(tables_.cores()),
      counts_(tables_.cores()),
      time_phases_(options.time_phases),
      times_(static_cast<std::size_t>(pool_.workers())) {}

void Chip::State::reset_state() {
    for (core::Shard& shard : tables_.shards) {
        shard.reset();
    }
    clear_queues(arriving_);
    clear_queues(arriving_values_);
    clear_queues(arriving_plastic_);
    std::fill(reward_traces_.begin(), reward_traces_.end(), 0.0);
    std::fill(rewards_.begin(), rewards_.end(), core::EpochReward{});
    std::fill(step_counts_.begin(), step_counts_.end(), Counters{});
    spikes_.clear();
    now_ = 0;
}

void Chip::State::reset() {
    reset_state();
    std::fill(counts_.begin(), counts_.end(), Counters{});
    noise_step_ = 0;
    for (core::Shard& shard : tables_.shards) {
        shard.reset_learning();
    }
}

Chip::State::Place Chip::State::place(CoreId core, CompartmentId compartment) {
    SPIKELOOM_ASSERT(core.value() < tables_.cores(), fmt::format("core {}", core.value()));
    const std::uint32_t first_block = tables_.core_first_block[core.value()];
    const std::uint32_t end_block = tables_.core_first_block[core.value() + 1];
    const std::uint32_t part = std::min(compartment.value() / core::max_slots, end_block - first_block - 1);
    const Block& block = tables_.blocks[first_block + part];
    const std::uint32_t within = compartment.value() - block.first_compartment;
    SPIKELOOM_ASSERT(within < block.compartments,
                     fmt::format("core {}, compartment {}", core.value(), compartment.value()));
    core::Shard& shard = tables_.shards[block.shard];
    return {&shard, shard.slot(block.index, within)};
}

PhaseTimes Chip::State::phase_times() const {
    PhaseTimes sum;
    for (const PhaseTimes& t : times_) {
        sum.deliver_s += t.deliver_s;
        sum.update_s += t.update_s;
        sum.learn_s += t.learn_s;
        sum.queue_s += t.queue_s;
        sum.count_s += t.count_s;
    }
    return sum;
}

std::size_t Chip::State::resident_bytes() const {
    std::size_t bytes = tables_.resident_bytes() + bytes_of_queues(inputs_) + core::bytes_of(sent_) +
                        core::bytes_of(step_counts_) + core::bytes_of(counts_) + core::bytes_of(spikes_);
    for (std::size_t worker = 0; worker < arriving_.size(); ++worker) {
        bytes += bytes_of_queues(arriving_[worker]) + bytes_of_queues(leaving_[worker]);
    }
    for (std::size_t worker = 0; worker < arriving_values_.size(); ++worker) {
        bytes += bytes_of_queues(arriving_values_[worker]) + bytes_of_queues(leaving_values_[worker]);
    }
    return bytes;
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
        return place.shard->refractory_steps(place.slot) * (1 << state_->tables().refractory_probe_shift);
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
    return count_synapses(state_->tables());
}

std::size_t Chip::resident_bytes() const {
    return state_->resident_bytes();
}

PhaseTimes Chip::phase_times() const {
    return state_->phase_times();
}

}  // namespace spikeloom::chip
