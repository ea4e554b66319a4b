#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "runtime/findings.hpp"
#include "runtime/stimulus_files.hpp"

namespace spikeloom::runtime {
namespace {

/// Where a port's raster lies in an array: T rows of N from element `offset`.
struct Raster {
    std::uint64_t offset = 0;
    std::uint64_t rows = 0;
};

std::uint64_t product_from(const std::vector<std::size_t>& shape, std::size_t dimension) {
    // no overflow: the array's bytes are there
    std::uint64_t product = 1;
    for (std::size_t d = dimension; d < shape.size(); ++d) {
        product *= shape[d];
    }
    return product;
}

/// T x N (N flat or as a shape), or S x T x N with a sample chosen; says what the port wants otherwise.
Result<Raster> find_raster(const files::Array& array, const std::string& where, std::optional<std::uint64_t> sample,
                           const chip::InputSymbol& port) {
    const auto& shape = array.shape;
    const auto wrong = [&](std::string found, std::string help) {
        return fail({.where = where,
                     .found = std::move(found),
                     .allowed = fmt::format("{} wants steps x {}, or samples x steps x {}", port_text(port),
                                            port.size(), port.size()),
                     .help = std::move(help)});
    };
    const bool empty = std::find(shape.begin(), shape.end(), 0U) != shape.end();
    if (empty) {
        return wrong(fmt::format("an empty array of shape {}", files::shape_text(shape)), "");
    }
    const bool one = shape.size() >= 2 && product_from(shape, 1) == port.size();
    const bool many = shape.size() >= 3 && product_from(shape, 2) == port.size();
    if (sample && many) {
        if (*sample >= shape[0]) {
            return wrong(fmt::format("no sample {} among {}", *sample, shape[0]),
                         fmt::format("samples are 0..{}", shape[0] - 1));
        }
        return Raster{*sample * shape[1] * port.size(), shape[1]};
    }
    if (one && !sample) {
        return Raster{0, shape[0]};
    }
    const std::string found = fmt::format("an array of shape {}", files::shape_text(shape));
    if (many) {
        return wrong(found, fmt::format("choose a sample: write #0 to #{} behind the file's name", shape[0] - 1));
    }
    if (sample && one) {
        return wrong(found, "the array holds one sample: leave out #" + std::to_string(*sample));
    }
    const bool transposed = shape.size() == 2 && shape[0] == port.size();
    return wrong(found, transposed ? "the array seems to be channels x steps: transpose it" : "");
}

/// Into a graded port, the array holds what its spikes carry.
void append_raster(const files::Array& array, const Raster& raster, std::uint32_t port, const chip::InputSymbol& symbol,
                   const std::string& where, EventList& list, Findings& findings) {
    constexpr double most_payload = (1U << 23) - 1;
    const std::uint64_t channels = symbol.size();
    for (std::uint64_t step = 0; step < raster.rows; ++step) {
        for (std::uint64_t channel = 0; channel < channels; ++channel) {
            const double value = array.real(raster.offset + step * channels + channel);
            if (symbol.graded && std::abs(value) <= most_payload && std::trunc(value) == value) {
                if (value != 0) {
                    list.events.push_back(
                        {step, port, static_cast<std::uint32_t>(channel), static_cast<std::int32_t>(value)});
                }
            } else if (value == 1 && !symbol.graded) {
                list.events.push_back({step, port, static_cast<std::uint32_t>(channel)});
            } else if (value != 0) {
                findings.add({.where = where,
                              .found = fmt::format("value {} at step {}, channel {}", value, step, channel),
                              .allowed = symbol.graded ? "whole numbers of 24 bits with the sign"
                                                       : "0 or 1: a channel spikes at most once a step",
                              .help = symbol.graded ? "" : "values between are for `spikeloom eval --encode`"});
            }
        }
    }
    list.steps = std::max(list.steps, raster.rows);
}

/// The port that the array drives: by its name, or the only one for the only array.
std::optional<std::uint32_t> port_of(const std::string& name, std::size_t arrays, const chip::Image& image) {
    for (std::uint32_t port = 0; port < image.inputs.size(); ++port) {
        if (image.inputs[port].name == name) {
            return port;
        }
    }
    return arrays == 1 && image.inputs.size() == 1 ? std::optional<std::uint32_t>(0) : std::nullopt;
}

}  // namespace

std::string port_text(const chip::InputSymbol& port) {
    return fmt::format("port '{}' ({} channels)", port.name, port.size());
}

std::string ports_text(const chip::Image& image) {
    std::string text;
    for (std::size_t i = 0; i < image.inputs.size(); ++i) {
        text += (i == 0 ? "" : ", ") + port_text(image.inputs[i]);
    }
    return text;
}

Result<EventList> raster_events(const files::NamedArrays& arrays, const std::string& origin,
                                std::optional<std::uint64_t> sample, const chip::Image& image) {
    EventList list;
    Findings findings;
    if (arrays.empty()) {
        findings.add({.where = origin, .found = "the archive is empty", .allowed = ports_text(image), .help = {}});
    }
    for (const auto& [name, array] : arrays) {
        const std::string where = name.empty() ? origin : fmt::format("{}:{}", origin, name);
        const auto port = port_of(name, arrays.size(), image);
        if (!port) {
            const bool labelled = files::find_array(arrays, "labels") != nullptr;
            findings.add({.where = where,
                          .found = name.empty() ? "one raster for several ports" : "no port has this array's name",
                          .allowed = ports_text(image),
                          .help = labelled ? "this is a labelled set: run it with `spikeloom eval --data`"
                                           : "save one array a port with numpy.savez(file, port=raster)"});
            continue;
        }
        const auto raster = find_raster(array, where, sample, image.inputs[*port]);
        if (!raster) {
            findings.add(raster.error());
            continue;
        }
        append_raster(array, *raster, *port, image.inputs[*port], where, list, findings);
    }
    return findings.or_value(std::move(list));
}

}  // namespace spikeloom::runtime
