#include "compiler/analog/explain_analog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "compiler/analog/flat_synapses.hpp"
#include "compiler/timed/scale_times.hpp"

namespace spikeloom::compiler {
namespace {

/// The network with only the synapses that stay, by projection and place among its synapses.
TimedNetwork filtered(const TimedNetwork& network, const std::vector<std::vector<bool>>& stays, double& lost) {
    TimedNetwork smaller = network;
    double all = 0;
    double gone = 0;
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
        const TimedProjection& before = network.projections[p];
        TimedProjection& after = smaller.projections[p];
        after.row_begin.assign(1, 0);
        after.targets.clear();
        after.weights.clear();
        after.delays.clear();
        for (std::size_t source = 0; source + 1 < before.row_begin.size(); ++source) {
            for (std::uint64_t s = before.row_begin[source]; s < before.row_begin[source + 1]; ++s) {
                all += before.weights[s] * before.weights[s];
                if (!stays[p][s]) {
                    gone += before.weights[s] * before.weights[s];
                    continue;
                }
                after.targets.push_back(before.targets[s]);
                after.weights.push_back(before.weights[s]);
                if (!before.delays.empty()) {
                    after.delays.push_back(before.delays[s]);
                }
            }
            after.row_begin.push_back(after.targets.size());
        }
    }
    lost = all > 0 ? std::sqrt(gone / all) : 0;
    return smaller;
}

std::vector<std::vector<bool>> all_stay(const TimedNetwork& network) {
    std::vector<std::vector<bool>> stays;
    stays.reserve(network.projections.size());
    for (const TimedProjection& projection : network.projections) {
        stays.emplace_back(projection.weights.size(), true);
    }
    return stays;
}

class AnalogExplainer {
public:
    AnalogExplainer(const TimedNetwork& network, const chip::AnalogSpec& chip, const AnalogCompileOptions& options)
        : network_(network), chip_(chip), options_(options), fan_in_(analog::fan_in(network)) {}

    [[nodiscard]] Result<AnalogExplanation> run(const std::function<bool()>& stop);

private:
    [[nodiscard]] Result<AnalogCompileResult> map(AnalogTrial& trial, const TimedNetwork& network) const;
    void try_network(AnalogTrial trial, const TimedNetwork& network) {
        trial.change += besides_;
        if (trial.how.empty()) {
            trial.how = how_;
        }
        (void)map(trial, network);
        result_.trials.push_back(std::move(trial));
    }
    void scale_to_chip();
    [[nodiscard]] const TimedNetwork& changed() const { return scaled_ ? *scaled_ : network_; }
    void describe_runs(const chip::AnalogImage& image);
    void describe_populations();
    [[nodiscard]] std::vector<std::function<void()>> plan();

    const TimedNetwork& network_;
    const chip::AnalogSpec& chip_;
    const AnalogCompileOptions& options_;
    analog::FanIn fan_in_;
    AnalogExplanation result_;
    std::optional<TimedNetwork> scaled_;  ///< what trials change, where the network's times are not the chip's
    std::string besides_;                 ///< that it is scaled
    std::string how_;
};

Result<AnalogCompileResult> AnalogExplainer::map(AnalogTrial& trial, const TimedNetwork& network) const {
    AnalogCompileOptions options = options_;
    options.max_runs = std::max(options.max_runs, most_runs_tried);
    auto compiled = compile_analog(network, chip_, options);
    if (compiled) {
        trial.maps = true;
        trial.runs = static_cast<std::uint32_t>(compiled->image.runs.size());
        trial.fits = trial.runs <= static_cast<std::uint32_t>(options_.max_runs);
    } else {
        const auto first = std::ranges::find(compiled.error(), Severity::error, &Diagnostic::severity);
        trial.refusal = first->where + ": " + first->found;
    }
    return compiled;
}

void AnalogExplainer::describe_runs(const chip::AnalogImage& image) {
    const chip::AnalogArray& array = chip_.array;
    const auto product = [](int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); };
    AnalogUse circuits{.what = "neuron circuits", .room = static_cast<std::size_t>(array.circuits())};
    AnalogUse drivers{.what = "synapse drivers", .room = product(array.hemispheres, array.drivers)};
    AnalogUse cells{.what = "synapse cells", .room = product(array.circuits(), array.rows)};
    AnalogUse nodes{.what = "crossbar nodes", .room = chip_.crossbar.nodes.size()};
    AnalogUse labels{.what = "labels of spikes from the host", .room = std::size_t{1} << chip_.crossbar.label_bits};
    for (const chip::AnalogRun& run : image.runs) {
        const std::size_t joined = std::accumulate(
            run.neurons.begin(), run.neurons.end(), std::size_t{0},
            [](std::size_t sum, const chip::PlacedNeuron& placed) { return sum + placed.circuits.size(); });
        circuits.most = std::max(circuits.most, joined);
        drivers.most = std::max(drivers.most, run.drivers.size());
        cells.most = std::max(cells.most, run.cells.size());
        nodes.most = std::max(nodes.most, run.crossbar.size());
        labels.most = std::max(labels.most, run.host_sources.size());
    }
    result_.uses = {circuits, drivers, cells, nodes, labels};
}

