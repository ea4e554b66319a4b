// A step's time: two cores by hand, then random images under all three models.
#include "chip/step_timing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "chip/message_table.hpp"
#include "core/base/random.hpp"
#include "reference/image_builder.hpp"

namespace spikeloom::chip {
namespace {

Quantity quantity(double value) {
    return {.value = value, .low = value, .high = value, .source = "test", .trust = Trust::guessed};
}

struct Nanoseconds {
    double active = 10, idle = 6, spike = 5, message_out = 2, message_in = 7, sparse = 3, dense = 1, runlength = 2;
    double learning = 20, input = 0, output = 0;
};

CostTable costs_of(const Nanoseconds& ns) {
    CostTable table{.name = "test",
                    .title = "test",
                    .events = {},
                    .barrier = {{.tiles = 1, .time_ns = quantity(4)}, {.tiles = 2, .time_ns = quantity(5)}},
                    .static_power_core_mw = quantity(0),
                    .static_power_chip_mw = quantity(0),
                    .host_power_mw = quantity(0)};
    const auto add = [&](CostItem item, double time) {
        table.events.push_back({.item = item, .energy_pj = quantity(0), .time_ns = quantity(time)});
    };
    add(CostItem::update_active, ns.active);
    add(CostItem::update_idle, ns.idle);
    add(CostItem::spike, ns.spike);
    add(CostItem::message_out, ns.message_out);
    add(CostItem::message_in, ns.message_in);
    add(CostItem::hop_local, 100);
    add(CostItem::hop_ew, 100);
    add(CostItem::hop_ns, 100);
    add(CostItem::synaptic_event_sparse, ns.sparse);
    add(CostItem::synaptic_event_runlength, ns.runlength);
    add(CostItem::synaptic_event_dense, ns.dense);
    add(CostItem::input_spike, ns.input);
    add(CostItem::learning_update, ns.learning);
    add(CostItem::output_spike, ns.output);
    return table;
}

test::SynapseList list(std::uint32_t synapses) {
    test::SynapseList made{.format = {.weight_bits = 8}, .synapses = {}};
    for (std::uint16_t i = 0; i < synapses; ++i) {
        made.synapses.push_back({.target = i, .weight = 2});
    }
    return made;
}

/// Core 0 on tile 0,0 and core 1 one tile south of it, four compartments each. Compartment 1 of core 0 sends a message
/// with 2 synapses to core 1; compartment 3 sends the same, and one with 1 synapse to its own core. Input channel 0
/// reaches core 1 with 4 synapses.
Image two_cores() {
    test::ImageBuilder builder(test::default_chip());
    const CompartmentGroup group{.threshold_mantissa = 1};
    const CoreId a = builder.add_core(group, 4, 0);
    const CoreId b = builder.add_core(group, 4, 4);
    builder.connect(a, 1, builder.add_axon(b, {list(2)}));
    builder.connect(a, 3, builder.add_axon(b, {list(2)}));
    builder.connect(a, 3, builder.add_axon(a, {list(1)}));
    const std::uint32_t port = builder.add_port(1);
    builder.connect_input(port, 0, builder.add_axon(b, {list(4)}));
    return builder.build();
}

/// A step in which both compartments fire: updates of 8 ns each, messages made at 23, 46 and 48 ns.
struct TwoSpikes {
    std::vector<Counters> cores = std::vector<Counters>(2);
    std::vector<CoreSpike> spikes{{CoreId{0}, CompartmentId{1}}, {CoreId{0}, CompartmentId{3}}};
    std::vector<InputSpike> inputs;
    TwoSpikes() {
        cores[0][Counter::updates_active] = 2;
        cores[0][Counter::updates_idle] = 2;
        cores[1][Counter::updates_idle] = 4;
    }
    [[nodiscard]] StepEvents events() const { return {.cores = cores, .spikes = spikes, .inputs = inputs}; }
};

StepTimer timer(const Image& image, const CostTable& costs, router::Model model, bool trace = false) {
    auto made = StepTimer::create(image, costs, {.model = model, .trace = trace});
    REQUIRE_MESSAGE(made.has_value(), to_text(made.error()));
    return std::move(*made);
}

TEST_CASE("free: the busiest core's own work, and the barrier") {
    StepTimer free = timer(two_cores(), costs_of({}), router::Model::free);
    TwoSpikes step;
    StepTiming timing = free.step(step.events());
    CHECK(timing.generation_ns == 48);  // 4 x 8 + 2 x 5 + 3 x 2
    CHECK(timing.processing_ns == 26);  // 2 x (7 + 2 x 3)
    CHECK(timing.spiking_ns == 48);
    CHECK(timing.barrier_ns == 5);
    CHECK(timing.time_ns == 53);
    CHECK(timing.bound == StepBound::generation);
    CHECK(timing.core == 0);
    step.inputs = {{.port = 0, .channel = 0}, {.port = 0, .channel = 0}};  // 2 x (7 + 4 x 3) more for core 1
    timing = free.step(step.events());
    CHECK(timing.processing_ns == 64);
    CHECK(timing.time_ns == 69);
    CHECK(timing.bound == StepBound::processing);
    CHECK(timing.core == 1);
}

TEST_CASE("flit: messages are made, cross the network and are worked on one after the other") {
    const Image image = two_cores();
    StepTimer flit = timer(image, costs_of({}), router::Model::flit, true);
    TwoSpikes step;
    const StepTiming timing = flit.step(step.events());
    const auto& passages = flit.outcome().passages;
    REQUIRE(passages.size() == 3);
    // One hop takes 8 cycles, none 5 (the router's own latency), of 1 ns each.
    CHECK(passages[0].made == 23);
    CHECK(passages[0].arrived == 31);
    CHECK(passages[0].processed == 44);
    CHECK(passages[0].destination == 4);
    CHECK(passages[1].made == 46);
    CHECK(passages[1].processed == 67);
    CHECK(passages[2].made == 48);
    CHECK(passages[2].destination == 0);
    CHECK(passages[2].processed == 63);
    CHECK(timing.spiking_ns == 67);
    CHECK(timing.time_ns == 72);
    CHECK(timing.core == 1);
    CHECK(timing.link_ns == 2);
    CHECK(flit.graph().name(timing.link) == "tile 0,0 -> 0,1");
    CHECK(timing.bound == StepBound::generation);
    CHECK(timing.generation_ns == 48);
}

TEST_CASE("flit: the receiver takes inputs from outside first") {
    StepTimer flit = timer(two_cores(), costs_of({}), router::Model::flit);
    TwoSpikes step;
    step.inputs = {{.port = 0, .channel = 0}};  // 19 ns, over before the first message comes at 31
    CHECK(flit.step(step.events()).spiking_ns == 67);
    step.inputs.assign(2, {.port = 0, .channel = 0});  // until 38: the first message until 51, the second until 67
    CHECK(flit.step(step.events()).spiking_ns == 67);
    step.inputs.assign(3, {.port = 0, .channel = 0});  // until 57, 70, 83
    CHECK(flit.step(step.events()).spiking_ns == 83);
    step.spikes.clear();
    step.inputs.assign(4, {.port = 0, .channel = 0});
    CHECK(flit.step(step.events()).spiking_ns == 76);  // four inputs and nothing else
}

TEST_CASE("learning, barrier and host follow one another") {
    StepTimer free = timer(two_cores(), costs_of({.input = 11, .output = 13}), router::Model::free);
    TwoSpikes step;
    step.cores[1][Counter::learning_updates] = 1;  // core 1: 26 + 20, still before core 0's 48
    CHECK(free.step(step.events()).learning_ns == 0);
    step.cores[1][Counter::learning_updates] = 10;
    StepTiming timing = free.step(step.events());
    CHECK(timing.learning_ns == 226 - 48);
    CHECK(timing.time_ns == 231);
    CHECK(timing.bound == StepBound::learning);
    CHECK(timing.core == 1);
    step.cores[0][Counter::input_spikes] = 20;
    step.cores[1][Counter::output_spikes] = 3;
    timing = free.step(step.events());
    CHECK(timing.host_ns == 20 * 11 + 3 * 13);
    CHECK(timing.time_ns == 231 + 259);
    CHECK(timing.bound == StepBound::host);
    CHECK(timing.time_ns == timing.spiking_ns + timing.learning_ns + timing.barrier_ns + timing.host_ns);
}

TEST_CASE("multicast: a spike is one message, and each core that it reaches works on its copy") {
    Image image = two_cores();
    image.chip.network.parameters.cast = router::Cast::multicast;
    StepTimer flit = timer(image, costs_of({}), router::Model::flit, true);
    TwoSpikes step;
    const StepTiming timing = flit.step(step.events());
    CHECK(timing.generation_ns == 46);  // 4 x 8 + 2 x 5 + 2 x 2
    CHECK(timing.processing_ns == 26);
    const auto& passages = flit.outcome().passages;
    REQUIRE(passages.size() == 3);
    CHECK(passages[0].made == 23);
    CHECK(passages[1].made == 46);
    CHECK(passages[2].made == 46);
    CHECK(passages[1].processed - passages[1].arrived + passages[2].processed - passages[2].arrived == 13 + 10);
    CHECK(flit.free_time(costs_of({})).time_ns == 32 + 5);  // the counters say nothing of spikes
}

TEST_CASE("another table's time under free: its own prices, barriers and host") {
    Image image = two_cores();
    StepTimer flit = timer(image, costs_of({.active = 1000}), router::Model::flit);
    TwoSpikes step;
    step.cores[0][Counter::spikes] = 2;
    step.cores[0][Counter::messages_out] = 3;
    step.cores[1][Counter::messages_in] = 100;  // of the step before
    step.cores[1][Counter::output_spikes] = 1;
    (void)flit.step(step.events());
    CostTable other = costs_of({.output = 9});
    CHECK(flit.free_time(other).time_ns == 48 + 5 + 9);
    CHECK(flit.free_time(other).slowest == 0);
    other.chip_barrier = {{.chips = 1, .time_ns = quantity(50)}, {.chips = 2, .time_ns = quantity(500)}};
    CHECK(flit.free_time(other).time_ns == 48 + 5 + 9 + 50);
    StepTimer free = timer(image, other, router::Model::free);
    CHECK(free.step(step.events()).time_ns == 48 + 5 + 9 + 50);
}

TEST_CASE("a narrow link bounds the step as network; an idle step is bound by its barrier") {
    Image image = two_cores();
    image.chip.network.parameters.north_south.interval = 100;
    StepTimer flit = timer(image, costs_of({}), router::Model::flit);
    TwoSpikes step;
    const StepTiming timing = flit.step(step.events());
    CHECK(timing.link_ns == 200);
    CHECK(timing.bound == StepBound::network);
    step.spikes.clear();
    step.cores.assign(2, {});
    const StepTiming idle = flit.step(step.events());
    CHECK(idle.bound == StepBound::barrier);
    CHECK(idle.time_ns == 5);
    CHECK(idle.link == router::no_link);
}

TEST_CASE("moments are rounded to cycles, so durations below a cycle add up") {
    Image image = two_cores();
    image.chip.network.cycle_ns = quantity(10);
    StepTimer flit = timer(image, costs_of({}), router::Model::flit, true);
    TwoSpikes step;
    (void)flit.step(step.events());
    const auto& passages = flit.outcome().passages;
    CHECK(passages[0].made == 2);                             // 23 ns
    CHECK(passages[1].made == 5);                             // 46
    CHECK(passages[2].made == 5);                             // 48
    CHECK(passages[0].processed - passages[0].arrived == 1);  // 13 ns
    CHECK(passages[1].processed - passages[1].arrived == 2);  // 13 more: 26
}

TEST_CASE("what can't be timed is refused") {
    Image image = two_cores();
    image.chip.network.address_range = 1;
    CHECK(StepTimer::create(image, costs_of({}), {}).has_value());
    image.cores[1].place = 8;
    CHECK_FALSE(StepTimer::create(image, costs_of({}), {}).has_value());
    image = two_cores();
    CHECK_FALSE(StepTimer::create(image, costs_of({.active = 1e9}), {}).has_value());
    image.chip.network.cycle_ns = quantity(0);
    CHECK_FALSE(StepTimer::create(image, costs_of({}), {}).has_value());
}

std::vector<InputSpike> random_inputs(const Image& image, std::uint64_t seed, std::uint64_t step) {
    std::vector<InputSpike> inputs;
    for (std::uint32_t port = 0; port < image.inputs.size(); ++port) {
        for (std::uint32_t channel = 0; channel < image.inputs[port].size(); ++channel) {
            if (random_below({.seed = seed, .step = step, .core = port, .neuron = channel}, 4) == 0) {
                inputs.push_back({port, channel});
            }
        }
    }
    return inputs;
}

/// The counts of a step with what its messages cost their receivers, which the chip counts a step later.
std::vector<Counters> aligned(std::span<const Counters> now, std::span<const Counters> next) {
    std::vector<Counters> counts(now.begin(), now.end());
    for (std::size_t core = 0; core < counts.size(); ++core) {
        for (const Counter counter : {Counter::messages_in, Counter::synaptic_events_sparse,
                                      Counter::synaptic_events_runlength, Counter::synaptic_events_dense}) {
            counts[core][counter] = next[core][counter];
        }
    }
    return counts;
}

TEST_CASE("free is chip::step_time of the step's own messages, on random images") {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        CAPTURE(seed);
        const Image image = test::random_image(seed, {.cores = 5});
        const CostTable costs = costs_of({.active = 3, .idle = 1.5, .message_in = 2.5});
        StepTimer free = timer(image, costs, router::Model::free);
        auto chip = Chip::load(image, {}).value();
        std::set<int> tiles;
        for (const CoreImage& core : image.cores) {
            tiles.insert(image.chip.mesh.tile(static_cast<int>(core.place)));
        }
        std::uint64_t events = 0;
        for (std::uint64_t step = 0; step < 20; ++step) {
            // Inputs in every third step only, so that the next step's messages are all from cores.
            const auto inputs = step % 3 == 0 ? random_inputs(image, seed, step) : std::vector<InputSpike>{};
            chip.step(inputs);
            const std::vector<Counters> counts(chip.step_counts().cores.begin(), chip.step_counts().cores.end());
            const StepTiming timing = free.step({.cores = counts, .spikes = chip.spikes(), .inputs = {}});
            CHECK(free.free_time(costs).time_ns == doctest::Approx(timing.time_ns).epsilon(1e-12));
            if (step % 3 == 2) {
                continue;
            }
            chip.step({});
            ++step;
            const auto all = aligned(counts, chip.step_counts().cores);
            const StepTime expected = step_time(all, costs, static_cast<int>(tiles.size()));
            CHECK(timing.time_ns == doctest::Approx(expected.time_ns).epsilon(1e-12));
            events += chip.step_counts().cores[0].synaptic_events();
        }
        CHECK(events + seed > 0);
    }
}

TEST_CASE("a slower network never makes a step shorter, and changes no count") {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        CAPTURE(seed);
        const Image image = test::random_image(seed, {.cores = 6});
        const CostTable costs = costs_of({.active = 3, .idle = 1.5, .message_in = 2.5});
        StepTimer free = timer(image, costs, router::Model::free);
        StepTimer queued = timer(image, costs, router::Model::queued);
        StepTimer flit = timer(image, costs, router::Model::flit);
        StepTimer sibling = flit.sibling();
        auto chip = Chip::load(image, {}).value();
        for (std::uint64_t step = 0; step < 10; ++step) {
            const auto inputs = random_inputs(image, seed, step);
            chip.step(inputs);
            const StepEvents events{.cores = chip.step_counts().cores, .spikes = chip.spikes(), .inputs = inputs};
            const StepTiming least = free.step(events);
            for (StepTimer* timed : {&queued, &flit}) {
                const StepTiming timing = timed->step(events);
                CHECK(timing.generation_ns == least.generation_ns);
                CHECK(timing.processing_ns == least.processing_ns);
                CHECK(timing.spiking_ns >= least.spiking_ns);
                CHECK(timing.time_ns >= least.time_ns);
                CHECK(timing.spiking_ns >= timing.link_ns);
            }
            CHECK(sibling.step(events) == flit.step(events));
            CHECK(free.outcome().arrivals == flit.outcome().arrivals);
            CHECK(queued.outcome().arrivals == flit.outcome().arrivals);
            for (std::size_t link = 0; link < flit.graph().links().size(); ++link) {
                CHECK(free.outcome().links[link].flits == flit.outcome().links[link].flits);
                CHECK(queued.outcome().links[link].flits == flit.outcome().links[link].flits);
            }
        }
    }
}

