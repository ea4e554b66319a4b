#include "compiler/legalise/misfits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "chip/spec/weight_format.hpp"
#include "compiler/passes/partition.hpp"

namespace spikeloom::compiler {
namespace {

/// At least one, of a misfit.
std::vector<Limit> passed_limits(const CoreUse& use, const chip::ChipSpec& chip) {
    std::vector<Limit> passed;
    for (std::size_t i = 0; i < limit_count; ++i) {
        const auto limit = static_cast<Limit>(i);
        const bool said = limit == Limit::synapse_words && chip.synapses.crossbar_types > 0 &&
                          std::ranges::find(passed, Limit::input_axons) != passed.end();  // a row is an axon
        if (!said && use[limit] > room(limit, use, chip)) {
            passed.push_back(limit);
        }
    }
    SPIKELOOM_ASSERT(!passed.empty(), "a neuron that fits a core");
    return passed;
}

std::int64_t sources_of(const MappedNetwork& mapped, std::uint32_t neuron) {
    std::int64_t sources = 0;
    mapped.table.for_each_source(neuron, [&](std::uint32_t /*source*/) { ++sources; });
    return sources;
}

/// The worst neuron of a population that fits no core.
struct Worst {
    const Misfit* misfit = nullptr;
    double times = 0;
    std::int64_t count = 0;
};

class Refusal {
public:
    Refusal(const Network& network, const MappedNetwork& mapped, const MisfitSurvey& survey, const chip::ChipSpec& chip,
            const std::string& way_out)
        : network_(network), mapped_(mapped), survey_(survey), chip_(chip), way_out_(way_out) {}

    [[nodiscard]] Diagnostic of(std::uint32_t population, const Worst& worst) const {
        const CoreUse& use = worst.misfit->use;
        const std::uint32_t neuron = worst.misfit->neuron - mapped_.population_first[population];
        const Shortage shortage = shortage_of(*worst.misfit, chip_);
        const std::int64_t sources = shortage.fan_in ? sources_of(mapped_, worst.misfit->neuron) : 0;
        std::string needs;
        std::string rooms;
        for (const Limit limit : passed_limits(use, chip_)) {
            needs += fmt::format("{}{} {}", needs.empty() ? "" : " and ", use[limit], name_of(limit));
            rooms += fmt::format("{}{} {}", rooms.empty() ? "" : " and ", room(limit, use, chip_), name_of(limit));
        }
        const Population& p = network_.populations[population];
        return {.where = fmt::format("population '{}'", p.name),
                .found = fmt::format("{} of {} neurons fit no core: neuron {} alone {}needs {}", worst.count, p.size(),
                                     neuron, shortage.fan_in ? heard(*worst.misfit, sources) : "", needs),
                .allowed = fmt::format("{} a core of chip '{}'", rooms, chip_.name),
                .help = shortage.fan_in ? fan_in_help(*worst.misfit, sources)
                                        : std::string(limit_help(passed_limits(use, chip_).front(), chip_))};
    }

private:
    [[nodiscard]] bool crossbar() const { return chip_.synapses.crossbar_types > 0; }
    [[nodiscard]] std::string_view name_of(Limit limit) const { return limit_info(limit).name; }
    [[nodiscard]] int digits(const Misfit& misfit) const {
        return crossbar() ? survey_.facts.crossbar.digits(misfit.neuron).count : 0;
    }
    [[nodiscard]] std::string heard(const Misfit& misfit, std::int64_t sources) const {
        if (!crossbar()) {
            return fmt::format("hears {} sources and ", sources);
        }
        const int count = digits(misfit);
        return fmt::format("hears {} sources, whose weights have {} binary digit{} (a row each), and ", sources, count,
                           count == 1 ? "" : "s");
    }
    /// Of the neuron's weights, root of mean squares: what its sources but the strongest, so many, have.
    [[nodiscard]] double share_of_weakest(std::uint32_t neuron, std::size_t keep) const {
        std::map<std::uint32_t, double> by_source;
        mapped_.table.for_each(neuron, [&](std::uint32_t source, const FanInSynapse& synapse) {
            const double weight =
                chip::effective_weight_64(static_cast<int>(synapse.weight), mapped_.table.formats[synapse.format],
                                          chip_.conventions.negative_mixed_weight);
            by_source[source] += weight * weight;
        });
        std::vector<double> squares;
        double all = 0;
        for (const auto& [source, square] : by_source) {
            squares.push_back(square);
            all += square;
        }
        std::ranges::sort(squares);
        squares.resize(squares.size() - std::min(keep, squares.size()));
        return all > 0 ? std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0) / all) : 0;
    }
    [[nodiscard]] std::string fan_in_help(const Misfit& misfit, std::int64_t sources) const {
        const double times = shortage_of(misfit, chip_).times;
        const auto keep = static_cast<std::int64_t>(static_cast<double>(sources) / times);
        std::string help = fmt::format(
            "prune to about {} sources a neuron ({:.0f} % fewer), {:.2g} % of its weights (rms) "
            "if the weakest go",
            keep, 100.0 * (1.0 - static_cast<double>(keep) / static_cast<double>(sources)),
            100.0 * share_of_weakest(misfit.neuron, static_cast<std::size_t>(keep)));
        if (crossbar() && digits(misfit) > 1) {
            const bool mixed = survey_.facts.crossbar.digits(misfit.neuron).signs == WeightDigits::Signs::both;
            const std::int64_t rows = chip_.limits.input_axons;
            help +=
                fmt::format("; --weight-bits 1 takes {}{} rows, {}", mixed ? "up to " : "", (mixed ? 2 : 1) * sources,
                            (mixed ? 2 : 1) * sources <= rows ? "which fit"
                            : sources <= rows
                                ? "which may fit"
                                : fmt::format("still more than {}: then prune to {} sources", rows,
                                              mixed ? fmt::format("{} to {}", rows / 2, rows) : std::to_string(rows)));
        }
        return help + "; " + way_out_;
    }

