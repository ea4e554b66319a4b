// Correlation sensors: every synapse measures how its source's spikes and its neuron's follow each other, in two analog
// accumulators. A spike of the neuron at t after one of the source at s adds amplitude * exp(-(t - s) / tau) to the
// causal one; a spike of the source after one of the neuron adds the same to the acausal one. Accumulators saturate,
// keep their value until they are reset, and are read by the CADC as codes of 8 bits that count down from a baseline.
//
// Which spikes pair is not in the facts; Friedmann et al. (2017) describe nearest neighbours. The choice is
// `CorrelationPairing`.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "chip/spec/analog_spec.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::chip::analog {

enum class CorrelationPairing : std::uint8_t {
    nearest,   ///< every spike with the last one of the other side
    adjacent,  ///< only if no spike of its own side came since: each spike pairs once forward and once back
};

/// Of all sensors of a chip. Amplitudes and baselines are in LSB of the CADC.
struct CorrelationParameters {
    double tau_causal_s = 10e-6;
    double tau_acausal_s = 10e-6;
    double amplitude_causal = 1;  ///< of a pair without delay
    double amplitude_acausal = 1;
    double baseline = 200;        ///< what is read after a reset (inferred: near the upper end of the reliable range)
    double baseline_spread = 0;   ///< standard deviation from column to column, and kind to kind
    double amplitude_spread = 0;  ///< relative standard deviation from synapse to synapse
    double saturation = 170;      ///< of an accumulator (inferred: the reading then leaves the CADC's reliable range)
    CorrelationPairing pairing = CorrelationPairing::nearest;
    bool acausal = true;     ///< false: nobody reads them, and they are not computed
    std::uint64_t seed = 0;  ///< of the spreads
    std::uint32_t instance = 0;
    friend bool operator==(const CorrelationParameters&, const CorrelationParameters&) = default;
};

/// What the chip can't be set to.
[[nodiscard]] Diagnostics check_correlation(const CorrelationParameters& parameters, const AnalogPlasticity& chip);

enum class CorrelationKind : std::uint8_t { causal, acausal };

/// Sensors of some synapses (cells), each of a column and reached by sources.
class CorrelationSensors {
public:
    /// columns: of each cell. source_begin, source_cells: the cells that a source reaches, as core/analog/net.hpp's
    /// synapses; a cell may be reached by several sources, whose spikes are then one train.
    CorrelationSensors(const CorrelationParameters& parameters, std::span<const std::uint32_t> cell_columns,
                       std::uint32_t columns, std::vector<std::uint64_t> source_begin,
                       std::vector<std::uint32_t> source_cells);

    /// A spike of a source reaches its cells at `time` (s). Spikes come in order of time.
    void pre(std::uint32_t source, double time);
    /// A neuron's spike reaches the cells of a column.
    void post(std::uint32_t column, double time);

    /// Analog value of a cell, 0 .. saturation.
    [[nodiscard]] double value(CorrelationKind kind, std::uint32_t cell) const;
    /// What the CADC reads at a value in a column; of 0 where there is no synapse.
    [[nodiscard]] std::uint8_t code(CorrelationKind kind, std::uint32_t column, double value) const;
    void reset(std::uint32_t cell);

private:
    CorrelationParameters parameters_;
    std::vector<std::uint32_t> cell_columns_;
    std::vector<std::uint64_t> source_begin_;
    std::vector<std::uint32_t> source_cells_;
    std::vector<std::uint32_t> column_begin_;
    std::vector<std::uint32_t> column_cells_;
    std::vector<float> amplitude_;                 ///< by cell; empty: all 1
    std::array<std::vector<double>, 2> baseline_;  ///< by kind and column

    std::vector<float> causal_;
    std::vector<float> acausal_;
    std::vector<std::uint32_t> last_source_;  ///< by cell, whose spike reached it last
    std::vector<double> last_pre_;            ///< by source
    std::vector<double> last_post_;           ///< by column
    std::vector<float> decay_;                ///< by source, at the time of decay_time_
    std::vector<double> decay_time_;
};

}  // namespace spikeloom::chip::analog
