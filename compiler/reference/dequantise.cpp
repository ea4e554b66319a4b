#include "compiler/reference/dequantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "chip/spec/weight_format.hpp"

namespace spikeloom::compiler {
namespace {

/// Registers of one neuron.
struct Registers {
    chip::CompartmentGroup group;
    std::int64_t bias = 0;
    std::int32_t initial_current = 0;
};

struct NeuronPlace {
    std::uint32_t population = 0;
    std::uint32_t neuron = 0;
    bool used = false;
};

/// What came before an axon: a helper's part of a sum is passed on a step later.
struct Before {
    double factor = 1;
    int delay = 0;
};

/// The image, seen from the network: registers by neuron, neurons by compartment.
class ImageView {
public:
    ImageView(const Network& network, const chip::Image& image) : network_(network), image_(image) {}

    Diagnostics open();
    [[nodiscard]] const std::vector<Registers>& registers(std::size_t population) const {
        return registers_[population];
    }
    [[nodiscard]] double voltage_per_unit(std::size_t population) const {
        return image_.populations[symbols_[population]].voltage_per_unit;
    }
    /// Calls use(target population, target neuron, contribution to u, delay) for every synapse of a source.
    template <class Use>
    void for_each_synapse(const Source& source, std::uint32_t neuron, const Use& use) const;

private:
    Diagnostics open_population(std::size_t population);
    template <class Use>
    void walk_axon(const chip::OutputAxon& axon, const Use& use, Before before = {}) const;
    template <class Use>
    void walk_compartment(CoreId core, std::uint32_t compartment, const Use& use, Before before = {}) const;
    /// Whether the compartment is a helper's, which a network split for its fan-in has beside its own neurons.
    [[nodiscard]] bool passes_on(CoreId core, std::uint32_t compartment) const;

