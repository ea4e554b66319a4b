#include "runtime/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace spikeloom::runtime {
namespace {

constexpr std::uint32_t no_population = 0xFFFFFFFF;
constexpr std::size_t names_shown = 20;

std::string population_names(const chip::Image& image) {
    std::string names;
    for (std::size_t i = 0; i < image.populations.size() && i < names_shown; ++i) {
        names += fmt::format("{}{} ({} neurons)", i == 0 ? "" : ", ", image.populations[i].name,
                             image.populations[i].size());
    }
    if (image.populations.size() > names_shown) {
        names += fmt::format(" and {} more", image.populations.size() - names_shown);
    }
    return names;
}

/// "population[first:last].variable", taken apart from the end: names may hold dots and brackets.
struct ProbeText {
    std::string population;
    std::string range;  ///< between the brackets; empty: all neurons
    std::string variable;
};

std::optional<ProbeText> split_probe(const std::string& text) {
    const std::size_t dot = text.rfind('.');
    if (dot == std::string::npos || dot == 0) {
        return std::nullopt;
    }
    ProbeText parts{.population = text.substr(0, dot), .range = {}, .variable = text.substr(dot + 1)};
    if (parts.population.back() == ']') {
        const std::size_t bracket = parts.population.rfind('[');
        if (bracket == std::string::npos || bracket == 0 || bracket + 2 == parts.population.size()) {
            return std::nullopt;
        }
        parts.range = parts.population.substr(bracket + 1, parts.population.size() - bracket - 2);
        parts.population.resize(bracket);
    }
    return parts;
}

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t if_empty) {
    std::uint32_t value = if_empty;
    if (text.empty()) {
        return value;
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Neurons of "3", "0:8", ":8", "4:" or "" (all) in a population of `size`; nothing where the range is not within it.
std::optional<std::vector<std::uint32_t>> neurons_of(const std::string& range, std::uint32_t size) {
    const std::size_t colon = range.find(':');
    std::optional<std::uint32_t> first = 0;
    std::optional<std::uint32_t> last = size;
    if (colon != std::string::npos) {
        first = number(std::string_view(range).substr(0, colon), 0);
        last = number(std::string_view(range).substr(colon + 1), size);
    } else if (!range.empty()) {
        first = number(range, 0);
        last = first ? std::optional(*first + 1) : std::nullopt;
    }
    if (!first || !last || *first >= *last || *last > size) {
        return std::nullopt;
    }
    std::vector<std::uint32_t> neurons;
    for (std::uint32_t neuron = *first; neuron < *last; ++neuron) {
        neurons.push_back(neuron);
    }
    return neurons;
}

}  // namespace

Session::Session(const chip::Image& image, chip::Chip chip) : image_(&image), chip_(std::move(chip)) {}

Result<Session> Session::open(const chip::Image& image, const SessionOptions& options) {
    auto chip = chip::Chip::load(image, {.threads = options.threads, .seed = options.seed});
    if (!chip) {
        return tl::unexpected(chip.error());
    }
    Session session(image, std::move(*chip));
    for (const chip::CoreImage& core : image.cores) {
        session.neuron_of_.emplace_back(core.compartments, NetworkSpike{PopulationId{no_population}, NeuronId{}});
    }
    for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
        const chip::PopulationSymbol& population = image.populations[p];
        std::vector<Place>& places = session.places_.emplace_back();
        for (const chip::PopulationTile& tile : population.tiles) {
            const bool follows = tile.first_neuron == places.size();
            const bool within =
                tile.core.value() < image.cores.size() &&
                std::uint64_t{tile.first_compartment} + tile.count <= image.cores[tile.core.value()].compartments;
            if (!follows || !within) {
                break;
            }
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                const std::uint32_t compartment = tile.first_compartment + i;
                session.neuron_of_[tile.core.value()][compartment] = {PopulationId{p}, NeuronId{tile.first_neuron + i}};
                places.push_back({tile.core, CompartmentId{compartment}});
            }
        }
        if (places.size() != population.size()) {
            return fail({.where = fmt::format("population '{}'", population.name),
                         .found = fmt::format("the image's symbol table places {} of its {} neurons", places.size(),
                                              population.size()),
                         .allowed = "every neuron in one compartment",
                         .help = "compile the network again"});
        }
    }
    return session;
}

