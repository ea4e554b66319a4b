// The verifier, second half: the image against the network it claims to be. Both are expanded into synapses, source by
// source, and compared one to one: none lost, none invented, each weight the nearest that its format has.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "compiler/compile.hpp"
#include "compiler/network.hpp"
#include "compiler/verify_expansion.hpp"
#include "compiler/verify_learning.hpp"
#include "compiler/verify_registers.hpp"

namespace spikeloom::compiler {
namespace {

/// A synapse as the image has it: contribution in units of 2^6, and the distance of the values that the format has.
struct Held {
    std::uint64_t target = 0;  ///< population in the high half, neuron in the low
    std::uint32_t delay = 0;
    std::uint32_t rule = 0;  ///< as SynapseEntry::learning
    double value = 0;
    double step = 0;
    bool at_end = false;  ///< the largest magnitude of its format
};

/// A synapse as the network wants it, in the same units.
struct Wanted {
    std::uint64_t target = 0;
    std::uint32_t delay = 0;
    std::uint32_t rule = 0;
    double value = 0;
    std::uint32_t projection = 0;
};

template <class A, class B>
bool same_key(const A& a, const B& b) {
    return a.target == b.target && a.delay == b.delay && a.rule == b.rule;
}

template <class T>
bool by_key_and_value(const T& a, const T& b) {
    if (a.target != b.target) {
        return a.target < b.target;
    }
    if (a.delay != b.delay) {
        return a.delay < b.delay;
    }
    return a.rule != b.rule ? a.rule < b.rule : a.value < b.value;
}

std::uint64_t key_of(std::uint32_t population, std::uint32_t neuron) {
    return std::uint64_t{population} << 32U | neuron;
}

class NetworkVerifier {
public:
    NetworkVerifier(const chip::Image& image, const Network& network)
        : image_(image), network_(network), expansion_(network) {}
    [[nodiscard]] Diagnostics run();

private:
    void say(const std::string& where, const std::string& found) {
        if (findings_.size() < 100) {
            findings_.push_back({Severity::error, where, found, "", ""});
        }
    }
    [[nodiscard]] bool shapes_agree();
    void seat_neurons();
    void gather_held(std::span<const chip::OutputAxon> outputs);
    void gather_wanted(const Source& source, std::uint32_t neuron);
    void compare(const std::string& name, std::uint32_t neuron);
    [[nodiscard]] bool agree(const Wanted& wanted, const Held& held) const;
    [[nodiscard]] bool agree_in_some_order(std::span<const Wanted> wanted, std::span<const Held> held) const;
    template <class Where>
    void compare_group(const Where& where, std::span<const Wanted> wanted, std::span<const Held> held);
    void check_source(const Source& source);

    const chip::Image& image_;
    const Network& network_;
    Diagnostics findings_;
    std::vector<std::vector<Seat>> seats_;            ///< by population, neuron
    std::vector<std::vector<std::uint64_t>> key_at_;  ///< by core, compartment
    std::vector<std::vector<double>> gain_;           ///< by population, neuron
    std::vector<std::uint64_t> lost_;                 ///< by projection
    std::vector<std::uint32_t> rule_of_;              ///< by projection: SynapseEntry::learning of its synapses
    std::vector<Held> held_;
    std::vector<Wanted> wanted_;
    NaiveExpansion expansion_;
    std::vector<ExpandedSynapse> connections_;
};

bool NetworkVerifier::shapes_agree() {
    if (image_.populations.size() != network_.populations.size() || image_.inputs.size() != network_.inputs.size() ||
        image_.losses.size() != network_.projections.size()) {
        say("image", fmt::format("{} populations, {} inputs, {} projections; the network has {}, {}, {}",
                                 image_.populations.size(), image_.inputs.size(), image_.losses.size(),
                                 network_.populations.size(), network_.inputs.size(), network_.projections.size()));
        return false;
    }
    for (std::size_t p = 0; p < network_.populations.size(); ++p) {
        if (image_.populations[p].size() != network_.populations[p].size() ||
            image_.populations[p].name != network_.populations[p].name) {
            say(fmt::format("population '{}'", network_.populations[p].name), "has another name or size in the image");
            return false;
        }
    }
    for (std::size_t i = 0; i < network_.inputs.size(); ++i) {
        if (image_.inputs[i].size() != network_.inputs[i].size() ||
            image_.inputs[i].graded != network_.inputs[i].graded) {
            say(fmt::format("input '{}'", network_.inputs[i].name),
                "has another size in the image, or its spikes other values");
            return false;
        }
    }
    return true;
}

void NetworkVerifier::seat_neurons() {
    for (const chip::CoreImage& core : image_.cores) {
        key_at_.emplace_back(core.compartments, ~std::uint64_t{0});
    }
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        auto& seats = seats_.emplace_back();
        const chip::PopulationSymbol& symbol = image_.populations[p];
        for (const chip::PopulationTile& tile : symbol.tiles) {
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                seats.push_back({tile.core.value(), symbol.compartment(tile, i)});
                key_at_[tile.core.value()][symbol.compartment(tile, i)] = key_of(p, tile.first_neuron + i);
            }
        }
    }
}

