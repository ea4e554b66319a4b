// The compiler: Network and ChipSpec in, Image out, with a mapping report, or every reason why it does not fit.
// compile.cpp reads as the list of passes: quantise, partition, place, allocate, verify.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chip/image/image.hpp"
#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/merge_decays.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// What the user decides instead of the passes. Names are checked: an unknown one is an error.
struct MappingOverrides {
    struct Pin {
        std::string population;
        std::vector<std::uint32_t> cores;  ///< physical cores of the board that its neurons are restricted to
        friend bool operator==(const Pin&, const Pin&) = default;
    };
    struct FanInParts {
        std::string population;
        std::uint32_t parts = 2;
        friend bool operator==(const FanInParts&, const FanInParts&) = default;
    };
    std::vector<Pin> pins;
    std::vector<std::uint32_t> forbidden_cores;      ///< physical cores that stay empty
    std::vector<std::vector<std::string>> together;  ///< populations whose neurons lie on the same cores, side by side
    /// Populations whose sums are made in so many parts by helpers, a step later, though their neurons may fit cores:
    /// to save cores where each of many lists holds few synapses (legalise/split_fan_in.hpp).
    std::vector<FanInParts> fan_in_parts{};

    [[nodiscard]] bool empty() const {
        return pins.empty() && forbidden_cores.empty() && together.empty() && fan_in_parts.empty();
    }
    friend bool operator==(const MappingOverrides&, const MappingOverrides&) = default;
};

/// Spikes a step of every neuron and input channel, from a calibration run; populations and inputs in the network's
/// order. Empty: each counts once.
struct SpikeRates {
    std::vector<std::vector<float>> populations;
    std::vector<std::vector<float>> inputs;

    [[nodiscard]] bool empty() const { return populations.empty() && inputs.empty(); }
};

struct CompileOptions {
    std::uint64_t seed = 0;
    /// 0: one linear pass, for nets of millions of neurons; 1: seconds (default); 2: tens of seconds; 3: minutes. The
    /// result is a function of network, chip, seed and effort; not of threads, nor of the time that it takes.
    int effort = 1;
    int threads = 1;
    MappingOverrides overrides{};
    SpikeRates rates{};
    std::function<bool()> stop{};      ///< asked often; true: the best so far is taken. May be empty
    int weight_bits = 8;               ///< widest weight the quantiser may choose
    bool embed_network = true;         ///< keep the float network in the image, for the quantisation gap
    bool approximate_reset = false;    ///< accept reset to zero where the network subtracts the threshold
    bool split_fan_in = true;          ///< make sums of too many sources in parts, where that is exact (legalise/)
    DecayMerging merge_decays{};       ///< near time constants of a population made equal (off: none)
    bool approximate_weights = false;  ///< round weights into given registers that no synapse format holds exactly
    std::function<void(double fraction, const std::string& phase)> progress;  ///< may be empty
};

struct CompileResult {
    chip::Image image;
    Diagnostics remarks;                      ///< warnings and notes: approximations, what was dropped
    std::vector<MergedDecays> merged_decays;  ///< populations that merge_decays changed
    std::string brief_report;  ///< the image's mapping report without the many small parts of a large network
};

[[nodiscard]] Result<CompileResult> compile(const Network& network, const chip::ChipSpec& chip,
                                            const CompileOptions& options);

/// Recomputes every limit and the cost of the image from nothing (no code shared with the passes). Empty: it fits.
[[nodiscard]] Diagnostics verify(const chip::Image& image);
/// The same, and every synapse of the image against the network: none lost, none invented.
[[nodiscard]] Diagnostics verify(const chip::Image& image, const Network& network);

}  // namespace spikeloom::compiler