    const Network& network_;
    const chip::Image& image_;
    std::vector<std::size_t> symbols_;        ///< of each population
    std::vector<std::size_t> input_symbols_;  ///< of each input port
    std::vector<std::vector<Registers>> registers_;
    std::vector<std::vector<std::pair<CoreId, std::uint32_t>>> compartments_;  ///< of each neuron
    std::vector<std::vector<NeuronPlace>> places_;                             ///< [core][compartment]
};

Diagnostic foreign(const std::string& where, const std::string& found) {
    return {Severity::error, where, found, "an image that was compiled from this network", {}};
}

template <class Symbols>
std::size_t find_symbol(const Symbols& symbols, const std::string& name) {
    return static_cast<std::size_t>(
        std::find_if(symbols.begin(), symbols.end(), [&](const auto& symbol) { return symbol.name == name; }) -
        symbols.begin());
}

Diagnostics ImageView::open() {
    Diagnostics findings = chip::check_image(image_);
    if (has_error(findings)) {
        return findings;
    }
    for (const chip::CoreImage& core : image_.cores) {
        places_.emplace_back(core.compartments);
    }
    for (std::size_t i = 0; i < network_.populations.size(); ++i) {
        const Diagnostics more = open_population(i);
        findings.insert(findings.end(), more.begin(), more.end());
    }
    for (const chip::PopulationSymbol& symbol : image_.populations) {
        const bool known = std::ranges::any_of(
            network_.populations, [&](const Population& population) { return population.name == symbol.name; });
        if (!known && !symbol.tiles.empty() &&
            !passes_on(symbol.tiles.front().core, symbol.tiles.front().first_compartment)) {
            findings.push_back({.where = "population '" + symbol.name + "'",
                                .found = "its neurons are copies of others, or of another network, and an image does "
                                         "not say whose weights theirs are",
                                .allowed = "images of neurons that no core's output axons are too few for",
                                .help = "a chip with more output axons a core"});
        }
    }
    for (const InputPort& port : network_.inputs) {
        const std::size_t symbol = find_symbol(image_.inputs, port.name);
        if (symbol == image_.inputs.size() || image_.inputs[symbol].size() != port.size()) {
            findings.push_back(foreign("input '" + port.name + "'", "the image has none of this name and size"));
        }
        input_symbols_.push_back(symbol);
    }
    return findings;
}

Diagnostics ImageView::open_population(std::size_t index) {
    const Population& population = network_.populations[index];
    const std::string where = "population '" + population.name + "'";
    const std::size_t symbol = find_symbol(image_.populations, population.name);
    symbols_.push_back(symbol);
    registers_.emplace_back(population.size());
    compartments_.emplace_back(population.size());
    if (symbol == image_.populations.size() || image_.populations[symbol].size() != population.size()) {
        return {foreign(where, "the image has none of this name and size")};
    }
    std::size_t found = 0;
    for (const chip::PopulationTile& tile : image_.populations[symbol].tiles) {
        const chip::CoreImage& core = image_.cores[tile.core.value()];
        for (std::uint32_t i = 0; i < tile.count; ++i) {
            const std::uint32_t compartment = image_.populations[symbol].compartment(tile, i);
            const std::uint32_t neuron = tile.first_neuron + i;
            const auto group = std::find_if(core.groups.begin(), core.groups.end(), [&](const auto& candidate) {
                return compartment - candidate.first < candidate.count && compartment >= candidate.first;
            });
            Registers& registers = registers_[index][neuron];
            registers.group = *group;
            if (!core.biases.empty()) {
                const chip::BiasRegister& bias = core.biases[compartment];
                registers.bias = std::int64_t{bias.mantissa} * (std::int64_t{1} << bias.exponent);
            }
            registers.initial_current = core.initial_currents.empty() ? 0 : core.initial_currents[compartment];
            compartments_[index][neuron] = {tile.core, compartment};
            places_[tile.core.value()][compartment] = {static_cast<std::uint32_t>(index), neuron, true};
            ++found;
        }
    }
    if (found != population.size()) {
        return {foreign(where, fmt::format("{} of {} neurons have a compartment", found, population.size()))};
    }
    return {};
}

bool ImageView::passes_on(CoreId core, std::uint32_t compartment) const {
    const std::vector<chip::CompartmentGroup>& groups = image_.cores[core.value()].groups;
    const auto behind = std::ranges::upper_bound(groups, compartment, {}, &chip::CompartmentGroup::first);
    return !places_[core.value()][compartment].used && behind != groups.begin() &&
           std::prev(behind)->model == NeuronModel::graded_vector;
}

template <class Use>
void ImageView::walk_axon(const chip::OutputAxon& axon, const Use& use, Before before) const {
    const chip::CoreImage& core = image_.cores[axon.core.value()];
    const auto rounding = image_.chip.conventions.negative_mixed_weight;
    const std::uint32_t base = core.axon(axon.axon.value()).base;
    for (const chip::SynapseEntry& entry : core.entries_of(axon.axon.value())) {
        for (std::uint32_t k = entry.first; k < entry.first + entry.count; ++k) {
            const chip::Synapse& synapse = core.synapses[k];
            const std::uint32_t compartment = base + synapse.target;
            const NeuronPlace& place = places_[axon.core.value()][compartment];
            const std::int32_t contribution =
                chip::effective_weight_64(synapse.weight, core.formats[entry.format], rounding);
            const int delay = before.delay + synapse.delay;
            if (contribution != 0 && place.used) {
                use(place, 64.0 * contribution * before.factor, delay);
            } else if (contribution != 0 && passes_on(axon.core, compartment)) {
                walk_compartment(axon.core, compartment, use,
                                 {.factor = contribution * before.factor, .delay = delay + 1});
            }
        }
    }
}

template <class Use>
void ImageView::walk_compartment(CoreId core, std::uint32_t compartment, const Use& use, Before before) const {
    const chip::CoreImage& image = image_.cores[core.value()];
    for (std::uint32_t k = image.output_first[compartment]; k < image.output_first[compartment + 1]; ++k) {
        walk_axon(image.outputs[k], use, before);
    }
}

template <class Use>
void ImageView::for_each_synapse(const Source& source, std::uint32_t neuron, const Use& use) const {
    if (source.kind == Source::Kind::input) {
        const chip::InputSymbol& symbol = image_.inputs[input_symbols_[source.index]];
        for (std::uint32_t k = symbol.output_first[neuron]; k < symbol.output_first[neuron + 1]; ++k) {
            walk_axon(symbol.outputs[k], use);
        }
        return;
    }
    const auto [core, compartment] = compartments_[source.index][neuron];
    walk_compartment(core, compartment, use);
}

/// What the registers of one neuron mean in the network's equations.
struct Meaning {
    double current_decay = 1;  ///< a step; what the network wants where the register holds none
    double voltage_decay = 0;
    bool leaks_on_chip = false;  ///< the register holds a decay
    double origin = 0;           ///< the network's v where the chip's is 0
    double current_gain = 1;     ///< u over voltage_per_unit, per unit of s
    double gain = 1;             ///< u over voltage_per_unit, per unit of x
};

Meaning meaning_of(const Network& network, const Population& population, const Registers& registers,
                   const chip::NeuronFormat& format, std::size_t i) {
    const double one = std::ldexp(1.0, format.decay_bits);
    const double du = std::min(1.0, (registers.group.current_decay + format.current_decay_offset) / one);
    const double dv = std::min(1.0, (registers.group.voltage_decay + format.voltage_decay_offset) / one);
    Meaning meaning;
    if (population.fixed) {
        constexpr double weight_unit = 64;  // of u
        meaning.gain = weight_unit;
        return meaning;
    }
    if (has_synaptic_current(population.kind)) {
        meaning.current_decay = du > 0 ? du : network.step_s / population.tau_syn_s[i];
    }
    if (leaks(population.kind)) {
        meaning.leaks_on_chip = dv > 0;
        meaning.voltage_decay = dv > 0 ? dv : network.step_s / population.tau_mem_s[i];
        meaning.current_gain = meaning.voltage_decay * population.resistance[i];
    } else if (population.kind != NeuronKind::threshold) {
        meaning.current_gain = network.step_s * population.resistance[i];
    }
    meaning.gain = meaning.current_gain;
    if (has_synaptic_current(population.kind)) {
        meaning.gain *= meaning.current_decay * population.w_in[i];
    }
    const bool counts_from_reset =
        spikes(population.kind) && population.kind != NeuronKind::threshold && population.reset == ResetRule::to_value;
    meaning.origin = counts_from_reset ? population.v_reset[i] : 0.0;
    return meaning;
}

class Dequantiser {
public:
    Dequantiser(const Network& network, const chip::Image& image, const ImageView& view)
        : view_(view), format_(image.chip.neuron), original_(network), variant_(network) {
        for (std::size_t p = 0; p < network.populations.size(); ++p) {
            meanings_.emplace_back();
            for (std::size_t i = 0; i < network.populations[p].size(); ++i) {
                meanings_[p].push_back(
                    meaning_of(network, network.populations[p], view.registers(p)[i], image.chip.neuron, i));
            }
        }
    }

