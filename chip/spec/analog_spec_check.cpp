// Ranges by a walk over the schema, then the rules that relate several fields.
#include <fmt/format.h>

#include <bit>
#include <set>

#include "chip/spec/analog_spec_proto.hpp"
#include "chip/spec/schema_check.hpp"

namespace spikeloom::chip {
namespace {

namespace pb = google::protobuf;

constexpr int spike_label_bits = 16;

class Checker : private SchemaCheck {
public:
    Checker(const Where& where, ChipSpecPart part) : SchemaCheck(where, part), part_(part) {}

    Diagnostics check(const proto::AnalogSpecProto& chip) {
        ranges(chip);
        blocks(chip);
        if (chip.has_array() && sound("array", chip.array())) {
            array(chip.array());
        }
        if (chip.has_array() && chip.has_crossbar() && sound("array", chip.array()) &&
            sound("crossbar", chip.crossbar())) {
            crossbar(chip.array(), chip.crossbar());
        }
        if (chip.has_ranges() && sound("ranges", chip.ranges())) {
            potentials(chip.ranges());
        }
        mismatch(chip);
        if (chip.has_plasticity() && sound("plasticity", chip.plasticity()) &&
            chip.plasticity().vector_bytes() % 2 != 0) {
            report("plasticity.vector_bytes", fmt::format("a vector has {} bytes", chip.plasticity().vector_bytes()),
                   "an even number, for lanes of 16 bits");
        }
        if (part_ == ChipSpecPart::everything) {
            if (chip.has_name()) {
                name("name", chip.name());
            }
            costs(chip);
        }
        return take();
    }

private:
    /// An ideal chip has no block, any other has all but the optional ones.
    void blocks(const proto::AnalogSpecProto& chip) {
        if (!chip.has_ideal()) {
            return;
        }
        const auto block = [&](const char* path, bool given, bool needed) {
            if (chip.ideal() && given) {
                report(path, fmt::format("an ideal chip has a block '{}'", path), "none: only the equations",
                       "leave the block out, or say ideal: false and describe the whole chip");
            } else if (!chip.ideal() && needed && !given) {
                report(path, fmt::format("the block '{}' is missing", path), fmt::format("{} {{ ... }}", path),
                       "models/chips/brainscales2.textproto shows one; only a chip with ideal: true has none");
            }
        };
        block("array", chip.has_array(), true);
        block("crossbar", chip.has_crossbar(), true);
        block("ranges", chip.has_ranges(), true);
        block("links", chip.has_links(), true);
        block("cadc", chip.has_cadc(), true);
        block("madc", chip.has_madc(), true);
        block("mismatch", chip.mismatch_size() > 0, false);
        block("plasticity", chip.has_plasticity(), false);
        block("costs", chip.costs_size() > 0, part_ == ChipSpecPart::everything);
    }

    void array(const proto::AnalogArrayProto& array) {
        if (array.rows() != 2 * array.drivers()) {
            report("array.drivers", fmt::format("{} drivers for {} rows", array.drivers(), array.rows()),
                   "one driver for two rows");
        }
        if (array.drivers() % array.padi_buses() != 0) {
            report("array.padi_buses", fmt::format("{} drivers on {} buses", array.drivers(), array.padi_buses()),
                   "as many drivers on every bus");
        }
        if (array.label_bits() + array.row_select_bits() > spike_label_bits) {
            report("array.row_select_bits",
                   fmt::format("{} bits of label and {} of row select", array.label_bits(), array.row_select_bits()),
                   fmt::format("at most {} together", spike_label_bits));
        }
        if (array.fixed_driver_addresses() && array.drivers() / array.padi_buses() > 1 << array.row_select_bits()) {
            report("array.fixed_driver_addresses",
                   fmt::format("{} drivers on a bus can't be numbered in {} bits of row select",
                               array.drivers() / array.padi_buses(), array.row_select_bits()),
                   "a number for every driver of a bus, or false");
        }
        at_most("array.joined_circuits", array.joined_circuits(), std::int64_t{array.hemispheres()} * array.columns(),
                "the chip's circuits");
    }

    void crossbar(const proto::AnalogArrayProto& array, const proto::AnalogCrossbarProto& crossbar) {
        const std::int64_t reached = std::int64_t{crossbar.neuron_outputs()} * crossbar.columns_per_output();
        if (reached < array.columns()) {
            report("crossbar.neuron_outputs",
                   fmt::format("{} event outputs of {} columns for {} columns", crossbar.neuron_outputs(),
                               crossbar.columns_per_output(), array.columns()),
                   "an event output for every column");
        }
        const int output_bits = std::bit_width(static_cast<unsigned>(crossbar.neuron_outputs() - 1));
        if (array.neuron_address_bits() + output_bits > crossbar.label_bits()) {
            report("crossbar.label_bits",
                   fmt::format("a neuron's label has {} bits of address and {} of event output, a node compares {}",
                               array.neuron_address_bits(), output_bits, crossbar.label_bits()),
                   "at least as many as the label has");
        }
        connections(crossbar, std::int64_t{array.hemispheres()} * array.padi_buses() + crossbar.l2_lanes());
    }

