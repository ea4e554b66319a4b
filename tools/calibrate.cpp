// spikeloom calibrate: finds the trims of one emulated instance of an analog chip, as a lab would, and says what is
// left.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <span>

#include "chip/analog/calibration.hpp"
#include "chip/image/analog_image.hpp"
#include "core/files/bytes.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/model_files.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;
using chip::analog::Calibration;
using chip::analog::CalibrationTarget;
using chip::analog::Residual;

constexpr int most_calibrated = 1 << 16;  // circuits

po::typed_value<double>* number(const char* placeholder) {
    return po::value<double>()->value_name(placeholder);
}

Result<chip::AnalogSpec> open_calibrated_chip(const std::string& name) {
    auto any = open_any_chip(name);
    if (!any) {
        return fail(any.error());
    }
    auto* analog = std::get_if<chip::AnalogSpec>(&*any);
    if (analog == nullptr || analog->ideal) {
        return fail({.where = fmt::format("--chip {}", name),
                     .found = "the chip has no analog circuits that differ",
                     .allowed = "a chip in continuous time that is not ideal",
                     .help = "spikeloom chips lists them"});
    }
    if (analog->array.circuits() > most_calibrated) {
        return fail({.where = fmt::format("--chip {}", name),
                     .found = fmt::format("it has {} circuits", analog->array.circuits()),
                     .allowed = fmt::format("up to {}", most_calibrated)});
    }
    return std::move(*analog);
}

/// The one target of an image's neurons.
Result<CalibrationTarget> image_target(const std::string& path, const chip::AnalogSpec& chip) {
    const auto image = chip::read_analog_image(path);
    if (!image) {
        return fail(image.error());
    }
    if (image->neurons.empty()) {
        return fail({.where = path, .found = "it has no neurons"});
    }
    const CalibrationTarget first = chip::analog::target_of(chip.ranges, image->neurons.front().model.lif);
    for (std::size_t n = 1; n < image->neurons.size(); ++n) {
        if (chip::analog::target_of(chip.ranges, image->neurons[n].model.lif) != first) {
            return fail({.where = path,
                         .found = fmt::format("neuron {} has another target than neuron 0", n),
                         .allowed = "one target for a calibration file",
                         .help = "eval --calibration measured calibrates for each target on its own"});
        }
    }
    return first;
}

Diagnostics check_target(const CalibrationTarget& target, const chip::AnalogSpec& chip) {
    Diagnostics findings;
    const auto check = [&](const char* option, double value, const chip::RealRange& range, double scale,
                           const char* unit) {
        if (!range.contains(value)) {
            findings.push_back(
                {.where = option,
                 .found = fmt::format("{:.6g} {}", value * scale, unit),
                 .allowed = fmt::format("{:.6g}..{:.6g} {}", range.least * scale, range.most * scale, unit)});
        }
    };
    check("--leak", target.leak_lsb, chip.ranges.potential_lsb, 1, "LSB");
    check("--reset", target.reset_lsb, chip.ranges.potential_lsb, 1, "LSB");
    check("--threshold", target.threshold_lsb, chip.ranges.potential_lsb, 1, "LSB");
    check("--tau-mem", target.tau_mem_s, chip.ranges.tau_mem_s, 1e6, "us");
    check("--tau-syn", target.tau_syn_s, chip.ranges.tau_syn_s, 1e6, "us");
    if (findings.empty() && !(target.threshold_lsb > target.leak_lsb && target.threshold_lsb > target.reset_lsb)) {
        findings.push_back({.where = "--threshold",
                            .found = fmt::format("{} LSB", target.threshold_lsb),
                            .allowed = "above leak and reset"});
    }
    return findings;
}

