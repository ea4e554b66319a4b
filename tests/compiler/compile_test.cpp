#include "compiler/compile.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>

#include "core/base/random.hpp"

namespace spikeloom::compiler {
namespace {

Network dense_chain(const std::vector<std::uint32_t>& sizes) {
    Network network;
    network.name = "chain";
    network.inputs.push_back({.name = "in", .shape = {sizes[0]}});
    for (std::uint32_t l = 1; l < sizes.size(); ++l) {
        network.populations.push_back({.name = "layer" + std::to_string(l), .shape = {sizes[l]}});
        DenseWeights dense;
        for (std::uint64_t i = 0; i < std::uint64_t{sizes[l]} * sizes[l - 1]; ++i) {
            const double u = random_uniform({.seed = l, .step = i});
            dense.weights.push_back(static_cast<float>(u - 0.4));
        }
        Projection projection;
        projection.name = "fc" + std::to_string(l);
        projection.source = {l == 1 ? Source::Kind::input : Source::Kind::population, l == 1 ? 0 : l - 2};
        projection.target = PopulationId(l - 1);
        projection.weights = std::move(dense);
        network.projections.push_back(std::move(projection));
    }
    network.outputs.push_back(
        {.name = "out", .population = PopulationId(static_cast<std::uint32_t>(sizes.size()) - 2)});
    return network;
}

TEST_CASE("a dense chain compiles") {
    const Network network = dense_chain({784, 1024, 1024, 10});
    chip::ChipSpec chip;
    chip.name = "loihi1";
    const auto start = std::chrono::steady_clock::now();
    const auto result = compile(network, chip, {});
    if (!result) {
        MESSAGE(to_text(result.error()));
    }
    REQUIRE(result);
    MESSAGE(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    MESSAGE(result->image.mapping_report);
}

}  // namespace
}  // namespace spikeloom::compiler
