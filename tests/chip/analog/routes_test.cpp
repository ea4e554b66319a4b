#include "chip/analog/routes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "builders.hpp"
#include "chip/analog/tables.hpp"

using namespace spikeloom;
using namespace spikeloom::chip;
using namespace spikeloom::chip::analog;
using namespace spikeloom::test::emulated;

namespace {

using Matrix = std::map<std::pair<std::size_t, std::uint32_t>, double>;

bool on_bus(const CrossbarNode& node, const DriverSetting& driver) {
    return node.output == driver.hemisphere * 4 + driver.driver % 4;
}

/// Net weight from every source (host sources, then neurons by number) to every neuron of the network: one question to
/// every cell for every node and driver, in the words of the facts.
Matrix naive_walk(const AnalogImage& image, const AnalogRun& run) {
    struct Source {
        int input;
        std::uint32_t label;
    };
    std::vector<Source> sources;
    for (const HostSource& host : run.host_sources) {
        sources.push_back({8 + host.lane, host.label});
    }
    std::map<std::uint32_t, Source> neurons;
    std::map<Circuit, std::uint32_t> owner;
    for (const PlacedNeuron& neuron : run.neurons) {
        const int output = neuron.circuits[0].column / 32;
        neurons[neuron.neuron] = {output, static_cast<std::uint32_t>(output) * 256 + neuron.address};
        for (const Circuit& circuit : neuron.circuits) {
            owner[circuit] = neuron.neuron;
        }
    }
    for (const auto& [neuron, source] : neurons) {
        sources.push_back(source);
    }
    Matrix matrix;
    for (std::size_t s = 0; s < sources.size(); ++s) {
        for (const CrossbarSetting& setting : run.crossbar) {
            for (const DriverSetting& driver : run.drivers) {
                const std::uint32_t select = sources[s].label / 64 % 32;
                if (setting.node.input != sources[s].input || (sources[s].label & setting.mask) != setting.target ||
                    !on_bus(setting.node, driver) || (select & driver.mask) != (driver.address & driver.mask)) {
                    continue;
                }
                for (const SynapseCell& cell : run.cells) {
                    if (cell.hemisphere != driver.hemisphere || cell.row / 2 != driver.driver ||
                        cell.label != sources[s].label % 64 || !owner.contains({cell.hemisphere, cell.column})) {
                        continue;
                    }
                    const RowMode mode = driver.rows[cell.row % 2];
                    const double sign = mode == RowMode::excitatory ? 1 : mode == RowMode::inhibitory ? -1 : 0;
                    const std::uint32_t neuron = owner.at({cell.hemisphere, cell.column});
                    matrix[{s, neuron}] += sign * cell.weight * image.neurons[neuron].weight_unit;
                }
            }
        }
    }
    std::erase_if(matrix, [](const auto& entry) { return std::abs(entry.second) < 1e-9; });
    return matrix;
}

Matrix matrix_of(const core::analog::Net& net, const std::vector<std::uint32_t>& neurons) {
    Matrix matrix;
    for (std::size_t s = 0; s < net.sources(); ++s) {
        for (std::uint64_t i = net.row_begin[s]; i < net.row_begin[s + 1]; ++i) {
            matrix[{s, neurons[net.targets[i]]}] += net.weights[i];
        }
    }
    std::erase_if(matrix, [](const auto& entry) { return std::abs(entry.second) < 1e-9; });
    return matrix;
}

void check_equal(const Matrix& a, const Matrix& b) {
    REQUIRE(a.size() == b.size());
    for (const auto& [place, weight] : a) {
        REQUIRE(b.contains(place));
        CHECK(b.at(place) == doctest::Approx(weight).epsilon(1e-12));
    }
}

}  // namespace

TEST_CASE("flat nets hold what a walk over every node, driver and cell finds") {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        CAPTURE(seed);
        const AnalogImage image = random_image(seed, 12, 40, 2);
        for (const bool frozen : {true, false}) {
            const auto chip = AnalogChip::load(image, {.frozen_weights = frozen});
            REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
            REQUIRE(chip->nets().size() == 2);
            for (std::size_t r = 0; r < 2; ++r) {
                const Matrix expected = naive_walk(image, image.runs[r]);
                CHECK(expected.size() > 20);
                check_equal(expected, matrix_of(chip->nets()[r], chip->tables().instance->runs[r].neurons));
            }
        }
    }
}

TEST_CASE("a plastic net has a synapse for every cell that a source reaches, and names it") {
    const AnalogImage image = random_image(3, 12, 40);
    const auto chip = AnalogChip::load(image, {.frozen_weights = false});
    REQUIRE(chip.has_value());
    const core::analog::Net& net = chip->nets()[0];
    const std::vector<std::uint32_t>& cells = chip->tables().synapse_cells[0];
    REQUIRE(cells.size() == net.targets.size());
    REQUIRE(std::ranges::any_of(net.weights, [](double weight) { return weight == 0; }));
    for (std::size_t i = 0; i < cells.size(); ++i) {
        CHECK(std::abs(net.weights[i]) == doctest::Approx(0.01 * image.runs[0].cells[cells[i]].weight));
    }
}

TEST_CASE("a spike that no node passes is dropped, and one on a lane leaves") {
    AnalogImage image = empty_image(2, 1, 1, {.model = {.lif = {}}, .weight_unit = 0.1});
    AnalogRun& run = image.runs[0];
    run.neurons.push_back({.neuron = 0, .circuits = {{.hemisphere = 1, .column = 40}}, .address = 5});
    run.drivers.push_back({.hemisphere = 1,
                           .driver = 6,
                           .address = 0b00001,
                           .mask = 0b00001,
                           .rows = {RowMode::excitatory, RowMode::inhibitory}});
    run.cells.push_back({.hemisphere = 1, .row = 12, .column = 40, .weight = 10, .label = 3});
    run.cells.push_back({.hemisphere = 1, .row = 13, .column = 40, .weight = 4, .label = 3});
    run.cells.push_back({.hemisphere = 1, .row = 13, .column = 41, .weight = 9, .label = 3});
    run.crossbar.push_back({.node = {.input = 1, .output = 9}, .mask = 0, .target = 0});
    run.crossbar.push_back({.node = {.input = 8, .output = 6}, .mask = 0x2000, .target = 0});
    run.host_sources.push_back({.index = 0, .lane = 0, .label = 0b1'000011});  // row select 1: reaches both rows
    run.host_sources.push_back({.index = 1, .lane = 0, .label = 0b0'000011});  // row select 0: no driver takes it
    run.host_sources.push_back({.index = 1, .lane = 0, .label = 0x2043});      // the node's mask keeps it out
    run.host_sources.push_back({.index = 1, .lane = 1, .label = 0b1'000011});  // no node at all
    const Routes routes = follow_routes(image.chip, run);
    CHECK(routes.cells == std::vector<std::uint32_t>{0, 1});
    CHECK(routes.cell_begin == std::vector<std::uint64_t>{0, 2, 2, 2, 2, 2});
    REQUIRE(routes.crossbar.size() == 5);
    CHECK_FALSE(routes.crossbar[0].dropped);
    CHECK_FALSE(routes.crossbar[1].dropped);
    CHECK(routes.crossbar[2].dropped);
    CHECK(routes.crossbar[3].dropped);
    CHECK(routes.crossbar[4] == CrossbarRoute{.input = 1, .label = 0x105, .dropped = false, .lanes_out = 1});
    CHECK(routes.row_sign[256 + 12] == 1);
    CHECK(routes.row_sign[256 + 13] == -1);
    CHECK(routes.row_sign[12] == 0);
}
