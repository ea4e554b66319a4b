// The verifier's cost of a mapping: bits, words, profiles, rules and messages, counted in the image alone.
#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "chip/image/crossbar_rows.hpp"
#include "compiler/verify.hpp"
#include "router/ways.hpp"

namespace spikeloom::compiler {
namespace {

using chip::SynapseEncoding;

/// Whether the rule changes or reads tags.
bool tagged(const rules::Rule& rule) {
    if (!rule.dt.products.empty()) {
        return true;
    }
    for (const rules::ProductSeries* series : {&rule.dw, &rule.dd}) {
        for (const rules::Product& product : series->products) {
            for (const rules::Factor& factor : product.factors) {
                if (factor.operand == rules::Operand::t) {
                    return true;
                }
            }
        }
    }
    return false;
}

std::int64_t naive_entry_bits(const chip::SynapseEntry& entry, const chip::CoreImage& core, const chip::Image& image) {
    const chip::SynapseMemory& memory = image.chip.synapses;
    const chip::WeightFormat& format = core.formats[entry.format];
    std::int64_t bits = memory.format_id_bits + memory.count_bits;
    std::int64_t each = format.weight_bits + format.delay_bits;
    if (entry.learning > 0 && tagged(image.learning[entry.learning - 1U].rule)) {
        each += image.chip.learning.tag_bits;
    }
    switch (entry.encoding) {
    case SynapseEncoding::sparse:
        each += entry.index_bits;
        break;
    case SynapseEncoding::runlength:
        bits += entry.index_bits;
        each += entry.skip_bits;
        break;
    case SynapseEncoding::dense:
        bits += entry.index_bits;
        break;
    }
    return bits + each * entry.count;
}

std::int64_t naive_list_words(const chip::CoreImage& core, std::size_t list, const chip::Image& image) {
    const chip::SynapseMemory& memory = image.chip.synapses;
    std::int64_t bits = memory.list_end_bits;
    for (const chip::SynapseEntry& entry : core.entries_in(list)) {
        bits += naive_entry_bits(entry, core, image);
    }
    return (bits + memory.word_bits - 1) / memory.word_bits;
}

/// The first profile that asks the engine for the same as this one.
std::size_t first_alike(const chip::Image& image, std::size_t profile) {
    const chip::LearningProfile& b = image.learning[profile];
    for (std::size_t i = 0; i < profile; ++i) {
        const chip::LearningProfile& a = image.learning[i];
        const bool sums = a.rule.dw == b.rule.dw && a.rule.dd == b.rule.dd && a.rule.dt == b.rule.dt;
        const bool traces = a.rule.x == b.rule.x && a.rule.y == b.rule.y && a.rule.post_traces == b.rule.post_traces &&
                            a.rule.graded == b.rule.graded && a.third_factors == b.third_factors;
        const bool times = a.rule.epoch == b.rule.epoch && a.rule.reward_tau == b.rule.reward_tau;
        if (sums && traces && times && a.reward == b.reward) {
            return i;
        }
    }
    return profile;
}

/// `alike`: of each profile, the first that is like it.
MeasuredCore measure_core(const chip::CoreImage& core, const chip::Image& image,
                          const std::vector<std::size_t>& alike) {
    MeasuredCore measured{.compartments = core.compartments,
                          .input_axons = static_cast<std::int64_t>(core.axons()),
                          .output_axons = static_cast<std::int64_t>(core.outputs.size())};
    std::set<std::tuple<std::int32_t, std::int32_t, std::int32_t, NeuronModel, ModelParameters>> profiles;
    std::set<std::tuple<bool, std::int32_t>> thresholds;
    for (const chip::CompartmentGroup& group : core.groups) {
        if (group.parameters.soft_reset) {
            measured.compartments += group.count * (image.chip.neuron.soft_reset_compartments - std::int64_t{1});
        }
        profiles.emplace(group.current_decay, group.voltage_decay, group.refractory, group.model, group.parameters);
        thresholds.emplace(group.spikes, group.threshold_mantissa);
    }
    std::set<std::tuple<int, int, int, int>> formats;
    for (const chip::SynapseEntry& entry : core.entries) {
        const int skip_bits = entry.encoding == SynapseEncoding::runlength ? entry.skip_bits : 0;
        formats.emplace(entry.format, static_cast<int>(entry.encoding), entry.index_bits, skip_bits);
    }
    for (std::size_t list = 0; list < core.lists(); ++list) {
        const std::int64_t words = naive_list_words(core, list, image);
        measured.synapse_words += words;
        measured.longest_axon_words = std::max(measured.longest_axon_words, words);
    }
    for (std::uint32_t part = 1; part <= core.parts(); ++part) {
        const std::int64_t bits = std::int64_t{core.part(part).back()} + 1;
        measured.synapse_words += (bits + image.chip.synapses.word_bits - 1) / image.chip.synapses.word_bits;
    }
    std::set<std::size_t> rules;
    std::set<std::pair<std::size_t, std::size_t>> traced;
    for (std::size_t axon = 0; axon < core.axons(); ++axon) {
        for (const chip::SynapseEntry& entry : core.entries_of(axon)) {
            if (entry.learning > 0) {
                const std::size_t rule = alike[entry.learning - 1U];
                rules.insert(rule);
                traced.emplace(axon, rule);
            }
        }
    }
    measured.learning_rules = static_cast<std::int64_t>(rules.size());
    measured.plastic_axons = static_cast<std::int64_t>(traced.size());
    measured.compartment_profiles = static_cast<std::int64_t>(profiles.size());
    measured.threshold_profiles = static_cast<std::int64_t>(thresholds.size());
    measured.synapse_formats = static_cast<std::int64_t>(formats.size());
    return measured;
}

/// What is counted otherwise on a crossbar, and where compartments have few destinations.
void measure_crossbar(const chip::Image& image, MeasuredCost& cost) {
    const std::vector<chip::CrossbarUse> uses = chip::crossbar_uses(image);
    for (std::size_t c = 0; c < uses.size(); ++c) {
        MeasuredCore& measured = cost.cores[c];
        measured.splitters = uses[c].splitters;
        measured.compartments += uses[c].splitters;
        if (image.chip.synapses.crossbar_types > 0) {
            measured.axon_types = uses[c].types;
            measured.input_axons = uses[c].axons;
            measured.synapse_words = uses[c].axons;
            measured.longest_axon_words = uses[c].most_of_an_axon;
        }
    }
}

}  // namespace

MeasuredCost measure_cost(const chip::Image& image) {
    MeasuredCost cost;
    const router::Ways ways(image.chip.mesh, image.chip.network.parameters);
    std::vector<std::size_t> alike;
    for (std::size_t profile = 0; profile < image.learning.size(); ++profile) {
        alike.push_back(first_alike(image, profile));
    }
    for (const chip::CoreImage& core : image.cores) {
        cost.cores.push_back(measure_core(core, image, alike));
        cost.messages += core.outputs.size();
        for (const chip::OutputAxon& output : core.outputs) {
            cost.hops += ways.distance(core.place, image.cores[output.core.value()].place).hops();
        }
    }
    measure_crossbar(image, cost);
    for (const chip::InputSymbol& input : image.inputs) {
        cost.messages += input.outputs.size();
    }
    return cost;
}

}  // namespace spikeloom::compiler
