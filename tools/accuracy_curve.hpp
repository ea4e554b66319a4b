// The two references beside a chip's accuracy curve: the float network, step by step, and the ANN that it was made of.
#pragma once

#include <vector>

#include "compiler/convert/ann.hpp"
#include "compiler/network.hpp"
#include "compiler/reference/float_interpreter.hpp"
#include "runtime/accuracy_curve.hpp"
#include "runtime/evaluation.hpp"

namespace spikeloom::tools {

/// The samples first .. first + limit of a set (0: all that follow), as an evaluation takes them.
struct SampleRange {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
};
[[nodiscard]] SampleRange samples_of(const runtime::LabelledSet& set, std::uint64_t first, std::uint64_t limit);

/// The ANN on a labelled set. Errors: another number of inputs than a sample has, spikes instead of values.
[[nodiscard]] Result<runtime::AnnReference> measure_ann(const compiler::Ann& ann, const runtime::LabelledSet& set,
                                                        const SampleRange& range);

/// A network in float, in its framework's timing (same_step), over labelled samples.
class FloatCurve {
public:
    /// Of one input port. `decision` is settled.
    FloatCurve(const compiler::Network& network, PopulationId output, runtime::Decision decision);

    /// `drain`: steps without input after the sample.
    void add_sample(const runtime::LabelledSet& set, std::uint64_t sample, const runtime::EncoderOptions& encoder,
                    std::uint32_t drain);
    [[nodiscard]] runtime::AccuracyCurve curve() const { return collector_.curve(); }

private:
    compiler::FloatInterpreter interpreter_;
    PopulationId output_;
    std::uint32_t outputs_;
    bool by_voltage_;
    std::vector<std::vector<std::uint32_t>> fan_outs_;  ///< of the populations' neurons
    std::vector<std::uint32_t> input_fan_out_;
    runtime::CurveCollector collector_;
};

}  // namespace spikeloom::tools
