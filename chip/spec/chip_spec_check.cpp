// Ranges by a walk over the schema, then the rules that relate several fields.
#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <set>
#include <span>

#include "chip/spec/chip_spec_proto.hpp"
#include "chip/spec/network_proto.hpp"
#include "chip/spec/schema_check.hpp"
#include "router/ways.hpp"

namespace spikeloom::chip {
namespace {

namespace pb = google::protobuf;

constexpr std::int64_t largest_register = (std::int64_t{1} << 31) - 1;

class Checker : private SchemaCheck {
public:
    Checker(const Where& where, ChipSpecPart part) : SchemaCheck(where, part), part_(part) {}

    Diagnostics check(const proto::ChipSpecProto& chip) {
        ranges(chip);
        rule("mesh", chip.has_mesh(), chip.mesh(), &Checker::mesh);
        if (chip.has_mesh() && chip.has_network() && sound("mesh", chip.mesh())) {
            check_network(*this, chip.mesh(), chip.network());
        }
        rule("neuron", chip.has_neuron(), chip.neuron(), &Checker::neuron);
        rule("synapses", chip.has_synapses(), chip.synapses(), &Checker::synapses);
        rule("learning", chip.has_learning(), chip.learning(), &Checker::learning);
        if (chip.has_learning() && chip.has_synapses() && sound("learning", chip.learning()) &&
            sound("synapses", chip.synapses()) && chip.synapses().delay_bits_size() > 0) {
            longest_delay(chip.learning(), chip.synapses());
        }
        if (sound("limits", chip.limits()) && sound("synapses", chip.synapses()) && chip.has_limits() &&
            chip.has_synapses() && chip.synapses().index_bits_size() > 0) {
            widest_index(chip.limits(), chip.synapses());
        }
        if (chip.has_limits() && sound("limits", chip.limits()) && chip.synapses().has_shared_lists() &&
            sound("synapses", chip.synapses())) {
            shared_lists(chip.limits(), chip.synapses().shared_lists());
        }
        if (chip.has_learning() && chip.synapses().has_crossbar_types()) {
            report("synapses.crossbar_types", "a crossbar beside a learning engine, which changes lists",
                   "'crossbar_types' or 'learning', not both");
        }
        if (part_ == ChipSpecPart::everything) {
            if (chip.has_name()) {
                name("name", chip.name());
            }
            bounds(chip.network(), "network");
            costs(chip.costs(), chip.has_learning());
        }
        return take();
    }

    Diagnostics check(const proto::BoardFileProto& file) {
        ranges(file);
        name("name", file.name());
        name("board.chip", file.board().chip());
        std::set<std::string> names;
        for (int i = 0; i < file.board().costs_size(); ++i) {
            const proto::BoardCostsProto& costs = file.board().costs(i);
            const std::string path = fmt::format("board.costs[{}]", i);
            if (!names.insert(costs.name()).second) {
                report(path + ".name", fmt::format("cost table '{}' a second time", costs.name()), "names that differ");
            }
            bounds(costs, path);
            chip_barrier(costs, path + ".chip_barrier");
        }
        return take();
    }

    Diagnostics check(const proto::CostTablesProto& file) {
        ranges(file);
        costs(file.costs(), false);
        return take();
    }

private:
    template <class Message>
    void rule(const std::string& path, bool given, const Message& message, void (Checker::*related)(const Message&)) {
        if (given && sound(path, message)) {
            (this->*related)(message);
        }
    }

    void mesh(const proto::MeshProto& mesh) {
        const Mesh board = from_proto(mesh);
        const std::int64_t chips = std::int64_t{board.chip_columns} * board.chip_rows;
        const std::int64_t cores = std::int64_t{board.columns} * board.rows * board.cores_per_tile;
        if (cores > router::most_cores_on_board / chips) {
            report("mesh", fmt::format("{} of {} cores", chips == 1 ? "a chip" : fmt::format("{} chips", chips), cores),
                   fmt::format("at most {} cores on a board", router::most_cores_on_board));
        }
    }

