// NIR (Neuromorphic Intermediate Representation, HDF5) to Network. NIR leaves open what the numbers mean (time
// unit, dt, reset, recurrent bias, w_in, r); every such question is settled by a stated rule, the answer is
// reported as a Resolution, and an option overrides it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/resolution.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

enum class NirTimeUnit { seconds, milliseconds, steps };

struct NirOptions {
    std::optional<NirTimeUnit> time_unit;  ///< --nir-time-unit {s,ms,steps}; default: detected from the time constants
    std::optional<double> step_s;          ///< --nir-dt SECONDS; default: from r * dt / tau = 1, else the unit's usual
    std::optional<ResetRule> reset;        ///< --nir-reset {zero,subtract}; default: to v_reset
    std::optional<bool> recurrent_bias_at_start;  ///< --nir-recurrent-bias {start,late}; default: start (snnTorch)
    /// --nir-w-in {as-is,dt}; default as is: s += dt/tau_syn (w_in x - s). With `dt` a spike adds w_in to s whatever
    /// the step (w_in * tau_syn / dt takes its place), as snnTorch imports since 2026-07.
    std::optional<bool> scale_w_in_by_dt;
    /// --nir-r {as-is,dt}; default as is: v += dt/tau_mem (v_leak - v + r s). With `dt` the input adds r s to v
    /// whatever the step (r * tau_mem / dt takes its place; for I and IF r / dt).
    std::optional<bool> scale_r_by_dt;
    /// --nir-ignore-port-shapes: an Input or Output inside the graph whose shape is not what arrives is a remark, not
    /// an error.
    bool ignore_port_shapes = false;
};

struct NirImport {
    Network network;
    std::string nir_version;
    std::vector<Resolution> resolutions;
    Diagnostics remarks;  ///< warnings and notes
};

/// Reads a NIR file. All findings at once, each with the HDF5 path ("net.nir:/node/nodes/lif/tau"). The HDF5 library
/// runs in a child process, since corrupt files bring it down.
[[nodiscard]] Result<NirImport> read_nir(const std::string& path, const NirOptions& options = {});

/// The same over the bytes of a file; `origin` names them in diagnostics, its stem names the network.
[[nodiscard]] Result<NirImport> read_nir_bytes(std::span<const std::byte> bytes, const std::string& origin,
                                               const NirOptions& options = {});

struct NirFile;  // compiler/nir/nir_graph.hpp
/// The file as a graph, parsed in a child process, nothing interpreted.
[[nodiscard]] Result<NirFile> read_nir_file(const std::string& path);
/// The same from a parsed file.
[[nodiscard]] Result<NirImport> import_nir_file(NirFile file, const NirOptions& options = {});

}  // namespace spikeloom::compiler
