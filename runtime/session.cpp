#include "runtime/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <variant>

namespace spikeloom::runtime {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr std::uint32_t no_population = 0xFFFFFFFF;
/// What both hold, ascending.
std::vector<std::uint32_t> united(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
    std::vector<std::uint32_t> all;
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
    return all;
}

}  // namespace

Session::Session(const chip::Image& image, chip::Chip chip) : image_(&image), chip_(std::move(chip)) {}

Result<Session> Session::open(const chip::Image& image, const SessionOptions& options) {
    auto chip = chip::Chip::load(
        image, {.threads = options.threads, .seed = options.seed, .least_parallel_work = options.least_parallel_work});
    if (!chip) {
        return tl::unexpected(chip.error());
    }
    Session session(image, std::move(*chip));
    if (options.timing) {
        auto clock = StepClock::create(image, *options.timing, options.threads);
        if (!clock) {
            return tl::unexpected(std::move(clock.error()));
        }
        session.clock_ = std::move(*clock);
    }
    for (const chip::CoreImage& core : image.cores) {
        session.neuron_of_.emplace_back(core.compartments, NetworkSpike{PopulationId{no_population}, NeuronId{}});
    }
    for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
        const chip::PopulationSymbol& population = image.populations[p];
        std::vector<Place>& places = session.places_.emplace_back();
        for (const chip::PopulationTile& tile : population.tiles) {
            const bool follows = tile.first_neuron == places.size();
            const bool within = tile.core.value() < image.cores.size() &&
                                population.end(tile) <= image.cores[tile.core.value()].compartments;
            if (!follows || !within) {
                break;
            }
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                const std::uint32_t compartment = population.compartment(tile, i);
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
    const auto parsed = parse_probe(*image_, specification);
    if (!parsed) {
        return tl::unexpected(parsed.error());
    }
    if (const auto* wanted = std::get_if<Probe>(&*parsed)) {
        const auto same = std::find_if(probes_.begin(), probes_.end(), [&](const Probe& probe) {
            return probe.population == wanted->population && probe.variable == wanted->variable;
        });
        Probe& probe =
            same != probes_.end() ? *same : probes_.emplace_back(Probe{wanted->population, wanted->variable, {}});
        probe.neurons = united(probe.neurons, wanted->neurons);
        return {};
    }
    const LearningProbe& wanted = std::get<LearningProbe>(*parsed);
    const auto same = std::find_if(learning_probes_.begin(), learning_probes_.end(), [&](const LearningProbe& probe) {
        return probe.profile == wanted.profile && probe.quantity == wanted.quantity;
    });
    LearningProbe& probe = same != learning_probes_.end()
                               ? *same
                               : learning_probes_.emplace_back(LearningProbe{wanted.profile, wanted.quantity, {}});
    probe.elements = united(probe.elements, wanted.elements);
    return {};
}

std::vector<std::int32_t> Session::values(const LearningProbe& probe) const {
    std::vector<std::int32_t> values;
    values.reserve(probe.elements.size());
    if (!of_synapses(probe.quantity)) {
        for (const std::uint32_t neuron : probe.elements) {
            values.push_back(chip_.trace(probe.profile, probe.quantity, neuron));
        }
        return values;
    }
    const rules::Variable variable = probe.quantity == rules::Operand::w   ? rules::Variable::weight
                                     : probe.quantity == rules::Operand::d ? rules::Variable::delay
                                                                           : rules::Variable::tag;
    const std::vector<std::int32_t> all = chip_.plastic_values(probe.profile, variable);
    for (const std::uint32_t synapse : probe.elements) {
        values.push_back(all[synapse]);
    }
    return values;
}

Result<std::uint64_t> Session::run(std::uint64_t steps, Stimulus& stimulus, std::span<Sink* const> sinks,
                                   const std::function<bool()>& stop) {
    const auto start = Clock::now();
    auto done = run_steps(steps, stimulus, sinks, stop);
    if (auto timed = done ? collect_timings(0, sinks) : Result<void>{}; !timed) {
        done = tl::unexpected(std::move(timed.error()));
    }
    if (clock_ && !done) {  // nothing is left for the next run
        (void)clock_->collect(0, [](const TimingView&) { return Result<void>{}; });
    }
    wall_s_ += seconds_since(start);
    return done;
}

Result<std::uint64_t> Session::run_steps(std::uint64_t steps, Stimulus& stimulus, std::span<Sink* const> sinks,
                                         const std::function<bool()>& stop) {
    for (std::uint64_t done = 0; done < steps; ++done) {
        inputs_.clear();
        stimulus.spikes(Step{steps_done_ - state_start_}, inputs_);
        const auto start = Clock::now();
        chip_.step(inputs_);
        chip_s_ += seconds_since(start);
        collect_step();
        const StepView view{.step = Step{steps_done_},
                            .inputs = inputs_,
                            .spikes = spikes_,
                            .core_counts = chip_.step_counts().cores,
                            .probes = probe_values_};
        ++steps_done_;
        if (clock_) {
            clock_->add(view.step, {.cores = view.core_counts, .spikes = chip_.spikes(), .inputs = inputs_});
        }
        for (Sink* sink : sinks) {
            if (auto taken = sink->on_step(view); !taken) {
                return tl::unexpected(taken.error());
            }
        }
        if (clock_) {
            if (auto taken = collect_timings(clock_->room() - 1, sinks); !taken) {
                return tl::unexpected(std::move(taken.error()));
            }
        }
        if (stop && stop()) {
            return done + 1;
        }
    }
    return steps;
}

Result<void> Session::collect_timings(std::size_t left, std::span<Sink* const> sinks) {
    if (!clock_) {
        return {};
    }
    return clock_->collect(left, [sinks](const TimingView& view) -> Result<void> {
        for (Sink* sink : sinks) {
            if (auto taken = sink->on_timing(view); !taken) {
                return taken;
            }
        }
        return {};
    });
}

EmulationTimes Session::emulation_times() const {
    return {.wall_s = wall_s_, .chip_s = chip_s_, .timing_cpu_s = clock_ ? clock_->cpu_seconds() : 0};
}

void Session::collect_step() {
    spikes_.clear();
    for (const chip::CoreSpike& spike : chip_.spikes()) {
        NetworkSpike neuron = neuron_of_[spike.core.value()][spike.compartment.value()];
        neuron.payload = spike.payload;
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