    const Network& network_;
    const MappedNetwork& mapped_;
    const MisfitSurvey& survey_;
    const chip::ChipSpec& chip_;
    const std::string& way_out_;
};

}  // namespace

Shortage shortage_of(const Misfit& misfit, const chip::ChipSpec& chip) {
    Shortage shortage;
    for (const Limit limit : passed_limits(misfit.use, chip)) {
        if (limit == Limit::input_axons || limit == Limit::synapse_words) {
            shortage.fan_in = true;
            const auto allowed = static_cast<double>(std::max<std::int64_t>(room(limit, misfit.use, chip), 1));
            shortage.times = std::max(shortage.times, static_cast<double>(misfit.use[limit]) / allowed);
        } else if (limit == Limit::output_axons ||
                   (limit == Limit::compartments && misfit.use.splitters > 0 &&
                    misfit.use[limit] - misfit.use.splitters <= room(limit, misfit.use, chip))) {
            shortage.fan_out = true;
        } else {
            shortage.other = true;
        }
    }
    return shortage;
}

MisfitSurvey find_misfits(const Network& network, const MappedNetwork& mapped, const chip::ChipSpec& chip) {
    MisfitSurvey survey{.misfits = {}, .cores = 0, .facts = core_facts(mapped, chip)};
    const NeuronOrder order = first_order(network, mapped, survey.facts, chip);
    const auto fill = [&](std::size_t most_cores) {
        return fill_cores(mapped.table, order, survey.facts, chip, {.tightness = 1.0, .most_cores = most_cores});
    };
    // As far as partition() looks; all of them only where there are some.
    Filling filling = fill(4 * static_cast<std::size_t>(chip.mesh.cores()) + 16);
    if (filling.gave_up && !filling.misfits.empty()) {
        filling = fill(std::size_t{mapped.neurons()} + 1);
    }
    survey.misfits = std::move(filling.misfits);
    survey.cores = filling.cores.size();
    return survey;
}

std::optional<std::size_t> sources_that_fit(const Network& network, const MappedNetwork& mapped,
                                            const chip::ChipSpec& chip) {
    std::optional<std::size_t> fewest;
    for (const Misfit& misfit : find_misfits(network, mapped, chip).misfits) {
        const Shortage shortage = shortage_of(misfit, chip);
        if (!shortage.fan_in || shortage.other) {
            return std::nullopt;
        }
        const auto here =
            static_cast<std::size_t>(static_cast<double>(sources_of(mapped, misfit.neuron)) / shortage.times);
        fewest = std::min(fewest.value_or(here), here);
    }
    return fewest;
}

Diagnostics refuse_misfits(const Network& network, const MappedNetwork& mapped, const MisfitSurvey& survey,
                           const chip::ChipSpec& chip, const std::string& way_out) {
    std::map<std::uint32_t, Worst> worst;  // by population
    for (const Misfit& misfit : survey.misfits) {
        double times = 0;
        for (const Limit limit : passed_limits(misfit.use, chip)) {
            times = std::max(times, static_cast<double>(misfit.use[limit]) /
                                        static_cast<double>(std::max<std::int64_t>(room(limit, misfit.use, chip), 1)));
        }
        Worst& here = worst[mapped.population_of(misfit.neuron)];
        ++here.count;
        if (here.misfit == nullptr || times > here.times) {
            here.misfit = &misfit;
            here.times = times;
        }
    }
    Diagnostics findings;
    const Refusal refusal(network, mapped, survey, chip, way_out);
    for (const auto& [population, neuron] : worst) {
        findings.push_back(refusal.of(population, neuron));
    }
    return findings;
}

}  // namespace spikeloom::compiler
