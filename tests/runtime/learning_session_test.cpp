// Probing and recording of plastic projections: through the session, into the file, and back out of it.
#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <utility>

#include "chip/learned_image.hpp"
#include "core/files/hdf5.hpp"
#include "runtime/isolated_reading.hpp"
#include "runtime/recording.hpp"
#include "runtime/report.hpp"
#include "runtime/session.hpp"
#include "runtime/small_image.hpp"
#include "support/temporary_folder.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;
using files::Hdf5Reader;
using rules::Operand;

namespace {

/// 6 channels all to all onto 5 neurons, dealt out to cores, excited enough to spike.
chip::Image learner(std::uint32_t cores = 2) {
    test::SmallImageOptions options{.channels = 6, .layers = {5, 2}, .cores_per_layer = cores, .threshold = 200};
    options.weight = [](std::uint32_t, std::uint32_t s, std::uint32_t n) {
        return 60 + static_cast<int>(s * 7 + n * 3) % 20;
    };
    options.voltage_decay = 500;
    return test::plastic_image(options);
}

Session open(const chip::Image& image, int threads = 1) {
    auto session = Session::open(image, {.threads = threads, .least_parallel_work = 0});
    REQUIRE_MESSAGE(session.has_value(), (session ? "" : to_text(session.error())));
    return std::move(*session);
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

void run(Session& session, std::uint64_t steps, Recorder& recorder) {
    const auto stimulus = make_poisson_stimulus(session.image(), {.rate_hz = 200, .seed = 3});
    Sink* const sinks[] = {&recorder};
    REQUIRE(session.run(steps, *stimulus, sinks) == steps);
}

/// Runs and closes; returns the weights at the end.
std::vector<std::int32_t> record(const chip::Image& image, const RecordingOptions& options, std::uint64_t steps,
                                 int threads = 1, bool learning = true) {
    Session session = open(image, threads);
    session.chip().set_learning(learning);
    for (const char* probe : {"in_e[0:10].w", "in_e[:,4].w", "in_e[2,:].t", "in_e[1:3].x1", "in_e.y1", "in_e.r1"}) {
        const auto added = session.add_probe(probe);
        REQUIRE_MESSAGE(added.has_value(), (added ? "" : to_text(added.error())));
    }
    auto recorder = Recorder::create(options, session);
    REQUIRE(recorder.has_value());
    run(session, steps, **recorder);
    const auto closed = (*recorder)->close(false);
    REQUIRE_MESSAGE(closed.has_value(), (closed ? "" : to_text(closed.error())));
    return session.chip().plastic_values(0, rules::Variable::weight);
}

template <class T>
std::vector<T> read(const Hdf5Reader& file, const std::string& path) {
    auto array = file.read<T>("/learning/in_e/" + path);
    REQUIRE_MESSAGE(array.has_value(), path);
    return array->values;
}

std::vector<std::uint64_t> shape(const Hdf5Reader& file, const std::string& path) {
    const auto info = file.describe("/learning/in_e/" + path);
    REQUIRE_MESSAGE(info.has_value(), path);
    return info->shape;
}

}  // namespace

TEST_CASE("learning probes name synapses by number or by source and target, neurons by side") {
    const chip::Image image = learner();
    Session session = open(image);
    for (const char* probe : {"in_e[3].w", "in_e[1,2].w", "in_e[0:2,4].w", "in_e[:,1].t", "in_e[4:].x1", "in_e[0].y1",
                              "in_e.r1", "layer0.v"}) {
        const auto added = session.add_probe(probe);
        CHECK_MESSAGE(added.has_value(), (added ? "" : to_text(added.error())));
    }
    CHECK(session.probes().size() == 1);
    const auto probes = session.learning_probes();
    REQUIRE(probes.size() == 5);
    CHECK(probes[0].quantity == Operand::w);
    CHECK(probes[0].elements == std::vector<std::uint32_t>{3, 4, 7, 9});  // 5 targets a source
    CHECK(probes[1].elements == std::vector<std::uint32_t>{1, 6, 11, 16, 21, 26});
    CHECK(probes[2].elements == std::vector<std::uint32_t>{4, 5});
    CHECK(probes[3].elements == std::vector<std::uint32_t>{0});
    CHECK(probes[4].elements == std::vector<std::uint32_t>{0});
}

TEST_CASE("learning probes that can't be are refused with what can") {
    const chip::Image image = learner();
    Session session = open(image);
    const auto text = [&](const char* probe) {
        const auto added = session.add_probe(probe);
        REQUIRE_FALSE_MESSAGE(added.has_value(), probe);
        return to_text(added.error());
    };
    CHECK(has(text("out.w"), "no plastic projection 'out'; allowed: in_e;"));
    CHECK(has(text("in_e.x2"), "the rule of 'in_e' does not use x2; allowed: w, d, t, x1, y1, r1"));
    CHECK(has(text("in_e.z"), "no variable 'z'; allowed: v, u of populations; w, d, t, x1"));
    CHECK(has(text("in_e[30].w"), "synapses 0..29"));
    CHECK(has(text("in_e[6,0].w"), "6 sources and 5 targets"));
    CHECK(has(text("in_e[0,5].w"), "6 sources and 5 targets"));
    CHECK(has(text("in_e[0,1,2].w"), "6 sources and 5 targets"));
    CHECK(has(text("in_e[6].x1"), "source neurons 0..5"));
    CHECK(has(text("in_e[0:6].y1"), "target neurons 0..4"));
    CHECK(has(text("in_e[1].r1"), "one r1 for the whole projection"));
    CHECK(session.learning_probes().empty());
}

TEST_CASE("a recording has what the chip learned: rule, probes, means, snapshots, in units") {
    const test::TemporaryFolder folder;
    const chip::Image image = learner();
    const std::vector<std::int32_t> end =
        record(image, {.path = folder("run.h5"), .learning_every = 10, .snapshot_every = 40}, 105);
    const Session fresh = open(image);
    const std::vector<std::int32_t> start = fresh.chip().plastic_values(0, rules::Variable::weight);
    CHECK(start != end);

    const Hdf5Reader file = Hdf5Reader::open(folder("run.h5")).value();
    CHECK(file.read_text("/learning/in_e/rule/name") == "pair STDP");
    const std::string rule = file.read_text("/learning/in_e/rule/text").value();
    CHECK(has(rule, "dw = "));
    CHECK(has(rule, "\ndt = "));
    CHECK(read<std::uint32_t>(file, "rule/epoch") == std::vector<std::uint32_t>{2});
    CHECK(read<double>(file, "rule/x_impulse") == std::vector<double>{40, 0});
    CHECK(read<double>(file, "rule/y_tau") == std::vector<double>{10, 0, 0});
    CHECK(read<double>(file, "weight_per_unit") == std::vector<double>{0.5});
    CHECK(file.attribute_text("/learning/in_e/weight_per_unit", "units") == "network weight/register");
    CHECK(file.attribute_text("/learning/in_e/probes/w/data", "units") == "register");
    CHECK(file.read<std::uint8_t>("/provenance/learning")->values == std::vector<std::uint8_t>{1});

    CHECK(read<double>(file, "time") == std::vector<double>{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 105});
    CHECK(read<double>(file, "snapshots/time") == std::vector<double>{0, 40, 80, 105});
    CHECK(shape(file, "snapshots/weights") == std::vector<std::uint64_t>{4, 30});
    CHECK(shape(file, "snapshots/tags") == std::vector<std::uint64_t>{4, 30});
    CHECK_FALSE(file.has("/learning/in_e/snapshots/delays"));
    CHECK(file.describe("/learning/in_e/snapshots/weights")->type_name == "int16");
    const auto snapshots = read<std::int32_t>(file, "snapshots/weights");
    CHECK(std::equal(start.begin(), start.end(), snapshots.begin()));
    CHECK(std::equal(end.begin(), end.end(), snapshots.end() - 30));

    const auto synapses = read<std::uint32_t>(file, "probes/w/synapse");
    CHECK(synapses == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 19, 24, 29});
    CHECK(read<std::uint32_t>(file, "probes/w/source").back() == 5);
    CHECK(read<std::uint32_t>(file, "probes/w/target").back() == 4);
    CHECK(read<std::uint32_t>(file, "synapses/source")[29] == 5);
    CHECK(file.read_text("/learning/in_e/source/name") == "input");
    CHECK(file.read_text("/learning/in_e/target/shape") == "5");
    CHECK(shape(file, "probes/w/data") == std::vector<std::uint64_t>{12, 14});
    const auto weights = read<std::int32_t>(file, "probes/w/data");
    for (std::size_t i = 0; i < synapses.size(); ++i) {
        CHECK(weights[i] == start[synapses[i]]);
        CHECK(weights[11 * synapses.size() + i] == end[synapses[i]]);
        CHECK(weights[4 * synapses.size() + i] == snapshots[30 + synapses[i]]);
    }
    CHECK(shape(file, "probes/x1/data") == std::vector<std::uint64_t>{12, 2});
    CHECK(read<std::uint32_t>(file, "probes/x1/neuron") == std::vector<std::uint32_t>{1, 2});
    const auto traces = read<std::int32_t>(file, "probes/y1/data");
    CHECK(std::any_of(traces.begin(), traces.end(), [](std::int32_t trace) { return trace > 0; }));
    double sum = 0;
    for (const std::int32_t weight : end) {
        sum += weight;
    }
    CHECK(read<double>(file, "weight_mean").back() == doctest::Approx(sum / 30));
}

