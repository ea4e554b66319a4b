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

/// Whether its neurons' sums wrap, or those that its sums are parts of, and payloads hold what they wrap to: then parts
/// may wrap too, and add up to the same.
bool FanInSplitter::sums_wrap(std::uint32_t population) const {
    const auto parts_of = std::ranges::find(from_.legal.fan_in, population, &FanInSplit::helpers);
    if (parts_of != from_.legal.fan_in.end()) {
        return sums_wrap(parts_of->population);
    }
    constexpr int unit_bits = 6;
    return integrates(mapped_.populations[population].of(0).model) &&
           chip_.conventions.sum_overflow == chip::Conventions::SumOverflow::wrap_22_bit &&
           chip_.neuron.sum_bits - unit_bits <= chip_.neuron.payload_bits;
}

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

/// The common factor of all that leads to helpers of a population, 2^shift, where sums in its units hold more: none
/// where nothing has to be gained, or where formats have no such exponent.
std::uint32_t FanInSplitter::shift_of(const std::vector<std::vector<FanInSynapse>>& helped) const {
    std::int64_t largest = 0;
    std::uint32_t shift = 31;
    for (const std::vector<FanInSynapse>& synapses : helped) {
        std::int64_t sum = 0;
        for_each_source(synapses, [&](std::span<const FanInSynapse> own) { sum += brings(own); });
        largest = std::max(largest, sum);
        for (const FanInSynapse& synapse : synapses) {
            const auto size = static_cast<std::uint32_t>(std::abs(contribution(synapse)));
            const std::int64_t room = formats_[synapse.format].weight_exponent - chip_.synapses.weight_exponent.least;
            shift = std::min({shift, static_cast<std::uint32_t>(std::countr_zero(size)),
                              static_cast<std::uint32_t>(std::max<std::int64_t>(room, 0))});
        }
    }
    const auto divides = [&](const FanInSynapse& synapse) {
        return std::int64_t{contribution(synapse, shift)} * (std::int64_t{1} << shift) == contribution(synapse);
    };
    const bool exact = std::ranges::all_of(
        helped, [&](const std::vector<FanInSynapse>& synapses) { return std::ranges::all_of(synapses, divides); });
    return largest > payload_most_ && exact ? shift : 0;
}

void FanInSplitter::deal(Diagnostics& findings) {
    for (const auto& [population, split] : plan_) {
        std::uint64_t most = 1;
        const std::size_t first = neurons_.size();
        std::vector<std::vector<FanInSynapse>> helped;
        for (const std::uint32_t node : split.neurons) {
            Neuron neuron{.node = node, .population = population};
            helped.push_back(helped_synapses(neuron));
            for_each_source(helped.back(), [&](std::span<const FanInSynapse> /*synapses*/) { ++neuron.sources; });
            most = std::max<std::uint64_t>(most, neuron.sources);
            neurons_.push_back(std::move(neuron));
        }
        const bool wrap = sums_wrap(population);
        const std::uint32_t shift = wrap ? 0 : shift_of(helped);
        shifts_[population] = shift;
        std::int64_t too_large = 0;
        for (std::size_t i = first; i < neurons_.size(); ++i) {
            const std::uint64_t own = (std::uint64_t{split.parts} * neurons_[i].sources + most - 1) / most;
            neurons_[i].shift = shift;
            too_large = std::max(
                too_large, deal(neurons_[i], helped[i - first], std::max(static_cast<std::uint32_t>(own), 1U), wrap));
        }
        if (too_large > 0) {
            findings.push_back(
                {.where = fmt::format("population '{}'", network_.populations[population].name),
                 .found = fmt::format("a source can bring {} x {} in a step, and a helper could not pass that on",
                                      too_large, std::int64_t{64} << shift),
                 .allowed = fmt::format("{} (payloads of {} bits, chip '{}')", payload_most_, chip_.neuron.payload_bits,
                                        chip_.name),
                 .help = "fewer weight bits (--weight-bits), fewer sources a neuron"});
        }
    }
}

