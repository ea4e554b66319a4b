// Chips without steps in the comparison: what a network made for steps becomes in continuous time, and where it can't.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/timed/scale_times.hpp"
#include "tools/chip_comparison_parts.hpp"

namespace spikeloom::tools {

std::optional<compiler::AnalogCompileResult> compile_for(const ComparisonSetting& setting,
                                                         const compiler::TimedNetwork& network,
                                                         const chip::AnalogSpec& chip, ChipRow& row) {
    compiler::AnalogCompileOptions options{.seed = setting.line.value<std::uint64_t>("seed")};
    if (setting.line.has("weight-bits")) {
        const int bits = setting.line.value<int>("weight-bits");
        options.weight_bits = chip.ideal ? bits : std::min(bits, chip.array.weight_bits);
    }
    auto compiled = compiler::compile_analog(network, chip, options);
    if (!compiled) {
        row.why = std::move(compiled.error());
        return std::nullopt;
    }
    row.fits = true;
    take_mapping(compiled->image, row);
    for (const Diagnostic& remark : compiled->remarks) {
        row.remarks.push_back(to_text(remark));
    }
    return std::move(*compiled);
}

Result<ChipRow> stepped_on_analog(const ComparisonSetting& setting, const chip::AnalogSpec& chip) {
    ChipRow row{.chip = chip.name, .title = chip.title, .continuous = true};
    auto timed = compiler::to_timed(setting.network.stepped->network);
    if (!timed) {
        row.why = std::move(timed.error());
        return row;
    }
    const double scale = chip.ideal ? 1 : 1 / chip.speed_up;
    compiler::scale_times(*timed, scale);
    const auto compiled = compile_for(setting, *timed, chip, row);
    if (compiled && !chip.ideal) {
        row.remarks.push_back(
            fmt::format("the network's times are {:.6g} times shorter, as the chip is faster", chip.speed_up));
    }
    return row;
}

Result<ChipRow> compare_on(const ComparisonSetting& setting, const AnyChip& chip) {
    const auto* stepped = std::get_if<chip::ChipSpec>(&chip);
    if (setting.network.stepped) {
        return stepped != nullptr ? stepped_on_steps(setting, *stepped)
                                  : stepped_on_analog(setting, std::get<chip::AnalogSpec>(chip));
    }
    return stepped != nullptr ? first_spike_on_steps(setting, *stepped)
                              : first_spike_on_analog(setting, std::get<chip::AnalogSpec>(chip));
}

}  // namespace spikeloom::tools
