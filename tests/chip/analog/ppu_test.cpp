#include "chip/analog/ppu.hpp"

#include <doctest/doctest.h>

#include <numeric>

#include "chip/analog/plastic_image.hpp"
#include "core/ppu/parse.hpp"

namespace spikeloom::chip::analog {
namespace {

using core::analog::InputSpike;

const AnalogSpec& brainscales2() {
    static const AnalogSpec chip = [] {
        auto read = read_analog_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/brainscales2.textproto");
        REQUIRE_MESSAGE(read.has_value(), to_text(read.error()));
        return *read;
    }();
    return chip;
}

ppu::Program program_of(const std::string& text) {
    auto program = ppu::parse_program(text, "rule");
    REQUIRE_MESSAGE(program.has_value(), to_text(program.error()));
    return *program;
}

ppu::Program bundled(const std::string& name) {
    auto program = ppu::read_program(std::string(SPIKELOOM_SOURCE_DIR) + "/models/ppu/" + name);
    REQUIRE_MESSAGE(program.has_value(), to_text(program.error()));
    return *program;
}

AnalogChip loaded(const PlasticLayout& layout) {
    const auto image = plastic_image(brainscales2(), layout);
    REQUIRE_MESSAGE(image.has_value(), to_text(image.error()));
    auto chip = AnalogChip::load(*image, {.frozen_weights = false});
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    return *chip;
}

PlasticChip plastic(const AnalogChip& chip, const ppu::Program& program, const PlasticOptions& options) {
    auto made = PlasticChip::make(chip, program, options);
    REQUIRE_MESSAGE(made.has_value(), to_text(made.error()));
    return std::move(*made);
}

std::vector<std::uint16_t> rows(int first, int count) {
    std::vector<std::uint16_t> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), static_cast<std::uint16_t>(first));
    return all;
}

constexpr Lif neuron{.tau_mem = 10e-6, .tau_syn = 5e-6, .threshold = 1, .reset = 0, .refractory = 1e-6};

TEST_CASE("every row of a plastic image reaches every neuron, and no other row's synapses") {
    PlasticLayout layout{.inputs = {{.name = "a", .rows = 7, .weights = {0}}, {.name = "b", .rows = 2, .weights = {0}}},
                         .neurons = 3,
                         .neuron = neuron,
                         .weight_unit = 0.1};
    layout.inputs[0].weights.assign(21, 0);
    layout.inputs[0].weights[5 * 3 + 1] = 63;
    const AnalogChip chip = loaded(layout);
    AnalogTrial trial(chip);
    for (std::uint32_t channel = 0; channel < 9; ++channel) {
        const InputSpike spike{.time = 1e-6, .input = channel};
        trial.run({&spike, 1}, {.window_s = 100e-6});
        CHECK(trial.spikes().empty() == (channel != 5));
        CHECK(trial.counts().synaptic_events == 3);
        if (channel == 5) {
            CHECK(trial.spikes()[0].neuron == 1);
        }
    }
}

TEST_CASE("without kernels the running chip is a trial, spike by spike") {
    const AnalogChip chip = loaded(
        {.inputs = {{.name = "a", .rows = 40, .weights = {30}}}, .neurons = 5, .neuron = neuron, .weight_unit = 0.02});
    std::vector<InputSpike> spikes;
    for (std::uint32_t row = 0; row < 40; ++row) {
        for (int i = 0; i < 20; ++i) {
            spikes.push_back({.time = 3e-6 * i + 1e-9 * row * i, .input = row});
        }
    }
    AnalogTrial trial(chip);
    trial.run(spikes, {.window_s = 100e-6});
    PlasticChip running = plastic(chip, program_of("kernel k { }"), {});
    running.add(spikes);
    REQUIRE(running.advance(37e-6).has_value());
    REQUIRE(running.advance(100e-6).has_value());
    CHECK(!trial.spikes().empty());
    CHECK(std::vector(running.spikes().begin(), running.spikes().end()) ==
          std::vector(trial.spikes().begin(), trial.spikes().end()));
}

