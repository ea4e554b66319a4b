#include "compiler/legalise/split_fan_in.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <span>
#include <string>
#include <utility>

#include "chip/spec/weight_format.hpp"
#include "compiler/legalise/fan_in_splitter.hpp"
#include "compiler/legalise/retime.hpp"
#include "compiler/passes/exact_fit.hpp"
#include "compiler/passes/expand_weights.hpp"
#include "compiler/passes/neuron_model.hpp"
#include "compiler/passes/weight_fit.hpp"

namespace spikeloom::compiler {
namespace {

/// Deals the sources of a neuron over its parts, one by one in the order of the nodes, evenly; a part ends early where
/// its sum could outgrow a payload.
class Dealer {
public:
    Dealer(std::uint32_t sources, std::uint32_t parts, std::int64_t payload_most)
        : quota_(std::max((sources + parts - 1) / parts, 1U)), most_(payload_most) {}

    /// The part of the next source, which can bring so much; 0: not known.
    std::uint32_t next(std::int64_t brings) {
        if (in_part_ == quota_ || (in_part_ > 0 && load_ + brings > most_)) {
            ++part_;
            in_part_ = 0;
            load_ = 0;
        }
        ++in_part_;
        load_ += brings;
        return part_;
    }

private:
    std::uint32_t quota_;
    std::int64_t most_;
    std::uint32_t part_ = 0;
    std::uint32_t in_part_ = 0;
    std::int64_t load_ = 0;
};

}  // namespace

std::int64_t FanInSplitter::brings(std::span<const FanInSynapse> synapses) const {
    std::int64_t sum = 0;
    for (const FanInSynapse& synapse : synapses) {
        sum += std::abs(contribution(synapse));
    }
    return sum * from_.largest_payload[synapses.front().source];
}

std::vector<FanInSynapse> FanInSplitter::helped_synapses(const Neuron& neuron) const {
    std::vector<FanInSynapse> all;
    mapped_.table.for_each(neuron.node, [&](std::uint32_t source, FanInSynapse synapse) {
        if (helped(source, neuron.node, synapse.delay)) {
            synapse.source = source;
            all.push_back(synapse);
        }
    });
    return all;
}

void FanInSplitter::list_nodes() {
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        entity_at_.insert(entity_at_.end(), network_.populations[p].size(), p);
    }
    for (std::uint32_t i = 0; i < network_.inputs.size(); ++i) {
        entity_at_.insert(entity_at_.end(), network_.inputs[i].size(),
                          static_cast<std::uint32_t>(network_.populations.size()) + i);
    }
    split_.assign(entity_at_.size(), false);
    for (const auto& [population, split] : plan_) {
        for (const std::uint32_t node : split.neurons) {
            split_[node] = true;
        }
    }
    formats_ = mapped_.table.formats;
}

/// All ways into a split neuron lead through helpers, but for those that close a loop; of these still the synapses
/// whose own delays allow it.
Diagnostics FanInSplitter::find_detours() {
    std::vector<bool> split(network_.populations.size(), false);
    for (const auto& [population, neurons] : plan_) {
        split[population] = true;
    }
    auto detours = choose_detours(network_, split);
    if (!detours) {
        return detours.error();
    }
    added_ = std::move(detours->added);
    return {};
}

void FanInSplitter::deal(Diagnostics& findings) {
    for (const auto& [population, split] : plan_) {
        std::uint64_t most = 1;
        const std::size_t first = neurons_.size();
        for (const std::uint32_t node : split.neurons) {
            Neuron neuron{.node = node, .population = population};
            const std::vector<FanInSynapse> helped = helped_synapses(neuron);
            for_each_source(helped, [&](std::span<const FanInSynapse> /*synapses*/) { ++neuron.sources; });
            most = std::max<std::uint64_t>(most, neuron.sources);
            neurons_.push_back(std::move(neuron));
        }
        for (std::size_t i = first; i < neurons_.size(); ++i) {
            const std::uint64_t own = (std::uint64_t{split.parts} * neurons_[i].sources + most - 1) / most;
            deal(neurons_[i], std::max(static_cast<std::uint32_t>(own), 1U), findings);
        }
    }
}

