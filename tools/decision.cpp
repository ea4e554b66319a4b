#include "tools/decision.hpp"

#include <limits>
#include <utility>

namespace spikeloom::tools {

std::int32_t decide(Decision decision, const OutputSpikes& outputs) {
    std::int32_t best = -1;
    std::pair<std::int64_t, std::int64_t> best_rank{std::numeric_limits<std::int64_t>::min(), 0};
    for (std::size_t i = 0; i < outputs.counts.size(); ++i) {
        if (outputs.counts[i] == 0) {
            continue;
        }
        const std::int64_t count = outputs.counts[i];
        const std::int64_t early = -std::int64_t{outputs.first_steps[i]};
        const auto rank = decision == Decision::first ? std::pair{early, count} : std::pair{count, early};
        if (rank > best_rank) {
            best_rank = rank;
            best = static_cast<std::int32_t>(i);
        }
    }
    return best;
}

Result<void> OutputWatch::on_step(const runtime::StepView& view) {
    for (const runtime::NetworkSpike& spike : view.spikes) {
        if (spike.population != population_) {
            continue;
        }
        const std::size_t output = spike.neuron.value();
        if (seen_.counts[output]++ == 0) {
            seen_.first_steps[output] = static_cast<std::int32_t>(view.step.value() - begin_.value());
        }
    }
    return {};
}

OutputSpikes OutputWatch::take() {
    return std::exchange(seen_, OutputSpikes(seen_.counts.size()));
}

}  // namespace spikeloom::tools
