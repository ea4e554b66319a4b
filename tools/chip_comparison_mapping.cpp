// What a mapping takes of its chip: the limit of the fullest core, and how full it is on the mean of all.
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include "compiler/passes/core_use.hpp"
#include "compiler/verify.hpp"
#include "tools/chip_comparison_parts.hpp"

namespace spikeloom::tools {

namespace {

/// Shares of one limit, a core each.
void take_limit(std::string_view limit, std::span<const double> shares, ChipRow& row) {
    double sum = 0;
    for (const double share : shares) {
        sum += share;
    }
    const double most = shares.empty() ? 0 : *std::ranges::max_element(shares);
    if (most > row.fullest) {
        row.fullest = most;
        row.filled = sum / static_cast<double>(shares.size());
        row.binding = limit;
    }
}

std::optional<double> weight_error(const chip::Image& image) {
    double sum = 0;
    double count = 0;
    for (const chip::ProjectionLoss& loss : image.losses) {
        sum += static_cast<double>(loss.synapses) * loss.rms_error * loss.rms_error;
        count += static_cast<double>(loss.synapses);
    }
    return count > 0 ? std::optional(std::sqrt(sum / count)) : std::nullopt;
}

}  // namespace

void take_mapping(const chip::Image& image, ChipRow& row) {
    using compiler::Limit;
    using compiler::MeasuredCore;
    struct Use {
        Limit limit;
        std::int64_t MeasuredCore::* amount;
        std::int64_t room;
    };
    const chip::ChipSpec& chip = image.chip;
    const std::array uses{
        Use{Limit::compartments, &MeasuredCore::compartments, chip.limits.compartments},
        Use{Limit::input_axons, &MeasuredCore::input_axons, chip.limits.input_axons},
        Use{Limit::output_axons, &MeasuredCore::output_axons, chip.limits.output_axons},
        Use{Limit::synapse_words, &MeasuredCore::synapse_words, chip.synapses.words},
        Use{Limit::axon_words, &MeasuredCore::longest_axon_words, chip.synapses.words_per_axon},
        Use{Limit::compartment_profiles, &MeasuredCore::compartment_profiles, chip.limits.compartment_profiles},
        Use{Limit::threshold_profiles, &MeasuredCore::threshold_profiles, chip.limits.threshold_profiles},
        Use{Limit::synapse_formats, &MeasuredCore::synapse_formats, chip.synapses.synapse_formats},
    };
    const compiler::MeasuredCost cost = compiler::measure_cost(image);
    row.cores = image.cores.size();
    row.messages = cost.messages;
    row.hops = cost.hops;
    row.weight_error = weight_error(image);
    for (const Use& use : uses) {
        std::vector<double> shares;
        for (const MeasuredCore& core : cost.cores) {
            shares.push_back(use.room > 0 ? static_cast<double>(core.*use.amount) / static_cast<double>(use.room) : 0);
        }
        take_limit(compiler::limit_info(use.limit).name, shares, row);
    }
}

void take_mapping(const chip::AnalogImage& image, ChipRow& row) {
    row.cores = std::max<std::size_t>(image.runs.size(), 1);
    if (image.chip.ideal) {
        return;
    }
    row.cores_there = 1;
    const chip::AnalogArray& array = image.chip.array;
    const auto share = [](std::size_t used, int room) {
        return room > 0 ? static_cast<double>(used) / static_cast<double>(room) : 0;
    };
    std::vector<double> circuits;
    std::vector<double> drivers;
    std::vector<double> cells;
    std::vector<double> nodes;
    for (const chip::AnalogRun& run : image.runs) {
        std::size_t joined = 0;
        for (const chip::PlacedNeuron& neuron : run.neurons) {
            joined += neuron.circuits.size();
        }
        circuits.push_back(share(joined, array.circuits()));
        drivers.push_back(share(run.drivers.size(), array.hemispheres * array.drivers));
        cells.push_back(share(run.cells.size(), array.circuits() * array.rows));
        nodes.push_back(share(run.crossbar.size(), static_cast<int>(image.chip.crossbar.nodes.size())));
    }
    take_limit("neuron circuits", circuits, row);
    take_limit("synapse drivers", drivers, row);
    take_limit("synapses", cells, row);
    take_limit("crossbar nodes", nodes, row);
}

}  // namespace spikeloom::tools
