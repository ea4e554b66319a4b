#include "reference/naive_learning.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloom::test {
namespace {

using rules::Dependency;
using rules::Operand;
using rules::Variable;

constexpr std::size_t most_traces = 3;

std::uint64_t number(std::uint64_t epoch, std::uint64_t within, std::size_t which) {
    return (epoch * 64 + within) * (2 * most_traces) + which;
}

}  // namespace

NaiveLearning::NaiveLearning(Setting setting, std::vector<NaiveSynapse> synapses)
    : setting_(std::move(setting)), synapses_(std::move(synapses)) {
    const auto make = [&](std::uint32_t count, core::DrawSide side, std::size_t traces) {
        std::vector<Neuron> neurons(count);
        for (std::uint32_t i = 0; i < count; ++i) {
            neurons[i].key =
                core::stream_key({.seed = setting_.seed, .profile = setting_.profile, .side = side, .neuron = i});
            neurons[i].start.assign(traces, 0);
        }
        return neurons;
    };
    sources_ = make(setting_.sources, core::DrawSide::source, 2);
    targets_ = make(setting_.targets, core::DrawSide::target, 3);
}

std::int32_t NaiveLearning::with_impulse(std::int32_t value, const rules::TraceParameters& trace,
                                         std::uint64_t draw) const {
    const double whole = std::floor(trace.impulse);
    const bool up = static_cast<double>(draw >> 57) < (trace.impulse - whole) * 128;
    return std::min(value + static_cast<std::int32_t>(whole) + (up ? 1 : 0), setting_.arithmetic.trace_most());
}

void NaiveLearning::spike(Neuron& neuron, const rules::TraceParameters* traces, std::uint32_t within) {
    for (std::size_t k = 0; k < neuron.start.size() && neuron.spiked_at != 0; ++k) {
        const std::uint64_t draw = core::stream_draw(neuron.key, number(epoch_, within, most_traces + k));
        neuron.start[k] = with_impulse(neuron.start[k], traces[k], draw);
    }
    neuron.spiked_at = within;
}

void NaiveLearning::run(Neuron& neuron, const rules::TraceParameters* traces) {
    neuron.history.clear();
    for (std::size_t k = 0; k < neuron.start.size(); ++k) {
        std::vector<std::int32_t> history{neuron.start[k]};
        for (int t = 1; t <= setting_.rule.epoch; ++t) {
            const auto step = static_cast<std::uint64_t>(t);
            const double decayed = traces[k].tau > 0 ? history.back() * std::exp(-1 / traces[k].tau) : 0;
            const double draw = std::ldexp(
                static_cast<double>(core::stream_draw(neuron.key, number(epoch_, step, k)) >> 11), -core::draw_bits);
            std::int32_t value = static_cast<std::int32_t>(decayed) + (draw < decayed - std::floor(decayed) ? 1 : 0);
            if (neuron.spiked_at == step) {
                const std::uint64_t jump = core::stream_draw(neuron.key, number(epoch_, step, most_traces + k));
                value = with_impulse(value, traces[k], jump);
            }
            history.push_back(value);
        }
        neuron.history.push_back(history);
    }
}

rules::Operands NaiveLearning::operands(const NaiveSynapse& synapse, const Neuron& source, const Neuron& target) const {
    rules::Operands operands;
    const std::array<std::size_t, 3> times{source.spiked_at, target.spiked_at,
                                           static_cast<std::size_t>(setting_.rule.epoch)};
    for (const Dependency dependency : {Dependency::x0, Dependency::y0, Dependency::u}) {
        const std::size_t t = times[static_cast<std::size_t>(dependency)];
        operands.at(dependency, Operand::x0) = source.spiked_at != 0 ? 1 : 0;
        operands.at(dependency, Operand::y0) = target.spiked_at != 0 ? 1 : 0;
        operands.at(dependency, Operand::x1) = source.history[0][t];
        operands.at(dependency, Operand::x2) = source.history[1][t];
        operands.at(dependency, Operand::y1) = target.history[0][t];
        operands.at(dependency, Operand::y2) = target.history[1][t];
        operands.at(dependency, Operand::y3) = target.history[2][t];
        operands.at(dependency, Operand::w) = synapse.weight;
        operands.at(dependency, Operand::d) = synapse.delay;
        operands.at(dependency, Operand::t) = synapse.tag;
    }
    return operands;
}

void NaiveLearning::learn(NaiveSynapse& synapse) {
    const Neuron& source = sources_[synapse.source];
    const Neuron& target = targets_[synapse.target];
    const rules::LearningArithmetic& arithmetic = setting_.arithmetic;
    rules::Operands read = operands(synapse, source, target);
    const auto source_key = static_cast<std::uint32_t>(core::stream_draw(source.key, number(epoch_, 0, 0)));
    const auto target_key = static_cast<std::uint32_t>(target.key);
    const NaiveSynapse old = synapse;
    for (const Variable variable : rules::variables) {
        const rules::ProductSeries& series = setting_.rule.series(variable);
        if (series.empty()) {
            continue;
        }
        read.u = series.decimation && epoch_ % (std::uint64_t{1} << *series.decimation) == 0;
        const rules::IntegerRange range =
            variable == Variable::weight ? setting_.weights
            : variable == Variable::delay
                ? rules::IntegerRange{0, arithmetic.delay_most}
                : rules::IntegerRange{-(1 << arithmetic.tag_bits), (1 << arithmetic.tag_bits) - 1};
        std::int32_t& z = variable == Variable::weight  ? synapse.weight
                          : variable == Variable::delay ? synapse.delay
                                                        : synapse.tag;
        const std::int32_t before = variable == Variable::weight  ? old.weight
                                    : variable == Variable::delay ? old.delay
                                                                  : old.tag;
        std::int32_t sum = rules::accumulate(series, read, before * (1 << arithmetic.fraction_bits), arithmetic);
        sum = range.least == 0 ? std::max(sum, 0) : sum;
        sum = range.most == 0 ? std::min(sum, 0) : sum;
        const std::uint32_t salt = (static_cast<std::uint32_t>(variable) + 1) * 0x9E3779B9U;
        const std::uint32_t draw = core::mix32(source_key ^ target_key ^ salt) >> (32 - arithmetic.fraction_bits);
        z = std::clamp((sum + static_cast<std::int32_t>(draw)) >> arithmetic.fraction_bits, range.least, range.most);
    }
}

void NaiveLearning::step(const std::vector<std::uint32_t>& sources, const std::vector<std::uint32_t>& targets) {
    const auto length = static_cast<std::uint64_t>(setting_.rule.epoch);
    epoch_ = step_ / length + 1;
    const auto within = static_cast<std::uint32_t>(step_ % length) + 1;
    for (const std::uint32_t source : sources) {
        spike(sources_[source], setting_.rule.x.data(), within);
    }
    for (const std::uint32_t target : targets) {
        spike(targets_[target], setting_.rule.y.data(), within);
    }
    ++step_;
    if (within != length) {
        return;
    }
    for (Neuron& neuron : sources_) {
        run(neuron, setting_.rule.x.data());
    }
    for (Neuron& neuron : targets_) {
        run(neuron, setting_.rule.y.data());
    }
    for (NaiveSynapse& synapse : synapses_) {
        learn(synapse);
    }
    for (std::vector<Neuron>* side : {&sources_, &targets_}) {
        for (Neuron& neuron : *side) {
            neuron.spiked_at = 0;
            for (std::size_t k = 0; k < neuron.start.size(); ++k) {
                neuron.start[k] = neuron.history[k].back();
            }
        }
    }
}

}  // namespace spikeloom::test
