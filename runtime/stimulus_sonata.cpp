#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/files/hdf5.hpp"
#include "runtime/findings.hpp"
#include "runtime/isolated_reading.hpp"
#include "runtime/stimulus_files.hpp"

namespace spikeloom::runtime {
namespace {

/// Spikes of one population in the file.
struct Train {
    std::string name;  ///< empty: the dialects without groups
    std::string times_path;
    std::string ids_path;
};

Result<std::vector<Train>> find_trains(const files::Hdf5Reader& file, const std::string& population) {
    const auto members = file.members("/spikes");
    if (!members) {
        return fail({.where = file.where("/spikes"),
                     .found = "no SONATA spikes in the file",
                     .allowed = "/spikes/<population>/{timestamps, node_ids}",
                     .help = {}});
    }
    std::vector<Train> trains;
    if (file.kind("/spikes/timestamps") == files::Hdf5Kind::dataset) {
        const bool old = file.has("/spikes/gids");
        trains.push_back({"", "/spikes/timestamps", old ? "/spikes/gids" : "/spikes/node_ids"});
        return trains;
    }
    std::string names;
    for (const files::Hdf5Member& member : *members) {
        if (member.kind != files::Hdf5Kind::group) {
            continue;
        }
        names += (names.empty() ? "" : ", ") + member.name;
        if (population.empty() || member.name == population) {
            const std::string path = "/spikes/" + member.name;
            trains.push_back({member.name, path + "/timestamps", path + "/node_ids"});
        }
    }
    if (trains.empty()) {
        return fail({.where = file.where("/spikes"),
                     .found = population.empty() ? "no population" : fmt::format("no population '{}'", population),
                     .allowed = names.empty() ? "/spikes/<population>/{timestamps, node_ids}" : names,
                     .help = {}});
    }
    return trains;
}

/// Milliseconds of the times' unit; the standard's is ms, and older files say nothing.
Result<double> unit_in_ms(const files::Hdf5Reader& file, const std::string& path) {
    if (!file.has_attribute(path, "units")) {
        return 1.0;
    }
    const auto text = file.attribute_text(path, "units");
    if (!text) {
        return tl::unexpected(text.error());
    }
    if (*text == "ms" || *text == "milliseconds") {
        return 1.0;
    }
    if (*text == "s" || *text == "seconds") {
        return 1000.0;
    }
    if (*text == "us" || *text == "microseconds") {
        return 1e-3;
    }
    return fail({.where = file.where(path) + "@units",
                 .found = fmt::format("times in '{}'", *text),
                 .allowed = "ms, s, us",
                 .help = {}});
}

std::optional<std::uint32_t> port_of(const Train& train, std::size_t trains, const chip::Image& image) {
    for (std::uint32_t port = 0; port < image.inputs.size(); ++port) {
        if (image.inputs[port].name == train.name) {
            return port;
        }
    }
    return trains == 1 && image.inputs.size() == 1 ? std::optional<std::uint32_t>(0) : std::nullopt;
}

/// The step in which a time lies. A time within a millionth of a step's start belongs to it: k * step in floating
/// point may fall short of the k-th step.
std::optional<std::uint64_t> step_of(double time_ms, double step_ms) {
    const double steps = time_ms / step_ms;
    const bool within = steps >= 0 && steps < static_cast<double>(most_steps);  // NaN is not
    if (!within) {
        return std::nullopt;
    }
    const double nearest = std::round(steps);
    return static_cast<std::uint64_t>(std::abs(steps - nearest) < 1e-6 ? nearest : std::floor(steps));
}

Result<void> append_train(const files::Hdf5Reader& file, const Train& train, std::uint32_t port,
                          const chip::Image& image, EventList& list, Findings& findings) {
    const auto times = file.read<double>(train.times_path);
    if (!times) {
        return tl::unexpected(times.error());
    }
    const auto ids = file.read<std::int64_t>(train.ids_path);
    if (!ids) {
        return tl::unexpected(ids.error());
    }
    const auto unit = unit_in_ms(file, train.times_path);
    if (!unit) {
        return tl::unexpected(unit.error());
    }
    if (times->values.size() != ids->values.size()) {
        return fail({.where = file.where(train.times_path),
                     .found = fmt::format("{} times for {} node ids", times->values.size(), ids->values.size()),
                     .allowed = "one time a node id",
                     .help = {}});
    }
    const std::int64_t channels = image.inputs[port].size();
    for (std::size_t i = 0; i < times->values.size(); ++i) {
        const double time_ms = times->values[i] * *unit;
        const auto step = step_of(time_ms, image.step_s * 1000);
        if (!step) {
            findings.add({.where = fmt::format("{}[{}]", file.where(train.times_path), i),
                          .found = fmt::format("a spike at {} ms", time_ms),
                          .allowed = "times from 0 on, below 2^40 steps",
                          .help = {}});
        } else if (ids->values[i] < 0 || ids->values[i] >= channels) {
            findings.add({.where = fmt::format("{}[{}]", file.where(train.ids_path), i),
                          .found = fmt::format("node id {}", ids->values[i]),
                          .allowed = channels == 0
                                         ? "none: the port is empty"
                                         : fmt::format("0..{} of {}", channels - 1, port_text(image.inputs[port])),
                          .help = {}});
        } else {
            list.events.push_back({*step, port, static_cast<std::uint32_t>(ids->values[i])});
            list.steps = std::max(list.steps, *step + 1);
        }
    }
    return {};
}

Result<EventList> read_events(const std::string& path, const std::string& population, const chip::Image& image) {
    const auto file = files::Hdf5Reader::open(path);
    if (!file) {
        return tl::unexpected(file.error());
    }
    const auto trains = find_trains(*file, population);
    if (!trains) {
        return tl::unexpected(trains.error());
    }
    EventList list;
    Findings findings;
    for (const Train& train : *trains) {
        const auto port = port_of(train, trains->size(), image);
        if (!port) {
            findings.add({.where = file->where(train.name.empty() ? "/spikes" : "/spikes/" + train.name),
                          .found = train.name.empty() ? "one population without a name for several ports"
                                                      : "no port has this population's name",
                          .allowed = ports_text(image),
                          .help = "name the populations as the ports, or choose one: FILE.h5#POPULATION"});
            continue;
        }
        if (auto appended = append_train(*file, train, *port, image, list, findings); !appended) {
            findings.add(appended.error());
        }
    }
    return findings.or_value(std::move(list));
}

// ---- from the child process that reads the file ----

constexpr std::size_t event_bytes = 16;

template <class T>
void put(std::string& out, T value) {
    std::array<char, sizeof(T)> bytes{};
    std::memcpy(bytes.data(), &value, sizeof(T));
    out.append(bytes.data(), bytes.size());
}
template <class T>
T take(std::string_view bytes, std::size_t at) {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    return value;
}

std::string encode(const EventList& list) {
    std::string bytes;
    bytes.reserve(sizeof(std::uint64_t) + event_bytes * list.events.size());
    put(bytes, list.steps);
    for (const SpikeEvent& event : list.events) {
        put(bytes, event.step);
        put(bytes, event.port);
        put(bytes, event.channel);
    }
    return bytes;
}

/// Nothing where an event can't be one of the image's.
std::optional<EventList> decode(std::string_view bytes, const chip::Image& image) {
    constexpr std::size_t head = sizeof(std::uint64_t);
    if (bytes.size() < head || (bytes.size() - head) % event_bytes != 0) {
        return std::nullopt;
    }
    EventList list;
    list.steps = take<std::uint64_t>(bytes, 0);
    list.events.reserve((bytes.size() - head) / event_bytes);
    for (std::size_t at = head; at < bytes.size(); at += event_bytes) {
        const SpikeEvent event{take<std::uint64_t>(bytes, at), take<std::uint32_t>(bytes, at + 8),
                               take<std::uint32_t>(bytes, at + 12)};
        if (event.step >= list.steps || event.port >= image.inputs.size() ||
            event.channel >= image.inputs[event.port].size()) {
            return std::nullopt;
        }
        list.events.push_back(event);
    }
    return list.steps <= most_steps ? std::optional(std::move(list)) : std::nullopt;
}

}  // namespace

Result<EventList> read_sonata_events(const std::string& path, const std::string& population, const chip::Image& image) {
    const auto bytes = read_isolated(path, [&]() -> Result<std::string> {
        const auto list = read_events(path, population, image);
        return list ? Result<std::string>(encode(*list)) : fail(list.error());
    });
    if (!bytes) {
        return fail(bytes.error());
    }
    auto list = decode(*bytes, image);
    if (!list) {
        return fail({.where = path, .found = "the file is corrupt: the HDF5 library read nonsense from it"});
    }
    return std::move(*list);
}

}  // namespace spikeloom::runtime
