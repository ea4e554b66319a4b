// Netx files of a few layers, written and read: what the tests of the reader begin with.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/netx/netx_reader.hpp"
#include "support/netx_layers.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::compiler {

using test::NetxTestLayer;

inline Result<NetxImport> read_layers(const std::vector<NetxTestLayer>& layers, const NetxOptions& options = {},
                                      const std::function<void(files::Hdf5Writer&)>& more = {}) {
    const test::TemporaryFolder folder;
    const std::string path = folder("net.net");
    auto file = files::Hdf5Writer::create(path);
    REQUIRE(file.has_value());
    for (std::size_t i = 0; i < layers.size(); ++i) {
        test::netx::write_layer(*file, "/layer/" + std::to_string(i), layers[i]);
    }
    if (more) {
        more(*file);
    }
    REQUIRE(file->close().has_value());
    return read_netx(path, options);
}

inline NetxTestLayer dense(std::int64_t targets, std::int64_t sources, std::int32_t weight = 2) {
    return {.shape = {targets},
            .sources = sources,
            .weight = std::vector<std::int32_t>(static_cast<std::size_t>(targets * sources), weight)};
}

inline NetxTestLayer image(std::vector<std::int64_t> shape) {
    return {.type = "input", .shape = std::move(shape), .neuron = false};
}

inline NetxTestLayer convolution() {
    return {.type = "conv",
            .shape = {2, 3, 5},
            .weight = std::vector<std::int32_t>(2 * 3 * 2 * 2, 4),
            .kernel = {2, 2},
            .in_channels = 3};
}

inline bool settled(const NetxImport& import, const std::string& part) {
    return std::ranges::any_of(import.resolutions, [&](const Resolution& one) {
        return (one.topic + ": " + one.choice).find(part) != std::string::npos;
    });
}

inline void check_refused(const Result<NetxImport>& import, const std::string& part) {
    REQUIRE_FALSE(import.has_value());
    INFO(to_text(import.error()));
    INFO("looking for: ", part);
    CHECK(to_text(import.error()).find(part) != std::string::npos);
}

}  // namespace spikeloom::compiler
