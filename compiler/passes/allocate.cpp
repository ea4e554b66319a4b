#include "compiler/passes/allocate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "chip/image/synapse_size.hpp"
#include "compiler/passes/core_lists.hpp"
#include "compiler/passes/scale.hpp"

namespace spikeloom::compiler {
namespace {

/// Output axons of every node, as the cores that receive them number their input axons.
using Outputs = std::vector<std::vector<chip::OutputAxon>>;

bool equal_registers(const NeuronRegisters& registers, const chip::CompartmentGroup& group) {
    return registers.current_decay == group.current_decay && registers.voltage_decay == group.voltage_decay &&
           registers.threshold_mantissa == group.threshold_mantissa && registers.refractory == group.refractory &&
           registers.spikes == group.spikes && registers.model == group.model &&
           registers.parameters == group.parameters;
}

class CoreWriter {
public:
    CoreWriter(const MappedNetwork& mapped, const Partition& partition, std::uint32_t core)
        : mapped_(mapped), partition_(partition), plan_(partition.cores[core]) {}

    [[nodiscard]] chip::CoreImage write(const chip::ChipSpec& chip, const CoreLists& lists);

private:
    void write_compartments(const chip::NeuronFormat& format);
    void write_formats(const CoreLists& lists);
    void write_run(const CoreLists::Run& run);
    void write_lists(const CoreLists& lists);

