#include "compiler/passes/neuron_order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "core/files/gzip.hpp"
#include "support/networks.hpp"
#include "support/reference_data.hpp"

namespace spikeloom::compiler {
namespace {

/// A hypergraph in hMETIS form: one hyperedge a source neuron, pins = the source and its targets.
MappedNetwork read_hypergraph(const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    std::getline(lines, line);
    std::uint32_t edges = 0;
    std::uint32_t vertices = 0;
    std::istringstream(line) >> edges >> vertices;
    MappedNetwork mapped;
    mapped.population_first = {0, vertices};
    mapped.input_first = {vertices};
    mapped.populations.resize(1);
    mapped.populations[0].registers.resize(1);
    mapped.table.formats.push_back({.weight_bits = 1});
    std::vector<std::vector<FanInSynapse>> fan_in(vertices);
    for (std::uint32_t edge = 0; edge < edges; ++edge) {
        std::getline(lines, line);
        std::istringstream pins(line);
        for (std::uint32_t pin = 0; pins >> pin;) {
            fan_in[pin - 1].push_back({.source = edge, .weight = -256});
        }
    }
    for (const std::vector<FanInSynapse>& synapses : fan_in) {
        mapped.table.add(synapses);
    }
    return mapped;
}

/// Sum over hyperedges of (cores touched - 1), on cores of 256 neurons and no other limit.
std::uint64_t copies(const MappedNetwork& mapped, const NeuronOrder& order, std::size_t& cores) {
    chip::ChipSpec chip;
    chip.limits.compartments = 256;
    chip.limits.input_axons = chip.limits.output_axons = 1 << 20;
    chip.synapses.words = 1 << 24;
    const Filling filling =
        fill_cores(mapped.table, order, core_facts(mapped, chip), chip, {.tightness = 1.0, .most_cores = 1000});
    cores = filling.cores.size();
    std::uint64_t nodes = 0;
    for (const std::uint32_t targets : mapped.table.fan_out(mapped.nodes())) {
        nodes += targets == 0 ? 0U : 1U;
    }
    return filling.messages - nodes;
}

chip::ChipSpec roomy_chip() {
    chip::ChipSpec chip;
    chip.limits.compartments = 256;
    chip.limits.input_axons = 1 << 20;
    chip.synapses.words = 1 << 24;
    return chip;
}

TEST_CASE("greedy overlap finds a planted partition, and beats or meets the reference implementation") {
    struct Reference {
        const char* name;
        std::uint64_t copies;
    };
    for (const Reference& reference : {Reference{"sbm", 84345}, Reference{"grid2d", 56659}}) {
        const auto path = test::reference_data(std::string("mapping/hypergraphs/") + reference.name + ".hgr.gz");
        if (!path) {
            return;
        }
        const auto bytes = files::read_maybe_gzip(*path);
        REQUIRE(bytes);
        const std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
        const MappedNetwork mapped = read_hypergraph(text);
        const auto order = overlap_order(mapped, roomy_chip(), 1'000'000'000);
        REQUIRE(order);
        std::size_t cores = 0;
        const std::uint64_t found = copies(mapped, *order, cores);
        MESSAGE(std::string(reference.name)
                << ": " << found << " copies on " << cores << " cores, reference " << reference.copies);
        CHECK(found <= reference.copies);
        CHECK(cores == (mapped.neurons() + 255) / 256);
    }
}

TEST_CASE("orders are permutations") {
    test::NetworkBuilder builder;
    builder.population("flat", {10});
    builder.population("picture", {3, 5, 7});
    MappedNetwork mapped;
    mapped.population_first = {0, 10, 115};
    mapped.input_first = {115};
    for (const bool morton : {false, true}) {
        auto order = pixel_order(builder.network(), mapped, morton);
        REQUIRE(order);
        CHECK(order->neuron_at[9] == 9);
        CHECK(order->neuron_at[10] == 10);
        CHECK(order->neuron_at[11] == 10 + 35);  // the next channel of the same pixel
        std::ranges::sort(order->neuron_at);
        CHECK(order->neuron_at == natural_order(mapped).neuron_at);
    }
    CHECK(separate_order(mapped).cuts == std::vector<std::uint32_t>{10, 115});
}

}  // namespace
}  // namespace spikeloom::compiler
