#include "compiler/legalise/verify_legal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "compiler/verify_expansion.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::size_t most_findings = 20;

/// A neuron, and the steps from its source's spike.
struct Arrival {
    std::uint32_t population = 0;
    std::uint32_t neuron = 0;
    int delay = 0;
    friend auto operator<=>(const Arrival&, const Arrival&) = default;
};

/// What arrives there, in the target's units of the network's weights.
struct Sum {
    double wanted = 0;
    double made = 0;
    double tolerance = 0;  ///< of what is wanted, by rounding to whole numbers; in such
    bool clipped = false;
    bool may_vanish = true;  ///< its projections admit weights that are 0 on the chip
    bool wanted_at_all = false;
    bool made_at_all = false;
};

/// What one spike brings somewhere.
struct Way {
    Arrival arrival;
    double weight = 0;
};

/// By the step from which it is there.
std::map<int, double> bias_into(const Network& network, std::size_t population, std::size_t neuron) {
    std::map<int, double> sums;
    for (const Projection& projection : network.projections) {
        if (projection.target.value() == population && projection.bias[neuron] != 0) {
            sums[projection.bias_from_step] += projection.bias[neuron];
        }
    }
    return sums;
}

/// Neuron i of one population, and j of another.
bool alike(const Population& a, std::size_t i, const Population& b, std::size_t j) {
    const auto same = [&](Parameter Population::* parameter) { return (a.*parameter)[i] == (b.*parameter)[j]; };
    const auto without_biases = [](const Population& population) {
        std::optional<FixedNeuron> fixed = population.fixed;
        if (fixed) {
            fixed->biases.clear();
        }
        return fixed;
    };
    const auto bias = [](const Population& population, std::size_t neuron) {
        const std::vector<std::int32_t>& biases = population.fixed->biases;
        return biases.empty() ? 0 : biases[biases.size() == 1 ? 0 : neuron];
    };
    return a.kind == b.kind && a.reset == b.reset && a.refractory_steps == b.refractory_steps &&
           same(&Population::tau_syn_s) && same(&Population::tau_mem_s) && same(&Population::resistance) &&
           same(&Population::v_leak) && same(&Population::v_threshold) && same(&Population::v_reset) &&
           same(&Population::w_in) && same(&Population::bias) && without_biases(a) == without_biases(b) &&
           (!a.fixed || bias(a, i) == bias(b, j));
}

class LegalVerifier {
public:
    LegalVerifier(const Network& network, const LegalNetwork& legal)
        : network_(network),
          legal_(legal),
          users_(network),
          made_(legal.network),
          users_from_(by_source(network)),
          made_from_(by_source(legal.network)) {}
    Diagnostics run();

private:
    using BySource = std::map<std::pair<Source::Kind, std::uint32_t>, std::vector<std::size_t>>;
    static BySource by_source(const Network& network) {
        BySource projections;
        for (std::size_t p = 0; p < network.projections.size(); ++p) {
            const Source& source = network.projections[p].source;
            projections[{source.kind, source.index}].push_back(p);
        }
        return projections;
    }
    void say(const std::string& where, const std::string& found) {
        if (findings_.size() < most_findings) {
            findings_.push_back({.where = where, .found = found, .allowed = {}, .help = {}});
        }
    }
    [[nodiscard]] bool same_populations();
    /// By (population, neuron): delays and weights of what arrives there.
    using HeardBy = std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::pair<std::uint32_t, float>>>;
    /// Calls use(target population, synapse) for all that a neuron and its copies send in the network that was made.
    template <class Use>
    void for_each_sent(const Source& source, std::uint32_t neuron, const Use& use);
    void check_hearing(const Source& source, std::uint32_t neuron);
    void find_roles();
    void check_source(const Source& source, std::uint32_t neuron);
    void gather_wanted(const Source& source, std::uint32_t neuron);
    void gather_made(const Source& source, std::uint32_t neuron);
    [[nodiscard]] std::vector<Way> ways_from(const Source& source, std::uint32_t neuron);
    [[nodiscard]] const std::vector<std::vector<Way>>& ways_of_helpers(std::uint32_t population);

