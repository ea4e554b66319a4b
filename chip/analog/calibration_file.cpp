#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "chip/analog/calibration.hpp"
#include "chip/analog/calibration.pb.h"
#include "core/files/bytes.hpp"
#include "core/files/strict_text.hpp"

namespace spikeloom::chip::analog {
namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;

}  // namespace

std::string print_calibration(const Calibration& calibration) {
    const CalibrationTarget& target = calibration.target;
    std::string text = fmt::format(
        "# Cells that calibrate one emulated instance of an analog chip; written by `spikeloom calibrate`.\n"
        "chip: \"{}\"\nseed: {}\ninstance: {}\n"
        "target {{\n  leak_lsb: {}\n  reset_lsb: {}\n  threshold_lsb: {}\n  tau_mem_s: {}\n  tau_syn_s: {}\n}}\n"
        "measurements: {}\n",
        calibration.chip, calibration.seed, calibration.instance, target.leak_lsb, target.reset_lsb,
        target.threshold_lsb, target.tau_mem_s, target.tau_syn_s, calibration.measurements);
    for (const Trims& trims : calibration.circuits) {
        text += fmt::format("circuit {{ threshold: {} leak: {} reset: {} tau_mem: {} tau_syn: {} weight: {} }}\n",
                            trims[cell_of(MismatchOf::threshold)], trims[cell_of(MismatchOf::leak)],
                            trims[cell_of(MismatchOf::reset)], trims[cell_of(MismatchOf::tau_mem)],
                            trims[cell_of(MismatchOf::tau_syn)], trims[cell_of(MismatchOf::weight)]);
    }
    return text;
}

Result<Calibration> parse_calibration(const std::string& text, const std::string& origin) {
    proto::CalibrationProto message;
    files::StrictText strict = files::parse_strict_text(text, origin, message);
    Diagnostics findings = std::move(strict.findings);
    const auto check = [&](const std::string& path, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            findings.push_back({.where = strict.positions.where(path),
                                .found = fmt::format("{}", value),
                                .allowed = fmt::format("{}..{}", least, most)});
        }
    };
    const proto::CalibrationTargetProto& target = message.target();
    const std::string& name = message.chip();
    const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    });
    if (findings.empty() && !plain) {
        findings.push_back({.where = strict.positions.where("chip"),
                            .found = "a chip's name that can't be used",
                            .allowed = "letters, digits, '-', '_' and '.'"});
    }
    if (findings.empty()) {
        check("target.leak_lsb", target.leak_lsb(), -65535, 65535);
        check("target.reset_lsb", target.reset_lsb(), -65535, 65535);
        check("target.threshold_lsb", target.threshold_lsb(), -65535, 65535);
        check("target.tau_mem_s", target.tau_mem_s(), 1e-12, 1e6);
        check("target.tau_syn_s", target.tau_syn_s(), 1e-12, 1e6);
    }
    Calibration calibration{.chip = message.chip(),
                            .seed = message.seed(),
                            .instance = message.instance(),
                            .target = {.leak_lsb = target.leak_lsb(),
                                       .reset_lsb = target.reset_lsb(),
                                       .threshold_lsb = target.threshold_lsb(),
                                       .tau_mem_s = target.tau_mem_s(),
                                       .tau_syn_s = target.tau_syn_s()},
                            .circuits = {},
                            .measurements = message.measurements()};
    for (int i = 0; i < message.circuit_size() && findings.empty(); ++i) {
        const proto::CircuitTrimsProto& circuit = message.circuit(i);
        const std::array<std::pair<const char*, std::uint32_t>, trimmed.size()> cells{
            {{"threshold", circuit.threshold()},
             {"leak", circuit.leak()},
             {"reset", circuit.reset()},
             {"tau_mem", circuit.tau_mem()},
             {"tau_syn", circuit.tau_syn()},
             {"weight", circuit.weight()}}};
        Trims trims{};
        for (std::size_t k = 0; k < cells.size(); ++k) {
            check(fmt::format("circuit[{}].{}", i, cells[k].first), cells[k].second, 0,
                  std::numeric_limits<std::uint16_t>::max() - 1);
            trims[k] = static_cast<std::uint16_t>(cells[k].second);
        }
        calibration.circuits.push_back(trims);
    }
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return calibration;
}

Result<Calibration> read_calibration(const std::string& path) {
    return files::read_bytes(path, most_bytes).and_then([&](const files::Bytes& bytes) {
        std::string text(bytes.size(), '\0');
        std::transform(bytes.begin(), bytes.end(), text.begin(),
                       [](std::byte byte) { return static_cast<char>(byte); });
        return parse_calibration(text, path);
    });
}

}  // namespace spikeloom::chip::analog
