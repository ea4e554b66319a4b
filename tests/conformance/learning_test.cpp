// The learning engine against runs of Lava's bit-approximate model and of brian2_loihi: weights, tags, delays and
// traces to the bit. Lava's runs log every random number, which is injected. brian2_loihi's do not: there a decayed
// trace is either rounded down or up, so the number is chosen as the recorded trace says and the engine must meet the
// value; a weight of full width leaves brian2_loihi nothing to draw.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "conformance/vectors.hpp"
#include "core/learning/plastic_set.hpp"
#include "core/rules/parse.hpp"
#include "support/reference_data.hpp"

namespace spikeloom {
namespace {

using core::EpochDraws;
using core::PlasticSet;
using core::PlasticSetLayout;
using core::PlasticSynapseStart;
using core::SpikeTime;
using rules::Variable;
using test::RealTable;

constexpr std::uint64_t largest_draw = (std::uint64_t{1} << core::draw_bits) - 1;

rules::ProductSeries series_of(const boost::json::object& config, const char* key, Variable variable) {
    const boost::json::value* const text = config.if_contains(key);
    if (text == nullptr || text->is_null()) {
        return {};
    }
    auto series = rules::parse_series(text->as_string().c_str(), variable, key);
    REQUIRE_MESSAGE(series.has_value(), config.at("name").as_string().c_str() << ": " << key);
    return *series;
}

double number(const boost::json::object& config, const std::string& key) {
    const boost::json::value* const found = config.if_contains(key);
    return found == nullptr || found->is_null() ? 0 : found->to_number<double>();
}

rules::Rule rule_of(const boost::json::object& config, const std::string& impulse, const std::string& tau,
                    bool name_first) {
    const auto parameters = [&](const std::string& trace) {
        return name_first ? rules::TraceParameters{number(config, trace + impulse), number(config, trace + tau)}
                          : rules::TraceParameters{number(config, impulse + trace), number(config, tau + trace)};
    };
    rules::Rule rule;
    rule.dw = series_of(config, "dw", Variable::weight);
    rule.dd = series_of(config, "dd", Variable::delay);
    rule.dt = series_of(config, "dt", Variable::tag);
    rule.epoch = static_cast<int>(test::integer(config, "t_epoch", 1));
    rule.x = {parameters("x1"), parameters("x2")};
    rule.y = {parameters("y1"), parameters("y2"), parameters("y3")};
    return rule;
}

rules::IntegerRange weights_of(std::string_view sign) {
    return sign == "EXCITATORY"   ? rules::IntegerRange{0, 255}
           : sign == "INHIBITORY" ? rules::IntegerRange{-255, 0}
                                  : rules::IntegerRange{-256, 255};
}

/// The mantissa that Lava keeps of an initial weight: the low bits that the width lacks are dropped.
std::int32_t truncated(std::int64_t weight, int bits, bool mixed) {
    const int lsb = 8 - bits + (mixed ? 1 : 0);
    return static_cast<std::int32_t>(weight >> lsb) * (1 << lsb);
}

PlasticSetLayout layout_of(const rules::Rule& rule, const rules::LearningArithmetic& arithmetic,
                           rules::IntegerRange weights) {
    return {.rule = rule,
            .arithmetic = arithmetic,
            .weights = weights,
            .slots = 64,
            .block_shift = 6,
            .blocks = 1,
            .effective = std::vector<std::int16_t>(static_cast<std::size_t>(weights.most - weights.least + 1))};
}

// ---- Lava ----

struct LavaRun {
    PlasticSet set;
    std::size_t sources;
    std::size_t targets;
};

LavaRun lava_run(const boost::json::object& config) {
    rules::Rule rule = rule_of(config, "_impulse", "_tau", true);
    const std::map<std::string, rules::GradedMode> graded{
        {"USE_REGULAR_IMPULSE", rules::GradedMode::regular_impulse},
        {"OVERWRITE", rules::GradedMode::overwrite},
        {"ADD_WITH_SATURATION", rules::GradedMode::add_with_saturation},
        {"ADD_WITHOUT_SATURATION", rules::GradedMode::add_without_saturation}};
    rule.graded = graded.at(config.at("graded").as_string().c_str());
    if (config.at("factor").as_string() == "3F") {
        rule.post_traces = rules::PostTraces::neuron;
    }
    const std::string sign = config.at("sign").as_string().c_str();
    PlasticSet set(layout_of(rule, *rules::find_convention("lava"), weights_of(sign)));
    const auto& weights = config.at("w0").as_array();
    const std::size_t targets = weights.size();
    const std::size_t sources = weights[0].as_array().size();
    const auto bits = static_cast<int>(test::integer(config, "num_weight_bits", 8));
    for (std::size_t source = 0; source < sources; ++source) {
        std::vector<PlasticSynapseStart> row;
        for (std::size_t target = 0; target < targets; ++target) {
            row.push_back({.slot = static_cast<std::uint32_t>(target),
                           .weight = truncated(weights[target].as_array()[source].to_number<std::int64_t>(), bits,
                                               sign == "MIXED"),
                           .opens_message = target == 0});
        }
        set.add_row(static_cast<std::uint32_t>(source), row);
    }
    set.finish();
    return {std::move(set), sources, targets};
}

EpochDraws draws_of(const RealTable& table, std::size_t row) {
    const auto fraction = [&](const char* column) {
        return static_cast<std::uint64_t>(std::ldexp(table.value(column, row), core::draw_bits));
    };
    const auto impulse = [&](const char* column) { return static_cast<std::uint32_t>(table.value(column, row)); };
    EpochDraws draws;
    draws.x_decay.fill(fraction("rand_x_decay"));
    draws.y_decay.fill(fraction("rand_y_decay"));
    draws.x_impulse.fill(impulse("rand_x_imp"));
    draws.y_impulse.fill(impulse("rand_y_imp"));
    draws.rounding = std::isnan(table.value("rand_round", row)) ? 0 : fraction("rand_round");
    return draws;
}

/// Entries of the table that the engine does not meet, the first of them described.
struct Differences {
    std::size_t compared = 0;
    std::size_t count = 0;
    std::string first;

