// Learning, one synapse at a time, as its definition reads: traces of every step, then the rule's products, then the
// rounding. It shares the draws and rules::accumulate with the engine, and nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/learning/draws.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::test {

struct NaiveSynapse {
    std::uint32_t source = 0;
    std::uint32_t target = 0;
    std::int32_t weight = 0;
    std::int32_t delay = 0;
    std::int32_t tag = 0;
};

class NaiveLearning {
public:
    struct Setting {
        rules::Rule rule;
        rules::LearningArithmetic arithmetic;
        rules::IntegerRange weights;
        std::uint64_t seed = 0;
        std::uint32_t profile = 0;
        std::uint32_t sources = 0;
        std::uint32_t targets = 0;
    };
    NaiveLearning(Setting setting, std::vector<NaiveSynapse> synapses);

    /// One step: which sources' spikes arrived, which targets spiked.
    void step(const std::vector<std::uint32_t>& sources, const std::vector<std::uint32_t>& targets);
    [[nodiscard]] const std::vector<NaiveSynapse>& synapses() const { return synapses_; }

private:
    struct Neuron {
        std::uint64_t key = 0;
        std::uint32_t spiked_at = 0;
        std::vector<std::int32_t> start;                 ///< of the epoch, by trace
        std::vector<std::vector<std::int32_t>> history;  ///< by trace, step
    };
    void spike(Neuron& neuron, const rules::TraceParameters* traces, std::uint32_t within);
    void run(Neuron& neuron, const rules::TraceParameters* traces);
    [[nodiscard]] std::int32_t with_impulse(std::int32_t value, const rules::TraceParameters& trace,
                                            std::uint64_t draw) const;
    void learn(NaiveSynapse& synapse);
    [[nodiscard]] rules::Operands operands(const NaiveSynapse& synapse, const Neuron& source,
                                           const Neuron& target) const;

    Setting setting_;
    std::vector<NaiveSynapse> synapses_;
    std::vector<Neuron> sources_, targets_;
    std::uint64_t step_ = 0;
    std::uint64_t epoch_ = 1;
};

}  // namespace spikeloom::test