    void neuron(const proto::NeuronFormatProto& neuron) {
        fits("neuron.threshold_mantissa_max", "the largest threshold", neuron.threshold_mantissa_max(),
             neuron.threshold_exponent());
        const std::int64_t bias = std::max(-neuron.bias_mantissa().least(), neuron.bias_mantissa().most());
        fits("neuron.bias_mantissa", "the largest bias", bias, neuron.bias_exponent().most());
        fits("neuron.refractory", "the refractory view of the voltage", neuron.refractory().most(),
             neuron.refractory_probe_shift());
        if (neuron.voltage_floor_exponent().most() > neuron.state_bits() - 1) {
            report("neuron.voltage_floor_exponent",
                   fmt::format("a floor of -2^{} + 1 is below what {} bits hold",
                               neuron.voltage_floor_exponent().most(), neuron.state_bits()),
                   fmt::format("at most {}", neuron.state_bits() - 1));
        }
        if (9 + 2 * neuron.voltage_ceiling_exponent().most() > neuron.state_bits() - 1) {
            report("neuron.voltage_ceiling_exponent",
                   fmt::format("a ceiling of 2^(9 + 2*{}) - 1 is above what {} bits hold",
                               neuron.voltage_ceiling_exponent().most(), neuron.state_bits()),
                   fmt::format("9 + 2e <= {}", neuron.state_bits() - 1));
        }
        if (neuron.has_current_decay()) {
            decay("neuron.current_decay", neuron.current_decay(), neuron.current_decay_offset(), neuron.decay_bits());
        }
        if (neuron.has_voltage_decay()) {
            decay("neuron.voltage_decay", neuron.voltage_decay(), neuron.voltage_decay_offset(), neuron.decay_bits());
        }
        models(neuron);
    }

    void decay(const std::string& path, const proto::IntRangeProto& registers, int offset, int bits) {
        const std::int64_t all = std::int64_t{1} << bits;
        if (registers.most() > all - offset) {
            report(path + ".most",
                   fmt::format("a decay of {} + {} (its offset) forgets more than all, {} of {}", registers.most(),
                               offset, registers.most() + offset, all),
                   fmt::format("at most {}", all - offset));
        }
    }

    void models(const proto::NeuronFormatProto& neuron) {
        std::set<int> seen;
        bool values = false;
        for (int i = 0; i < neuron.models_size(); ++i) {
            const proto::NeuronModelProto::Value model = neuron.models(i);
            if (!seen.insert(model).second) {
                report(fmt::format("neuron.models[{}]", i),
                       fmt::format("{} is named a second time", proto::NeuronModelProto::Value_Name(model)), "once");
            }
            values = values || sends_values(static_cast<NeuronModel>(static_cast<int>(model) - 1));
        }
        if (neuron.models_size() > 0 && !seen.contains(proto::NeuronModelProto::LEAKY)) {
            report("neuron.models", "'neuron.models' lacks LEAKY", "LEAKY, and others",
                   "networks without a model of their own are compiled to it");
        }
        if (values && neuron.payload_bits() == 0) {
            report("neuron.payload_bits", "models send values, but spikes have no payload",
                   "'payload_bits', or models whose spikes are 1");
        }
    }

    void fits(const std::string& path, const char* what, std::int64_t mantissa, std::int64_t exponent) {
        if (mantissa > (largest_register >> exponent)) {
            report(path, fmt::format("{}, {} * 2^{}, does not fit 32 bits", what, mantissa, exponent),
                   fmt::format("at most {}", largest_register >> exponent),
                   "make the mantissa or the exponent smaller");
        }
    }

    void synapses(const proto::SynapseMemoryProto& memory) {
        widths("synapses.weight_bits", memory.weight_bits());
        widths("synapses.index_bits", memory.index_bits());
        widths("synapses.skip_bits", memory.skip_bits());
        widths("synapses.delay_bits", memory.delay_bits());
        encodings(memory);
        at_most("synapses.words_per_axon", memory.words_per_axon(), memory.words(), "words");
        if (memory.count_bits() > 0) {
            at_most("synapses.synapses_per_entry", memory.synapses_per_entry(), std::int64_t{1} << memory.count_bits(),
                    "2^count_bits");
        }
        at_most("synapses.synapse_formats", memory.synapse_formats(), std::int64_t{1} << memory.format_id_bits(),
                "2^format_id_bits");
        at_most("synapses.free_delay", memory.free_delay(), memory.max_delay(), "max_delay");
        if (memory.delay_bits_size() > 0) {
            const int widest = std::ranges::max(memory.delay_bits());
            at_most("synapses.max_delay", memory.max_delay(), (std::int64_t{1} << widest) - 1,
                    "what the widest of delay_bits holds");
        }
        if (memory.weight_bits_size() > 0 && std::ranges::max(memory.weight_bits()) == 0) {
            report("synapses.weight_bits", "no weight has any bit", "at least one width above 0");
        }
        if (memory.has_crossbar_types()) {
            crossbar(memory);
        }
    }

