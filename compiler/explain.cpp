#include "compiler/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "compiler/legalise/misfits.hpp"
#include "compiler/legalise/strongest_sources.hpp"
#include "compiler/map_network.hpp"
#include "compiler/trial_changes.hpp"

namespace spikeloom::compiler {
namespace {

/// Over all weights, of each projection's rms weight; `lost` as of pruned(), or empty.
double overall_error(const Mapping& mapping, const std::vector<double>& lost) {
    double sum = 0;
    double count = 0;
    for (std::size_t p = 0; p < mapping.losses().size(); ++p) {
        const chip::ProjectionLoss& loss = mapping.losses()[p];
        const double gone = p < lost.size() ? lost[p] * lost[p] : 0;
        const auto synapses = static_cast<double>(loss.synapses);
        sum += synapses * (gone + loss.rms_error * loss.rms_error * (1 - gone));
        count += synapses;
    }
    return count > 0 ? std::sqrt(sum / count) : 0;
}

class Explainer {
public:
    Explainer(const Network& network, const chip::ChipSpec& chip, const ExplainOptions& options)
        : network_(network), chip_(chip), options_(options) {}

    [[nodiscard]] Explanation run();

private:
    struct Change {
        MappingTrial::Kind kind = MappingTrial::Kind::as_is;
        std::string change;
        std::string how;
    };
    void plan_trials();
    void plan_bits();
    void plan_fewer_sources(int bits);
    void keep_what_fits(int bits);
    void plan_limits();
    void describe(const Mapping& mapping);
    void describe_limits(const Mapping& mapping);
    void describe_populations(const Mapping& mapping);
    void refuse();
    void find_needed();
    [[nodiscard]] std::optional<Mapping> try_mapping(const Network& network, const chip::ChipSpec& chip) const;
    void find_decisive();
    void rank();
    void later(std::function<void()> trial) { planned_.push_back(std::move(trial)); }
    std::optional<Mapping> attempt(Change change, const Network& network, const chip::ChipSpec& chip,
                                   const CompileOptions& compile, const std::vector<double>& lost = {});
    [[nodiscard]] bool stopped() const { return options_.compile.stop && options_.compile.stop(); }
    void say(double fraction, const std::string& phase) const {
        if (options_.compile.progress) {
            options_.compile.progress(fraction, phase);
        }
    }
    [[nodiscard]] CompileOptions plain() const {
        CompileOptions compile = options_.compile;
        compile.progress = {};
        compile.overrides = {};
        return compile;
    }

