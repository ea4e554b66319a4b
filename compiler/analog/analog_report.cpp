#include "compiler/analog/analog_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "compiler/analog/analog_symbols.hpp"
#include "compiler/analog/check_fit.hpp"

namespace spikeloom::compiler::analog {
namespace {

using Out = std::back_insert_iterator<std::string>;

/// "12 of 512 (2 %)".
std::string share(std::size_t used, std::size_t room) {
    const double percent = room > 0 ? 100 * static_cast<double>(used) / static_cast<double>(room) : 0;
    return fmt::format("{} of {} ({:.0f} %)", used, room, percent);
}

std::size_t circuits_of(const chip::AnalogRun& run) {
    std::size_t circuits = 0;
    for (const chip::PlacedNeuron& placed : run.neurons) {
        circuits += placed.circuits.size();
    }
    return circuits;
}

/// Runs that any division needs: no neuron can do with fewer circuits than its inputs take.
std::size_t run_bound(const FanIn& fan_in, const chip::AnalogSpec& chip) {
    const auto one = static_cast<std::size_t>(chip.array.signed_inputs());
    std::size_t circuits = 0;
    for (std::uint32_t n = 0; n + std::size_t{1} < fan_in.begin.size(); ++n) {
        circuits += std::max<std::size_t>((fan_in.size(n) + one - 1) / one, 1);
    }
    const auto room = static_cast<std::size_t>(chip.array.circuits());
    return std::max<std::size_t>((circuits + room - 1) / room, 1);
}

void write_head(Out out, const FanIn& fan_in, const chip::AnalogImage& image) {
    std::size_t channels = 0;
    for (const chip::AnalogInput& input : image.inputs) {
        channels += input.count;
    }
    const auto nonzero = std::ranges::count_if(fan_in.weights, [](double weight) { return weight != 0; });
    fmt::format_to(out, "mapping of '{}' onto chip '{}'\n", image.network_name, image.chip.name);
    fmt::format_to(out, "  neurons {}, signed synapses {} ({} not zero), input channels {}\n", image.neurons.size(),
                   fan_in.sources.size(), nonzero, channels);
    fmt::format_to(out, "  runs {} (at least {}: neuron circuits)\n", image.runs.size(), run_bound(fan_in, image.chip));
}

/// "bus 0: 32+31" and so on: drivers of each hemisphere.
std::string drivers_by_bus(const chip::AnalogRun& run, const chip::AnalogArray& array) {
    std::string text;
    for (int bus = 0; bus < array.padi_buses; ++bus) {
        text += fmt::format("{}bus {}: ", bus > 0 ? ", " : "", bus);
        for (int hemisphere = 0; hemisphere < array.hemispheres; ++hemisphere) {
            const auto used = std::ranges::count_if(run.drivers, [&](const chip::DriverSetting& driver) {
                return driver.hemisphere == hemisphere && driver.driver % array.padi_buses == bus;
            });
            text += fmt::format("{}{}", hemisphere > 0 ? "+" : "", used);
        }
    }
    return text;
}

void write_run(Out out, const chip::AnalogImage& image, std::size_t number) {
    const chip::AnalogRun& run = image.runs[number];
    const chip::AnalogArray& array = image.chip.array;
    const auto cells = static_cast<std::size_t>(array.circuits()) * static_cast<std::size_t>(array.rows);
    const auto drivers = static_cast<std::size_t>(array.hemispheres * array.drivers);
    std::set<std::pair<bool, std::uint32_t>> sources;
    std::set<std::tuple<int, int, int>> labels;
    for (const chip::HostSource& source : run.host_sources) {
        sources.insert({source.is_neuron, source.index});
    }
    for (const chip::SynapseCell& cell : run.cells) {
        labels.insert({cell.hemisphere, cell.row * array.drivers / array.rows % array.padi_buses, cell.label});
    }
    const double sent =
        sources.empty() ? 0 : static_cast<double>(run.host_sources.size()) / static_cast<double>(sources.size());
    const auto host_labels = std::size_t{1} << image.chip.crossbar.label_bits;
    fmt::format_to(out, "run {}\n  neurons {}, circuits {}\n", number, run.neurons.size(),
                   share(circuits_of(run), static_cast<std::size_t>(array.circuits())));
    fmt::format_to(out, "  synapses {}, rows {}\n", share(run.cells.size(), cells),
                   share(2 * run.drivers.size(), 2 * drivers));
    fmt::format_to(out, "  drivers {}: {}\n", share(run.drivers.size(), drivers), drivers_by_bus(run, array));
    fmt::format_to(
        out, "  synapse labels {}, crossbar nodes {}\n",
        share(labels.size(), static_cast<std::size_t>(array.hemispheres * array.padi_buses) << array.label_bits),
        share(run.crossbar.size(), image.chip.crossbar.nodes.size()));
    fmt::format_to(out, "  host labels {} for {} sources: {:.2f} spikes sent for one\n",
                   share(run.host_sources.size(), host_labels), sources.size(), sent);
}

struct CircuitUse {
    std::size_t least = 0;
    std::size_t most = 0;
    std::set<std::size_t> runs;
};

CircuitUse circuit_use(const chip::AnalogImage& image, const chip::AnalogPopulation& population) {
    CircuitUse use;
    for (std::size_t r = 0; r < image.runs.size(); ++r) {
        for (const chip::PlacedNeuron& placed : image.runs[r].neurons) {
            if (placed.neuron >= population.first_neuron &&
                placed.neuron - population.first_neuron < population.count) {
                const std::size_t circuits = placed.circuits.size();
                use.least = use.least == 0 ? circuits : std::min(use.least, circuits);
                use.most = std::max(use.most, circuits);
                use.runs.insert(r);
            }
        }
    }
    return use;
}

void write_target(Out out, const Lif& lif, const chip::AnalogSpec& chip) {
    const double unit = potential_lsb(lif.leak + 1, lif, chip) - potential_lsb(lif.leak, lif, chip);
    fmt::format_to(out, "    tau_mem {:.4g} us, tau_syn {:.4g} us, leak {:.1f} LSB, reset {:.1f} LSB, ",
                   1e6 * lif.tau_mem, 1e6 * lif.tau_syn, potential_lsb(lif.leak, lif, chip),
                   potential_lsb(lif.reset, lif, chip));
    if (lif.threshold == never) {
        fmt::format_to(out, "no threshold");
    } else {
        fmt::format_to(
            out, "threshold {:.1f} LSB, refractory {}", potential_lsb(lif.threshold, lif, chip),
            lif.refractory == never ? "longer than a sample" : fmt::format("{:.4g} us", 1e6 * lif.refractory));
    }
    fmt::format_to(out, "; 1 unit of V = {:.4g} LSB", unit);
}

void write_populations(Out out, const FanIn& fan_in, const chip::AnalogImage& image) {
    fmt::format_to(out, "\npopulations\n");
    for (const chip::AnalogPopulation& population : image.populations) {
        std::size_t inputs = 0;
        bool differ = false;
        for (std::uint32_t n = population.first_neuron; n < population.first_neuron + population.count; ++n) {
            inputs = std::max(inputs, fan_in.size(n));
            differ = differ || image.neurons[n].model != image.neurons[population.first_neuron].model;
        }
        const CircuitUse use = circuit_use(image, population);
        const std::string circuits =
            use.least == use.most ? fmt::format("{}", use.most) : fmt::format("{} to {}", use.least, use.most);
        fmt::format_to(out, "  {}: {} neurons of up to {} signed inputs, {} circuit{} each, in run{} {}\n",
                       population.name, population.count, inputs, circuits, use.most == 1 ? "" : "s",
                       use.runs.size() == 1 ? "" : "s", fmt::join(use.runs, ", "));
        write_target(out, image.neurons[population.first_neuron].model.lif, image.chip);
        fmt::format_to(out, "{}\n", differ ? " (first neuron; they differ)" : "");
    }
}

}  // namespace

std::string analog_report(const TimedNetwork& network, const FanIn& fan_in, std::span<const PopulationScale> scales,
                          const chip::AnalogImage& image) {
    std::string text;
    const Out out(text);
    write_head(out, fan_in, image);
    for (std::size_t r = 0; r < image.runs.size(); ++r) {
        write_run(out, image, r);
    }
    write_populations(out, fan_in, image);
    fmt::format_to(out, "\nweights, rounded to sign and magnitude, by target population\n{}",
                   scale_report(network, scales));
    return text;
}

}  // namespace spikeloom::compiler::analog
