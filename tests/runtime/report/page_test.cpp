#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <set>
#include <sstream>

#include "runtime/report.hpp"
#include "runtime/report/findings.hpp"
#include "runtime/report/golden.hpp"
#include "runtime/report/report_fixture.hpp"
#include "runtime/report/units.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;

namespace {

/// Empty if every element is closed in order; else the place where not.
std::string unbalanced(const std::string& html) {
    const std::set<std::string> empty_elements{"meta", "br", "!DOCTYPE"};
    std::vector<std::string> open;
    for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at)) {
        const std::size_t end = html.find('>', at);
        if (end == std::string::npos) {
            return "unfinished tag: " + html.substr(at, 60);
        }
        const std::string tag = html.substr(at + 1, end - at - 1);
        const std::string name = tag.substr(0, tag.find_first_of(" /", 1));
        if (tag[0] == '/') {
            if (open.empty() || open.back() != tag.substr(1)) {
                return "closes " + tag + " within " + (open.empty() ? "nothing" : open.back());
            }
            open.pop_back();
        } else if (tag.back() != '/' && !empty_elements.contains(name)) {
            open.push_back(name);
        }
        at = end;
        if (name == "style" || name == "script") {
            at = html.find("</" + name + ">", at);
        }
    }
    return open.empty() ? "" : "never closes " + open.back();
}

Report hostile_report() {
    const std::string evil = "\"><script>alert(1)</script><b title='";
    Report report = test::labelled_report();
    report.learning = test::learned_report().learning;
    report.learning[0].name = report.learning[0].rule = report.learning[0].traces = evil;
    report.learning[0].source = evil;
    report.learning[0].field_shape = {1, 1};
    report.learning[0].fields = {{0, {5}}};
    report.learning[0].series[0].quantity = report.learning[0].series[0].lines[0] = evil;
    report.network = report.chip = report.program = report.recorded_at = report.mapping_report = evil;
    report.populations[0].name = report.populations[1].name = evil;
    report.losses[0].name = report.losses[1].name = evil;
    report.priced[0].table = report.priced[1].table = evil;
    report.cost_tables[0].name = report.cost_tables[0].title = evil;
    report.cost_tables[0].events[0].energy_pj.source = evil;
    report.gap->layers[0].population = report.gap->steps[0].name = report.gap->largest_step = evil;
    report.rules = report.options = report.remarks = {evil};
    report.provenance = {{evil, evil}};
    return report;
}

}  // namespace

TEST_CASE("text, JSON and page are those that were looked at") {
    const Report report = test::labelled_report();
    test::check_golden("report/labelled.txt", report_text(report));
    test::check_golden("report/labelled.json", report_json(report));
    test::check_golden("report/labelled.html", report_html(report));
    test::check_golden("report/bare.txt", report_text(test::bare_report()));
}

TEST_CASE("the page is whole and refers to nothing outside itself") {
    for (const Report& report : {test::labelled_report(8), test::bare_report(), test::learned_report(), Report{}}) {
        const std::string html = report_html(report);
        CHECK_MESSAGE(unbalanced(html).empty(), unbalanced(html));
        for (const char* outside : {"http:", "https:", "url(", "@import", "<script", "<link", "src=", "<img"}) {
            CHECK_MESSAGE(html.find(outside) == std::string::npos, outside);
        }
        for (const char* number : {"\"nan", " nan", ">nan", "\"inf\"", ">inf<", "-inf"}) {
            CHECK_MESSAGE(html.find(number) == std::string::npos, number);
        }
    }
}

TEST_CASE("strings of a file can't become markup") {
    const std::string html = report_html(hostile_report());
    CHECK(html.find("<script") == std::string::npos);
    CHECK(html.find("<b ") == std::string::npos);
    CHECK_MESSAGE(unbalanced(html).empty(), unbalanced(html));
    boost::system::error_code error;
    const std::string json = report_json(hostile_report());
    boost::json::parse(json, error);
    CHECK(!error);
}

TEST_CASE("the text fits 100 columns, whatever the names") {
    Report report = hostile_report();
    report.populations[0].name = std::string(500, 'x');
    report.provenance = {{"network_file", std::string(500, 'y')}};
    report.rules = {std::string(300, 'z')};
    std::istringstream lines(report_text(report));
    for (std::string line; std::getline(lines, line);) {
        CHECK_MESSAGE(text_width(line) <= 100, line);
    }
}

TEST_CASE("a whole chip and many populations stay below 2 MB") {
    Report report = test::labelled_report(8);
    const CoreOccupancy core = report.cores[0];
    report.cores.clear();
    for (std::uint32_t place = 0; place < 128; ++place) {
        report.cores.push_back(core);
        report.cores.back().place = place;
    }
    for (PricedRun& run : report.priced) {
        run.core_energy_pj.assign(128, 5);
        run.slowest_steps.assign(128, 50);
    }
    for (int i = 0; i < 5000; ++i) {
        report.populations.push_back({.name = "population " + std::to_string(i), .shape = {10}, .neurons = 10});
        report.losses.push_back(report.losses[0]);
    }
    for (std::uint32_t i = 0; i < 12'000; ++i) {
        report.raster.push_back({.time_ms = i % 256 * 1.0, .neuron = i % 120});
    }
    const std::string html = report_html(report);
    CHECK(html.size() < 2'000'000);
    CHECK_MESSAGE(unbalanced(html).empty(), unbalanced(html));
}

TEST_CASE("JSON says units in keys, and null where nothing was measured") {
    const boost::json::value json = boost::json::parse(report_json(test::bare_report()));
    CHECK(json.at("format").as_string() == "spikeloom-report");
    CHECK(json.at("version").as_int64() == 1);
    CHECK(json.at("evaluation").is_null());
    CHECK(json.at("gap").is_null());
    CHECK(json.at("headline").at("accuracy").is_null());
    CHECK(json.at("headline").at("per").as_string() == "step");
    CHECK(json.at("populations").at(0).at("spikes").is_null());
    const boost::json::value labelled = boost::json::parse(report_json(test::labelled_report()));
    CHECK(labelled.at("costs").at(0).at("dynamic_per_pj").at("value").as_double() ==
          doctest::Approx(test::labelled_report().priced[0].dynamic_pj.value / 200));
    CHECK(labelled.at("evaluation").at("correct").to_number<int>() == 190);
}

TEST_CASE("the binding limit is the one that is fullest, and unknown rooms bind nothing") {
    Report report = test::bare_report();
    CoreOccupancy core;
    core.compartments = 512;
    core.input_axons = 4000;
    core.synapse_words = 9000;
    CHECK(binding(report, core) == Limit::input_axons);
    CHECK(utilisation(report, core, Limit::compartments) == 0.5);
    core.synapse_formats = 15;
    report.synapse_formats = 15;
    CHECK(binding(report, core) == Limit::input_axons);  // nothing was recorded of formats
    report.every_limit_recorded = true;
    CHECK(binding(report, core) == Limit::synapse_formats);
    report.synapse_words = 0;
    CHECK(utilisation(report, core, Limit::synapse_words) == 0);
}

TEST_CASE("the accuracy's interval is Wilson's") {
    Report report;
    report.samples = 10;
    report.correct = 10;
    CHECK(accuracy_interval(report).high == doctest::Approx(1));
    CHECK(accuracy_interval(report).low == doctest::Approx(0.7225).epsilon(0.001));
    report.samples = 0;
    CHECK(accuracy_interval(report).high == 0);
}
