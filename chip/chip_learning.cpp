// The chip's side of learning: its clock, rewards and third factors from outside, and looking at what was learned.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "chip/chip_state.hpp"

namespace spikeloom::chip {
namespace {

constexpr double least_reward = -128;
constexpr double most_reward = 127;

}  // namespace

// ---- while it runs ----

core::LearningStep Chip::State::learning_step() const {
    return {.step = noise_step_, .on = learning_on_, .draws = draws_ ? &*draws_ : nullptr, .rewards = rewards_};
}

void Chip::State::reward(std::uint32_t profile, std::int32_t value) {
    SPIKELOOM_ASSERT(profile < rewards_.size(), fmt::format("profile {}", profile));
    reward_traces_[profile] = std::clamp(reward_traces_[profile] + value, least_reward, most_reward);
    rewards_[profile] = {.rewarded = true, .value = static_cast<std::int32_t>(std::lround(reward_traces_[profile]))};
}

void Chip::State::modulate(const InputSpike& input) {
    for (std::uint32_t p = 0; p < tables_.profiles.size(); ++p) {
        const ProfileTable& profile = tables_.profiles[p];
        if (profile.reward && profile.reward->port == input.port) {
            reward(p, profile.reward->values[input.channel]);
        }
        for (std::size_t y = 0; y < profile.third_factors.size(); ++y) {
            const ThirdFactor& factor = profile.third_factors[y];
            if (factor.from == ThirdFactor::From::input && factor.port == input.port) {
                write_third_factor(profile, y, input);
            }
        }
    }
}

void Chip::State::write_third_factor(const ProfileTable& profile, std::size_t y, const InputSpike& input) {
    const std::uint32_t first = tables_.port_first_source[input.port];
    const bool to_all = tables_.port_first_source[input.port + 1] - first == 1;
    const std::int32_t value = input.payload != 0 ? input.payload : std::numeric_limits<std::int32_t>::max();
    for (const ProfileTable::Set& place : profile.sets) {
        core::PlasticSet& set = tables_.shards[place.shard].plastic_sets()[place.set];
        if (to_all) {
            for (const std::uint32_t slot : set.targets()) {
                set.write_trace_once(slot, y, value);
            }
        } else if (const auto slot = set.slot_of_target(input.channel)) {
            set.write_trace_once(*slot, y, value);
        }
    }
}

/// The reward trace is kept by the embedded processors, in real numbers; the registers hold it rounded.
void Chip::State::end_reward_epochs() {
    for (std::size_t p = 0; p < tables_.profiles.size(); ++p) {
        const rules::Rule& rule = tables_.profiles[p].rule;
        if ((noise_step_ + 1) % static_cast<std::uint64_t>(rule.epoch) != 0) {
            continue;
        }
        reward_traces_[p] *= rule.reward_tau > 0 ? std::exp(-rule.epoch / rule.reward_tau) : 0;
        rewards_[p] = {.rewarded = false, .value = static_cast<std::int32_t>(std::lround(reward_traces_[p]))};
    }
}

// ---- looking in ----

PlasticSynapse Chip::State::name_of(const PlasticLocation& place) {
    const core::PlasticSet& set = plastic_set(place);
    return {set.row_source(set.row_of(place.synapse)), set.target_neuron(set.slot(place.synapse))};
}

const std::vector<Chip::State::PlasticLocation>& Chip::State::plastic_order(std::uint32_t profile) {
    SPIKELOOM_ASSERT(profile < plastic_order_.size(), fmt::format("profile {}", profile));
    std::vector<PlasticLocation>& order = plastic_order_[profile];
    if (!order.empty()) {
        return order;
    }
    struct Named {
        PlasticSynapse name;
        PlasticLocation place;
    };
    std::vector<Named> named;
    std::vector<ProfileTable::Set> sets = tables_.profiles[profile].sets;
    std::stable_sort(sets.begin(), sets.end(), [](const auto& a, const auto& b) { return a.format < b.format; });
    for (const ProfileTable::Set& place : sets) {
        const core::PlasticSet& set = tables_.shards[place.shard].plastic_sets()[place.set];
        for (std::uint32_t row = 0; row < set.rows(); ++row) {
            for (std::uint32_t s = set.row_begin(row); s < set.row_begin(row + 1); ++s) {
                named.push_back({{set.row_source(row), set.target_neuron(set.slot(s))},
                                 {static_cast<std::uint16_t>(place.shard), static_cast<std::uint16_t>(place.set), s}});
            }
        }
    }
    // Sets come by format, a source's synapses of one format in one shard: what is equal stays as the image lists it.
    std::stable_sort(named.begin(), named.end(), [](const Named& a, const Named& b) { return a.name < b.name; });
    order.reserve(named.size());
    for (const Named& synapse : named) {
        order.push_back(synapse.place);
    }
    return order;
}

const Chip::State::TracePlaces& Chip::State::trace_places(std::uint32_t profile) {
    TracePlaces& places = trace_places_[profile];
    if (!places.sources.empty()) {
        return places;
    }
    const auto note = [](std::vector<std::optional<PlasticLocation>>& neurons, std::uint32_t neuron,
                         const ProfileTable::Set& place, std::uint32_t index) {
        neurons.resize(std::max<std::size_t>(neurons.size(), neuron + std::size_t{1}));
        neurons[neuron] = {static_cast<std::uint16_t>(place.shard), static_cast<std::uint16_t>(place.set), index};
    };
    for (const ProfileTable::Set& place : tables_.profiles[profile].sets) {
        const core::PlasticSet& set = tables_.shards[place.shard].plastic_sets()[place.set];
        for (std::uint32_t row = 0; row < set.rows(); ++row) {
            note(places.sources, set.row_source(row), place, row);
        }
        for (const std::uint32_t slot : set.targets()) {
            note(places.targets, set.target_neuron(slot), place, slot);
        }
    }
    return places;
}

std::int32_t Chip::State::trace(std::uint32_t profile, rules::Operand operand, std::uint32_t neuron) {
    using rules::Operand;
    SPIKELOOM_ASSERT(profile < trace_places_.size(), fmt::format("profile {}", profile));
    const auto number = static_cast<std::size_t>(operand);
    const auto of = [&](const std::vector<std::optional<PlasticLocation>>& neurons, const auto& value) {
        return neuron < neurons.size() && neurons[neuron]
                   ? value(plastic_set(*neurons[neuron]), neurons[neuron]->synapse)
                   : 0;
    };
    switch (operand) {
    case Operand::r1:
        return reward_trace(profile);
    case Operand::x1:
    case Operand::x2:
        return of(trace_places(profile).sources, [&](const core::PlasticSet& set, std::uint32_t row) {
            return set.source_trace(row, number - static_cast<std::size_t>(Operand::x1));
        });
    case Operand::y1:
    case Operand::y2:
    case Operand::y3:
        return of(trace_places(profile).targets, [&](const core::PlasticSet& set, std::uint32_t slot) {
            return set.target_trace(slot, number - static_cast<std::size_t>(Operand::y1));
        });
    case Operand::x0:
    case Operand::y0:
    case Operand::r0:
    case Operand::w:
    case Operand::d:
    case Operand::t:
    case Operand::constant:
        break;
    }
    SPIKELOOM_ASSERT(false, fmt::format("operand {} is no trace", number));
    return 0;
}

void Chip::set_learning(bool on) {
    state_->set_learning(on);
}

std::vector<PlasticSynapse> Chip::plastic_synapses(std::uint32_t profile) const {
    std::vector<PlasticSynapse> synapses;
    for (const auto& place : state_->plastic_order(profile)) {
        synapses.push_back(state_->name_of(place));
    }
    return synapses;
}

std::vector<std::int32_t> Chip::plastic_values(std::uint32_t profile, rules::Variable variable) const {
    std::vector<std::int32_t> values;
    for (const auto& place : state_->plastic_order(profile)) {
        values.push_back(state_->plastic_set(place).value(place.synapse, variable));
    }
    return values;
}

void Chip::set_plastic_values(std::uint32_t profile, rules::Variable variable, std::span<const std::int32_t> values) {
    const auto& order = state_->plastic_order(profile);
    SPIKELOOM_ASSERT(values.size() == order.size(), fmt::format("{} values, {} synapses", values.size(), order.size()));
    for (std::size_t i = 0; i < order.size(); ++i) {
        state_->plastic_set(order[i]).set_value(order[i].synapse, variable, values[i]);
    }
}

std::int32_t Chip::trace(std::uint32_t profile, rules::Operand operand, std::uint32_t neuron) const {
    return state_->trace(profile, operand, neuron);
}

void Chip::reward(std::uint32_t profile, std::int32_t value) {
    state_->reward(profile, value);
}

void Chip::set_learning_draws(const LearningDraws& draws) {
    state_->set_learning_draws(draws);
}

}  // namespace spikeloom::chip