    void connections(const proto::AnalogCrossbarProto& crossbar, std::int64_t outputs) {
        const std::int64_t inputs =
            std::int64_t{crossbar.neuron_outputs()} + crossbar.l2_lanes() + crossbar.background_sources();
        int before = -1;
        for (int i = 0; i < crossbar.connections_size(); ++i) {
            const auto& connection = crossbar.connections(i);
            const std::string path = fmt::format("crossbar.connections[{}]", i);
            at_most(path + ".input", connection.input(), inputs - 1, "the last input");
            if (connection.input() <= before) {
                report(path + ".input", fmt::format("input {} after input {}", connection.input(), before),
                       "ascending inputs, each once");
            }
            before = connection.input();
            if (connection.outputs().empty()) {
                report(path + ".outputs", fmt::format("input {} reaches no output", connection.input()),
                       "at least one, or no block for this input");
            }
            for (int k = 0; k < connection.outputs_size(); ++k) {
                const std::string output = fmt::format("{}.outputs[{}]", path, k);
                at_most(output, connection.outputs(k), outputs - 1, "the last output");
                if (k > 0 && connection.outputs(k) <= connection.outputs(k - 1)) {
                    report(output,
                           fmt::format("output {} after output {}", connection.outputs(k), connection.outputs(k - 1)),
                           "ascending outputs, each once");
                }
            }
        }
    }

    void potentials(const proto::AnalogRangesProto& ranges) {
        const auto inside = [&](const char* field, double found) {
            if (found < ranges.potential_lsb().least() || found > ranges.potential_lsb().most()) {
                report(fmt::format("ranges.{}", field), fmt::format("'ranges.{}' is {}", field, found),
                       fmt::format("{}..{} (potential_lsb)", ranges.potential_lsb().least(),
                                   ranges.potential_lsb().most()));
            }
        };
        inside("leak_lsb", ranges.leak_lsb());
        inside("threshold_lsb", ranges.threshold_lsb());
        inside("reset_lsb", ranges.reset_lsb());
        const double lower = std::max(ranges.leak_lsb(), ranges.reset_lsb());
        if (ranges.threshold_lsb() <= lower) {
            report("ranges.threshold_lsb", fmt::format("the usual threshold is {}", ranges.threshold_lsb()),
                   fmt::format("above the usual leak and reset ({})", lower));
        }
    }

    void mismatch(const proto::AnalogSpecProto& chip) {
        std::set<int> seen;
        for (int i = 0; i < chip.mismatch_size(); ++i) {
            const auto& mismatch = chip.mismatch(i);
            const std::string path = fmt::format("mismatch[{}]", i);
            if (mismatch.has_of() && !seen.insert(mismatch.of()).second) {
                report(path + ".of",
                       fmt::format("{} is described a second time", proto::MismatchProto::Of_Name(mismatch.of())),
                       "once");
            }
            bounds(mismatch, path);
            if (sound(path, mismatch) && mismatch.calibrated().value() > mismatch.uncalibrated().value()) {
                report(path + ".calibrated.value",
                       fmt::format("a spread of {} after calibration, {} before", mismatch.calibrated().value(),
                                   mismatch.uncalibrated().value()),
                       "at most as much as before");
            }
        }
    }

    void costs(const proto::AnalogSpecProto& chip) {
        std::set<std::string> names;
        for (int i = 0; i < chip.costs_size(); ++i) {
            const std::string path = fmt::format("costs[{}]", i);
            const proto::AnalogCostTableProto& table = chip.costs(i);
            if (table.has_name()) {
                name(path + ".name", table.name());
                if (!names.insert(table.name()).second) {
                    report(path + ".name", fmt::format("a second cost table '{}'", table.name()), "names that differ");
                }
            }
            bounds(table, path);
        }
    }

    ChipSpecPart part_;
};

Diagnostics check_value(const AnalogSpec& spec, ChipSpecPart part) {
    const Where where = [&](const std::string& path) { return fmt::format("chip '{}': {}", spec.name, path); };
    const proto::AnalogSpecProto message = to_proto(spec);
    Diagnostics findings = check_analog_spec_proto(message, where, part);
    if (findings.empty() && from_proto(message) != spec) {
        findings.push_back({.severity = Severity::error,
                            .where = fmt::format("chip '{}'", spec.name),
                            .found = "the chip has what its text can't say: an ideal chip has limits, plasticity that "
                                     "is not present has figures, or events are not in the order of AnalogCostItem",
                            .allowed = "initial values for what a chip does not have, events ascending, each once",
                            .help = {}});
    }
    return findings;
}

}  // namespace

Diagnostics check_analog_spec_proto(const proto::AnalogSpecProto& message, const Where& where, ChipSpecPart part) {
    return Checker(where, part).check(message);
}

Diagnostics check_analog_spec(const AnalogSpec& spec) {
    return check_value(spec, ChipSpecPart::everything);
}

Diagnostics check_analog_limits(const AnalogSpec& spec) {
    return check_value(spec, ChipSpecPart::limits);
}

}  // namespace spikeloom::chip