    const Network& network_;
    const LegalNetwork& legal_;
    NaiveExpansion users_;
    NaiveExpansion made_;
    BySource users_from_;
    BySource made_from_;
    Diagnostics findings_;
    std::vector<bool> helps_;                                        ///< by population
    std::map<std::uint32_t, std::vector<std::vector<Way>>> helped_;  ///< [population of helpers][helper]
    std::vector<std::vector<double>> unit_of_;  ///< [population][neuron]: of the weights into its helpers; 0: none
    std::vector<std::vector<bool>> split_;      ///< [population][neuron]: whether its sum is made in parts
    std::map<std::uint32_t, const FanOutCopies*> copies_;  ///< by population of copies
    std::multimap<std::pair<std::uint32_t, std::uint32_t>, std::pair<std::uint32_t, std::uint32_t>>
        copies_of_;  ///< (population, neuron) of each copy by those of its original
    std::map<Arrival, Sum> sums_;
};

bool LegalVerifier::same_populations() {
    const std::vector<Population>& made = legal_.network.populations;
    if (made.size() != network_.populations.size() + legal_.fan_in.size() + legal_.fan_out.size() ||
        legal_.added_steps.size() != network_.populations.size() || legal_.network.inputs != network_.inputs ||
        legal_.network.outputs != network_.outputs || legal_.losses.size() != network_.projections.size()) {
        say("network", "populations, inputs or outputs are not those of the network and of what was added");
        return false;
    }
    for (std::size_t p = 0; p < network_.populations.size(); ++p) {
        Population wanted = network_.populations[p];
        if (wanted.fixed && wanted.fixed->parameters.reset_interval > 0) {
            ModelParameters& parameters = wanted.fixed->parameters;
            parameters.reset_offset = (parameters.reset_offset + legal_.added_steps[p]) % parameters.reset_interval;
        }
        const auto start = std::ranges::find(legal_.late_starts, p, &LateStart::population);
        if (wanted.fixed && start != legal_.late_starts.end() &&
            start->reset) {  // verify_legal_image() checks the time
            wanted.fixed->parameters.reset_interval = LateStart::once;
            wanted.fixed->parameters.reset_offset = start->steps + 1;
        }
        if (start != legal_.late_starts.end() && start->steps != legal_.added_steps[p]) {
            say(fmt::format("population '{}'", wanted.name), "it starts at another time than its spikes come");
        }
        if (!(made[p] == wanted)) {
            say(fmt::format("population '{}'", wanted.name), "its neurons are not those of the network");
        }
        for (std::size_t neuron = 0; neuron < wanted.size() && findings_.empty(); ++neuron) {
            if (bias_into(network_, p, neuron) != bias_into(legal_.network, p, neuron)) {
                say(fmt::format("population '{}'", wanted.name), "its projections bring another bias");
            }
        }
    }
    return findings_.empty();
}

template <class Use>
void LegalVerifier::for_each_sent(const Source& source, std::uint32_t neuron, const Use& use) {
    if (const auto projections = made_from_.find({source.kind, source.index}); projections != made_from_.end()) {
        std::vector<ExpandedSynapse> row;
        for (const std::size_t p : projections->second) {
            row.clear();
            made_.append(p, neuron, row);
            for (const ExpandedSynapse& synapse : row) {
                use(legal_.network.projections[p].target.value(), synapse);
            }
        }
    }
    if (source.kind == Source::Kind::population) {
        const auto [begin, end] = copies_of_.equal_range({source.index, neuron});
        for (auto copy = begin; copy != end; ++copy) {
            for_each_sent({Source::Kind::population, copy->second.first}, copy->second.second, use);
        }
    }
}

/// Ways of a spike to the user's neurons; helpers, whose own ways are known, pass it on a step later.
std::vector<Way> LegalVerifier::ways_from(const Source& source, std::uint32_t neuron) {
    std::vector<Way> ways;
    for_each_sent(source, neuron, [&](std::uint32_t target, const ExpandedSynapse& synapse) {
        const auto delay = static_cast<int>(synapse.delay);
        if (copies_.contains(target)) {
            return;  // they hear what their originals hear (check_hearing), and count as those when they send
        }
        if (!helps_[target]) {
            ways.push_back({{target, synapse.target, delay}, synapse.weight});
            return;
        }
        for (const Way& way : ways_of_helpers(target)[synapse.target]) {
            ways.push_back({{way.arrival.population, way.arrival.neuron, way.arrival.delay + delay + 1},
                            way.weight * synapse.weight});
        }
    });
    return ways;
}

