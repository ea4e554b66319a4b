// The verifier's parts. They share no code with the passes: what seems to repeat them is there for that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler::analog {

/// At most a hundred findings, so that a broken image stays readable.
class AnalogFindings {
public:
    void add(const std::string& where, const std::string& found, const std::string& allowed = "") {
        if (!full()) {
            all_.push_back({Severity::error, where, found, allowed, ""});
        }
    }
    [[nodiscard]] bool empty() const { return all_.empty(); }
    [[nodiscard]] bool full() const { return all_.size() >= most; }
    [[nodiscard]] Diagnostics take() { return std::move(all_); }

private:
    static constexpr std::size_t most = 100;
    Diagnostics all_;
};

/// Registers, indices, limits and order of the runs.
void verify_limits(const chip::AnalogImage& image, AnalogFindings& findings);

/// The synapse table of an ideal chip's image.
void verify_ideal(const chip::AnalogImage& image, AnalogFindings& findings);

/// What a neuron receives from a source: `weight` LSB over `cells` synapses, signed.
struct ReceivedSynapse {
    std::uint32_t target = 0;
    std::uint32_t source = 0;
    std::int64_t weight = 0;
    std::uint32_t cells = 0;
};
/// Of all runs, ascending by target and source; and findings for synapses that hear nothing or several sources, rows
/// that are off, spikes that are lost at the crossbar. The limits hold.
[[nodiscard]] std::vector<ReceivedSynapse> follow_spikes(const chip::AnalogImage& image, AnalogFindings& findings);

}  // namespace spikeloom::compiler::analog
