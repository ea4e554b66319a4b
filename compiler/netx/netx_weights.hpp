// Weights, delays and biases of a netx layer: whole numbers as netx would program them, checked against the sizes of
// the layers that they join.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/netx/netx_file.hpp"
#include "compiler/netx/netx_notes.hpp"

namespace spikeloom::compiler {

/// Whole numbers of an array of `count` values, as float (exact below 2^24); fractions are cut off towards zero, as
/// netx does, and told. Nothing after a finding.
[[nodiscard]] std::optional<std::vector<float>> netx_weights(const NetxGroup& group, const std::string& name,
                                                             std::uint64_t count, NetxNotes& notes);

/// netx fits dense weights into 8 bits: those of both signs are clipped to -256..254 where any lies beyond; those of
/// one sign with a largest beyond 255 (-256) become mantissas of 8 bits times 2^k. What changes is told. (netx shifts
/// the latter by a negative number of bits, and so loses them all; here they keep what a mantissa holds.)
void fit_netx_weights(const std::vector<std::vector<float>*>& parts, const NetxLayer& layer, NetxNotes& notes);

/// One delay a synapse, [target][source], 0..62 (longer ones are clipped, as netx does); empty: none. `delay` of the
/// file is one number, one a target, one a source, or one a synapse. Nothing after a finding.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> netx_delays(const NetxLayer& layer, std::size_t targets,
                                                                   std::size_t sources, NetxNotes& notes);

/// Dense weights [target][source], as a projection's: with delays where any is above 0.
[[nodiscard]] Weights netx_dense(std::vector<float> weights, const std::vector<std::uint8_t>& delays,
                                 std::size_t targets, std::size_t sources, int& delay_steps);

/// What is added to v every step: `bias` of the file times 2^shift, empty where there is none; 1 or one a neuron. A
/// bias a channel is spread over `shape` (channels, height, width); one a neuron may stand as netx has it, of shape
/// (x, y, channel). Nothing after a finding.
[[nodiscard]] std::optional<std::vector<std::int32_t>> netx_biases(const NetxLayer& layer, const Shape& shape,
                                                                   int shift, NetxNotes& notes);

}  // namespace spikeloom::compiler