/// Every copy hears from the source, or from copies of it, what its original does.
void LegalVerifier::check_hearing(const Source& source, std::uint32_t neuron) {
    HeardBy heard;
    for_each_sent(source, neuron, [&](std::uint32_t target, const ExpandedSynapse& synapse) {
        heard[{target, synapse.target}].emplace_back(synapse.delay, synapse.weight);
    });
    for (auto& [target, synapses] : heard) {
        std::ranges::sort(synapses);
    }
    for (const auto& [original, copy] : copies_of_) {
        if (heard.contains(original) != heard.contains(copy) ||
            (heard.contains(original) && heard[original] != heard[copy])) {
            say(fmt::format("'{}'[{}]", legal_.network.populations[copy.first].name, copy.second),
                fmt::format("does not hear from '{}'[{}] what its original hears", legal_.network.source_name(source),
                            neuron));
        }
    }
}

void LegalVerifier::find_roles() {
    for (const FanOutCopies& copies : legal_.fan_out) {
        copies_[copies.copies] = &copies;
        const Population& original = legal_.network.populations[copies.population];
        const Population& made = legal_.network.populations[copies.copies];
        for (std::uint32_t i = 0; i < copies.stand_for.size(); ++i) {
            copies_of_.emplace(std::pair(copies.population, copies.stand_for[i]), std::pair(copies.copies, i));
            if (made.size() != copies.stand_for.size() || !alike(original, copies.stand_for[i], made, i) ||
                bias_into(legal_.network, copies.population, copies.stand_for[i]) !=
                    bias_into(legal_.network, copies.copies, i)) {
                say(fmt::format("'{}'[{}]", made.name, i), "is not like its original");
            }
        }
    }
    helps_.assign(legal_.network.populations.size(), false);
    for (const Population& population : network_.populations) {
        unit_of_.emplace_back(population.size(), 0.0);
        split_.emplace_back(population.size(), false);
    }
    for (const FanInSplit& split : legal_.fan_in) {
        helps_[split.helpers] = true;
        const Population& helpers = legal_.network.populations[split.helpers];
        const FixedNeuron passes_on{.model = NeuronModel::graded_vector, .biases = {}};
        if (!helpers.fixed || !(*helpers.fixed == passes_on) || !spikes(helpers.kind)) {
            say(fmt::format("population '{}'", helpers.name), "its neurons do not pass on what arrives in a step");
        }
    }
    for (const FanInSplit& split : legal_.fan_in) {
        for (const std::uint32_t neuron : split.neurons) {
            if (split.population < split_.size()) {
                split_[split.population][neuron] = true;
            }
        }
        for (const std::vector<Way>& ways : ways_of_helpers(split.helpers)) {
            for (const Way& way : ways) {
                unit_of_[way.arrival.population][way.arrival.neuron] =
                    std::ldexp(way.weight, -static_cast<int>(split.shift));
            }
        }
    }
}

const std::vector<std::vector<Way>>& LegalVerifier::ways_of_helpers(std::uint32_t population) {
    const auto [known, is_new] = helped_.try_emplace(population);
    if (is_new) {
        std::vector<std::vector<Way>> ways;
        for (std::uint32_t i = 0; i < legal_.network.populations[population].size(); ++i) {
            ways.push_back(ways_from({Source::Kind::population, population}, i));
        }
        known->second = std::move(ways);
    }
    return known->second;
}

void LegalVerifier::gather_made(const Source& source, std::uint32_t neuron) {
    for (const Way& way : ways_from(source, neuron)) {
        Sum& sum = sums_[way.arrival];
        sum.made += way.weight;
        sum.made_at_all = true;
    }
}