void FanInSplitter::deal(Neuron& neuron, std::uint32_t parts, Diagnostics& findings) {
    Dealer dealer(neuron.sources, parts, payload_most_);
    std::int64_t too_large = 0;
    const std::vector<FanInSynapse> all = helped_synapses(neuron);
    for_each_source(all, [&](std::span<const FanInSynapse> synapses) {
        const std::int64_t here = brings(synapses);
        too_large = std::max(too_large, here > payload_most_ ? here : 0);
        neuron.parts.resize(std::max<std::size_t>(neuron.parts.size(), dealer.next(here) + std::size_t{1}));
        Part& part = neuron.parts.back();
        part.synapses.insert(part.synapses.end(), synapses.begin(), synapses.end());
        part.most += here;
        part.bounded = part.bounded && from_.largest_payload[synapses.front().source] > 0;
    });
    if (too_large > 0) {
        findings.push_back({.where = fmt::format("population '{}'", network_.populations[neuron.population].name),
                            .found = fmt::format(
                                "neuron {}: a source can bring {} x 64 in a step, and a helper could not pass that on",
                                neuron.node - mapped_.population_first[neuron.population], too_large),
                            .allowed = fmt::format("{} (payloads of {} bits, chip '{}')", payload_most_,
                                                   chip_.neuron.payload_bits, chip_.name),
                            .help = "fewer weight bits (--weight-bits), fewer sources a neuron"});
    }
}

/// First parts first: helpers that hear the same sources of a dense layer lie side by side.
void FanInSplitter::number_helpers() {
    std::uint32_t helper = 0;
    for (const auto& [population, split] : plan_) {
        Group group{.population = population, .first = helper};
        for (std::size_t part = 0, found = 1; found > 0; ++part) {
            found = 0;
            for (Neuron& neuron : neurons_) {
                if (neuron.population == population && neuron.parts.size() > part) {
                    neuron.parts[part].helper = helper++;
                    group.parts.push_back(&neuron.parts[part]);
                    group.neurons.push_back(&neuron);
                    ++found;
                }
            }
        }
        group.count = helper - group.first;
        groups_.push_back(std::move(group));
    }
}

/// What the weight from a helper is in the network's terms, so that it counts 1 on the chip.
void FanInSplitter::find_units(bool approximate_reset) {
    for (const Group& group : groups_) {
        Diagnostics told;  // when it was quantised
        const PopulationModel model =
            derive_neuron_model(network_, group.population, chip_, {.approximate_reset = approximate_reset}, told);
        const double scale =
            network_.populations[group.population].fixed ? 1 : mapped_.populations[group.population].voltage_per_unit;
        for (Neuron& neuron : neurons_) {
            if (neuron.population == group.population) {
                neuron.unit =
                    model.neurons[neuron.node - mapped_.population_first[group.population]].gain * scale / 64.0;
            }
        }
    }
}