    void compare(const std::string& column, double expected, std::int32_t found, std::size_t row) {
        ++compared;
        if (expected == found) {
            return;
        }
        if (count++ == 0) {
            first = fmt::format("{} in row {}: {} expected, {} found", column, row, expected, found);
        }
    }
};

void compare_lava(const LavaRun& run, const RealTable& table, std::size_t row, Differences& differences) {
    const PlasticSet& set = run.set;
    for (std::uint32_t source = 0; source < run.sources; ++source) {
        for (std::uint32_t target = 0; target < run.targets; ++target) {
            const std::size_t synapse = set.row_begin(source) + target;
            const auto column = [&](const char* name) { return fmt::format("{}_{}_{}", name, target, source); };
            for (const auto& [name, variable] :
                 {std::pair{"w", Variable::weight}, {"tag1", Variable::tag}, {"tag2", Variable::delay}}) {
                differences.compare(column(name), table.value(column(name), row), set.value(synapse, variable), row);
            }
        }
        for (std::size_t k = 0; k < 2; ++k) {
            const std::string column = fmt::format("x{}_{}", k + 1, source);
            differences.compare(column, table.value(column, row), set.source_trace(source, k), row);
        }
    }
    for (std::uint32_t target = 0; target < run.targets; ++target) {
        for (std::size_t k = 0; k < 3; ++k) {
            const std::string column = fmt::format("y{}_{}", k + 1, target);
            differences.compare(column, table.value(column, row), set.target_trace(target, k), row);
        }
    }
}

Differences drive_lava(LavaRun& run, const RealTable& table) {
    const auto steps = static_cast<std::uint64_t>(run.set.rule().epoch);
    Differences differences;
    std::vector<std::uint64_t> updates(1);
    for (std::size_t row = 0; row < table.rows(); ++row) {
        const SpikeTime time{.epoch = row / steps + 1, .within = static_cast<std::uint32_t>(row % steps) + 1};
        const EpochDraws draws = draws_of(table, row);
        // What a second spike of an epoch adds is drawn before the step's numbers are.
        const EpochDraws before = draws_of(table, row == 0 ? 0 : row - 1);
        for (std::uint32_t source = 0; source < run.sources; ++source) {
            const double payload = table.value(fmt::format("pre{}", source), row);
            if (payload != 0) {
                run.set.note_source_spike(source, time, static_cast<std::int32_t>(payload), &before);
            }
        }
        for (std::uint32_t target = 0; target < run.targets; ++target) {
            if (table.value(fmt::format("post{}", target), row) != 0) {
                run.set.note_target_spike(target, time, &before);
            }
            for (std::size_t k = 0; k < 3 && run.set.rule().post_traces == rules::PostTraces::neuron; ++k) {
                const double written = table.value(fmt::format("yin{}_{}", k + 1, target), row);
                run.set.write_trace(target, k, static_cast<std::int32_t>(written));
            }
        }
        if (time.within == steps) {
            run.set.end_epoch({.epoch = time.epoch, .draws = &draws}, updates);
        }
        compare_lava(run, table, row, differences);
    }
    return differences;
}

TEST_CASE("Lava's learning runs to the bit") {
    std::size_t compared = 0;
    for (const auto& run : test::tool_configs("loihi_vectors/lava_learning", "configs.json")) {
        if (!run.table_path) {
            continue;
        }
        LavaRun engine = lava_run(run.config);
        const Differences differences = drive_lava(engine, RealTable::read(*run.table_path));
        CHECK_MESSAGE(differences.count == 0, run.name << ": " << differences.count << " of " << differences.compared
                                                       << ", " << differences.first);
        compared += differences.compared;
    }
    MESSAGE("lava_learning: " << compared << " values compared");
}

// ---- brian2_loihi ----

/// The number that makes the engine round as the tool did: down or up.
std::uint64_t draw_for(double exact, std::int64_t rounded) {
    return static_cast<double>(rounded) > exact ? 0 : largest_draw;
}

struct Brian2Traces {
    std::array<std::string, 2> x{"x1", "x2"};
    std::array<std::string, 3> y{"y1", "y2", "y3"};
};

rules::IntegerRange brian2_weights(std::int64_t sign_mode) {
    return sign_mode == 1 ? rules::IntegerRange{-256, 254} : weights_of(sign_mode == 2 ? "EXCITATORY" : "INHIBITORY");
}

/// One synapse, twice: a weight of few bits is rounded up or down, and the log does not say by which number.
class Brian2Run {
public:
    explicit Brian2Run(const boost::json::object& config)
        : rule_(rule_of(config, "imp_", "tau_", false)), up_(make(config)), down_(make(config)) {}

