#include "runtime/analog/timed_set.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>

#include "core/files/idx.hpp"
#include "core/files/npy.hpp"
#include "runtime/findings.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::size_t most_values = std::size_t{1} << 30;
constexpr double most_label = 65535;

struct Part {
    files::Array array;
    std::string origin;  ///< file, or file:array
};

struct Parts {
    Part inputs;
    Part labels;
    TimedSet::Holds holds = TimedSet::Holds::values;
};

/// The one array of these names; nothing where there is none.
template <std::size_t Names>
Result<std::optional<Part>> pick(const files::NamedArrays& archive, const std::array<const char*, Names>& names,
                                 const std::string& path) {
    std::optional<Part> picked;
    for (const char* name : names) {
        const files::Array* array = files::find_array(archive, name);
        if (array != nullptr && picked) {
            return fail({.where = path,
                         .found = fmt::format("both {} and {}:{}", picked->origin, path, name),
                         .allowed = "one of them",
                         .help = {}});
        }
        if (array != nullptr) {
            picked = Part{*array, fmt::format("{}:{}", path, name)};
        }
    }
    return picked;
}

Result<Parts> from_archive(const std::string& path, bool with_labels) {
    constexpr std::array inputs{"inputs", "x", "data", "images", "times", "times_s"};
    constexpr std::array labels{"labels", "y", "targets"};
    const auto archive = files::read_npz(path);
    if (!archive) {
        return tl::unexpected(archive.error());
    }
    auto values = pick(*archive, inputs, path);
    auto answers = with_labels ? pick(*archive, labels, path) : Result<std::optional<Part>>(Part{});
    for (const auto* part : {&values, &answers}) {
        if (!*part) {
            return tl::unexpected(part->error());
        }
        if (!**part) {
            std::vector<std::string> present;
            for (const auto& [name, array] : *archive) {
                present.push_back(name);
            }
            return fail({.where = path,
                         .found = fmt::format("no array of a known name among '{}'", fmt::join(present, ", ")),
                         .allowed = part == &values ? fmt::format("{}", fmt::join(inputs, ", "))
                                                    : fmt::format("{}", fmt::join(labels, ", ")),
                         .help = "save with numpy.savez(file, inputs=x, labels=y)"});
        }
    }
    Parts parts{std::move(**values), std::move(**answers)};
    if (parts.inputs.origin.ends_with(":times")) {
        parts.holds = TimedSet::Holds::time_units;
    } else if (parts.inputs.origin.ends_with(":times_s")) {
        parts.holds = TimedSet::Holds::seconds;
    }
    return parts;
}

Result<Part> read_part(const std::string& path) {
    auto array = path.ends_with(".npy") ? files::read_npy(path) : files::read_idx(path);
    if (!array) {
        return tl::unexpected(std::move(array.error()));
    }
    return Part{std::move(*array), path};
}

/// "t10k-images-idx3-ubyte.gz" -> "t10k-labels-idx1-ubyte.gz"; empty where the name doesn't say.
std::string labels_beside(const std::string& path) {
    for (const auto& [from, to] :
         {std::pair<std::string, std::string>{"images-idx3", "labels-idx1"}, {"images.idx3", "labels.idx1"}}) {
        const std::size_t at = path.rfind(from);
        if (at != std::string::npos) {
            return path.substr(0, at) + to + path.substr(at + from.size());
        }
    }
    return "";
}

Result<Parts> read_parts(const std::string& path, const std::string& labels_path) {
    Parts parts;
    std::string labels = labels_path;
    if (path.ends_with(".npz")) {
        auto read = from_archive(path, labels_path.empty());
        if (!read || labels_path.empty()) {
            return read;
        }
        parts = std::move(*read);
    } else {
        auto inputs = read_part(path);
        if (!inputs) {
            return tl::unexpected(std::move(inputs.error()));
        }
        parts.inputs = std::move(*inputs);
        labels = labels.empty() ? labels_beside(path) : labels;
    }
    if (labels.empty()) {
        return fail({.where = path,
                     .found = "no labels",
                     .allowed = "a file of labels named by --labels, or (idx) as the images with labels-idx1",
                     .help = {}});
    }
    auto read = read_part(labels);
    if (!read) {
        return tl::unexpected(std::move(read.error()));
    }
    parts.labels = std::move(*read);
    return parts;
}

