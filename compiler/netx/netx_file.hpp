// A lava-dl netx file (.net, HDF5; ECOSYSTEM facts 2) as a value: its layers in order, every one with its type and all
// its numbers by name, nothing interpreted. parse_netx reads it; encode_netx and decode_netx carry it from the child
// process that runs the HDF5 library (core/files/hdf5_isolated.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/files/hdf5.hpp"

namespace spikeloom::compiler {

/// The product of the shape is the number of values; every value is finite.
struct NetxArray {
    std::vector<std::uint64_t> shape;  ///< empty: a scalar
    std::vector<double> values;        ///< C order
    friend bool operator==(const NetxArray&, const NetxArray&) = default;
};

/// The datasets of one group: numbers, and texts (a type, an activation).
struct NetxGroup {
    std::string path{};                         ///< "/layer/3/neuron"
    std::map<std::string, NetxArray> arrays{};  ///< "weight", "weight/real", "vThMant"
    std::map<std::string, std::string> texts{};

    [[nodiscard]] const NetxArray* find(const std::string& name) const {
        const auto found = arrays.find(name);
        return found == arrays.end() ? nullptr : &found->second;
    }
    [[nodiscard]] std::string text(const std::string& name) const {
        const auto found = texts.find(name);
        return found == texts.end() ? "" : found->second;
    }
    friend bool operator==(const NetxGroup&, const NetxGroup&) = default;
};

struct NetxLayer {
    std::uint64_t number = 0;  ///< "/layer/<number>"
    std::string type{};
    NetxGroup group{};
    std::optional<NetxGroup> neuron{};
    friend bool operator==(const NetxLayer&, const NetxLayer&) = default;
};

struct NetxFile {
    std::string origin;
    std::vector<NetxLayer> layers;  ///< ascending by number, at least one
    NetxGroup simulation;           ///< Ts, tSample, where the file has them
    Diagnostics remarks;
    friend bool operator==(const NetxFile&, const NetxFile&) = default;
};

[[nodiscard]] Result<NetxFile> parse_netx(const files::Hdf5Reader& file, const std::string& origin);

[[nodiscard]] std::string encode_netx(const Result<NetxFile>& file);
/// Nothing if the bytes are not what encode_netx makes.
[[nodiscard]] std::optional<Result<NetxFile>> decode_netx(std::string_view bytes);

}  // namespace spikeloom::compiler
