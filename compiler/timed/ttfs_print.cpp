#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>

#include "compiler/timed/layer_chain.hpp"
#include "core/files/npy.hpp"

namespace spikeloom::compiler {
namespace {

/// Shortest decimal number of time units that, times the unit, is exactly these seconds.
std::string in_units(double seconds, double unit) {
    for (const int digits : {6, 12, 15}) {
        std::string text = fmt::format("{:.{}g}", seconds / unit, digits);
        if (std::strtod(text.c_str(), nullptr) * unit == seconds) {
            return text;
        }
    }
    return fmt::format("{}", seconds / unit);
}

/// Of 1 / g_leak = resistance.
std::string conductance(double resistance) {
    for (const int digits : {6, 12, 15}) {
        std::string text = fmt::format("{:.{}g}", 1 / resistance, digits);
        if (1 / std::strtod(text.c_str(), nullptr) == resistance) {
            return text;
        }
    }
    return fmt::format("{}", 1 / resistance);
}

std::string neuron_text(const Lif& lif, double unit) {
    std::string text = fmt::format("neuron {{ tau_mem: {} tau_syn: {} threshold: {} leak: {} g_leak: {} reset: {}",
                                   in_units(lif.tau_mem, unit), in_units(lif.tau_syn, unit), lif.threshold, lif.leak,
                                   conductance(lif.resistance), lif.reset);
    if (lif.refractory != never) {
        text += fmt::format(" one_spike: false refractory: {}", in_units(lif.refractory, unit));
    }
    return text + " }";
}

std::string coding_text(const chip::TtfsCoding& coding) {
    const double unit = coding.time_unit_s;
    return fmt::format("coding {{ early: {} late: {} inverted: {} silent_below: {} window: {} }}\n",
                       in_units(coding.earliest_s, unit), in_units(coding.latest_s, unit), coding.inverted,
                       coding.silent_below, in_units(coding.window_s, unit));
}

}  // namespace

Result<std::string> print_ttfs_text(const TimedNetwork& network) {
    const auto chain = layer_chain(network);
    if (!chain) {
        return fail(chain.error());
    }
    const double unit = network.coding ? network.coding->time_unit_s : network.populations[0].neuron(0).lif.tau_syn;
    const TimedInput& input = network.inputs[chain->input];
    if (input.shape.size() > 2) {
        return fail({.where = fmt::format("input '{}'", input.name),
                     .found = fmt::format("a shape of {} dimensions", input.shape.size()),
                     .allowed = "channels, or copies x channels"});
    }
    std::string text = fmt::format("name: \"{}\"  time_unit_s: {}\n", network.name, unit);
    text += fmt::format("input {{ name: \"{}\" size: {}", input.name, input.shape.empty() ? 1 : input.shape.back());
    text += input.shape.size() == 2 ? fmt::format(" repeat: {} }}\n", input.shape[0]) : " }\n";
    for (std::size_t p = 0; p < network.populations.size(); ++p) {
        const TimedPopulation& population = network.populations[p];
        std::vector<std::string> biases;
        for (const double time : chain->layers[p].biases) {
            biases.push_back(in_units(time, unit));
        }
        text += fmt::format("layer {{ name: \"{}\" size: {} weights: \"W{}.npy\" bias_times: [{}]\n  {} }}\n",
                            population.name, population.size(), p, fmt::join(biases, ", "),
                            neuron_text(population.neuron(0).lif, unit));
    }
    if (network.coding) {
        text += coding_text(*network.coding);
    }
    return text;
}

Result<void> write_ttfs(const TimedNetwork& network, const std::string& folder, const std::string& stem) {
    const auto text = print_ttfs_text(network);
    if (!text) {
        return fail(text.error());
    }
    const LayerChain chain = layer_chain(network).value();
    for (std::size_t p = 0; p < chain.layers.size(); ++p) {
        const ChainLayer& layer = chain.layers[p];
        const auto array =
            files::make_array({layer.inputs + layer.biases.size(), network.populations[p].size()}, layer.weights);
        if (auto done = files::write_npy(array, fmt::format("{}/W{}.npy", folder, p)); !done) {
            return done;
        }
    }
    return files::write_bytes(fmt::format("{}/{}.textproto", folder, stem), std::as_bytes(std::span(*text)));
}

}  // namespace spikeloom::compiler
