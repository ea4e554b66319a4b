// The float reference against what frameworks recorded, and the emulated chip against a recording of a Loihi 2
// (ECOSYSTEM facts 1.5; data: nir/lif, nir/braille_zero).
#include "compiler/reference/float_interpreter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "chip/chip.hpp"
#include "compiler/nir/nir_reader.hpp"
#include "core/files/npy.hpp"
#include "support/reference_data.hpp"

namespace spikeloom::compiler {
namespace {

/// One row of a trace: input, membrane, spike.
using Row = std::array<double, 3>;

std::vector<Row> read_trace(const std::string& path) {
    std::vector<Row> rows;
    std::ifstream stream(path);
    for (std::string line; std::getline(stream, line);) {
        Row row{};
        std::replace(line.begin(), line.end(), ',', ' ');
        std::istringstream(line) >> row[0] >> row[1] >> row[2];
        rows.push_back(row);
    }
    return rows;
}

Network read_network(const std::string& path, const NirOptions& options) {
    const Result<NirImport> import = read_nir(path, options);
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    return import->network;
}

/// How far the interpreter is from a trace whose membrane is scaled by `unit`, and in how many rows its spikes differ.
struct Distance {
    double membrane = 0;
    int spikes = 0;
};

Distance distance(const Network& network, LeakForm leak, const std::vector<Row>& trace, std::size_t input_delay,
                  double unit) {
    FloatInterpreter interpreter(network, {.leak = leak});
    Distance result;
    for (std::size_t t = 0; t < trace.size(); ++t) {
        const double input = t >= input_delay ? trace[t - input_delay][0] : 0.0;
        interpreter.step({{static_cast<float>(input)}});
        result.membrane =
            std::max(result.membrane, std::abs(interpreter.membrane(PopulationId(0))[0] - unit * trace[t][1]));
        result.spikes += interpreter.spikes(PopulationId(0))[0] != (trace[t][2] > 0 ? 1 : 0) ? 1 : 0;
    }
    return result;
}

TEST_CASE("one LIF: Norse, snnTorch and Lava in float") {
    const auto folder = test::reference_data("nir/lif");
    if (!folder) {
        return;
    }
    NirOptions options;
    options.time_unit = NirTimeUnit::seconds;
    options.step_s = 1e-4;
    const Network network = read_network(*folder + "/lif_norse.nir", options);
    struct Case {
        std::string file;
        LeakForm leak;
        std::size_t input_delay;
        double unit;
        double tolerance;
    };
    for (const Case& trace : {Case{"lif_norse.csv", LeakForm::increment, 0, 1, 1e-6},
                              Case{"lif_snntorch.csv", LeakForm::increment, 0, 0.04, 1e-6},
                              Case{"lif_lava_cpu_float.csv", LeakForm::product, 1, 1, 1e-8}}) {
        CAPTURE(trace.file);
        const std::vector<Row> rows = read_trace(*folder + "/" + trace.file);
        REQUIRE(rows.size() == 1000);
        const Distance found = distance(network, trace.leak, rows, trace.input_delay, trace.unit);
        CHECK(found.membrane < trace.tolerance);
        CHECK(found.spikes == 0);
        MESSAGE(trace.file << ": largest difference of v " << found.membrane);
    }
}

/// One compartment of a Loihi, one input channel with a weight of 10, as the paper's importer programmed it.
chip::Image loihi_lif() {
    chip::Image image;
    chip::CoreImage core;
    core.compartments = 1;
    core.groups = {{.first = 0, .count = 1, .current_decay = 4095, .voltage_decay = 163, .threshold_mantissa = 25}};
    core.formats = {chip::WeightFormat{}};
    core.axon_first_entry = {0, 1};
    core.entries = {{.format = 0, .first = 0, .count = 1}};
    core.synapses = {{.target = 0, .weight = 10}};
    core.output_first = {0, 0};
    image.cores = {core};
    image.populations = {{.name = "lif", .shape = {1}, .tiles = {{.core = CoreId(0), .count = 1}}, .output = true}};
    image.inputs = {{.name = "in", .shape = {1}, .output_first = {0, 1}, .outputs = {{}}}};
    return image;
}

TEST_CASE("one LIF: the recording of a Loihi 2 chip, and Lava's fixed point") {
    const auto folder = test::reference_data("nir/lif");
    if (!folder) {
        return;
    }
    const std::vector<Row> silicon = read_trace(*folder + "/lif_lava_loihi_fixed.csv");
    const std::vector<Row> lava = read_trace(*folder + "/lif_lava_cpu_fixed.csv");
    REQUIRE(silicon.size() == 1000);
    REQUIRE(lava.size() == 1000);
    auto chip = chip::Chip::load(loihi_lif(), {});
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    int spikes = 0;
    int wrong = 0;
    for (std::size_t t = 0; t < silicon.size(); ++t) {
        // The recordings see the input one step late.
        const bool input = t > 0 && silicon[t - 1][0] > 0;
        const chip::InputSpike spike{};
        chip->step(input ? std::span(&spike, 1) : std::span<const chip::InputSpike>{});
        const bool fired = !chip->spikes().empty();
        spikes += fired ? 1 : 0;
        wrong += fired != (silicon[t][2] > 0) || fired != (lava[t][2] > 0) ? 1 : 0;
        wrong += chip->voltage(CoreId(0), CompartmentId(0)) != lava[t][1] ? 1 : 0;
        wrong += chip->voltage(CoreId(0), CompartmentId(0), true) != silicon[t][1] ? 1 : 0;
        // Without the register's view, only the rows of the spikes differ: there the chip reads 128.
        const bool same = chip->voltage(CoreId(0), CompartmentId(0)) == silicon[t][1];
        wrong += same == fired ? 1 : 0;
        wrong += fired && silicon[t][1] != 128 ? 1 : 0;
    }
    CHECK(spikes == 4);
    CHECK(wrong == 0);
}

/// Entries in which the hidden layer's spikes differ from a recording of (steps, neurons) numbers.
std::size_t differences(const Network& network, const files::Array& input, const files::Array& recording) {
    const std::size_t steps = input.shape.at(0);
    const std::size_t channels = input.shape.at(1);
    const auto hidden = std::find_if(network.populations.begin(), network.populations.end(),
                                     [](const Population& population) { return population.size() == 38; });
    REQUIRE(hidden != network.populations.end());
    REQUIRE(recording.size() == steps * 38);
    const PopulationId id(static_cast<std::uint32_t>(hidden - network.populations.begin()));
    FloatInterpreter interpreter(network, {});
    std::size_t different = 0;
    for (std::size_t t = 0; t < steps; ++t) {
        std::vector<float> row(channels);
        for (std::size_t c = 0; c < channels; ++c) {
            row[c] = static_cast<float>(input.real(t * channels + c));
        }
        interpreter.step({row});
        const auto spikes = interpreter.spikes(id);
        for (std::size_t n = 0; n < 38; ++n) {
            different += spikes[n] != (recording.real(t * 38 + n) > 0 ? 1 : 0) ? 1U : 0U;
        }
    }
    return different;
}

TEST_CASE("the Braille net: hidden spikes equal snnTorch's and Norse's") {
    const auto folder = test::reference_data("nir/braille_zero");
    if (!folder) {
        return;
    }
    const auto input = files::read_npy(*folder + "/ds_test_sample0_input_256x12.npy");
    const auto snntorch = files::read_npy(*folder + "/snntorch_activity_noDelay_bias_zero.npy");
    const auto norse = files::read_npy(*folder + "/norse_activity_noDelay_bias_zero.npy");
    REQUIRE(input.has_value());
    REQUIRE(snntorch.has_value());
    REQUIRE(norse.has_value());
    NirOptions options;
    const Network from_start = read_network(*folder + "/braille_noDelay_bias_zero.nir", options);
    CHECK(differences(from_start, *input, *snntorch) == 0);
    options.recurrent_bias_at_start = false;
    const Network late = read_network(*folder + "/braille_noDelay_bias_zero.nir", options);
    CHECK(differences(late, *input, *norse) == 0);
    SUBCASE("and the two recordings differ, so that the bias at the start matters") {
        CHECK(differences(from_start, *input, *norse) == 23);
    }
}

}  // namespace
}  // namespace spikeloom::compiler
