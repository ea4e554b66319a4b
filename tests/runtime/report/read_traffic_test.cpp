#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "runtime/report.hpp"
#include "runtime/report/findings_traffic.hpp"
#include "runtime/report/read_traffic.hpp"
#include "runtime/report/recording_builder.hpp"
#include "runtime/report/traffic_builder.hpp"

using namespace spikeloom;
using chip::StepBound;
using runtime::read_report;
using test::RecordingBuilder;
using test::TrafficBuilder;

namespace {

Result<runtime::Report> read_with(const TrafficBuilder& traffic, RecordingBuilder recording = {}) {
    recording.more = [&](files::Hdf5Writer& file) { traffic.write(file); };
    return read_report(recording.write("traffic.h5"));
}

runtime::Report sound(const TrafficBuilder& traffic) {
    const auto report = read_with(traffic);
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
    REQUIRE(report->traffic.has_value());
    return *report;
}

}  // namespace

TEST_CASE("a recording without traffic has none") {
    const auto report = read_report(RecordingBuilder{}.write("no_traffic.h5"));
    REQUIRE(report);
    CHECK(!report->traffic);
    CHECK(runtime::bound_finding(*report, runtime::Script::plain).empty());
}

TEST_CASE("steps are parted into what they wait for, and add up") {
    const runtime::TrafficReport traffic = *sound({}).traffic;
    CHECK(traffic.model == "queued");
    CHECK(traffic.costs == "first");
    CHECK(traffic.steps == 40);
    CHECK(traffic.bound_steps[StepBound::processing] == 30);
    CHECK(traffic.bound_steps[StepBound::network] == 10);
    // Processing: 60 + step, for every step; every fourth waits twice as long again; barrier 20, host 5.
    CHECK(traffic.time_by_ns[StepBound::processing] == doctest::Approx(40 * 60 + 39 * 20));
    CHECK(traffic.time_by_ns[StepBound::network] == doctest::Approx(2 * (10 * 60 + (3 + 39) * 5)));
    CHECK(traffic.time_by_ns[StepBound::barrier] == doctest::Approx(800));
    CHECK(traffic.time_by_ns[StepBound::host] == doctest::Approx(200));
    CHECK(traffic.time_by_ns.sum() == doctest::Approx(traffic.time_ns));
    std::uint64_t binned = 0;
    for (const auto& bin : traffic.step_times_ns.counts) {
        binned += bin.sum();
    }
    CHECK(binned == 40);
    CHECK(traffic.step_times_ns.first == 85);
    REQUIRE(traffic.timeline.size() == 40);
    CHECK(traffic.timeline[3].longest_ns == 3 * 63 + 25);
    CHECK(traffic.timeline[3].time_ns[StepBound::network] == 2 * 63);
}

TEST_CASE("critical cores and links are counted, busy times follow from flits") {
    const runtime::TrafficReport traffic = *sound({}).traffic;
    CHECK(traffic.cores[0].steps[StepBound::network] == 10);
    CHECK(traffic.cores[1].steps[StepBound::processing] == 30);
    CHECK(traffic.cores[0].messages_out == 500);
    CHECK(traffic.links[0].busiest_steps == 29);  // the first step had no message
    CHECK(traffic.links[2].busiest_steps == 10);
    CHECK(traffic.links[2].busy == doctest::Approx(400 * 0.5 / traffic.time_ns));
    CHECK(traffic.links[2].busy_when_busiest > 150.0 / 350);
    const auto links = runtime::critical_links(traffic, 5);
    REQUIRE(links.size() == 2);
    CHECK(links[0].index == 2);
    CHECK(runtime::critical_cores(traffic, 5)[0].index == 1);
}

