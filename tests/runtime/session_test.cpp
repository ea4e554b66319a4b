#include "runtime/session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>

#include "runtime/small_image.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;
using test::small_image;
using test::SmallImageOptions;

namespace {

/// (step, population, neuron)
using Trace = std::vector<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t>>;

class TraceSink : public Sink {
public:
    Result<void> on_step(const StepView& view) override {
        CHECK(std::is_sorted(view.spikes.begin(), view.spikes.end()));
        for (const NetworkSpike& spike : view.spikes) {
            trace.emplace_back(view.step.value(), spike.population.value(), spike.neuron.value());
        }
        for (const auto& probe : view.probes) {
            probes.push_back(probe);
        }
        inputs += view.inputs.size();
        if (view.step.value() == fails_at) {
            return fail({.where = "sink", .found = "full", .allowed = {}, .help = {}});
        }
        return {};
    }
    Trace trace;
    std::vector<std::vector<std::int32_t>> probes;
    std::size_t inputs = 0;
    std::uint64_t fails_at = ~std::uint64_t{0};
};

Session open(const chip::Image& image, int threads = 1) {
    auto session = Session::open(image, {.threads = threads, .least_parallel_work = 0});
    REQUIRE(session.has_value());
    return std::move(*session);
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a session gives spikes by population and neuron, wherever the neurons lie") {
    for (const std::uint32_t cores : {1U, 2U, 3U}) {
        CAPTURE(cores);
        const chip::Image image = small_image({.channels = 5, .layers = {5, 4}, .cores_per_layer = cores});
        Session session = open(image);
        const auto stimulus = make_event_stimulus({{0, 0, 1}, {2, 0, 0}, {2, 0, 3}, {2, 0, 4}}, 3);
        TraceSink sink;
        Sink* const sinks[] = {&sink};
        REQUIRE(session.run(5, *stimulus, sinks) == 5);
        CHECK(sink.trace == Trace{{0, 0, 1}, {1, 1, 1}, {2, 0, 0}, {2, 0, 3}, {2, 0, 4}, {3, 1, 0}, {3, 1, 3}});
        CHECK(sink.inputs == 4);
    }
}

TEST_CASE("runs follow one another; after a reset the stimulus starts again and steps count on") {
    const chip::Image image = small_image();
    Session session = open(image);
    const auto stimulus = make_event_stimulus({{1, 0, 1}, {3, 0, 0}}, 4);
    TraceSink sink;
    Sink* const sinks[] = {&sink};
    REQUIRE(session.run(2, *stimulus, sinks) == 2);
    REQUIRE(session.run(2, *stimulus, sinks) == 2);
    CHECK(sink.trace == Trace{{1, 0, 1}, {2, 1, 1}, {3, 0, 0}});
    session.reset_state();  // the spike of neuron 0 is on its way, and is forgotten
    sink.trace.clear();
    REQUIRE(session.run(3, *stimulus, sinks) == 3);
    CHECK(sink.trace == Trace{{5, 0, 1}, {6, 1, 1}});
    CHECK(session.steps_done() == 7);
}

TEST_CASE("a run ends early at a stop, and with a sink's failure") {
    const chip::Image image = small_image();
    Session session = open(image);
    const auto stimulus = make_event_stimulus({}, 0);
    int asked = 0;
    CHECK(session.run(10, *stimulus, {}, [&] { return ++asked == 4; }) == 4);
    TraceSink sink;
    sink.fails_at = 6;
    Sink* const sinks[] = {&sink};
    const auto ran = session.run(10, *stimulus, sinks);
    REQUIRE_FALSE(ran.has_value());
    CHECK(session.steps_done() == 7);
}

TEST_CASE("the same spikes on 1, 2 and 5 threads") {
    SmallImageOptions options{.channels = 40, .layers = {60, 30, 20}, .cores_per_layer = 4, .threshold = 300};
    options.voltage_decay = 400;
    options.weight = [](std::uint32_t l, std::uint32_t s, std::uint32_t n) {
        return static_cast<int>((s * 37 + n * 17 + l * 5) % 91) - 40;
    };
    const chip::Image image = small_image(options);
    Trace first;
    for (const int threads : {1, 2, 5}) {
        Session session = open(image, threads);
        const auto stimulus = make_poisson_stimulus(image, {.rate_hz = 200, .seed = 7});
        TraceSink sink;
        Sink* const sinks[] = {&sink};
        REQUIRE(session.run(300, *stimulus, sinks) == 300);
        CHECK(sink.trace.size() > 1000);
        if (threads == 1) {
            first = sink.trace;
        }
        CHECK(sink.trace == first);
    }
}

TEST_CASE("probes read registers, neurons of one population and variable united") {
    const chip::Image image = small_image({.channels = 3, .layers = {3}, .cores_per_layer = 2, .threshold = 1000});
    Session session = open(image);
    REQUIRE(session.add_probe("layer0[2].u").has_value());
    REQUIRE(session.add_probe("layer0.v").has_value());
    REQUIRE(session.add_probe("layer0[0:2].u").has_value());
    REQUIRE(session.probes().size() == 2);
    CHECK(session.probes()[0].neurons == std::vector<std::uint32_t>{0, 1, 2});
    const auto stimulus = make_event_stimulus({{0, 0, 2}}, 1);
    TraceSink sink;
    Sink* const sinks[] = {&sink};
    REQUIRE(session.run(1, *stimulus, sinks) == 1);
    CHECK(sink.probes[0] == std::vector<std::int32_t>{0, 0, 64 * 64});
    CHECK(sink.probes[1] == std::vector<std::int32_t>{0, 0, 64 * 64});
    CHECK(session.voltage(PopulationId{0}, NeuronId{2}) == 64 * 64);
}

TEST_CASE("probes that can't be are refused with what can") {
    const chip::Image image = small_image();
    Session session = open(image);
    const auto text = [&](const char* probe) {
        const auto added = session.add_probe(probe);
        REQUIRE_FALSE(added.has_value());
        return to_text(added.error());
    };
    CHECK(has(text("hidden.v"), "no population 'hidden'; allowed: layer0 (3 neurons), layer1 (2 neurons)"));
    CHECK(has(text("layer0.q"), "no variable 'q'"));
    CHECK(has(text("layer0.w"), "no plastic projection 'layer0'; allowed: none"));
    CHECK(has(text("layer0[3].v"), "neurons 0..2"));
    for (const char* wrong : {"layer0", "", ".v", "layer0[].v", "[1].v", "layer0]"}) {
        CAPTURE(wrong);
        CHECK(has(text(wrong), "not a probe"));
    }
    for (const char* wrong :
         {"layer0[2:1].v", "layer0[1:1].v", "layer0[a].v", "layer0[-1].v", "layer0[0:9].v", "layer0[4294967295].v"}) {
        CAPTURE(wrong);
        CHECK(has(text(wrong), "no neurons"));
    }
    CHECK(session.probes().empty());
    CHECK(session.add_probe("layer0[:2].v").has_value());
    CHECK(session.add_probe("layer0[1:].u").has_value());
}

TEST_CASE("images whose symbols don't place every neuron are refused") {
    chip::Image image = small_image();
    image.populations[0].tiles[0].count = 2;
    CHECK_FALSE(Session::open(image, {}).has_value());
    image = small_image();
    image.populations[0].tiles.clear();
    CHECK_FALSE(Session::open(image, {}).has_value());
    image = small_image();
    image.populations[0].tiles[0].core = CoreId{77};
    CHECK_FALSE(Session::open(image, {}).has_value());
}