/// The largest that one source brings beyond a payload, in the helpers' units; 0: none does. `wrap`: sums may.
std::int64_t FanInSplitter::deal(Neuron& neuron, const std::vector<FanInSynapse>& helped, std::uint32_t parts,
                                 bool wrap) const {
    Dealer dealer(neuron.sources, parts, payload_most_);
    std::int64_t too_large = 0;
    for_each_source(helped, [&](std::span<const FanInSynapse> synapses) {
        const std::int64_t here = brings(synapses) >> neuron.shift;
        too_large = std::max(too_large, here > payload_most_ && !wrap ? here : 0);
        neuron.parts.resize(std::max<std::size_t>(neuron.parts.size(), dealer.next(wrap ? 0 : here) + std::size_t{1}));
        Part& part = neuron.parts.back();
        part.synapses.insert(part.synapses.end(), synapses.begin(), synapses.end());
        part.most += here;
        part.wraps = wrap;
        part.bounded = part.bounded && from_.largest_payload[synapses.front().source] > 0;
    });
    return too_large;
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
    for (const auto& [population, shift] : shifts_) {
        const ExactFormats exact =
            exact_formats({std::int32_t{1} << shift}, widest_weight(chip_.synapses, 8), chip_.synapses);
        chip::WeightFormat format = exact.positive.front();
        const std::int16_t mantissa = WeightLattice(format).mantissa(std::int32_t{1} << shift);
        format.weight_bits = narrowest_weight(chip_.synapses, format.sign_mode,
                                              std::countr_zero(static_cast<unsigned>(mantissa)), format.weight_bits);
        format.delay_bits = narrowest_delay(chip_.synapses, 0);
        if (!exact.lost.empty() || format.delay_bits > 8) {
            findings.push_back({.where = fmt::format("chip '{}'", chip_.name),
                                .found = "no synapse passes a helper's sum on as it is",
                                .allowed = fmt::format("a weight of {} without delay", std::int64_t{1} << shift),
                                .help = "fewer sources a neuron"});
            return;
        }
        passing_on_[shift] = {.format = number(format), .mantissa = mantissa};
    }

    std::map<std::tuple<std::uint16_t, std::uint32_t, bool>, int> longest;
    for (std::uint32_t target = 0; target < neurons(); ++target) {
        mapped_.table.for_each(target, [&](std::uint32_t source, const FanInSynapse& synapse) {
            const int more = longer(source, target, synapse.delay);
            const bool other_units = shifted(source, target, synapse.delay);
            if (more != 0 || other_units) {
                int& delay = longest[{static_cast<std::uint16_t>(synapse.format), entity_at_[target], other_units}];
                delay = std::max(delay, static_cast<int>(synapse.delay) + more);
            }
        });
    }
    for (const auto& [key, delay] : longest) {
        const auto [own_format, population, other_units] = key;
        chip::WeightFormat other = mapped_.table.formats[own_format];
        other.delay_bits = narrowest_delay(chip_.synapses, delay);
        other.weight_exponent -= other_units ? static_cast<int>(shifts_.at(population)) : 0;
        if (delay > chip_.synapses.max_delay || other.delay_bits > 8) {
            findings.push_back({.where = fmt::format("population '{}'", network_.populations[population].name),
                                .found = fmt::format("a synapse would need a delay of {} steps to stay in time with "
                                                     "neurons whose fan-in is split",
                                                     delay),
                                .allowed = fmt::format("at most {} (chip '{}')", chip_.synapses.max_delay, chip_.name),
                                .help = "fewer sources a neuron, shorter delays"});
        }
        other_formats_[key] = number(other);
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
            findings.push_back(refuse_loops(from_, group.population, chip_));
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

Diagnostic refuse_loops(const LegalMapping& from, std::uint32_t population, const chip::ChipSpec& chip) {
    // In the user's words, where it is one of the user's.
    const Network& network =
        population < from.legal.reference.populations.size() ? from.legal.reference : from.legal.network;
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