    const MappedNetwork& mapped_;
    const Partition& partition_;
    const CorePlan& plan_;
    chip::CoreImage image_;
    std::vector<std::uint8_t> local_format_;
    std::map<std::uint16_t, std::vector<chip::Synapse>> groups_;
    chip::SynapseList list_;
};

void CoreWriter::write_compartments(const chip::NeuronFormat& format) {
    image_.compartments = plan_.count;
    std::vector<chip::BiasRegister> biases(plan_.count, bias_register(0, format));
    std::vector<std::int32_t> initial_currents(plan_.count);
    bool any_bias = false;
    bool any_current = false;
    for (std::uint32_t i = 0; i < plan_.count; ++i) {
        const std::uint32_t neuron = partition_.order.neuron_at[plan_.first + i];
        const std::uint32_t p = mapped_.population_of(neuron);
        const MappedPopulation& population = mapped_.populations[p];
        const std::uint32_t index = neuron - mapped_.population_first[p];
        const NeuronRegisters& registers = population.of(index);
        if (image_.groups.empty() || !equal_registers(registers, image_.groups.back())) {
            image_.groups.push_back({.first = i,
                                     .count = 0,
                                     .current_decay = registers.current_decay,
                                     .voltage_decay = registers.voltage_decay,
                                     .threshold_mantissa = registers.threshold_mantissa,
                                     .refractory = registers.refractory,
                                     .spikes = registers.spikes,
                                     .model = registers.model,
                                     .parameters = registers.parameters});
        }
        ++image_.groups.back().count;
        if (!population.biases.empty()) {
            biases[i] = population.biases[index];
            any_bias = any_bias || biases[i].mantissa != 0;
        }
        if (!population.initial_currents.empty()) {
            initial_currents[i] = population.initial_currents[index];
            any_current = any_current || initial_currents[i] != 0;
        }
    }
    if (any_current) {
        image_.initial_currents = std::move(initial_currents);
    }
    if (any_bias) {
        image_.biases = std::move(biases);
    }
}

void CoreWriter::write_formats(const CoreLists& lists) {
    local_format_.assign(mapped_.table.formats.size(), 0);
    std::vector<bool> used(local_format_.size(), false);
    for (const CoreLists::Run& run : lists.runs) {
        for (const CoreSynapse& synapse : run.synapses) {
            used[synapse.format] = true;
        }
    }
    for (std::size_t format = 0; format < used.size(); ++format) {
        if (used[format]) {
            local_format_[format] = static_cast<std::uint8_t>(image_.formats.size());
            image_.formats.push_back(mapped_.table.formats[format]);
        }
    }
}

/// Appends the entries of a run to the list at hand.
void CoreWriter::write_run(const CoreLists::Run& run) {
    for (auto& [format, members] : groups_) {
        members.clear();
    }
    for (const CoreSynapse& synapse : run.synapses) {
        groups_[synapse.format].push_back({.target = static_cast<std::uint16_t>(synapse.target - run.move),
                                           .weight = static_cast<std::int16_t>(synapse.weight),
                                           .delay = static_cast<std::uint8_t>(synapse.delay)});
    }
    for (const auto& [format, members] : groups_) {
        if (!members.empty()) {
            const FormatLearning learning = mapped_.table.learning_of(format);
            const bool laid_out = chip::append_smallest(list_,
                                                        {.synapses = members,
                                                         .format = mapped_.table.formats[format],
                                                         .format_index = local_format_[format],
                                                         .learning = learning.profile,
                                                         .tag_bits = learning.tag_bits},
                                                        plan_.memory);
            SPIKELOOM_ASSERT(laid_out, fmt::format("{} synapses to {} compartments", members.size(), plan_.count));
        }
    }
}

void CoreWriter::write_lists(const CoreLists& lists) {
    image_.axon_first_entry.push_back(0);
    for (std::size_t list = 0; list < lists.lists(); ++list) {
        list_.entries.clear();
        list_.synapses.clear();
        list_.bits = 0;
        for (const CoreLists::Run& run : lists.list(list)) {
            write_run(run);
        }
        const auto offset = static_cast<std::uint32_t>(image_.synapses.size());
        for (chip::SynapseEntry entry : list_.entries) {
            entry.first += offset;
            image_.entries.push_back(entry);
        }
        image_.synapses.insert(image_.synapses.end(), list_.synapses.begin(), list_.synapses.end());
        image_.axon_first_entry.push_back(static_cast<std::uint32_t>(image_.entries.size()));
    }
    for (std::size_t axon = 0; axon < lists.axons.size() && lists.shared; ++axon) {
        const CoreLists::Axon& reads = lists.axons[axon];
        image_.shared_axons.push_back({.list = reads.list, .base = reads.base, .part = reads.part});
    }
    image_.part_first = lists.part_first;
    image_.part_entries = lists.part_entries;
}

chip::CoreImage CoreWriter::write(const chip::ChipSpec& chip, const CoreLists& lists) {
    image_.voltage_floor_exponent = static_cast<int>(chip.neuron.voltage_floor_exponent.most);
    image_.voltage_ceiling_exponent = static_cast<int>(chip.neuron.voltage_ceiling_exponent.most);
    write_compartments(chip.neuron);
    write_formats(lists);
    write_lists(lists);
    return std::move(image_);
}

Outputs number_axons(const MappedNetwork& mapped, const Partition& partition) {
    Outputs outputs(mapped.nodes());
    for (std::uint32_t core = 0; core < partition.cores.size(); ++core) {
        const auto& axons = partition.cores[core].axons;
        for (std::uint32_t axon = 0; axon < axons.size(); ++axon) {
            outputs[axons[axon]].push_back({CoreId(core), AxonId(axon)});
        }
    }
    return outputs;
}

void write_outputs(const Partition& partition, const Outputs& outputs, std::uint32_t core, chip::CoreImage& image) {
    image.output_first.push_back(0);
    for (std::uint32_t i = 0; i < image.compartments; ++i) {
        const auto& axons = outputs[partition.order.neuron_at[partition.cores[core].first + i]];
        image.outputs.insert(image.outputs.end(), axons.begin(), axons.end());
        image.output_first.push_back(static_cast<std::uint32_t>(image.outputs.size()));
    }
}

chip::PopulationSymbol population_symbol(const Network& network, const MappedNetwork& mapped,
                                         const Partition& partition, std::size_t p) {
    const Population& population = network.populations[p];
    chip::PopulationSymbol symbol;
    symbol.name = population.name;
    symbol.shape = population.shape;
    symbol.spikes = spikes(population.kind);
    symbol.voltage_per_unit = mapped.populations[p].voltage_per_unit;
    symbol.current_per_unit = mapped.populations[p].current_per_unit;
    symbol.output =
        std::ranges::any_of(network.outputs, [&](const OutputPort& port) { return port.population.value() == p; });
    for (std::uint32_t neuron = 0; neuron < population.size(); ++neuron) {
        const std::uint32_t position = partition.position_of[mapped.population_first[p] + neuron];
        const std::uint32_t core = partition.core_of[position];
        const std::uint32_t compartment = position - partition.cores[core].first;
        if (!symbol.tiles.empty()) {
            chip::PopulationTile& tile = symbol.tiles.back();
            if (tile.core == CoreId(core) && compartment == tile.first_compartment + tile.count) {
                ++tile.count;
                continue;
            }
        }
        symbol.tiles.push_back(
            {.core = CoreId(core), .first_compartment = compartment, .first_neuron = neuron, .count = 1});
    }
    return symbol;
}

chip::InputSymbol input_symbol(const Network& network, const MappedNetwork& mapped, const Outputs& outputs,
                               std::size_t port) {
    chip::InputSymbol symbol;
    symbol.graded = network.inputs[port].graded;
    symbol.name = network.inputs[port].name;
    symbol.shape = network.inputs[port].shape;
    symbol.output_first.push_back(0);
    for (std::uint32_t node = mapped.input_first[port]; node < mapped.input_first[port + 1]; ++node) {
        symbol.outputs.insert(symbol.outputs.end(), outputs[node].begin(), outputs[node].end());
        symbol.output_first.push_back(static_cast<std::uint32_t>(symbol.outputs.size()));
    }
    return symbol;
}

}  // namespace

chip::Image allocate(const Network& network, const MappedNetwork& mapped, const Partition& partition,
                     const Placement& placement, const chip::ChipSpec& chip) {
    chip::Image image;
    image.chip = chip;
    image.network_name = network.name;
    image.step_s = network.step_s;
    image.losses = mapped.losses;
    image.learning = mapped.learning;
    const Outputs outputs = number_axons(mapped, partition);
    CoreSynapses synapses(mapped.table, mapped.nodes());
    const auto pixel = chip.synapses.shared_in_part ? number_pixels(mapped) : std::vector<std::uint32_t>();
    std::vector<std::uint32_t> pixels;
    for (std::uint32_t core = 0; core < partition.cores.size(); ++core) {
        const CorePlan& plan = partition.cores[core];
        const auto neurons = std::span(partition.order.neuron_at).subspan(plan.first, plan.count);
        synapses.gather(neurons);
        pixels.clear();
        for (std::size_t i = 0; i < neurons.size() && plan.in_part; ++i) {
            pixels.push_back(pixel[neurons[i]]);
        }
        const std::vector<SourceRow> rows = rows_of(synapses, plan.count);
        const SharedRows shared(rows, mapped.table, chip.synapses, pixels, plan.in_part);
        image.cores.push_back(CoreWriter(mapped, partition, core).write(chip, shared.lay_out(plan.memory)));
        image.cores.back().place = placement.place[core];
        write_outputs(partition, outputs, core, image.cores.back());
    }
    for (std::size_t p = 0; p < network.populations.size(); ++p) {
        image.populations.push_back(population_symbol(network, mapped, partition, p));
    }
    for (std::size_t port = 0; port < network.inputs.size(); ++port) {
        image.inputs.push_back(input_symbol(network, mapped, outputs, port));
    }
    return image;
}

}  // namespace spikeloom::compiler