    void step(const RealTable& table, std::size_t row, Differences& differences);

private:
    PlasticSet make(const boost::json::object& config) const {
        const std::int64_t sign = test::integer(config, "sign_mode");
        PlasticSetLayout layout = layout_of(rule_, *rules::find_convention("brian2"), brian2_weights(sign));
        const auto bits = static_cast<int>(test::integer(config, "num_weight_bits", 8));
        layout.weight_precision = 1U << (8 - bits + (sign == 1 ? 1 : 0));
        PlasticSet set(layout);
        const auto weight = static_cast<std::int32_t>(test::integer(config, "w0"));
        set.add_row(0, std::vector<PlasticSynapseStart>{{.slot = 0, .weight = weight, .opens_message = true}});
        set.finish();
        return set;
    }
    EpochDraws draws(const RealTable& table, std::size_t row) const;

    rules::Rule rule_;
    Brian2Traces names_;
    PlasticSet up_, down_;
    bool target_spiked_ = false;
};

EpochDraws Brian2Run::draws(const RealTable& table, std::size_t row) const {
    EpochDraws draws;
    const auto choose = [&](const std::string& name, const rules::TraceParameters& trace, std::int32_t before,
                            bool spiked) {
        if (!table.has(name) || trace.tau <= 0) {
            return std::uint64_t{0};
        }
        // A jump hides the rounding unless it is undone; a clipped one does not matter.
        const double recorded = table.value(name, row) - (spiked ? trace.impulse : 0);
        return draw_for(before * (1 - 1 / trace.tau), static_cast<std::int64_t>(recorded));
    };
    for (std::size_t k = 0; k < 2; ++k) {
        draws.x_decay[k] = choose(names_.x[k], rule_.x[k], up_.source_trace(0, k), table.value("pre", row) != 0);
    }
    for (std::size_t k = 0; k < 3; ++k) {
        draws.y_decay[k] = choose(names_.y[k], rule_.y[k], up_.target_trace(0, k), false);
    }
    return draws;
}

/// A step's values are recorded after the spikes of sources and before those of targets, which act one step late; the
/// weight at the step's end.
void Brian2Run::step(const RealTable& table, std::size_t row, Differences& differences) {
    const SpikeTime time{.epoch = row + 1, .within = 1};
    EpochDraws draw = draws(table, row);
    std::vector<std::uint64_t> updates(1);
    for (PlasticSet* set : {&up_, &down_}) {
        if (table.value("pre", row) != 0) {
            set->note_source_spike(0, time, 0, &draw);
        }
        if (target_spiked_) {
            set->note_target_spike(0, time, &draw);
        }
        draw.rounding = set == &up_ ? 0 : largest_draw;
        set->end_epoch({.epoch = time.epoch, .draws = &draw}, updates);
    }
    for (std::size_t k = 0; k < 2; ++k) {
        if (table.has(names_.x[k])) {
            differences.compare(names_.x[k], table.value(names_.x[k], row), up_.source_trace(0, k), row);
        }
    }
    for (std::size_t k = 0; k < 3; ++k) {
        if (table.has(names_.y[k]) && !target_spiked_) {
            differences.compare(names_.y[k], table.value(names_.y[k], row), up_.target_trace(0, k), row);
        }
    }
    const double expected = table.value("w", row);
    const bool rounded_down = down_.value(0, Variable::weight) == expected;
    differences.compare("w", expected, (rounded_down ? down_ : up_).value(0, Variable::weight), row);
    up_.set_value(0, Variable::weight, static_cast<std::int32_t>(expected));
    down_.set_value(0, Variable::weight, static_cast<std::int32_t>(expected));
    target_spiked_ = table.value("post", row) != 0;
}

TEST_CASE("brian2_loihi's learning runs to the bit") {
    std::size_t compared = 0;
    for (const auto& run : test::tool_configs("loihi_vectors/brian2_loihi", "plasticity_configs.json")) {
        if (!run.table_path) {
            continue;
        }
        const RealTable table = RealTable::read(*run.table_path);
        Brian2Run engine(run.config);
        Differences differences;
        for (std::size_t row = 0; row < table.rows(); ++row) {
            engine.step(table, row, differences);
        }
        CHECK_MESSAGE(differences.count == 0, run.name << ": " << differences.count << " of " << differences.compared
                                                       << ", " << differences.first);
        compared += differences.compared;
    }
    MESSAGE("brian2_loihi: " << compared << " values compared");
}

}  // namespace
}  // namespace spikeloom
