#include "runtime/neuron_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "core/files/hdf5.hpp"
#include "runtime/isolated_reading.hpp"

namespace spikeloom::runtime {

namespace {

constexpr std::int32_t largest_label = 65535;  // as in labelled sets

}  // namespace

std::vector<std::int32_t> assign_labels(std::span<const std::int32_t> labels, std::span<const std::uint32_t> spikes,
                                        std::size_t neurons) {
    std::vector<std::int32_t> classes(labels.begin(), labels.end());
    std::sort(classes.begin(), classes.end());
    classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
    std::vector<double> samples(classes.size(), 0.0);
    std::vector<double> sums(classes.size() * neurons, 0.0);
    for (std::size_t s = 0; s < labels.size(); ++s) {
        const auto found = std::lower_bound(classes.begin(), classes.end(), labels[s]);
        const auto row = static_cast<std::size_t>(found - classes.begin());
        samples[row] += 1;
        for (std::size_t neuron = 0; neuron < neurons; ++neuron) {
            sums[row * neurons + neuron] += spikes[s * neurons + neuron];
        }
    }
    std::vector<std::int32_t> assigned(neurons, -1);
    for (std::size_t neuron = 0; neuron < neurons; ++neuron) {
        double most = 0;
        for (std::size_t row = 0; row < classes.size(); ++row) {
            const double mean = sums[row * neurons + neuron] / samples[row];
            if (mean > most) {
                most = mean;
                assigned[neuron] = classes[row];
            }
        }
    }
    return assigned;
}

namespace {

Result<std::vector<std::int32_t>> read_labels(const std::string& recording) {
    const auto file = files::Hdf5Reader::open(recording);
    if (!file) {
        return tl::unexpected(file.error());
    }
    if (!file->has("/eval/label") || !file->has("/eval/output_spikes")) {
        return fail({.where = recording,
                     .found = "no labelled samples",
                     .allowed = "a recording of `spikeloom eval`, with output spikes",
                     .help = {}});
    }
    const auto labels = file->read<std::int32_t>("/eval/label");
    const auto spikes = file->read<std::uint32_t>("/eval/output_spikes");
    if (!labels || !spikes) {
        return tl::unexpected(!labels ? labels.error() : spikes.error());
    }
    if (spikes->shape.size() != 2 || spikes->shape[0] != labels->values.size()) {
        return fail({.where = file->where("/eval/output_spikes"),
                     .found = fmt::format("{} numbers for {} labels", spikes->values.size(), labels->values.size()),
                     .allowed = "one row a label",
                     .help = {}});
    }
    const auto wrong = std::find_if(labels->values.begin(), labels->values.end(),
                                    [](std::int32_t label) { return label < 0 || label > largest_label; });
    if (wrong != labels->values.end()) {
        return fail({.where = file->where("/eval/label"),
                     .found = fmt::format("label {}", *wrong),
                     .allowed = fmt::format("0..{}", largest_label),
                     .help = {}});
    }
    auto assigned = assign_labels(labels->values, spikes->values, spikes->shape[1]);
    if (std::all_of(assigned.begin(), assigned.end(), [](std::int32_t label) { return label < 0; })) {
        return fail({.where = file->where("/eval/output_spikes"),
                     .found = "no output spike in any sample",
                     .allowed = "neurons that spike, so that they can stand for a class",
                     .help = {}});
    }
    return assigned;
}

}  // namespace

Result<std::vector<std::int32_t>> read_neuron_labels(const std::string& recording) {
    const auto bytes = read_isolated(recording, [&]() -> Result<std::string> {
        const auto labels = read_labels(recording);
        if (!labels) {
            return fail(labels.error());
        }
        const auto raw = std::as_bytes(std::span(*labels));
        std::string copy(raw.size(), '\0');
        if (!raw.empty()) {
            std::memcpy(copy.data(), raw.data(), raw.size());
        }
        return copy;
    });
    if (!bytes) {
        return fail(bytes.error());
    }
    std::vector<std::int32_t> labels(bytes->size() / sizeof(std::int32_t));
    if (!labels.empty()) {
        std::memcpy(labels.data(), bytes->data(), labels.size() * sizeof(std::int32_t));
    }
    const bool sound = std::all_of(labels.begin(), labels.end(),
                                   [](std::int32_t label) { return label >= -1 && label <= largest_label; });
    if (!sound) {
        return fail({.where = recording, .found = "the file is corrupt: the HDF5 library read nonsense from it"});
    }
    return labels;
}

}  // namespace spikeloom::runtime
