#include "runtime/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <optional>
#include <string_view>

#include "chip/image/plastic_projection.hpp"

namespace spikeloom::runtime {
namespace {

using rules::Operand;

constexpr std::size_t names_shown = 20;
constexpr std::array probed{Operand::w,  Operand::d,  Operand::t,  Operand::x1, Operand::x2,
                            Operand::y1, Operand::y2, Operand::y3, Operand::r1};

struct Interval {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
    [[nodiscard]] bool contains(std::uint32_t value) const { return first <= value && value < end; }
};

/// "name[selection].variable", taken apart from the end: names may hold dots and brackets.
struct ProbeText {
    std::string name;
    std::string selection;  ///< between the brackets; empty: everything
    std::string variable;
};

std::optional<ProbeText> split_probe(const std::string& text) {
    const std::size_t dot = text.rfind('.');
    if (dot == std::string::npos || dot == 0) {
        return std::nullopt;
    }
    ProbeText parts{.name = text.substr(0, dot), .selection = {}, .variable = text.substr(dot + 1)};
    if (parts.name.back() == ']') {
        const std::size_t bracket = parts.name.rfind('[');
        if (bracket == std::string::npos || bracket == 0 || bracket + 2 == parts.name.size()) {
            return std::nullopt;
        }
        parts.selection = parts.name.substr(bracket + 1, parts.name.size() - bracket - 2);
        parts.name.resize(bracket);
    }
    return parts;
}

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t if_empty) {
    std::uint32_t value = if_empty;
    if (text.empty()) {
        return value;
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// "3", "0:8", ":8", "4:" or "" (all) of `size`; nothing where the range is empty or not within it.
std::optional<Interval> interval_of(std::string_view range, std::uint32_t size) {
    const std::size_t colon = range.find(':');
    std::optional<std::uint32_t> first = 0;
    std::optional<std::uint32_t> end = size;
    if (colon != std::string_view::npos) {
        first = number(range.substr(0, colon), 0);
        end = number(range.substr(colon + 1), size);
    } else if (!range.empty()) {
        first = number(range, 0);
        end = first && *first < size ? std::optional(*first + 1) : std::nullopt;
    }
    if (!first || !end || *first >= *end || *end > size) {
        return std::nullopt;
    }
    return Interval{*first, *end};
}

std::vector<std::uint32_t> numbers_of(const Interval& interval) {
    std::vector<std::uint32_t> numbers(interval.end - interval.first);
    std::iota(numbers.begin(), numbers.end(), interval.first);
    return numbers;
}

std::string population_names(const chip::Image& image) {
    std::string names;
    for (std::size_t i = 0; i < image.populations.size() && i < names_shown; ++i) {
        names += fmt::format("{}{} ({} neurons)", i == 0 ? "" : ", ", image.populations[i].name,
                             image.populations[i].size());
    }
    if (image.populations.size() > names_shown) {
        names += fmt::format(" and {} more", image.populations.size() - names_shown);
    }
    return names;
}

std::string projection_names(const chip::Image& image) {
    std::string names;
    for (std::size_t i = 0; i < image.learning.size() && i < names_shown; ++i) {
        names += (i == 0 ? "" : ", ") + image.learning[i].projection;
    }
    if (image.learning.size() > names_shown) {
        names += fmt::format(" and {} more", image.learning.size() - names_shown);
    }
    return names.empty() ? "none: no projection of this image is plastic" : names;
}

/// Whether the engine keeps the quantity for the rule's sake: other traces and tags stay 0.
bool keeps(const rules::Rule& rule, Operand quantity) {
    const bool third_factors = rule.post_traces == rules::PostTraces::neuron;
    const auto used = [](const rules::TraceParameters& trace) { return trace.impulse != 0 || trace.tau != 0; };
    switch (quantity) {
    case Operand::w:
    case Operand::d:
    case Operand::r1:
        return true;
    case Operand::t:
        return rule.uses_tag();
    case Operand::x1:
        return used(rule.x[0]) || rule.reads(quantity);
    case Operand::x2:
        return used(rule.x[1]) || rule.reads(quantity);
    case Operand::y1:
        return used(rule.y[0]) || rule.reads(quantity) || third_factors;
    case Operand::y2:
        return used(rule.y[1]) || rule.reads(quantity) || third_factors;
    case Operand::y3:
        return used(rule.y[2]) || rule.reads(quantity) || third_factors;
    case Operand::x0:
    case Operand::y0:
    case Operand::r0:
    case Operand::constant:
        return false;
    }
    return false;
}

class ProbeParser {
public:
    ProbeParser(const chip::Image& image, const std::string& specification)
        : image_(image), specification_(specification) {}

    [[nodiscard]] Result<std::variant<Probe, LearningProbe>> parse() const;

private:
    [[nodiscard]] tl::unexpected<Diagnostics> wrong(std::string found, std::string allowed) const {
        return fail({.where = fmt::format("probe '{}'", specification_),
                     .found = std::move(found),
                     .allowed = std::move(allowed),
                     .help = image_.learning.empty()
                                 ? "write population.v, population[3].u or population[0:8].v"
                                 : "write population[0:8].v, projection[0:100].w, projection[SOURCE,TARGET].w or "
                                   "projection[0:4].x1"});
    }
    [[nodiscard]] Result<Probe> of_population(const ProbeText& parts, Variable variable) const;
    [[nodiscard]] Result<LearningProbe> of_projection(const ProbeText& parts, Operand quantity) const;
    [[nodiscard]] Result<std::vector<std::uint32_t>> synapses(const ProbeText& parts, std::uint32_t profile) const;
    [[nodiscard]] Result<std::vector<std::uint32_t>> neurons(const ProbeText& parts, std::uint32_t size,
                                                             const char* side) const;

    const chip::Image& image_;
    const std::string& specification_;
};

Result<std::variant<Probe, LearningProbe>> ProbeParser::parse() const {
    const auto parts = split_probe(specification_);
    if (!parts) {
        return wrong("not a probe", "POPULATION.v, POPULATION[NEURON].v, POPULATION[FIRST:END].v; u for the current");
    }
    if (parts->variable == "v" || parts->variable == "u") {
        const auto probe = of_population(*parts, parts->variable == "v" ? Variable::voltage : Variable::current);
        return probe.map([](const Probe& value) { return std::variant<Probe, LearningProbe>(value); });
    }
    const auto quantity = std::find_if(probed.begin(), probed.end(),
                                       [&](Operand operand) { return name_of(operand) == parts->variable; });
    if (quantity == probed.end()) {
        return wrong(fmt::format("no variable '{}'", parts->variable),
                     image_.learning.empty() ? "v (voltage register), u (current register)"
                                             : "v, u of populations; w, d, t, x1, x2, y1, y2, y3, r1 of plastic "
                                               "projections");
    }
    return of_projection(*parts, *quantity).map([](const LearningProbe& value) {
        return std::variant<Probe, LearningProbe>(value);
    });
}

Result<Probe> ProbeParser::of_population(const ProbeText& parts, Variable variable) const {
    const auto& populations = image_.populations;
    const auto found = std::find_if(populations.begin(), populations.end(),
                                    [&](const auto& population) { return population.name == parts.name; });
    if (found == populations.end()) {
        return wrong(fmt::format("no population '{}'", parts.name), population_names(image_));
    }
    const auto interval = interval_of(parts.selection, found->size());
    if (!interval) {
        return wrong(fmt::format("no neurons [{}] in population '{}'", parts.selection, found->name),
                     fmt::format("neurons 0..{}, END exclusive", found->size() - 1));
    }
    return Probe{PopulationId{static_cast<std::uint32_t>(found - populations.begin())}, variable,
                 numbers_of(*interval)};
}

Result<LearningProbe> ProbeParser::of_projection(const ProbeText& parts, Operand quantity) const {
    const auto found =
        std::find_if(image_.learning.begin(), image_.learning.end(),
                     [&](const chip::LearningProfile& profile) { return profile.projection == parts.name; });
    if (found == image_.learning.end()) {
        return wrong(fmt::format("no plastic projection '{}'", parts.name), projection_names(image_));
    }
    if (!keeps(found->rule, quantity)) {
        std::string kept;
        for (const Operand operand : probed) {
            kept += keeps(found->rule, operand) ? (kept.empty() ? "" : ", ") + std::string(name_of(operand)) : "";
        }
        return wrong(fmt::format("the rule of '{}' does not use {}", found->projection, name_of(quantity)), kept);
    }
    LearningProbe probe{static_cast<std::uint32_t>(found - image_.learning.begin()), quantity, {0}};
    if (quantity == Operand::r1) {
        if (!parts.selection.empty()) {
            return wrong(fmt::format("r1 of [{}]", parts.selection), "one r1 for the whole projection: write no [...]");
        }
        return probe;
    }
    Result<std::vector<std::uint32_t>> elements;
    if (of_synapses(quantity)) {
        elements = synapses(parts, probe.profile);
    } else {
        const chip::PlasticProjection projection = chip::plastic_projection(image_, probe.profile);
        const bool pre = quantity == Operand::x1 || quantity == Operand::x2;
        elements = neurons(parts, pre ? projection.sources : projection.targets, pre ? "source" : "target");
    }
    if (!elements) {
        return tl::unexpected(elements.error());
    }
    probe.elements = std::move(*elements);
    return probe;
}

Result<std::vector<std::uint32_t>> ProbeParser::synapses(const ProbeText& parts, std::uint32_t profile) const {
    const chip::PlasticProjection projection = chip::plastic_projection(image_, profile);
    const auto count = static_cast<std::uint32_t>(projection.synapses.size());
    const std::size_t comma = parts.selection.find(',');
    if (comma == std::string::npos) {
        const auto interval = interval_of(parts.selection, count);
        if (!interval) {
            return wrong(fmt::format("no synapses [{}] in '{}'", parts.selection, parts.name),
                         count == 0 ? "none: the projection has no synapses"
                                    : fmt::format("synapses 0..{}, END exclusive", count - 1));
        }
        return numbers_of(*interval);
    }
    const auto sources = interval_of(std::string_view(parts.selection).substr(0, comma), projection.sources);
    const auto targets = interval_of(std::string_view(parts.selection).substr(comma + 1), projection.targets);
    if (!sources || !targets) {
        return wrong(fmt::format("no synapses [{}] in '{}'", parts.selection, parts.name),
                     fmt::format("[SOURCE,TARGET]: {} sources and {} targets from 0; ranges are FIRST:END, END "
                                 "exclusive",
                                 projection.sources, projection.targets));
    }
    std::vector<std::uint32_t> chosen;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (sources->contains(projection.synapses[i].source) && targets->contains(projection.synapses[i].target)) {
            chosen.push_back(i);
        }
    }
    if (chosen.empty()) {
        return wrong(fmt::format("'{}' has no synapse [{}]", parts.name, parts.selection),
                     "pairs that the projection connects");
    }
    return chosen;
}

Result<std::vector<std::uint32_t>> ProbeParser::neurons(const ProbeText& parts, std::uint32_t size,
                                                        const char* side) const {
    const auto interval = interval_of(parts.selection, size);
    if (!interval) {
        return wrong(fmt::format("no {} neurons [{}] of '{}'", side, parts.selection, parts.name),
                     size == 0 ? "none: the projection has no synapses"
                               : fmt::format("{} neurons 0..{}, END exclusive", side, size - 1));
    }
    return numbers_of(*interval);
}

}  // namespace

bool of_synapses(Operand quantity) {
    return quantity == Operand::w || quantity == Operand::d || quantity == Operand::t;
}

Result<std::variant<Probe, LearningProbe>> parse_probe(const chip::Image& image, const std::string& specification) {
    return ProbeParser(image, specification).parse();
}

}  // namespace spikeloom::runtime
