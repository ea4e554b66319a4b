#include "compiler/legalise/strongest_sources.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

TEST_CASE("every neuron keeps its strongest synapses, over all its projections") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 3);
    const Source p = builder.population("p", {2});
    builder.connect(in, p, DenseWeights{{1, -5, 2, 3, 0, -1}});
    builder.connect(p, p,
                    SparseWeights{.row_begin = {0, 2, 3}, .targets = {0, 1, 1}, .weights = {4, 2, -2}, .delays = {}});
    std::vector<double> lost;
    const Network two = with_strongest_sources(builder.network(), 2, lost);
    CHECK(std::get<DenseWeights>(two.projections[0].weights).weights == std::vector<float>{0, -5, 0, 3, 0, 0});
    // Of the two of equal size the first stays.
    CHECK(std::get<SparseWeights>(two.projections[1].weights).weights == std::vector<float>{4, 2, 0});
    REQUIRE(lost.size() == 2);
    CHECK(lost[0] == doctest::Approx(std::sqrt(6.0 / 40.0)));
    CHECK(lost[1] == doctest::Approx(std::sqrt(4.0 / 24.0)));
    CHECK(with_strongest_sources(builder.network(), 4, lost) == builder.network());
    CHECK(lost == std::vector<double>{0, 0});
}

}  // namespace
}  // namespace spikeloom::compiler
