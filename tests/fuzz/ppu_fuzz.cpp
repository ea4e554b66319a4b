// Plasticity rules and experiments from hostile hands. First byte: even, the rest is a rule; odd, an experiment. Every
// error names its line and column; what is accepted can be counted, and runs, for a while, on arrays without harm.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/ppu/experiment.hpp"
#include "core/ppu/machine.hpp"
#include "core/ppu/parse.hpp"

namespace {

using namespace spikeloom;
using namespace spikeloom::ppu;

struct Arrays final : Surroundings {
    void advance(std::uint64_t cycle) override {
        SPIKELOOM_ASSERT(cycle >= now, "time runs back");
        now = cycle;
    }
    void weights(int row, Bytes& values) override { fill(row, values); }
    void set_weights(int, const Bytes& values) override {
        for (const std::uint8_t value : values) {
            SPIKELOOM_ASSERT(value <= 63, "a weight of more than 6 bits");
        }
    }
    void causal(int row, Bytes& values) override { fill(row + 7, values); }
    void acausal(int row, Bytes& values) override { fill(row + 13, values); }
    void rates(Bytes& values) override { fill(1, values); }
    void membranes(Bytes& values) override { fill(2, values); }
    void reset_correlation(int) override {}
    void reset_rates() override {}
    void reset_neurons() override {}

    static void fill(int seed, Bytes& values) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = static_cast<std::uint8_t>(seed * 31 + static_cast<int>(i) * 7);
        }
    }
    std::uint64_t now = 0;
};

void check_refusal(const Diagnostics& findings) {
    SPIKELOOM_ASSERT(has_error(findings), "refused without an error");
    for (const Diagnostic& finding : findings) {
        SPIKELOOM_ASSERT(finding.where.rfind("fuzz", 0) == 0, to_text(finding));
    }
}

void read_rule(const std::string& text) {
    const Result<Program> program = parse_program(text, "fuzz");
    if (!program) {
        check_refusal(program.error());
        return;
    }
    constexpr int rows = 2;
    Machine machine(*program, {.rows = rows, .most_cycles = 200'000});
    for (std::size_t kernel = 0; kernel < program->kernels.size(); ++kernel) {
        const KernelCost cost = analyse(*program, program->kernels[kernel], rows);
        SPIKELOOM_ASSERT(cost.row.cycles() <= cost.all.cycles(), "a row takes longer than the call");
        Arrays arrays;
        const Result<Counts> ran = machine.call(static_cast<int>(kernel), rows, arrays);
        if (!ran) {
            check_refusal(ran.error());
        } else {
            SPIKELOOM_ASSERT(ran->cycles() <= cost.all.cycles(), "it ran longer than its worst case");
        }
    }
}

void read_experiment_text(const std::string& text) {
    const Result<Experiment> experiment = parse_experiment(text, "fuzz");
    if (!experiment) {
        check_refusal(experiment.error());
        return;
    }
    const double end = std::min(experiment->duration_s, 1e-5);
    double last = 0;
    for (const RowSpike& spike : spikes_of(*experiment, 1, 0, end)) {
        SPIKELOOM_ASSERT(spike.time >= last && spike.time < end && spike.row < experiment->rows(), "a stray spike");
        last = spike.time;
    }
    for (std::size_t i = 0; i < experiment->inputs.size(); ++i) {
        for (const std::uint8_t weight : first_weights(*experiment, i, 1)) {
            SPIKELOOM_ASSERT(weight <= 63, "a weight of more than 6 bits");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0) {
        read_rule(rest);
    } else {
        read_experiment_text(rest);
    }
    return 0;
}
