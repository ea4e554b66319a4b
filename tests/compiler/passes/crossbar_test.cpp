#include "compiler/passes/crossbar.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <vector>

#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using Signs = WeightDigits::Signs;

chip::ChipSpec crossbar_chip() {
    chip::ChipSpec chip;
    chip.synapses.crossbar_types = 4;
    return chip;
}

/// A synapse of a source: its target, its weight in contributions, its delay.
struct Bit {
    std::uint32_t target;
    int weight;
    int delay = 0;
};

/// One row a source. Contributions are mantissas of 8 bits without a sign, or with one and even.
struct Rows {
    FanInTable table;
    CoreSynapses synapses{table, 0};
    std::vector<std::uint32_t> in_place;

    explicit Rows(const std::vector<std::vector<Bit>>& rows) {
        table.formats = {{.weight_bits = 8, .sign_mode = chip::SignMode::excitatory},
                         {.weight_bits = 8, .sign_mode = chip::SignMode::inhibitory}};
        std::vector<std::vector<FanInSynapse>> fan_in;
        for (std::uint32_t source = 0; source < rows.size(); ++source) {
            for (const Bit& bit : rows[source]) {
                fan_in.resize(std::max<std::size_t>(fan_in.size(), bit.target + 1));
                fan_in[bit.target].push_back({.source = source,
                                              .weight = bit.weight,
                                              .format = bit.weight < 0 ? 1U : 0U,
                                              .delay = static_cast<std::uint8_t>(bit.delay)});
            }
        }
        for (const std::vector<FanInSynapse>& neuron : fan_in) {
            table.add(neuron);
        }
        in_place.resize(fan_in.size());
        std::iota(in_place.begin(), in_place.end(), 0U);
        synapses = CoreSynapses(table, static_cast<std::uint32_t>(rows.size()));
        synapses.gather(in_place);
    }
    Rows(const Rows&) = delete;
    [[nodiscard]] Crossbar crossbar() const { return {table, crossbar_chip()}; }
    /// Of the i-th source that has synapses.
    [[nodiscard]] std::int64_t axons(std::size_t i) const {
        const auto row = i < synapses.sources().size() ? synapses.row(i) : std::span<const CoreSynapse>{};
        return crossbar().axons(row, table.formats, in_place);
    }
};

TEST_CASE("weights of a neuron are written in the fewest digits of the largest unit") {
    const auto digits = [](const std::vector<int>& weights) {
        std::vector<std::vector<Bit>> rows;
        for (const int weight : weights) {
            rows.push_back({{.target = 0, .weight = weight}});
        }
        return Rows(rows).crossbar().digits(0);
    };
    CHECK(digits({1}) == WeightDigits{.signs = Signs::positive, .unit = 0, .count = 1});
    CHECK(digits({8, 8}) == WeightDigits{.signs = Signs::positive, .unit = 3, .count = 1});
    CHECK(digits({1, 15}) == WeightDigits{.signs = Signs::positive, .unit = 0, .count = 4});
    CHECK(digits({1, 16}) == WeightDigits{.signs = Signs::positive, .unit = 0, .count = 5});
    CHECK(digits({-4, -12}) == WeightDigits{.signs = Signs::negative, .unit = 2, .count = 2});
    CHECK(digits({7, -8}) == WeightDigits{.signs = Signs::both, .unit = 0, .count = 4});
    CHECK(digits({8, -8}) == WeightDigits{.signs = Signs::both, .unit = 3, .count = 2});
    CHECK(digits({7, -9}) == WeightDigits{.signs = Signs::both, .unit = 0, .count = 5});
    CHECK(digits({-7, 8}) == WeightDigits{.signs = Signs::both, .unit = 0, .count = 5});
}

TEST_CASE("digits add up to the weight, the last one negative where signs differ") {
    for (const Signs signs : {Signs::positive, Signs::negative, Signs::both}) {
        const WeightDigits digits{.signs = signs, .unit = 3, .count = 4};
        const int least = signs == Signs::positive ? 0 : signs == Signs::negative ? -15 : -8;
        for (int units = least; units < least + 16; ++units) {
            int sum = 0;
            for (int i = 0; i < 4; ++i) {
                const bool negative = signs == Signs::negative || (signs == Signs::both && i == 3);
                sum += (digits.of(units * 8) >> i & 1U) != 0 ? (negative ? -1 : 1) * (1 << i) : 0;
            }
            CHECK(sum == units);
        }
    }
}

TEST_CASE("a source takes an axon for each digit that any of its weights has") {
    // Neurons 0 and 1 have weights 1..15, neuron 2 only 2, neuron 3 of both signs.
    const Rows rows({{{.target = 0, .weight = 4}, {.target = 1, .weight = 4}},   // one digit
                     {{.target = 0, .weight = 15}, {.target = 1, .weight = 1}},  // four
                     {{.target = 0, .weight = 1}, {.target = 1, .weight = 15}},
                     {{.target = 0, .weight = 1}, {.target = 2, .weight = 2}},  // 1 and its unit: the same digit
                     {{.target = 3, .weight = 1}},
                     {{.target = 3, .weight = -1}},  // 1 - 2
                     {{.target = 1, .weight = 1}, {.target = 3, .weight = -1}}});
    CHECK(rows.axons(0) == 1);
    CHECK(rows.axons(1) == 4);
    CHECK(rows.axons(2) == 4);
    CHECK(rows.axons(3) == 1);
    CHECK(rows.axons(4) == 1);
    CHECK(rows.axons(5) == 2);
    CHECK(rows.axons(6) == 2);
}

TEST_CASE("each delay takes axons of its own, parallel synapses are one bit of their sum") {
    const Rows delays({{{.target = 0, .weight = 3, .delay = 0},
                        {.target = 0, .weight = 1, .delay = 2},
                        {.target = 1, .weight = 1, .delay = 2}}});
    CHECK(delays.axons(0) == 3);
    const Rows parallel({{{.target = 0, .weight = 1}, {.target = 0, .weight = 1}}, {{.target = 0, .weight = 4}}});
    CHECK(parallel.crossbar().digits(0) == WeightDigits{.signs = Signs::positive, .unit = 1, .count = 2});
    CHECK(parallel.axons(0) == 1);
    const Rows none({{{.target = 0, .weight = 1}, {.target = 0, .weight = -1}}, {{.target = 0, .weight = 1}}});
    CHECK(none.axons(0) == 1);  // the image has the axon, though nothing is joined
}

}  // namespace
}  // namespace spikeloom::compiler
