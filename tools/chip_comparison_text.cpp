#include <fmt/format.h>

#include <algorithm>

#include "runtime/report/findings.hpp"
#include "runtime/report/units.hpp"
#include "tools/chip_comparison_forms.hpp"
#include "tools/outline.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

constexpr runtime::Script script = runtime::Script::plain;
constexpr std::size_t most_reasons = 4;

std::string accuracy_text(const Inference& inference) {
    const chip::Estimate share = runtime::wilson_interval(inference.correct, inference.samples);
    return fmt::format("{:.2f} % ({:.1f} to {:.1f})", 100 * share.value, 100 * share.low, 100 * share.high);
}

json::value text_or_null(bool there, auto make) {
    return there ? json::value(make()) : json::value(nullptr);
}

/// The one table: a line a chip, under its first cost table.
json::object table_row(const ChipRow& row, bool with_set) {
    json::object line{{"chip", row.chip},
                      {"fits", !row.fits          ? "no"
                               : row.approximated ? "nearly"
                                                  : "yes"},
                      {"cores", cores_text(row)}};
    line["fullest limit"] = text_or_null(
        row.fullest > 0, [&] { return fmt::format("{} {}", row.binding, runtime::percent(row.fullest, script, 0)); });
    if (!with_set) {
        return line;
    }
    const Inference* inference = row.inference ? &*row.inference : nullptr;
    const InferencePrice* price = inference != nullptr && !inference->prices.empty() ? &inference->prices[0] : nullptr;
    const bool priced = price != nullptr && !price->table.empty();
    line["accuracy (95 %)"] = text_or_null(inference != nullptr, [&] { return accuracy_text(*inference); });
    line["energy"] = text_or_null(priced, [&] { return runtime::energy(price->energy_pj().value, script); });
    line["range"] = text_or_null(priced, [&] { return runtime::energy_range(price->energy_pj(), script); });
    line["trust"] = text_or_null(priced && price->energy_trust(),
                                 [&] { return std::string(chip::name_of(*price->energy_trust())); });
    line["latency"] = text_or_null(price != nullptr, [&] { return runtime::time(price->latency_ns, script); });
    line["costs"] = text_or_null(priced, [&] { return price->table; });
    return line;
}

/// What the energy is made of, and where a net of first spikes could stop: a line a chip and cost table.
json::object cost_row(const ChipRow& row, const InferencePrice& price, bool decides) {
    json::object line{
        {"chip", row.chip},
        {"costs", price.table},
        {"energy", runtime::energy(price.energy_pj().value, script)},
        {"events", runtime::energy(price.events_pj.value, script)},
        {"cores in use", text_or_null(!row.continuous, [&] { return runtime::energy(price.cores_pj.value, script); })},
        {"rest of the chip", runtime::energy(price.chip_pj.value, script)},
        {"unused cores besides", text_or_null(price.idle_cores_pj.has_value(),
                                              [&] { return runtime::energy(price.idle_cores_pj->value, script); })},
        {"processors besides", text_or_null(price.processors_pj.has_value(),
                                            [&] { return runtime::energy(price.processors_pj->value, script); })},
        {"latency", runtime::time(price.latency_ns, script)}};
    if (decides) {
        line["energy to decision"] = text_or_null(price.decision_pj.has_value(),
                                                  [&] { return runtime::energy(price.decision_pj->value, script); });
        line["latency to decision"] =
            text_or_null(price.decision_pj.has_value(), [&] { return runtime::time(price.decision_ns, script); });
    }
    return line;
}

json::object run_row(const ChipRow& row) {
    const Inference& inference = *row.inference;
    return {{"chip", row.chip},
            {"time", inference.time},
            {"samples", inference.samples},
            {"correct", inference.correct},
            {"silent", inference.silent},
            {"spikes a sample", fmt::format("{:.1f}", inference.spikes)},
            {"first spike of the answer", text_or_null(inference.decision_s != never, [&] {
                 return runtime::si(inference.decision_s, "s", script);
             })}};
}

json::object mapping_row(const ChipRow& row) {
    return {
        {"chip", row.chip},
        {"mean of that limit", text_or_null(row.fullest > 0, [&] { return runtime::percent(row.filled, script, 0); })},
        {"messages", text_or_null(!row.continuous, [&] { return std::to_string(row.messages); })},
        {"hops", text_or_null(!row.continuous, [&] { return std::to_string(row.hops); })},
        {"weight error",
         text_or_null(row.weight_error.has_value(), [&] { return fmt::format("{:.3g} %", 100 * *row.weight_error); })}};
}

void add_reasons(const ChipRow& row, const Diagnostics& findings, json::array& reasons) {
    std::size_t told = 0;
    for (const Diagnostic& finding : findings) {
        if (finding.severity == Severity::error && told++ < most_reasons) {
            reasons.emplace_back(fmt::format("{}: {}", row.chip, to_text(finding)));
        }
    }
    if (told > most_reasons) {
        reasons.emplace_back(fmt::format("{}: and {} more", row.chip, told - most_reasons));
    }
}

struct Lists {
    json::array table, runs, costs, mappings, reasons, not_run, footings, remarks;
};

