// One neuron against the runs of Lava, brian2_loihi and nengo-loihi, each under its own conventions, u, v and spikes
// to the bit, driven through a whole chip: inputs, axons, weights, delays. Runs whose table is not given are driven
// as far as their configuration says how, and compared in their number of spikes.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>
#include <optional>

#include "chip/chip.hpp"
#include "conformance/vectors.hpp"
#include "reference/image_builder.hpp"

namespace spikeloom {
namespace {

using chip::Chip;
using chip::InputSpike;
using test::integer;
using test::Table;
using test::ToolRun;

constexpr CoreId the_core{0};
constexpr CompartmentId the_neuron{0};

/// A bias of any size as mantissa and exponent, as small an exponent as holds it.
std::optional<chip::BiasRegister> bias_register(std::int64_t bias) {
    for (std::uint8_t exponent = 0; exponent <= 7; ++exponent) {
        const std::int64_t unit = std::int64_t{1} << exponent;
        if (bias % unit == 0 && bias / unit >= -4096 && bias / unit <= 4095) {
            return chip::BiasRegister{.mantissa = static_cast<std::int16_t>(bias / unit), .exponent = exponent};
        }
    }
    return std::nullopt;
}

/// -2^e + 1 = least, 2^(9 + 2e) - 1 = most.
int floor_exponent(std::int64_t least) {
    return std::bit_width(static_cast<std::uint64_t>(1 - least)) - 1;
}
int ceiling_exponent(std::int64_t most) {
    return (std::bit_width(static_cast<std::uint64_t>(most + 1)) - 1 - 9) / 2;
}

/// Ports whose channels each add one signed power of two, in units of 2^6: any sum can be sent.
class SumInputs {
public:
    explicit SumInputs(test::ImageBuilder& builder) : port_(builder.add_port(2 * bits)) {
        for (std::uint32_t channel = 0; channel < 2 * bits; ++channel) {
            const int bit = static_cast<int>(channel % bits);
            const bool negative = channel >= bits;
            const int exponent = std::max(bit - 7, 0);
            const int mantissa = 1 << (bit - exponent);
            const chip::WeightFormat format{
                .weight_exponent = exponent,
                .sign_mode = negative ? chip::SignMode::inhibitory : chip::SignMode::excitatory};
            builder.connect_input(port_, channel,
                                  builder.add_axon(the_core, {{.format = format,
                                                               .synapses = {{.target = 0,
                                                                             .weight = static_cast<std::int16_t>(
                                                                                 negative ? -mantissa : mantissa)}}}}));
        }
    }

