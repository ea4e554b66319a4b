// The verifier, third part: an analog image against the network that it was made from, synapse by synapse.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "compiler/analog/compile_analog.hpp"
#include "compiler/analog/verify_analog.hpp"

namespace spikeloom::compiler {
namespace analog {
namespace {

struct WantedSynapse {
    std::uint32_t target = 0;
    std::uint32_t source = 0;
    double delay = 0;
    double weight = 0;
};

auto key_of(const WantedSynapse& synapse) {
    return std::tuple(synapse.target, synapse.source, synapse.delay);
}

/// Expanded from the projections; several between a pair (of one delay) are one.
std::vector<WantedSynapse> wanted_synapses(const TimedNetwork& network) {
    std::vector<std::uint32_t> input_base;
    std::vector<std::uint32_t> neuron_base;
    std::uint32_t channels = 0;
    for (const TimedInput& input : network.inputs) {
        input_base.push_back(channels);
        channels += static_cast<std::uint32_t>(input.size());
    }
    std::uint32_t neurons = 0;
    for (const TimedPopulation& population : network.populations) {
        neuron_base.push_back(neurons);
        neurons += static_cast<std::uint32_t>(population.size());
    }
    std::vector<WantedSynapse> wanted;
    for (const TimedProjection& projection : network.projections) {
        const bool input = projection.source.kind == Source::Kind::input;
        const std::uint32_t first =
            input ? input_base[projection.source.index] : channels + neuron_base[projection.source.index];
        const std::uint32_t target = neuron_base[projection.target.value()];
        for (std::uint32_t row = 0; row + std::size_t{1} < projection.row_begin.size(); ++row) {
            for (std::uint64_t s = projection.row_begin[row]; s < projection.row_begin[row + std::size_t{1}]; ++s) {
                wanted.push_back({.target = target + projection.targets[s],
                                  .source = first + row,
                                  .delay = projection.delays.empty() ? 0 : projection.delays[s],
                                  .weight = projection.weights[s]});
            }
        }
    }
    std::ranges::stable_sort(wanted, {}, key_of);
    return wanted;
}

std::vector<WantedSynapse> merged(const std::vector<WantedSynapse>& all) {
    std::vector<WantedSynapse> sums;
    for (const WantedSynapse& synapse : all) {
        if (!sums.empty() && key_of(sums.back()) == key_of(synapse)) {
            sums.back().weight += synapse.weight;
        } else {
            sums.push_back(synapse);
        }
    }
    return sums;
}

std::string synapse_name(std::uint32_t source, std::uint32_t target, std::uint32_t channels) {
    return source < channels ? fmt::format("channel {} -> neuron {}", source, target)
                             : fmt::format("neuron {} -> neuron {}", source - channels, target);
}

std::uint32_t channels_of(const chip::AnalogImage& image) {
    std::uint32_t channels = 0;
    for (const chip::AnalogInput& input : image.inputs) {
        channels += input.count;
    }
    return channels;
}

void compare_symbols(const chip::AnalogImage& image, const TimedNetwork& network, AnalogFindings& findings) {
    bool same = image.inputs.size() == network.inputs.size() &&
                image.populations.size() == network.populations.size() &&
                image.outputs.size() == network.outputs.size() && image.coding == network.coding;
    for (std::size_t i = 0; same && i < network.inputs.size(); ++i) {
        same = image.inputs[i].name == network.inputs[i].name && image.inputs[i].shape == network.inputs[i].shape &&
               image.inputs[i].count == network.inputs[i].size() &&
               image.inputs[i].constant_times == network.inputs[i].constant_times;
    }
    for (std::size_t p = 0; same && p < network.populations.size(); ++p) {
        same = image.populations[p].name == network.populations[p].name &&
               image.populations[p].shape == network.populations[p].shape &&
               image.populations[p].count == network.populations[p].size();
    }
    for (std::size_t o = 0; same && o < network.outputs.size(); ++o) {
        same = image.outputs[o] == network.outputs[o].value();
    }
    if (!same) {
        findings.add("symbol table", "inputs, populations, outputs or coding are not the network's");
    }
}

void compare_targets(const chip::AnalogImage& image, const TimedNetwork& network, AnalogFindings& findings) {
    std::size_t n = 0;
    for (const TimedPopulation& population : network.populations) {
        for (std::size_t i = 0; i < population.size(); ++i, ++n) {
            AdEx wanted = population.neuron(i);
            if (!image.chip.ideal) {
                wanted.lif.refractory = std::max(wanted.lif.refractory, image.chip.ranges.refractory_s.least);
            }
            if (image.neurons[n].model != wanted || image.neurons[n].adaptive != population.adaptive) {
                findings.add(fmt::format("population '{}'", population.name),
                             fmt::format("neuron {} is to be set to other parameters than the network's", i));
            }
        }
    }
}

void compare_weight(const WantedSynapse& wanted, const ReceivedSynapse& received, const chip::AnalogImage& image,
                    const std::string& name, AnalogFindings& findings) {
    const double unit = image.neurons[wanted.target].weight_unit;
    const double largest = (1 << image.chip.array.weight_bits) - 1;
    const double registers = wanted.weight / unit;
    const bool clipped =
        std::abs(registers) > largest && static_cast<double>(received.weight) == std::copysign(largest, registers);
    const double rounding = 1e-9 * (1 + std::abs(registers));
    if (!clipped && std::abs(static_cast<double>(received.weight) - registers) > 0.5 + rounding) {
        findings.add(name, fmt::format("a weight of {} LSB for {:.3f}", received.weight, registers),
                     "within half an LSB");
    }
}

/// Both lists ascend; a synapse of either that the other lacks is a finding.
void compare_synapses(const chip::AnalogImage& image, const std::vector<WantedSynapse>& wanted,
                      const std::vector<ReceivedSynapse>& received, AnalogFindings& findings) {
    const std::uint32_t channels = channels_of(image);
    std::size_t r = 0;
    for (const WantedSynapse& synapse : wanted) {
        while (r < received.size() &&
               std::pair(received[r].target, received[r].source) < std::pair(synapse.target, synapse.source)) {
            findings.add(synapse_name(received[r].source, received[r].target, channels),
                         "is not in the network: invented");
            ++r;
        }
        const std::string name = synapse_name(synapse.source, synapse.target, channels);
        if (synapse.delay > 0) {
            findings.add(name, "has a delay, which this chip can't have");
        }
        if (r < received.size() && received[r].target == synapse.target && received[r].source == synapse.source) {
            compare_weight(synapse, received[r++], image, name, findings);
        } else {
            findings.add(name, "reaches no synapse: lost");
        }
        if (findings.full()) {
            return;
        }
    }
    for (; r < received.size(); ++r) {
        findings.add(synapse_name(received[r].source, received[r].target, channels), "is not in the network: invented");
    }
}

/// Weights of an ideal chip are the network's, or multiples of a step that the image does not name: then none can be
/// further off than half the least of them, the largest aside (they may be clipped).
void compare_ideal(const chip::AnalogImage& image, std::vector<WantedSynapse> wanted, AnalogFindings& findings) {
    const chip::IdealSynapses& table = image.synapses;
    std::vector<WantedSynapse> held;
    for (std::uint32_t source = 0; source + std::size_t{1} < table.row_begin.size(); ++source) {
        for (std::uint64_t s = table.row_begin[source]; s < table.row_begin[source + std::size_t{1}]; ++s) {
            held.push_back({.target = table.targets[s],
                            .source = source,
                            .delay = table.delays.empty() ? 0 : table.delays[s],
                            .weight = table.weights[s]});
        }
    }
    std::ranges::stable_sort(held, {}, key_of);
    if (held.size() != wanted.size()) {
        findings.add("synapses", fmt::format("{} in the image, {} in the network", held.size(), wanted.size()));
        return;
    }
    for (const chip::AnalogPopulation& population : image.populations) {
        const auto onto = [&](const WantedSynapse& s) {
            return s.target >= population.first_neuron && s.target - population.first_neuron < population.count;
        };
        double least = std::numeric_limits<double>::infinity();
        double most = 0;
        for (const WantedSynapse& synapse : held) {
            if (onto(synapse) && synapse.weight != 0) {
                least = std::min(least, std::abs(synapse.weight));
                most = std::max(most, std::abs(synapse.weight));
            }
        }
        for (std::size_t s = 0; s < held.size(); ++s) {
            if (!onto(held[s])) {
                continue;
            }
            const bool clipped = std::abs(wanted[s].weight) >= most && std::abs(held[s].weight) == most &&
                                 std::signbit(held[s].weight) == std::signbit(wanted[s].weight);
            const bool near = std::abs(held[s].weight - wanted[s].weight) <= 0.5 * least * (1 + 1e-9);
            if (key_of(held[s]) != key_of(wanted[s]) || !(clipped || near)) {
                findings.add(synapse_name(held[s].source, held[s].target, channels_of(image)),
                             fmt::format("weight {} for {}, delay {} for {} s", held[s].weight, wanted[s].weight,
                                         held[s].delay, wanted[s].delay));
            }
        }
    }
}

}  // namespace

void verify_ideal(const chip::AnalogImage& image, AnalogFindings& findings) {
    const chip::IdealSynapses& table = image.synapses;
    const std::size_t sources = channels_of(image) + image.neurons.size();
    const std::size_t count = table.targets.size();
    const bool sizes = table.row_begin.size() == sources + 1 && table.row_begin.front() == 0 &&
                       table.row_begin.back() == count && std::ranges::is_sorted(table.row_begin) &&
                       table.weights.size() == count && (table.delays.empty() || table.delays.size() == count);
    if (!sizes) {
        findings.add("synapses", "rows, targets, weights and delays disagree");
        return;
    }
    for (std::size_t s = 0; s < count; ++s) {
        if (table.targets[s] >= image.neurons.size() || !std::isfinite(table.weights[s]) ||
            (!table.delays.empty() && !(table.delays[s] >= 0 && std::isfinite(table.delays[s])))) {
            findings.add(fmt::format("synapse {}", s), "a target, weight or delay that can't be");
        }
    }
    if (!image.runs.empty()) {
        findings.add("image", fmt::format("{} runs on an ideal chip", image.runs.size()), "none");
    }
}

}  // namespace analog

Diagnostics verify_analog(const chip::AnalogImage& image, const TimedNetwork& network) {
    Diagnostics alone = verify_analog(image);
    if (!alone.empty()) {
        return alone;
    }
    analog::AnalogFindings findings;
    analog::compare_symbols(image, network, findings);
    if (findings.empty()) {
        analog::compare_targets(image, network, findings);
        const auto wanted = analog::wanted_synapses(network);
        if (image.chip.ideal) {
            analog::compare_ideal(image, wanted, findings);
        } else {
            analog::compare_synapses(image, analog::merged(wanted), analog::follow_spikes(image, findings), findings);
        }
    }
    return findings.take();
}

}  // namespace spikeloom::compiler