Result<void> Session::add_probe(const std::string& specification) {
    const auto wrong = [&](std::string found, std::string allowed) {
        return fail({.where = fmt::format("probe '{}'", specification),
                     .found = std::move(found),
                     .allowed = std::move(allowed),
                     .help = "write population.v, population[3].u or population[0:8].v"});
    };
    const auto parts = split_probe(specification);
    if (!parts) {
        return wrong("not a probe", "POPULATION.v, POPULATION[NEURON].v, POPULATION[FIRST:END].v; u for the current");
    }
    if (parts->variable != "v" && parts->variable != "u") {
        return wrong(fmt::format("no variable '{}'", parts->variable), "v (voltage register), u (current register)");
    }
    const auto& populations = image_->populations;
    const auto found = std::find_if(populations.begin(), populations.end(),
                                    [&](const auto& population) { return population.name == parts->population; });
    if (found == populations.end()) {
        return wrong(fmt::format("no population '{}'", parts->population), population_names(*image_));
    }
    const auto neurons = neurons_of(parts->range, found->size());
    if (!neurons) {
        return wrong(fmt::format("no neurons [{}] in population '{}'", parts->range, found->name),
                     fmt::format("neurons 0..{}, END exclusive", found->size() - 1));
    }
    const PopulationId population{static_cast<std::uint32_t>(found - populations.begin())};
    const Variable variable = parts->variable == "v" ? Variable::voltage : Variable::current;
    const auto same = std::find_if(probes_.begin(), probes_.end(), [&](const Probe& probe) {
        return probe.population == population && probe.variable == variable;
    });
    Probe& probe = same != probes_.end() ? *same : probes_.emplace_back(Probe{population, variable, {}});
    std::vector<std::uint32_t> merged;
    std::set_union(probe.neurons.begin(), probe.neurons.end(), neurons->begin(), neurons->end(),
                   std::back_inserter(merged));
    probe.neurons = std::move(merged);
    return {};
}

Result<std::uint64_t> Session::run(std::uint64_t steps, Stimulus& stimulus, std::span<Sink* const> sinks,
                                   const std::function<bool()>& stop) {
    for (std::uint64_t done = 0; done < steps; ++done) {
        inputs_.clear();
        stimulus.spikes(Step{steps_done_ - state_start_}, inputs_);
        chip_.step(inputs_);
        collect_step();
        const StepView view{.step = Step{steps_done_},
                            .inputs = inputs_,
                            .spikes = spikes_,
                            .core_counts = chip_.step_counts().cores,
                            .probes = probe_values_};
        ++steps_done_;
        for (Sink* sink : sinks) {
            if (auto taken = sink->on_step(view); !taken) {
                return tl::unexpected(taken.error());
            }
        }
        if (stop && stop()) {
            return done + 1;
        }
    }
    return steps;
}

void Session::collect_step() {
    spikes_.clear();
    for (const chip::CoreSpike& spike : chip_.spikes()) {
        const NetworkSpike neuron = neuron_of_[spike.core.value()][spike.compartment.value()];
        if (neuron.population.value() != no_population) {
            spikes_.push_back(neuron);
        }
    }
    std::sort(spikes_.begin(), spikes_.end());
    probe_values_.resize(probes_.size());
    for (std::size_t p = 0; p < probes_.size(); ++p) {
        const Probe& probe = probes_[p];
        const std::vector<Place>& places = places_[probe.population.value()];
        probe_values_[p].clear();
        for (const std::uint32_t neuron : probe.neurons) {
            const Place place = places[neuron];
            probe_values_[p].push_back(probe.variable == Variable::voltage
                                           ? chip_.voltage(place.core, place.compartment)
                                           : chip_.current(place.core, place.compartment));
        }
    }
}

void Session::reset_state() {
    chip_.reset_state();
    state_start_ = steps_done_;
}

std::int32_t Session::voltage(PopulationId population, NeuronId neuron) const {
    const Place place = places_.at(population.value()).at(neuron.value());
    return chip_.voltage(place.core, place.compartment);
}

}  // namespace spikeloom::runtime
