#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <optional>

#include "core/files/idx.hpp"
#include "core/files/npy.hpp"
#include "runtime/findings.hpp"
#include "runtime/stimulus.hpp"
#include "runtime/stimulus_files.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::uint64_t most_sample_steps = std::uint64_t{1} << 24;

/// The two arrays of a set, wherever they came from.
struct Arrays {
    files::Array inputs;
    std::string inputs_name;
    files::Array labels;
    std::string labels_name;
    bool labelled = true;
    bool images = false;  ///< values, whatever the rank
    std::uint32_t coded_steps = 0;
    std::uint32_t coded_window = 0;
};

Result<const files::Array*> pick(const files::NamedArrays& arrays, std::initializer_list<const char*> names,
                                 const std::string& origin, std::string& picked) {
    const files::Array* found = nullptr;
    std::string list;
    for (const char* name : names) {
        list += (list.empty() ? "" : ", ") + std::string(name);
        if (const files::Array* array = files::find_array(arrays, name)) {
            if (found != nullptr) {
                return fail({.where = origin,
                             .found = fmt::format("both '{}' and '{}'", picked, name),
                             .allowed = "one of them",
                             .help = {}});
            }
            found = array;
            picked = name;
        }
    }
    if (found == nullptr) {
        std::string present;
        for (const auto& [name, array] : arrays) {
            present += (present.empty() ? "" : ", ") + name;
        }
        return fail({.where = origin,
                     .found = fmt::format("no array of a known name among '{}'", present),
                     .allowed = list,
                     .help = "save with numpy.savez(file, inputs=x, labels=y)"});
    }
    return found;
}

Result<files::Array> read_any_array(const std::string& path) {
    return path.ends_with(".npy") ? files::read_npy(path) : files::read_idx(path);
}

/// "t10k-images-idx3-ubyte.gz" -> "t10k-labels-idx1-ubyte.gz"; empty where the name doesn't say.
std::string guess_labels(const std::string& path) {
    for (const auto& [from, to] :
         {std::pair<std::string, std::string>{"images-idx3", "labels-idx1"}, {"images.idx3", "labels.idx1"}}) {
        const std::size_t at = path.rfind(from);
        if (at != std::string::npos) {
            return path.substr(0, at) + to + path.substr(at + from.size());
        }
    }
    return "";
}

/// How the set wants to be coded: a positive integer of that name, 0 where there is none.
Result<std::uint32_t> pick_steps(const files::NamedArrays& archive, const char* name, const std::string& origin) {
    const files::Array* array = files::find_array(archive, name);
    if (array == nullptr) {
        return 0;
    }
    const double value = array->size() == 1 ? array->real(0) : 0;
    if (!array->is_integer() || !(value >= 1) || value > static_cast<double>(most_sample_steps)) {
        return fail({.where = fmt::format("{}:{}", origin, name),
                     .found = fmt::format("{} of type {}, value {}", files::shape_text(array->shape),
                                          files::type_text(*array), array->size() == 0 ? 0 : array->real(0)),
                     .allowed = "one integer, 1 to 2^24: steps",
                     .help = "it tells how long a coded sample lasts; leave it out if unsure"});
    }
    return static_cast<std::uint32_t>(value);
}

Result<Arrays> pick_arrays(const files::NamedArrays& archive, const std::string& origin, bool with_labels) {
    Arrays arrays;
    std::string name;
    const auto inputs = pick(archive, {"inputs", "x", "data", "images"}, origin, name);
    if (!inputs) {
        return tl::unexpected(inputs.error());
    }
    arrays.images = name == "images";
    arrays.inputs_name = fmt::format("{}:{}", origin, name);
    arrays.inputs = **inputs;
    const auto steps = pick_steps(archive, "steps", origin);
    const auto window = pick_steps(archive, "window", origin);
    for (const auto* coded : {&steps, &window}) {
        if (!*coded) {
            return tl::unexpected(coded->error());
        }
    }
    arrays.coded_steps = *steps;
    arrays.coded_window = *window;
    if (!with_labels) {
        return arrays;
    }
    const auto labels = pick(archive, {"labels", "y", "targets"}, origin, name);
    if (!labels) {
        return tl::unexpected(labels.error());
    }
    arrays.labels_name = fmt::format("{}:{}", origin, name);
    arrays.labels = **labels;
    return arrays;
}

Result<Arrays> read_unlabelled(const std::string& path) {
    Arrays arrays;
    if (path.ends_with(".npz")) {
        const auto archive = files::read_npz(path);
        if (!archive) {
            return tl::unexpected(archive.error());
        }
        auto picked = pick_arrays(*archive, path, false);
        if (!picked) {
            return picked;
        }
        arrays = std::move(*picked);
    } else {
        auto inputs = read_any_array(path);
        if (!inputs) {
            return tl::unexpected(inputs.error());
        }
        arrays.inputs = std::move(*inputs);
        arrays.inputs_name = path;
        arrays.images = true;
    }
    arrays.labelled = false;
    return arrays;
}