void NetworkVerifier::gather_held(std::span<const chip::OutputAxon> outputs) {
    held_.clear();
    for (const chip::OutputAxon& output : outputs) {
        const chip::CoreImage& core = image_.cores[output.core.value()];
        const std::uint32_t axon = output.axon.value();
        const std::int32_t base = core.axon(axon).base;
        for (const chip::SynapseEntry& entry : core.entries_of(axon)) {
            const chip::WeightFormat& format = core.formats[entry.format];
            const bool mixed = format.sign_mode == chip::SignMode::mixed;
            const bool plastic = entry.learning > 0;
            const int register_bits = image_.chip.learning.arithmetic.weight_bits;
            // A plastic register resolves the range of 8 bits with as many as it has.
            const double scale = std::ldexp(1.0, format.weight_exponent + (plastic ? 8 - register_bits : 0));
            const double lsb = std::ldexp(1.0, (mixed ? 9 : 8) - format.weight_bits);
            const double step = plastic ? scale : std::max(1.0, lsb * scale);
            const double end =
                plastic ? std::ldexp(scale, register_bits) : std::min(32767.0, (256 - lsb) * scale) - step;
            for (std::uint32_t i = entry.first; i < entry.first + entry.count; ++i) {
                const chip::Synapse& synapse = core.synapses[i];
                if (synapse.weight != 0 || plastic) {
                    const double value = plastic ? synapse.weight * scale : std::floor(synapse.weight * scale);
                    held_.push_back(
                        {.target = key_at_[output.core.value()][static_cast<std::size_t>(base + synapse.target)],
                         .delay = synapse.delay,
                         .rule = entry.learning,
                         .value = value,
                         .step = step,
                         .at_end = plastic ? std::abs(value) >= end - step : std::abs(value) > end});
                }
            }
        }
    }
    std::ranges::sort(held_, by_key_and_value<Held>);
}

void NetworkVerifier::gather_wanted(const Source& source, std::uint32_t neuron) {
    wanted_.clear();
    for (std::uint32_t p = 0; p < network_.projections.size(); ++p) {
        const Projection& projection = network_.projections[p];
        if (!(projection.source == source)) {
            continue;
        }
        connections_.clear();
        expansion_.append(p, neuron, connections_);
        const std::uint32_t population = projection.target.value();
        for (const ExpandedSynapse& connection : connections_) {
            wanted_.push_back({.target = key_of(population, connection.target),
                               .delay = connection.delay,
                               .rule = rule_of_[p],
                               .value = gain_[population][connection.target] * connection.weight / 64.0,
                               .projection = p});
        }
    }
    std::ranges::sort(wanted_, by_key_and_value<Wanted>);
}

bool NetworkVerifier::agree(const Wanted& wanted, const Held& held) const {
    const double error = std::abs(held.value - wanted.value);
    const bool clipped = held.at_end && std::abs(wanted.value) > std::abs(held.value) && held.value * wanted.value > 0;
    // Whole numbers into given registers are exact, unless the image admits that they are not.
    const bool exact =
        network_.populations[wanted.target >> 32U].fixed && image_.losses[wanted.projection].rms_error == 0;
    return exact ? error == 0 : error <= 0.5 * held.step + 1e-6 * std::abs(wanted.value) || clipped;
}

/// Whether each wanted synapse can have one of those held: parallel ones of several projections have formats of their
/// own, so that by value alone a coarse one may come before a fine one.
bool NetworkVerifier::agree_in_some_order(std::span<const Wanted> wanted, std::span<const Held> held) const {
    constexpr std::size_t most = 64;  // more would be slow, and no network has so many
    constexpr std::size_t nobody = most;
    if (wanted.size() > most) {
        return false;
    }
    std::vector<std::size_t> owner(held.size(), nobody);
    std::vector<bool> tried;
    const std::function<bool(std::size_t)> place = [&](std::size_t w) {
        for (std::size_t h = 0; h < held.size(); ++h) {
            if (tried[h] || !agree(wanted[w], held[h])) {
                continue;
            }
            tried[h] = true;
            if (owner[h] == nobody || place(owner[h])) {
                owner[h] = w;
                return true;
            }
        }
        return false;
    };
    for (std::size_t w = 0; w < wanted.size(); ++w) {
        tried.assign(held.size(), false);
        if (!place(w)) {
            return false;
        }
    }
    return true;
}

/// As many are held as wanted, both ascending.
template <class Where>
void NetworkVerifier::compare_group(const Where& where, std::span<const Wanted> wanted, std::span<const Held> held) {
    std::size_t first = 0;
    while (first < wanted.size() && agree(wanted[first], held[first])) {
        ++first;
    }
    if (first == wanted.size() || (wanted.size() > 1 && agree_in_some_order(wanted, held))) {
        return;
    }
    for (std::size_t i = first; i < wanted.size(); ++i) {
        if (!agree(wanted[i], held[i])) {
            say(where(), fmt::format("a synapse of projection '{}' contributes {} x 64; wanted {:.3f}",
                                     network_.projections[wanted[i].projection].name, held[i].value, wanted[i].value));
        }
    }
}

