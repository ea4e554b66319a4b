#include "runtime/analog/timed_stimulus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/files/bytes.hpp"
#include "core/files/hdf5.hpp"
#include "runtime/findings.hpp"
#include "runtime/isolated_reading.hpp"

namespace spikeloom::runtime {
namespace {

using core::analog::InputSpike;

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string input_names(const chip::AnalogImage& image) {
    std::string names;
    for (const chip::AnalogInput& input : image.inputs) {
        if (input.constant_times.empty()) {
            names += fmt::format("{}'{}' ({} channels)", names.empty() ? "" : ", ", input.name, input.count);
        }
    }
    return names;
}

/// The input of that name that data drive; "": the only one.
const chip::AnalogInput* find_input(const chip::AnalogImage& image, std::string_view name) {
    const chip::AnalogInput* found = nullptr;
    for (const chip::AnalogInput& input : image.inputs) {
        if (!input.constant_times.empty() || (!name.empty() && input.name != name)) {
            continue;
        }
        if (found != nullptr) {
            return nullptr;
        }
        found = &input;
    }
    return found;
}

struct Checked {
    const chip::AnalogImage& image;
    Findings findings{};
    std::vector<InputSpike> spikes{};

    void add(const std::string& where, double time, const chip::AnalogInput* input, double channel) {
        if (input == nullptr) {
            findings.add({.where = where,
                          .found = "an input that the data don't drive",
                          .allowed = input_names(image),
                          .help = {}});
        } else if (!(time >= 0 && std::isfinite(time))) {
            findings.add(
                {.where = where, .found = fmt::format("a time of {} s", time), .allowed = "0 or more", .help = {}});
        } else if (!(channel >= 0 && channel < input->count) || channel != std::floor(channel)) {
            findings.add({.where = where,
                          .found = fmt::format("channel {} of input '{}'", channel, input->name),
                          .allowed = fmt::format("0..{}", input->count - 1),
                          .help = {}});
        } else {
            spikes.push_back({.time = time, .input = input->first_channel + static_cast<std::uint32_t>(channel)});
        }
    }

    Result<std::vector<InputSpike>> take() {
        std::stable_sort(spikes.begin(), spikes.end());
        return std::move(findings).or_value(std::move(spikes));
    }
};

Result<std::vector<InputSpike>> read_sonata(const std::string& path, const chip::AnalogImage& image) {
    const auto file = files::Hdf5Reader::open(path);
    if (!file) {
        return tl::unexpected(file.error());
    }
    const auto groups = file->members("/spikes");
    if (!groups) {
        return tl::unexpected(groups.error());
    }
    Checked checked{.image = image};
    for (const files::Hdf5Member& group : *groups) {
        const std::string place = "/spikes/" + group.name;
        const auto times = file->read<double>(place + "/timestamps");
        const auto ids = file->read<std::uint64_t>(place + "/node_ids");
        if (!times || !ids) {
            return tl::unexpected(times ? ids.error() : times.error());
        }
        if (times->values.size() != ids->values.size()) {
            return fail({.where = file->where(place),
                         .found = fmt::format("{} times and {} node ids", times->values.size(), ids->values.size()),
                         .allowed = "as many of both",
                         .help = {}});
        }
        const chip::AnalogInput* input = find_input(image, groups->size() == 1 ? "" : group.name);
        input = find_input(image, group.name) != nullptr ? find_input(image, group.name) : input;
        for (std::size_t i = 0; i < times->values.size(); ++i) {
            checked.add(fmt::format("{}, spike {}", file->where(place), i), times->values[i] / 1000, input,
                        static_cast<double>(ids->values[i]));
        }
    }
    return checked.take();
}

}  // namespace

Result<std::vector<InputSpike>> parse_timed_csv(std::string_view text, const std::string& origin,
                                                const chip::AnalogImage& image) {
    Checked checked{.image = image};
    bool first = true;
    for (std::size_t line_number = 1; !text.empty(); ++line_number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty()) {
            continue;
        }
        const std::size_t comma = line.find(',');
        const std::size_t last = line.rfind(',');
        const auto time = number(trimmed(line.substr(0, comma)));
        const auto channel = last == std::string_view::npos ? std::nullopt : number(trimmed(line.substr(last + 1)));
        const bool is_header = std::exchange(first, false) && !time && !channel;
        if (is_header) {
            continue;
        }
        const std::string where = fmt::format("{}:{}", origin, line_number);
        if (!time || !channel) {
            checked.findings.add({.where = where,
                                  .found = fmt::format("'{}'", line.substr(0, 60)),
                                  .allowed = "time_s,channel or time_s,input,channel",
                                  .help = {}});
            continue;
        }
        const std::string_view name = last == comma ? "" : trimmed(line.substr(comma + 1, last - comma - 1));
        checked.add(where, *time, find_input(image, name), *channel);
    }
    return checked.take();
}

Result<std::vector<InputSpike>> read_timed_stimulus(const std::string& path, const chip::AnalogImage& image) {
    if (!path.ends_with(".csv")) {
        auto bytes = read_isolated(path, [&]() -> Result<std::string> {
            return read_sonata(path, image).map([](const std::vector<InputSpike>& spikes) {
                std::string told;
                for (const InputSpike& spike : spikes) {
                    told.append(reinterpret_cast<const char*>(&spike.time), sizeof spike.time);
                    told.append(reinterpret_cast<const char*>(&spike.input), sizeof spike.input);
                }
                return told;
            });
        });
        if (!bytes) {
            return tl::unexpected(std::move(bytes.error()));
        }
        constexpr std::size_t width = sizeof(double) + sizeof(std::uint32_t);
        Checked checked{.image = image};
        for (std::size_t at = 0; at + width <= bytes->size(); at += width) {
            InputSpike spike;
            std::memcpy(&spike.time, bytes->data() + at, sizeof spike.time);
            std::memcpy(&spike.input, bytes->data() + at + sizeof spike.time, sizeof spike.input);
            if (spike.time >= 0 && spike.input < image.channels()) {
                checked.spikes.push_back(spike);
            }
        }
        return checked.take();
    }
    const auto bytes = files::read_bytes(path, std::uint64_t{1} << 30);
    if (!bytes) {
        return tl::unexpected(bytes.error());
    }
    return parse_timed_csv(std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()), path, image);
}

}  // namespace spikeloom::runtime