TEST_CASE("every dataset of a learning run has units") {
    const test::TemporaryFolder folder;
    record(learner(), {.path = folder("run.h5")}, 20);
    const Hdf5Reader file = Hdf5Reader::open(folder("run.h5")).value();
    std::size_t datasets = 0;
    const std::function<void(const std::string&)> visit = [&](const std::string& group) {
        const auto members = file.members(group);
        REQUIRE(members.has_value());
        for (const files::Hdf5Member& member : *members) {
            const std::string path = group + "/" + member.name;
            if (member.kind == files::Hdf5Kind::group) {
                visit(path);
            } else {
                ++datasets;
                CHECK_MESSAGE(file.attribute_text(path, "units").has_value(), path);
            }
        }
    };
    visit("/learning");
    CHECK(datasets > 30);
}

TEST_CASE("a damaged /learning is a diagnostic or a report, never a crash") {
    const test::TemporaryFolder folder;
    const std::string path = folder("run.h5");
    record(learner(), {.path = path, .snapshot_every = 10}, 40);
    std::string bytes;
    {
        std::ifstream file(path, std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    std::size_t refused = 0;
    for (std::size_t at = 96; at < bytes.size(); at += 2003) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x5A);
        std::ofstream(path, std::ios::binary) << damaged;
        const auto text = print_recording(path, report_html);
        CHECK((text.has_value() || has_error(text.error())));
        refused += text ? 0 : 1;
    }
    CHECK(refused > 0);
}

