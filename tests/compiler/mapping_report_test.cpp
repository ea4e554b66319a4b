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
