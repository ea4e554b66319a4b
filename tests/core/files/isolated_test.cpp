#include "core/files/isolated.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <stdexcept>

namespace spikeloom::files {
namespace {

TEST_CASE("a child answers with bytes, however many") {
    const std::string bytes(3'000'000, 'x');
    CHECK(run_isolated([&] { return bytes; }).value() == bytes);
    CHECK(run_isolated([] { return std::string(); }).value().empty());
}

TEST_CASE("a child that falls is told of, and leaves the caller standing") {
    int here = 1;
    const auto crashed = run_isolated([&]() -> std::string {
        here = 2;
        std::raise(SIGSEGV);
        return "";
    });
    REQUIRE_FALSE(crashed.has_value());
    CHECK(crashed.error().starts_with("crashed"));
    CHECK(here == 1);
    const auto threw = run_isolated([]() -> std::string { throw std::runtime_error("x"); });
    CHECK(threw.error() == "ran out of memory");
}

TEST_CASE("a child that never ends is ended") {
    volatile bool forever = true;
    const auto endless = run_isolated(
        [&] {
            while (forever) {
            }
            return std::string();
        },
        {.cpu_seconds = 1});
    REQUIRE_FALSE(endless.has_value());
    CHECK(endless.error() == "did not end within 1 s");
}

}  // namespace
}  // namespace spikeloom::files
