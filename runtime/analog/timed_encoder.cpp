#include "runtime/analog/timed_encoder.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace spikeloom::runtime {
namespace {

Diagnostics check_coding(const TimedEncoderOptions& options) {
    const chip::TtfsCoding& coding = options.coding;
    Diagnostics findings;
    const auto say = [&findings](std::string found, std::string allowed) {
        findings.push_back({.where = "coding", .found = std::move(found), .allowed = std::move(allowed), .help = {}});
    };
    if (!(coding.time_unit_s > 0 && std::isfinite(coding.time_unit_s))) {
        say(fmt::format("a time unit of {} s", coding.time_unit_s), "more than 0");
    }
    if (!(coding.earliest_s >= 0 && coding.earliest_s <= coding.latest_s && std::isfinite(coding.latest_s))) {
        say(fmt::format("inputs from {} to {} s", coding.earliest_s, coding.latest_s), "0 <= earliest <= latest");
    }
    if (!(coding.window_s > 0 && std::isfinite(coding.window_s))) {
        say(fmt::format("a window of {} s", coding.window_s), "more than 0");
    }
    if (!std::isfinite(coding.silent_below)) {
        say(fmt::format("silent below {}", coding.silent_below), "a number");
    }
    if (!(options.grid_s >= 0 && std::isfinite(options.grid_s))) {
        say(fmt::format("a grid of {} s", options.grid_s), "0 (none) or more");
    }
    return findings;
}

}  // namespace

Result<TimedEncoder> TimedEncoder::create(const chip::AnalogImage& image, const TimedSet& set,
                                          const TimedEncoderOptions& options) {
    if (Diagnostics findings = check_coding(options); !findings.empty()) {
        return fail(std::move(findings));
    }
    TimedEncoder encoder;
    encoder.options_ = options;
    encoder.holds_ = set.holds;
    std::string inputs;
    bool copies = false;
    for (const chip::AnalogInput& input : image.inputs) {
        if (!input.constant_times.empty()) {
            continue;
        }
        inputs += fmt::format("{}'{}' ({})", inputs.empty() ? "" : ", ", input.name, input.count);
        copies = input.shape.size() > 1 && input.count == input.shape[0] * set.channels;
        for (std::uint32_t channel = 0; channel < input.count; ++channel) {
            encoder.channels_.push_back(input.first_channel + channel);
        }
    }
    const std::size_t channels = encoder.channels_.size();
    if (channels == 0 || (channels != set.channels && !(copies && channels % set.channels == 0))) {
        return fail({.where = set.name,
                     .found = fmt::format("samples of {} values for the inputs {}", set.channels,
                                          inputs.empty() ? "(none)" : inputs),
                     .allowed = fmt::format("{} values a sample", channels),
                     .help = {}});
    }
    return encoder;
}

double TimedEncoder::time_of(double value) const {
    const chip::TtfsCoding& coding = options_.coding;
    switch (holds_) {
    case TimedSet::Holds::values: {
        if (value <= coding.silent_below) {
            return never;
        }
        const double part = coding.inverted ? 1 - value : value;
        return coding.earliest_s + part * (coding.latest_s - coding.earliest_s);
    }
    case TimedSet::Holds::time_units:
        return value * coding.time_unit_s;
    case TimedSet::Holds::seconds:
        break;
    }
    return value;
}

void TimedEncoder::encode(std::span<const double> sample, std::vector<core::analog::InputSpike>& out) const {
    out.clear();
    for (std::size_t i = 0; i < channels_.size(); ++i) {
        double time = time_of(sample[i % sample.size()]);
        if (time == never) {
            continue;
        }
        if (options_.grid_s > 0) {
            time = std::ceil(time / options_.grid_s) * options_.grid_s;
        }
        out.push_back({.time = time, .input = channels_[i]});
    }
}

}  // namespace spikeloom::runtime
