#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "compiler/timed/timed_network.hpp"

namespace spikeloom::compiler {
namespace {

class Check {
public:
    explicit Check(const TimedNetwork& network) : network_(network) {}

    Diagnostics run() {
        if (network_.populations.empty()) {
            say("network", "no population", "at least one");
        }
        names();
        for (const TimedInput& input : network_.inputs) {
            times(input);
        }
        for (const TimedPopulation& population : network_.populations) {
            neurons(population);
        }
        for (const TimedProjection& projection : network_.projections) {
            synapses(projection);
        }
        for (const PopulationId output : network_.outputs) {
            if (output.value() >= network_.populations.size()) {
                say("output", fmt::format("population number {}", output.value()),
                    fmt::format("below {}", network_.populations.size()));
            }
        }
        coding();
        return std::move(findings_);
    }

private:
    void say(std::string where, std::string found, std::string allowed = {}) {
        findings_.push_back(
            {.where = std::move(where), .found = std::move(found), .allowed = std::move(allowed), .help = {}});
    }

    void names() {
        std::map<std::string, int> seen;
        const auto note = [&](const std::string& name, const Shape& shape, const char* what) {
            if (name.empty() || ++seen[name] == 2) {
                say(fmt::format("{} '{}'", what, name), name.empty() ? "no name" : "a name that is taken",
                    "a name of its own for each input and population");
            }
            if (shape.empty() || element_count(shape) == 0) {
                say(fmt::format("{} '{}'", what, name), "a shape without elements", "extents of at least 1");
            }
        };
        for (const TimedInput& input : network_.inputs) {
            note(input.name, input.shape, "input");
        }
        for (const TimedPopulation& population : network_.populations) {
            note(population.name, population.shape, "population");
        }
    }

    void times(const TimedInput& input) {
        for (const double time : input.constant_times) {
            if (!(time >= 0 && std::isfinite(time))) {
                say(fmt::format("input '{}'", input.name), fmt::format("a constant spike time of {} s", time),
                    "0 or more");
            }
        }
    }

    void neurons(const TimedPopulation& population) {
        const std::size_t given = population.neurons.size();
        if (given != 1 && given != population.size()) {
            say(fmt::format("population '{}'", population.name),
                fmt::format("parameters of {} neurons for {} neurons", given, population.size()),
                "one set for all, or one each");
            return;
        }
        for (std::size_t i = 0; i < given; ++i) {
            const std::size_t before = findings_.size();
            const std::string where = given == 1 ? fmt::format("population '{}'", population.name)
                                                 : fmt::format("population '{}', neuron {}", population.name, i);
            lif(where, population.neurons[i].lif);
            if (population.adaptive) {
                adaptive(where, population.neurons[i]);
            }
            if (findings_.size() != before) {
                return;  // the others are likely wrong in the same way
            }
        }
    }

    void positive(const std::string& where, const char* name, double value) {
        if (!(value > 0 && std::isfinite(value))) {
            say(where, fmt::format("{} = {}", name, value), "more than 0, finite");
        }
    }
    void finite(const std::string& where, const char* name, double value) {
        if (!std::isfinite(value)) {
            say(where, fmt::format("{} = {}", name, value), "a finite number");
        }
    }

    void lif(const std::string& where, const Lif& lif) {
        positive(where, "tau_mem", lif.tau_mem);
        positive(where, "tau_syn", lif.tau_syn);
        positive(where, "resistance", lif.resistance);
        finite(where, "leak", lif.leak);
        finite(where, "reset", lif.reset);
        if (std::isnan(lif.threshold) || lif.threshold == -never) {
            say(where, fmt::format("threshold = {}", lif.threshold), "a number, or infinity: never spikes");
        } else if (!(lif.reset < lif.threshold)) {
            say(where, fmt::format("reset = {}, threshold = {}", lif.reset, lif.threshold),
                "a reset below the threshold");
        }
        if (!(lif.refractory >= 0)) {
            say(where, fmt::format("refractory = {} s", lif.refractory), "0 or more; infinity: one spike");
        }
    }