    // Order matters: weights, then thresholds, then decays, which stretch what a lost leak needs.
    void replace_weights();
    void replace_thresholds();
    void replace_decays();
    [[nodiscard]] Network take() { return std::move(variant_); }

private:
    void replace_biases(std::size_t population);

    const ImageView& view_;
    const chip::NeuronFormat& format_;
    const Network& original_;
    Network variant_;
    std::vector<std::vector<Meaning>> meanings_;
};

void Dequantiser::replace_weights() {
    std::vector<Source> sources;
    for (std::uint32_t i = 0; i < original_.inputs.size(); ++i) {
        sources.push_back({Source::Kind::input, i});
    }
    for (std::uint32_t i = 0; i < original_.populations.size(); ++i) {
        sources.push_back({Source::Kind::population, i});
    }
    // What stays of the old projections is their bias.
    for (Projection& projection : variant_.projections) {
        projection.weights =
            SparseWeights{std::vector<std::uint64_t>(original_.source_size(projection.source) + 1, 0), {}, {}, {}};
        projection.delay_steps = 0;
    }
    for (const Source& source : sources) {
        std::map<std::uint32_t, SparseWeights> by_target;
        const auto size = static_cast<std::uint32_t>(original_.source_size(source));
        for (std::uint32_t neuron = 0; neuron < size; ++neuron) {
            view_.for_each_synapse(source, neuron, [&](const NeuronPlace& place, double contribution, int delay) {
                const double unit =
                    meanings_[place.population][place.neuron].gain * view_.voltage_per_unit(place.population);
                SparseWeights& weights = by_target[place.population];
                weights.row_begin.resize(std::size_t{neuron} + 1, weights.targets.size());
                weights.targets.push_back(place.neuron);
                weights.weights.push_back(static_cast<float>(unit != 0 ? contribution / unit : 0.0));
                weights.delays.push_back(static_cast<std::uint8_t>(delay));
            });
        }
        for (auto& [target, weights] : by_target) {
            weights.row_begin.resize(std::size_t{size} + 1, weights.targets.size());
            Projection projection;
            projection.name =
                fmt::format("image: {} -> {}", original_.source_name(source), original_.populations[target].name);
            projection.source = source;
            projection.target = PopulationId(target);
            projection.weights = std::move(weights);
            projection.recurrent = std::any_of(
                original_.projections.begin(), original_.projections.end(), [&](const Projection& candidate) {
                    return candidate.source == source && candidate.target.value() == target && candidate.recurrent;
                });
            variant_.projections.push_back(std::move(projection));
        }
    }
}

void Dequantiser::replace_thresholds() {
    for (std::size_t p = 0; p < variant_.populations.size(); ++p) {
        Population& population = variant_.populations[p];
        if (population.fixed) {
            continue;  // registers are as they were given
        }
        if (spikes(population.kind)) {
            population.v_threshold.values.resize(population.size());
            for (std::size_t i = 0; i < population.size(); ++i) {
                const double threshold =
                    std::ldexp(view_.registers(p)[i].group.threshold_mantissa, format_.threshold_exponent);
                population.v_threshold.values[i] = meanings_[p][i].origin + threshold / view_.voltage_per_unit(p);
            }
        }
        replace_biases(p);
    }
}

/// All that is added to v every step, as the registers hold it. A bias B with an initial current -F acts as F through
/// the synaptic filter and B - F at once; what acts at once becomes part of v_leak where v leaks.
void Dequantiser::replace_biases(std::size_t p) {
    Population& population = variant_.populations[p];
    std::vector<double> biases(population.size(), 0.0);
    std::vector<double> leaks_to(population.size(), 0.0);
    for (std::size_t i = 0; i < population.size(); ++i) {
        const Meaning& meaning = meanings_[p][i];
        const Registers& registers = view_.registers(p)[i];
        const double through_filter =
            has_synaptic_current(population.kind) ? meaning.current_gain * population.w_in[i] : 0;
        const double filtered = through_filter != 0 ? -registers.initial_current / view_.voltage_per_unit(p) : 0.0;
        if (filtered != 0) {
            biases[i] = filtered / through_filter;
        }
        const double added = static_cast<double>(registers.bias) / view_.voltage_per_unit(p) - filtered;
        if (leaks(population.kind)) {
            leaks_to[i] = meaning.origin + added / meaning.voltage_decay;
        } else if (meaning.current_gain != 0) {
            biases[i] = added / meaning.current_gain;
        }
    }
    population.bias = Parameter(std::move(biases));
    if (leaks(population.kind)) {
        population.v_leak = Parameter(std::move(leaks_to));
    }
    for (Projection& projection : variant_.projections) {
        if (projection.target.value() == p) {
            projection.bias = Parameter(0.0);
            projection.bias_from_step = 0;
        }
    }
}

void Dequantiser::replace_decays() {
    constexpr double hardly = 0x1.0p-30;  // a decay that takes longer than any run, for registers that hold none
    for (std::size_t p = 0; p < variant_.populations.size(); ++p) {
        Population& population = variant_.populations[p];
        if (population.fixed) {
            continue;
        }
        const auto one_each = [&](Parameter& parameter) -> std::vector<double>& {
            std::vector<double> values(population.size());
            for (std::size_t i = 0; i < values.size(); ++i) {
                values[i] = parameter[i];
            }
            parameter = Parameter(std::move(values));
            return parameter.values;
        };
        if (has_synaptic_current(population.kind)) {
            std::vector<double>& tau = one_each(population.tau_syn_s);
            for (std::size_t i = 0; i < tau.size(); ++i) {
                tau[i] = original_.step_s / meanings_[p][i].current_decay;
            }
        }
        if (!leaks(population.kind)) {
            continue;
        }
        std::vector<double>& tau = one_each(population.tau_mem_s);
        std::vector<double>& resistance = one_each(population.resistance);
        std::vector<double>& leak = one_each(population.v_leak);
        for (std::size_t i = 0; i < population.size(); ++i) {
            const Meaning& meaning = meanings_[p][i];
            const double decay = meaning.leaks_on_chip ? meaning.voltage_decay : hardly;
            tau[i] = original_.step_s / decay;
            resistance[i] *= meaning.voltage_decay / decay;
            leak[i] = meaning.origin + (leak[i] - meaning.origin) * meaning.voltage_decay / decay;
        }
    }
}

}  // namespace

Result<Network> quantised_variant(const Network& network, const chip::Image& image, QuantisedPart part) {
    ImageView view(network, image);
    if (Diagnostics findings = view.open(); has_error(findings)) {
        return fail(std::move(findings));
    }
    Dequantiser dequantiser(network, image, view);
    const bool all = part == QuantisedPart::all;
    if (all || part == QuantisedPart::weights) {
        dequantiser.replace_weights();
    }
    if (all || part == QuantisedPart::thresholds) {
        dequantiser.replace_thresholds();
    }
    if (all || part == QuantisedPart::decays) {
        dequantiser.replace_decays();
    }
    return dequantiser.take();
}

}  // namespace spikeloom::compiler
