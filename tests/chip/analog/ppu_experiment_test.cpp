#include "chip/analog/ppu_experiment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/ppu/parse.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::chip::analog {
namespace {

const AnalogSpec& brainscales2() {
    static const AnalogSpec chip = [] {
        auto read = read_analog_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/brainscales2.textproto");
        REQUIRE_MESSAGE(read.has_value(), to_text(read.error()));
        return *read;
    }();
    return chip;
}

std::string text_of(const std::string& name) {
    std::ifstream file(std::string(SPIKELOOM_SOURCE_DIR) + "/models/ppu/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    REQUIRE(file);
    return text.str();
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

ppu::Program program_of(const std::string& text) {
    auto program = ppu::parse_program(text, "rule");
    REQUIRE_MESSAGE(program.has_value(), to_text(program.error()));
    return *program;
}

ppu::Experiment experiment_of(const std::string& text) {
    auto experiment = ppu::parse_experiment(text, "experiment");
    REQUIRE_MESSAGE(experiment.has_value(), to_text(experiment.error()));
    return *experiment;
}

ExperimentRun run(const ppu::Experiment& experiment, const ppu::Program& program, std::uint64_t seed) {
    auto result = run_experiment(experiment, program, brainscales2(), {.seed = seed});
    REQUIRE_MESSAGE(result.has_value(), to_text(result.error()));
    return *result;
}

double record(const ExperimentRun& result, const std::string& name, std::uint32_t task, double from_s, double to_s) {
    const auto at =
        static_cast<std::size_t>(std::ranges::find(result.record_names, name) - result.record_names.begin());
    double sum = 0;
    int count = 0;
    for (std::size_t i = 0; i < result.executions.size(); ++i) {
        const Execution& execution = result.executions[i];
        if (execution.task == task && execution.begin_s >= from_s && execution.begin_s < to_s) {
            sum += result.records[i * result.record_names.size() + at];
            ++count;
        }
    }
    REQUIRE(count > 0);
    return sum / count;
}

TEST_CASE("R-STDP learns to play Pong: rewards rise, the right weights grow" * doctest::skip(test::sanitized)) {
    // Half the field, half the neurons; 24 epochs, the first 10 of them without learning.
    std::string rule = text_of("pong.ppu");
    replace_all(rule, "0 to 99", "0 to 49");
    replace_all(rule, "[100]", "[50]");
    replace_all(rule, "ball == 100", "ball == 50");
    std::string text = text_of("pong.textproto");
    replace_all(text, "rows: 100", "rows: 50");
    replace_all(text, "neurons: 100", "neurons: 50");
    const ppu::Program program = program_of(rule);
    ppu::Experiment experiment = experiment_of(text);
    const double epoch = 50 * 4.088e-3;
    experiment.duration_s = 24 * epoch;
    for (ppu::ExperimentTask& task : experiment.tasks) {
        task.count = std::min<std::uint32_t>(task.count, 24 * 50);
    }
    experiment.parameters.push_back({.name = "homeostasis_target", .value = 300});
    const ExperimentRun result = run(experiment, program, 1);
    CHECK(record(result, "reward", 3, 0, 10 * epoch) < -0.5);
    CHECK(record(result, "reward", 3, 19 * epoch, 24 * epoch) > 1.5);
    CHECK(record(result, "hit", 3, 19 * epoch, 24 * epoch) > 0.4);
    CHECK(record(result, "hit", 3, 19 * epoch, 24 * epoch) > 1.3 * record(result, "hit", 3, 0, 10 * epoch));
    CHECK(std::ranges::none_of(result.executions, [](const Execution& one) { return one.missed(); }));

    double near = 0;
    double far = 0;
    int close = 0;
    for (int row = 0; row < 50; ++row) {
        for (int column = 0; column < 50; ++column) {
            const double weight = result.snapshots.back().weights[static_cast<std::size_t>(row * 50 + column)];
            const bool is_near = std::abs(row - column) <= 2;
            (is_near ? near : far) += weight;
            close += is_near ? 1 : 0;
        }
    }
    CHECK(near / close > 2 * far / (2500 - close));
}

TEST_CASE("a run is a function of experiment and seed") {
    const ppu::Program program = program_of(text_of("homeostasis.ppu"));
    ppu::Experiment experiment = experiment_of(text_of("homeostasis.textproto"));
    experiment.duration_s = 20e-3;
    const ExperimentRun first = run(experiment, program, 5);
    CHECK(first == run(experiment, program, 5));
    CHECK(first.spikes != run(experiment, program, 6).spikes);
    CHECK(first.snapshots.size() == 3);
    CHECK(first.snapshots.front().weights.size() == 64 * 64);
}

TEST_CASE("a rule that divides by zero ends the experiment with its place") {
    const ppu::Program program =
        program_of("state int n = 0; parameter int target = 1;\nkernel homeostasis { n = 1 / n; }");
    const auto result = run_experiment(experiment_of(text_of("homeostasis.textproto")), program, brainscales2(), {});
    REQUIRE(!result.has_value());
    CHECK(result.error()[0].where == "rule:2:28");
    const ppu::Program other = program_of("kernel k { }");
    CHECK(run_experiment(experiment_of(text_of("homeostasis.textproto")), other, brainscales2(), {}).error().size() ==
          2);
}

}  // namespace
}  // namespace spikeloom::chip::analog