TEST_CASE("the message table holds what the image sends, in two bytes a message for a hundred cores") {
    const Image image = test::random_image(3, {.cores = 7});
    const MessageTable table(image);
    std::uint64_t messages = 0;
    for (std::uint32_t core = 0; core < image.cores.size(); ++core) {
        const CoreImage& sender = image.cores[core];
        for (std::uint32_t i = 0; i < sender.compartments; ++i) {
            std::size_t output = sender.output_first.empty() ? 0 : sender.output_first[i];
            table.for_each(table.source(core, i), [&](MessageTable::Entry entry) {
                const OutputAxon& axon = sender.outputs[output++];
                CHECK(entry.core == axon.core.value());
                const CoreImage& receiver = image.cores[entry.core];
                MessageWork work{};
                for (const SynapseEntry& listed : receiver.entries_of(axon.axon.value())) {
                    work[static_cast<std::size_t>(listed.encoding)] += listed.count;
                }
                CHECK(table.works()[entry.work] == work);
                ++messages;
            });
        }
    }
    CHECK(messages > 0);
    for (const InputSymbol& input : image.inputs) {
        messages += input.outputs.size();
    }
    CHECK(table.messages() == messages);
    CHECK(table.bytes_a_message() <= 2);
}

}  // namespace
}  // namespace spikeloom::chip
