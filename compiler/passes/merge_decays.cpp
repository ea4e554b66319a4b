#include "compiler/passes/merge_decays.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <limits>
#include <map>
#include <utility>

#include "compiler/passes/group_plane.hpp"
#include "compiler/passes/neuron_model.hpp"

namespace spikeloom::compiler {
namespace {

/// Effective decays of 2^decay_bits, as registers hold them.
struct Decays {
    std::int64_t voltage = 0;
    std::int64_t current = 0;
    friend auto operator<=>(const Decays&, const Decays&) = default;
};

/// The logarithm of a decay's time constant in steps. A register of no decay stands for all that is slower than half of
/// the least, one of full decay for what is faster than half a unit less.
double log_time_constant(std::int64_t decay, int bits) {
    const double one = std::ldexp(1.0, bits);
    const double held = std::clamp(static_cast<double>(decay), 0.5, one - 0.5);
    return -std::log(-std::log1p(-held / one));
}

/// Every decay that a register can hold but none, which is no time constant; by ascending time constant.
struct Register {
    Register(const chip::IntRange& range, int offset, int bits) {
        const std::int64_t one = std::int64_t{1} << bits;
        for (std::int64_t decay = std::min(range.most + offset, one);
             decay >= std::max<std::int64_t>(range.least + offset, 1); --decay) {
            decays.push_back(decay);
            places.push_back(log_time_constant(decay, bits));
        }
    }
    std::vector<std::int64_t> decays;
    std::vector<double> places;
};

class Merger {
public:
    Merger(const Network& network, const chip::ChipSpec& chip, const DecayMerging& merging)
        : network_(network),
          chip_(chip),
          merging_(merging),
          bits_(chip.neuron.decay_bits),
          registers_{Register(chip.neuron.voltage_decay, chip.neuron.voltage_decay_offset, bits_),
                     Register(chip.neuron.current_decay, chip.neuron.current_decay_offset, bits_)} {}

    DecaysMerged run() {
        DecaysMerged merged{.network = network_, .populations = {}};
        for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
            merge(p, merged);
        }
        return merged;
    }

private:
    [[nodiscard]] std::vector<Decays> held(std::uint32_t population) const;
    [[nodiscard]] std::map<Decays, Decays> groups(const std::map<Decays, std::size_t>& pairs) const;
    [[nodiscard]] std::vector<Decays> moved(const std::vector<Decays>& pairs, const std::vector<PlanePoint>& points,
                                            std::size_t most) const;
    void merge(std::uint32_t population, DecaysMerged& merged) const;
    void write(Population& population, const std::vector<Decays>& from, const std::vector<Decays>& to) const;
    void count(const std::vector<Decays>& from, const std::vector<Decays>& to, MergedDecays& told) const;