TEST_CASE("without a period, rows come in whole epochs, some 250 of them") {
    const test::TemporaryFolder folder;
    record(learner(), {.path = folder("run.h5"), .planned_steps = 1000}, 1000);
    const Hdf5Reader file = Hdf5Reader::open(folder("run.h5")).value();
    CHECK(read<std::uint64_t>(file, "every") == std::vector<std::uint64_t>{4});
    CHECK(shape(file, "time") == std::vector<std::uint64_t>{251});
    CHECK(read<double>(file, "snapshots/time") == std::vector<double>{0, 1000});
}

TEST_CASE("threads and mappings give the same /learning") {
    const test::TemporaryFolder folder;
    const auto run_on = [&](int threads, std::uint32_t cores) {
        const std::string path = folder(std::to_string(threads) + "-" + std::to_string(cores) + ".h5");
        record(learner(cores), {.path = path, .threads = threads, .snapshot_every = 10}, 60, threads);
        return Hdf5Reader::open(path).value();
    };
    const Hdf5Reader plain = run_on(1, 1);
    for (const auto& [threads, cores] : std::vector<std::pair<int, std::uint32_t>>{{3, 1}, {1, 2}, {1, 3}, {2, 3}}) {
        CAPTURE(threads);
        CAPTURE(cores);
        const Hdf5Reader file = run_on(threads, cores);
        for (const char* path :
             {"time", "weight_mean", "at_least", "at_most", "synapses/source", "synapses/target", "probes/w/data",
              "probes/t/data", "probes/x1/data", "probes/y1/data", "snapshots/weights", "snapshots/tags"}) {
            CAPTURE(path);
            CHECK(read<double>(file, path) == read<double>(plain, path));
        }
    }
}

TEST_CASE("a frozen run changes nothing and says so") {
    const test::TemporaryFolder folder;
    const chip::Image image = learner();
    RecordingOptions options{.path = folder("run.h5")};
    options.learning = false;
    const auto end = record(image, options, 100, 1, false);
    CHECK(end == open(image).chip().plastic_values(0, rules::Variable::weight));
    const auto report = read_report(folder("run.h5"));
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
    CHECK(report->learning_frozen);
    CHECK(report->learning.at(0).changed == 0);
}

TEST_CASE("the report reads what the recorder wrote") {
    const test::TemporaryFolder folder;
    const auto end = record(learner(), {.path = folder("run.h5"), .learning_every = 5}, 200);
    const auto report = read_report(folder("run.h5"));
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
    REQUIRE(report->learning.size() == 1);
    const ProjectionLearning& learning = report->learning[0];
    CHECK(learning.name == "in_e");
    CHECK(learning.synapses == 30);
    CHECK(learning.changed > 0);
    CHECK(learning.limit_least == -256);
    CHECK(learning.time_ms.size() == 41);
    CHECK(learning.series.size() == 5);
    CHECK(report->totals[Counter::learning_updates] > 0);
    CHECK(has(report_text(*report), "learning updates, "));
}

TEST_CASE("an image saved after a run continues where the run ended") {
    const test::TemporaryFolder folder;
    const chip::Image image = learner();
    Session session = open(image);
    auto recorder = Recorder::create({.path = folder("run.h5")}, session);
    REQUIRE(recorder.has_value());
    run(session, 100, **recorder);
    const chip::Image learned = chip::learned_image(image, session.chip());
    CHECK(learned != image);
    CHECK(open(learned).chip().plastic_values(0, rules::Variable::weight) ==
          session.chip().plastic_values(0, rules::Variable::weight));
}
