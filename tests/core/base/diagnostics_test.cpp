#include "core/base/diagnostics.hpp"

#include <doctest/doctest.h>

using namespace spikeloom;

TEST_CASE("a diagnostic says where, what was found, what is allowed and what would help, on one line") {
    const Diagnostic full{.severity = Severity::error,
                          .where = "chip.textproto:12:3",
                          .found = "compartments is 0",
                          .allowed = "1 to 1048576",
                          .help = "give the number of neurons a core holds"};
    CHECK(to_text(full) ==
          "chip.textproto:12:3: error: compartments is 0; allowed: 1 to 1048576; help: give the number of neurons a "
          "core holds");
    CHECK(to_text(Diagnostic{.severity = Severity::note, .where = {}, .found = "rounded", .allowed = {}, .help = {}}) ==
          "note: rounded");
}

TEST_CASE("names from files can't steer a terminal, and a diagnostic is one line") {
    const Diagnostic hostile{.where = "a\nb", .found = "red \x1b[31m, \x7f", .allowed = "\t", .help = "Schicht ä"};
    CHECK(to_text(hostile) == "a\\x0ab: error: red \\x1b[31m, \\x7f; allowed: \\x09; help: Schicht ä");
}

TEST_CASE("warnings alone are no error") {
    Diagnostics all{{.severity = Severity::warning, .where = "a", .found = "b", .allowed = {}, .help = {}}};
    CHECK_FALSE(has_error(all));
    all.push_back({.severity = Severity::error, .where = "a", .found = "c", .allowed = {}, .help = {}});
    CHECK(has_error(all));
}
