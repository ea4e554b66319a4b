// How right a network is after each step of its samples, and at what price: accuracy over time steps and over synaptic
// operations, beside the ANN that it was converted from. One value for the chip, the float network and the report; kept
// in a recording as JSON under /extra/curve.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/decision.hpp"

namespace spikeloom::runtime {

struct AccuracyCurve {
    std::string name;  ///< "chip", "float"
    std::uint64_t samples = 0;
    std::vector<double> accuracy;    ///< 0..1, of the answers after step 0, 1, ...
    std::vector<double> operations;  ///< synaptic events a sample up to and with that step, in the mean
    friend bool operator==(const AccuracyCurve&, const AccuracyCurve&) = default;
};

/// The ANN on the same samples: what it gets right, and what an inference takes.
struct AnnReference {
    double accuracy = -1;
    std::uint64_t multiply_accumulates = 0;
    std::uint64_t pooling_additions = 0;
    friend bool operator==(const AnnReference&, const AnnReference&) = default;
};

struct AccuracyCurves {
    std::vector<AccuracyCurve> curves;
    std::optional<AnnReference> ann;
    friend bool operator==(const AccuracyCurves&, const AccuracyCurves&) = default;
};

/// {"curves": [{"name", "samples", "accuracy": [...], "synaptic_operations": [...]}], "ann": {"accuracy",
/// "multiply_accumulates", "pooling_additions"}}.
[[nodiscard]] std::string to_json(const AccuracyCurves& curves);
/// Nothing where the text isn't such an object.
[[nodiscard]] std::optional<AccuracyCurves> parse_accuracy_curves(const std::string& json);
/// A table: accuracy and operations after 1, 2, 4, ... steps.
[[nodiscard]] std::string to_text(const AccuracyCurves& curves);
/// The first step (counted from 1) from which on the accuracy stays within `distance` of the last one's; 0: no steps.
[[nodiscard]] std::size_t settling_step(const AccuracyCurve& curve, double distance);

/// Collects samples, step by step, into a curve.
class CurveCollector {
public:
    CurveCollector(std::string name, std::size_t outputs, Decision decision)
        : curve_{.name = std::move(name), .samples = 0, .accuracy = {}, .operations = {}}, tally_(outputs, decision) {}

    /// What the output did in a step is told to the tally, then the step is closed.
    [[nodiscard]] OutputTally& tally() { return tally_; }
    void end_step(double operations);
    void end_sample(std::int32_t label);
    [[nodiscard]] std::size_t step() const { return answers_.size(); }  ///< of the sample in work
    [[nodiscard]] AccuracyCurve curve() const;

private:
    AccuracyCurve curve_;  ///< sums until curve()
    OutputTally tally_;
    std::vector<std::int32_t> answers_;  ///< of the sample in work, one a step
    std::vector<double> spent_;
};

}  // namespace spikeloom::runtime
