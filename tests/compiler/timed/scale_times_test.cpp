#include "compiler/timed/scale_times.hpp"

#include <doctest/doctest.h>

#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler {

TEST_CASE("every time is scaled, and nothing else") {
    TimedNetwork network = test::layered({3, 2});
    network.inputs[0].constant_times = {4e-3};
    network.projections[0].delays.assign(network.projections[0].targets.size(), 2e-3);
    network.coding = chip::TtfsCoding{.time_unit_s = 8e-3, .earliest_s = 1e-3, .latest_s = 16e-3, .window_s = 32e-3};
    const TimedNetwork before = network;
    scale_times(network, 0.5);
    CHECK(network.inputs[0].constant_times[0] == 2e-3);
    CHECK(network.populations[0].neurons[0].lif.tau_mem == 3e-6);
    CHECK(network.populations[0].neurons[0].lif.tau_syn == 3e-6);
    CHECK(network.populations[0].neurons[0].lif.refractory == never);
    CHECK(network.projections[0].delays[3] == 1e-3);
    CHECK(network.projections[0].weights == before.projections[0].weights);
    CHECK(network.coding->window_s == 16e-3);
    CHECK(network.coding->time_unit_s == 4e-3);
    scale_times(network, 2);
    CHECK(network == before);
}

}  // namespace spikeloom::compiler
