// Surroundings of plain arrays, for tests of programs without a chip.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/ppu/machine.hpp"
#include "core/ppu/parse.hpp"

namespace spikeloom::ppu::testing {

struct Arrays final : Surroundings {
    explicit Arrays(int rows)
        : weight(static_cast<std::size_t>(rows)), causal_code(weight.size()), acausal_code(weight.size()) {}

    void advance(std::uint64_t cycle) override {
        CHECK(cycle >= now);
        now = cycle;
    }
    void weights(int row, Bytes& values) override { values = weight[static_cast<std::size_t>(row)]; }
    void set_weights(int row, const Bytes& values) override { weight[static_cast<std::size_t>(row)] = values; }
    void causal(int row, Bytes& values) override { values = causal_code[static_cast<std::size_t>(row)]; }
    void acausal(int row, Bytes& values) override { values = acausal_code[static_cast<std::size_t>(row)]; }
    void rates(Bytes& values) override { values = rate; }
    void membranes(Bytes& values) override { values = membrane; }
    void reset_correlation(int row) override { reset_rows.push_back(row); }
    void reset_rates() override { rate = {}; }
    void reset_neurons() override { ++neuron_resets; }

    std::vector<Bytes> weight;
    std::vector<Bytes> causal_code;
    std::vector<Bytes> acausal_code;
    Bytes rate{};
    Bytes membrane{};
    std::vector<int> reset_rows;
    int neuron_resets = 0;
    std::uint64_t now = 0;
};

inline Program parsed(const std::string& text) {
    Result<Program> program = parse_program(text, "rule");
    REQUIRE_MESSAGE(program.has_value(), to_text(program.error()));
    return std::move(*program);
}

}  // namespace spikeloom::ppu::testing
