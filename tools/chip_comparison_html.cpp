// The comparison's page: the table, three charts over the chips with their ranges, and where every figure comes from.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/report/findings.hpp"
#include "runtime/report/html_page.hpp"
#include "runtime/report/page_style.hpp"
#include "runtime/report/units.hpp"
#include "tools/chip_comparison_forms.hpp"

namespace spikeloom::tools {

namespace {

using runtime::cell;
using runtime::escaped;
using runtime::Page;

constexpr runtime::Script script = runtime::Script::unicode;

struct Column {
    const char* text;
    bool number = true;
};

std::string table_head(const std::vector<Column>& columns) {
    std::string html = "<div class=\"scroll\"><table>\n<thead><tr>";
    for (const Column& column : columns) {
        html += fmt::format("<th{} scope=\"col\">{}</th>", column.number ? " class=\"n\"" : "", escaped(column.text));
    }
    return html + "</tr></thead>\n<tbody>\n";
}
constexpr std::string_view table_foot = "</tbody></table></div>\n";

std::string badge(const std::optional<chip::Trust>& trust) {
    return trust ? fmt::format(" <span class=\"trust {0}\">{0}</span>", chip::name_of(*trust)) : std::string();
}

/// A figure with its trust; "–" where there is none.
std::string figure_cell(const std::string& text, const std::optional<chip::Trust>& trust = {}) {
    return fmt::format("<td class=\"n\">{}{}</td>", text.empty() ? "–" : escaped(text), badge(trust));
}

const InferencePrice* first_price(const ChipRow& row) {
    return row.inference && !row.inference->prices.empty() ? &row.inference->prices.front() : nullptr;
}

std::optional<chip::Trust> latency_trust(const InferencePrice& price) {
    return price.slowest ? std::optional(price.slowest->trust) : std::nullopt;
}

std::string accuracy_text(const Inference& inference) {
    const chip::Estimate share = runtime::wilson_interval(inference.correct, inference.samples);
    return fmt::format("{:.2f} % ({:.1f}–{:.1f})", 100 * share.value, 100 * share.low, 100 * share.high);
}

std::string table_row(const ChipRow& row, bool with_set) {
    std::string html = "<tr>" + cell(row.chip);
    if (!row.fits) {
        return html + fmt::format("<td>no</td><td class=\"quiet\" colspan=\"{}\">{}</td></tr>\n", with_set ? 6 : 2,
                                  escaped(reason_text(row.why)));
    }
    html += cell(row.approximated ? "nearly" : "yes") + cell(cores_text(row), "n");
    html += cell(row.fullest > 0 ? fmt::format("{} {}", row.binding, runtime::percent(row.fullest, script, 0)) : "–");
    if (!with_set) {
        return html + "</tr>\n";
    }
    if (!row.inference) {
        return html +
               fmt::format("<td class=\"quiet\" colspan=\"4\">{}</td></tr>\n", escaped(reason_text(row.not_run)));
    }
    const InferencePrice* price = first_price(row);
    const bool priced = price != nullptr && !price->table.empty();
    html += figure_cell(accuracy_text(*row.inference));
    html += priced ? figure_cell(fmt::format("{} ({})", runtime::energy(price->energy_pj().value, script),
                                             runtime::energy_range(price->energy_pj(), script)),
                                 price->energy_trust())
                   : figure_cell("");
    html += price != nullptr ? figure_cell(runtime::time(price->latency_ns, script), latency_trust(*price))
                             : figure_cell("");
    return html + cell(priced ? price->table : "–") + "</tr>\n";
}

std::string table(const ChipComparison& comparison) {
    const bool with_set = !comparison.set.empty();
    std::vector<Column> columns{{"chip", false}, {"fits", false}, {"cores"}, {"fullest limit", false}};
    if (with_set) {
        for (const Column& column : {Column{"accuracy (95 %)"}, Column{"energy per inference (low–high)"},
                                     Column{"latency per inference"}, Column{"costs", false}}) {
            columns.push_back(column);
        }
    }
    std::string html = table_head(columns);
    for (const ChipRow& row : comparison.chips) {
        html += table_row(row, with_set);
    }
    return html.append(table_foot);
}

/// The chip with the least of a figure under its first cost table; nullptr below two figures. Several runs on one chip
/// are left out: what lies between them is not in the figure.
const ChipRow* least_of(const ChipComparison& comparison, double (*value)(const InferencePrice&)) {
    const ChipRow* best = nullptr;
    int figures = 0;
    for (const ChipRow& row : comparison.chips) {
        const InferencePrice* price = row.continuous && row.cores > 1 ? nullptr : first_price(row);
        if (price != nullptr && value(*price) > 0) {
            ++figures;
            best = best == nullptr || value(*price) < value(*first_price(*best)) ? &row : best;
        }
    }
    return figures > 1 ? best : nullptr;
}

double energy_of(const InferencePrice& price) {
    return price.table.empty() ? 0 : price.energy_pj().value;
}

/// As above, with the cores that nothing was mapped to left on.
double whole_chip_energy(const InferencePrice& price) {
    return energy_of(price) > 0 ? energy_of(price) + (price.idle_cores_pj ? price.idle_cores_pj->value : 0) : 0;
}

std::string finding(const ChipComparison& comparison) {
    const auto fitting = std::ranges::count_if(comparison.chips, &ChipRow::fits);
    std::string text = fmt::format("{} fits {} of {} chips", comparison.network, fitting, comparison.chips.size());
    const ChipRow* energy = least_of(comparison, energy_of);
    const ChipRow* all_on = least_of(comparison, whole_chip_energy);
    const ChipRow* latency = least_of(comparison, [](const InferencePrice& price) { return price.latency_ns; });
    if (energy != nullptr) {
        const chip::Estimate least = first_price(*energy)->energy_pj();
        const bool apart = std::ranges::all_of(comparison.chips, [&](const ChipRow& row) {
            const InferencePrice* price = first_price(row);
            return &row == energy || price == nullptr || price->table.empty() || price->energy_pj().low > least.high;
        });
        text += fmt::format("; least energy on {} ({}{})", energy->chip, runtime::energy(least.value, script),
                            apart ? "" : ", within the ranges of others");
        if (all_on != energy) {
            text += fmt::format("; if unused cores stay on: {} ({})", all_on->chip,
                                runtime::energy(whole_chip_energy(*first_price(*all_on)), script));
        }
    }
    if (latency != nullptr) {
        text += fmt::format("; shortest on {} ({})", latency->chip,
                            runtime::time(first_price(*latency)->latency_ns, script));
    }
    const bool divided = std::ranges::any_of(
        comparison.chips, [](const ChipRow& row) { return row.inference && row.continuous && row.cores > 1; });
    if (divided && (energy != nullptr || latency != nullptr)) {
        text += ", among chips that take it in one run";
    }
    return text;
}

void add_reasons(const ChipComparison& comparison, Page& page) {
    std::string items;
    for (const ChipRow& row : comparison.chips) {
        for (const Diagnostics* findings : {&row.why, &row.not_run}) {
            for (const Diagnostic& one : *findings) {
                if (one.severity == Severity::error) {
                    items += fmt::format("<li>{}: {}</li>\n", escaped(row.chip), escaped(to_text(one)));
                }
            }
        }
    }
    if (!items.empty()) {
        page.section("Why not", "What stands against it, and what would help");
        page.raw("<ul class=\"plain\">\n" + items + "</ul>\n");
    }
}

std::string part(const std::optional<chip::Estimate>& energy) {
    return energy ? runtime::energy(energy->value, script) : std::string();
}

void add_parts(const ChipComparison& comparison, Page& page) {
    const bool decides = has_decisions(comparison);
    std::string rows;
    for (const ChipRow& row : comparison.chips) {
        for (const InferencePrice& price : row.inference ? row.inference->prices : std::vector<InferencePrice>{}) {
            if (price.table.empty()) {
                continue;
            }
            rows += "<tr>" + cell(row.chip) + cell(price.table) +
                    figure_cell(runtime::energy(price.energy_pj().value, script), price.energy_trust()) +
                    figure_cell(part(price.events_pj)) +
                    figure_cell(row.continuous ? std::string() : part(price.cores_pj)) +
                    figure_cell(part(price.chip_pj)) + figure_cell(part(price.idle_cores_pj)) +
                    figure_cell(part(price.processors_pj));
            if (decides) {
                rows += figure_cell(part(price.decision_pj)) +
                        figure_cell(price.decision_pj ? runtime::time(price.decision_ns, script) : std::string());
            }
            rows += "</tr>\n";
        }
    }
    if (rows.empty()) {
        return;
    }
    page.section("Energy", "What an inference is charged for, under every cost table");
    std::vector<Column> columns{{"chip", false},
                                {"costs", false},
                                {"energy"},
                                {"events"},
                                {"cores in use"},
                                {"rest of the chip"},
                                {"unused cores, besides"},
                                {"processors, besides"}};
    if (decides) {
        columns.push_back({"energy to the decision"});
        columns.push_back({"latency to it"});
    }
    page.raw(table_head(columns) + rows + std::string(table_foot));
    page.paragraph(
        "Energy is events, cores in use and the rest of the chip over the latency. An analog chip's power is in one "
        "figure, which flows whether neurons spike or not.",
        "note");
    if (decides) {
        page.paragraph("To the decision: up to the first label spike, where a network of first spikes could stop.",
                       "note");
    }
}

void add_footings(const ChipComparison& comparison, Page& page) {
    constexpr double least_share = 0.02;  ///< of the energy, or of its range
    std::string rows;
    for (const ChipRow& row : comparison.chips) {
        for (const InferencePrice& price : row.inference ? row.inference->prices : std::vector<InferencePrice>{}) {
            const double whole = price.energy_pj().value;
            const double spread = price.energy_pj().spread();
            for (const chip::ConstantShare& share : price.constants) {
                if (share.energy_pj.value < least_share * whole && share.energy_pj.spread() <= least_share * spread) {
                    continue;
                }
                rows += "<tr>" + cell(row.chip) + cell(price.table) + cell(share.constant) +
                        cell(runtime::energy(share.energy_pj.value, script), "n") +
                        cell(runtime::energy_range(share.energy_pj, script), "n") +
                        fmt::format("<td>{}</td>", badge(share.trust)) + cell(share.source, "quiet") + "</tr>\n";
            }
            if (price.slowest) {
                rows += "<tr>" + cell(row.chip) + cell(price.table) + cell(price.slowest->constant) +
                        cell("of the latency", "n") + cell("", "n") +
                        fmt::format("<td>{}</td>", badge(price.slowest->trust)) + cell(price.slowest->source, "quiet") +
                        "</tr>\n";
            }
        }
    }
    if (rows.empty()) {
        return;
    }
    page.section("Trust", "The constants that the figures rest on, and where they come from");
    page.raw(table_head({{"chip", false},
                         {"costs", false},
                         {"constant", false},
                         {"per inference"},
                         {"low–high"},
                         {"trust", false},
                         {"source", false}}));
    page.raw(rows + std::string(table_foot));
    page.paragraph(
        "Those that make up at least 2 % of an energy or of its range. A figure's trust is the weakest among the "
        "constants that make up nine tenths of it; that of the latency is the largest constant of time's.",
        "note");
}

void add_runs(const ChipComparison& comparison, Page& page) {
    page.section("Mapping and runs", "What the network takes of every chip, and how it ran");
    page.raw(table_head({{"chip", false},
                         {"mean of the fullest limit"},
                         {"messages"},
                         {"hops"},
                         {"weight error"},
                         {"time", false},
                         {"spikes a sample"},
                         {"silent samples"},
                         {"first spike of the answer"}}));
    for (const ChipRow& row : comparison.chips) {
        if (!row.fits) {
            continue;
        }
        const bool ran = row.inference.has_value();
        page.raw("<tr>" + cell(row.chip) + figure_cell(row.fullest > 0 ? runtime::percent(row.filled, script, 0) : "") +
                 figure_cell(row.continuous ? "" : runtime::grouped(row.messages)) +
                 figure_cell(row.continuous ? "" : runtime::grouped(row.hops)) +
                 figure_cell(row.weight_error ? fmt::format("{:.3g} %", 100 * *row.weight_error) : "") +
                 cell(ran ? row.inference->time : "–") +
                 figure_cell(ran ? fmt::format("{:.1f}", row.inference->spikes) : "") +
                 figure_cell(ran ? runtime::grouped(row.inference->silent) : "") +
                 figure_cell(ran && row.inference->decision_s != never
                                 ? runtime::si(row.inference->decision_s, "s", script)
                                 : "") +
                 "</tr>\n");
    }
    page.raw(table_foot);
    page.paragraph("Messages and hops: if every neuron and every input channel spikes once.", "note");
    std::string items;
    for (const ChipRow& row : comparison.chips) {
        for (const std::string& remark : row.remarks) {
            items += fmt::format("<li>{}: {}</li>\n", escaped(row.chip), escaped(remark));
        }
    }
    for (const std::string& scope : scopes(comparison)) {
        items += fmt::format("<li>{}</li>\n", escaped(scope));
    }
    page.raw(items.empty() ? items : "<ul class=\"plain\">\n" + items + "</ul>\n");
}

}  // namespace

std::string comparison_html(const ChipComparison& comparison) {
    Page page;
    const std::string title = fmt::format("{} on {} chips", comparison.network, comparison.chips.size());
    page.raw(
        fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{}</style>\n"
                    "</head>\n<body>\n<main>\n<header>\n<h1>{}</h1>\n",
                    escaped(title), runtime::page_style, escaped(title)));
    page.paragraph(comparison.set.empty() ? comparison.format + "; no labelled set: what it takes of every chip"
                                          : fmt::format("{}; {}; emulated", comparison.format, comparison.set),
                   "lead");
    page.raw("</header>\n");
    if (comparison.interrupted) {
        page.paragraph("The comparison was interrupted: figures are those of the part that ran.", "alert");
    }
    page.section("Chips", finding(comparison));
    page.raw(table(comparison));
    const std::string energy = energy_chart(comparison);
    const std::string latency = latency_chart(comparison);
    page.figure(accuracy_chart(comparison), "Accuracy. Whiskers: 95 % interval of the samples.");
    if (!energy.empty() || !latency.empty()) {
        page.raw("<div class=\"row pair\">\n");
        page.figure(energy, "Energy of an inference. Whiskers: what the low and high ends of the constants give.");
        page.figure(latency, "Latency of an inference. Pale: shortest to longest sample.");
        page.raw("</div>\n");
    }
    add_reasons(comparison, page);
    add_parts(comparison, page);
    add_footings(comparison, page);
    add_runs(comparison, page);
    page.raw(
        fmt::format("<footer>Written by spikeloom {}. Energies and times are computed from counted events and "
                    "published costs, not measured on a chip.</footer>\n</main>\n</body>\n</html>\n",
                    SPIKELOOM_VERSION));
    return page.take();
}

}  // namespace spikeloom::tools
