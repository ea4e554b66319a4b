// What NIR leaves open, settled for one file: each answer by a rule that is stated here, told as a Resolution, and
// overridden by an option (ECOSYSTEM facts 1.4).
//   time unit  seconds if every time constant is at most 1; else steps (Sinabs, Rockpool). Without time constants:
//              seconds if some r >= 100 (r = 1/dt), else steps.
//   dt         in seconds and ms: the one dt with r dt / tau_mem = 1 (IF: r dt = 1) for all nodes with r > 1, else
//              Rockpool's tau_mem / (1 + r) of least value where it is close to a round number, else 1e-4 s (1 ms
//              where the unit is ms or steps). Rounded to 1, 2, 2.5 or 5 times a power of ten where it is that close.
//   reset      to v_reset; by subtraction only if the file's name says so and no node has a v_reset.
//   recurrent bias, w_in, r   from the first step, as stored, as stored.
#pragma once

#include "compiler/nir/nir_flat.hpp"
#include "compiler/nir/nir_reader.hpp"

namespace spikeloom::compiler {

struct NirConventions {
    NirTimeUnit unit = NirTimeUnit::seconds;
    double step_s = 1e-4;
    double unit_s = 1;  ///< one unit of time of the file, in seconds
    ResetRule reset = ResetRule::to_value;
    bool recurrent_bias_at_start = true;
    bool scale_w_in_by_dt = false;
    bool scale_r_by_dt = false;
    std::vector<Resolution> resolutions;
};

[[nodiscard]] NirConventions settle_conventions(const NirFlatGraph& graph, const std::string& stem,
                                                const NirOptions& options);

}  // namespace spikeloom::compiler
