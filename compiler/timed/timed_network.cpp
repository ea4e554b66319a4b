#include "compiler/timed/timed_network.hpp"

#include <algorithm>

namespace spikeloom::compiler {

std::size_t TimedNetwork::source_size(const Source& source) const {
    return source.kind == Source::Kind::input ? inputs[source.index].size() : populations[source.index].size();
}

const std::string& TimedNetwork::source_name(const Source& source) const {
    return source.kind == Source::Kind::input ? inputs[source.index].name : populations[source.index].name;
}

bool TimedNetwork::has_delays() const {
    return std::any_of(projections.begin(), projections.end(), [](const TimedProjection& projection) {
        return std::any_of(projection.delays.begin(), projection.delays.end(), [](double d) { return d != 0; });
    });
}

void set_dense(TimedProjection& projection, std::size_t sources, std::size_t targets, std::vector<double> weights,
               const std::vector<double>& delays) {
    SPIKELOOM_ASSERT(weights.size() == sources * targets, projection.name);
    SPIKELOOM_ASSERT(delays.empty() || delays.size() == sources || delays.size() == weights.size(), projection.name);
    projection.row_begin.resize(sources + 1);
    projection.targets.resize(weights.size());
    for (std::size_t s = 0; s <= sources; ++s) {
        projection.row_begin[s] = s * targets;
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
        projection.targets[i] = static_cast<std::uint32_t>(i % targets);
    }
    projection.delays.clear();
    if (!delays.empty()) {
        projection.delays.resize(weights.size());
        for (std::size_t i = 0; i < weights.size(); ++i) {
            projection.delays[i] = delays.size() == weights.size() ? delays[i] : delays[i / targets];
        }
    }
    projection.weights = std::move(weights);
}

}  // namespace spikeloom::compiler
