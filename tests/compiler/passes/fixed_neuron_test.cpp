#include "compiler/passes/fixed_neuron.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "compiler/passes/quantise.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

/// What is said of neurons of the model on a chip that runs every one.
Diagnostics said_of(spikeloom::NeuronModel model, bool soft_reset, int payload_bits, int soft_reset_compartments) {
    chip::ChipSpec chip;
    chip.neuron.current_decay_offset = 0;
    chip.neuron.current_decay = {.least = 0, .most = 4096};
    for (std::size_t other = 1; other < neuron_model_names.size(); ++other) {
        chip.neuron.models.push_back(static_cast<spikeloom::NeuronModel>(other));
    }
    chip.neuron.payload_bits = payload_bits;
    chip.neuron.soft_reset_compartments = soft_reset_compartments;
    Population population;
    population.name = "p";
    population.shape = {3};
    population.fixed.emplace();
    population.fixed->model = model;
    population.fixed->parameters.soft_reset = soft_reset;
    Diagnostics findings;
    (void)fixed_neuron_model(population, chip, findings);
    return findings;
}

bool refuses(const Diagnostics& findings, const char* what) {
    return has_error(findings) && findings.front().found.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("given neurons that the chip can't run, or no projection can reach, are refused by name") {
    using Model = spikeloom::NeuronModel;
    CHECK(said_of(Model::sigma_delta, false, 24, 0).empty());
    CHECK(refuses(said_of(Model::sigma_delta, false, 0, 0), "send values"));
    CHECK(refuses(said_of(Model::resonate_fire, false, 24, 0), "two inputs"));
    CHECK(refuses(said_of(Model::product, false, 24, 0), "two inputs"));
    CHECK(refuses(said_of(Model::leaky, true, 24, 0), "reset by subtraction"));
    CHECK(said_of(Model::leaky, true, 24, 1).empty());
}

TEST_CASE("many populations with one fault are one finding, which names the first of them") {
    test::NetworkBuilder builder("deep");
    for (int i = 0; i < 7; ++i) {
        const Source p = builder.population("p" + std::to_string(i), {3});
        builder[p].fixed.emplace();
        builder[p].fixed->model = i == 6 ? spikeloom::NeuronModel::delta : spikeloom::NeuronModel::sigma_delta;
    }
    Diagnostics remarks;
    const auto mapped = quantise(builder.network(), chip::ChipSpec{}, {}, remarks);
    REQUIRE(!mapped);
    const auto says = [&](const std::string& where, const std::string& model) {
        return std::ranges::any_of(mapped.error(), [&](const Diagnostic& finding) {
            return finding.where == where && finding.found == "neurons of the model " + model;
        });
    };
    CHECK(says("population 'p0', population 'p1', population 'p2' and 3 more", "sigma_delta"));
    CHECK(says("population 'p6'", "delta"));
}

}  // namespace spikeloom::compiler
