// How a labelled sample is answered: from what the output population did over the sample to a class. One rule for the
// chip and for whatever stands beside it (the float reference of the quantisation gap).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"

namespace spikeloom::runtime {

enum class Decision : std::uint8_t {
    automatic,     ///< spike_count, or voltage_max where the output doesn't spike
    spike_count,   ///< most spikes over the sample
    first_spike,   ///< earliest spike
    voltage_last,  ///< largest voltage after the last step
    voltage_max,   ///< largest voltage over the sample
    argmax,        ///< most spikes; of equals the lowest class, silence included, as numpy's argmax of the counts
};
[[nodiscard]] Result<Decision> parse_decision(const std::string& text);
/// `automatic` settled for an output that spikes or doesn't; the others stay.
[[nodiscard]] Decision settled(Decision decision, bool output_spikes);
[[nodiscard]] constexpr bool by_voltage(Decision decision) {
    return decision == Decision::voltage_last || decision == Decision::voltage_max;
}

/// What every output neuron did over one sample.
class OutputTally {
public:
    OutputTally(std::size_t outputs, Decision decision);  ///< a settled decision

    void clear();
    void add_spike(std::int64_t step, std::uint32_t neuron);
    /// The voltage after a step, steps ascending. Needed for decisions by voltage only.
    void add_voltage(std::uint32_t neuron, double voltage);

    /// The class; -1 where spikes decide and there was none. Of equals see evaluation.hpp.
    [[nodiscard]] std::int32_t answer() const;
    [[nodiscard]] const std::vector<std::uint32_t>& spikes() const { return spikes_; }
    /// What the decision saw of each neuron's voltage: the last or the largest, in registers. For decisions by voltage.
    [[nodiscard]] const std::vector<double>& voltages() const { return voltages_; }
    /// Step of the neuron's first spike, -1 if none.
    [[nodiscard]] std::int32_t first_spike(std::uint32_t neuron) const;

private:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
    [[nodiscard]] bool beats(std::uint32_t a, std::uint32_t b) const;

    Decision decision_;
    std::vector<std::uint32_t> spikes_;
    std::vector<std::int64_t> first_;
    std::vector<double> voltages_;
};

}  // namespace spikeloom::runtime
