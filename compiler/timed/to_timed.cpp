#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "compiler/timed/timed_network.hpp"

namespace spikeloom::compiler {
namespace {

constexpr double decay_of_one = 4096;  ///< of FixedNeuron

/// One neuron's equations in continuous time, and what a spike of weight 1 brings it: the integral of I over time.
struct Continuous {
    AdEx neuron;
    double charge = 0;
};

class Timing {
public:
    Timing(const Network& from, const ContinuousTimeOptions& options) : from_(from), options_(options) {}

    Result<TimedNetwork> run() {
        timed_.name = from_.name;
        for (const InputPort& port : from_.inputs) {
            if (port.graded) {
                refuse(fmt::format("input '{}'", port.name), "spikes that carry values", "spikes that carry none");
            }
            timed_.inputs.push_back({port.name, port.shape, {}});
        }
        for (const Population& population : from_.populations) {
            convert(population);
        }
        for (const Projection& projection : from_.projections) {
            convert(projection);
        }
        if (findings_.empty()) {
            add_biases();
        }
        for (const OutputPort& output : from_.outputs) {
            timed_.outputs.push_back(output.population);
        }
        if (findings_.empty()) {
            findings_ = check_timed_network(timed_);
        }
        if (has_error(findings_)) {
            return fail(std::move(findings_));
        }
        return std::move(timed_);
    }

private:
    void refuse(std::string where, std::string found, std::string allowed, std::string help = {}) {
        findings_.push_back({.where = std::move(where),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }

    static bool is_zero(const Parameter& parameter) {
        return std::all_of(parameter.values.begin(), parameter.values.end(), [](double v) { return v == 0; });
    }

    /// Refuses what has no continuous meaning; true: nothing.
    bool check(const Population& population, const std::string& where) {
        const std::size_t before = findings_.size();
        if (population.fixed) {
            check(*population.fixed, where);
        } else {
            check_reset(population.reset == ResetRule::subtract_threshold && spikes(population.kind), where);
            check_current(has_synaptic_current(population.kind), where);
            check_leak(leaks(population.kind) || population.kind == NeuronKind::threshold, where);
            if (population.kind == NeuronKind::threshold) {
                refuse(where, "neurons without a memory", "neurons that integrate");
            }
            if (!is_zero(population.bias) && options_.bias_steps == 0) {
                refuse_bias(where, "a constant input current");
            }
        }
        return findings_.size() == before;
    }

    void check(const FixedNeuron& fixed, const std::string& where) {
        if (fixed.model != NeuronModel::leaky) {
            refuse(where, fmt::format("neurons of the model {}", name_of(fixed.model)),
                   "leaky integrate-and-fire neurons", "a chip with steps that has this model: spikeloom chips");
            return;
        }
        check_reset(fixed.parameters.soft_reset, where);
        check_current(fixed.current_decay < decay_of_one, where);
        check_leak(fixed.voltage_decay > 0, where);
        if (fixed.voltage_decay >= decay_of_one) {
            refuse(where, "neurons without a memory", "neurons that integrate");
        }
        if (fixed.parameters.reset_interval != 0) {
            refuse(where, fmt::format("a reset every {} steps", fixed.parameters.reset_interval),
                   "neurons that no clock resets");
        }
        if (std::ranges::any_of(fixed.biases, [](std::int32_t bias) { return bias != 0; })) {
            refuse_bias(where, "a constant input current");
        }
    }

    void check_reset(bool subtracts, const std::string& where) {
        if (subtracts && !options_.approximate_reset) {
            refuse(where, "reset by subtraction of the threshold", "reset to a value",
                   "spikeloom compare --approximate-reset resets to the leak potential instead");
        }
    }
    void check_current(bool has, const std::string& where) {
        if (!has && options_.pulse_s == 0) {
            refuse(where, "neurons without a synaptic time constant", "current-based LIF neurons (NIR CubaLIF, CubaLI)",
                   "in continuous time a spike without duration would be a jump of the membrane; spikeloom compare "
                   "runs it with short pulses instead");
        }
    }
    void check_leak(bool has, const std::string& where) {
        if (!has && options_.leakless_tau_s == 0) {
            refuse(where, "neurons without a leak", "a membrane time constant");
        }
    }
    void refuse_bias(const std::string& where, std::string found) {
        refuse(
            where, std::move(found), "spikes only",
            "a bias can be an input that spikes at fixed times; spikeloom compare makes one that spikes in every step");
    }

    [[nodiscard]] double refractory(const Population& population) const {
        const int steps = population.refractory_steps;
        return std::max(steps <= 1 ? 0 : steps * from_.step_s, options_.least_refractory_s);
    }

    [[nodiscard]] Continuous continuous(const Population& population, std::size_t i) const {
        const double step = from_.step_s;
        const bool current = has_synaptic_current(population.kind);
        const bool leak = leaks(population.kind);
        Continuous result;
        result.charge = current ? step * population.w_in[i] : step;
        const bool soft = population.reset == ResetRule::subtract_threshold;
        result.neuron.lif = {
            .tau_mem = leak ? population.tau_mem_s[i] : options_.leakless_tau_s,
            .tau_syn = current ? population.tau_syn_s[i] : options_.pulse_s,
            .resistance = population.resistance[i] * (leak ? 1 : options_.leakless_tau_s),
            .leak = leak ? population.v_leak[i] : 0,
            .threshold = spikes(population.kind) ? population.v_threshold[i] : never,
            .reset = spikes(population.kind) && !soft ? population.v_reset[i] : (leak ? population.v_leak[i] : 0),
            .refractory = refractory(population)};
        return result;
    }

    /// u and v keep 1 - decay of themselves a step: so they do over the step of an exponential. In units of a weight.
    [[nodiscard]] Continuous continuous(const Population& population, const FixedNeuron& fixed) const {
        const double step = from_.step_s;
        const double current = fixed.current_decay / decay_of_one;
        const double voltage = fixed.voltage_decay / decay_of_one;
        Continuous result;
        result.charge = step / current / (voltage > 0 ? voltage : 1);
        result.neuron.lif = {.tau_mem = voltage > 0 ? -step / std::log1p(-voltage) : options_.leakless_tau_s,
                             .tau_syn = current < 1 ? -step / std::log1p(-current) : options_.pulse_s,
                             .resistance = voltage > 0 ? 1 : options_.leakless_tau_s / step,
                             .leak = 0,
                             .threshold = spikes(population.kind) ? static_cast<double>(fixed.threshold) : never,
                             .reset = 0,
                             .refractory = refractory(population)};
        return result;
    }

    void convert(const Population& population) {
        TimedPopulation timed{.name = population.name, .shape = population.shape, .neurons = {}};
        std::vector<double>& charges = charges_.emplace_back();
        if (check(population, fmt::format("population '{}'", population.name))) {
            const bool uniform =
                population.fixed ||
                (population.tau_syn_s.uniform() && population.tau_mem_s.uniform() && population.resistance.uniform() &&
                 population.v_leak.uniform() && population.v_threshold.uniform() && population.v_reset.uniform() &&
                 population.w_in.uniform());
            for (std::size_t i = 0; i < (uniform ? 1 : population.size()); ++i) {
                const Continuous one =
                    population.fixed ? continuous(population, *population.fixed) : continuous(population, i);
                timed.neurons.push_back(one.neuron);
                charges.push_back(one.charge);
            }
        }
        timed_.populations.push_back(std::move(timed));
    }

    void convert(const Projection& projection) {
        const std::string where = fmt::format("projection '{}'", projection.name);
        if (projection.learning) {
            refuse(where, "plastic weights of a stepped rule", "weights that stay");
        }
        if (!is_zero(projection.bias) && options_.bias_steps == 0) {
            refuse_bias(where, "a constant input current (bias)");
        }
        if (projection.source.kind == Source::Kind::population &&
            !spikes(from_.populations[projection.source.index].kind)) {
            refuse(where, "sources that never spike, whose membranes would be passed on", "sources that spike");
        }
        if (!findings_.empty()) {
            return;
        }
        const TimedPopulation& target = timed_.populations[projection.target.value()];
        const std::vector<double>& charges = charges_[projection.target.value()];
        TimedProjection timed;
        timed.name = projection.name;
        timed.source = projection.source;
        timed.target = projection.target;
        timed.row_begin.push_back(0);
        std::vector<Connection> connections;
        bool delayed = false;
        for (std::uint32_t source = 0; source < from_.source_size(projection.source); ++source) {
            connections.clear();
            append_connections(from_, projection, source, connections);
            for (const Connection& connection : connections) {
                const std::uint32_t n = connection.target;
                timed.targets.push_back(n);
                timed.weights.push_back(charges[charges.size() == 1 ? 0 : n] / target.neuron(n).lif.tau_syn *
                                        static_cast<double>(connection.weight));
                timed.delays.push_back(connection.delay_steps * from_.step_s);
                delayed = delayed || connection.delay_steps != 0;
            }
            timed.row_begin.push_back(timed.targets.size());
        }
        if (!delayed) {
            timed.delays.clear();
        }
        timed_.projections.push_back(std::move(timed));
    }

    /// Constant currents by the step from which they flow, one vector a population.
    [[nodiscard]] std::map<int, std::vector<std::vector<double>>> biases() const {
        std::map<int, std::vector<std::vector<double>>> biases;
        const auto add = [&](int from, std::size_t population, const Parameter& bias) {
            if (is_zero(bias)) {
                return;
            }
            auto& all = biases[std::max(from, 0)];
            all.resize(from_.populations.size());
            all[population].resize(from_.populations[population].size());
            for (std::size_t i = 0; i < all[population].size(); ++i) {
                all[population][i] += bias[i];
            }
        };
        for (std::size_t p = 0; p < from_.populations.size(); ++p) {
            add(0, p, from_.populations[p].bias);
        }
        for (const Projection& projection : from_.projections) {
            add(projection.bias_from_step, projection.target.value(), projection.bias);
        }
        return biases;
    }

    [[nodiscard]] std::string free_name(std::string name) const {
        const auto taken = [&](const auto& all) {
            return std::ranges::any_of(all, [&](const auto& one) { return one.name == name; });
        };
        while (taken(timed_.inputs) || taken(timed_.populations) || taken(timed_.projections)) {
            name += '_';
        }
        return name;
    }

    /// Inputs that spike at the start of every step, onto the neurons with a bias.
    void add_biases() {
        for (const auto& [from, by_population] : biases()) {
            TimedInput input{.name = free_name(from == 0 ? "bias" : fmt::format("bias_from_{}", from)),
                             .shape = {1},
                             .constant_times = {}};
            for (auto step = static_cast<std::uint32_t>(from); step < options_.bias_steps; ++step) {
                input.constant_times.push_back(step * from_.step_s);
            }
            if (input.constant_times.empty()) {
                continue;
            }
            const Source source{Source::Kind::input, static_cast<std::uint32_t>(timed_.inputs.size())};
            timed_.inputs.push_back(std::move(input));
            for (std::uint32_t p = 0; p < by_population.size(); ++p) {
                add_bias(source, PopulationId(p), by_population[p]);
            }
        }
    }

    void add_bias(const Source& source, PopulationId target, const std::vector<double>& biases) {
        const TimedPopulation& population = timed_.populations[target.value()];
        const std::vector<double>& charges = charges_[target.value()];
        TimedProjection projection{
            .name = free_name(fmt::format("{}_{}", timed_.inputs[source.index].name, population.name)),
            .source = source,
            .target = target,
            .row_begin = {0},
            .targets = {},
            .weights = {},
            .delays = {}};
        for (std::uint32_t i = 0; i < biases.size(); ++i) {
            if (biases[i] != 0) {
                projection.targets.push_back(i);
                projection.weights.push_back(charges[charges.size() == 1 ? 0 : i] / population.neuron(i).lif.tau_syn *
                                             biases[i]);
            }
        }
        projection.row_begin.push_back(projection.targets.size());
        if (!projection.targets.empty()) {
            timed_.projections.push_back(std::move(projection));
        }
    }

    const Network& from_;
    const ContinuousTimeOptions& options_;
    TimedNetwork timed_;
    std::vector<std::vector<double>> charges_;  ///< by population: one for all, or one each
    Diagnostics findings_;
};

}  // namespace

Result<TimedNetwork> to_timed(const Network& network, const ContinuousTimeOptions& options) {
    if (Diagnostics findings = check_network(network); has_error(findings)) {
        return fail(std::move(findings));
    }
    return Timing(network, options).run();
}

}  // namespace spikeloom::compiler
