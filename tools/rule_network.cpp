// A network and spikes for a rule by itself, and what stands in for an image where only ports are asked for.
#include "core/base/random.hpp"
#include "tools/comparison.hpp"

namespace spikeloom::tools {

using compiler::Network;

chip::Image ports_of(const Network& network) {
    chip::Image image;
    image.network_name = network.name;
    image.step_s = network.step_s;
    for (const compiler::InputPort& port : network.inputs) {
        image.inputs.push_back({.name = port.name,
                                .shape = port.shape,
                                .output_first = std::vector<std::uint32_t>(port.size() + 1),
                                .outputs = {}});
    }
    return image;
}

namespace {

constexpr std::uint32_t rule_inputs = 60;
constexpr std::uint32_t rule_volley = 15;
constexpr std::uint32_t rule_targets = 4;

}  // namespace

compiler::Network rule_network(const rules::Rule& rule, compiler::Learning::Sign sign) {
    constexpr double weight_max = 0.1;
    constexpr double tau_steps = 20;
    Network network;
    network.name = "60 inputs to 4 neurons";
    network.inputs.push_back({.name = "in", .shape = {rule_inputs}});
    compiler::Population target{.name = "target", .shape = {rule_targets}};
    target.tau_mem_s = tau_steps * network.step_s;
    target.resistance = tau_steps;
    network.populations.push_back(std::move(target));
    compiler::DenseWeights dense;
    for (std::uint32_t i = 0; i < rule_inputs * rule_targets; ++i) {
        const double draw = random_uniform({.purpose = RandomPurpose::workbench, .step = i});
        const double weight = weight_max * (0.3 + 0.4 * draw);
        dense.weights.push_back(static_cast<float>(sign == compiler::Learning::Sign::inhibitory ? -weight : weight));
    }
    compiler::Projection projection{.name = "in_target",
                                    .source = {compiler::Source::Kind::input, 0},
                                    .target = PopulationId(0),
                                    .weights = std::move(dense)};
    compiler::Learning& learning = projection.learning.emplace();
    learning.rule = rule;
    learning.sign = sign;
    learning.weight_max = weight_max;
    network.projections.push_back(std::move(projection));
    network.outputs.push_back({.name = "out", .population = PopulationId(0)});
    if (rule.reads(rules::Operand::r0) || rule.reads(rules::Operand::r1)) {
        network.inputs.push_back({.name = "reward", .shape = {1}});
        network.projections.front().learning->reward_input = "reward";
        network.projections.front().learning->reward_values = {32};
    }
    return network;
}

std::unique_ptr<runtime::Stimulus> rule_stimulus(std::uint64_t steps, std::uint64_t seed, bool rewarded) {
    constexpr double background = 0.012;  // spikes a step and channel
    constexpr std::uint64_t period = 60;
    constexpr std::uint64_t jitter = 5;
    constexpr std::uint64_t reward_after = 10;
    const auto draw = [seed](std::uint64_t step, std::uint32_t channel, std::uint32_t what) {
        return random_uniform(
            {.seed = seed, .purpose = RandomPurpose::workbench, .step = step, .core = 1 + what, .neuron = channel});
    };
    std::vector<runtime::SpikeEvent> events;
    for (std::uint64_t step = 0; step < steps; ++step) {
        for (std::uint32_t channel = 0; channel < rule_inputs; ++channel) {
            if (draw(step, channel, 0) < background) {
                events.push_back({step, 0, channel});
            }
        }
        if (rewarded && step % (2 * period) == period / 2 + reward_after) {
            events.push_back({step, 1, 0});
        }
        if (step % period == period / 2) {
            for (std::uint32_t channel = 0; channel < rule_volley; ++channel) {
                events.push_back({step + static_cast<std::uint64_t>(draw(step, channel, 1) * jitter), 0, channel});
            }
        }
    }
    std::erase_if(events, [steps](const runtime::SpikeEvent& event) { return event.step >= steps; });
    return runtime::make_event_stimulus(std::move(events), steps);
}

}  // namespace spikeloom::tools