    void adaptive(const std::string& where, const AdEx& model) {
        if (!(model.tau_syn_inhibitory >= 0 && std::isfinite(model.tau_syn_inhibitory))) {
            say(where, fmt::format("tau_syn_inhibitory = {}", model.tau_syn_inhibitory), "0 (as excitatory) or more");
        }
        if (model.exponential) {
            positive(where, "slope", model.slope);
            finite(where, "exp_threshold", model.exp_threshold);
            const double most = model.exp_threshold + 10 * model.slope;
            if (!(std::max(model.lif.reset, model.lif.leak) < most)) {
                say(where,
                    fmt::format("leak = {}, reset = {} with an exponential term", model.lif.leak, model.lif.reset),
                    fmt::format("below {}: ten slopes above exp_threshold", most));
            }
        }
        if (model.adaptation) {
            positive(where, "tau_w", model.tau_w);
            finite(where, "a", model.a);
            finite(where, "b", model.b);
        }
        if (model.conductance) {
            finite(where, "e_excitatory", model.e_excitatory);
            finite(where, "e_inhibitory", model.e_inhibitory);
        }
    }

    void synapses(const TimedProjection& projection) {
        const std::string where = fmt::format("projection '{}'", projection.name);
        const bool from_input = projection.source.kind == Source::Kind::input;
        const std::size_t sources = from_input ? network_.inputs.size() : network_.populations.size();
        if (projection.source.index >= sources || projection.target.value() >= network_.populations.size()) {
            say(where,
                fmt::format("from {} number {} to population number {}", from_input ? "input" : "population",
                            projection.source.index, projection.target.value()),
                fmt::format("{} inputs, {} populations", network_.inputs.size(), network_.populations.size()));
            return;
        }
        const std::vector<std::uint64_t>& rows = projection.row_begin;
        const std::size_t count = projection.targets.size();
        if (rows.size() != network_.source_size(projection.source) + 1 || rows.front() != 0 || rows.back() != count ||
            !std::is_sorted(rows.begin(), rows.end())) {
            say(where, fmt::format("{} row offsets for {} synapses", rows.size(), count),
                fmt::format("{} ascending from 0 to the number of synapses",
                            network_.source_size(projection.source) + 1));
        }
        if (projection.weights.size() != count || (!projection.delays.empty() && projection.delays.size() != count)) {
            say(where,
                fmt::format("{} targets, {} weights, {} delays", count, projection.weights.size(),
                            projection.delays.size()),
                "as many weights as targets; as many delays, or none");
        }
        const std::size_t size = network_.populations[projection.target.value()].size();
        const auto find = [&](const auto& values, const char* what, const char* allowed, auto good) {
            const auto bad = std::find_if_not(values.begin(), values.end(), good);
            if (bad != values.end()) {
                say(where, fmt::format("synapse {} has the {} {}", bad - values.begin(), what, *bad), allowed);
            }
        };
        find(projection.targets, "target", "a neuron of the target population",
             [size](std::uint32_t target) { return target < size; });
        find(projection.weights, "weight", "a finite number", [](double w) { return std::isfinite(w); });
        find(projection.delays, "delay", "0 s or more", [](double d) { return d >= 0 && std::isfinite(d); });
    }

    void coding() {
        if (!network_.coding) {
            return;
        }
        const chip::TtfsCoding& coding = *network_.coding;
        positive("coding", "time_unit_s", coding.time_unit_s);
        positive("coding", "window_s", coding.window_s);
        finite("coding", "silent_below", coding.silent_below);
        if (!(coding.earliest_s >= 0 && coding.earliest_s <= coding.latest_s && std::isfinite(coding.latest_s))) {
            say("coding", fmt::format("earliest {} s, latest {} s", coding.earliest_s, coding.latest_s),
                "0 <= earliest <= latest");
        }
    }

    const TimedNetwork& network_;
    Diagnostics findings_;
};

}  // namespace

Diagnostics check_timed_network(const TimedNetwork& network) {
    return Check(network).run();
}

}  // namespace spikeloom::compiler