    /// `sum`: a multiple of 2^6.
    [[nodiscard]] std::vector<InputSpike> spikes(std::int64_t sum) const {
        REQUIRE(sum % 64 == 0);
        std::vector<InputSpike> inputs;
        const std::uint32_t first = sum < 0 ? bits : 0;
        std::uint64_t rest = static_cast<std::uint64_t>(std::abs(sum)) / 64;
        for (std::uint32_t bit = bits; bit-- > 0;) {
            for (; rest >> bit != 0; rest -= std::uint64_t{1} << bit) {
                inputs.push_back({port_, first + bit});
            }
        }
        return inputs;
    }

private:
    static constexpr std::uint32_t bits = 15;
    std::uint32_t port_;
};

/// A chip of one neuron, and what it is sent in step t.
struct Drive {
    chip::Image image;
    std::int64_t steps = 0;
    std::function<std::vector<InputSpike>(std::int64_t)> inputs = {};
    std::function<bool(std::int64_t)> reset_before = [](std::int64_t) { return false; };
};

/// Runs it; compares with the columns where there is a table. Returns the number of spikes.
std::int64_t run(const Drive& drive, const std::optional<Table>& table, const char* u_column) {
    auto loaded = Chip::load(drive.image, {});
    REQUIRE_MESSAGE(loaded.has_value(), to_text(loaded.error()));
    if (table) {
        REQUIRE(table->rows() == static_cast<std::size_t>(drive.steps));
    }
    std::int64_t spikes = 0;
    for (std::int64_t t = 0; t < drive.steps; ++t) {
        CAPTURE(t);
        if (drive.reset_before(t)) {
            loaded->reset_state();
        }
        loaded->step(drive.inputs(t));
        const auto spiked = static_cast<std::int64_t>(loaded->spikes().size());
        spikes += spiked;
        if (table) {
            const auto row = static_cast<std::size_t>(t);
            REQUIRE(loaded->current(the_core, the_neuron) == table->column(u_column)[row]);
            REQUIRE(loaded->voltage(the_core, the_neuron) == table->column("v")[row]);
            REQUIRE(spiked == table->column("s")[row]);
        }
    }
    return spikes;
}

// ---- Lava ----

Drive lava_drive(const ToolRun& run) {
    chip::ChipSpec spec = test::default_chip();
    spec.conventions = test::lava_conventions();
    test::ImageBuilder builder(spec);
    builder.add_core({.current_decay = static_cast<std::int32_t>(integer(run.config, "du")),
                      .voltage_decay = static_cast<std::int32_t>(integer(run.config, "dv")),
                      .threshold_mantissa = static_cast<std::int32_t>(integer(run.config, "vth"))},
                     1, 0);
    const std::int64_t exponent = integer(run.config, "bias_exp");
    const std::int64_t mantissa = integer(run.config, "bias_mant");
    const auto bias = bias_register(exponent >= 0 ? mantissa * (std::int64_t{1} << exponent) : mantissa >> -exponent);
    REQUIRE(bias.has_value());
    builder.core(the_core).biases = {*bias};
    const SumInputs sums(builder);

    Drive drive{.image = builder.build(), .steps = integer(run.config, "steps")};
    if (const std::int64_t interval = integer(run.config, "reset_interval"); interval > 0) {
        const std::int64_t offset = integer(run.config, "reset_offset");
        drive.reset_before = [=](std::int64_t t) { return (t + 1) % interval == offset; };  // Lava counts from 1
    }
    std::vector<std::int64_t> added(static_cast<std::size_t>(drive.steps));
    if (run.table) {
        added = run.table->column("a_in");
    }
    drive.inputs = [=](std::int64_t t) { return sums.spikes(added.at(static_cast<std::size_t>(t)) * 64); };
    return drive;
}

// ---- brian2_loihi ----

/// A decay of 4096 needs the offset that registers of 0..4095 lack.
struct Decay {
    std::int32_t value = 0;
    int offset = 0;
};
Decay decay_register(std::int64_t decay) {
    const int offset = decay == 4096 ? 1 : 0;
    return {static_cast<std::int32_t>(decay - offset), offset};
}

Drive brian2_drive(const ToolRun& run) {
    const Decay current = decay_register(integer(run.config, "decay_I"));
    const Decay voltage = decay_register(integer(run.config, "decay_v"));
    chip::ChipSpec spec = test::default_chip();
    spec.conventions = test::brian2_conventions();
    spec.neuron.current_decay_offset = current.offset;
    spec.neuron.voltage_decay_offset = voltage.offset;
    spec.neuron.refractory.most = 64;
    test::ImageBuilder builder(spec);
    builder.add_core({.current_decay = current.value,
                      .voltage_decay = voltage.value,
                      .threshold_mantissa = static_cast<std::int32_t>(integer(run.config, "threshold_v_mant")),
                      .refractory = static_cast<std::int32_t>(integer(run.config, "refractory"))},
                     1, 0);

    const boost::json::array& synapses = run.config.at("syns").as_array();
    const std::uint32_t port = builder.add_port(static_cast<std::uint32_t>(synapses.size()));
    const std::int64_t steps = integer(run.config, "T");
    std::vector<std::vector<InputSpike>> inputs(static_cast<std::size_t>(steps));
    for (std::uint32_t channel = 0; channel < synapses.size(); ++channel) {
        const boost::json::object& synapse = synapses[channel].as_object();
        const chip::WeightFormat format{.weight_bits = static_cast<int>(integer(synapse, "bits", 8)),
                                        .weight_exponent = static_cast<int>(integer(synapse, "w_exp")),
                                        .sign_mode = static_cast<chip::SignMode>(integer(synapse, "mode")),
                                        .delay_bits = 6};
        builder.connect_input(
            port, channel,
            builder.add_axon(the_core,
                             {{.format = format,
                               .synapses = {{.target = 0,
                                             .weight = static_cast<std::int16_t>(integer(synapse, "w")),
                                             .delay = static_cast<std::uint8_t>(integer(synapse, "delay"))}}}}));
        for (const boost::json::value& time : synapse.at("times").as_array()) {
            if (const auto t = time.to_number<std::size_t>(); t < inputs.size()) {
                inputs[t].push_back({port, channel});
            }
        }
    }
    return {.image = builder.build(), .steps = steps, .inputs = [inputs](std::int64_t t) {
                return inputs.at(static_cast<std::size_t>(t));
            }};
}

// ---- nengo-loihi ----

/// "200x16320": that many synapses of that weight, all of which act in every step but the first.
std::optional<std::int64_t> constant_sum(const boost::json::value& weights) {
    if (!weights.is_string()) {
        return std::nullopt;
    }
    const std::string text = weights.as_string().c_str();
    return std::stoll(text) * std::stoll(text.substr(text.find('x') + 1));
}

Drive nengo_drive(const ToolRun& run) {
    chip::ChipSpec spec = test::default_chip();
    spec.conventions = test::nengo_conventions();
    test::ImageBuilder builder(spec);
    builder.add_core({.current_decay = static_cast<std::int32_t>(integer(run.config, "decay_u")),
                      .voltage_decay = static_cast<std::int32_t>(integer(run.config, "decay_v")),
                      .threshold_mantissa = static_cast<std::int32_t>(integer(run.config, "vth_mant")),
                      .refractory = static_cast<std::int32_t>(integer(run.config, "refract_delay", 1))},
                     1, 0);
    chip::CoreImage& core = builder.core(the_core);
    core.voltage_floor_exponent = floor_exponent(integer(run.config, "vmin"));
    core.voltage_ceiling_exponent = ceiling_exponent(integer(run.config, "vmax"));
    const auto bias = bias_register(integer(run.config, "bias"));
    REQUIRE(bias.has_value());
    core.biases = {*bias};
    const SumInputs sums(builder);

    Drive drive{.image = builder.build(), .steps = integer(run.config, "T")};
    std::vector<std::int64_t> added(static_cast<std::size_t>(drive.steps));
    if (run.table) {
        added = run.table->column("q_in");
    } else if (const auto sum = constant_sum(run.config.at("weights"))) {
        std::fill(added.begin() + 1, added.end(), *sum);
    }
    drive.inputs = [=](std::int64_t t) { return sums.spikes(added.at(static_cast<std::size_t>(t))); };
    return drive;
}

/// Whether what drives the run is known: its table, or a configuration that says it all.
bool nengo_inputs_known(const ToolRun& run) {
    return run.table.has_value() || constant_sum(run.config.at("weights")).has_value();
}

void report(const char* tool, std::size_t to_the_bit, std::size_t by_count, std::size_t driven) {
    MESSAGE(fmt::format("{}: {} runs to the bit, {} more by their number of spikes, {} only driven", tool, to_the_bit,
                        by_count, driven));
}

/// Runs all whose names begin so; `inputs_known` for those without a table.
template <class MakeDrive, class Known>
void compare_all(const char* folder, const char* prefix, const char* u_column, const MakeDrive& make_drive,
                 const Known& inputs_known) {
    std::size_t to_the_bit = 0, by_count = 0, driven = 0;
    for (const ToolRun& tool_run : test::tool_runs(folder)) {
        if (!tool_run.name.starts_with(prefix)) {
            continue;
        }
        CAPTURE(tool_run.name);
        const std::int64_t spikes = run(make_drive(tool_run), tool_run.table, u_column);
        if (tool_run.table || inputs_known(tool_run)) {
            CHECK(spikes == integer(tool_run.config, "n_spikes"));
        }
        ++(tool_run.table ? to_the_bit : inputs_known(tool_run) ? by_count : driven);
    }
    report(folder, to_the_bit, by_count, driven);
}

}  // namespace

TEST_CASE("Lava's bit-accurate LIF") {
    // Without a table the input is unknown, but for these: they live on their bias alone.
    compare_all("loihi_vectors/lava_lif", "lif", "u", lava_drive, [](const ToolRun& run) {
        return run.name == "lif16_neg_bias_exp" || run.name == "lif17_neg_bias_neg_exp";
    });
}

TEST_CASE("the negative mirror of a run is its mirror") {
    std::optional<Table> mirrored;
    for (ToolRun& run_ : test::tool_runs("loihi_vectors/lava_lif")) {
        if (run_.name == "lif03_pos_decay_tail") {
            mirrored = run_.table;
        } else if (run_.name == "lif04_neg_decay_tail" && mirrored) {
            mirrored->negate("a_in");
            mirrored->negate("u");
            mirrored->negate("v");
            run_.table = mirrored;
            CHECK(run(lava_drive(run_), run_.table, "u") == integer(run_.config, "n_spikes"));
        }
    }
}

TEST_CASE("Lava's LIF with a periodic reset") {
    compare_all("loihi_vectors/lava_lif", "reset", "u", lava_drive, [](const ToolRun&) { return false; });
}

TEST_CASE("brian2_loihi's neuron and synapses") {
    compare_all("loihi_vectors/brian2_loihi", "n", "I", brian2_drive, [](const ToolRun&) { return true; });
}

TEST_CASE("nengo-loihi's emulator") {
    compare_all("loihi_vectors/nengo_loihi", "e", "u", nengo_drive, nengo_inputs_known);
}

}  // namespace spikeloom
