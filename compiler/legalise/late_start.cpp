#include "compiler/legalise/late_start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "compiler/legalise/late_reference.hpp"

namespace spikeloom::compiler {
namespace {

constexpr double hardly = 0.01;  ///< of a threshold: less is told as a note

enum class Way : std::uint8_t { as_it_is, from_current, with_reset };

/// What a neuron starts from.
struct Start {
    std::int64_t bias = 0;
    std::int64_t current = 0;
};

/// Where it is after some steps without a spike from elsewhere.
struct Alone {
    std::int64_t current = 0;
    std::int64_t voltage = 0;
    int spikes = 0;
    bool within = true;  ///< the registers' ends were never met
};

struct Outcome {
    bool exact = false;
    bool early = false;  ///< it spikes, or sends, before its time
    double off = 0;      ///< u and v, as a share of the threshold
};

/// The neurons of a population, one by one.
class Runner {
public:
    Runner(const MappedPopulation& population, std::size_t neurons, int steps, const chip::NeuronFormat& format)
        : population_(population), neurons_(neurons), steps_(steps), format_(format) {}

    [[nodiscard]] Start start_of(std::size_t neuron) const {
        Start start;
        if (!population_.biases.empty()) {
            const chip::BiasRegister& bias = population_.biases[neuron];
            start.bias = std::int64_t{bias.mantissa} * (std::int64_t{1} << bias.exponent);
        }
        start.current = population_.initial_currents.empty() ? 0 : population_.initial_currents[neuron];
        return start;
    }
    [[nodiscard]] bool moves(std::size_t neuron) const {
        const NeuronModel model = population_.of(neuron).model;
        const Start start = start_of(neuron);
        const bool uses_bias = integrates(model) || model == NeuronModel::sigma_delta;
        return start.current != 0 || (uses_bias && start.bias != 0);
    }
    [[nodiscard]] Alone run(std::size_t neuron, std::int64_t from_current) const;
    /// What decays to the neuron's initial current in those steps; nothing where no current does.
    [[nodiscard]] std::optional<std::int64_t> earlier_current(std::size_t neuron) const;
    [[nodiscard]] Outcome outcome(std::size_t neuron, Way way) const;
    [[nodiscard]] std::size_t neurons() const { return neurons_; }

private:
    [[nodiscard]] std::int64_t kept(std::int64_t value, std::int64_t decay) const {
        const std::int64_t one = std::int64_t{1} << format_.decay_bits;
        const std::int64_t left = (std::abs(value) * (one - std::min(decay, one))) >> format_.decay_bits;
        return value < 0 ? -left : left;
    }
    [[nodiscard]] std::int64_t current_kept(std::size_t neuron, std::int64_t value) const {
        return kept(value, population_.of(neuron).current_decay + format_.current_decay_offset);
    }
    [[nodiscard]] std::int64_t voltage_kept(std::size_t neuron, std::int64_t value) const {
        return kept(value, population_.of(neuron).voltage_decay + format_.voltage_decay_offset);
    }
    [[nodiscard]] std::int64_t most() const { return (std::int64_t{1} << (format_.state_bits - 1)) - 1; }
    [[nodiscard]] bool sends_its_bias(std::size_t neuron) const;

