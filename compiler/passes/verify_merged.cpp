#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "compiler/passes/merge_decays.hpp"

namespace spikeloom::compiler {
namespace {

/// The decay that a register is nearest to, in its units.
long long register_of(double step, double tau, const chip::IntRange& range, int offset, int bits) {
    const long long wanted = std::llround(std::ldexp(std::min(step / tau, 1.0), bits));
    return std::clamp<long long>(wanted, range.least + offset, range.most + offset);
}

/// Steps in which what decays falls to 1/e.
double steps_of(long long decay, int bits) {
    const double one = std::ldexp(1.0, bits);
    const double held = decay == 0 ? 0.5 : static_cast<double>(decay) >= one ? one - 0.5 : static_cast<double>(decay);
    return -1.0 / std::log(1.0 - held / one);
}

/// As the verifier finds it.
struct Seen {
    std::set<std::pair<long long, long long>> pairs;
    double membrane = 0;  ///< largest relative changes
    double synapse = 0;
};

Seen look_at(const Network& before, const Network& after, std::size_t p, const chip::NeuronFormat& format) {
    const Population& old = before.populations[p];
    const Population& now = after.populations[p];
    Seen seen;
    for (std::size_t i = 0; i < old.size(); ++i) {
        const auto at = [&](const Population& population, bool membrane) {
            const bool there = membrane ? leaks(population.kind) : has_synaptic_current(population.kind);
            const double tau = membrane ? population.tau_mem_s[i] : population.tau_syn_s[i];
            return !there ? -1
                          : register_of(before.step_s, tau, membrane ? format.voltage_decay : format.current_decay,
                                        membrane ? format.voltage_decay_offset : format.current_decay_offset,
                                        format.decay_bits);
        };
        seen.pairs.emplace(at(now, true), at(now, false));
        for (const bool membrane : {true, false}) {
            const long long from = at(old, membrane);
            const long long to = at(now, membrane);
            if (from != to) {
                double& most = membrane ? seen.membrane : seen.synapse;
                most =
                    std::max(most, std::abs(steps_of(to, format.decay_bits) / steps_of(from, format.decay_bits) - 1));
            }
        }
    }
    return seen;
}

/// A copy with the parameters of another that merging may change.
Population with_decays_of(Population population, const Population& other) {
    population.tau_mem_s = other.tau_mem_s;
    population.tau_syn_s = other.tau_syn_s;
    population.resistance = other.resistance;
    return population;
}

}  // namespace

Diagnostics verify_merged(const Network& network, const DecaysMerged& merged, const chip::ChipSpec& chip) {
    Diagnostics findings;
    const auto say = [&](std::string where, std::string found) {
        findings.push_back({.where = std::move(where), .found = std::move(found)});
    };
    const Network& now = merged.network;
    if (now.populations.size() != network.populations.size() || now.projections != network.projections ||
        now.inputs != network.inputs || now.outputs != network.outputs || now.step_s != network.step_s) {
        say("network", "merging its decays changed more than time constants");
        return findings;
    }
    for (std::size_t p = 0; p < network.populations.size(); ++p) {
        const Population& old = network.populations[p];
        const std::string where = fmt::format("population '{}'", old.name);
        const auto told = std::ranges::find(merged.populations, p, &MergedDecays::population);
        if (told == merged.populations.end()) {
            if (now.populations[p] != old) {
                say(where, "changed by merging decays, and not told of");
            }
            continue;
        }
        if (with_decays_of(now.populations[p], old) != old) {
            say(where, "merging its decays changed more than time constants");
            continue;
        }
        const Seen seen = look_at(network, now, p, chip.neuron);
        constexpr double rounding = 1e-9;
        if (seen.pairs.size() != told->pairs || std::abs(seen.membrane - told->membrane.largest) > rounding ||
            std::abs(seen.synapse - told->synapse.largest) > rounding) {
            say(where, fmt::format("{} pairs of decays, changed by at most {:.6f} and {:.6f}; told are {}, {:.6f} and "
                                   "{:.6f}",
                                   seen.pairs.size(), seen.membrane, seen.synapse, told->pairs, told->membrane.largest,
                                   told->synapse.largest));
        }
        for (std::size_t i = 0; i < old.size() && leaks(old.kind); ++i) {
            const auto gain = [&](const Population& population) {
                return std::min(1.0, network.step_s / population.tau_mem_s[i]) * population.resistance[i];
            };
            if (std::abs(gain(now.populations[p]) - gain(old)) > rounding * std::abs(gain(old))) {
                say(where, fmt::format("neuron {}: merging its decays changed its gain", i));
                break;
            }
        }
    }
    return findings;
}

}  // namespace spikeloom::compiler