Result<Arrays> read_arrays(const std::string& path, const std::string& labels_path) {
    Arrays arrays;
    std::string labels = labels_path;
    if (path.ends_with(".npz")) {
        const auto archive = files::read_npz(path);
        if (!archive) {
            return tl::unexpected(archive.error());
        }
        auto read = pick_arrays(*archive, path, labels_path.empty());
        if (!read || labels_path.empty()) {
            return read;
        }
        arrays = std::move(*read);
    } else {
        auto inputs = read_any_array(path);
        if (!inputs) {
            return tl::unexpected(inputs.error());
        }
        arrays.inputs = std::move(*inputs);
        arrays.inputs_name = path;
        arrays.images = !path.ends_with(".npy");
        labels = labels.empty() ? guess_labels(path) : labels;
    }
    if (labels.empty()) {
        return fail({.where = path,
                     .found = "no labels",
                     .allowed = "a file of labels named as the images with labels-idx1, or named by --labels",
                     .help = {}});
    }
    auto read = read_any_array(labels);
    if (!read) {
        return tl::unexpected(read.error());
    }
    arrays.labels = std::move(*read);
    arrays.labels_name = labels;
    return arrays;
}

/// Samples, channels, steps from the shapes.
Result<void> set_shape(const Arrays& arrays, LabelledSet& set) {
    const auto& shape = arrays.inputs.shape;
    const bool values = shape.size() == 2 || (arrays.images && shape.size() > 2);
    const bool spikes = shape.size() == 3 && !arrays.images;
    if ((!values && !spikes) || arrays.inputs.size() == 0) {
        return fail({.where = arrays.inputs_name,
                     .found = fmt::format("an array of shape {}", files::shape_text(shape)),
                     .allowed = "samples x channels (values) or samples x steps x channels (spikes)",
                     .help = "name the array 'images' for values of more dimensions"});
    }
    set.samples = shape[0];
    set.steps = spikes ? shape[1] : 0;
    set.channels = arrays.inputs.size() / set.samples / std::max<std::size_t>(set.steps, 1);
    if (set.steps > most_sample_steps || set.channels > std::numeric_limits<std::uint32_t>::max()) {
        return fail({.where = arrays.inputs_name,
                     .found = fmt::format("{} steps of {} channels", set.steps, set.channels),
                     .allowed = "at most 2^24 steps and 2^32 - 1 channels",
                     .help = {}});
    }
    if (arrays.labelled && arrays.labels.shape != std::vector<std::size_t>{set.samples}) {
        return fail({.where = arrays.labels_name,
                     .found = fmt::format("labels of shape {} for {} samples", files::shape_text(arrays.labels.shape),
                                          set.samples),
                     .allowed = fmt::format("one integer a sample: {}", set.samples),
                     .help = "one-hot labels become integers by numpy's argmax(axis=1)"});
    }
    return {};
}

void take_values(const Arrays& arrays, LabelledSet& set, Findings& findings) {
    set.values = arrays.inputs.floats();
    const bool bytes = arrays.inputs.kind == files::ElementKind::unsigned_integer && arrays.inputs.item_bytes == 1;
    const float largest = *std::max_element(set.values.begin(), set.values.end());
    if (bytes && set.steps == 0 && largest > 1) {
        for (float& value : set.values) {
            value /= 255.0F;
        }
        return;
    }
    const std::size_t size = set.values.size() / set.samples;
    for (std::size_t i = 0; i < set.values.size(); ++i) {
        const float value = set.values[i];
        const bool allowed = set.steps == 0 ? value >= 0 && value <= 1 : value == 0 || value == 1;
        if (!allowed) {
            findings.add({.where = arrays.inputs_name,
                          .found = fmt::format("value {} in sample {}, element {}", value, i / size, i % size),
                          .allowed = set.steps == 0 ? "0 to 1, or bytes 0 to 255" : "spikes: 0 or 1",
                          .help = {}});
        }
    }
}

void take_labels(const Arrays& arrays, LabelledSet& set, Findings& findings) {
    for (std::size_t i = 0; i < set.samples; ++i) {
        const double label = arrays.labels.real(i);
        const bool within = label >= 0 && label <= 65535;  // NaN is not
        if (!within || label != static_cast<double>(static_cast<std::int32_t>(label))) {
            findings.add({.where = arrays.labels_name,
                          .found = fmt::format("label {} of sample {}", label, i),
                          .allowed = "an integer 0..65535",
                          .help = {}});
            continue;
        }
        set.labels.push_back(static_cast<std::int32_t>(label));
    }
}

Result<LabelledSet> make_set(const Arrays& arrays, const std::string& path) {
    LabelledSet set;
    set.name = std::filesystem::path(path).filename().string();
    set.coded_steps = arrays.coded_steps;
    set.coded_window = arrays.coded_window;
    if (auto shaped = set_shape(arrays, set); !shaped) {
        return tl::unexpected(shaped.error());
    }
    Findings findings;
    take_values(arrays, set, findings);
    if (arrays.labelled) {
        take_labels(arrays, set, findings);
    }
    return findings.or_value(std::move(set));
}

}  // namespace

std::size_t LabelledSet::classes() const {
    return labels.empty() ? 0 : static_cast<std::size_t>(*std::max_element(labels.begin(), labels.end())) + 1;
}

Result<LabelledSet> labelled_set(const files::NamedArrays& archive, const std::string& origin) {
    const auto arrays = pick_arrays(archive, origin, true);
    return arrays ? make_set(*arrays, origin) : tl::unexpected(arrays.error());
}

Result<LabelledSet> read_unlabelled_set(const std::string& path) {
    const auto arrays = read_unlabelled(path);
    return arrays ? make_set(*arrays, path) : tl::unexpected(arrays.error());
}

Result<LabelledSet> read_labelled_set(const std::string& path, const std::string& labels_path) {
    const auto arrays = read_arrays(path, labels_path);
    return arrays ? make_set(*arrays, path) : tl::unexpected(arrays.error());
}

}  // namespace spikeloom::runtime