    const MappedPopulation& population_;
    std::size_t neurons_;
    int steps_;
    const chip::NeuronFormat& format_;
};

/// Refractory times count for nothing: one spike is one too many.
Alone Runner::run(std::size_t neuron, std::int64_t from_current) const {
    const NeuronRegisters& registers = population_.of(neuron);
    const ModelParameters& own = registers.parameters;
    const std::int64_t unit = std::int64_t{1} << format_.threshold_exponent;
    const std::int64_t bias = start_of(neuron).bias;
    Alone at{.current = from_current};
    for (int step = 1; step <= steps_; ++step) {
        if (own.reset_interval > 0 && step % own.reset_interval == own.reset_offset) {
            at.current = at.voltage = 0;
        }
        at.current = current_kept(neuron, at.current);
        at.voltage = voltage_kept(neuron, at.voltage) + at.current + bias;
        at.within = at.within && std::abs(at.voltage) <= most() && std::abs(at.current + bias) <= most();
        const bool above = at.voltage > registers.threshold_mantissa * unit;
        const bool below = registers.model == NeuronModel::ternary_leaky && at.voltage < own.threshold_low * unit;
        if (registers.spikes && (above || below)) {
            ++at.spikes;
            at.voltage = own.soft_reset ? at.voltage - registers.threshold_mantissa * unit : 0;
        }
    }
    return at;
}

std::optional<std::int64_t> Runner::earlier_current(std::size_t neuron) const {
    const std::int64_t one = std::int64_t{1} << format_.decay_bits;
    const std::int64_t decay = population_.of(neuron).current_decay + format_.current_decay_offset;
    std::int64_t current = start_of(neuron).current;
    if (decay >= one) {
        return std::nullopt;
    }
    for (int step = 0; step < steps_; ++step) {
        const std::int64_t size = ((std::abs(current) << format_.decay_bits) + one - decay - 1) / (one - decay);
        const std::int64_t before = current < 0 ? -size : size;
        if (size > most() || current_kept(neuron, before) != current) {
            return std::nullopt;
        }
        current = before;
    }
    return current;
}

/// Whether a sigma-delta neuron sends what its bias is; one that does not is where it started, but for sums of errors.
bool Runner::sends_its_bias(std::size_t neuron) const {
    const NeuronRegisters& registers = population_.of(neuron);
    const std::int64_t bias = start_of(neuron).bias;
    const std::int64_t value = registers.parameters.relu ? std::max<std::int64_t>(bias, 0) : bias;
    return value != 0 && (std::abs(value) >= registers.threshold_mantissa || registers.parameters.cumulative_error);
}

Outcome Runner::outcome(std::size_t neuron, Way way) const {
    const NeuronRegisters& registers = population_.of(neuron);
    if (registers.model == NeuronModel::sigma_delta) {
        return {.exact = !sends_its_bias(neuron), .early = sends_its_bias(neuron)};
    }
    if (registers.model != NeuronModel::leaky && registers.model != NeuronModel::ternary_leaky) {
        return {.exact = !moves(neuron), .early = moves(neuron)};
    }
    const std::int64_t wanted = start_of(neuron).current;
    const std::optional<std::int64_t> from = way == Way::from_current ? earlier_current(neuron) : wanted;
    Alone at = run(neuron, from.value_or(wanted));
    if (way == Way::with_reset && registers.parameters.reset_interval == 0) {
        at.current = at.voltage = 0;
    }
    const bool same =
        current_kept(neuron, at.current) == current_kept(neuron, wanted) && voltage_kept(neuron, at.voltage) == 0;
    const std::int64_t unit = std::int64_t{1} << format_.threshold_exponent;
    const std::int64_t threshold = registers.spikes ? registers.threshold_mantissa * unit : most();
    return {.exact = at.within && at.spikes == 0 && same,
            .early = at.spikes > 0,
            .off = static_cast<double>(std::abs(at.voltage) + std::abs(at.current - wanted)) /
                   static_cast<double>(std::max<std::int64_t>(threshold, 1))};
}

/// What comes of a way for the whole population.
LateStart outcome_of(const Runner& runner, LateStart start, Way way) {
    start.reset = way == Way::with_reset;
    for (std::size_t neuron = 0; neuron < runner.neurons(); ++neuron) {
        if (!runner.moves(neuron)) {
            continue;
        }
        const Outcome outcome = runner.outcome(neuron, way);
        ++start.moving;
        start.inexact += outcome.exact ? 0 : 1;
        start.early += outcome.early ? 1 : 0;
        start.off = std::max(start.off, outcome.exact ? 0 : outcome.off);
    }
    return start;
}

class Starter {
public:
    Starter(LegalMapping& mapping, const chip::ChipSpec& chip) : mapping_(mapping), chip_(chip) {}

    void start(std::uint32_t population, int steps);
    void remark();

private:
    void apply(const LateStart& start, const Runner& runner, Way way);
    void apply_reset(std::uint32_t population, int steps);

