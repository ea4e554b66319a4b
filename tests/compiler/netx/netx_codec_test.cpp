#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "compiler/netx/netx_reader.hpp"

namespace spikeloom::compiler {
namespace {

TEST_CASE("what the child tells is decoded as it was, and never trusted") {
    NetxFile file{.origin = "x.net",
                  .layers = {},
                  .simulation = {.path = "/simulation", .arrays = {}, .texts = {}},
                  .remarks = {}};
    file.layers.push_back({.number = 0,
                           .type = "dense",
                           .group = {.path = "/layer/0", .arrays = {{"weight", {{1, 2}, {3, 4}}}}, .texts = {}},
                           .neuron = NetxGroup{.path = "/n", .arrays = {}, .texts = {{"type", "CUBA"}}}});
    const std::string bytes = encode_netx(file);
    const auto decoded = decode_netx(bytes);
    REQUIRE(decoded.has_value());
    REQUIRE(decoded->has_value());
    CHECK(**decoded == file);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        CHECK_FALSE(decode_netx(std::string_view(bytes).substr(0, length)).has_value());
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::string bent = bytes;
        bent[at] = static_cast<char>(bent[at] ^ 0x11);
        const auto other = decode_netx(bent);
        if (other && other->has_value()) {
            static_cast<void>(import_netx(**other));  // any answer but a crash
        }
    }
}

}  // namespace
}  // namespace spikeloom::compiler
