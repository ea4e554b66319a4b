#include "tools/model_files.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "support/temporary_folder.hpp"

namespace spikeloom::tools {
namespace {

using namespace std::string_literals;

TEST_CASE("a file's kind follows from its content, whatever its name") {
    const test::TemporaryFolder folder;
    const auto kind_of = [&](const std::string& content) {
        const std::string path = folder("misleading.nir");
        std::ofstream(path, std::ios::binary) << content;
        return identify(path).value();
    };
    CHECK(kind_of("\x93NUMPY\x01"s) == FileKind::npy);
    CHECK(kind_of("PK\x03\x04 and more"s) == FileKind::npz);
    CHECK(kind_of("\x1f\x8b\x08"s) == FileKind::gzip);
    CHECK(kind_of("\0\0\x08\x03"s) == FileKind::idx);
    CHECK(kind_of("SPIKELOOM-IMAGE") == FileKind::image);
    CHECK(kind_of("SPIKELOOM-ANALOG\n") == FileKind::analog_image);
    CHECK(kind_of("name: \"x\" # time_base\nmesh { time_base: 1 }\n") == FileKind::chip_text);
    CHECK(kind_of("name: \"x\"\n  time_base:CONTINUOUS") == FileKind::analog_chip_text);
    CHECK(kind_of("# a network\npopulation {\n}\n") == FileKind::network_text);
    CHECK(kind_of("name: \"x\"\nmesh { columns: 1 }\n") == FileKind::chip_text);
    CHECK(kind_of("name: \"x\"\n  dt: \"x0\"\n") == FileKind::rule_text);
    CHECK(kind_of("state row fracsat8 offset;\nkernel stdp {\n}\n") == FileKind::ppu_rule);
    CHECK(kind_of("# kernel of truth {\npopulation {\n") == FileKind::network_text);
    CHECK(kind_of("rule: \"x.ppu\"\ninput { }\ntask { }\n") == FileKind::ppu_experiment);
    CHECK(kind_of("a letter to mother") == FileKind::unknown);
    CHECK(kind_of("") == FileKind::unknown);
    CHECK(kind_of("\x89HDF\r\n\x1a\n truncated"s) == FileKind::hdf5);
}

TEST_CASE("a file that isn't there, or a folder, has no kind") {
    const test::TemporaryFolder folder;
    CHECK_FALSE(identify(folder("absent")));
    CHECK_FALSE(identify(folder("")));
}

TEST_CASE("a chip that is neither bundled nor a file is refused with the names that there are") {
    const auto chip = open_chip("loihi9");
    REQUIRE_FALSE(chip);
    CHECK(chip.error()[0].where == "chip 'loihi9'");
}

TEST_CASE("chips of both kinds are opened by name, each as what it is") {
    const auto analog = open_any_chip("brainscales2");
    REQUIRE_MESSAGE(analog.has_value(), (analog ? "" : to_text(analog.error())));
    CHECK(std::get<chip::AnalogSpec>(*analog).array.circuits() == 512);
    CHECK(std::get<chip::ChipSpec>(open_any_chip("loihi1").value()).name == "loihi1");
    CHECK_FALSE(open_any_chip("loihi9"));

    const auto refused = open_chip("brainscales2");
    REQUIRE_FALSE(refused);
    CHECK(refused.error()[0].found.find("analog") != std::string::npos);
}

}  // namespace
}  // namespace spikeloom::tools
