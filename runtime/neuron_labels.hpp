// What an output that nobody taught stands for: each neuron takes the class under which it spiked most in an earlier
// evaluation. So an unsupervised network can be asked for classes (Diehl and Cook 2015).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"

namespace spikeloom::runtime {

/// The class of each neuron: that under which it spiked most a sample on average; of equals the lower one; -1 for a
/// neuron that never spiked. `labels` (S) are 0 or above, `spikes` is S x neurons.
[[nodiscard]] std::vector<std::int32_t> assign_labels(std::span<const std::int32_t> labels,
                                                      std::span<const std::uint32_t> spikes, std::size_t neurons);

/// The same from the samples of a recorded evaluation (/eval/label, /eval/output_spikes). Errors: no such file, no
/// labelled samples in it, sizes that disagree, labels below 0, no output spike at all.
[[nodiscard]] Result<std::vector<std::int32_t>> read_neuron_labels(const std::string& recording);

}  // namespace spikeloom::runtime