void AnalogExplainer::describe_populations() {
    const auto one = static_cast<std::size_t>(std::max(chip_.array.signed_inputs(), 1));
    const auto room = static_cast<std::size_t>(std::max(chip_.array.circuits(), 1));
    const analog::Numbering numbering(network_);
    std::size_t circuits = 0;
    for (std::size_t p = 0; p < network_.populations.size(); ++p) {
        const TimedPopulation& population = network_.populations[p];
        AnalogNeed need{.population = population.name, .neurons = population.size()};
        const std::uint32_t first = numbering.first_neuron(p);
        for (std::uint32_t n = first; n < first + population.size(); ++n) {
            const std::size_t inputs = fan_in_.size(n);
            const std::size_t here = std::max<std::size_t>((inputs + one - 1) / one, 1);
            need.most_inputs = std::max(need.most_inputs, inputs);
            need.circuits = std::max(need.circuits, here);
            need.circuits_of_all += here;
        }
        circuits += need.circuits_of_all;
        result_.populations.push_back(std::move(need));
    }
    result_.least_runs = std::max<std::size_t>((circuits + room - 1) / room, 1);
}

/// Where other reasons are left, or none, with the chip's times: trials are made with these.
void AnalogExplainer::scale_to_chip() {
    TimedNetwork faster = network_;
    scale_times(faster, 1 / chip_.speed_up);
    const std::string change = fmt::format("all times {:.4g} times as long", 1 / chip_.speed_up);
    const std::string how = fmt::format("--time-scale {:.4g}", 1 / chip_.speed_up);
    try_network({.change = change, .how = how}, faster);
    const AnalogTrial& tried = result_.trials.back();
    if (tried.maps || tried.refusal != result_.as_is.refusal) {
        scaled_ = std::move(faster);
        besides_ = ", " + change;
        how_ = how;
    }
}

/// Fewer inputs a neuron, by circuits that it then takes; fewer weights; no delays.
std::vector<std::function<void()>> AnalogExplainer::plan() {
    std::vector<std::function<void()>> trials;
    std::size_t most_inputs = 0;
    for (const AnalogNeed& need : result_.populations) {
        most_inputs = std::max(most_inputs, need.most_inputs);
    }
    const auto one = static_cast<std::size_t>(std::max(chip_.array.signed_inputs(), 1));
    const auto joined = static_cast<std::size_t>(std::max(chip_.array.joined_circuits, 1));
    for (std::size_t circuits = 1; circuits <= joined && circuits * one < most_inputs; circuits *= 2) {
        trials.emplace_back([this, keep = circuits * one, circuits] {
            AnalogTrial trial{.change = fmt::format("the {} strongest inputs of every neuron ({} circuit{})", keep,
                                                    circuits, circuits == 1 ? "" : "s")};
            const TimedNetwork smaller = with_strongest_inputs(changed(), keep, trial.weights_lost);
            try_network(std::move(trial), smaller);
        });
    }
    for (const int percent : {25, 50, 75}) {
        trials.emplace_back([this, percent] {
            AnalogTrial trial{.change = fmt::format("the smallest {} % of the synapses gone", percent)};
            const TimedNetwork smaller = without_weakest(changed(), percent / 100.0, trial.weights_lost);
            try_network(std::move(trial), smaller);
        });
    }
    if (network_.has_delays()) {
        trials.emplace_back([this] {
            TimedNetwork prompt = changed();
            for (TimedProjection& projection : prompt.projections) {
                projection.delays.clear();
            }
            try_network({.change = "no synaptic delays"}, prompt);
        });
    }
    return trials;
}

