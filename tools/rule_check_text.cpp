// The printed form of `spikeloom rule check`, for people.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/rule_check.hpp"

namespace spikeloom::tools {

namespace {

const char* words(rules::ProductArithmetic products) {
    switch (products) {
    case rules::ProductArithmetic::shift_lava:
        return "products shifted as in Lava";
    case rules::ProductArithmetic::shift_nengo:
        return "products shifted as in nengo-loihi";
    case rules::ProductArithmetic::real_brian2:
        return "products in reals, their sum rounded away from 0, as in brian2_loihi";
    }
    return "";
}

std::string when(const rules::ProductAnalysis& product, const rules::Rule& rule) {
    switch (product.product.dependency) {
    case rules::Dependency::x0:
        return "at presynaptic spikes";
    case rules::Dependency::y0:
        return "at postsynaptic spikes";
    case rules::Dependency::u: {
        const int epochs = 1 << rule.series(product.variable).decimation.value_or(0);
        return fmt::format("every {} steps", epochs * rule.epoch);
    }
    }
    return {};
}

std::string factors_text(const rules::ProductAnalysis& product) {
    std::string text;
    for (const rules::FactorAnalysis& factor : product.factors) {
        const std::string name(name_of(factor.factor.operand));
        const std::string sum =
            factor.factor.constant == 0 ? name : fmt::format("{}{:+}", name, factor.factor.constant);
        text += fmt::format("{}{} {:g}..{:g} ({} bit)", text.empty() ? "" : ", ",
                            factor.factor.sign ? "sgn(" + sum + ")" : sum, factor.range.least, factor.range.most,
                            factor.width_bits);
    }
    return text.empty() ? "none" : text;
}

std::string product_text(const rules::ProductAnalysis& product, const rules::Rule& rule) {
    std::string text = fmt::format("  {}. {}   {}\n", product.index + 1, product.text, when(product, rule));
    text += fmt::format("     factors    {}\n", factors_text(product));
    text += fmt::format("     scale      mantissa {}, exponent {}; {} bits of factors and mantissa, {} dropped\n",
                        product.product.mantissa, product.product.exponent, product.width_bits,
                        product.dropped_bits == 0 ? "none" : std::to_string(product.dropped_bits));
    text += fmt::format("     change     {:.6g} .. {:.6g}, in steps of {:.6g}", product.range.least, product.range.most,
                        product.step);
    if (product.at_impulse) {
        text += fmt::format("; {:.6g} with every trace at its impulse", *product.at_impulse);
    }
    if (product.saturates()) {
        text += fmt::format("; saturates at {:.6g}", product.saturation);
    }
    if (product.is_dead()) {
        return text + "; always 0\n";
    }
    if (product.move_most < 1) {
        text += fmt::format("; moves a unit with probability {:.2g} at most", product.move_most);
    }
    return text + "\n";
}

std::string series_text(const rules::SeriesAnalysis& series, const rules::RuleAnalysis& analysis,
                        const rules::Rule& rule) {
    std::string text = fmt::format("{} = {}\n", name_of(series.variable), rules::print(rule.series(series.variable)));
    for (const rules::ProductAnalysis& product : analysis.products) {
        if (product.variable == series.variable) {
            text += product_text(product, rule);
        }
    }
    text += fmt::format("  in all: {:.6g} .. {:.6g} in an epoch, of {:g}..{:g}", series.change.least,
                        series.change.most, series.variable_range.least, series.variable_range.most);
    if (series.epochs_to_end) {
        text += fmt::format("; from end to end in {:.0f} epochs at least", *series.epochs_to_end);
    }
    if (!series.finer.empty()) {
        text += fmt::format("\n  the same, with fewer bits lost: {} = {}", name_of(series.variable), series.finer);
    }
    return text + "\n\n";
}

std::string traces_text(const rules::RuleAnalysis& analysis, bool known) {
    std::string text;
    for (const rules::TraceAnalysis& trace : analysis.traces) {
        if (known && trace.given) {
            text += fmt::format("  {}: impulse {:g}, tau {:g} steps; one spike is felt for {:.0f} steps\n",
                                name_of(trace.operand), trace.impulse, trace.tau, trace.lifetime_steps);
        }
    }
    return text.empty() ? text : "traces\n" + text + "\n";
}

std::string memory_text(const CheckedRule& checked) {
    const rules::RuleMemory& memory = checked.analysis.memory;
    const auto traces = [&](int count) {
        return count == 0 ? std::string("no traces")
                          : fmt::format("{} trace{} of {} bits", count, count == 1 ? "" : "s", memory.trace_bits);
    };
    return fmt::format("memory\n  a synapse: {}; an input axon: {}; a target neuron: {}\n\n",
                       memory.tag ? fmt::format("{} bits more, its tag", checked.chip.learning.tag_bits)
                                  : "nothing beside its weight (no tag)",
                       traces(memory.pre_traces), traces(memory.post_traces));
}

std::string quantity_text(const chip::Quantity& quantity, const char* unit) {
    const std::string bounds =
        quantity.low < quantity.high ? fmt::format(" ({:g}..{:g})", quantity.low, quantity.high) : "";
    return fmt::format("{:g} {}{}", quantity.value, unit, bounds);
}

std::string cost_text(const chip::ChipSpec& chip, int forced_interval) {
    std::string text = "one update of a synapse\n";
    for (const chip::CostTable& table : chip.costs) {
        const chip::EventCost& cost = table.event(chip::CostItem::learning_update);
        text +=
            cost.energy_pj.source.empty()
                ? fmt::format("  {}: the table has no cost of learning\n", table.name)
                : fmt::format("  {}: {}, {}; {}: {}\n", table.name, quantity_text(cost.energy_pj, "pJ"),
                              quantity_text(cost.time_ns, "ns"), name_of(cost.energy_pj.trust), cost.energy_pj.source);
    }
    if (forced_interval > 0) {
        text += fmt::format("  u updates every synapse every {} step{}, spikes or none: {:g} updates in 1000 steps\n",
                            forced_interval, forced_interval == 1 ? "" : "s", 1000.0 / forced_interval);
    }
    return text + "\n";
}

std::string findings_text(const rules::RuleAnalysis& analysis) {
    if (analysis.findings.empty()) {
        return "findings: none\n";
    }
    std::string text = "findings (! the rule can't do what it says)\n";
    for (const rules::Finding& finding : analysis.findings) {
        const std::string columns = finding.columns.end > 0
                                        ? fmt::format(", columns {}-{}", finding.columns.first, finding.columns.end - 1)
                                        : "";
        text += fmt::format("  {} {}{}: {}\n      {}\n", finding.serious ? '!' : '-', finding.where, columns,
                            finding.found, finding.advice);
    }
    return text;
}

}  // namespace

std::string to_text(const CheckedRule& checked) {
    const rules::LearningArithmetic& arithmetic = checked.chip.learning.arithmetic;
    const rules::Rule& rule = checked.loaded.file.rule;
    std::string text = fmt::format(
        "{} on {}: traces of {} bits, weights of {} and a sign, accumulator of {} with {} below the unit;\n{}\n\n",
        rule.name.empty() ? "a rule" : "'" + rule.name + "'", checked.chip.name, arithmetic.trace_bits,
        arithmetic.weight_bits, rules::accumulator_bits(arithmetic) + 1, arithmetic.fraction_bits,
        words(arithmetic.products));
    for (const rules::SeriesAnalysis& series : checked.analysis.series) {
        text += series_text(series, checked.analysis, rule);
    }
    return text + traces_text(checked.analysis, checked.loaded.from_file) + memory_text(checked) +
           cost_text(checked.chip, checked.analysis.forced_interval_steps) + findings_text(checked.analysis);
}

}  // namespace spikeloom::tools