    void crossbar(const proto::SynapseMemoryProto& memory) {
        if (memory.weight_bits_size() > 0) {
            at_most("synapses.weight_bits", std::ranges::max(memory.weight_bits()), memory.crossbar_types(),
                    "a binary digit for each of crossbar_types");
        }
        if (memory.encodings_size() != 1 || memory.encodings(0) != proto::EncodingProto::SPARSE) {
            report("synapses.encodings", "a crossbar with other encodings than SPARSE", "SPARSE alone");
        }
        if (memory.has_shared_lists()) {
            report("synapses.shared_lists", "a crossbar has no lists to share",
                   "'shared_lists' or 'crossbar_types', not both");
        }
    }

    template <class List>
    void widths(const std::string& path, const List& list) {
        if (list.empty()) {
            report(path, fmt::format("'{}' names no width", path), "at least one, ascending");
        }
        for (int i = 1; i < list.size(); ++i) {
            if (list[i] <= list[i - 1]) {
                report(fmt::format("{}[{}]", path, i), fmt::format("'{}' has {} after {}", path, list[i], list[i - 1]),
                       "ascending widths");
            }
        }
    }

    void encodings(const proto::SynapseMemoryProto& memory) {
        if (memory.encodings_size() == 0) {
            report("synapses.encodings", "'synapses.encodings' names no encoding", "SPARSE, RUNLENGTH, DENSE");
        }
        std::set<int> seen;
        for (int i = 0; i < memory.encodings_size(); ++i) {
            if (!seen.insert(memory.encodings(i)).second) {
                report(fmt::format("synapses.encodings[{}]", i),
                       fmt::format("{} is named a second time", proto::EncodingProto::Value_Name(memory.encodings(i))),
                       "once");
            }
        }
    }

    void widest_index(const proto::CoreLimitsProto& limits, const proto::SynapseMemoryProto& memory) {
        const int widest = std::ranges::max(memory.index_bits());
        if (limits.compartments() > (std::int64_t{1} << widest)) {
            report("synapses.index_bits",
                   fmt::format("the widest index has {} bits, the core {} compartments", widest, limits.compartments()),
                   "an index that names every compartment");
        }
    }

    void learning(const proto::LearningProto& learning) {
        const auto around_zero = [&](const char* field, const proto::IntRangeProto& range) {
            if (range.least() > 0 || range.most() < 1) {
                report(fmt::format("learning.{}", field),
                       fmt::format("'learning.{}' is {}..{}", field, range.least(), range.most()),
                       "a range that holds 0 and 1");
            }
        };
        around_zero("mantissa", learning.mantissa());
        around_zero("exponent", learning.exponent());
        around_zero("constant", learning.constant());
        conventions(learning.conventions());
    }

    /// `all`, or each of the others.
    void conventions(const proto::LearningConventionsProto& message) {
        const pb::Reflection& reflection = *message.GetReflection();
        const pb::Descriptor& descriptor = *message.GetDescriptor();
        for (int i = 0; i < descriptor.field_count(); ++i) {
            const pb::FieldDescriptor& field = *descriptor.field(i);
            if (field.number() == proto::LearningConventionsProto::kAllFieldNumber) {
                continue;
            }
            const bool given = reflection.HasField(message, &field);
            if (given && message.has_all()) {
                report("learning.conventions." + field.name(),
                       fmt::format("'{}' beside 'all', which chooses it already", field.name()), "one of the two");
            } else if (!given && !message.has_all()) {
                report("learning.conventions", fmt::format("nothing chooses '{}'", field.name()),
                       fmt::format("'{}', or 'all'", field.name()));
            }
        }
    }

    void shared_lists(const proto::CoreLimitsProto& limits, const proto::SharedListsProto& lists) {
        at_most("synapses.shared_lists.base_most", lists.base_most(), limits.compartments() - 1,
                "the last of the compartments");
    }

    void longest_delay(const proto::LearningProto& learning, const proto::SynapseMemoryProto& memory) {
        const int widest = std::ranges::max(memory.delay_bits());
        at_most("learning.delay_most", learning.delay_most(), (std::int64_t{1} << widest) - 1,
                "what the widest of synapses.delay_bits holds");
    }

