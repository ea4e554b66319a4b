#include "chip/spec/cost_settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "core/files/strict_text.hpp"

namespace spikeloom::chip {
namespace {

constexpr double most_value = 1e12;  // as in the schema
constexpr double least_voltage = 0.1;
constexpr double most_voltage = 5;

constexpr std::array<CostItem, 3> synaptic_events{CostItem::synaptic_event_sparse, CostItem::synaptic_event_runlength,
                                                  CostItem::synaptic_event_dense};
constexpr std::array<CostItem, 2> neuron_updates{CostItem::update_active, CostItem::update_idle};
constexpr std::array<CostItem, 2> hops{CostItem::hop_ew, CostItem::hop_ns};
constexpr std::array<ItemGroup, 4> groups{{{"synaptic_op", synaptic_events},
                                           {"synaptic_event", synaptic_events},
                                           {"neuron_update", neuron_updates},
                                           {"hop", hops}}};

constexpr std::array<std::pair<std::string_view, Quantity CostTable::*>, 3> powers{{
    {"static_power_core_mw", &CostTable::static_power_core_mw},
    {"static_power_chip_mw", &CostTable::static_power_chip_mw},
    {"host_power_mw", &CostTable::host_power_mw},
}};

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts(1);
    for (const char symbol : text) {
        if (symbol == '.') {
            parts.emplace_back();
        } else {
            parts.back() += symbol;
        }
    }
    return parts;
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
    return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

EventCost& event_of(CostTable& table, CostItem item) {
    auto at = std::ranges::lower_bound(table.events, item, {}, &EventCost::item);
    if (at == table.events.end() || at->item != item) {
        const Quantity nothing{.value = 0, .low = 0, .high = 0, .source = "not in the table", .trust = Trust::guessed};
        at = table.events.insert(at, {.item = item, .energy_pj = nothing, .time_ns = nothing});
    }
    return *at;
}

enum class Part : std::uint8_t { value, low, high };

void change(Quantity& quantity, Part part, double value) {
    static const std::string bound_set = "; its range in part set on the command line";
    switch (part) {
    case Part::value:
        quantity = {
            .value = value, .low = value, .high = value, .source = "set on the command line", .trust = Trust::guessed};
        return;
    case Part::low:
        quantity.low = value;
        break;
    case Part::high:
        quantity.high = value;
        break;
    }
    if (!quantity.source.ends_with(bound_set)) {
        quantity.source += bound_set;
    }
}

/// One setting being understood: its path word by word, and what is wrong with it.
class Setting {
public:
    Setting(std::string text, Diagnostics& findings) : text_(std::move(text)), findings_(findings) {}

