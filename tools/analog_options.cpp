#include "tools/analog_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "chip/analog/calibration.hpp"

namespace spikeloom::tools {

namespace po = boost::program_options;

namespace {

using chip::MismatchOf;
using chip::analog::CalibrationState;

constexpr std::array<std::pair<std::string_view, MismatchOf>, 8> mismatches{
    {{"threshold", MismatchOf::threshold},
     {"leak", MismatchOf::leak},
     {"reset", MismatchOf::reset},
     {"tau_mem", MismatchOf::tau_mem},
     {"tau_syn", MismatchOf::tau_syn},
     {"weight", MismatchOf::weight},
     {"synaptic_weight", MismatchOf::synaptic_weight},
     {"refractory", MismatchOf::refractory}}};
constexpr std::array<std::pair<std::string_view, CalibrationState>, 3> calibrations{
    {{"none", CalibrationState::none},
     {"expected", CalibrationState::expected},
     {"measured", CalibrationState::measured}}};

template <class Words, class T>
std::string_view word_of(const Words& words, T meaning) {
    return std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.second == meaning; })->first;
}

double parse_sigma(const std::string& text, const std::string& option) {
    double value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value < 10)) {
        throw UsageError(fmt::format("--mismatch {}: '{}' is no standard deviation (0.05 is 5 %)", option, text));
    }
    return value;
}

/// "threshold=0.05" or "threshold=0.05,0.01": fixed pattern, and from trial to trial.
chip::analog::MismatchOverride parse_mismatch(const std::string& option) {
    const std::size_t equals = option.find('=');
    const auto found = std::find_if(mismatches.begin(), mismatches.end(),
                                    [&](const auto& entry) { return entry.first == option.substr(0, equals); });
    if (equals == std::string::npos || found == mismatches.end()) {
        std::vector<std::string_view> names;
        for (const auto& entry : mismatches) {
            names.push_back(entry.first);
        }
        throw UsageError(
            fmt::format("--mismatch {}: allowed are chip (as the chip's description says) and NAME=SIGMA "
                        "or NAME=SIGMA,TRIAL_SIGMA with NAME one of {}",
                        option, fmt::join(names, ", ")));
    }
    const std::string values = option.substr(equals + 1);
    const std::size_t comma = values.find(',');
    chip::analog::MismatchOverride result{.of = found->second, .sigma = parse_sigma(values.substr(0, comma), option)};
    if (comma != std::string::npos) {
        result.trial_sigma = parse_sigma(values.substr(comma + 1), option);
    }
    return result;
}

}  // namespace

void add_copy_options(CommandLine& line) {
    line.add()("instance", po::value<std::uint32_t>()->default_value(0)->value_name("N"),
               "which copy of the chip: its mismatch is a function of seed and number")(
        "mismatch", po::value<std::vector<std::string>>()->value_name("WHAT")->composing(),
        "chip: as the chip's description says; threshold=0.05: this standard deviation instead; "
        "threshold=0.05,0.01: and that from trial to trial (--noise); may be given more than once")(
        "calibration", word("HOW")->default_value("expected"),
        "with --mismatch chip: none, expected (drawn with the calibrated spread) or measured (trims found on the "
        "emulated chip)")("trims", word("FILE"),
                          "a measured calibration of that instance (spikeloom calibrate), with --mismatch chip")(
        "noise", flag(), "trial-to-trial noise")("exact-times", flag(),
                                                 "spikes enter and leave at their exact times, not on the links' grid");
}

void add_instance_options(CommandLine& line) {
    add_copy_options(line);
    line.add()("seed", po::value<std::uint64_t>()->default_value(0)->value_name("N"), "of all that is random")(
        "threads", po::value<int>()->default_value(1)->value_name("N"), "the results are the same for any number");
}

chip::analog::InstanceOptions instance_options(const CommandLine& line) {
    chip::analog::InstanceOptions options;
    options.seed = line.value<std::uint64_t>("seed");
    options.instance = line.value<std::uint32_t>("instance");
    options.calibration = line.choice<CalibrationState>("calibration", calibrations);
    options.noise = line.flag("noise");
    options.time_stamps = !line.flag("exact-times");
    if (line.has("mismatch")) {
        for (const std::string& what : line.value<std::vector<std::string>>("mismatch")) {
            if (what == "chip") {
                options.mismatch = true;
            } else {
                options.overrides.push_back(parse_mismatch(what));
            }
        }
    }
    return options;
}

Result<chip::analog::InstanceOptions> calibrated_instance(const CommandLine& line) {
    chip::analog::InstanceOptions options = instance_options(line);
    if (line.has("trims")) {
        auto calibration = chip::analog::read_calibration(line.value<std::string>("trims"));
        if (!calibration) {
            return fail(std::move(calibration.error()));
        }
        options.mismatch = true;
        options.calibration = CalibrationState::measured;
        options.trims = std::make_shared<const chip::analog::Calibration>(std::move(*calibration));
    }
    return options;
}

std::string instance_text(const chip::analog::InstanceOptions& options) {
    std::string text = fmt::format("chip {}", options.instance);
    if (options.mismatch) {
        text += fmt::format(", the chip's mismatch with calibration {}", word_of(calibrations, options.calibration));
    }
    for (const chip::analog::MismatchOverride& one : options.overrides) {
        text += fmt::format(", {} sigma {:.3g} %", word_of(mismatches, one.of), 100 * one.sigma);
    }
    if (!options.mismatch && options.overrides.empty()) {
        text += ", no mismatch";
    }
    return text + (options.noise ? ", with noise" : "");
}

std::optional<runtime::TimedSet::Holds> data_holds(const CommandLine& line) {
    using Holds = runtime::TimedSet::Holds;
    constexpr std::array<std::pair<std::string_view, Holds>, 3> words{
        {{"values", Holds::values}, {"times", Holds::time_units}, {"seconds", Holds::seconds}}};
    return line.has("data-holds") ? std::optional(line.choice<Holds>("data-holds", words)) : std::nullopt;
}

Diagnostics missing_image(std::span<const std::string> arguments) {
    std::error_code error;
    if (arguments.empty() || arguments[0].starts_with('-') || std::filesystem::exists(arguments[0], error)) {
        return {};
    }
    return {{.where = arguments[0],
             .found = "does not exist",
             .allowed = "an image as `spikeloom compile` writes it, before the options"}};
}

bool names_analog_image(std::span<const std::string> arguments) {
    constexpr std::string_view magic = "SPIKELOOM-ANALOG";
    return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
        if (argument.empty() || argument[0] == '-') {
            return false;
        }
        std::ifstream file(argument, std::ios::binary);
        std::string head(magic.size(), '\0');
        return file.read(head.data(), static_cast<std::streamsize>(head.size())) && head == magic;
    });
}

int thread_count(const CommandLine& line) {
    const int threads = line.value<int>("threads");
    if (threads < 1 || threads > 1024) {
        throw UsageError("--threads: allowed are 1 to 1024");
    }
    return threads;
}

}  // namespace spikeloom::tools
