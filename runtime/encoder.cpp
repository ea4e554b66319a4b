#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "core/base/random.hpp"
#include "runtime/stimulus.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::array<std::pair<Encoding, std::string_view>, 6> encodings{{{Encoding::latency, "latency"},
                                                                          {Encoding::rate, "rate"},
                                                                          {Encoding::constant, "constant"},
                                                                          {Encoding::regular, "regular"},
                                                                          {Encoding::events, "events"},
                                                                          {Encoding::values, "values"}}};

std::uint32_t latency_window(const EncoderOptions& options) {
    return options.window != 0 ? options.window : std::max(1U, options.steps / 2);
}

std::vector<SpikeEvent> encode_latency(std::span<const float> values, const EncoderOptions& options) {
    std::vector<SpikeEvent> events;
    const double last = latency_window(options) - 1;
    for (std::uint32_t channel = 0; channel < values.size(); ++channel) {
        const double value = values[channel];
        if (value > options.cutoff) {
            events.push_back({static_cast<std::uint64_t>(std::floor((1 - value) * last + 0.5)), 0, channel});
        }
    }
    std::sort(events.begin(), events.end());
    return events;
}

std::vector<SpikeEvent> encode_rate(std::span<const float> values, std::size_t sample, const EncoderOptions& options) {
    std::vector<SpikeEvent> events;
    for (std::uint32_t step = 0; step < options.steps; ++step) {
        for (std::uint32_t channel = 0; channel < values.size(); ++channel) {
            const double draw = random_uniform({.seed = options.seed,
                                                .purpose = RandomPurpose::input_encoding,
                                                .step = sample,
                                                .core = step,
                                                .neuron = channel});
            if (draw < double{values[channel]} * options.max_rate) {
                events.push_back({step, 0, channel});
            }
        }
    }
    return events;
}

std::vector<SpikeEvent> encode_constant(std::span<const float> values, const EncoderOptions& options) {
    std::vector<SpikeEvent> events;
    std::vector<float> voltages(values.size(), 0.0F);
    for (std::uint32_t step = 0; step < options.steps; ++step) {
        for (std::uint32_t channel = 0; channel < values.size(); ++channel) {
            voltages[channel] += values[channel];
            if (voltages[channel] > 1.0F) {
                events.push_back({step, 0, channel});
                voltages[channel] = 0.0F;
            }
        }
    }
    return events;
}

std::vector<SpikeEvent> encode_regular(std::span<const float> values, const EncoderOptions& options) {
    std::vector<SpikeEvent> events;
    const auto spikes_until = [](double value, std::uint32_t steps) { return std::floor(0.5 + value * steps); };
    for (std::uint32_t step = 0; step < options.steps; ++step) {
        for (std::uint32_t channel = 0; channel < values.size(); ++channel) {
            const double value = values[channel];
            if (value > 0 && spikes_until(value, step + 1) > spikes_until(value, step)) {
                events.push_back({step, 0, channel});
            }
        }
    }
    return events;
}

std::vector<SpikeEvent> encode_values(std::span<const float> values, const EncoderOptions& options) {
    std::vector<SpikeEvent> events;
    for (std::uint32_t step = 0; step < options.steps; ++step) {
        for (std::uint32_t channel = 0; channel < values.size(); ++channel) {
            const double carried = std::trunc(options.value_scale * double{values[channel]} + options.value_offset);
            if (carried != 0) {
                events.push_back({step, 0, channel, static_cast<std::int32_t>(carried)});
            }
        }
    }
    return events;
}

std::vector<SpikeEvent> spikes_of(const LabelledSet& set, std::span<const float> values) {
    std::vector<SpikeEvent> events;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i] != 0.0F) {
            events.push_back({i / set.channels, 0, static_cast<std::uint32_t>(i % set.channels)});
        }
    }
    return events;
}

}  // namespace

Result<Encoding> parse_encoding(const std::string& text) {
    for (const auto& [encoding, name] : encodings) {
        if (text == name) {
            return encoding;
        }
    }
    return fail({.where = "--encode",
                 .found = fmt::format("no encoding '{}'", text),
                 .allowed = "latency, rate, constant, regular, events, values",
                 .help = {}});
}

std::string encoding_name(Encoding encoding) {
    const auto* const found =
        std::find_if(encodings.begin(), encodings.end(), [&](const auto& entry) { return entry.first == encoding; });
    return std::string(found->second);
}

Diagnostics check_encoder(const LabelledSet& set, const EncoderOptions& options) {
    Diagnostics findings;
    const auto wrong = [&](const char* option, std::string found, std::string allowed) {
        findings.push_back({.where = option, .found = std::move(found), .allowed = std::move(allowed), .help = {}});
    };
    const bool events = options.encoding == Encoding::events;
    if (events != (set.steps != 0)) {
        wrong("--encode",
              events ? fmt::format("'{}' holds values, not spikes", set.name)
                     : fmt::format("'{}' holds spikes over {} steps, not values", set.name, set.steps),
              events ? "latency, rate, constant, regular, values" : "events");
    }
    if (!events && options.steps == 0) {
        wrong("--steps", "0 steps a sample", "at least 1");
    }
    if (options.encoding == Encoding::latency && options.steps != 0 && latency_window(options) > options.steps) {
        wrong("--window", fmt::format("a window of {} steps in samples of {}", options.window, options.steps),
              fmt::format("1..{}", options.steps));
    }
    const auto in_unit = [](double value) { return value >= 0 && value <= 1; };  // NaN is not
    if (!in_unit(options.max_rate)) {
        wrong("--max-rate", fmt::format("{}", options.max_rate), "a probability, 0 to 1");
    }
    if (!in_unit(options.cutoff)) {
        wrong("--cutoff", fmt::format("{}", options.cutoff), "a value, 0 to 1");
    }
    constexpr double most_value = (1U << 23) - 1;
    if (!(std::abs(options.value_scale) + std::abs(options.value_offset) <= most_value)) {
        wrong("--value-scale", fmt::format("values up to {} + {}", options.value_scale, options.value_offset),
              fmt::format("at most {} together", most_value));
    }
    return findings;
}

std::uint32_t sample_steps(const LabelledSet& set, const EncoderOptions& options) {
    return options.encoding == Encoding::events ? static_cast<std::uint32_t>(set.steps) : options.steps;
}

std::vector<SpikeEvent> encode_sample(const LabelledSet& set, std::size_t sample, const EncoderOptions& options) {
    const std::size_t size = set.channels * std::max<std::size_t>(set.steps, 1);
    const auto values = std::span(set.values).subspan(sample * size, size);
    switch (options.encoding) {
    case Encoding::latency:
        return encode_latency(values, options);
    case Encoding::rate:
        return encode_rate(values, sample, options);
    case Encoding::constant:
        return encode_constant(values, options);
    case Encoding::regular:
        return encode_regular(values, options);
    case Encoding::events:
        return spikes_of(set, values);
    case Encoding::values:
        return encode_values(values, options);
    }
    return {};
}

}  // namespace spikeloom::runtime