void add(const ChipRow& row, bool with_set, bool decides, Lists& lists) {
    lists.table.emplace_back(table_row(row, with_set));
    add_reasons(row, row.why, lists.reasons);
    add_reasons(row, row.not_run, lists.not_run);
    if (row.fits) {
        lists.mappings.emplace_back(mapping_row(row));
    }
    for (const std::string& remark : row.remarks) {
        lists.remarks.emplace_back(row.chip + ": " + remark);
    }
    if (!row.inference) {
        return;
    }
    lists.runs.emplace_back(run_row(row));
    for (const InferencePrice& price : row.inference->prices) {
        if (!price.table.empty()) {
            lists.costs.emplace_back(cost_row(row, price, decides));
            lists.footings.emplace_back(fmt::format("{} {}: energy rests on {}; latency on {}", row.chip, price.table,
                                                    energy_footing(price), latency_footing(row, price)));
        }
    }
}

}  // namespace

std::string comparison_text(const ChipComparison& comparison) {
    const bool decides = has_decisions(comparison);
    Lists lists;
    for (const ChipRow& row : comparison.chips) {
        add(row, !comparison.set.empty(), decides, lists);
    }
    for (const std::string& scope : scopes(comparison)) {
        lists.remarks.emplace_back(scope);
    }
    json::object described{{"network", comparison.network}};
    if (!comparison.set.empty()) {
        described["set"] = comparison.set;
    }
    if (comparison.interrupted) {
        described["interrupted"] = "figures are those of the part that ran";
    }
    const auto show = [&described](const char* name, json::array& list) {
        if (!list.empty()) {
            described[name] = std::move(list);
        }
    };
    show(comparison.set.empty() ? "chips (with --data: accuracy, energy and latency an inference)"
                                : "chips, energy and latency of one inference",
         lists.table);
    show("does not fit", lists.reasons);
    show("fits, but this set can't be run there", lists.not_run);
    show("mapping (messages and hops if every neuron spikes once)", lists.mappings);
    show("runs", lists.runs);
    show("one inference under every cost table", lists.costs);
    show("what that rests on", lists.footings);
    show("remarks", lists.remarks);
    return outline(described);
}

bool has_decisions(const ChipComparison& comparison) {
    return std::ranges::any_of(comparison.chips, [](const ChipRow& row) {
        return row.inference && std::ranges::any_of(row.inference->prices, [](const InferencePrice& price) {
                   return price.decision_pj.has_value();
               });
    });
}

std::string reason_text(const Diagnostics& findings) {
    const auto first = std::ranges::find(findings, Severity::error, &Diagnostic::severity);
    if (first == findings.end()) {
        return "no reason given";
    }
    const auto errors = std::ranges::count(findings, Severity::error, &Diagnostic::severity);
    return fmt::format("{}: {}{}", first->where, first->found,
                       errors > 1 ? fmt::format(" (and {} more)", errors - 1) : std::string());
}

std::string cores_text(const ChipRow& row) {
    if (!row.fits) {
        return "-";
    }
    if (row.continuous) {
        return row.cores_there == 0 ? "no limits" : fmt::format("{} run{}", row.cores, row.cores == 1 ? "" : "s");
    }
    return fmt::format("{} of {}", row.cores, row.cores_there);
}

namespace {

std::string scope_of(const ChipRow& row) {
    if (!row.continuous) {
        return "energy is events, cores in use and the rest of the chip; beside it stand processors, and cores without "
               "a neuron if they are not switched off; board and host are left out; a step lasts as long as its "
               "slowest core and the barrier, so latency is not the network's time";
    }
    if (row.cores_there == 0) {
        return "the equations alone, no chip: neither energy nor a latency of its own";
    }
    return "its neurons run in the network's time, which is the latency; energy is the chip's power over it, which "
           "flows whether neurons spike or not; FPGA and host are left out";
}

}  // namespace

std::vector<std::string> scopes(const ChipComparison& comparison) {
    std::vector<std::pair<std::string, std::string>> told;  // what, of which chips
    for (const ChipRow& row : comparison.chips) {
        if (!row.inference) {
            continue;
        }
        const std::string scope = scope_of(row);
        const auto same = std::ranges::find(told, scope, &std::pair<std::string, std::string>::first);
        if (same == told.end()) {
            told.emplace_back(scope, row.chip);
        } else {
            same->second += ", " + row.chip;
        }
    }
    std::vector<std::string> sentences;
    for (const auto& [scope, chips] : told) {
        sentences.push_back(chips + ": " + scope);
    }
    return sentences;
}

std::string energy_footing(const InferencePrice& price) {
    if (price.constants.empty()) {
        return "no constant";
    }
    const chip::ConstantShare& most = price.constants.front();
    const double whole = price.energy_pj().value;
    std::string text = fmt::format(
        "{} ({}{}: {})", most.constant, chip::name_of(most.trust),
        whole > 0 ? ", " + runtime::percent(most.energy_pj.value / whole, script, 0) : std::string(), most.source);
    const auto widest = std::ranges::max_element(
        price.constants, {}, [](const chip::ConstantShare& share) { return share.energy_pj.spread(); });
    if (widest->energy_pj.spread() > 0 && widest->constant != most.constant) {
        text +=
            fmt::format(", its range on {} ({}: {})", widest->constant, chip::name_of(widest->trust), widest->source);
    }
    return text;
}

std::string latency_footing(const ChipRow& row, const InferencePrice& price) {
    if (price.slowest) {
        return fmt::format("{} ({}: {})", price.slowest->constant, chip::name_of(price.slowest->trust),
                           price.slowest->source);
    }
    return row.continuous ? "the network's own time" : "no constant";
}

}  // namespace spikeloom::tools