void LegalVerifier::gather_wanted(const Source& source, std::uint32_t neuron) {
    const int source_late = source.kind == Source::Kind::population ? legal_.added_steps[source.index] : 0;
    std::vector<ExpandedSynapse> row;
    const auto projections = users_from_.find({source.kind, source.index});
    if (projections == users_from_.end()) {
        return;
    }
    for (const std::size_t p : projections->second) {
        const std::uint32_t target = network_.projections[p].target.value();
        const chip::ProjectionLoss& loss = legal_.losses[p];
        const bool exact = network_.populations[target].fixed && loss.rms_error == 0;
        const double step = std::max(1.0, std::ldexp(1.0, 9 - loss.weight_bits + loss.weight_exponent));
        row.clear();
        users_.append(p, neuron, row);
        for (const ExpandedSynapse& synapse : row) {
            Sum& sum = sums_[{target, synapse.target,
                              static_cast<int>(synapse.delay) + legal_.added_steps[target] - source_late}];
            sum.wanted += static_cast<double>(synapse.weight);
            sum.tolerance += exact ? 0 : 0.5 * step;
            sum.clipped = sum.clipped || loss.clipped > 0;
            sum.may_vanish = sum.may_vanish && loss.zeroed > 0;
            sum.wanted_at_all = true;
        }
    }
}

void LegalVerifier::check_source(const Source& source, std::uint32_t neuron) {
    sums_.clear();
    gather_wanted(source, neuron);
    gather_made(source, neuron);
    for (const auto& [arrival, sum] : sums_) {
        const auto where = [&, &at = arrival] {
            return fmt::format("'{}'[{}] to '{}'[{}] after {} steps", network_.source_name(source), neuron,
                               network_.populations[at.population].name, at.neuron, at.delay);
        };
        if (sum.made_at_all && !split_[arrival.population][arrival.neuron] &&
            unit_of_[arrival.population][arrival.neuron] != 0) {
            say(where(), "a way through helpers to a neuron that is not split");
            continue;
        }
        if (!sum.wanted_at_all) {
            say(where(), fmt::format("a synapse of weight {} that the network does not have", sum.made));
            continue;
        }
        const double unit = unit_of_[arrival.population][arrival.neuron];
        const double error = std::abs(sum.made - sum.wanted);
        const double allowed = unit == 0 ? 0 : std::abs(unit) * sum.tolerance + 1e-6 * std::abs(sum.wanted);
        const bool clipped = sum.clipped && std::abs(sum.made) < std::abs(sum.wanted) && sum.made * sum.wanted > 0;
        const bool vanished = split_[arrival.population][arrival.neuron] && unit == 0 && !sum.made_at_all &&
                              sum.may_vanish;  // as all weights of the neuron
        if (error > allowed && !vanished && !(unit != 0 && clipped)) {
            say(where(), fmt::format("the ways bring {}, wanted {}", sum.made, sum.wanted));
        }
    }
}

Diagnostics LegalVerifier::run() {
    if (!same_populations()) {
        return std::move(findings_);
    }
    find_roles();
    const auto check_all = [&](const Source& source) {
        const auto size = static_cast<std::uint32_t>(network_.source_size(source));
        for (std::uint32_t neuron = 0; neuron < size && findings_.size() < most_findings; ++neuron) {
            check_source(source, neuron);
        }
    };
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        check_all({Source::Kind::population, p});
    }
    for (std::uint32_t i = 0; i < network_.inputs.size(); ++i) {
        check_all({Source::Kind::input, i});
    }
    const auto check_heard = [&](const Source& source) {
        if (copies_.empty() || (source.kind == Source::Kind::population && copies_.contains(source.index))) {
            return;
        }
        const auto size = static_cast<std::uint32_t>(legal_.network.source_size(source));
        for (std::uint32_t neuron = 0; neuron < size && findings_.size() < most_findings; ++neuron) {
            check_hearing(source, neuron);
        }
    };
    for (std::uint32_t p = 0; p < legal_.network.populations.size(); ++p) {
        check_heard({Source::Kind::population, p});
    }
    for (std::uint32_t i = 0; i < network_.inputs.size(); ++i) {
        check_heard({Source::Kind::input, i});
    }
    return std::move(findings_);
}

}  // namespace

Diagnostics verify_legal(const Network& network, const LegalNetwork& legal) {
    return LegalVerifier(network, legal).run();
}

}  // namespace spikeloom::compiler
