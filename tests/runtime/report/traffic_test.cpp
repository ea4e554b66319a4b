#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <fstream>
#include <set>

#include "runtime/report.hpp"
#include "runtime/report/charts_traffic.hpp"
#include "runtime/report/golden.hpp"
#include "runtime/report/report_fixture.hpp"
#include "runtime/report/traffic_fixture.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;

namespace {

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
        ++found;
    }
    return found;
}

}  // namespace

TEST_CASE("time and traffic in text, JSON and page are what was looked at") {
    const Report report = test::traffic_report({}, {}, 20);
    test::check_golden("report/traffic.txt", report_text(report));
    test::check_golden("report/traffic.json", report_json(report));
    test::check_golden("report/traffic.html", report_html(report));
}

TEST_CASE("the page's one script is the program's own, and refers to nothing outside") {
    const std::string evil = "\"><script>alert(1)</script><b title='";
    Report report = test::traffic_report();
    for (LinkTraffic& link : report.traffic->links) {
        link.name = evil;
    }
    report.traffic->costs = evil;
    const std::string html = report_html(report);
    CHECK(count(html, "<script") == 1);
    CHECK(count(html, "alert(1)") > 0);
    CHECK(html.find("<script>alert") == std::string::npos);
    CHECK(html.find("<b ") == std::string::npos);
    for (const char* outside : {"http:", "https:", "url(", "@import", "<link", "src=", "<img", "import ", "fetch("}) {
        CHECK_MESSAGE(html.find(outside) == std::string::npos, outside);
    }
    CHECK(count(report_html(test::traffic_report({}, {}, 1)), "<script") == 0);
    CHECK(count(report_html(test::labelled_report()), "<script") == 0);
}

TEST_CASE("every link of a small board is a line; the slider has a digit for each and every window") {
    const Report report = test::traffic_report({.columns = 3, .rows = 2}, {}, 20);
    const LinkMap map = link_map(report);
    CHECK(map.block == 1);
    CHECK(report.traffic->links.size() == 14);
    REQUIRE(map.levels.size() == 21);
    REQUIRE(map.labels.size() == 21);
    for (const std::string& digits : map.levels) {
        CHECK(digits.size() == 14);
        CHECK(digits.find_first_not_of("0123456789") == std::string::npos);
    }
    std::set<char> seen;
    for (const std::string& digits : map.levels) {
        seen.insert(digits.begin(), digits.end());
    }
    CHECK(*seen.rbegin() >= '7');  // the scale's end is a round number at or above the busiest
    CHECK(count(map.svg, "class=\"fl ") == 14 + 10);
    CHECK(map.labels[1].starts_with("steps 0 to 319, "));
}

TEST_CASE("idle links are level 0, and a level never falls when a link is busier") {
    Report report = test::traffic_report({.columns = 6, .rows = 1}, {}, 0);
    for (std::size_t i = 0; i < report.traffic->links.size(); ++i) {
        report.traffic->links[i].busy = static_cast<double>(i) / 100;
        report.traffic->links[i].flits = i;
    }
    const LinkMap map = link_map(report);
    std::multiset<char> levels(map.levels[0].begin(), map.levels[0].end());
    CHECK(levels.count('0') == 1);
    CHECK(*levels.rbegin() == '9');
}

TEST_CASE("boards of several chips, rings and trees are drawn") {
    const LinkMap chips = link_map(
        test::traffic_report({.columns = 4, .rows = 3, .cores_per_tile = 4, .chip_columns = 2, .chip_rows = 2}));
    CHECK(count(chips.svg, "chip-border") == 2);
    CHECK(chips.svg.find("between chips") != std::string::npos);
    router::NetworkParameters parameters;
    parameters.topology = router::Topology::torus;
    parameters.virtual_channels = 2;
    const Report torus = test::traffic_report({.columns = 5, .rows = 4, .cores_per_tile = 2}, parameters);
    CHECK(link_map(torus).levels[0].size() == 80);
    parameters.topology = router::Topology::tree;
    const Report tree = test::traffic_report({.columns = 4, .rows = 4, .cores_per_tile = 2}, parameters);
    const LinkMap layers = link_map(tree);
    CHECK(layers.levels[0].size() == tree.traffic->links.size());
    CHECK(layers.svg.find("root") != std::string::npos);
}

TEST_CASE("the page of a large board stays below 1 MB") {
    const Report report = test::traffic_report({.columns = 64, .rows = 64, .cores_per_tile = 1}, {}, 60);
    const LinkMap map = link_map(report);
    CHECK(map.block == 4);
    CHECK(map.levels[0].size() == 2 * 2 * 16 * 15);
    CHECK(report_html(report).size() < 1'000'000);
    router::NetworkParameters parameters;
    parameters.topology = router::Topology::tree;
    const Report tree = test::traffic_report({.columns = 64, .rows = 32, .cores_per_tile = 1}, parameters, 60);
    CHECK(report_html(tree).size() < 1'000'000);
}

TEST_CASE("JSON says how much a network without waiting could give") {
    const Report report = test::traffic_report();
    const boost::json::value json = boost::json::parse(report_json(report));
    const boost::json::value& traffic = json.at("traffic");
    CHECK(traffic.at("model").as_string() == "queued");
    CHECK(traffic.at("shorter_without_waiting_at_most").as_double() ==
          doctest::Approx(report.traffic->time_by_ns[chip::StepBound::network] / report.traffic->time_ns));
    CHECK(traffic.at("samples_latency_ns").at("count").to_number<int>() == 200);
    CHECK(boost::json::parse(report_json(test::bare_report())).at("traffic").is_null());
}

TEST_CASE("an empty run has no figures, and no page falls over it") {
    Report report = test::traffic_report();
    report.traffic = TrafficReport{};
    CHECK(link_map(report).svg.empty());
    CHECK(bound_histogram(report).empty());
    CHECK(bound_finding(report, Script::plain).empty());
    CHECK(report_html(report).find("What bounds a step") == std::string::npos);
    CHECK(boost::json::parse(report_json(report)).at("traffic").at("trace").is_null());
}
