// What plastic projections learned, as JSON.
#include <algorithm>

#include "runtime/report/findings.hpp"
#include "runtime/report/json_parts.hpp"
#include "runtime/report/json_values.hpp"

namespace spikeloom::runtime {
namespace {

namespace json = boost::json;

json::value histogram(const Histogram& histogram) {
    if (histogram.counts.empty()) {
        return nullptr;
    }
    return json::object{{"first_register", json_number(histogram.first)},
                        {"width_register", json_number(histogram.width)},
                        {"synapses", to_json(histogram.counts)}};
}

json::array learning_series(const ProjectionLearning& learning) {
    json::array array;
    for (const LearningSeries& series : learning.series) {
        json::array lines;
        for (std::size_t i = 0; i < std::min(series.lines.size(), series.values.size()); ++i) {
            lines.push_back(json::object{{"of", series.lines[i]},
                                         {series.quantity == "d" ? "steps" : "registers", to_json(series.values[i])}});
        }
        array.push_back(json::object{{"quantity", series.quantity},
                                     {"recorded", series.recorded},
                                     {"time_ms", to_json(series.time_ms)},
                                     {"lines", std::move(lines)}});
    }
    return array;
}

}  // namespace

json::array learning_json(const Report& report) {
    json::array array;
    for (const ProjectionLearning& learning : report.learning) {
        array.push_back(json::object{{"projection", learning.name},
                                     {"rule", learning.rule},
                                     {"traces", learning.traces},
                                     {"epoch_steps", learning.epoch},
                                     {"network_weight_per_register", json_number(learning.weight_per_unit)},
                                     {"synapses", learning.synapses},
                                     {"changed", learning.changed},
                                     {"limits_register", json::array{learning.limit_least, learning.limit_most}},
                                     {"at_least_limit", learning.at_least},
                                     {"at_most_limit", learning.at_most},
                                     {"mean_before_register", json_number(learning.mean_before)},
                                     {"mean_after_register", json_number(learning.mean_after)},
                                     {"weights_before", histogram(learning.before)},
                                     {"weights_after", histogram(learning.after)},
                                     {"snapshots", learning.snapshots},
                                     {"time_ms", to_json(learning.time_ms)},
                                     {"mean_register", to_json(learning.weight_mean)},
                                     {"share_at_limits", to_json(learning.share_at_limits)},
                                     {"probes", learning_series(learning)},
                                     {"warnings", to_json(learning_warnings(report, learning, Script::plain))}});
    }
    return array;
}

}  // namespace spikeloom::runtime