TEST_CASE("weights that a kernel writes count from the time of its row on") {
    const ppu::Program program = program_of("kernel k { rows { weights = 63; } }");
    const AnalogChip chip = loaded(
        {.inputs = {{.name = "a", .rows = 2, .weights = {0}}}, .neurons = 2, .neuron = neuron, .weight_unit = 0.1});
    PlasticChip running = plastic(
        chip, program, {.tasks = {{.rows = rows(1, 1), .timer = {.start_s = 50e-6, .period_s = 1, .count = 1}}}});
    const std::vector<InputSpike> spikes{{10e-6, 1}, {49e-6, 1}, {51e-6, 1}, {80e-6, 0}};
    running.add(spikes);
    REQUIRE(running.advance(200e-6).has_value());
    REQUIRE(running.spikes().size() >= 2);
    CHECK(running.spikes()[0].time > 51e-6);
    CHECK(running.spikes().back().time < 80e-6);
    CHECK(running.weights(0, 1)[1] == 63);
    CHECK(running.weights(0, 1)[2] == 0);
    CHECK(running.weights(0, 0)[0] == 0);
    REQUIRE(running.executions().size() == 1);
    CHECK(running.executions()[0].begin_s == 50e-6);
    CHECK(running.executions()[0].end_s > 50e-6);
    CHECK(!running.executions()[0].missed());
}

TEST_CASE("processors work side by side: what one writes is not held up by the other's kernel") {
    // The hemispheres hear the same spikes: neuron 1 and its synapse lie in hemisphere 1 as neuron 0's in 0.
    auto image = plastic_image(
        brainscales2(),
        {.inputs = {{.name = "a", .rows = 1, .weights = {0}}}, .neurons = 1, .neuron = neuron, .weight_unit = 0.1});
    REQUIRE(image.has_value());
    image->populations[0].count = 2;
    image->populations[0].shape = {2};
    image->neurons.push_back(image->neurons[0]);
    AnalogRun& run = image->runs[0];
    run.neurons.push_back({.neuron = 1, .circuits = {{.hemisphere = 1, .column = 0}}, .address = 1});
    run.drivers.push_back(run.drivers[0]);
    run.drivers.back().hemisphere = 1;
    run.cells.push_back(run.cells[0]);
    run.cells.back().hemisphere = 1;
    for (int bus = 0; bus < 4; ++bus) {
        CrossbarSetting setting = run.crossbar[static_cast<std::size_t>(bus)];
        setting.node.output += 4;
        run.crossbar.push_back(setting);
    }
    const auto chip = AnalogChip::load(*image, {.frozen_weights = false});
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));

    const ppu::Program program = program_of(
        "record int calls;\n"
        "kernel slow { for i in 0 to 999 { rows { weights = 0; } } calls = calls + 1; }\n"
        "kernel fast { rows { weights = 63; } calls = calls + 1; }");
    const PlasticOptions options{
        .tasks = {
            {.kernel = 0, .hemisphere = 0, .rows = {0}, .timer = {.start_s = 10e-6, .period_s = 1, .count = 1}},
            {.kernel = 1, .hemisphere = 1, .rows = {0}, .timer = {.start_s = 50e-6, .period_s = 40e-6, .count = 2}}}};
    PlasticChip running = plastic(*chip, program, options);
    const std::vector<InputSpike> spikes{{40e-6, 0}, {60e-6, 0}};
    running.add(spikes);
    REQUIRE(running.advance(100e-6).has_value());
    REQUIRE(running.executions().size() == 3);
    CHECK(running.executions()[0].end_s > 150e-6);
    CHECK(running.executions()[1].end_s < 60e-6);
    REQUIRE(!running.spikes().empty());
    CHECK(running.spikes()[0].neuron == 1);
    CHECK(running.spikes()[0].time > 60e-6);
    CHECK(std::vector<double>(running.records().begin(), running.records().end()) == std::vector<double>{1, 1, 2});
    REQUIRE(running.advance(1e-3).has_value());
    CHECK(running.time() == 1e-3);
}

