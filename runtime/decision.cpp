#include "runtime/decision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace spikeloom::runtime {
namespace {

constexpr std::array<std::pair<Decision, std::string_view>, 6> decisions{{{Decision::automatic, "automatic"},
                                                                          {Decision::spike_count, "spike_count"},
                                                                          {Decision::first_spike, "first_spike"},
                                                                          {Decision::voltage_last, "voltage_last"},
                                                                          {Decision::voltage_max, "voltage_max"},
                                                                          {Decision::argmax, "argmax"}}};

}  // namespace

Result<Decision> parse_decision(const std::string& text) {
    for (const auto& [decision, name] : decisions) {
        if (text == name) {
            return decision;
        }
    }
    return fail({.where = "--decision",
                 .found = fmt::format("no decision '{}'", text),
                 .allowed = "automatic, spike_count, first_spike, voltage_last, voltage_max, argmax",
                 .help = {}});
}

Decision settled(Decision decision, bool output_spikes) {
    if (decision != Decision::automatic) {
        return decision;
    }
    return output_spikes ? Decision::spike_count : Decision::voltage_max;
}

OutputTally::OutputTally(std::size_t outputs, Decision decision)
    : decision_(decision), spikes_(outputs), first_(outputs), voltages_(outputs) {
    clear();
}

void OutputTally::clear() {
    std::fill(spikes_.begin(), spikes_.end(), 0);
    std::fill(first_.begin(), first_.end(), never);
    std::fill(voltages_.begin(), voltages_.end(), -std::numeric_limits<double>::infinity());
}

void OutputTally::add_spike(std::int64_t step, std::uint32_t neuron) {
    ++spikes_[neuron];
    first_[neuron] = std::min(first_[neuron], step);
}

void OutputTally::add_voltage(std::uint32_t neuron, double voltage) {
    voltages_[neuron] = decision_ == Decision::voltage_last ? voltage : std::max(voltages_[neuron], voltage);
}

std::int32_t OutputTally::answer() const {
    std::uint32_t winner = 0;
    for (std::uint32_t neuron = 1; neuron < spikes_.size(); ++neuron) {
        if (beats(neuron, winner)) {
            winner = neuron;
        }
    }
    return by_voltage(decision_) || decision_ == Decision::argmax || first_[winner] != never
               ? static_cast<std::int32_t>(winner)
               : -1;
}

std::int32_t OutputTally::first_spike(std::uint32_t neuron) const {
    return first_[neuron] == never ? -1 : static_cast<std::int32_t>(first_[neuron]);
}

/// Whether a answers rather than b (b < a: equals stay with b).
bool OutputTally::beats(std::uint32_t a, std::uint32_t b) const {
    switch (decision_) {
    case Decision::automatic:
    case Decision::spike_count:
        return spikes_[a] != spikes_[b] ? spikes_[a] > spikes_[b] : first_[a] < first_[b];
    case Decision::first_spike:
        return first_[a] != first_[b] ? first_[a] < first_[b] : spikes_[a] > spikes_[b];
    case Decision::argmax:
        return spikes_[a] > spikes_[b];
    case Decision::voltage_last:
    case Decision::voltage_max:
        return voltages_[a] > voltages_[b];
    }
    return false;
}

}  // namespace spikeloom::runtime
