#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compiler/timed/timed_network.hpp"

namespace spikeloom::compiler {
namespace {

constexpr double most_delay_steps = 255;

/// One number where all are equal.
template <class Of>
Parameter parameter_of(const TimedPopulation& population, Of of) {
    std::vector<double> values;
    for (const AdEx& neuron : population.neurons) {
        values.push_back(of(neuron.lif));
    }
    const bool equal = std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
    return equal ? Parameter(values.front()) : Parameter(std::move(values));
}

class Stepping {
public:
    Stepping(const TimedNetwork& from, double step_s, int max_refractory_steps)
        : from_(from), step_s_(step_s), max_refractory_steps_(max_refractory_steps) {}

    Result<SteppedNetwork> run() {
        Network& network = stepped_.network;
        network.name = from_.name;
        network.step_s = step_s_;
        for (const TimedInput& input : from_.inputs) {
            network.inputs.push_back({input.name, input.shape});
        }
        for (const TimedPopulation& population : from_.populations) {
            convert(population);
        }
        for (const TimedProjection& projection : from_.projections) {
            convert(projection);
        }
        for (const PopulationId output : from_.outputs) {
            network.outputs.push_back({from_.populations[output.value()].name, output});
        }
        if (findings_.empty()) {
            findings_ = check_network(network);
        }
        if (has_error(findings_)) {
            return fail(std::move(findings_));
        }
        return std::move(stepped_);
    }

private:
    void remark(std::string where, std::string found, std::string help = {}) {
        stepped_.remarks.push_back({.severity = Severity::warning,
                                    .where = std::move(where),
                                    .found = std::move(found),
                                    .allowed = {},
                                    .help = std::move(help)});
    }
    void refuse(std::string where, std::string found, std::string allowed, std::string help = {}) {
        findings_.push_back({.where = std::move(where),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }

    void convert(const TimedPopulation& population) {
        const std::string where = fmt::format("population '{}'", population.name);
        if (population.adaptive) {
            refuse(where, "AdEx or conductance-based neurons", "current-based LIF neurons, on chips with steps");
            return;
        }
        const auto readouts = std::count_if(population.neurons.begin(), population.neurons.end(),
                                            [](const AdEx& neuron) { return neuron.lif.threshold == never; });
        const auto given = static_cast<std::ptrdiff_t>(population.neurons.size());
        if (readouts != 0 && readouts != given) {
            refuse(where, fmt::format("{} of {} neurons never spike", readouts, given), "all of them, or none",
                   "make two populations of them");
            return;
        }
        Population stepped;
        stepped.name = population.name;
        stepped.shape = population.shape;
        stepped.kind = readouts == 0 ? NeuronKind::current_based : NeuronKind::current_based_integrator;
        stepped.tau_mem_s = parameter_of(population, [](const Lif& lif) { return lif.tau_mem; });
        stepped.tau_syn_s = parameter_of(population, [](const Lif& lif) { return lif.tau_syn; });
        stepped.resistance = parameter_of(population, [](const Lif& lif) { return lif.resistance; });
        // Membranes count from the leak, where continuous neurons start: a Network's start at 0.
        if (readouts == 0) {
            stepped.v_threshold = parameter_of(population, [](const Lif& lif) { return lif.threshold - lif.leak; });
            stepped.v_reset = parameter_of(population, [](const Lif& lif) { return lif.reset - lif.leak; });
        }
        stepped.w_in = parameter_of(population, [this](const Lif& lif) { return lif.tau_syn / step_s_; });
        check_time_constants(where, population);
        stepped.refractory_steps = refractory_steps(where, population);
        stepped_.network.populations.push_back(std::move(stepped));
    }

    void check_time_constants(const std::string& where, const TimedPopulation& population) {
        for (const AdEx& neuron : population.neurons) {
            if (std::min(neuron.lif.tau_mem, neuron.lif.tau_syn) < step_s_) {
                refuse(where,
                       fmt::format("a time constant of {} s in steps of {} s",
                                   std::min(neuron.lif.tau_mem, neuron.lif.tau_syn), step_s_),
                       "a step no longer than any time constant", "a shorter step: a tenth of it, or less");
                return;
            }
        }
    }

    int refractory_steps(const std::string& where, const TimedPopulation& population) {
        const double refractory = population.neurons.front().lif.refractory;
        for (const AdEx& neuron : population.neurons) {
            if (neuron.lif.refractory != refractory) {
                refuse(where, "neurons with different refractory times", "one for all, on chips with steps");
                return 1;
            }
        }
        if (refractory == never) {
            remark(where,
                   fmt::format("neurons that spike once are refractory for {} steps ({:.3g} s), the most there is",
                               max_refractory_steps_, max_refractory_steps_ * step_s_),
                   "the first spike of a sample that is shorter is not affected");
            return max_refractory_steps_;
        }
        const double steps = std::round(refractory / step_s_);
        if (steps > max_refractory_steps_) {
            refuse(where, fmt::format("a refractory time of {} steps", steps),
                   fmt::format("at most {} steps", max_refractory_steps_), "a longer step");
            return 1;
        }
        return std::max(1, static_cast<int>(steps));
    }

    void convert(const TimedProjection& projection) {
        SparseWeights sparse;
        sparse.row_begin = projection.row_begin;
        sparse.targets = projection.targets;
        sparse.weights.assign(projection.weights.begin(), projection.weights.end());
        double worst = 0;
        for (const double delay : projection.delays) {
            const double steps = std::round(delay / step_s_);
            if (steps > most_delay_steps) {
                refuse(fmt::format("projection '{}'", projection.name), fmt::format("a delay of {} steps", steps),
                       fmt::format("at most {}", most_delay_steps), "a longer step");
                return;
            }
            worst = std::max(worst, std::abs(steps * step_s_ - delay));
            sparse.delays.push_back(static_cast<std::uint8_t>(steps));
        }
        if (worst > step_s_ * 1e-9) {
            remark(fmt::format("projection '{}'", projection.name),
                   fmt::format("delays are rounded to steps, by up to {:.3g} s", worst));
        }
        stepped_.network.projections.push_back({.name = projection.name,
                                                .source = projection.source,
                                                .target = projection.target,
                                                .weights = std::move(sparse)});
    }

    const TimedNetwork& from_;
    double step_s_;
    int max_refractory_steps_;
    SteppedNetwork stepped_;
    Diagnostics findings_;
};

}  // namespace

Result<SteppedNetwork> to_stepped(const TimedNetwork& network, double step_s, int max_refractory_steps) {
    if (!(step_s > 0 && std::isfinite(step_s)) || max_refractory_steps < 1) {
        return fail({.where = fmt::format("network '{}'", network.name),
                     .found = fmt::format("steps of {} s, refractory for up to {}", step_s, max_refractory_steps),
                     .allowed = "a step of more than 0 s, at least 1 refractory step",
                     .help = {}});
    }
    if (Diagnostics findings = check_timed_network(network); has_error(findings)) {
        return fail(std::move(findings));
    }
    return Stepping(network, step_s, max_refractory_steps).run();
}

}  // namespace spikeloom::compiler
