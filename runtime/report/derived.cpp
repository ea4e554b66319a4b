// The figures that follow from the report's value.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "runtime/report/findings.hpp"

namespace spikeloom::runtime {

Per per(const Report& report) {
    if (report.samples > 0) {
        return {"inference", "inferences", static_cast<double>(report.samples)};
    }
    return {"step", "steps", static_cast<double>(std::max<std::uint64_t>(report.steps, 1))};
}

chip::Estimate scaled(const chip::Estimate& estimate, double factor) {
    return {estimate.value * factor, estimate.low * factor, estimate.high * factor};
}

chip::Estimate sum(const chip::StaticEnergy& energy) {
    const auto add = [&](double chip::Estimate::* part) {
        return energy.cores_pj.*part + energy.chip_pj.*part + energy.host_pj.*part;
    };
    return {add(&chip::Estimate::value), add(&chip::Estimate::low), add(&chip::Estimate::high)};
}

chip::Estimate total(const PopulationEnergy& energy) {
    chip::Estimate all = energy.updates_pj;
    for (const chip::Estimate& part : {energy.spikes_pj, energy.messages_pj, energy.synapses_pj, energy.learning_pj}) {
        all += part;
    }
    return all;
}

chip::Estimate dynamic_per(const Report& report, const PricedRun& run) {
    return scaled(run.dynamic_pj, 1 / per(report).count);
}

chip::Estimate static_per(const Report& report, const PricedRun& run) {
    return run.static_pj ? scaled(sum(*run.static_pj), 1 / per(report).count) : chip::Estimate{};
}

double time_per(const Report& report, const PricedRun& run) {
    return run.time_ns / per(report).count;
}

double accuracy(const Report& report) {
    return report.samples == 0 ? 0 : static_cast<double>(report.correct) / static_cast<double>(report.samples);
}

chip::Estimate wilson_interval(std::uint64_t correct, std::uint64_t samples) {
    if (samples == 0) {
        return {};
    }
    constexpr double z = 1.959963984540054;
    const auto n = static_cast<double>(samples);
    const double p = static_cast<double>(correct) / n;
    const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
    const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    return {p, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

chip::Estimate accuracy_interval(const Report& report) {
    return wilson_interval(report.correct, report.samples);
}

namespace {

/// Everything that depends on which limit it is, in one place.
struct LimitInfo {
    const char* key;
    const char* name;
    const char* unit;
    std::uint64_t CoreOccupancy::* used;
};

const LimitInfo& info(Limit limit) {
    static constexpr std::array<LimitInfo, 10> table{{
        {"compartments", "compartments", "", &CoreOccupancy::compartments},
        {"input_axons", "input axons", "", &CoreOccupancy::input_axons},
        {"output_axons", "output axons", "", &CoreOccupancy::output_axons},
        {"synapse_words", "synaptic memory", " words", &CoreOccupancy::synapse_words},
        {"longest_list", "longest list", " words", &CoreOccupancy::longest_list},
        {"compartment_profiles", "compartment profiles", "", &CoreOccupancy::compartment_profiles},
        {"threshold_profiles", "threshold profiles", "", &CoreOccupancy::threshold_profiles},
        {"synapse_formats", "synapse formats", "", &CoreOccupancy::synapse_formats},
        {"learning_rules", "learning rules", "", &CoreOccupancy::learning_rules},
        {"plastic_axons", "axons with traces", "", &CoreOccupancy::plastic_axons},
    }};
    return table[static_cast<std::size_t>(limit)];
}

}  // namespace

std::vector<Limit> recorded_limits(const Report& report) {
    if (!report.every_limit_recorded) {
        return {Limit::compartments, Limit::input_axons, Limit::output_axons, Limit::synapse_words};
    }
    std::vector<Limit> limits{Limit::compartments,       Limit::input_axons,    Limit::output_axons,
                              Limit::synapse_words,      Limit::longest_list,   Limit::compartment_profiles,
                              Limit::threshold_profiles, Limit::synapse_formats};
    if (report.learning_limits_recorded) {
        limits.insert(limits.end(), {Limit::learning_rules, Limit::plastic_axons});
    }
    return limits;
}

std::string name(Limit limit) {
    return info(limit).name;
}
std::string key(Limit limit) {
    return info(limit).key;
}
std::uint64_t used(const CoreOccupancy& core, Limit limit) {
    return core.*info(limit).used;
}

std::int64_t room(const Report& report, Limit limit) {
    switch (limit) {
    case Limit::compartments:
        return report.limits.compartments;
    case Limit::input_axons:
        return report.limits.input_axons;
    case Limit::output_axons:
        return report.limits.output_axons;
    case Limit::synapse_words:
        return report.synapse_words;
    case Limit::longest_list:
        return report.words_per_axon;
    case Limit::compartment_profiles:
        return report.limits.compartment_profiles;
    case Limit::threshold_profiles:
        return report.limits.threshold_profiles;
    case Limit::synapse_formats:
        return report.synapse_formats;
    case Limit::learning_rules:
        return report.learning_rules;
    case Limit::plastic_axons:
        return report.plastic_axons;
    }
    return 0;
}

std::string use_text(const Report& report, const CoreOccupancy& core, Limit limit) {
    return fmt::format("{} of {}{} ({})", grouped(used(core, limit)),
                       grouped(static_cast<std::uint64_t>(std::max<std::int64_t>(room(report, limit), 0))),
                       info(limit).unit, percent(utilisation(report, core, limit), Script::plain, 0));
}

double utilisation(const Report& report, const CoreOccupancy& core, Limit limit) {
    const std::int64_t most = room(report, limit);
    return most <= 0 ? 0 : static_cast<double>(used(core, limit)) / static_cast<double>(most);
}

Limit binding(const Report& report, const CoreOccupancy& core) {
    const std::vector<Limit> limits = recorded_limits(report);
    return *std::max_element(limits.begin(), limits.end(), [&](Limit a, Limit b) {
        return utilisation(report, core, a) < utilisation(report, core, b);
    });
}

std::string name(chip::CostItem item) {
    switch (item) {
    case chip::CostItem::update_active:
        return "active neuron update";
    case chip::CostItem::update_idle:
        return "idle neuron update";
    case chip::CostItem::spike:
        return "spike";
    case chip::CostItem::message_out:
        return "message sent";
    case chip::CostItem::message_in:
        return "message received";
    case chip::CostItem::hop_local:
        return "hop within the tile";
    case chip::CostItem::hop_ew:
        return "hop east or west";
    case chip::CostItem::hop_ns:
        return "hop north or south";
    case chip::CostItem::synaptic_event_sparse:
        return "synaptic event, sparse";
    case chip::CostItem::synaptic_event_runlength:
        return "synaptic event, run-length";
    case chip::CostItem::synaptic_event_dense:
        return "synaptic event, dense";
    case chip::CostItem::input_spike:
        return "input spike";
    case chip::CostItem::learning_update:
        return "learning update";
    case chip::CostItem::hop_vertical:
        return "hop up or down";
    case chip::CostItem::hop_chip:
        return "hop between chips";
    case chip::CostItem::output_spike:
        return "output spike";
    }
    return {};
}

std::string name(chip::Trust trust) {
    switch (trust) {
    case chip::Trust::measured:
        return "measured";
    case chip::Trust::fitted:
        return "fitted";
    case chip::Trust::simulated:
        return "simulated";
    case chip::Trust::inferred:
        return "inferred";
    case chip::Trust::guessed:
        return "guessed";
    }
    return {};
}

Kind kind(chip::CostItem item) {
    switch (item) {
    case chip::CostItem::update_active:
    case chip::CostItem::update_idle:
        return Kind::updates;
    case chip::CostItem::spike:
        return Kind::spikes;
    case chip::CostItem::message_out:
    case chip::CostItem::message_in:
        return Kind::messages;
    case chip::CostItem::hop_local:
    case chip::CostItem::hop_ew:
    case chip::CostItem::hop_ns:
    case chip::CostItem::hop_vertical:
    case chip::CostItem::hop_chip:
        return Kind::hops;
    case chip::CostItem::synaptic_event_sparse:
    case chip::CostItem::synaptic_event_runlength:
    case chip::CostItem::synaptic_event_dense:
        return Kind::synapses;
    case chip::CostItem::input_spike:
    case chip::CostItem::output_spike:
        return Kind::inputs;
    case chip::CostItem::learning_update:
        return Kind::learning;
    }
    return Kind::inputs;
}

std::string name(Kind kind) {
    switch (kind) {
    case Kind::synapses:
        return "synaptic events";
    case Kind::updates:
        return "neuron updates";
    case Kind::spikes:
        return "spikes";
    case Kind::messages:
        return "messages";
    case Kind::hops:
        return "hops";
    case Kind::inputs:
        return "inputs and outputs";
    case Kind::learning:
        return "learning updates";
    }
    return {};
}

chip::Estimate energy_of(const PricedRun& run, Kind wanted) {
    chip::Estimate all;
    for (const chip::ItemEnergy& item : run.items) {
        if (kind(item.item) == wanted) {
            all.value += item.energy_pj.value;
            all.low += item.energy_pj.low;
            all.high += item.energy_pj.high;
        }
    }
    return all;
}

}  // namespace spikeloom::runtime
