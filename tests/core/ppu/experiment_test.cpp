#include "core/ppu/experiment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/ppu/parse.hpp"

namespace spikeloom::ppu {
namespace {

constexpr const char* head = "name: 'e' rule: 'r.ppu' neurons: 4 duration_ms: 10\n";

Experiment parsed_experiment(const std::string& rest) {
    auto experiment = parse_experiment(head + rest, "e");
    REQUIRE_MESSAGE(experiment.has_value(), to_text(experiment.error()));
    return *experiment;
}
std::string refusal(const std::string& rest) {
    const auto experiment = parse_experiment(head + rest, "e");
    REQUIRE(!experiment.has_value());
    return to_text(experiment.error());
}
std::vector<double> times_of(const std::vector<RowSpike>& spikes, std::uint32_t row) {
    std::vector<double> times;
    for (const RowSpike& spike : spikes) {
        if (spike.row == row) {
            times.push_back(spike.time);
        }
    }
    return times;
}

TEST_CASE("inputs take rows in order, tasks the rows of their inputs") {
    const Experiment experiment = parsed_experiment(
        "input { name: 'a' rows: 2 weight: 3 } input { name: 'b' rows: 3 weight_least: 5 weight_most: 9 }\n"
        "task { kernel: 'k' input: 'b' input: 'a' start_ms: 1 period_ms: 3 }");
    CHECK(experiment.rows() == 5);
    CHECK(experiment.tasks[0].rows == std::vector<std::uint16_t>{2, 3, 4, 0, 1});
    CHECK(experiment.tasks[0].count == 3);
    CHECK(first_weights(experiment, 0, 1) == std::vector<std::uint8_t>(8, 3));
    const auto drawn = first_weights(experiment, 1, 1);
    CHECK(drawn.size() == 12);
    CHECK(*std::ranges::min_element(drawn) >= 5);
    CHECK(*std::ranges::max_element(drawn) <= 9);
    CHECK(drawn != first_weights(experiment, 1, 2));
}

TEST_CASE("regular trains begin later from row to row") {
    const Experiment experiment =
        parsed_experiment("input { name: 'a' rows: 2 weight: 0 regular { from_us: 10 step_us: 5 every_us: 100 } }");
    const auto spikes = spikes_of(experiment, 0, 0, 300e-6);
    CHECK(times_of(spikes, 0).size() == 3);
    CHECK(times_of(spikes, 1)[1] == doctest::Approx(115e-6));
}

TEST_CASE("a sweep moves on by one row a turn, with its neighbours") {
    const Experiment experiment = parsed_experiment(
        "input { name: 'a' rows: 3 weight: 0 sweep { turn_ms: 1 from_ms: 0.2 length_ms: 0.4 interval_us: 100 share: "
        "[1, "
        "0.5] } }");
    const auto spikes = spikes_of(experiment, 0, 1e-3, 2e-3);  // turn 1: row 1
    CHECK(times_of(spikes, 1).size() == 4);
    CHECK(times_of(spikes, 1)[0] == doctest::Approx(1.2e-3));
    CHECK(times_of(spikes, 0).size() == 2);
    CHECK(times_of(spikes, 2).size() == 2);
    CHECK(times_of(spikes_of(experiment, 0, 3e-3, 4e-3), 0).size() == 4);
    CHECK(times_of(spikes_of(experiment, 0, 3e-3, 4e-3), 2).empty());
}

TEST_CASE("trains do not depend on how time is cut, Poisson trains have their rate") {
    const Experiment experiment = parsed_experiment(
        "input { name: 'a' rows: 5 weight: 0 poisson { rate_khz: 100 } poisson { rate_khz: 20 }\n"
        "regular { every_us: 7 } sweep { turn_ms: 1 length_ms: 1 interval_us: 3 share: 1 } }");
    const auto whole = spikes_of(experiment, 3, 0, 10e-3);
    std::vector<RowSpike> pieces;
    double at = 0;
    while (at < 10e-3) {
        const double to = std::min(at + 0.37e-3, 10e-3);
        const auto piece = spikes_of(experiment, 3, at, to);
        pieces.insert(pieces.end(), piece.begin(), piece.end());
        at = to;
    }
    CHECK(whole == pieces);
    const Experiment poisson = parsed_experiment("input { name: 'a' rows: 20 weight: 0 poisson { rate_khz: 100 } }");
    const auto count = static_cast<double>(spikes_of(poisson, 1, 0, 10e-3).size());
    CHECK(std::abs(count - 20000) < 5 * std::sqrt(20000.0));
}

TEST_CASE("what is wrong is said with its place, all at once") {
    const std::string said = refusal(
        "input { name: 'a' rows: 2 }\ninput { name: 'a' rows: 300 weight: 64 }\n"
        "task { kernel: 'k' input: 'c' period_ms: 0 }");
    for (const char* part : {"e:2:", "first weights", "e:3:", "a second input 'a'", "300", "e:4:", "no input 'c'"}) {
        CHECK_MESSAGE(said.find(part) != std::string::npos, part, " in ", said);
    }
    CHECK(refusal("nothing: 1").find("nothing") != std::string::npos);
    CHECK(refusal("input { name: 'a' rows: 200 weight: 1 } input { name: 'b' rows: 57 weight: 1 }").find("257 rows") !=
          std::string::npos);
}

TEST_CASE("an experiment fits its rule, or says what is near") {
    const auto program = parse_program("parameter int target = 1; kernel work { }", "r");
    REQUIRE(program.has_value());
    const Experiment experiment =
        parsed_experiment("task { kernel: 'wrok' period_ms: 1 } parameter { name: 'targte' value: 1 }");
    const Diagnostics findings = check_experiment(experiment, *program, "e");
    REQUIRE(findings.size() == 2);
    CHECK(findings[0].help == "did you mean 'work'?");
    CHECK(findings[1].help == "did you mean 'target'?");
}

}  // namespace
}  // namespace spikeloom::ppu
