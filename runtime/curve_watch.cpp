#include "runtime/curve_watch.hpp"

#include <algorithm>

namespace spikeloom::runtime {

CurveWatch::CurveWatch(const Session& session, PopulationId output, Decision decision)
    : session_(&session),
      output_(output),
      size_(session.image().populations[output.value()].size()),
      by_voltage_(by_voltage(decision)),
      collector_("chip", size_, decision) {}

Result<void> CurveWatch::on_step(const StepView& view) {
    const auto step = static_cast<std::int64_t>(collector_.step());
    const auto first = std::lower_bound(view.spikes.begin(), view.spikes.end(), NetworkSpike{output_, NeuronId{}});
    for (auto spike = first; spike != view.spikes.end() && spike->population == output_; ++spike) {
        collector_.tally().add_spike(step, spike->neuron.value());
    }
    for (std::uint32_t neuron = 0; by_voltage_ && neuron < size_; ++neuron) {
        collector_.tally().add_voltage(neuron, session_->voltage(output_, NeuronId{neuron}));
    }
    std::uint64_t events = 0;
    for (const Counters& counts : view.core_counts) {
        events += counts.synaptic_events();
    }
    collector_.end_step(static_cast<double>(events));
    return {};
}

}  // namespace spikeloom::runtime
