#include "compiler/nir/nir_lower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "compiler/nir/nir_neuron.hpp"
#include "compiler/nir/nir_projection.hpp"
#include "compiler/nir/nir_ways.hpp"
#include "compiler/nir/recurrence.hpp"

namespace spikeloom::compiler {
namespace {

constexpr double least_integrator_gain = 1e-2;  ///< what an input of 1 should add to v of an IF in a step

class Lowering {
public:
    Lowering(const NirFile& file, const NirFlatGraph& graph, const NirShapes& shapes, const NirConventions& conventions)
        : file_(file),
          graph_(graph),
          shapes_(shapes),
          conventions_(conventions),
          projections_(file, graph, shapes, conventions, findings_, result_.remarks) {}

    Result<NirLowered> run() {
        network().step_s = conventions_.step_s;
        add_inputs();
        add_populations();
        for (const std::size_t index : graph_.order) {
            if (is_neuron(type(index))) {
                project_into(index, *populations_[index], ways_to(index));
            }
        }
        add_outputs();
        if (findings_.empty()) {
            mark_recurrence();
            check();
        }
        if (!findings_.empty()) {
            return fail(std::move(findings_));
        }
        return std::move(result_);
    }

private:
    Network& network() { return result_.network; }
    [[nodiscard]] const NirNode& node(std::size_t index) const { return *graph_.nodes[index].node; }
    [[nodiscard]] NirType type(std::size_t index) const { return graph_.nodes[index].type(); }
    [[nodiscard]] const std::string& name(std::size_t index) const { return graph_.nodes[index].name; }
    void complain(std::size_t index, std::string found, std::string allowed = "", std::string help = "") {
        findings_.push_back({.where = file_.where(node(index)),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }
    void remark(std::size_t index, Severity severity, std::string found, std::string help = "") {
        result_.remarks.push_back({.severity = severity,
                                   .where = file_.where(node(index)),
                                   .found = std::move(found),
                                   .help = std::move(help)});
    }

    /// "input_0", the next number that is no node's name.
    std::string implicit_name(const char* stem, std::size_t& number) {
        for (;;) {
            std::string wanted = fmt::format("{}_{}", stem, number++);
            if (std::ranges::none_of(graph_.nodes, [&](const NirFlatNode& flat) { return flat.name == wanted; })) {
                return wanted;
            }
        }
    }

    void add_inputs() {
        inputs_.resize(graph_.nodes.size());
        std::size_t number = 0;
        for (const std::size_t index : graph_.order) {
            if (!graph_.nodes[index].is_source()) {
                continue;
            }
            if (type(index) == NirType::output) {
                complain(index, fmt::format("nothing leads into the Output '{}'", name(index)));
                continue;
            }
            std::string port = name(index);
            if (type(index) != NirType::input) {
                port = implicit_name("input", number);
                remark(index, Severity::note,
                       fmt::format("nothing feeds '{}': it is fed by an implicit input '{}'", name(index), port));
            } else if (graph_.nodes[index].after.empty()) {
                remark(index, Severity::warning, fmt::format("the Input '{}' feeds nothing", name(index)));
            }
            inputs_[index] = static_cast<std::uint32_t>(network().inputs.size());
            network().inputs.push_back({.name = std::move(port), .shape = shapes_.in[index]});
        }
    }

    void add_populations() {
        populations_.resize(graph_.nodes.size());
        for (const std::size_t index : graph_.order) {
            if (!is_neuron(type(index))) {
                continue;
            }
            const Population population = population_of(node(index), name(index), shapes_.out[index], conventions_);
            const bool integrates =
                population.kind == NeuronKind::integrator || population.kind == NeuronKind::integrate_fire;
            const double gain = std::abs(*std::ranges::max_element(population.resistance.values, {},
                                                                   [](double r) { return std::abs(r); })) *
                                conventions_.step_s;
            if (integrates && gain < least_integrator_gain) {
                remark(index, Severity::warning,
                       fmt::format("an input of 1 adds only r * dt = {:g} to the membrane in a step", gain),
                       "if the file counts in steps: --nir-time-unit steps; if r means 'per step': --nir-r dt");
            }
            populations_[index] = PopulationId(static_cast<std::uint32_t>(network().populations.size()));
            population_nodes_.push_back(index);
            network().populations.push_back(population);
            if (population.kind == NeuronKind::integrate_fire && population.reset == ResetRule::subtract_threshold) {
                remark_single_spikes(index);
            }
        }
    }

    /// Once a file.
    void remark_single_spikes(std::size_t index) {
        if (!std::exchange(remarked_single_spikes_, true)) {
            remark(
                index, Severity::note,
                "a neuron spikes at most once a step; Sinabs lets an IF that resets by subtraction spike as often as "
                "its threshold fits into v");
        }
    }

    /// All chains into a neuron, or through and into an output.
    std::vector<NirWay> ways_to(std::size_t index) {
        auto ways = nir_ways(graph_, index);
        if (!ways) {
            complain(index, ways.error());
            return {};
        }
        return std::move(*ways);
    }

    [[nodiscard]] Source source_of(const NirWay& way) const {
        return way.from_neuron ? Source{Source::Kind::population, populations_[way.from]->value()}
                               : Source{Source::Kind::input, *inputs_[way.from]};
    }

    // --- projections ------------------------------------------------------------------------------------------------

    void project_into(std::size_t target, PopulationId population, const std::vector<NirWay>& ways) {
        for (const NirWay& way : ways) {
            if (!findings_.empty()) {
                return;
            }
            if (way.from_neuron && !spikes(network().populations[populations_[way.from]->value()].kind)) {
                complain(
                    way.from,
                    fmt::format("'{}' ({}) never spikes, but '{}' takes what it gives", name(way.from),
                                nir_type_name(type(way.from)), way.nodes.empty() ? name(target) : name(way.nodes[0])),
                    "only spikes are sent from neuron to neuron",
                    "end the network at this node, or give it a threshold (LIF, CubaLIF, IF)");
                continue;
            }
            if (auto projection = projections_.make(network(), source_of(way), way, name(target))) {
                projection->target = population;
                network().projections.push_back(std::move(*projection));
            }
        }
    }

    // --- outputs ----------------------------------------------------------------------------------------------------

    void add_outputs() {
        std::size_t number = 0;
        for (const std::size_t index : graph_.order) {
            if (!graph_.nodes[index].after.empty() || type(index) == NirType::input || !findings_.empty()) {
                continue;
            }
            std::string port = name(index);
            if (type(index) != NirType::output) {
                port = implicit_name("output", number);
                remark(index, Severity::note,
                       fmt::format("nothing takes what '{}' gives: it leads to an implicit output '{}'", name(index),
                                   port));
            }
            add_output(index, port);
        }
    }

    void add_output(std::size_t sink, const std::string& port) {
        std::vector<std::size_t> neurons;
        bool linear = false;
        std::set<std::size_t> seen;
        resolve(sink, neurons, linear, seen);
        if (linear) {
            add_readout(sink, port);
            return;
        }
        if (neurons.empty()) {
            remark(sink, Severity::warning, fmt::format("the output '{}' only repeats an input: it is left out", port));
        }
        for (const std::size_t neuron : neurons) {
            network().outputs.push_back({.name = neurons.size() == 1 ? port : fmt::format("{}.{}", port, name(neuron)),
                                         .population = *populations_[neuron]});
        }
        if (neurons.size() > 1) {
            remark(sink, Severity::warning,
                   fmt::format("{} populations lead into the output '{}': each is an output of its own", neurons.size(),
                               port));
        }
    }

    /// The neurons that a port shows; or that something linear lies before it.
    void resolve(std::size_t at, std::vector<std::size_t>& neurons, bool& linear, std::set<std::size_t>& seen) {
        if (!seen.insert(at).second) {
            return;
        }
        if (is_neuron(type(at))) {
            neurons.push_back(at);
        } else if (!only_reshapes(type(at))) {
            linear = true;
        } else if (seen.size() < longest_nir_chain) {
            for (const std::size_t before : graph_.nodes[at].before) {
                resolve(before, neurons, linear, seen);
            }
        }
    }

    /// Weights without neurons before an output: what arrives is summed up over time by neurons that never spike.
    void add_readout(std::size_t sink, const std::string& port) {
        const std::vector<NirWay> ways = ways_to(sink);
        std::size_t last = sink;
        while (only_reshapes(type(last)) && graph_.nodes[last].before.size() == 1) {
            last = graph_.nodes[last].before[0];
        }
        Population readout;
        readout.name = name(last);
        readout.shape = shapes_.out[sink];
        readout.kind = NeuronKind::integrator;
        readout.resistance = 1 / conventions_.step_s;
        const PopulationId id(static_cast<std::uint32_t>(network().populations.size()));
        network().populations.push_back(readout);
        population_nodes_.push_back(sink);
        network().outputs.push_back({.name = port, .population = id});
        project_into(sink, id, ways);
        remark(last, Severity::warning,
               fmt::format("no neuron stands before the output '{}': what arrives is summed up over time by an "
                           "integrator that never spikes",
                           port),
               "read its membrane: the largest sum is the decision");
    }

    // --- the whole --------------------------------------------------------------------------------------------------

    void mark_recurrence() {
        std::vector<std::size_t> distance;
        for (const std::size_t index : population_nodes_) {
            distance.push_back(graph_.distance[index]);
        }
        mark_recurrent(network(), distance);
        for (Projection& projection : network().projections) {
            if (projection.recurrent && !conventions_.recurrent_bias_at_start) {
                projection.bias_from_step = std::max(projection.bias_from_step, 1);
            }
        }
    }

    /// What the parameters' ranges let through, but the Network does not.
    void check() {
        for (Diagnostic& finding : check_network(network())) {
            finding.where = file_.origin + ": " + finding.where;
            findings_.push_back(std::move(finding));
        }
    }

    const NirFile& file_;
    const NirFlatGraph& graph_;
    const NirShapes& shapes_;
    const NirConventions& conventions_;
    NirLowered result_;
    Diagnostics findings_;
    std::vector<std::optional<std::uint32_t>> inputs_;      ///< per flat node
    std::vector<std::optional<PopulationId>> populations_;  ///< per flat node
    std::vector<std::size_t> population_nodes_;             ///< per population
    NirProjections projections_;
    bool remarked_single_spikes_ = false;
};

}  // namespace

Result<NirLowered> lower_nir(const NirFile& file, const NirFlatGraph& graph, const NirShapes& shapes,
                             const NirConventions& conventions) {
    return Lowering(file, graph, shapes, conventions).run();
}

}  // namespace spikeloom::compiler
