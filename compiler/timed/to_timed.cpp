#include <fmt/format.h>

#include <algorithm>

#include "compiler/timed/timed_network.hpp"

namespace spikeloom::compiler {
namespace {

class Timing {
public:
    explicit Timing(const Network& from) : from_(from) {}

    Result<TimedNetwork> run() {
        timed_.name = from_.name;
        for (const InputPort& port : from_.inputs) {
            timed_.inputs.push_back({port.name, port.shape, {}});
        }
        for (const Population& population : from_.populations) {
            convert(population);
        }
        for (const Projection& projection : from_.projections) {
            convert(projection);
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

    void convert(const Population& population) {
        const std::string where = fmt::format("population '{}'", population.name);
        TimedPopulation timed{.name = population.name, .shape = population.shape, .neurons = {}};
        if (!has_synaptic_current(population.kind)) {
            refuse(where, "neurons without a synaptic time constant", "current-based LIF neurons (NIR CubaLIF, CubaLI)",
                   "in continuous time a spike without duration would be a jump of the membrane");
        } else if (population.reset == ResetRule::subtract_threshold && spikes(population.kind)) {
            refuse(where, "reset by subtraction of the threshold", "reset to a value");
        } else if (!is_zero(population.bias)) {
            refuse(where, "a constant input current", "spikes only",
                   "a bias can be an input that spikes at a fixed time");
        } else {
            const bool uniform = population.tau_syn_s.uniform() && population.tau_mem_s.uniform() &&
                                 population.resistance.uniform() && population.v_leak.uniform() &&
                                 population.v_threshold.uniform() && population.v_reset.uniform();
            const int steps = population.refractory_steps;
            for (std::size_t i = 0; i < (uniform ? 1 : population.size()); ++i) {
                AdEx neuron;
                neuron.lif = {.tau_mem = population.tau_mem_s[i],
                              .tau_syn = population.tau_syn_s[i],
                              .resistance = population.resistance[i],
                              .leak = population.v_leak[i],
                              .threshold = spikes(population.kind) ? population.v_threshold[i] : never,
                              .reset = spikes(population.kind) ? population.v_reset[i] : population.v_leak[i],
                              .refractory = steps <= 1 ? 0 : steps * from_.step_s};
                timed.neurons.push_back(neuron);
            }
        }
        timed_.populations.push_back(std::move(timed));
    }

    void convert(const Projection& projection) {
        const std::string where = fmt::format("projection '{}'", projection.name);
        if (projection.learning) {
            refuse(where, "plastic weights of a stepped rule", "weights that stay");
        }
        if (!is_zero(projection.bias)) {
            refuse(where, "a constant input current (bias)", "spikes only",
                   "a bias can be an input that spikes at a fixed time");
        }
        if (!findings_.empty()) {
            return;
        }
        const Population& target = from_.populations[projection.target.value()];
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
                timed.weights.push_back(from_.step_s / target.tau_syn_s[n] * target.w_in[n] *
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

    const Network& from_;
    TimedNetwork timed_;
    Diagnostics findings_;
};

}  // namespace

Result<TimedNetwork> to_timed(const Network& network) {
    if (Diagnostics findings = check_network(network); has_error(findings)) {
        return fail(std::move(findings));
    }
    return Timing(network).run();
}

}  // namespace spikeloom::compiler