Result<AnalogExplanation> AnalogExplainer::run(const std::function<bool()>& stop) {
    result_.as_is.change = "as it is";
    const auto mapped = map(result_.as_is, network_);
    describe_populations();
    if (mapped) {
        describe_runs(mapped->image);
    }
    if (!result_.as_is.fits) {
        if (auto refused = compile_analog(network_, chip_, options_); !refused) {
            result_.refusal = std::move(refused.error());
        }
    }
    if (!result_.as_is.maps) {
        scale_to_chip();
    }
    const AnalogTrial& reached = result_.trials.empty() ? result_.as_is : result_.trials.back();
    const bool best = reached.maps && reached.runs <= 1;
    const auto trials = best ? std::vector<std::function<void()>>() : plan();
    for (const std::function<void()>& trial : trials) {
        if (stop && stop()) {
            result_.interrupted = true;
            break;
        }
        trial();
    }
    std::ranges::stable_sort(result_.trials, {}, [](const AnalogTrial& trial) {
        return std::tuple(!trial.maps, !trial.fits, trial.runs, trial.weights_lost);
    });
    return std::move(result_);
}

}  // namespace

TimedNetwork with_strongest_inputs(const TimedNetwork& network, std::size_t keep, double& lost) {
    struct Input {
        double size = 0;                                                ///< of all synapses of the pair together
        std::vector<std::pair<std::size_t, std::uint64_t>> synapses{};  ///< projection, place
    };
    std::vector<std::vector<bool>> stays = all_stay(network);
    std::vector<std::vector<std::map<std::uint32_t, Input>>> inputs;  // by population, neuron, source
    inputs.reserve(network.populations.size());
    for (const TimedPopulation& population : network.populations) {
        inputs.emplace_back(population.size());
    }
    const analog::Numbering numbering(network);
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
        const TimedProjection& projection = network.projections[p];
        const std::uint32_t first = numbering.first_of(projection.source);
        for (std::uint32_t source = 0; source + std::size_t{1} < projection.row_begin.size(); ++source) {
            for (std::uint64_t s = projection.row_begin[source]; s < projection.row_begin[source + 1]; ++s) {
                Input& input = inputs[projection.target.value()][projection.targets[s]][first + source];
                input.size += projection.weights[s];
                input.synapses.emplace_back(p, s);
            }
        }
    }
    for (const auto& population : inputs) {
        for (const std::map<std::uint32_t, Input>& neuron : population) {
            std::vector<const Input*> order;
            order.reserve(neuron.size());
            for (const auto& [source, input] : neuron) {
                order.push_back(&input);
            }
            std::ranges::stable_sort(order, std::greater<>(),
                                     [](const Input* input) { return std::fabs(input->size); });
            for (std::size_t i = keep; i < order.size(); ++i) {
                for (const auto& [projection, synapse] : order[i]->synapses) {
                    stays[projection][synapse] = false;
                }
            }
        }
    }
    return filtered(network, stays, lost);
}

TimedNetwork without_weakest(const TimedNetwork& network, double share, double& lost) {
    std::vector<std::vector<bool>> stays = all_stay(network);
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
        const std::vector<double>& weights = network.projections[p].weights;
        std::vector<std::size_t> order(weights.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::stable_sort(order, {}, [&](std::size_t s) { return std::fabs(weights[s]); });
        const auto count = static_cast<std::size_t>(std::floor(share * static_cast<double>(order.size())));
        for (std::size_t i = 0; i < count; ++i) {
            stays[p][order[i]] = false;
        }
    }
    return filtered(network, stays, lost);
}

Result<AnalogExplanation> explain_analog(const TimedNetwork& network, const chip::AnalogSpec& chip,
                                         const AnalogCompileOptions& options, const std::function<bool()>& stop) {
    if (Diagnostics findings = check_timed_network(network); has_error(findings)) {
        return fail(std::move(findings));
    }
    return AnalogExplainer(network, chip, options).run(stop);
}

}  // namespace spikeloom::compiler
