#include "compiler/passes/fill_cores.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace spikeloom::compiler {
namespace {

/// Limits that fewer neurons on a core use less of, one by one.
constexpr std::array divisible_limits{Limit::compartments, Limit::input_axons, Limit::output_axons,
                                      Limit::synapse_words, Limit::plastic_axons};

class Filler {
public:
    Filler(const FanInTable& table, const NeuronOrder& order, const CoreFacts& facts, const chip::ChipSpec& chip,
           const FillOptions& options)
        : order_(order), chip_(chip), options_(options), planner_(table, order.neuron_at, facts, chip) {}

    [[nodiscard]] Filling settle();

private:
    [[nodiscard]] Filling fill();
    [[nodiscard]] std::optional<Limit> exceeded(const CoreUse& use) const;
    [[nodiscard]] double fullness(const CoreUse& use) const;
    [[nodiscard]] CorePlan largest_from(std::uint32_t begin, std::uint32_t guess, std::uint32_t last);
    [[nodiscard]] std::uint32_t positions() const { return static_cast<std::uint32_t>(order_.neuron_at.size()); }

    const NeuronOrder& order_;
    const chip::ChipSpec& chip_;
    FillOptions options_;
    CorePlanner planner_;
};

std::optional<Limit> Filler::exceeded(const CoreUse& use) const {
    for (std::size_t i = 0; i < limit_count; ++i) {
        const auto limit = static_cast<Limit>(i);
        const bool divisible = std::ranges::find(divisible_limits, limit) != divisible_limits.end();
        const double allowed = static_cast<double>(room(limit, use, chip_)) * (divisible ? options_.tightness : 1.0);
        if (static_cast<double>(use[limit]) > allowed) {
            return limit;
        }
    }
    return std::nullopt;
}

/// The largest share of a divisible limit that is used.
double Filler::fullness(const CoreUse& use) const {
    double most = 0;
    for (const Limit limit : divisible_limits) {
        const double allowed = static_cast<double>(room(limit, use, chip_)) * options_.tightness;
        most = std::max(most, static_cast<double>(use[limit]) / std::max(allowed, 1e-9));
    }
    return most;
}

/// The core from `begin` on that takes most neurons, up to `last`; count 0 if not even one fits. Aims at where the
/// fullest limit would be met, then closes in from both sides.
CorePlan Filler::largest_from(std::uint32_t begin, std::uint32_t guess, std::uint32_t last) {
    planner_.look_at(begin, last);
    std::uint32_t fits = begin;      // largest end known to fit
    std::uint32_t fails = last + 1;  // smallest end known not to
    CorePlan best{.first = begin};
    std::optional<Limit> stopped;
    if (last - begin == chip_.limits.compartments && last < positions()) {
        stopped = Limit::compartments;
    }
    std::uint32_t end = std::clamp(begin + guess, begin + 1, last);
    for (int round = 0; fails - fits > 1; ++round) {
        CorePlan here = planner_.plan(end);
        const double aim = static_cast<double>(here.count) / std::max(fullness(here.use), 1e-9);
        if (const auto limit = exceeded(here.use); limit) {
            stopped = *limit;
            fails = end;
        } else {
            fits = end;
            best = std::move(here);
        }
        constexpr int aimed_rounds = 4;  // then by halves, which ends
        end = round < aimed_rounds ? begin + static_cast<std::uint32_t>(std::min(aim, 1e9)) : fits + (fails - fits) / 2;
        end = std::clamp(end, fits + 1, std::max(fits + 1, fails - 1));
    }
    best.stopped_by = stopped;
    return best;
}

Filling Filler::fill() {
    Filling filling;
    auto guess = static_cast<std::uint32_t>(std::min<std::int64_t>(chip_.limits.compartments, positions()));
    auto cut = order_.cuts.begin();
    for (std::uint32_t begin = 0; begin < positions();) {
        if (filling.cores.size() + filling.misfits.size() >= options_.most_cores) {
            filling.gave_up = true;
            break;
        }
        while (cut != order_.cuts.end() && *cut <= begin) {
            ++cut;
        }
        const std::uint32_t end = cut != order_.cuts.end() ? std::min(*cut, positions()) : positions();
        const auto last = static_cast<std::uint32_t>(
            std::min<std::int64_t>(end, std::int64_t{begin} + std::max<std::int64_t>(chip_.limits.compartments, 1)));
        if (cut != order_.cuts.end() && last == end) {
            guess = last - begin;  // a stretch meant for a core; a part of it may take more memory (shared lists)
        }
        // Looking as far as two cores like the last one is mostly enough, and far less to look at.
        const auto near =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(last, begin + 2 * std::uint64_t{guess} + 8));
        CorePlan core = largest_from(begin, guess, near);
        if (core.count == near - begin && near < last) {
            core = largest_from(begin, 2 * guess, last);
        }
        if (core.count == 0) {
            filling.misfits.push_back({order_.neuron_at[begin], planner_.plan(begin + 1).use});
            ++begin;
            continue;
        }
        guess = core.count;
        begin += core.count;
        filling.messages += core.axons.size();
        filling.cores.push_back(std::move(core));
    }
    return filling;
}

/// Fills until the output axons and the copies of neurons that the filling itself causes are respected.
Filling Filler::settle() {
    for (int round = 0;; ++round) {
        Filling filling = fill();
        if (filling.gave_up || !filling.misfits.empty()) {
            return filling;
        }
        constexpr int free_rounds = 4;  // then the reckoning only grows, so that it ends
        bool within = true;
        planner_.reckon(filling.cores);
        for (CorePlan& core : filling.cores) {
            planner_.count_outputs(core);
            within = within && !exceeded(core.use);
        }
        if (within) {
            return filling;
        }
        if (round >= free_rounds) {
            planner_.reckon_no_less();
        }
    }
}

}  // namespace

Filling fill_cores(const FanInTable& table, const NeuronOrder& order, const CoreFacts& facts,
                   const chip::ChipSpec& chip, const FillOptions& options) {
    return Filler(table, order, facts, chip, options).settle();
}

std::vector<std::uint32_t> inverse(const std::vector<std::uint32_t>& neuron_at) {
    std::vector<std::uint32_t> position_of(neuron_at.size());
    for (std::uint32_t position = 0; position < neuron_at.size(); ++position) {
        position_of[neuron_at[position]] = position;
    }
    return position_of;
}

}  // namespace spikeloom::compiler