    void apply(std::vector<CostTable>& tables) {
        const std::size_t equals = text_.find('=');
        if (equals == std::string::npos) {
            return wrong("there is no '='", "costs.ITEM.energy_pj=NUMBER");
        }
        const auto value = number(std::string_view(text_).substr(equals + 1));
        if (!value || *value < 0 || *value > most_value) {
            return wrong(fmt::format("'{}' is no number that a cost can be", text_.substr(equals + 1)),
                         fmt::format("numbers from 0 to {:g}", most_value));
        }
        const std::string path = text_.substr(0, equals);
        if (!path.starts_with("costs.")) {
            return wrong(fmt::format("'{}' is not one of the constants that can be set", path),
                         "paths that begin with costs.",
                         path.find('.') == std::string::npos ? "" : fmt::format("costs.{}", path));
        }
        std::string rest = path.substr(6);
        CostTable& table = table_of(tables, rest);
        quantity(table, tables, split(rest), *value);
    }

private:
    void wrong(std::string found, std::string allowed, std::string help = {}) {
        findings_.push_back({.where = "--set " + text_,
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }

    /// The table that the path begins with, taken off it (names may have dots: the longest that fits), or the first.
    static CostTable& table_of(std::vector<CostTable>& tables, std::string& path) {
        CostTable* best = nullptr;
        for (CostTable& table : tables) {
            if (path.starts_with(table.name + ".") && (best == nullptr || table.name.size() > best->name.size())) {
                best = &table;
            }
        }
        if (best == nullptr) {
            return tables.front();
        }
        path.erase(0, best->name.size() + 1);
        return *best;
    }

    void quantity(CostTable& table, const std::vector<CostTable>& tables, std::vector<std::string> words,
                  double value) {
        if (words.size() == 1 && words[0] == "voltage_v") {
            return voltage(table, value);
        }
        Part part = Part::value;
        if (words.size() > 1 && (words.back() == "low" || words.back() == "high")) {
            part = words.back() == "low" ? Part::low : Part::high;
            words.pop_back();
        }
        const auto power = std::ranges::find(powers, words[0], &decltype(powers)::value_type::first);
        if (power != powers.end() && words.size() == 1) {
            return change(table.*power->second, part, value);
        }
        if (words[0].ends_with(']')) {
            return barrier(table, words, part, value);
        }
        const std::vector<CostItem> items = items_of(words[0]);
        if (items.empty()) {
            return unknown(words, tables);
        }
        if (words.size() != 2 || (words[1] != "energy_pj" && words[1] != "time_ns")) {
            return wrong(fmt::format("'{}' has no such constant", words[0]),
                         fmt::format("{0}.energy_pj, {0}.time_ns, each with .low or .high", words[0]));
        }
        for (const CostItem item : items) {
            EventCost& cost = event_of(table, item);
            change(words[1] == "energy_pj" ? cost.energy_pj : cost.time_ns, part, value);
        }
    }

    void voltage(CostTable& table, double value) {
        if (value < least_voltage || value > most_voltage) {
            return wrong(fmt::format("a supply of {} V", value),
                         fmt::format("{} to {} V", least_voltage, most_voltage));
        }
        if (table.voltage_v <= 0) {
            return wrong(fmt::format("the cost table '{}' doesn't say at which voltage its figures hold{}", table.name,
                                     table.condition.empty() ? "" : " (" + table.condition + ")"),
                         "tables with voltage_v", "name another table: costs.TABLE.voltage_v");
        }
        table = at_voltage(table, value);
    }

    static std::vector<CostItem> items_of(const std::string& word) {
        const auto group = std::ranges::find(groups, word, &ItemGroup::name);
        if (group != groups.end()) {
            return {group->items.begin(), group->items.end()};
        }
        const auto item = std::ranges::find_if(cost_items, [&](CostItem each) { return name_of(each) == word; });
        return item == cost_items.end() ? std::vector<CostItem>{} : std::vector<CostItem>{*item};
    }

    void barrier(CostTable& table, const std::vector<std::string>& words, Part part, double value) {
        const std::size_t open = words[0].find('[');
        const std::string name = words[0].substr(0, open);
        std::size_t index = 0;
        const char* first = words[0].data() + std::min(open, words[0].size() - 1) + 1;
        const char* last = words[0].data() + words[0].size() - 1;
        const auto [end, error] = std::from_chars(first, last, index);
        const bool of_chips = name == "chip_barrier";
        const std::size_t points = of_chips ? table.chip_barrier.size() : table.barrier.size();
        if ((!of_chips && name != "barrier") || open == std::string::npos || error != std::errc{} || end != last ||
            index >= points || words.size() != 2 || words[1] != "time_ns") {
            return wrong(fmt::format("'{}' is no point of a barrier of '{}'", fmt::join(words, "."), table.name),
                         fmt::format("barrier[i].time_ns, i below {}; chip_barrier[i].time_ns, i below {}",
                                     table.barrier.size(), table.chip_barrier.size()));
        }
        change(of_chips ? table.chip_barrier[index].time_ns : table.barrier[index].time_ns, part, value);
    }

    void unknown(const std::vector<std::string>& words, const std::vector<CostTable>& tables) {
        std::vector<std::string> names;
        for (const CostItem item : cost_items) {
            names.emplace_back(name_of(item));
        }
        for (const ItemGroup& group : groups) {
            names.emplace_back(group.name);
        }
        for (const auto& [name, power] : powers) {
            names.emplace_back(name);
        }
        names.insert(names.end(), {"barrier[i]", "chip_barrier[i]", "voltage_v"});
        std::vector<std::string> candidates = names;
        std::vector<std::string> table_names;
        for (const CostTable& table : tables) {
            candidates.push_back(table.name);
            table_names.push_back(table.name);
        }
        const std::string near = files::nearest_name(words[0], candidates);
        wrong(fmt::format("'{}' is neither a cost table nor a constant of one", words[0]),
              fmt::format("tables {}; constants {}", fmt::join(table_names, ", "), fmt::join(names, ", ")),
              near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    }

    std::string text_;
    Diagnostics& findings_;
};

void check_bounds(const Quantity& quantity, const std::string& path, Diagnostics& findings) {
    if (!(quantity.low <= quantity.value && quantity.value <= quantity.high)) {
        findings.push_back({.where = "--set " + path,
                            .found = fmt::format("after all settings it is {}, from {} to {}", quantity.value,
                                                 quantity.low, quantity.high),
                            .allowed = "low <= value <= high",
                            .help = "a value drops the range: set .low and .high after it"});
    }
}

void check_bounds(const CostTable& table, Diagnostics& findings) {
    const std::string folder = "costs." + table.name + ".";
    for (const EventCost& event : table.events) {
        check_bounds(event.energy_pj, fmt::format("{}{}.energy_pj", folder, name_of(event.item)), findings);
        check_bounds(event.time_ns, fmt::format("{}{}.time_ns", folder, name_of(event.item)), findings);
    }
    for (const auto& [name, power] : powers) {
        check_bounds(table.*power, folder + std::string(name), findings);
    }
    for (std::size_t i = 0; i < table.barrier.size(); ++i) {
        check_bounds(table.barrier[i].time_ns, fmt::format("{}barrier[{}].time_ns", folder, i), findings);
    }
    for (std::size_t i = 0; i < table.chip_barrier.size(); ++i) {
        check_bounds(table.chip_barrier[i].time_ns, fmt::format("{}chip_barrier[{}].time_ns", folder, i), findings);
    }
}

}  // namespace

std::span<const ItemGroup> item_groups() {
    return groups;
}

Diagnostics set_costs(std::vector<CostTable>& tables, std::span<const std::string> settings) {
    Diagnostics findings;
    if (tables.empty() && !settings.empty()) {
        return {{.where = "--set " + settings.front(), .found = "there is no cost table whose constants could be set"}};
    }
    for (const std::string& setting : settings) {
        Setting(setting, findings).apply(tables);
    }
    for (const CostTable& table : tables) {
        check_bounds(table, findings);
    }
    return findings;
}

CostTable at_voltage(const CostTable& table, double voltage_v) {
    SPIKELOOM_ASSERT(table.voltage_v > 0 && voltage_v > 0, table.name);
    const double ratio = voltage_v / table.voltage_v;
    const auto scale = [&](Quantity& quantity, double factor, std::string_view law) {
        if (quantity.high == 0) {
            return;
        }
        quantity.value *= factor;
        quantity.low *= factor;
        quantity.high *= factor;
        quantity.source += fmt::format("; from {} V to {} V {}", table.voltage_v, voltage_v, law);
        quantity.trust = std::max(quantity.trust, Trust::inferred);
    };
    CostTable scaled = table;
    for (EventCost& event : scaled.events) {
        scale(event.energy_pj, ratio * ratio, "with the square of the voltage");
    }
    scale(scaled.static_power_core_mw, ratio, "in proportion to the voltage");
    scale(scaled.static_power_chip_mw, ratio, "in proportion to the voltage");
    scaled.condition = fmt::format("{}{}at {} V: energies scaled with V^2, leakage with V from {} V, times left alone",
                                   table.condition, table.condition.empty() ? "" : "; ", voltage_v, table.voltage_v);
    scaled.voltage_v = voltage_v;
    return scaled;
}

}  // namespace spikeloom::chip
