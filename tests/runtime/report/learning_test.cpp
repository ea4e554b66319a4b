#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "runtime/report.hpp"
#include "runtime/report/charts.hpp"
#include "runtime/report/findings.hpp"
#include "runtime/report/golden.hpp"
#include "runtime/report/recording_builder.hpp"
#include "runtime/report/report_fixture.hpp"

using namespace spikeloom;
using runtime::read_report;
using runtime::Report;
using runtime::Script;

namespace {

/// /learning/in_e as the recorder lays it out: 4 synapses of 2 sources and 2 targets, 3 moments, 2 snapshots.
struct LearningGroup {
    std::vector<double> times{0, 20, 40};
    std::vector<double> means{15, 20, 25};
    std::vector<std::uint64_t> at_least{0, 1, 2};
    std::vector<std::uint64_t> at_most{0, 0, 1};
    std::vector<std::uint32_t> source{0, 0, 1, 1};
    std::vector<std::uint32_t> target{0, 1, 0, 1};
    std::vector<std::int16_t> snapshots{10, 10, 20, 20, 0, 0, 20, 255};
    std::uint64_t snapshot_width = 4;
    std::vector<std::int16_t> probe{10, 20, 5, 20, 0, 20};  ///< w of synapses 0 and 2
    std::vector<std::uint32_t> probe_source{0, 1};
    std::vector<std::int16_t> trace{0, 16, 8};  ///< x1 of source 1
    std::vector<std::int32_t> limits{0, 255};
    double weight_per_unit = 0.5;
    std::string folder = "/learning/in_e";
    std::string source_shape;  ///< of the sources; empty: not recorded, as in older files
    std::string without;       ///< a dataset that is left out