    const Network& network_;
    const chip::ChipSpec& chip_;
    const DecayMerging& merging_;
    int bits_;
    std::array<Register, 2> registers_;  ///< voltage, current
};

/// By neuron, as quantise would have it; nothing where it would refuse.
std::vector<Decays> Merger::held(std::uint32_t p) const {
    const Population& population = network_.populations[p];
    const auto varies = [](const Parameter& tau) { return !tau.uniform(); };
    const bool any = (leaks(population.kind) && varies(population.tau_mem_s)) ||
                     (has_synaptic_current(population.kind) && varies(population.tau_syn_s));
    if (population.fixed || !any) {
        return {};
    }
    Diagnostics findings;
    const PopulationModel model = derive_neuron_model(network_, p, chip_, {.approximate_reset = true}, findings);
    if (has_error(findings)) {
        return {};
    }
    std::vector<Decays> decays;
    for (const DerivedNeuron& neuron : model.neurons) {
        decays.push_back({.voltage = neuron.registers.voltage_decay + chip_.neuron.voltage_decay_offset,
                          .current = neuron.registers.current_decay + chip_.neuron.current_decay_offset});
    }
    return decays;
}

/// Where each pair goes. One axis is a line, whose groups are the best there are.
std::vector<Decays> Merger::moved(const std::vector<Decays>& pairs, const std::vector<PlanePoint>& points,
                                  std::size_t most) const {
    const LineReach reach{
        .down = merging_.tolerance < 1 ? -std::log1p(-merging_.tolerance) : std::numeric_limits<double>::infinity(),
        .up = std::log1p(merging_.tolerance)};
    const bool by_number = merging_.most_pairs > 0;
    std::vector<Decays> to = pairs;
    const auto decay = [&](std::size_t axis, std::size_t place) { return registers_[axis].decays[place]; };
    const auto same = [&](std::int64_t Decays::* one) {
        return std::ranges::all_of(pairs, [&](const Decays& pair) { return pair.*one == pairs.front().*one; });
    };
    if (same(&Decays::voltage) || same(&Decays::current)) {
        const std::size_t axis = same(&Decays::voltage) ? 1 : 0;
        std::vector<std::size_t> order(points.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        std::ranges::stable_sort(order, {}, [&](std::size_t i) { return points[i].at[axis]; });
        std::vector<LinePoint> line;
        for (const std::size_t i : order) {
            line.push_back({.at = points[i].at[axis], .weight = points[i].weight});
        }
        const std::vector<double>& places = registers_[axis].places;
        const LineGrouping grouping = by_number ? group_line(line, places, most) : cover_line(line, places, reach);
        for (std::size_t i = 0; i < order.size(); ++i) {
            (axis == 0 ? to[order[i]].voltage : to[order[i]].current) = decay(axis, grouping.place[i]);
        }
        return to;
    }
    const PlanePlaces places{registers_[0].places, registers_[1].places};
    const PlaneGrouping grouping = by_number ? group_plane(points, places, most) : cover_plane(points, places, reach);
    for (std::size_t i = 0; i < to.size(); ++i) {
        to[i] = {.voltage = decay(0, grouping.place[i][0]), .current = decay(1, grouping.place[i][1])};
    }
    return to;
}

/// Registers of no decay have no time constant: neurons that have one are left as they are.
std::map<Decays, Decays> Merger::groups(const std::map<Decays, std::size_t>& pairs) const {
    std::vector<Decays> from;
    std::vector<PlanePoint> points;
    for (const auto& [pair, neurons] : pairs) {
        if (pair.voltage > 0 && pair.current > 0) {
            from.push_back(pair);
            points.push_back({.at = {log_time_constant(pair.voltage, bits_), log_time_constant(pair.current, bits_)},
                              .weight = static_cast<double>(neurons)});
        }
    }
    std::map<Decays, Decays> to;
    const std::size_t fixed = pairs.size() - from.size();
    const std::size_t most = merging_.most_pairs > fixed ? merging_.most_pairs - fixed : 1;
    if (from.size() > most) {
        const std::vector<Decays> places = moved(from, points, most);
        for (std::size_t i = 0; i < from.size(); ++i) {
            to[from[i]] = places[i];
        }
    }
    return to;
}

void Merger::merge(std::uint32_t p, DecaysMerged& merged) const {
    const std::vector<Decays> before = held(p);
    std::map<Decays, std::size_t> pairs;
    for (const Decays& decays : before) {
        ++pairs[decays];
    }
    const std::map<Decays, Decays> moves = groups(pairs);
    std::vector<Decays> after = before;
    std::map<Decays, std::size_t> pairs_after;
    for (Decays& decays : after) {
        if (const auto move = moves.find(decays); move != moves.end()) {
            decays = move->second;
        }
        ++pairs_after[decays];
    }
    if (pairs_after.size() >= pairs.size()) {
        return;
    }
    write(merged.network.populations[p], before, after);
    MergedDecays told{.population = p,
                      .neurons = before.size(),
                      .pairs_before = pairs.size(),
                      .pairs = pairs_after.size(),
                      .membrane = {},
                      .synapse = {}};
    count(before, after, told);
    merged.populations.push_back(told);
}

/// The membrane's gain, decay times resistance, stays: v rises from a reset as fast as before. A spike still brings its
/// whole charge through the synapse, since w_in stays.
void Merger::write(Population& population, const std::vector<Decays>& from, const std::vector<Decays>& to) const {
    const auto one_each = [&](const Parameter& parameter) {
        std::vector<double> values(from.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = parameter[i];
        }
        return values;
    };
    const double one = std::ldexp(1.0, bits_);
    std::vector<double> membrane = one_each(population.tau_mem_s);
    std::vector<double> synapse = one_each(population.tau_syn_s);
    std::vector<double> resistance = one_each(population.resistance);
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (to[i].voltage != from[i].voltage) {
            const double wanted = std::min(network_.step_s / membrane[i], 1.0);
            const double held = static_cast<double>(to[i].voltage) / one;
            membrane[i] = network_.step_s / held;
            resistance[i] *= wanted / held;
        }
        if (to[i].current != from[i].current) {
            synapse[i] = network_.step_s * one / static_cast<double>(to[i].current);
        }
    }
    if (leaks(population.kind)) {
        population.tau_mem_s = Parameter(std::move(membrane));
        population.resistance = Parameter(std::move(resistance));
    }
    if (has_synaptic_current(population.kind)) {
        population.tau_syn_s = Parameter(std::move(synapse));
    }
}

void Merger::count(const std::vector<Decays>& from, const std::vector<Decays>& to, MergedDecays& told) const {
    const auto change = [&](std::int64_t before, std::int64_t after, DecayChange& of) {
        const double relative =
            std::abs(std::expm1(log_time_constant(after, bits_) - log_time_constant(before, bits_)));
        of.largest = std::max(of.largest, relative);
        of.mean += relative / static_cast<double>(from.size());
    };
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (from[i] != to[i]) {
            ++told.changed;
            change(from[i].voltage, to[i].voltage, told.membrane);
            change(from[i].current, to[i].current, told.synapse);
        }
    }
}

}  // namespace

DecaysMerged merge_decays(const Network& network, const chip::ChipSpec& chip, const DecayMerging& merging) {
    return merging.on() ? Merger(network, chip, merging).run() : DecaysMerged{.network = network, .populations = {}};
}

std::string summary(const MergedDecays& merged) {
    const auto change = [](const char* what, const DecayChange& of) {
        return of.largest > 0 ? fmt::format("; {} time constants change by at most {:.2f} %, on average {:.2f} %", what,
                                            100 * of.largest, 100 * of.mean)
                              : std::string();
    };
    return fmt::format("{} pairs of decay registers merged to {}, in {} of {} neurons{}{}", merged.pairs_before,
                       merged.pairs, merged.changed, merged.neurons, change("membrane", merged.membrane),
                       change("synaptic", merged.synapse));
}

}  // namespace spikeloom::compiler