Result<void> check_shapes(const Parts& parts) {
    const std::vector<std::size_t>& shape = parts.inputs.array.shape;
    const std::size_t size = parts.inputs.array.size();
    if (shape.size() < 2 || size == 0 || size > most_values ||
        size / shape[0] > std::numeric_limits<std::uint32_t>::max()) {
        return fail({.where = parts.inputs.origin,
                     .found = fmt::format("an array of shape {}", files::shape_text(shape)),
                     .allowed = fmt::format("samples x channels, at most {} values", most_values),
                     .help = {}});
    }
    if (parts.labels.array.shape != std::vector<std::size_t>{shape[0]}) {
        return fail({.where = parts.labels.origin,
                     .found = fmt::format("labels of shape {} for {} samples",
                                          files::shape_text(parts.labels.array.shape), shape[0]),
                     .allowed = fmt::format("one integer a sample: {}", shape[0]),
                     .help = "one-hot labels become integers by numpy's argmax(axis=1)"});
    }
    return {};
}

void take_values(const Parts& parts, TimedSet& set, Findings& findings) {
    const files::Array& array = parts.inputs.array;
    set.values = array.reals();
    const bool values = set.holds == TimedSet::Holds::values;
    const bool bytes = array.kind == files::ElementKind::unsigned_integer && array.item_bytes == 1;
    if (values && bytes && *std::max_element(set.values.begin(), set.values.end()) > 1) {
        for (double& value : set.values) {
            value = static_cast<double>(static_cast<float>(value) / 255.0F);
        }
        return;
    }
    for (std::size_t i = 0; i < set.values.size(); ++i) {
        const double value = set.values[i];
        if (!(value >= 0) || (values && value > 1)) {
            findings.add({.where = parts.inputs.origin,
                          .found = fmt::format("{} {} in sample {}, element {}", values ? "value" : "time", value,
                                               i / set.channels, i % set.channels),
                          .allowed = values ? "0 to 1, or bytes 0 to 255" : "0 or more; inf: no spike",
                          .help = values ? "if they are spike times: --data-holds times (time units) or seconds" : ""});
        }
    }
}

void take_labels(const Parts& parts, TimedSet& set, Findings& findings) {
    for (std::size_t i = 0; i < set.samples; ++i) {
        const double label = parts.labels.array.real(i);
        if (!(label >= 0 && label <= most_label) || label != std::floor(label)) {
            findings.add({.where = parts.labels.origin,
                          .found = fmt::format("label {} of sample {}", label, i),
                          .allowed = fmt::format("an integer 0..{}", most_label),
                          .help = {}});
            continue;
        }
        set.labels.push_back(static_cast<std::int32_t>(label));
    }
}

}  // namespace

Result<TimedSet> read_timed_set(const std::string& path, const std::string& labels_path,
                                std::optional<TimedSet::Holds> holds) {
    const auto parts = read_parts(path, labels_path);
    if (!parts) {
        return tl::unexpected(parts.error());
    }
    if (const auto shapes = check_shapes(*parts); !shapes) {
        return tl::unexpected(shapes.error());
    }
    TimedSet set;
    set.name = std::filesystem::path(path).filename().string();
    set.samples = parts->inputs.array.shape[0];
    set.channels = parts->inputs.array.size() / set.samples;
    set.holds = holds.value_or(parts->holds);
    Findings findings;
    take_values(*parts, set, findings);
    take_labels(*parts, set, findings);
    return findings.or_value(std::move(set));
}

}  // namespace spikeloom::runtime
