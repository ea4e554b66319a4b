#include "compiler/analog/compile_analog.hpp"

#include <fmt/format.h>

#include <cmath>

#include "compiler/analog/compile_ideal.hpp"
#include "compiler/analog/map_network.hpp"

namespace spikeloom::compiler {
namespace {

constexpr int most_ideal_weight_bits = 30;

Diagnostics check_options(const AnalogCompileOptions& options, const chip::AnalogSpec& chip) {
    Diagnostics findings;
    const int most_bits = chip.ideal ? most_ideal_weight_bits : chip.array.weight_bits;
    if (options.weight_bits < 0 || options.weight_bits > most_bits) {
        findings.push_back({.where = "option weight_bits",
                            .found = fmt::format("{} bits", options.weight_bits),
                            .allowed = fmt::format("0 to {} on chip '{}'", most_bits, chip.name)});
    }
    if (!std::isfinite(options.weight_unit) || options.weight_unit < 0) {
        findings.push_back({.where = "option weight_unit",
                            .found = fmt::format("{}", options.weight_unit),
                            .allowed = "0 (found from the weights) or a positive number"});
    }
    if (options.max_runs < 1) {
        findings.push_back(
            {.where = "option max_runs", .found = fmt::format("{} runs", options.max_runs), .allowed = "1 or more"});
    }
    return findings;
}

}  // namespace

Result<AnalogCompileResult> compile_analog(const TimedNetwork& network, const chip::AnalogSpec& chip,
                                           const AnalogCompileOptions& options) {
    Diagnostics findings = check_timed_network(network);
    for (Diagnostic& finding : check_options(options, chip)) {
        findings.push_back(std::move(finding));
    }
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    if (chip.ideal) {
        return analog::compile_ideal(network, chip, options);
    }
    auto mapped = analog::map_network(network, chip, options);
    if (mapped) {
        const Diagnostics wrong = verify_analog(mapped->image, network);
        SPIKELOOM_ASSERT(!has_error(wrong), to_text(wrong));
    }
    return mapped;
}

}  // namespace spikeloom::compiler
