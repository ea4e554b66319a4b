#include "runtime/recording_learning.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "chip/image/plastic_projection.hpp"

namespace spikeloom::runtime {
namespace {

using Learned = rules::Variable;

template <class T>
std::span<const T> one(const T& value) {
    return std::span<const T>(&value, 1);
}

std::vector<std::int16_t> narrow(const std::vector<std::int32_t>& registers) {
    std::vector<std::int16_t> values(registers.size());
    std::transform(registers.begin(), registers.end(), values.begin(), [](std::int32_t value) {
        SPIKELOOM_ASSERT(value == static_cast<std::int16_t>(value), std::to_string(value));
        return static_cast<std::int16_t>(value);
    });
    return values;
}

/// Rows of a run without a period: each takes a look at every weight.
std::uint64_t default_rows(std::uint64_t synapses) {
    constexpr std::uint64_t looks = std::uint64_t{1} << 27;
    constexpr std::uint64_t fewest = 10;
    return std::clamp(looks / std::max<std::uint64_t>(synapses, 1), fewest, learning_rows);
}

/// The least multiple of `unit` that splits `steps` into no more than `rows` periods.
std::uint64_t period(std::uint64_t steps, std::uint64_t rows, std::uint64_t unit) {
    const std::uint64_t least = std::max<std::uint64_t>((steps + rows - 1) / rows, 1);
    return (least + unit - 1) / unit * unit;
}

std::string rule_text(const rules::Rule& rule) {
    std::string text;
    for (const Learned variable : rules::variables) {
        if (!rule.series(variable).empty()) {
            text += fmt::format("{}{} = {}", text.empty() ? "" : "\n", name_of(variable),
                                rules::print(rule.series(variable)));
        }
    }
    return text;
}

template <std::size_t N>
void write_traces(UnitWriter& writer, const std::string& path, const char* letter,
                  const std::array<rules::TraceParameters, N>& traces) {
    std::vector<double> impulses;
    std::vector<double> taus;
    for (const rules::TraceParameters& trace : traces) {
        impulses.push_back(trace.impulse);
        taus.push_back(trace.tau);
    }
    writer.array(path + "/" + letter + "_impulse", "register", impulses);
    writer.array(path + "/" + letter + "_tau", "steps", taus);
}

void write_rule(UnitWriter& writer, const std::string& path, const chip::LearningProfile& profile) {
    const rules::Rule& rule = profile.rule;
    writer.text(path + "/rule/name", rule.name);
    writer.text(path + "/rule/text", rule_text(rule));
    writer.scalar<std::uint32_t>(path + "/rule/epoch", "steps", static_cast<std::uint32_t>(rule.epoch));
    write_traces(writer, path + "/rule", "x", rule.x);
    write_traces(writer, path + "/rule", "y", rule.y);
    writer.scalar(path + "/rule/reward_tau", "steps", rule.reward_tau);
}

/// Variables that the rule can move, or that are kept for it; the weight always.
std::vector<Learned> snapshot_variables(const rules::Rule& rule) {
    std::vector<Learned> kept{Learned::weight};
    if (!rule.dd.empty()) {
        kept.push_back(Learned::delay);
    }
    if (rule.uses_tag()) {
        kept.push_back(Learned::tag);
    }
    return kept;
}

/// Delays count steps, everything else is a register.
const char* units_of(bool delay) {
    return delay ? "steps" : "register";
}

std::string probe_path(const std::string& path, const LearningProbe& probe) {
    return path + "/probes/" + std::string(name_of(probe.quantity));
}

std::string snapshot_path(const std::string& path, Learned variable) {
    constexpr std::array<const char*, 3> names{"weights", "delays", "tags"};
    return path + "/snapshots/" + names[static_cast<std::size_t>(variable)];
}

}  // namespace

LearningLog::LearningLog(const Session& session, const RecordingOptions& options)
    : session_(session),
      planned_steps_(options.planned_steps),
      every_(options.learning_every),
      snapshot_every_(options.snapshot_every) {
    const chip::Image& image = session.image();
    std::vector<std::string> names;
    for (const chip::LearningProfile& profile : image.learning) {
        names.push_back(profile.projection);
    }
    names = file_names(names, "projection");
    for (std::uint32_t profile = 0; profile < image.learning.size(); ++profile) {
        Projection projection{.profile = profile, .path = "/learning/" + names[profile], .limits = {}, .probes = {}};
        for (const LearningProbe& probe : session.learning_probes()) {
            if (probe.profile == profile) {
                projection.probes.push_back(&probe);
            }
        }
        projections_.push_back(std::move(projection));
    }
}

double LearningLog::time_ms(std::uint64_t steps) const {
    return static_cast<double>(steps) * session_.image().step_s * 1000;
}

void LearningLog::start(UnitWriter& writer) {
    for (Projection& projection : projections_) {
        start_projection(writer, projection, 0);
    }
}

void LearningLog::start_projection(UnitWriter& writer, Projection& projection, std::uint64_t steps) {
    const chip::LearningProfile& profile = session_.image().learning[projection.profile];
    const std::string& path = projection.path;
    const chip::PlasticProjection plastic = chip::plastic_projection(session_.image(), projection.profile);
    projection.synapses = plastic.synapses.size();
    projection.limits = plastic.weights;
    projection.every = every_ != 0 ? every_
                                   : period(planned_steps_, default_rows(projection.synapses),
                                            static_cast<std::uint64_t>(std::max(profile.rule.epoch, 1)));
    write_rule(writer, path, profile);
    writer.scalar(path + "/weight_per_unit", "network weight/register", profile.weight_per_unit);
    writer.array<std::int32_t>(
        path + "/weight_limits", "register",
        {static_cast<std::int32_t>(plastic.weights.least), static_cast<std::int32_t>(plastic.weights.most)});
    writer.scalar(path + "/every", "steps", projection.every);
    writer.extendable<std::uint32_t>(path + "/synapses/source", "1");
    writer.extendable<std::uint32_t>(path + "/synapses/target", "1");
    for (const auto& [name, end] : {std::pair{"source", &plastic.source}, std::pair{"target", &plastic.target}}) {
        writer.text(path + "/" + name + "/name", end->name);
        writer.text(path + "/" + name + "/shape", fmt::format("{}", fmt::join(end->shape, "x")));
    }
    std::vector<std::uint32_t> sources;
    std::vector<std::uint32_t> targets;
    for (const chip::PlasticPlace& place : plastic.synapses) {
        sources.push_back(place.source);
        targets.push_back(place.target);
    }
    writer.append<std::uint32_t>(path + "/synapses/source", sources);
    writer.append<std::uint32_t>(path + "/synapses/target", targets);
    writer.extendable<double>(path + "/time", "ms");
    writer.extendable<double>(path + "/weight_mean", "register");
    writer.extendable<std::uint64_t>(path + "/at_least", "synapses");
    writer.extendable<std::uint64_t>(path + "/at_most", "synapses");
    for (const LearningProbe* probe : projection.probes) {
        start_probe(writer, path, *probe, plastic);
    }
    writer.extendable<double>(path + "/snapshots/time", "ms");
    for (const Learned variable : snapshot_variables(profile.rule)) {
        writer.extendable<std::int16_t>(snapshot_path(path, variable), units_of(variable == Learned::delay),
                                        std::max<std::uint64_t>(projection.synapses, 1));
    }
    add_row(writer, projection, steps);
    add_snapshot(writer, projection, steps);
}

void LearningLog::start_probe(UnitWriter& writer, const std::string& path, const LearningProbe& probe,
                              const chip::PlasticProjection& plastic) {
    const std::string folder = probe_path(path, probe);
    writer.extendable<std::int16_t>(folder + "/data", units_of(probe.quantity == rules::Operand::d),
                                    std::max<std::uint64_t>(probe.elements.size(), 1));
    if (!of_synapses(probe.quantity)) {
        writer.array(folder + "/neuron", "1", probe.elements);
        return;
    }
    std::vector<std::uint32_t> sources;
    std::vector<std::uint32_t> targets;
    for (const std::uint32_t synapse : probe.elements) {
        sources.push_back(plastic.synapses[synapse].source);
        targets.push_back(plastic.synapses[synapse].target);
    }
    writer.array(folder + "/synapse", "1", probe.elements);
    writer.array(folder + "/source", "1", sources);
    writer.array(folder + "/target", "1", targets);
}

void LearningLog::after_step(UnitWriter& writer, std::uint64_t steps) {
    for (Projection& projection : projections_) {
        if (steps % projection.every == 0) {
            add_row(writer, projection, steps);
        }
        if (snapshot_every_ != 0 && steps % snapshot_every_ == 0) {
            add_snapshot(writer, projection, steps);
        }
    }
}

void LearningLog::finish(UnitWriter& writer, std::uint64_t steps) {
    for (Projection& projection : projections_) {
        if (projection.row_at != steps) {
            add_row(writer, projection, steps);
        }
        if (projection.snapshot_at != steps) {
            add_snapshot(writer, projection, steps);
        }
    }
}

void LearningLog::add_row(UnitWriter& writer, Projection& projection, std::uint64_t steps) {
    const std::vector<std::int32_t> weights = session_.chip().plastic_values(projection.profile, Learned::weight);
    std::int64_t sum = 0;
    std::uint64_t at_least = 0;
    std::uint64_t at_most = 0;
    for (const std::int32_t weight : weights) {
        sum += weight;
        at_least += weight <= projection.limits.least ? 1 : 0;
        at_most += weight >= projection.limits.most ? 1 : 0;
    }
    const double mean = weights.empty() ? 0 : static_cast<double>(sum) / static_cast<double>(weights.size());
    writer.append<double>(projection.path + "/time", one(time_ms(steps)));
    writer.append<double>(projection.path + "/weight_mean", one(mean));
    writer.append<std::uint64_t>(projection.path + "/at_least", one(at_least));
    writer.append<std::uint64_t>(projection.path + "/at_most", one(at_most));
    for (const LearningProbe* probe : projection.probes) {
        writer.append<std::int16_t>(probe_path(projection.path, *probe) + "/data", narrow(session_.values(*probe)));
    }
    projection.row_at = steps;
}

void LearningLog::add_snapshot(UnitWriter& writer, Projection& projection, std::uint64_t steps) {
    writer.append<double>(projection.path + "/snapshots/time", one(time_ms(steps)));
    for (const Learned variable : snapshot_variables(session_.image().learning[projection.profile].rule)) {
        const std::vector<std::int32_t> registers = session_.chip().plastic_values(projection.profile, variable);
        if (!registers.empty()) {
            writer.append<std::int16_t>(snapshot_path(projection.path, variable), narrow(registers));
        }
    }
    projection.snapshot_at = steps;
}

}  // namespace spikeloom::runtime