TEST_CASE("the first sentence says what bounds the steps, where, and whether a wider link would help") {
    const runtime::Report report = sound({});
    const std::string sentence = runtime::bound_finding(report, runtime::Script::plain);
    CHECK(sentence ==
          "75 % of the steps are bounded by processing on core 5; the link tile 0,0 -> 1,0 is the busiest, "
          "3 % of the time; a network without waiting would shorten the run by at most 28 %");
    TrafficBuilder calm;
    for (std::size_t step = 0; step < 40; ++step) {
        float* row = &calm.phases[8 * step];
        row[1] = row[3];
        row[0] = row[3] + 25;
        calm.bound[step] = 1;
    }
    const std::string without = runtime::bound_finding(sound(calm), runtime::Script::plain);
    CHECK(without.find("100 % of the steps are bounded by processing, in 75 % of these on core 5") == 0);
    CHECK(without.ends_with("widening it would not help"));
}

TEST_CASE("windows keep their flits and times; many of them are merged") {
    TrafficBuilder builder;
    const runtime::TrafficReport traffic = *sound(builder).traffic;
    REQUIRE(traffic.windows.size() == 4);
    CHECK(traffic.windows[0].links == std::vector<runtime::LinkInWindow>{{0, 2, 100}, {2, 5, 100}});
    CHECK(traffic.windows[3].links == std::vector<runtime::LinkInWindow>{{2, 8, 100}});
    CHECK(traffic.windows[3].first_step == 30);
    double time = 0;
    for (const runtime::TrafficWindow& window : traffic.windows) {
        time += window.time_ns;
    }
    CHECK(time == doctest::Approx(traffic.time_ns));

    runtime::TrafficReport many;
    many.steps = 250;
    many.window_steps = 1;
    many.links.resize(100);
    CHECK(runtime::merged_windows(many) == 5);
    many.links.resize(runtime::most_window_links);
    CHECK(runtime::merged_windows(many) == 250);
}

TEST_CASE("latencies of samples follow from their steps") {
    const runtime::TrafficReport traffic = *sound({}).traffic;
    // Two samples of 20 steps; the answer comes in step 9 of each.
    REQUIRE(traffic.sample_ns.count == 2);
    CHECK(traffic.sample_ns.least + traffic.sample_ns.most == doctest::Approx(traffic.time_ns));
    CHECK(traffic.sample_ns.least == doctest::Approx(20 * 85 + 190 + 2 * (5 * 60 + 3 + 7 + 11 + 15 + 19)));
    CHECK(traffic.sample_ns.p95 == traffic.sample_ns.most);
    REQUIRE(traffic.first_spike_ns.count == 2);
    CHECK(traffic.first_spike_ns.least == doctest::Approx(10 * 85 + 45 + 2 * (2 * 60 + 3 + 7)));
}

TEST_CASE("a trace gives latencies by part of the way, and where messages waited") {
    TrafficBuilder builder;
    builder.add_trace();
    const runtime::Report report = sound(builder);
    const runtime::MessageTrace& trace = report.traffic->trace;
    CHECK(trace.recorded == 4);
    CHECK(trace.latency_ns.least == 10);
    CHECK(trace.latency_ns.median == 20);
    CHECK(trace.latency_ns.most == 100);
    CHECK(trace.source_ns.most == 30);
    CHECK(trace.network_ns.most == 70);
    CHECK(trace.receiver_ns.most == 70);
    CHECK(trace.mean_hops == 2);
    CHECK(trace.stalled == 2);
    CHECK(trace.places == std::vector<runtime::StallPlace>{{2, 1, 60}, {0, 1, 4}});
    CHECK(runtime::trace_finding(report, runtime::Script::plain) ==
          "Half of the traced messages arrive within 20.0 ns, 95 % within 100 ns; most of the waiting is before "
          "tile 0,0 -> 1,0");
}