Result<CalibrationTarget> chosen_target(const CommandLine& line, const chip::AnalogSpec& chip) {
    CalibrationTarget target = chip::analog::usual_target(chip.ranges);
    if (line.has("for")) {
        const auto found = image_target(line.value<std::string>("for"), chip);
        if (!found) {
            return found;
        }
        target = *found;
    }
    target.leak_lsb = line.optional<double>("leak").value_or(target.leak_lsb);
    target.reset_lsb = line.optional<double>("reset").value_or(target.reset_lsb);
    target.threshold_lsb = line.optional<double>("threshold").value_or(target.threshold_lsb);
    target.tau_mem_s = line.has("tau-mem") ? line.value<double>("tau-mem") * 1e-6 : target.tau_mem_s;
    target.tau_syn_s = line.has("tau-syn") ? line.value<double>("tau-syn") * 1e-6 : target.tau_syn_s;
    Diagnostics findings = check_target(target, chip);
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return target;
}

/// A parameter's target in its unit, and the unit of its deviations (1 = the parameter, or threshold - leak).
struct Unit {
    std::string target;
    double scale = 0;
    const char* name = "";
};

Unit unit_of(chip::MismatchOf of, const CalibrationTarget& target) {
    const double span = target.threshold_lsb - target.leak_lsb;
    const auto lsb = [&](double value) {
        return Unit{.target = fmt::format("{:.4g} LSB", value), .scale = span, .name = "LSB"};
    };
    const auto us = [](double seconds) {
        return Unit{.target = fmt::format("{:.4g} us", seconds * 1e6), .scale = seconds * 1e6, .name = "us"};
    };
    switch (of) {
    case chip::MismatchOf::threshold:
        return lsb(target.threshold_lsb);
    case chip::MismatchOf::leak:
        return lsb(target.leak_lsb);
    case chip::MismatchOf::reset:
        return lsb(target.reset_lsb);
    case chip::MismatchOf::tau_mem:
        return us(target.tau_mem_s);
    case chip::MismatchOf::tau_syn:
        return us(target.tau_syn_s);
    case chip::MismatchOf::weight:
    case chip::MismatchOf::synaptic_weight:
    case chip::MismatchOf::refractory:
        break;
    }
    return {.target = "1", .scale = 1, .name = ""};
}

void print_table(const Calibration& calibration, const std::vector<Residual>& residuals) {
    fmt::print("{}, instance {} of seed {}: {} circuits, {} measurements\n", calibration.chip, calibration.instance,
               calibration.seed, calibration.circuits.size(), calibration.measurements);
    fmt::print("{:<10} {:>9}  {:>18}  {:>18}  {:>12}  {:>5}  {:>8}  {:>8}\n", "parameter", "target", "sigma before",
               "sigma after", "mean error", "ratio", "accepted", "at limit");
    for (const Residual& row : residuals) {
        const Unit unit = unit_of(row.of, calibration.target);
        const auto sigma = [&](double value) {
            return *unit.name == '\0' ? fmt::format("{:.2f} %", value * 100)
                                      : fmt::format("{:.3g} {} ({:.2f} %)", value * unit.scale, unit.name, value * 100);
        };
        const double accepted = chip::analog::accepted_ratio(row.of);
        fmt::print("{:<10} {:>9}  {:>18}  {:>18}  {:>12}  {:>5.2f}  {:>8}  {:>8}\n", name_of(row.of), unit.target,
                   sigma(row.before), sigma(row.after), fmt::format("{:+.2f} %", row.bias * 100), row.ratio(),
                   accepted > 0 ? fmt::format("{:.2f}", accepted) : "-", row.at_limit);
    }
    fmt::print(
        "Sigma over all circuits, potentials relative to threshold - leak. Ratio: after / before; accepted: the\n"
        "largest that the chip's own calibration tests pass (calix). The bench has converter noise and offsets\n"
        "(guessed), steps of the cells, and the threshold's trial-to-trial noise, but no drift and no crosstalk:\n"
        "a real chip probably keeps more.\n");
}