    const Network& network_;
    const chip::ChipSpec& chip_;
    const ExplainOptions& options_;
    Explanation result_;
    std::vector<std::function<void()>> planned_;
};

std::optional<Mapping> Explainer::attempt(Change change, const Network& network, const chip::ChipSpec& chip,
                                          const CompileOptions& compile, const std::vector<double>& lost) {
    MappingTrial trial{.kind = change.kind, .change = std::move(change.change), .how = std::move(change.how)};
    trial.cores_there = static_cast<std::uint32_t>(chip.mesh.cores());
    const chip::ChipSpec large = with_large_board(chip);
    const auto unrestricted = plan_overrides(network, large, {});
    auto mapping = map_network(network, large, compile, *unrestricted);
    if (mapping) {
        trial.maps = true;
        trial.cores = static_cast<std::uint32_t>(mapping->partition.cores.size());
        trial.fits = trial.cores <= trial.cores_there;
        trial.messages = mapping->partition.messages;
        trial.weight_error = overall_error(*mapping, lost);
    } else {
        const auto first = std::ranges::find(mapping.error(), Severity::error, &Diagnostic::severity);
        trial.refusal = first->where + ": " + first->found;
    }
    result_.trials.push_back(std::move(trial));
    return mapping ? std::optional(std::move(*mapping)) : std::nullopt;
}

std::optional<Mapping> Explainer::try_mapping(const Network& network, const chip::ChipSpec& chip) const {
    const chip::ChipSpec large = with_large_board(chip);
    const auto unrestricted = plan_overrides(network, large, {});
    CompileOptions compile = plain();
    compile.effort = 0;  // whether it maps at all doesn't depend on the search
    auto mapping = map_network(network, large, compile, *unrestricted);
    return mapping ? std::optional(std::move(*mapping)) : std::nullopt;
}

void Explainer::describe_limits(const Mapping& mapping) {
    const std::vector<CorePlan>& cores = mapping.partition.cores;
    for (std::size_t i = 0; i < limit_count; ++i) {
        LimitUse use{.limit = static_cast<Limit>(i)};
        for (const CorePlan& core : cores) {
            const std::int64_t room_here = room(use.limit, core.use, chip_);
            const std::int64_t need = core.use[use.limit];
            const double share =
                room_here > 0 ? static_cast<double>(need) / static_cast<double>(room_here) : (need > 0 ? 1.0 : 0.0);
            use.need += need;
            use.room = std::max(use.room, room_here);
            use.mean_share += share / static_cast<double>(cores.size());
            use.most_share = std::max(use.most_share, share);
            use.stopped += core.stopped_by == use.limit ? 1 : 0;
        }
        const auto bound = std::ranges::find(result_.bounds.cores, use.limit, &CoreBound::limit);
        use.least_cores = bound == result_.bounds.cores.end() ? 0 : bound->cores;
        if (use.need > 0) {
            result_.limits.push_back(use);
        }
    }
}

void Explainer::describe_populations(const Mapping& mapping) {
    const MappedNetwork& mapped = mapping.mapped;
    const FanInTable& table = mapped.table;
    std::vector<PopulationNeed>& needs = result_.populations;
    const Network& network = mapping.legal ? mapping.legal->network : network_;
    std::vector<std::int64_t> bits(network.populations.size(), 0);
    for (const Population& population : network.populations) {
        needs.push_back({.name = population.name, .neurons = population.size()});
    }
    std::vector<std::uint32_t> heard_by(mapped.nodes(), 0xffffffffU);  // the last population
    for (std::uint32_t p = 0; p < needs.size(); ++p) {
        for (std::uint32_t n = mapped.population_first[p]; n < mapped.population_first[p + 1]; ++n) {
            std::uint64_t sources = 0;
            table.for_each_source(n, [&](std::uint32_t source) {
                ++sources;
                needs[p].sources += heard_by[source] != p ? 1 : 0;
                heard_by[source] = p;
            });
            needs[p].most_sources = std::max<std::uint64_t>(needs[p].most_sources, sources);
            needs[p].synapses += table.fan_in(n);
            for (const FanInSynapse& synapse : table.list(n)) {
                const chip::WeightFormat& format = table.formats[synapse.format];
                bits[p] += format.weight_bits + format.delay_bits + table.learning_of(synapse.format).tag_bits;
            }
        }
    }
    std::vector<std::array<std::uint32_t, limit_count>> stops(needs.size());
    for (const CorePlan& core : mapping.partition.cores) {
        std::vector<std::uint32_t> here;
        for (std::uint32_t i = 0; i < core.count; ++i) {
            here.push_back(mapped.population_of(mapping.partition.order.neuron_at[core.first + i]));
        }
        std::ranges::sort(here);
        here.erase(std::unique(here.begin(), here.end()), here.end());
        for (const std::uint32_t population : here) {
            ++needs[population].cores;
            if (core.stopped_by) {
                ++stops[population][static_cast<std::size_t>(*core.stopped_by)];
            }
        }
    }
    for (std::size_t p = 0; p < needs.size(); ++p) {
        needs[p].words = static_cast<double>(bits[p]) / std::max(chip_.synapses.word_bits, 1);
        const auto most = std::ranges::max_element(stops[p]);
        if (*most > 0) {
            needs[p].stopped_by = static_cast<Limit>(most - stops[p].begin());
        }
    }
}

void Explainer::describe(const Mapping& mapping) {
    result_.order = mapping.partition.order.name;
    result_.attempts = mapping.partition.attempts;
    result_.bounds = mapping_bounds({.mapped = mapping.mapped, .rates = {}}, chip_);
    describe_limits(mapping);
    describe_populations(mapping);
}

/// The diagnostics of compile(), on the board as it is.
void Explainer::refuse() {
    const auto unrestricted = plan_overrides(network_, chip_, {});
    if (auto mapping = map_network(network_, chip_, plain(), *unrestricted); !mapping) {
        result_.refusal = std::move(mapping.error());
    }
}

void Explainer::plan_bits() {
    std::vector<int> widths = chip_.synapses.weight_bits;
    std::ranges::sort(widths, std::greater<>());
    for (const int bits : widths) {
        const bool tried = options_.depth > 0 || bits % 2 == 0;
        if (bits < 1 || bits >= options_.compile.weight_bits || !tried) {
            continue;
        }
        later([this, bits] {
            CompileOptions compile = plain();
            compile.weight_bits = bits;
            attempt({MappingTrial::Kind::fewer_bits, fmt::format("weights of {} bit{}", bits, bits == 1 ? "" : "s"),
                     fmt::format("--weight-bits {}", bits)},
                    network_, chip_, compile);
        });
    }
}

/// For neurons that fit no core: with as many of their sources as do, the strongest.
void Explainer::plan_fewer_sources(int bits) {
    later([this, bits] { keep_what_fits(bits); });
}

void Explainer::keep_what_fits(int bits) {
    CompileOptions compile = plain();
    compile.weight_bits = bits;
    QuantiseOptions quantise_options;
    quantise_options.weight_bits = bits;
    quantise_options.approximate_reset = compile.approximate_reset;
    quantise_options.approximate_weights = compile.approximate_weights;
    Diagnostics remarks;
    const auto mapped = quantise(network_, chip_, quantise_options, remarks);
    std::optional<std::size_t> keep = mapped ? sources_that_fit(*mapped, chip_) : std::nullopt;
    const bool fewer_bits = bits < options_.compile.weight_bits;
    constexpr int tries = 12;  // what the strongest sources take is known only when they are mapped
    for (int i = 0; i < tries && keep && *keep > 0 && !stopped(); ++i, keep = *keep - *keep / 8 - 1) {
        std::vector<double> lost;
        const Network smaller = with_strongest_sources(network_, *keep, lost);
        const auto mapping =
            attempt({MappingTrial::Kind::pruned,
                     fmt::format("the {} strongest sources of every neuron{}", *keep,
                                 fewer_bits ? fmt::format(", weights of {} bit{}", bits, bits == 1 ? "" : "s") : ""),
                     ""},
                    smaller, chip_, compile, lost);
        if (mapping) {
            return;
        }
        result_.trials.pop_back();
    }
}

/// Of limits that some core comes near to; where nothing is mapped, of those that single neurons exceed.
void Explainer::plan_limits() {
    constexpr double near = 0.5;
    for (std::size_t i = 0; i < limit_count; ++i) {
        const auto limit = static_cast<Limit>(i);
        const auto use = std::ranges::find(result_.limits, limit, &LimitUse::limit);
        const bool matters = result_.as_is.maps ? use != result_.limits.end() && use->most_share >= near
                                                : std::ranges::find(result_.needed, limit) != result_.needed.end();
        if (!matters) {
            continue;
        }
        later([this, limit] {
            attempt({MappingTrial::Kind::without_limit,
                     fmt::format("a chip with no limit of {}", limit_info(limit).name), ""},
                    network_, without_limit(chip_, limit), plain());
        });
    }
}

/// Which limits together keep a network out that no single one does: all are lifted, then imposed again one by one as
/// long as the network still maps.
void Explainer::find_needed() {
    chip::ChipSpec open = chip_;
    std::vector<Limit> needed;
    for (std::size_t i = 0; i < limit_count; ++i) {
        open = without_limit(open, static_cast<Limit>(i));
        needed.push_back(static_cast<Limit>(i));
    }
    auto mapping = try_mapping(network_, open);
    for (std::size_t i = 0; mapping && i < limit_count && !stopped(); ++i) {
        std::vector<Limit> fewer = needed;
        std::erase(fewer, static_cast<Limit>(i));
        chip::ChipSpec chip = chip_;
        for (const Limit limit : fewer) {
            chip = without_limit(chip, limit);
        }
        if (auto again = try_mapping(network_, chip)) {
            needed = std::move(fewer);
            mapping = std::move(again);
        }
    }
    if (!mapping) {
        return;
    }
    describe_populations(*mapping);
    for (PopulationNeed& need : result_.populations) {
        need.cores = 0;
        need.stopped_by.reset();
    }
    result_.needed = std::move(needed);
}

void Explainer::plan_trials() {
    using Kind = MappingTrial::Kind;
    plan_limits();
    plan_bits();
    if (!result_.as_is.maps) {
        plan_fewer_sources(options_.compile.weight_bits);
        if (chip_.synapses.crossbar_types > 0 && options_.compile.weight_bits > 1) {
            plan_fewer_sources(1);
        }
    }
    for (const int percent : options_.depth > 0 ? std::vector<int>{10, 25, 50} : std::vector<int>{25}) {
        later([this, percent] {
            std::vector<double> lost;
            const Network smaller = pruned(network_, percent / 100.0, lost);
            attempt({Kind::pruned, fmt::format("the smallest {} % of the weights pruned", percent), ""}, smaller, chip_,
                    plain(), lost);
        });
    }
    const bool subtracts = std::ranges::any_of(network_.populations, [](const Population& population) {
        return population.reset == ResetRule::subtract_threshold && spikes(population.kind) && !population.fixed;
    });
    if (subtracts && !options_.compile.approximate_reset) {
        later([this] {
            CompileOptions compile = plain();
            compile.approximate_reset = true;
            attempt({Kind::reset, "reset to zero in place of subtraction", "--approximate-reset"}, network_, chip_,
                    compile);
        });
    }
    if (const int delay = longest_delay(network_); delay > chip_.synapses.free_delay) {
        int factor = 2;
        while ((delay + factor - 1) / factor > chip_.synapses.free_delay) {
            factor *= 2;
        }
        later([this, factor] {
            attempt({Kind::longer_step,
                     fmt::format("steps {} times as long, delays in {} of the steps", factor,
                                 factor == 2 ? "half" : fmt::format("1/{}", factor)),
                     ""},
                    with_longer_steps(network_, factor), chip_, plain());
        });
    }
    for (int effort = options_.compile.effort + 1; options_.depth > 1 && effort <= 3; ++effort) {
        later([this, effort] {
            CompileOptions compile = plain();
            compile.effort = effort;
            attempt(
                {Kind::effort, fmt::format("a harder search (effort {})", effort), fmt::format("--effort {}", effort)},
                network_, chip_, compile);
        });
    }
    for (const chip::ChipSpec& other : options_.others) {
        if (other.name == chip_.name) {
            continue;
        }
        later([this, &other] {
            attempt({Kind::other_chip, fmt::format("chip {}", other.name), fmt::format("--chip {}", other.name)},
                    network_, other, plain());
        });
    }
}

void Explainer::find_decisive() {
    const MappingTrial* best = nullptr;
    for (const MappingTrial& trial : result_.trials) {
        const bool saves = trial.maps && (!result_.as_is.maps || trial.cores < result_.as_is.cores);
        if (trial.kind == MappingTrial::Kind::without_limit && saves &&
            (best == nullptr || trial.cores < best->cores)) {
            best = &trial;
        }
    }
    for (std::size_t i = 0; best != nullptr && i < limit_count; ++i) {
        const auto limit = static_cast<Limit>(i);
        if (best->change.ends_with(limit_info(limit).name)) {
            result_.decisive = limit;
        }
    }
}

void Explainer::rank() {
    const auto key = [&](const MappingTrial& trial) {
        constexpr double mostly_lost = 0.25;  // of the weights: no network works so without training
        return std::tuple(!trial.maps, !trial.fits, trial.weight_error > mostly_lost, trial.cores, trial.weight_error,
                          trial.kind);
    };
    std::ranges::stable_sort(result_.trials,
                             [&](const MappingTrial& a, const MappingTrial& b) { return key(a) < key(b); });
}

Explanation Explainer::run() {
    say(0, "as it is");
    const auto mapping = attempt({MappingTrial::Kind::as_is, "as it is", ""}, network_, chip_, plain());
    result_.as_is = std::move(result_.trials.back());
    result_.trials.clear();
    if (mapping) {
        describe(*mapping);
    }
    if (!result_.as_is.fits) {
        refuse();
    }
    if (!result_.as_is.maps && options_.depth > 0) {
        find_needed();
    }
    if (result_.as_is.cores != 1) {
        plan_trials();
    }
    for (std::size_t i = 0; i < planned_.size(); ++i) {
        if (stopped()) {
            result_.interrupted = true;
            break;
        }
        say(static_cast<double>(i + 1) / static_cast<double>(planned_.size() + 1),
            fmt::format("trial {} of {}", i + 1, planned_.size()));
        planned_[i]();
    }
    find_decisive();
    rank();
    return std::move(result_);
}

}  // namespace

Result<Explanation> explain(const Network& network, const chip::ChipSpec& chip, const ExplainOptions& options) {
    if (Diagnostics findings = check_network(network); has_error(findings)) {
        return fail(std::move(findings));
    }
    return Explainer(network, chip, options).run();
}

}  // namespace spikeloom::compiler