TEST_CASE("a kernel may reset its neurons") {
    const ppu::Program program = program_of(
        "record int voltage; kernel k { reset neurons; } "
        "kernel read { voltage = membranes[1]; }");
    const AnalogChip chip = loaded(
        {.inputs = {{.name = "a", .rows = 1, .weights = {60}}}, .neurons = 2, .neuron = neuron, .weight_unit = 0.03});
    PlasticChip running =
        plastic(chip, program,
                {.tasks = {{.kernel = 1, .rows = {}, .timer = {.start_s = 5e-6, .period_s = 1, .count = 1}},
                           {.kernel = 0, .rows = {}, .timer = {.start_s = 11e-6, .period_s = 1, .count = 1}},
                           {.kernel = 1, .rows = {}, .timer = {.start_s = 11.5e-6, .period_s = 1, .count = 1}}}});
    const InputSpike spike{0, 0};
    running.add({&spike, 1});
    REQUIRE(running.advance(1e-3).has_value());
    CHECK(running.spikes().empty());
    CHECK(running.records()[0] > 90);
    CHECK(running.records()[2] == 80);
}

TEST_CASE("a processor takes the earliest deadline, and tells the ones that it missed") {
    const std::vector<PlasticTask> tasks{{.kernel = 0, .rows = {}, .timer = {.start_s = 0, .period_s = 10, .count = 2}},
                                         {.kernel = 1, .rows = {}, .timer = {.start_s = 1, .period_s = 4, .count = 3}},
                                         {.kernel = 2, .hemisphere = 1, .rows = {}, .timer = {}}};
    const std::vector<double> durations{5, 2, 1};
    const std::vector<Execution> ran = schedule(tasks, durations, 0);
    REQUIRE(ran.size() == 5);
    // 0: [0, 5); 1 due at 1 (deadline 5) runs late [5, 7); its second, due at 5, [7, 9); its third at 9 [9, 11).
    const std::vector<std::uint32_t> order{0, 1, 1, 1, 0};
    const std::vector<double> begins{0, 5, 7, 9, 11};
    const std::vector<bool> missed{false, true, false, false, false};
    for (std::size_t i = 0; i < ran.size(); ++i) {
        CHECK(ran[i].task == order[i]);
        CHECK(ran[i].begin_s == begins[i]);
        CHECK(ran[i].missed() == missed[i]);
    }
    CHECK(schedule(tasks, durations, 1).size() == 1);
}

TEST_CASE("homeostasis brings neurons of any drive to their target") {
    const ppu::Program program = bundled("homeostasis.ppu");
    PlasticLayout layout{
        .inputs = {{.name = "in", .rows = 20, .weights = {}}}, .neurons = 16, .neuron = neuron, .weight_unit = 0.03};
    for (int i = 0; i < 20 * 16; ++i) {
        layout.inputs[0].weights.push_back(static_cast<std::uint8_t>((i * 7 + i / 16) % 64));
    }
    const AnalogChip chip = loaded(layout);
    PlasticChip running = plastic(
        chip, program, {.tasks = {{.rows = rows(0, 20), .timer = {.start_s = 1e-3, .period_s = 1e-3, .count = 150}}}});
    std::vector<InputSpike> spikes;
    for (std::uint32_t row = 0; row < 20; ++row) {
        for (double t = 1e-6 * (row + 1); t < 0.151; t += 100e-6 * (1 + 0.01 * row)) {
            spikes.push_back({.time = t, .input = row});
        }
    }
    running.add(spikes);
    REQUIRE(running.advance(0.14).has_value());
    running.clear_spikes();
    REQUIRE(running.advance(0.15).has_value());
    std::vector<int> counts(16, 0);
    for (const auto& spike : running.spikes()) {
        ++counts[spike.neuron];
    }
    for (const int count : counts) {
        CHECK(count / 10.0 == doctest::Approx(10).epsilon(0.4));
    }
    CHECK(running.executions().size() == 150);
}

