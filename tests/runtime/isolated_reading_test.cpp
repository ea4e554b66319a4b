#include "runtime/isolated_reading.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>

#include "support/temporary_folder.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;

TEST_CASE("a result survives the way out of the child, bytes and diagnostics alike") {
    const std::string bytes("a\0:b", 4);
    CHECK(decode_result(encode_result(bytes)).value().value() == bytes);
    const Diagnostics findings{{.where = "run.h5:/x", .found = "3:nothing", .allowed = "", .help = "write it again"},
                               {.severity = Severity::warning, .where = "", .found = "w"}};
    const auto back = decode_result(encode_result(fail(findings)));
    REQUIRE(back.has_value());
    REQUIRE_FALSE(back->has_value());
    CHECK(to_text(back->error()) == to_text(findings));
    CHECK(back->error()[1].severity == Severity::warning);
}

TEST_CASE("what a fallen child left behind is not believed") {
    for (const char* nonsense : {"", "x", "f", "f0", "f01:a", "f9", "f0999999:a", "f0:a1:b1:c1:d",
                                 "f018446744073709551615:a", "f11:a1:b0:0:"}) {
        CAPTURE(nonsense);
        CHECK_FALSE(decode_result(nonsense).has_value());
    }
}

TEST_CASE("a reader that falls is a diagnostic at the file") {
    const auto fallen = read_isolated("broken.h5", []() -> Result<std::string> {
        std::raise(SIGSEGV);
        return std::string();
    });
    REQUIRE_FALSE(fallen.has_value());
    CHECK(to_text(fallen.error()).find("broken.h5: error: the file is corrupt: the HDF5 library crashed") == 0);
    CHECK(read_isolated("x", [] { return Result<std::string>("fine"); }) == "fine");
}

TEST_CASE("a recording that is none is told as such, not as a crash") {
    const test::TemporaryFolder folder;
    std::ofstream(folder("text.h5")) << "not HDF5 at all";
    const auto printed = print_recording(folder("text.h5"), [](const Report&) { return std::string("printed"); });
    REQUIRE_FALSE(printed.has_value());
    CHECK(to_text(printed.error()).find("corrupt") == std::string::npos);
}