TEST_CASE("traffic that can't be is refused with the path") {
    TrafficBuilder builder;
    builder.add_trace();
    const auto says = [&](const std::string& path) {
        const auto report = read_with(builder);
        REQUIRE(!report);
        const std::string text = to_text(report.error());
        CHECK_MESSAGE(text.find(":/traffic/" + path) != std::string::npos, text);
    };
    SUBCASE("a model that there is not") {
        builder.model = "psychic";
        says("model");
    }
    SUBCASE("a clock that stands still") {
        builder.cycle = 0;
        says("cycle");
    }
    SUBCASE("a time that is not finite") {
        builder.phases[8 * 7 + 3] = NAN;
        says("phases");
    }
    SUBCASE("fewer steps than the run has") {
        builder.phases.resize(8 * 39);
        says("phases");
    }
    SUBCASE("phases without names") {
        builder.columns[2] = "generating";
        says("phases");
    }
    SUBCASE("a bound without a name") {
        builder.bound[5] = 6;
        says("bound");
    }
    SUBCASE("a bound that nobody knows") {
        builder.bounds[5] = "weather";
        says("bound");
    }
    SUBCASE("a core beyond the run's") {
        builder.core[0] = 2;
        says("core");
    }
    SUBCASE("a link beyond the network's") {
        builder.link[39] = 8;
        says("link");
    }
    SUBCASE("a link without an end") {
        builder.to.pop_back();
        says("links/to");
    }
    SUBCASE("a link without a name") {
        builder.names.pop_back();
        says("links/name");
    }
    SUBCASE("windows of no steps") {
        builder.window_steps = 0;
        says("windows/steps");
    }
    SUBCASE("a window beyond the run") {
        builder.window.back() = 4;
        says("windows/window");
    }
    SUBCASE("windows that go back") {
        builder.window[1] = 3;
        says("windows/window");
    }
    SUBCASE("a window's link beyond the network's") {
        builder.window_link[0] = 80;
        says("windows/link");
    }
    SUBCASE("windows of different lengths") {
        builder.window_peak.pop_back();
        says("windows/peak");
    }
    SUBCASE("messages of too few cores") {
        builder.in.pop_back();
        says("cores/in");
    }
    SUBCASE("a message that arrives before it leaves") {
        builder.arrived[1] = 11;
        says("trace/arrived");
    }
    SUBCASE("a message of a step that never came") {
        builder.message_step[3] = 40;
        says("trace/step");
    }
    SUBCASE("a message from off the mesh") {
        builder.source[0] = 128;
        says("trace/source");
    }
    SUBCASE("a stall on a link that there is not") {
        builder.stalled_link[0] = 8 + 2 * 128;
        says("trace/stalled_link");
    }
    SUBCASE("a stall of less than nothing") {
        builder.stalled[2] = -1;
        says("trace/stalled");
    }
}

TEST_CASE("traffic that contradicts itself without harm is remarked on") {
    TrafficBuilder builder;
    builder.phases[8 * 5] += 50;
    builder.flits[7] = 1;
    builder.costs = "third";
    const runtime::Report report = sound(builder);
    REQUIRE(report.remarks.size() == 3);
    CHECK(report.remarks[0].find("In 1 of 40 steps, the phases") == 0);
    CHECK(report.remarks[1].find("On 1 of 8 links, the windows") == 0);
    CHECK(report.remarks[2].find("'third'") != std::string::npos);
}

TEST_CASE("what a pipelined throughput and a real-time factor need is read where it is recorded") {
    RecordingBuilder recording;
    recording.more = [&](files::Hdf5Writer& file) {
        TrafficBuilder{}.write(file);
        file.scalar<std::uint32_t>("/eval/input_steps", 16);
        file.scalar<std::uint8_t>("/eval/feed_forward", 1);
        file.scalar<double>("/provenance/wall", 0.01);
    };
    const auto report = read_report(recording.write("pace.h5"));
    REQUIRE(report);
    const auto figures = runtime::time_figures(*report, runtime::Script::plain);
    const auto value = [&](const std::string& name) {
        const auto found = std::ranges::find(figures, name, &runtime::TimeFigure::name);
        return found == figures.end() ? std::string("none") : found->value;
    };
    const double step_ns = report->traffic->time_ns / 40;
    CHECK(value("throughput, pipelined") == runtime::si(1e9 / (16 * step_ns), "/s", runtime::Script::plain));
    CHECK(value("throughput, one at a time") == runtime::si(1e9 / (20 * step_ns), "/s", runtime::Script::plain));
    CHECK(value("emulation against real time") == "4 times as fast as real time");
}

TEST_CASE("names of links are made printable") {
    TrafficBuilder builder;
    builder.names[2] = "tile \x1b[31m";
    CHECK(sound(builder).traffic->links[2].name == "tile \uFFFD[31m");
}
