#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "chip/analog/circuits.hpp"
#include "chip/analog/refractory.hpp"
#include "chip/analog/tables.hpp"

namespace spikeloom::chip::analog {
namespace {

Diagnostics check_overrides(const InstanceOptions& options) {
    Diagnostics findings;
    std::array<bool, mismatch_kinds.size()> seen{};
    for (const MismatchOverride& override_ : options.overrides) {
        const auto kind = static_cast<std::size_t>(override_.of);
        const std::string where = fmt::format("mismatch of {}", name_of(override_.of));
        for (const double sigma : {override_.sigma, override_.trial_sigma}) {
            if (!(sigma >= 0 && sigma <= 1)) {
                findings.push_back({.where = where,
                                    .found = fmt::format("a standard deviation of {}", sigma),
                                    .allowed = "0 to 1 (relative)"});
            }
        }
        if (std::exchange(seen[kind], true)) {
            findings.push_back({.where = where, .found = "it is given twice", .allowed = "once"});
        }
    }
    return findings;
}

std::vector<core::analog::InputSpike> constant_spikes(const AnalogImage& image) {
    std::vector<core::analog::InputSpike> spikes;
    for (const AnalogInput& input : image.inputs) {
        for (const double time : input.constant_times) {
            for (std::uint32_t i = 0; i < input.count; ++i) {
                spikes.push_back({.time = time, .input = input.first_channel + i});
            }
        }
    }
    std::ranges::sort(spikes);
    return spikes;
}

/// The host sources of a run by what they carry: channels, or neurons.
Lists host_sources(const AnalogRun& run, bool neurons, std::size_t keys) {
    Lists lists;
    lists.begin.assign(keys + 1, 0);
    for (const HostSource& source : run.host_sources) {
        if (source.is_neuron == neurons) {
            ++lists.begin[source.index + 1];
        }
    }
    std::partial_sum(lists.begin.begin(), lists.begin.end(), lists.begin.begin());
    lists.values.resize(lists.begin.back());
    std::vector<std::uint32_t> next = lists.begin;
    for (std::uint32_t s = 0; s < run.host_sources.size(); ++s) {
        if (run.host_sources[s].is_neuron == neurons) {
            lists.values[next[run.host_sources[s].index]++] = s;
        }
    }
    return lists;
}

RunTables ideal_tables(const AnalogImage& image, const InstanceTables& instance) {
    RunTables run;
    run.neurons.resize(image.neurons.size());
    std::iota(run.neurons.begin(), run.neurons.end(), 0U);
    run.lifs.reserve(image.neurons.size());
    for (std::uint32_t n = 0; n < image.neurons.size(); ++n) {
        const InstanceOptions& options = instance.options;
        run.lifs.push_back(
            deviating(image.neurons[n].model.lif, deviations_of(instance.spread, options.seed, options.instance, n)));
    }
    return run;
}

std::vector<float> cell_factors(const AnalogArray& array, const AnalogRun& run, const InstanceTables& instance,
                                const std::vector<Deviations>& circuits) {
    const double sigma = instance.spread.fixed_of(MismatchOf::synaptic_weight);
    if (sigma == 0 && std::ranges::all_of(circuits, [](const Deviations& circuit) { return circuit.weight == 0; })) {
        return {};
    }
    std::vector<float> factors;
    factors.reserve(run.cells.size());
    for (const SynapseCell& cell : run.cells) {
        const int row = cell.hemisphere * array.rows + cell.row;
        double factor =
            positive_factor(circuits[static_cast<std::size_t>(cell.hemisphere * array.columns + cell.column)].weight);
        if (sigma != 0) {
            factor *= positive_factor(
                sigma * mismatch_normal(instance.options.seed, instance.options.instance, MismatchOf::synaptic_weight,
                                        static_cast<std::uint32_t>(row * array.columns + cell.column)));
        }
        factors.push_back(static_cast<float>(factor));
    }
    return factors;
}

RunTables chip_tables(const AnalogImage& image, const AnalogRun& run, const InstanceTables& instance,
                      const std::vector<Deviations>& circuits) {
    RunTables tables;
    tables.routes = follow_routes(image.chip, run);
    tables.channel_sources = host_sources(run, false, image.channels());
    tables.neuron_sources = host_sources(run, true, image.neurons.size());
    std::vector<Deviations> own;
    for (const std::uint32_t n : tables.routes.neurons) {
        const PlacedNeuron& placed = run.neurons[n];
        own.clear();
        for (const Circuit& circuit : placed.circuits) {
            own.push_back(
                circuits[static_cast<std::size_t>(circuit.hemisphere * image.chip.array.columns + circuit.column)]);
        }
        Lif lif = image.neurons[placed.neuron].model.lif;
        lif.refractory = counted_refractory(image.chip.ranges, lif.refractory);
        tables.neurons.push_back(placed.neuron);
        tables.lifs.push_back(deviating(lif, joined(own)));
    }
    tables.cell_factors = cell_factors(image.chip.array, run, instance, circuits);
    return tables;
}

using Instance = std::shared_ptr<const InstanceTables>;

Result<Instance> instance_tables(const AnalogImage& image, const InstanceOptions& options) {
    auto instance = std::make_shared<InstanceTables>();
    instance->options = options;
    instance->spread = spread_of(image.chip, options);
    instance->constant_spikes = constant_spikes(image);
    instance->time_stamps = options.time_stamps && !image.chip.ideal;
    if (image.chip.ideal) {
        instance->runs.push_back(ideal_tables(image, *instance));
        return instance;
    }
    const auto circuits = Circuits::make(image, options, instance->spread);
    if (!circuits) {
        return fail(circuits.error());
    }
    for (const AnalogRun& run : image.runs) {
        instance->runs.push_back(chip_tables(image, run, *instance, circuits->of(image, run)));
    }
    return instance;
}

core::analog::Net ideal_net(const AnalogImage& image, const InstanceTables& instance) {
    core::analog::Net net;
    net.inputs = image.channels();
    net.neurons = instance.runs.front().lifs;
    for (std::uint32_t n = 0; n < image.neurons.size(); ++n) {
        if (image.neurons[n].adaptive) {
            net.adaptive.push_back({.neuron = n, .model = image.neurons[n].model});
            net.adaptive.back().model.lif = net.neurons[n];
        }
    }
    net.row_begin = image.synapses.row_begin;
    net.targets = image.synapses.targets;
    net.weights = image.synapses.weights;
    net.delays = image.synapses.delays;
    const InstanceOptions& options = instance.options;
    const double synaptic = instance.spread.fixed_of(MismatchOf::synaptic_weight);
    const double whole = instance.spread.fixed_of(MismatchOf::weight);
    for (std::size_t i = 0; i < net.weights.size() && (synaptic != 0 || whole != 0); ++i) {
        const double own =
            mismatch_normal(options.seed, options.instance, MismatchOf::synaptic_weight, static_cast<std::uint32_t>(i));
        const double input = mismatch_normal(options.seed, options.instance, MismatchOf::weight, net.targets[i]);
        net.weights[i] *= positive_factor(synaptic * own) * positive_factor(whole * input);
    }
    return net;
}

std::shared_ptr<const AnalogChip::Tables> make_tables(const AnalogImage& image, Instance instance) {
    auto tables = std::make_shared<AnalogChip::Tables>();
    tables->image = image;
    tables->instance = std::move(instance);
    if (image.chip.ideal) {
        tables->nets.push_back(ideal_net(image, *tables->instance));
        return tables;
    }
    const bool merge = tables->instance->options.frozen_weights;
    for (std::size_t r = 0; r < image.runs.size(); ++r) {
        std::vector<std::uint32_t> cells;
        tables->nets.push_back(build_net(image, image.runs[r], tables->instance->runs[r], merge, &cells));
        tables->synapse_cells.push_back(std::move(cells));
    }
    return tables;
}

/// Whether two runs differ in nothing but the weights of their cells.
bool same_routes(const AnalogRun& a, const AnalogRun& b) {
    const auto place = [](const SynapseCell& cell) {
        return std::tuple(cell.hemisphere, cell.row, cell.column, cell.label);
    };
    return a.neurons == b.neurons && a.drivers == b.drivers && a.crossbar == b.crossbar &&
           a.host_sources == b.host_sources && std::ranges::equal(a.cells, b.cells, {}, place, place);
}

}  // namespace

Result<AnalogChip> AnalogChip::load(const AnalogImage& image, const InstanceOptions& options) {
    Diagnostics findings = check_overrides(options);
    const Diagnostics unsound = check_analog_image(image);
    findings.insert(findings.end(), unsound.begin(), unsound.end());
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    if (!image.chip.ideal && image.chip.array.circuits() > most_circuits) {
        return fail({.where = fmt::format("chip '{}'", image.chip.name),
                     .found = fmt::format("it has {} circuits", image.chip.array.circuits()),
                     .allowed = fmt::format("up to {} can be emulated", most_circuits)});
    }
    return instance_tables(image, options).map([&](Instance instance) {
        return AnalogChip(make_tables(image, std::move(instance)));
    });
}

Result<AnalogChip> AnalogChip::with_weights(const AnalogImage& image) const {
    const AnalogImage& own = tables_->image;
    bool same = own.runs.size() == image.runs.size() && own.neurons == image.neurons && own.inputs == image.inputs &&
                own.synapses.row_begin == image.synapses.row_begin && own.synapses.targets == image.synapses.targets &&
                own.synapses.delays == image.synapses.delays &&
                own.synapses.weights.size() == image.synapses.weights.size();
    for (std::size_t r = 0; same && r < own.runs.size(); ++r) {
        same = same_routes(own.runs[r], image.runs[r]);
    }
    const std::uint32_t most = (1U << own.chip.array.weight_bits) - 1;
    for (const AnalogRun& run : image.runs) {
        same = same && std::ranges::all_of(run.cells, [&](const SynapseCell& cell) { return cell.weight <= most; });
    }
    same = same && std::ranges::all_of(image.synapses.weights, [](double weight) { return std::isfinite(weight); });
    if (!same) {
        return fail({.where = "image",
                     .found = "it differs from the loaded one in more than weights, or a weight is out of range",
                     .allowed = "the same neurons, placement and routes",
                     .help = "load it anew"});
    }
    return AnalogChip(make_tables(image, tables_->instance));
}

const AnalogImage& AnalogChip::image() const {
    return tables_->image;
}

const InstanceOptions& AnalogChip::options() const {
    return tables_->instance->options;
}

std::span<const core::analog::Net> AnalogChip::nets() const {
    return tables_->nets;
}

}  // namespace spikeloom::chip::analog