    LegalMapping& mapping_;
    const chip::ChipSpec& chip_;
    std::vector<LateStart> inexact_;
};

void Starter::apply_reset(std::uint32_t population, int steps) {
    const auto set = [&](ModelParameters& parameters) {
        parameters.reset_interval = LateStart::once;
        parameters.reset_offset = steps + 1;
    };
    for (NeuronRegisters& registers : mapping_.mapped.populations[population].registers) {
        set(registers.parameters);
    }
    for (Network* network : {&mapping_.legal.network, &mapping_.legal.reference}) {
        if (population < network->populations.size() && network->populations[population].fixed) {
            set(network->populations[population].fixed->parameters);
        }
    }
}

/// To the population and its copies.
void Starter::apply(const LateStart& start, const Runner& runner, Way way) {
    MappedPopulation& own = mapping_.mapped.populations[start.population];
    const std::vector<std::int32_t> before = own.initial_currents;
    std::vector<std::int32_t> earlier = before;
    for (std::size_t neuron = 0; way == Way::from_current && neuron < earlier.size(); ++neuron) {
        earlier[neuron] = static_cast<std::int32_t>(runner.earlier_current(neuron).value_or(before[neuron]));
    }
    const auto add = [&](LateStart made, std::vector<std::int32_t> quantised, std::vector<std::int32_t> currents) {
        if (way == Way::from_current) {
            made.quantised_currents = std::move(quantised);
            mapping_.mapped.populations[made.population].initial_currents = std::move(currents);
        } else if (way == Way::with_reset) {
            apply_reset(made.population, made.steps);
        }
        mapping_.legal.late_starts.push_back(std::move(made));
    };
    add(start, before, earlier);
    for (const FanOutCopies& copies : mapping_.legal.fan_out) {
        if (copies.population != start.population) {
            continue;
        }
        LateStart made = start;
        made.population = copies.copies;
        const auto chosen = [&](const std::vector<std::int32_t>& all) {
            std::vector<std::int32_t> some;
            for (std::size_t i = 0; !all.empty() && i < copies.stand_for.size(); ++i) {
                some.push_back(all[copies.stand_for[i]]);
            }
            return some;
        };
        add(std::move(made), chosen(before), chosen(earlier));
    }
}

void Starter::start(std::uint32_t population, int steps) {
    const MappedPopulation own = mapping_.mapped.populations[population];
    const std::size_t neurons =
        mapping_.mapped.population_first[population + 1] - mapping_.mapped.population_first[population];
    const Runner runner(own, neurons, steps, chip_.neuron);
    constexpr std::array ways{Way::as_it_is, Way::from_current, Way::with_reset};
    std::array<LateStart, ways.size()> starts;
    std::ranges::transform(ways, starts.begin(), [&](Way way) {
        return outcome_of(runner, {.population = population, .steps = steps}, way);
    });
    const auto best = std::ranges::min_element(
        starts, {}, [](const LateStart& start) { return std::tuple(start.early, start.inexact, start.off); });
    if (best->moving == 0) {
        return;
    }
    apply(*best, runner, ways[static_cast<std::size_t>(best - starts.begin())]);
    if (best->early == 0 && best->off < hardly) {
        bias_late(mapping_.legal.reference, population, steps);
    }
    if (best->inexact > 0) {
        inexact_.push_back(*best);
    }
}

/// One remark, on the population that is farthest off.
void Starter::remark() {
    if (inexact_.empty()) {
        return;
    }
    const LateStart& start =
        *std::ranges::max_element(inexact_, {}, [](const LateStart& one) { return std::pair(one.early, one.off); });
    const Population& population = mapping_.legal.network.populations[start.population];
    std::string figures;
    if (start.early > 0) {
        figures = fmt::format("{} of them spike{} before", start.early, start.early == 1 ? "s" : "");
    }
    if (start.off > 0) {
        figures += fmt::format("{}u and v are up to {:.2g} % of the threshold off when the first come",
                               figures.empty() ? "" : "; ", 100 * start.off);
    }
    mapping_.remarks.push_back(
        {.severity = start.early > 0 || start.off >= hardly ? Severity::warning : Severity::note,
         .where = fmt::format("population '{}'", population.name),
         .found = fmt::format("{} of {} neurons move by a bias or leak from the start, while spikes come {} step{} "
                              "later: {}{}",
                              start.inexact, population.size(), start.steps, start.steps == 1 ? "" : "s", figures,
                              inexact_.size() == 1 ? "" : fmt::format(" ({} more populations)", inexact_.size() - 1)),
         .allowed = {},
         .help = "--split-fan-in never refuses instead"});
}

}  // namespace

void start_late(LegalMapping& mapping, const chip::ChipSpec& chip) {
    Starter starter(mapping, chip);
    for (std::uint32_t p = 0; p < mapping.legal.added_steps.size(); ++p) {
        if (const int steps = mapping.legal.added_steps[p]; steps > 0) {
            starter.start(p, steps);
        }
    }
    starter.remark();
}

}  // namespace spikeloom::compiler