    void costs(const pb::RepeatedPtrField<proto::CostTableProto>& tables, bool chip_learns) {
        if (tables.empty()) {
            report("costs", "there is no cost table", "at least one block costs { ... }",
                   "models/chips/generic.textproto shows one");
        }
        std::set<std::string> names;
        for (int i = 0; i < tables.size(); ++i) {
            const std::string path = fmt::format("costs[{}]", i);
            const proto::CostTableProto& table = tables[i];
            if (table.has_name()) {
                name(path + ".name", table.name());
                if (!names.insert(table.name()).second) {
                    report(path + ".name", fmt::format("a second cost table '{}'", table.name()), "names that differ");
                }
            }
            if (chip_learns && !table.has_learning_update()) {
                report(path, fmt::format("the cost table '{}' has no price for learning", table.name()),
                       "learning_update { ... }, because the chip has a learning engine");
            }
            bounds(table, path);
            barrier(table, path + ".barrier");
            chip_barrier(table, path + ".chip_barrier");
        }
    }

    void barrier(const proto::CostTableProto& table, const std::string& path) {
        if (table.barrier_size() == 0) {
            report(path, "the barrier has no point", "at least one, at 1 tile");
        }
        for (int i = 0; i < table.barrier_size(); ++i) {
            const std::string point = fmt::format("{}[{}].tiles", path, i);
            if (!table.barrier(i).has_tiles()) {
                return;
            }
            const int tiles = table.barrier(i).tiles();
            if (i == 0 && tiles != 1) {
                report(point, fmt::format("the first barrier point is at {} tiles", tiles), "1");
            }
            if (i > 0 && tiles <= table.barrier(i - 1).tiles()) {
                report(point,
                       fmt::format("a barrier point at {} tiles after one at {}", tiles, table.barrier(i - 1).tiles()),
                       "ascending tiles");
            }
        }
    }

    template <class Table>
    void chip_barrier(const Table& table, const std::string& path) {
        for (int i = 0; i < table.chip_barrier_size() && table.chip_barrier(i).has_chips(); ++i) {
            if (i > 0 && table.chip_barrier(i).chips() <= table.chip_barrier(i - 1).chips()) {
                report(fmt::format("{}[{}].chips", path, i),
                       fmt::format("a barrier point at {} chips after one at {}", table.chip_barrier(i).chips(),
                                   table.chip_barrier(i - 1).chips()),
                       "ascending chips");
            }
        }
    }

    ChipSpecPart part_;
};

Diagnostics check_value(const ChipSpec& spec, ChipSpecPart part) {
    const Where where = [&](const std::string& path) { return fmt::format("chip '{}': {}", spec.name, path); };
    Diagnostics findings = check_chip_spec_proto(to_proto(spec), where, part);
    for (std::size_t i = 0; i < spec.costs.size() && part == ChipSpecPart::everything; ++i) {
        std::vector<CostItem> wanted;  // whether learning may lack is checked with the schema
        std::ranges::copy_if(cost_items, std::back_inserter(wanted),
                             [&](CostItem item) { return !may_lack(item) || spec.costs[i].prices(item); });
        if (!std::ranges::equal(spec.costs[i].events, wanted, {}, &EventCost::item)) {
            findings.push_back({.severity = Severity::error,
                                .where = where(fmt::format("costs[{}]", i)),
                                .found = "the table's events are not one of each kind, in order",
                                .allowed = "the order of CostItem",
                                .help = {}});
        }
    }
    return findings;
}

}  // namespace

Diagnostics check_chip_spec_proto(const proto::ChipSpecProto& message, const Where& where, ChipSpecPart part) {
    return Checker(where, part).check(message);
}

Diagnostics check_board_proto(const proto::BoardFileProto& message, const Where& where) {
    return Checker(where, ChipSpecPart::everything).check(message);
}

Diagnostics check_cost_tables_proto(const proto::CostTablesProto& message, const Where& where) {
    return Checker(where, ChipSpecPart::everything).check(message);
}

Diagnostics check_chip_spec(const ChipSpec& spec) {
    return check_value(spec, ChipSpecPart::everything);
}

Diagnostics check_chip_limits(const ChipSpec& spec) {
    return check_value(spec, ChipSpecPart::limits);
}

}  // namespace spikeloom::chip
