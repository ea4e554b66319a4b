#include "compiler/reference/image_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

namespace spikeloom::compiler {
namespace {

Diagnostic foreign(const std::string& where, const std::string& found) {
    return {Severity::error, where, found, "an image that was compiled from this network", {}};
}

template <class Symbols>
std::size_t find_symbol(const Symbols& symbols, const std::string& name) {
    return static_cast<std::size_t>(
        std::find_if(symbols.begin(), symbols.end(), [&](const auto& symbol) { return symbol.name == name; }) -
        symbols.begin());
}

}  // namespace

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
    Diagnostics more = open_copies();
    findings.insert(findings.end(), more.begin(), more.end());
    for (const InputPort& port : network_.inputs) {
        const std::size_t symbol = find_symbol(image_.inputs, port.name);
        if (symbol == image_.inputs.size() || image_.inputs[symbol].size() != port.size()) {
            findings.push_back(foreign("input '" + port.name + "'", "the image has none of this name and size"));
        }
        input_symbols_.push_back(symbol);
    }
    return findings;
}

/// Of the populations that the network does not have: helpers pass on, all others must be copies that it tells of.
Diagnostics ImageView::open_copies() {
    std::vector<const chip::PopulationSymbol*> unknown;
    for (const chip::PopulationSymbol& symbol : image_.populations) {
        const bool known = std::ranges::any_of(
            network_.populations, [&](const Population& population) { return population.name == symbol.name; });
        if (!known && !symbol.tiles.empty()) {
            unknown.push_back(&symbol);
        }
    }
    if (unknown.empty()) {
        return {};
    }
    const auto stored = deserialise_legal(image_.source_network, "the image's stored network");
    if (!stored) {
        return stored.error();
    }
    Diagnostics findings;
    for (const chip::PopulationSymbol* symbol : unknown) {
        const auto copies = std::ranges::find(stored->copies, symbol->name, &NeuronCopies::name);
        if (copies != stored->copies.end()) {
            if (!seat_copies(*symbol, *copies)) {
                findings.push_back(foreign("population '" + symbol->name + "'",
                                           "the copies that it is said to be are of neurons that are not there"));
            }
        } else if (!passes_on(symbol->tiles.front().core, symbol->tiles.front().first_compartment)) {
            findings.push_back(
                {.where = "population '" + symbol->name + "'",
                 .found = "its neurons are copies of others, or of another network, and the image does not say whose",
                 .allowed = "images that keep their network",
                 .help = "compile the network again, without --no-network"});
        }
    }
    return findings;
}

/// False where they stand for neurons that the network does not have.
bool ImageView::seat_copies(const chip::PopulationSymbol& symbol, const NeuronCopies& copies) {
    if (copies.population.value() >= network_.populations.size() || copies.stand_for.size() != symbol.size()) {
        return false;
    }
    for (const chip::PopulationTile& tile : symbol.tiles) {
        for (std::uint32_t i = 0; i < tile.count; ++i) {
            const std::uint32_t neuron = copies.stand_for[tile.first_neuron + i];
            const std::uint32_t compartment = symbol.compartment(tile, i);
            if (neuron >= network_.populations[copies.population.value()].size()) {
                return false;
            }
            places_[tile.core.value()][compartment] = {copies.population.value(), neuron, NeuronPlace::Role::copy};
            copies_[{copies.population.value(), neuron}].emplace_back(tile.core, compartment);
        }
    }
    return true;
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
            places_[tile.core.value()][compartment] = {static_cast<std::uint32_t>(index), neuron,
                                                       NeuronPlace::Role::neuron};
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
    return places_[core.value()][compartment].role == NeuronPlace::Role::none && behind != groups.begin() &&
           std::prev(behind)->model == NeuronModel::graded_vector;
}

}  // namespace spikeloom::compiler
