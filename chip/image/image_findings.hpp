// What check_image and check_analog_image gather. Private to chip/image.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>

#include "chip/image/analog_image.hpp"
#include "chip/image/image.hpp"

namespace spikeloom::chip {

/// The first findings of an image.
class Findings {
public:
    [[nodiscard]] bool none() const { return all_.empty(); }
    [[nodiscard]] bool full() const { return all_.size() >= most; }
    void add(std::string where, std::string found, std::string allowed) {
        if (!full()) {
            all_.push_back({.severity = Severity::error,
                            .where = std::move(where),
                            .found = std::move(found),
                            .allowed = std::move(allowed),
                            .help = {}});
        }
    }
    void range(const std::string& where, const char* what, std::int64_t found, const IntRange& allowed) {
        if (!allowed.contains(found)) {
            add(where, fmt::format("{} is {}", what, found), fmt::format("{}..{}", allowed.least, allowed.most));
        }
    }
    [[nodiscard]] Diagnostics take() { return std::move(all_); }

private:
    static constexpr std::size_t most = 50;

    Diagnostics all_;
};

/// The part of check_analog_image on runs: of an image of a chip that is not ideal, whose symbols are in order.
void check_runs(const AnalogImage& image, Findings& findings);

/// Offsets from 0, never falling, to `end`, `size` + 1 of them.
[[nodiscard]] bool are_offsets(const std::vector<std::uint32_t>& offsets, std::size_t size, std::size_t end);

/// The part of check_image on axons that share lists: of a core whose lists divide its entries.
void check_shared_axons(const CoreImage& core, const SynapseMemory& memory, const std::string& where,
                        Findings& findings);

/// The part of check_image on a group's neuron model and its threshold.
void check_model(const CompartmentGroup& group, const NeuronFormat& neuron, const std::string& where,
                 Findings& findings);

/// Whether populations lie on as many compartments a neuron as their model has inputs, and noise on models that know
/// it: of an image whose every index is in range.
void check_pairs(const Image& image, Findings& findings);

/// The part of check_image on learning: of an image whose every index is in range.
void check_learning(const Image& image, Findings& findings);

}  // namespace spikeloom::chip