    template <class T>
    void put(files::Hdf5Writer& file, const std::string& name, const std::vector<T>& values,
             const std::vector<std::uint64_t>& shape) const {
        if (name != without) {
            file.array<T>(folder + "/" + name, std::span<const T>(values), shape);
        }
    }
    template <class T>
    void put(files::Hdf5Writer& file, const std::string& name, const std::vector<T>& values) const {
        put(file, name, values, {values.size()});
    }
    void write(files::Hdf5Writer& file) const {
        file.text(folder + "/rule/text", "dw = 2^-2*x1*y0 - 2^-2*y1*x0");
        file.scalar<std::uint32_t>(folder + "/rule/epoch", 2);
        put<double>(file, "rule/x_impulse", {16, 0});
        put<double>(file, "rule/x_tau", {20, 0});
        put<double>(file, "rule/y_impulse", {16, 0, 0});
        put<double>(file, "rule/y_tau", {10, 0, 0});
        file.scalar<double>(folder + "/weight_per_unit", weight_per_unit);
        if (!source_shape.empty()) {
            file.text(folder + "/source/name", "input");
            file.text(folder + "/source/shape", source_shape);
        }
        put(file, "weight_limits", limits);
        put(file, "synapses/source", source);
        put(file, "synapses/target", target);
        put(file, "time", times);
        put(file, "weight_mean", means);
        put(file, "at_least", at_least);
        put(file, "at_most", at_most);
        put(file, "snapshots/weights", snapshots, {snapshots.size() / snapshot_width, snapshot_width});
        put(file, "probes/w/data", probe, {probe.size() / 2, 2});
        put(file, "probes/w/source", probe_source);
        put<std::uint32_t>(file, "probes/w/target", {0, 0});
        put(file, "probes/x1/data", trace, {trace.size(), 1});
        put<std::uint32_t>(file, "probes/x1/neuron", {1});
    }
};

Result<Report> read(const LearningGroup& group, const std::string& name = "learned.h5") {
    test::RecordingBuilder builder;
    builder.more = [&](files::Hdf5Writer& file) { group.write(file); };
    return read_report(builder.write(name));
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what was learned is read: rule, weights before and after, means, probes") {
    const auto report = read({});
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
    REQUIRE(report->learning.size() == 1);
    const runtime::ProjectionLearning& learning = report->learning[0];
    CHECK(learning.name == "in_e");
    CHECK(has(learning.rule, "dw = 2^-2*x1*y0"));
    CHECK(learning.traces == "x1: impulse 16, tau 20 steps; y1: impulse 16, tau 10 steps");
    CHECK(learning.epoch == 2);
    CHECK(learning.synapses == 4);
    CHECK(learning.changed == 3);
    CHECK(learning.at_least == 2);
    CHECK(learning.at_most == 1);
    CHECK(learning.time_ms == std::vector<double>{0, 20, 40});
    CHECK(learning.share_at_limits == std::vector<double>{0, 0.25, 0.75});
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    for (std::size_t i = 0; i < learning.after.counts.size(); ++i) {
        before += learning.before.counts[i];
        after += learning.after.counts[i];
    }
    CHECK(before == 4);
    CHECK(after == 4);
    CHECK(learning.after.counts.front() == 2);
    CHECK(learning.after.counts.back() == 1);
    REQUIRE(learning.series.size() == 2);
    CHECK(learning.series[0].lines == std::vector<std::string>{"0 to 0", "1 to 0"});
    CHECK(learning.series[0].values == std::vector<std::vector<double>>{{10, 5, 0}, {20, 20, 20}});
    CHECK(learning.series[1].lines == std::vector<std::string>{"source 1"});
    CHECK(!report->learning_frozen);
}

TEST_CASE("long series are thinned, their ends stay") {
    LearningGroup group;
    constexpr std::size_t moments = 3001;
    group.times.clear();
    for (std::size_t i = 0; i < moments; ++i) {
        group.times.push_back(static_cast<double>(i));
    }
    group.means = group.times;
    group.at_least.assign(moments, 0);
    group.at_most.assign(moments, 0);
    group.probe.assign(2 * moments, 3);
    group.probe.back() = 99;
    group.trace.assign(moments, 1);
    const auto thinned = read(group, "long_learning.h5");
    REQUIRE_MESSAGE(thinned.has_value(), (thinned ? "" : to_text(thinned.error())));
    const runtime::ProjectionLearning& learning = thinned->learning[0];
    CHECK(learning.time_ms.size() == 400);
    CHECK(learning.time_ms.back() == 3000);
    CHECK(learning.series[0].values[1].back() == 99);
}

TEST_CASE("a /learning that contradicts itself is refused with its path") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<std::pair<std::function<void(LearningGroup&)>, const char*>> cases{
        {[](auto& group) { group.means.pop_back(); }, "/weight_mean: "},
        {[&](auto& group) { group.means[1] = nan; }, "/weight_mean: "},
        {[](auto& group) { group.times = {0, 40, 20}; }, "/time: "},
        {[](auto& group) { group.at_least = {0, 0, 9}; }, "/at_least: "},
        {[](auto& group) { group.snapshot_width = 2; }, "/snapshots/weights: "},
        {[](auto& group) { group.probe.resize(4); }, "/probes/w/data: "},
        {[](auto& group) { group.probe_source = {0}; }, "/probes/w/source: "},
        {[](auto& group) { group.limits = {1, 0}; }, "/weight_limits: "},
        {[](auto& group) { group.limits = {0}; }, "/weight_limits: "},
        {[](auto& group) { group.weight_per_unit = INFINITY; }, "/weight_per_unit: "},
        {[](auto& group) { group.without = "synapses/source"; }, "/synapses/source: "},
        {[](auto& group) { group.without = "time"; }, "/time: "},
        {[](auto& group) { group.without = "snapshots/weights"; }, "/snapshots: "},
        {[](auto& group) { group.without = "rule/x_tau"; }, "/rule/x_tau: "},
        {[](auto& group) { group.without = "probes/x1/neuron"; }, "/probes/x1/neuron: "}};
    for (const auto& [damage, path] : cases) {
        LearningGroup group;
        damage(group);
        const auto report = read(group, "contradiction.h5");
        CAPTURE(path);
        REQUIRE(!report);
        CHECK_MESSAGE(has(to_text(report.error()), std::string("/learning/in_e") + path), to_text(report.error()));
    }
}

TEST_CASE("a member of /learning that is no group is refused") {
    test::RecordingBuilder builder;
    builder.more = [](files::Hdf5Writer& file) { file.scalar<double>("/learning/x", 1); };
    const auto report = read_report(builder.write("no_group.h5"));
    REQUIRE(!report);
    CHECK(has(to_text(report.error()), "/learning/x: "));
}