void FanInSplitter::find_formats(Diagnostics& findings) {
    const std::vector<FormatLearning>& learning = mapped_.table.learning;
    const auto number = [&](const chip::WeightFormat& format) {
        std::size_t i = 0;
        while (i < formats_.size() && !(formats_[i] == format && (i >= learning.size() || learning[i].profile == 0))) {
            ++i;
        }
        if (i == formats_.size()) {
            formats_.push_back(format);
        }
        return static_cast<std::uint16_t>(i);
    };
    const int widest = widest_weight(chip_.synapses, 8);
    const ExactFormats one = exact_formats({1}, widest, chip_.synapses);
    chip::WeightFormat format = one.positive.front();
    one_mantissa_ = WeightLattice(format).mantissa(1);
    format.weight_bits = narrowest_weight(chip_.synapses, format.sign_mode,
                                          std::countr_zero(static_cast<unsigned>(one_mantissa_)), format.weight_bits);
    format.delay_bits = narrowest_delay(chip_.synapses, 0);
    if (!one.lost.empty() || format.delay_bits > 8) {
        findings.push_back({.where = fmt::format("chip '{}'", chip_.name),
                            .found = "no synapse passes a helper's sum on as it is",
                            .allowed = "a weight of 1 without delay",
                            .help = "fewer sources a neuron"});
        return;
    }
    one_format_ = number(format);

    std::map<std::pair<std::uint16_t, std::uint32_t>, int> longest;
    for (std::uint32_t target = 0; target < neurons(); ++target) {
        mapped_.table.for_each(target, [&](std::uint32_t source, const FanInSynapse& synapse) {
            if (const int more = longer(source, target, synapse.delay); more != 0) {
                int& delay = longest[{static_cast<std::uint16_t>(synapse.format), entity_at_[target]}];
                delay = std::max(delay, static_cast<int>(synapse.delay) + more);
            }
        });
    }
    for (const auto& [key, delay] : longest) {
        chip::WeightFormat longer_format = mapped_.table.formats[key.first];
        longer_format.delay_bits = narrowest_delay(chip_.synapses, delay);
        if (delay > chip_.synapses.max_delay || longer_format.delay_bits > 8) {
            findings.push_back({.where = fmt::format("population '{}'", network_.populations[key.second].name),
                                .found = fmt::format("a synapse would need a delay of {} steps to stay in time with "
                                                     "neurons whose fan-in is split",
                                                     delay),
                                .allowed = fmt::format("at most {} (chip '{}')", chip_.synapses.max_delay, chip_.name),
                                .help = "fewer sources a neuron, shorter delays"});
        }
        delayed_[key] = number(longer_format);
    }
}

Result<LegalMapping> FanInSplitter::run(bool approximate_reset) {
    list_nodes();
    Diagnostics findings = find_detours();
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    deal(findings);
    number_helpers();
    for (const Group& group : groups_) {
        if (group.count == 0) {
            findings.push_back(refuse_loops(network_, group.population, chip_));
        }
    }
    find_units(approximate_reset);
    find_formats(findings);
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    LegalMapping to = from_;
    write_populations(to, findings);
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    write_table(to);
    write_projections(to);
    write_rates(to);
    remark(to);
    return to;
}

Diagnostic refuse_loops(const Network& network, std::uint32_t population, const chip::ChipSpec& chip) {
    std::string names;
    std::size_t sources = 0;
    for (const std::size_t p : closing_loops(network, population)) {
        const Projection& projection = network.projections[p];
        names += fmt::format("{}'{}'", names.empty() ? "" : ", ", projection.name);
        sources += network.source_size(projection.source);
    }
    return {.where = fmt::format("population '{}'", network.populations[population].name),
            .found = fmt::format("even with its other sources in parts it fits no core: what closes a loop without a "
                                 "delay ({}; {} sources in all) reaches it directly, since a part of a sum takes a "
                                 "step more",
                                 names.empty() ? "none of its projections alone" : names, sources),
            .allowed = fmt::format("input axons and synaptic memory of one core for these ({} axons, {} words)",
                                   chip.limits.input_axons, chip.synapses.words),
            .help = fmt::format("a delay of one step on {}: then its sources are dealt over helpers, and nothing comes "
                                "later for it; or fewer recurrent sources a neuron",
                                names.empty() ? "a projection of the loop" : names)};
}

bool passes_sums_on(const chip::ChipSpec& chip) {
    return chip.neuron.payload_bits > 1 &&
           std::ranges::find(chip.neuron.models, NeuronModel::graded_vector) != chip.neuron.models.end();
}

Result<LegalMapping> split_fan_in(const LegalMapping& from, const SplitPlan& plan, const chip::ChipSpec& chip,
                                  bool approximate_reset) {
    return FanInSplitter(from, plan, chip).run(approximate_reset);
}

}  // namespace spikeloom::compiler