/// Of parallel synapses that are more than are held, both ascending: the smallest of the sign that has too many, since
/// the signs may have formats, and steps, of their own.
std::span<Wanted>::iterator rounded_away(std::span<Wanted> group, std::span<const Held> held) {
    const auto negative = [](const auto& synapse) { return synapse.value < 0; };
    const auto positive = std::ranges::partition_point(group, negative);
    const bool too_many_negative = positive - group.begin() > std::ranges::count_if(held, negative);
    return too_many_negative || positive == group.end() ? positive - 1 : positive;
}

/// Both lists are sorted. Where fewer are held than wanted, the smallest may have been rounded to zero.
void NetworkVerifier::compare(const std::string& name, std::uint32_t neuron) {
    const auto where = [&] { return fmt::format("'{}'[{}]", name, neuron); };
    std::size_t h = 0;
    for (std::size_t w = 0; w < wanted_.size();) {
        std::size_t w_end = w + 1;
        while (w_end < wanted_.size() && same_key(wanted_[w_end], wanted_[w])) {
            ++w_end;
        }
        if (h < held_.size() && held_[h].target < wanted_[w].target) {
            break;  // a synapse that nobody wants: reported below
        }
        std::size_t h_end = h;
        while (h_end < held_.size() && same_key(held_[h_end], wanted_[w])) {
            ++h_end;
        }
        // Those of the group that are more than are held, and may be gone, move behind its end.
        std::size_t kept_end = w_end;
        while (kept_end - w > h_end - h) {
            const auto group = std::span(wanted_).subspan(w, kept_end - w);
            const auto least = rounded_away(group, std::span(held_).subspan(h, h_end - h));
            const chip::ProjectionLoss& loss = image_.losses[least->projection];
            const double step = std::max(1.0, std::ldexp(1.0, 9 - loss.weight_bits + loss.weight_exponent));
            if (std::abs(least->value) > 0.5 * step || least->rule > 0) {
                say(where(), fmt::format("a synapse of projection '{}' to neuron {} is lost (wanted {:.3f} x 64)",
                                         loss.name, least->target & 0xFFFFFFFFU, least->value));
            }
            ++lost_[least->projection];
            std::rotate(least, least + 1, group.end());
            --kept_end;
        }
        if (h_end - h > kept_end - w) {
            say(where(), fmt::format("{} synapses to neuron {}; wanted {}", h_end - h, wanted_[w].target & 0xFFFFFFFFU,
                                     kept_end - w));
        }
        const std::size_t pairs = std::min(kept_end - w, h_end - h);
        compare_group(where, std::span(wanted_).subspan(w, pairs), std::span(held_).subspan(h, pairs));
        w = w_end;
        h = h_end;
    }
    if (h != held_.size()) {
        say(where(), fmt::format("{} synapses that the network does not have", held_.size() - h));
    }
}

void NetworkVerifier::check_source(const Source& source) {
    const std::string& name = network_.source_name(source);
    const auto size = static_cast<std::uint32_t>(network_.source_size(source));
    for (std::uint32_t neuron = 0; neuron < size && findings_.size() < 100; ++neuron) {
        std::span<const chip::OutputAxon> outputs;
        if (source.kind == Source::Kind::input) {
            const chip::InputSymbol& symbol = image_.inputs[source.index];
            outputs = std::span(symbol.outputs)
                          .subspan(symbol.output_first[neuron],
                                   symbol.output_first[neuron + 1] - symbol.output_first[neuron]);
        } else {
            const Seat seat = seats_[source.index][neuron];
            const chip::CoreImage& core = image_.cores[seat.core];
            outputs = std::span(core.outputs)
                          .subspan(core.output_first[seat.compartment],
                                   core.output_first[seat.compartment + 1] - core.output_first[seat.compartment]);
        }
        gather_held(outputs);
        gather_wanted(source, neuron);
        compare(name, neuron);
    }
}

Diagnostics NetworkVerifier::run() {
    if (!shapes_agree()) {
        return std::move(findings_);
    }
    seat_neurons();
    gain_ = verify_registers(image_, network_, seats_, findings_);
    lost_.assign(network_.projections.size(), 0);
    rule_of_ = rules_of(network_);
    verify_learning(image_, network_, gain_, findings_);
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        check_source({Source::Kind::population, p});
    }
    for (std::uint32_t i = 0; i < network_.inputs.size(); ++i) {
        check_source({Source::Kind::input, i});
    }
    for (std::size_t p = 0; p < lost_.size(); ++p) {
        if (lost_[p] != image_.losses[p].zeroed) {
            say(fmt::format("projection '{}'", network_.projections[p].name),
                fmt::format("{} weights are zero on the chip; the image admits {}", lost_[p], image_.losses[p].zeroed));
        }
    }
    return std::move(findings_);
}

}  // namespace

Diagnostics verify(const chip::Image& image, const Network& network) {
    Diagnostics findings = verify(image);
    if (has_error(findings)) {
        return findings;
    }
    return NetworkVerifier(image, network).run();
}

}  // namespace spikeloom::compiler