TEST_CASE("weights that stand still or pile up are warned of; a frozen run is not") {
    Report report = test::learned_report();
    const std::string crowded = report_text(report);
    CHECK(has(crowded, "of the weights sit at a limit at the end"));
    CHECK(!has(crowded, "No weight changed"));
    report.learning[0].at_least = report.learning[0].at_most = 0;
    CHECK(learning_warnings(report, report.learning[0], Script::plain).empty());
    report.learning[0].changed = 0;
    CHECK(has(report_text(report), "warning: No weight changed, and no neuron spiked"));
    report.totals[Counter::spikes] = 7;
    CHECK(has(report_text(report), "warning: No weight changed: the rule's products may round to 0"));
    report.learning_frozen = true;
    CHECK(has(report_text(report), "Learning was off in this run."));
    CHECK(!has(report_text(report), "warning: "));
}

TEST_CASE("learning is priced: updates a second of chip time, share of the dynamic energy") {
    const Report report = test::learned_report();
    const auto sentences = learning_costs(report, Script::plain);
    REQUIRE(sentences.size() == 2);
    CHECK(sentences[0] == "10,000 learning updates, 100 per step.");
    // 10,000 updates of 120 pJ in 100 steps of 620 ns; 5,000 synaptic events of 23.6 pJ beside them.
    CHECK(has(sentences[1], "Under 'davies2018': 161 M updates per second of chip time; 1.20 uJ"));
    CHECK(has(sentences[1], "91.0 % of the dynamic energy."));
}

TEST_CASE("learning in text, JSON and page is what was looked at") {
    const Report report = test::learned_report();
    test::check_golden("report/learned.txt", report_text(report));
    test::check_golden("report/learned.html", report_html(report));
    const boost::json::value json = boost::json::parse(report_json(report));
    const boost::json::object& learning = json.at("learning").at(0).as_object();
    CHECK(learning.at("changed").as_int64() == 3000);
    CHECK(learning.at("probes").at(0).at("lines").at(0).at("registers").as_array().size() == 101);
    CHECK(learning.at("weights_after").at("synapses").as_array().size() == 37);
}

TEST_CASE("accuracy is told part by part: what learning is for") {
    test::RecordingBuilder builder;
    builder.steps = 4000;
    builder.labels.assign(400, 1);
    builder.predictions.assign(400, 0);
    std::fill(builder.predictions.begin() + 200, builder.predictions.end(), 1);
    builder.more = [](files::Hdf5Writer& file) { LearningGroup{}.write(file); };
    const auto report = read_report(builder.write("parts.h5"));
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
    REQUIRE(report->accuracy_over_run.size() == 20);
    CHECK(report->accuracy_over_run[9] == 0);
    CHECK(report->accuracy_over_run[10] == 1);
    CHECK(has(report_text(*report), "0.0 % of the first 20 samples are right, 100.0 % of the last 20."));
}

TEST_CASE("weights at the end are pictures over the sources, where these have a shape that can be drawn") {
    LearningGroup group;
    CHECK(read(group)->learning[0].fields.empty());
    group.source_shape = "2x1";
    const auto report = read(group);
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
    const runtime::ProjectionLearning& learning = report->learning[0];
    CHECK(learning.field_shape == std::vector<std::uint32_t>{2, 1});
    REQUIRE(learning.fields.size() == 2);
    CHECK(learning.fields[1].target == 1);
    CHECK(learning.fields[1].weights == std::vector<std::optional<std::int32_t>>{0, 255});
    CHECK(has(runtime::field_chart(learning), "target 1"));
    CHECK(has(report_html(*report), "over the sources (input)"));
    for (const char* shape : {"1", "x", "0x2", "2x", "2xtwo", "4097", "65536x65536", "4294967296", "-2"}) {
        CAPTURE(shape);
        group.source_shape = shape;
        const auto without = read(group);
        REQUIRE_MESSAGE(without.has_value(), (without ? "" : to_text(without.error())));
        CHECK(without->learning[0].fields.empty());
        CHECK(runtime::field_chart(without->learning[0]).empty());
    }
}
