#include "chip/load_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>

namespace spikeloom::chip {
namespace {

bool is_plastic(const CoreImage& core, std::size_t axon) {
    return std::ranges::any_of(core.entries_of(axon), [](const SynapseEntry& entry) { return entry.learning != 0; });
}

/// Sources that share an axon would share its traces and weights, which rows by source can't express.
Diagnostics shared_plastic_axons(const Image& image, const AxonUses& axon_uses) {
    Diagnostics findings;
    for (std::size_t c = 0; c < image.cores.size() && !image.learning.empty(); ++c) {
        const CoreImage& core = image.cores[c];
        for (std::size_t axon = 0; axon < core.axons(); ++axon) {
            if (is_plastic(core, axon) && axon_uses[c][axon] > 1) {
                findings.push_back({.where = fmt::format("image: core {}, axon {}", c, axon),
                                    .found = "plastic synapses that several sources reach",
                                    .allowed = "one source for a list with plastic synapses"});
            }
        }
    }
    return findings;
}

/// Plastic weights are multiplied by nothing.
Diagnostics plastic_values(const Image& image) {
    Diagnostics findings;
    const auto plastic = [&](const OutputAxon& output) {
        return is_plastic(image.cores[output.core.value()], output.axon.value());
    };
    const auto check = [&](std::span<const OutputAxon> outputs, const std::string& where) {
        if (std::ranges::any_of(outputs, plastic)) {
            findings.push_back({.where = where,
                                .found = "plastic synapses of a source that sends values",
                                .allowed = "plastic synapses of spikes that are 1"});
        }
    };
    for (std::size_t c = 0; c < image.cores.size() && !image.learning.empty(); ++c) {
        const CoreImage& core = image.cores[c];
        for (const CompartmentGroup& group : core.groups) {
            if (sends_values(group.model)) {
                check(std::span(core.outputs)
                          .subspan(core.output_first[group.first],
                                   core.output_first[group.first + group.count] - core.output_first[group.first]),
                      fmt::format("image: core {}", c));
            }
        }
    }
    for (const InputSymbol& input : image.inputs) {
        if (input.graded && !image.learning.empty()) {
            check(input.outputs, fmt::format("image: input '{}'", input.name));
        }
    }
    return findings;
}

}  // namespace

Diagnostics check_loadable(const Image& image, const AxonUses& axon_uses) {
    Diagnostics findings = shared_plastic_axons(image, axon_uses);
    return has_error(findings) ? findings : plastic_values(image);
}

}  // namespace spikeloom::chip