boost::json::object to_json(const Calibration& calibration, const std::vector<Residual>& residuals) {
    boost::json::array rows;
    for (const Residual& row : residuals) {
        boost::json::object entry{{"parameter", std::string(name_of(row.of))},
                                  {"sigma_before", row.before},
                                  {"sigma_after", row.after},
                                  {"mean_error", row.bias},
                                  {"ratio", row.ratio()},
                                  {"circuits_at_limit", row.at_limit}};
        if (const double accepted = chip::analog::accepted_ratio(row.of); accepted > 0) {
            entry["ratio_accepted_by_calix"] = accepted;
        }
        rows.push_back(std::move(entry));
    }
    const CalibrationTarget& target = calibration.target;
    return {{"chip", calibration.chip},
            {"seed", calibration.seed},
            {"instance", calibration.instance},
            {"circuits", calibration.circuits.size()},
            {"measurements", calibration.measurements},
            {"target", boost::json::object{{"leak_lsb", target.leak_lsb},
                                           {"reset_lsb", target.reset_lsb},
                                           {"threshold_lsb", target.threshold_lsb},
                                           {"tau_mem_s", target.tau_mem_s},
                                           {"tau_syn_s", target.tau_syn_s}}},
            {"parameters", std::move(rows)}};
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.add()("chip", word("CHIP")->required(), "a bundled analog chip, or the path of a description")(
        "instance", po::value<std::uint32_t>()->default_value(0)->value_name("N"), "which copy of the chip")(
        "seed", po::value<std::uint64_t>()->default_value(0)->value_name("N"), "of the copies' mismatch")(
        "for", word("IMAGE"), "calibrate to what this image's neurons are set to")(
        "leak", number("LSB"), "resting potential, LSB of the CADC")("reset", number("LSB"), "reset potential")(
        "threshold", number("LSB"), "threshold")("tau-mem", number("US"), "membrane time constant, us")(
        "tau-syn", number("US"), "synaptic time constant, us")("output,o", word("FILE"), "write the trims there")(
        "json", flag(), "print JSON");
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const auto chip = open_calibrated_chip(line.value<std::string>("chip"));
    if (!chip) {
        print(chip.error());
        return ExitStatus::failed;
    }
    const auto target = chosen_target(line, *chip);
    if (!target) {
        print(target.error());
        return ExitStatus::failed;
    }
    const chip::analog::InstanceOptions options{.seed = line.value<std::uint64_t>("seed"),
                                                .instance = line.value<std::uint32_t>("instance")};
    const Calibration calibration = chip::analog::calibrate(*chip, options, *target);
    if (line.has("output")) {
        const std::string text = chip::analog::print_calibration(calibration);
        const auto written =
            files::write_bytes(line.value<std::string>("output"), std::as_bytes(std::span(text.data(), text.size())));
        if (!written) {
            print(written.error());
            return ExitStatus::failed;
        }
    }
    const std::vector<Residual> left = chip::analog::residuals(*chip, options, calibration);
    if (line.flag("json")) {
        fmt::print("{}\n", boost::json::serialize(to_json(calibration, left)));
    } else {
        print_table(calibration, left);
    }
    return ExitStatus::done;
}

}  // namespace

const Subcommand calibrate_subcommand{
    .name = "calibrate",
    .summary = "find the trims of one emulated copy of an analog chip, as a lab would",
    .synopsis = "--chip CHIP [--instance N] [--for IMAGE] [-o FILE]",
    .text =
        "Draws copy N of the chip, uncalibrated, and searches the cell of every analog parameter of every circuit\n"
        "from what a lab can measure: converter readings, spikes, decays. Prints what the circuits deviate before\n"
        "and after; -o keeps the cells, for eval --trims FILE.",
    .example =
        "  spikeloom calibrate --chip brainscales2 --instance 7 -o chip7.textproto\n"
        "  spikeloom calibrate --chip brainscales2 --instance 7 --for net.loom -o chip7.textproto\n"
        "  spikeloom eval net.loom --data test.npz --instance 7 --trims chip7.textproto",
    .run = run,
};

}  // namespace spikeloom::tools
