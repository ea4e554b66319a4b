#include "chip/analog/plastic_image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace spikeloom::chip::analog {

namespace {

constexpr std::uint8_t lane = 0;

/// What the label of a channel is made of: the synapses' label, the driver's address, the bus.
struct Route {
    std::uint32_t row = 0;
    const AnalogArray* array = nullptr;

    [[nodiscard]] std::uint32_t driver() const {
        return row / static_cast<std::uint32_t>(array->rows / array->drivers);
    }
    [[nodiscard]] std::uint32_t bus() const { return driver() % static_cast<std::uint32_t>(array->padi_buses); }
    [[nodiscard]] std::uint8_t address() const {
        return static_cast<std::uint8_t>(driver() / static_cast<std::uint32_t>(array->padi_buses));
    }
    /// 1 and 2 for a driver's two rows: 0 is what unused synapses have.
    [[nodiscard]] std::uint8_t synapse_label() const {
        return static_cast<std::uint8_t>(1 + row % static_cast<std::uint32_t>(array->rows / array->drivers));
    }
    [[nodiscard]] int bus_shift() const { return array->label_bits + array->row_select_bits; }
    [[nodiscard]] std::uint16_t label() const {
        return static_cast<std::uint16_t>(bus() << bus_shift() |
                                          static_cast<std::uint32_t>(address()) << array->label_bits | synapse_label());
    }
};

Diagnostics check(const AnalogSpec& chip, const PlasticLayout& layout) {
    Diagnostics findings;
    const auto say = [&](std::string found, std::string allowed) {
        findings.push_back({Severity::error, "plastic layout", std::move(found), std::move(allowed), {}});
    };
    std::uint64_t rows = 0;
    for (const PlasticInput& input : layout.inputs) {
        rows += input.rows;
        const std::uint64_t needed = std::uint64_t{input.rows} * layout.neurons;
        if (input.rows == 0 || (input.weights.size() != 1 && input.weights.size() != needed)) {
            say(fmt::format("input '{}' with {} rows and {} weights", input.name, input.rows, input.weights.size()),
                "at least one row; one weight, or one for each row and neuron");
        }
        const int most = (1 << chip.array.weight_bits) - 1;
        if (std::ranges::any_of(input.weights, [most](int weight) { return weight > most; })) {
            say(fmt::format("a weight of input '{}' is too large", input.name), fmt::format("0 to {}", most));
        }
    }
    if (chip.ideal || chip.crossbar.l2_lanes == 0) {
        say(fmt::format("chip '{}'", chip.name), "a chip with an array and L2 lanes");
    }
    if (rows > static_cast<std::uint64_t>(chip.array.rows)) {
        say(fmt::format("{} input rows", rows), fmt::format("at most {} in a hemisphere", chip.array.rows));
    }
    if (layout.neurons == 0 || layout.neurons > static_cast<std::uint32_t>(chip.array.columns)) {
        say(fmt::format("{} neurons", layout.neurons), fmt::format("1 to {} in a hemisphere", chip.array.columns));
    }
    if (layout.hemisphere >= chip.array.hemispheres) {
        say(fmt::format("hemisphere {}", layout.hemisphere), fmt::format("0 to {}", chip.array.hemispheres - 1));
    }
    return findings;
}

void add_row(AnalogRun& run, const PlasticLayout& layout, const PlasticInput& input, std::uint32_t row_of_input,
             const Route& route) {
    DriverSetting* driver = run.drivers.empty() ? nullptr : &run.drivers.back();
    if (driver == nullptr || driver->driver != route.driver()) {
        run.drivers.push_back({.hemisphere = layout.hemisphere,
                               .driver = static_cast<std::uint8_t>(route.driver()),
                               .address = route.address(),
                               .mask = static_cast<std::uint8_t>((1U << route.array->row_select_bits) - 1)});
        driver = &run.drivers.back();
    }
    driver->rows.at(route.row % driver->rows.size()) = input.inhibitory ? RowMode::inhibitory : RowMode::excitatory;
    run.host_sources.push_back({.is_neuron = false, .index = route.row, .lane = lane, .label = route.label()});
    for (std::uint32_t column = 0; column < layout.neurons; ++column) {
        const std::size_t at = std::size_t{row_of_input} * layout.neurons + column;
        run.cells.push_back({.hemisphere = layout.hemisphere,
                             .row = static_cast<std::uint16_t>(route.row),
                             .column = static_cast<std::uint16_t>(column),
                             .weight = input.weights.size() == 1 ? input.weights[0] : input.weights[at],
                             .label = route.synapse_label()});
    }
}

/// From the lane to each of the hemisphere's buses what carries its number.
void add_crossbar(AnalogRun& run, const AnalogSpec& chip, std::uint8_t hemisphere, const Route& any) {
    const auto mask = static_cast<std::uint16_t>((chip.array.padi_buses - 1) << any.bus_shift());
    for (int bus = 0; bus < chip.array.padi_buses; ++bus) {
        run.crossbar.push_back(
            {.node = {.input = chip.crossbar.neuron_outputs + lane, .output = hemisphere * chip.array.padi_buses + bus},
             .mask = mask,
             .target = static_cast<std::uint16_t>(bus << any.bus_shift())});
    }
}

}  // namespace

Result<AnalogImage> plastic_image(const AnalogSpec& chip, const PlasticLayout& layout) {
    Diagnostics findings = check(chip, layout);
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    AnalogImage image;
    image.chip = chip;
    image.network_name = "plastic";
    image.populations.push_back(
        {.name = "neurons", .shape = {layout.neurons}, .first_neuron = 0, .count = layout.neurons});
    image.outputs = {0};
    AnalogRun run;
    for (std::uint32_t n = 0; n < layout.neurons; ++n) {
        image.neurons.push_back(
            {.model = {.lif = layout.neuron}, .adaptive = false, .weight_unit = layout.weight_unit});
        run.neurons.push_back({.neuron = n,
                               .circuits = {{.hemisphere = layout.hemisphere, .column = static_cast<std::uint16_t>(n)}},
                               .address = static_cast<std::uint8_t>(n)});
    }
    Route route{.row = 0, .array = &chip.array};
    for (const PlasticInput& input : layout.inputs) {
        image.inputs.push_back({.name = input.name,
                                .shape = {input.rows},
                                .first_channel = route.row,
                                .count = input.rows,
                                .constant_times = {}});
        for (std::uint32_t r = 0; r < input.rows; ++r, ++route.row) {
            add_row(run, layout, input, r, route);
        }
    }
    add_crossbar(run, chip, layout.hemisphere, route);
    image.runs.push_back(std::move(run));
    findings = check_analog_image(image);
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    return image;
}

}  // namespace spikeloom::chip::analog
