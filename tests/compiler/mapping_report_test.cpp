#include "compiler/mapping_report.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "compiler/compile.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

TEST_CASE("the report names every core, population and projection, and the limit that binds") {
    chip::ChipSpec chip;
    chip.name = "tiny";
    chip.limits.compartments = 64;
    const auto result = compile(test::dense_chain(30, {100, 50}), chip, {});
    REQUIRE(result);
    const std::string& text = result->image.mapping_report;
    CAPTURE(text);
    for (const char* expected : {"mapping of 'chain' onto chip 'tiny'", "neurons 150, synapses ",
                                 "cores 3 of 128, at least 3 (compartments): 1.00",
                                 "layer1: 100 neurons on 2 cores, compartments binds", "layer2: 50 neurons on ",
                                 "in->layer1: 3000 synapses", "layer1->layer2: 5000 synapses", "messages ", "hops "}) {
        CAPTURE(expected);
        CHECK(text.find(expected) != std::string::npos);
    }
    std::istringstream lines(text);
    int core_lines = 0;
    for (std::string line; std::getline(lines, line);) {
        core_lines += line.find("/64 ") != std::string::npos && line.find("/16384") != std::string::npos ? 1 : 0;
    }
    CHECK(core_lines == 3);
}

TEST_CASE("of many parts the brief report lists those that matter most, and says how many more there are") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 2);
    constexpr std::uint32_t populations = 30;
    for (std::uint32_t p = 0; p < populations; ++p) {
        // Sizes 3, 10, 17, 24, 1, 8, ...: 1 to 30, each once.
        const std::uint32_t size = (p * 7 + 2) % populations + 1;
        const Source part = builder.population("p" + std::to_string(size), {size}, NeuronKind::threshold);
        builder.connect(in, part, DenseWeights{std::vector<float>(std::size_t{2} * size, 1)});
    }
    const auto result = compile(builder.network(), chip::ChipSpec{}, {});
    REQUIRE(result);
    const std::string& whole = result->image.mapping_report;
    const std::string& brief = result->brief_report;
    for (std::uint32_t size = 1; size <= populations; ++size) {
        const bool large = size > populations - brief_report_rows;
        for (const std::string& line : {"  p" + std::to_string(size) + ": ", "  in->p" + std::to_string(size) + ": "}) {
            CHECK(whole.find(line) != std::string::npos);
            CHECK((brief.find(line) != std::string::npos) == large);
        }
    }
    CHECK(brief.find("and 10 more populations") != std::string::npos);
    CHECK(brief.find("and 10 more projections") != std::string::npos);
    CHECK(brief.find("  p17: ") < brief.find("  p24: "));
    CHECK(whole.find("more populations") == std::string::npos);
}

TEST_CASE("a report without many parts is the same in brief") {
    const auto result = compile(test::dense_chain(30, {100, 50}), chip::ChipSpec{}, {});
    REQUIRE(result);
    CHECK(result->brief_report == result->image.mapping_report);
}

TEST_CASE("remarks of the compiler stand at its end") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 2);
    const Source p = builder.population("p", {2}, NeuronKind::threshold);
    builder.connect(in, p, DenseWeights{{1, 0, 0, 1}});
    const auto result = compile(builder.network(), chip::ChipSpec{}, {});
    REQUIRE(result);
    REQUIRE(!result->remarks.empty());
    CHECK(result->image.mapping_report.find(to_text(result->remarks[0])) != std::string::npos);
}

}  // namespace
}  // namespace spikeloom::compiler
