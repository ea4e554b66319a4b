// What `spikeloom ppu` works on: a rule, and the experiment around it if one was named.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "chip/analog/ppu.hpp"
#include "core/ppu/experiment.hpp"
#include "core/ppu/program.hpp"

namespace spikeloom::tools {

struct PpuSource {
    std::string path;
    ppu::Program program;
    std::optional<ppu::Experiment> experiment;
};

/// A .ppu file, an experiment's file (its rule is read too), or the name of a bundled experiment.
[[nodiscard]] Result<PpuSource> open_ppu(const std::string& operand);
/// Kernels and variables, and what an experiment puts around them.
[[nodiscard]] boost::json::object describe(const PpuSource& source);
/// The experiment's chip; refuses one with steps.
[[nodiscard]] Result<chip::AnalogSpec> open_ppu_chip(const ppu::Experiment& experiment);
/// The experiment's tasks as the chip takes them.
[[nodiscard]] std::vector<chip::analog::PlasticTask> tasks_of(const PpuSource& source);

}  // namespace spikeloom::tools