TEST_CASE("STDP strengthens what comes before the spike and weakens what comes after") {
    const ppu::Program program = bundled("stdp.ppu");
    PlasticLayout layout{.inputs = {{.name = "early", .rows = 1, .weights = {20}},
                                    {.name = "late", .rows = 1, .weights = {20}},
                                    {.name = "silent", .rows = 1, .weights = {20}},
                                    {.name = "teacher", .rows = 1, .weights = {63}}},
                         .neurons = 4,
                         .neuron = neuron,
                         .weight_unit = 0.12};
    layout.neuron.refractory = 20e-6;
    const AnalogChip chip = loaded(layout);
    PlasticOptions options{
        .tasks = {{.kernel = 0, .rows = rows(0, 3), .timer = {.start_s = 0, .period_s = 1, .count = 1}},
                  {.kernel = 1, .rows = rows(0, 3), .timer = {.start_s = 2e-3, .period_s = 2e-3, .count = 2}}},
        .correlation = {.baseline_spread = 5, .seed = 3}};
    PlasticChip running = plastic(chip, program, options);
    std::vector<InputSpike> spikes;
    for (double t = 200e-6; t < 1.9e-3; t += 100e-6) {
        spikes.push_back({.time = t, .input = 3});
        spikes.push_back({.time = t - 4e-6, .input = 0});
        spikes.push_back({.time = t + 4e-6, .input = 1});
    }
    running.add(spikes);
    REQUIRE(running.advance(3e-3).has_value());
    for (std::size_t column = 0; column < 4; ++column) {
        CHECK(running.weights(0, 0)[column] > 20);
        CHECK(running.weights(0, 1)[column] < 20);
        CHECK(running.weights(0, 2)[column] == 20);
        CHECK(running.weights(0, 3)[column] == 63);
    }
    // Nothing happened since: the second update finds sensors that were reset.
    const ppu::Bytes before = running.weights(0, 0);
    REQUIRE(running.advance(5e-3).has_value());
    CHECK(running.weights(0, 0) == before);
}

TEST_CASE("the bundled rules meet their periods") {
    for (const auto& [name, rows, most_us] :
         {std::tuple{"homeostasis.ppu", 256, 400.0}, {"stdp.ppu", 128, 1100.0}, {"pong.ppu", 100, 2500.0}}) {
        const ppu::Program program = bundled(name);
        for (const ppu::Kernel& kernel : program.kernels) {
            const double us = static_cast<double>(ppu::analyse(program, kernel, rows).all.cycles()) / 250;
            CHECK_MESSAGE(us < most_us, name, " ", kernel.name, " ", us);
        }
    }
}

TEST_CASE("what can't be is refused") {
    const ppu::Program program = program_of("kernel k { rows { weights = 63; } } kernel l { reset neurons; }");
    const PlasticLayout layout{.inputs = {{.name = "a", .rows = 1, .weights = {0}}}, .neurons = 1, .neuron = neuron};
    const AnalogChip chip = loaded(layout);
    const auto refused = [&](const AnalogChip& on, const PlasticOptions& options) {
        const auto made = PlasticChip::make(on, program, options);
        return made.has_value() ? std::string() : to_text(made.error());
    };
    CHECK(refused(chip, {.tasks = {{.kernel = 2, .rows = {}, .timer = {}}}}).find("kernel 2") != std::string::npos);
    CHECK(refused(chip, {.tasks = {{.rows = {256}, .timer = {}}}}).find("rows beyond") != std::string::npos);
    CHECK(refused(chip, {.tasks = {{.rows = {0}, .timer = {.period_s = 0}}}}).find("timer") != std::string::npos);
    CHECK(refused(chip, {.tasks = {}, .correlation = {.tau_causal_s = 1e-3}}).find("1000 us") != std::string::npos);
    const auto frozen = AnalogChip::load(chip.image(), {});
    REQUIRE(frozen.has_value());
    CHECK(refused(*frozen, {}).find("frozen") != std::string::npos);
    CHECK(plastic_image(brainscales2(), {.inputs = {{.name = "a", .rows = 257, .weights = {0}}}}).has_value() == false);
}

}  // namespace
}  // namespace spikeloom::chip::analog
