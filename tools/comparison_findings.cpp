// What a comparison shows, in sentences: how far learning's arithmetic takes the weights from float, how much of that
// is chance, which width would help, what the neurons add, where.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/comparison.hpp"

namespace spikeloom::tools {

namespace {

/// Root mean square over projections, by synapses.
double overall(const Comparison& comparison, const ComparedRun& run, double ComparedProjection::* measure) {
    double squares = 0;
    double synapses = 0;
    for (std::size_t p = 0; p < run.projections.size(); ++p) {
        const auto count = static_cast<double>(comparison.projections[p].synapses);
        squares += run.projections[p].*measure * (run.projections[p].*measure) * count;
        synapses += count;
    }
    return synapses > 0 ? std::sqrt(squares / synapses) : 0;
}

double total(const std::vector<double>& spikes) {
    double sum = 0;
    for (const double count : spikes) {
        sum += count;
    }
    return sum;
}

std::string percent(double share) {
    return fmt::format("{:.3g} %", 100 * share);
}

const ComparedRun* find(const Comparison& comparison, const std::string& name) {
    const auto found = std::ranges::find(comparison.runs, name, &ComparedRun::name);
    return found == comparison.runs.end() ? nullptr : &*found;
}

/// The run on the chip's own widths.
const ComparedRun& own_run(const Comparison& comparison) {
    return *std::ranges::find_if(comparison.runs, &ComparedRun::own_widths);
}

std::string arithmetic(const Comparison& comparison, const ComparedRun& own) {
    const double rms = overall(comparison, own, &ComparedProjection::rms);
    std::string text =
        fmt::format("Learning on {} takes the final weights {} of weight_max (rms) from float", own.name, percent(rms));
    if (comparison.trials > 1) {
        const double between = overall(comparison, own, &ComparedProjection::between);
        // Two independent errors of equal size differ by sqrt(2) times their size.
        const double chance = between / std::sqrt(2.0);
        const double rest = std::sqrt(std::max(0.0, rms * rms - chance * chance));
        text += fmt::format("; two trials differ from each other by {}, so chance alone makes {}{}", percent(between),
                            percent(chance),
                            rest > chance ? fmt::format(" of it, and {} is the same in every trial", percent(rest))
                                          : std::string(", all or most of it"));
    }
    return text + ".";
}

std::string bias(const Comparison& comparison, const ComparedRun& own) {
    std::string text;
    for (std::size_t p = 0; p < own.projections.size(); ++p) {
        const ComparedProjection& projection = own.projections[p];
        if (std::abs(projection.bias) > 0.25 * projection.rms && std::abs(projection.bias) > 0.005) {
            text += fmt::format("{}{}'s weights end {} of weight_max {} on average", text.empty() ? "" : ", ",
                                comparison.projections[p].name, percent(std::abs(projection.bias)),
                                projection.bias > 0 ? "higher" : "lower");
        }
    }
    return text.empty() ? text : fmt::format("The difference has a direction: {}.", text);
}

std::string widths(const Comparison& comparison, const ComparedRun& own) {
    std::string text;
    const double rms = overall(comparison, own, &ComparedProjection::rms_same_spikes);
    const ComparedRun* best = nullptr;
    double least = rms;
    for (const ComparedRun& run : comparison.runs) {
        if (!run.other_widths) {
            continue;
        }
        const double other = overall(comparison, run, &ComparedProjection::rms_same_spikes);
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", run.name, percent(other));
        if (other < least && run.wider) {
            least = other;
            best = &run;
        }
    }
    if (text.empty()) {
        return text;
    }
    text = fmt::format("From float's spikes, other widths would end at a distance of: {} ({}: {}).", text, own.name,
                       percent(rms));
    if (best == nullptr || least > 0.9 * rms) {
        return text + " No wider one among them would help by a tenth or more.";
    }
    return text + fmt::format(" Most would be gained by {}.", best->name);
}

std::string neurons(const Comparison& comparison, const ComparedRun& own) {
    if (!comparison.chip_failure.empty()) {
        return fmt::format("The whole chip is not among the runs, since the network doesn't compile for it: {}.",
                           comparison.chip_failure);
    }
    const ComparedRun* chip = find(comparison, comparison.chip);
    if (chip == nullptr) {
        return {};
    }
    const double alone = overall(comparison, own, &ComparedProjection::rms);
    const double all = overall(comparison, *chip, &ComparedProjection::rms);
    std::string units;
    for (const ProjectionInfo& info : comparison.projections) {
        if (std::abs(info.chip_unit - 1) >= 0.005) {
            units += fmt::format("{}{} {:+.1f} %", units.empty() ? "" : ", ", info.name, 100 * (info.chip_unit - 1));
        }
    }
    return fmt::format(
        "On the whole chip, neurons included, the final weights are {} from float, {} with learning's arithmetic "
        "alone: "
        "{}.{}",
        percent(all), percent(alone), all > 1.25 * alone ? "compiling adds to it" : "compiling adds little",
        units.empty() ? std::string()
                      : fmt::format(" A unit of its registers is not quite weight_max / 255 ({}), and the rule changes "
                                    "weights by units.",
                                    units));
}

std::string spikes(const Comparison& comparison) {
    const ComparedRun& real = comparison.runs.front();
    std::string text = fmt::format("Float's neurons spike {:.0f} times", total(real.spikes));
    for (std::size_t r = 1; r < comparison.runs.size(); ++r) {
        text += fmt::format(", {} {:.0f}", comparison.runs[r].name, total(comparison.runs[r].spikes));
    }
    text += ".";
    const ComparedRun& own = own_run(comparison);
    if (!own.departs) {
        return text +
               fmt::format(" On {} every spike is float's, so the weights differ by their arithmetic only.", own.name);
    }
    return text + fmt::format(
                      " On {} the spikes leave float's from step {} on: after that, weights differ also because "
                      "other spikes came.",
                      own.name, *own.departs);
}

std::string place(const Comparison& comparison, const ComparedRun& own) {
    std::size_t worst = 0;
    for (std::size_t p = 1; p < own.projections.size(); ++p) {
        worst = own.projections[p].rms > own.projections[worst].rms ? p : worst;
    }
    const ComparedProjection& projection = own.projections[worst];
    if (projection.most_departed.empty() || projection.rms == 0) {
        return {};
    }
    const DepartedSynapse& synapse = projection.most_departed.front();
    const std::string of = comparison.projections.size() > 1
                               ? fmt::format(" is {}, with {}; there it is largest", comparison.projections[worst].name,
                                             percent(projection.rms))
                               : std::string(" is");
    return fmt::format("Where it departs most{} at synapse {} -> {}: float {:.4g}, {} {:.4g}.", of, synapse.source,
                       synapse.target, synapse.real, own.name, synapse.weight);
}

std::string saturation(const Comparison& comparison) {
    std::string text;
    for (const ProjectionInfo& info : comparison.projections) {
        if (info.highest_trace > info.trace_most) {
            text += fmt::format("{}{} (to {:.0f})", text.empty() ? "" : ", ", info.name, info.highest_trace);
        }
    }
    if (text.empty()) {
        return text;
    }
    const auto stopped = std::ranges::find_if(comparison.runs, &ComparedRun::stopped_traces);
    const std::string share =
        stopped == comparison.runs.end()
            ? std::string()
            : fmt::format(" That alone takes weights {} from float ({} from float's spikes).",
                          percent(overall(comparison, *stopped, &ComparedProjection::rms)),
                          percent(overall(comparison, *stopped, &ComparedProjection::rms_same_spikes)));
    return fmt::format(
        "In float, traces rise beyond {:g}, where the chip's stop: of {}.{} No width mends it, since a width "
        "refines the same range; smaller impulses would.",
        comparison.projections.front().trace_most, text, share);
}

std::string bounds(const Comparison& comparison, const ComparedRun& own) {
    const ComparedRun& real = comparison.runs.front();
    std::string text;
    for (std::size_t p = 0; p < own.projections.size(); ++p) {
        if (own.projections[p].at_bound > 0.01 || real.projections[p].at_bound > 0.01) {
            text += fmt::format("{}{} of {}'s weights (float: {})", text.empty() ? "" : ", ",
                                percent(own.projections[p].at_bound), comparison.projections[p].name,
                                percent(real.projections[p].at_bound));
        }
    }
    return text.empty() ? text : fmt::format("At an end of their range are {}.", text);
}

}  // namespace

std::vector<std::string> findings(const Comparison& comparison) {
    std::vector<std::string> sentences;
    const ComparedRun& own = own_run(comparison);
    for (std::string sentence :
         {arithmetic(comparison, own), bias(comparison, own), widths(comparison, own), neurons(comparison, own),
          spikes(comparison), saturation(comparison), bounds(comparison, own), place(comparison, own)}) {
        if (!sentence.empty()) {
            sentences.push_back(std::move(sentence));
        }
    }
    for (const ProjectionInfo& info : comparison.projections) {
        if (!info.division.empty() && std::ranges::find(sentences, info.division) == sentences.end()) {
            sentences.push_back(info.division);
        }
    }
    return sentences;
}

}  // namespace spikeloom::tools
