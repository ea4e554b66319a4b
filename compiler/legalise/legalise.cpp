#include "compiler/legalise/legalise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "compiler/convert/balance_delays.hpp"
#include "compiler/legalise/misfits.hpp"
#include "compiler/legalise/split_fan_in.hpp"

namespace spikeloom::compiler {
namespace {

/// Splits of splits, until a core holds every neuron.
constexpr int most_rounds = 8;
/// Deals over more helpers, where even parts turn out too large for a core.
constexpr int most_deals = 12;

std::vector<std::int64_t> largest_payloads(const Network& network) {
    std::vector<std::int64_t> largest;
    for (const Population& population : network.populations) {
        const bool values = population.fixed && sends_values(population.fixed->model) &&
                            population.fixed->model != NeuronModel::ternary_leaky;
        largest.insert(largest.end(), population.size(), values ? 0 : 1);
    }
    for (const InputPort& port : network.inputs) {
        largest.insert(largest.end(), port.size(), port.graded ? 0 : 1);
    }
    return largest;
}

LegalMapping as_given(const Network& network, const MappedNetwork& mapped, const CompileOptions& options) {
    return {.legal = {.network = network,
                      .reference = network,
                      .added_steps = std::vector<int>(network.populations.size(), 0),
                      .losses = mapped.losses,
                      .rates = options.rates,
                      .fan_in = {},
                      .fan_out = {}},
            .mapped = mapped,
            .largest_payload = largest_payloads(network),
            .remarks = {}};
}

/// How a neuron's fan-in can be split, for those who are refused.
std::string way_out(const chip::ChipSpec& chip, const CompileOptions& options) {
    if (!passes_sums_on(chip)) {
        return fmt::format(
            "spikes of chip '{}' carry no values, so no part of a sum can be passed on: a chip whose "
            "spikes do (loihi2) makes it in parts, exactly",
            chip.name);
    }
    return options.split_fan_in ? "its sum can't be made in parts here, see below"
                                : "--split-fan-in exact makes its sum in parts, a step later";
}

class Legaliser {
public:
    Legaliser(const chip::ChipSpec& chip, const CompileOptions& options) : chip_(chip), options_(options) {}

    [[nodiscard]] Result<std::optional<LegalMapping>> run(const Network& network, const MappedNetwork& mapped);

private:
    [[nodiscard]] Result<LegalMapping> split(const LegalMapping& from, const MisfitSurvey& survey) const;

    const chip::ChipSpec& chip_;
    const CompileOptions& options_;
};

/// Over as few helpers as hold the parts; each deal that doesn't do says how many more it takes.
Result<LegalMapping> Legaliser::split(const LegalMapping& from, const MisfitSurvey& survey) const {
    const auto raise = [](PartsByPopulation& parts, std::uint32_t population, double wanted) {
        std::uint32_t& here = parts[population];
        here = std::max(here, static_cast<std::uint32_t>(std::ceil(wanted)));
    };
    PartsByPopulation parts;
    for (const Misfit& misfit : survey.misfits) {
        if (const Shortage shortage = shortage_of(misfit, chip_); shortage.fan_in) {
            raise(parts, from.mapped.population_of(misfit.neuron), std::max(shortage.times, 2.0));
        }
    }
    const std::size_t before = from.legal.network.populations.size();
    for (int deal = 0;; ++deal) {
        auto made = split_fan_in(from, parts, chip_, options_.approximate_reset);
        if (!made || deal == most_deals) {
            return made;
        }
        PartsByPopulation more = parts;
        for (const Misfit& misfit : find_misfits(made->mapped, chip_).misfits) {
            const std::uint32_t population = made->mapped.population_of(misfit.neuron);
            const Shortage shortage = shortage_of(misfit, chip_);
            if (population < before || !shortage.fan_in) {
                continue;
            }
            const auto of = std::ranges::find(made->legal.fan_in, population, &FanInSplit::helpers);
            const std::uint32_t now = parts.at(of->population);
            raise(more, of->population, std::max(now + 1.0, now * shortage.times));
        }
        if (more == parts) {
            return made;
        }
        parts = std::move(more);
    }
}

Result<std::optional<LegalMapping>> Legaliser::run(const Network& network, const MappedNetwork& mapped) {
    const MisfitSurvey first = find_misfits(mapped, chip_);
    if (first.misfits.empty()) {
        return std::optional<LegalMapping>();
    }
    const auto refuse = [&](const Diagnostics& reasons) {
        Diagnostics findings = refuse_misfits(network, mapped, first, chip_, way_out(chip_, options_));
        findings.insert(findings.end(), reasons.begin(), reasons.end());
        return fail(std::move(findings));
    };
    LegalMapping at = as_given(network, mapped, options_);
    MisfitSurvey survey = first;
    for (int round = 0; round < most_rounds && !survey.misfits.empty(); ++round) {
        const bool fan_in_alone = std::ranges::all_of(survey.misfits, [&](const Misfit& misfit) {
            const Shortage shortage = shortage_of(misfit, chip_);
            return shortage.fan_in && !shortage.other && !shortage.fan_out;
        });
        if (!fan_in_alone || !options_.split_fan_in || !passes_sums_on(chip_)) {
            return refuse({});
        }
        auto made = split(at, survey);
        if (!made) {
            return refuse(made.error());
        }
        at = std::move(*made);
        survey = find_misfits(at.mapped, chip_);
    }
    if (!survey.misfits.empty()) {
        const std::uint32_t population = at.mapped.population_of(survey.misfits.front().neuron);
        return refuse({refuse_loops(at.legal.network.populations[population])});
    }
    remark_biases(network, at.legal.added_steps, at.remarks);
    return std::optional(std::move(at));
}

}  // namespace

Result<std::optional<LegalMapping>> legalise(const Network& network, const MappedNetwork& mapped,
                                             const chip::ChipSpec& chip, const CompileOptions& options) {
    return Legaliser(chip, options).run(network, mapped);
}

}  // namespace spikeloom::compiler
