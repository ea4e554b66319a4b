// Loihi 2's neuron models against the runs of Lava's fixed-point models, state and payloads to the bit, driven through
// a whole chip by graded input spikes. Every run whose table lies beside its configuration is compared.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "chip/chip.hpp"
#include "conformance/vectors.hpp"
#include "reference/image_builder.hpp"

namespace spikeloom {
namespace {

using chip::Chip;
using test::integer;
using test::Table;
using test::ToolRun;

constexpr CoreId the_core{0};

chip::ChipSpec loihi2_like() {
    chip::ChipSpec spec = test::default_chip();
    spec.conventions = test::lava_conventions();
    spec.neuron.models.clear();
    for (std::size_t model = 0; model < neuron_model_names.size(); ++model) {
        spec.neuron.models.push_back(static_cast<NeuronModel>(model));
    }
    spec.neuron.payload_bits = 24;
    return spec;
}

/// How a run's neuron is programmed, and in which columns its input and its state stand ("" where Chip shows none).
struct Plan {
    chip::CompartmentGroup group;
    chip::BiasRegister bias;
    std::vector<std::string> inputs;
    std::string current;
    std::string voltage;
    std::string second_voltage;
    std::string sends;
};

bool is(const ToolRun& run, const char* key, const char* word) {
    const boost::json::value* const value = run.config.if_contains(key);
    return value != nullptr && value->is_string() && value->as_string() == word;
}

std::int32_t number(const ToolRun& run, const char* key) {
    return static_cast<std::int32_t>(integer(run.config, key));
}

Plan resonator(const ToolRun& run, NeuronModel model) {
    return {.group = {.threshold_mantissa = number(run, "vth_internal"),
                      .model = model,
                      .parameters = {.sin_decay = number(run, "sin_decay"),
                                     .cos_decay = number(run, "cos_decay"),
                                     .state_exponent = number(run, "state_exp")}},
            .bias = {},
            .inputs = {"a_re", "a_im"},
            .current = {},
            .voltage = "re",
            .second_voltage = "im",
            .sends = "s"};
}

Plan sigma_delta(const ToolRun& run) {
    return {.group = {.threshold_mantissa = number(run, "vth"),
                      .model = NeuronModel::sigma_delta,
                      .parameters = {.state_exponent = number(run, "state_exp"),
                                     .relu = is(run, "act", "RELU"),
                                     .cumulative_error = run.config.at("cum_error").as_bool(),
                                     .corrected = is(run, "model", "PySigmaDeltaModelFixedCorrected")}},
            .bias = {.mantissa = static_cast<std::int16_t>(number(run, "bias")), .exponent = 0},
            .inputs = {"a_in"},
            .current = "sigma",
            .voltage = "act",
            .second_voltage = {},
            .sends = "s_out"};
}

Plan sender(const ToolRun& run, NeuronModel model, std::vector<std::string> inputs, const char* exponent,
            std::string voltage = {}) {
    return {.group = {.threshold_mantissa = number(run, "vth"),
                      .model = model,
                      .parameters = {.state_exponent = number(run, exponent)}},
            .bias = {},
            .inputs = std::move(inputs),
            .current = {},
            .voltage = std::move(voltage),
            .second_voltage = {},
            .sends = "s_out"};
}

Plan integrator(const ToolRun& run, const char* threshold, NeuronModel model) {
    const std::int32_t interval = number(run, "reset_interval");
    return {.group = {.current_decay = number(run, "du"),
                      .voltage_decay = number(run, "dv"),
                      .threshold_mantissa = number(run, threshold),
                      .model = model,
                      .parameters = {.threshold_low = number(run, "vth_lo"),
                                     .reset_interval = interval,
                                     .reset_offset = interval > 0 ? number(run, "reset_offset") % interval : 0}},
            .bias = {.mantissa = static_cast<std::int16_t>(number(run, "bias_mant")),
                     .exponent = static_cast<std::uint8_t>(number(run, "bias_exp"))},
            .inputs = {"a_in"},
            .current = "u",
            .voltage = "v",
            .second_voltage = {},
            .sends = "s"};
}

std::optional<Plan> plan(const ToolRun& run) {
    const std::string& name = run.name;
    if (name.starts_with("rf_iz")) {
        return resonator(run, NeuronModel::resonate_fire_izhikevich);
    }
    if (name.starts_with("rf")) {
        return resonator(run, NeuronModel::resonate_fire);
    }
    if (name.starts_with("sdn")) {
        return sigma_delta(run);
    }
    if (name.starts_with("delta")) {
        return sender(run, NeuronModel::delta, {"a_in"}, "state_exp", "act");
    }
    if (name.starts_with("gradedvec")) {
        return sender(run, NeuronModel::graded_vector, {"a_in"}, "");
    }
    if (name.starts_with("gradedrelu")) {
        return sender(run, NeuronModel::graded_relu, {"a_in"}, "");
    }
    if (name.starts_with("prod")) {
        return sender(run, NeuronModel::product, {"a1", "a2"}, "exp");
    }
    if (name.starts_with("tlif")) {
        return integrator(run, "vth_hi", NeuronModel::ternary_leaky);
    }
    if (name.starts_with("reset")) {
        return integrator(run, "vth", NeuronModel::leaky);
    }
    return std::nullopt;
}

/// One neuron, and a graded input port whose channel i reaches its input i with weight 1.
Chip build(const Plan& plan) {
    test::ImageBuilder builder(loihi2_like());
    const auto inputs = static_cast<std::uint32_t>(plan.inputs.size());
    builder.add_core(plan.group, inputs, 0);
    builder.core(the_core).biases.assign(inputs, plan.bias);
    const std::uint32_t port = builder.add_port(inputs);
    for (std::uint32_t i = 0; i < inputs; ++i) {
        const chip::WeightFormat format{.sign_mode = chip::SignMode::excitatory};
        builder.connect_input(
            port, i,
            builder.add_axon(
                the_core, {{.format = format, .synapses = {{.target = static_cast<std::uint16_t>(i), .weight = 1}}}}));
    }
    chip::Image image = builder.build();
    image.inputs[port].graded = true;
    auto loaded = Chip::load(image, {});
    REQUIRE_MESSAGE(loaded.has_value(), to_text(loaded.error()));
    return std::move(*loaded);
}

/// Compares every row; returns the number of spikes.
std::size_t compare(const Plan& plan, const Table& table) {
    Chip chip = build(plan);
    std::size_t spikes = 0;
    for (std::size_t row = 0; row < table.rows(); ++row) {
        CAPTURE(row);
        std::vector<chip::InputSpike> inputs;
        for (std::uint32_t i = 0; i < plan.inputs.size(); ++i) {
            inputs.push_back(
                {.port = 0, .channel = i, .payload = static_cast<std::int32_t>(table.column(plan.inputs[i])[row])});
        }
        chip.step(inputs);
        const auto check = [&](const std::string& column, std::int64_t found) {
            if (!column.empty()) {
                CAPTURE(column);
                REQUIRE(found == table.column(column)[row]);
            }
        };
        check(plan.current, chip.current(the_core, CompartmentId{0}));
        check(plan.voltage, chip.voltage(the_core, CompartmentId{0}));
        check(plan.second_voltage, plan.inputs.size() > 1 ? chip.voltage(the_core, CompartmentId{1}) : 0);
        check(plan.sends, chip.spikes().empty() ? 0 : chip.spikes()[0].payload);
        spikes += chip.spikes().size();
    }
    return spikes;
}

void compare_all(const char* folder, bool all_must_be_known) {
    for (const ToolRun& run : test::tool_runs(folder)) {
        CAPTURE(run.name);
        const std::optional<Plan> known = plan(run);
        CHECK((known || !all_must_be_known));
        if (!known || !run.table) {
            continue;
        }
        const std::size_t spikes = compare(*known, *run.table);
        for (const char* key : {"spikes", "n_spikes"}) {
            if (run.config.contains(key)) {
                CHECK(static_cast<std::int64_t>(spikes) == integer(run.config, key));
            }
        }
        MESSAGE(fmt::format("{}: {} steps to the bit, {} spikes", run.name, run.table->rows(), spikes));
    }
}

}  // namespace

TEST_CASE("Lava's resonators, sigma-delta, graded and product neurons") {
    compare_all("loihi_vectors/lava_loihi2", true);
}

TEST_CASE("Lava's ternary neuron, and its neuron with a periodic reset") {
    compare_all("loihi_vectors/lava_lif", false);
}

}  // namespace spikeloom
