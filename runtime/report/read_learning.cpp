// What was learned, from /learning/<projection>. Nothing there is trusted: shapes are checked against each other, rows
// are thinned while they are read, and no more than two rows of all weights are in memory.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "runtime/report/source.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::size_t most_projections = 255;
constexpr std::size_t most_moments = 400;
constexpr std::size_t most_lines = 8;
constexpr std::size_t most_bins = 40;
constexpr std::size_t most_rule_text = 20'000;
constexpr std::uint64_t most_synapses = std::uint64_t{1} << 26;
constexpr std::uint64_t most_field_synapses = std::uint64_t{1} << 22;
constexpr std::uint64_t most_drawn_sources = 4096;
constexpr std::size_t most_fields = 12;
constexpr std::uint64_t most_in_a_read = std::uint64_t{1} << 20;

/// At most `wanted` of 0..count-1, evenly, first and last among them.
std::vector<std::uint64_t> evenly(std::uint64_t count, std::uint64_t wanted) {
    std::vector<std::uint64_t> chosen;
    const std::uint64_t parts = std::min(count, wanted);
    for (std::uint64_t i = 0; i < parts; ++i) {
        chosen.push_back(parts < 2
                             ? 0
                             : static_cast<std::uint64_t>(static_cast<double>(i) * static_cast<double>(count - 1) /
                                                          static_cast<double>(parts - 1)));
    }
    return chosen;
}

/// Rows and columns of a shape with few enough neurons to draw: the last extent are the columns. Empty otherwise.
std::vector<std::uint32_t> small_shape(const std::string& text) {
    std::uint32_t rows = 1;
    std::uint32_t columns = 0;
    for (std::size_t at = 0; at < text.size();) {
        std::uint32_t extent = 0;
        const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), extent);
        at = static_cast<std::size_t>(end - text.data()) + 1;
        rows *= std::max(columns, 1U);
        columns = extent;
        const bool good = error == std::errc{} && extent > 0 && std::uint64_t{rows} * extent <= most_drawn_sources &&
                          (at > text.size() || (text[at - 1] == 'x' && at < text.size()));
        if (!good) {
            return {};
        }
    }
    return columns == 0 ? std::vector<std::uint32_t>{} : std::vector<std::uint32_t>{rows, columns};
}

class ProjectionReader {
public:
    ProjectionReader(Source& source, std::string folder) : source_(source), folder_(std::move(folder)) {}

    /// Fills what the folder holds; what is wrong is in the source's findings.
    void read(ProjectionLearning& learning);

private:
    [[nodiscard]] std::string at(const std::string& name) const { return folder_ + "/" + name; }
    void read_rule(ProjectionLearning& learning);
    void read_means(ProjectionLearning& learning);
    void read_snapshots(ProjectionLearning& learning);
    void compare(const std::vector<std::int32_t>& before, const std::vector<std::int32_t>& after,
                 ProjectionLearning& learning);
    /// `after`: all weights at the end.
    void read_fields(const std::vector<std::int32_t>& after, ProjectionLearning& learning);
    void read_probe(const std::string& quantity, ProjectionLearning& learning);
    [[nodiscard]] std::vector<std::string> line_names(const std::string& path, const std::string& quantity,
                                                      const std::vector<std::uint64_t>& columns, std::uint64_t width);
    /// The shape, if it has `dimensions`.
    [[nodiscard]] std::optional<std::vector<std::uint64_t>> shape(const std::string& path, std::size_t dimensions);
    /// The chosen rows and columns of a dataset of `width` columns, row after row.
    template <class T>
    [[nodiscard]] std::optional<std::vector<T>> pick(const std::string& path, std::uint64_t width,
                                                     const std::vector<std::uint64_t>& rows,
                                                     const std::vector<std::uint64_t>& columns);
    /// As doubles, all finite.
    [[nodiscard]] std::optional<std::vector<double>> figures(const std::string& path,
                                                             const std::vector<std::uint64_t>& rows);

    Source& source_;
    std::string folder_;
    std::uint64_t moments_ = 0;  ///< rows of the datasets over time
    std::vector<std::uint64_t> moments_shown_;
};

std::optional<std::vector<std::uint64_t>> ProjectionReader::shape(const std::string& path, std::size_t dimensions) {
    const auto info = source_.keep(source_.file.describe(path));
    if (!info) {
        return std::nullopt;
    }
    if (info->shape.size() != dimensions) {
        source_.wrong(path, fmt::format("{} dimensions", info->shape.size()), fmt::format("{} dimensions", dimensions));
        return std::nullopt;
    }
    return info->shape;
}

template <class T>
std::optional<std::vector<T>> ProjectionReader::pick(const std::string& path, std::uint64_t width,
                                                     const std::vector<std::uint64_t>& rows,
                                                     const std::vector<std::uint64_t>& columns) {
    std::vector<T> picked;
    const std::uint64_t rows_a_read = std::max<std::uint64_t>(most_in_a_read / std::max<std::uint64_t>(width, 1), 1);
    for (std::size_t i = 0; i < rows.size();) {
        std::uint64_t run = 1;
        while (run < rows_a_read && i + run < rows.size() && rows[i + run] == rows[i] + run) {
            ++run;
        }
        const auto slab = source_.keep(source_.file.read_rows<T>(path, rows[i], run));
        if (!slab) {
            return std::nullopt;
        }
        if (slab->values.size() != run * width) {
            source_.wrong(path, fmt::format("{} values in {} rows", slab->values.size(), run),
                          fmt::format("{} a row", width));
            return std::nullopt;
        }
        for (std::uint64_t row = 0; row < run; ++row) {
            for (const std::uint64_t column : columns) {
                picked.push_back(slab->values[row * width + column]);
            }
        }
        i += run;
    }
    return picked;
}

std::optional<std::vector<double>> ProjectionReader::figures(const std::string& path,
                                                             const std::vector<std::uint64_t>& rows) {
    const auto extents = shape(path, 1);
    if (!extents) {
        return std::nullopt;
    }
    if (!rows.empty() && (*extents)[0] <= rows.back()) {
        source_.wrong(path, fmt::format("{} values", (*extents)[0]), fmt::format("one a moment: {}", moments_));
        return std::nullopt;
    }
    auto values = pick<double>(path, 1, rows, {0});
    if (values && !std::all_of(values->begin(), values->end(), [](double value) { return std::isfinite(value); })) {
        source_.wrong(path, "a value that is not finite", "finite numbers");
        return std::nullopt;
    }
    return values;
}

std::string traces_text(const std::vector<std::string>& names, const std::vector<double>& impulses,
                        const std::vector<double>& taus) {
    std::string text;
    for (std::size_t i = 0; i < std::min({names.size(), impulses.size(), taus.size()}); ++i) {
        if (impulses[i] != 0 || taus[i] != 0) {
            text += fmt::format("{}{}: impulse {:.6g}, tau {:.6g} steps", text.empty() ? "" : "; ", names[i],
                                impulses[i], taus[i]);
        }
    }
    return text;
}

void ProjectionReader::read_rule(ProjectionLearning& learning) {
    learning.rule = source_.text(at("rule/text"), true);
    if (learning.rule.size() > most_rule_text) {
        learning.rule.resize(most_rule_text);
        learning.rule = printable(learning.rule, true) + " ... (cut)";
    }
    learning.epoch = source_.number<std::uint32_t>(at("rule/epoch")).value_or(1);
    const auto x_impulse = source_.column<double>(at("rule/x_impulse"), 2);
    const auto x_tau = source_.column<double>(at("rule/x_tau"), 2);
    const auto y_impulse = source_.column<double>(at("rule/y_impulse"), 3);
    const auto y_tau = source_.column<double>(at("rule/y_tau"), 3);
    if (x_impulse && x_tau && y_impulse && y_tau) {
        const std::string pre = traces_text({"x1", "x2"}, *x_impulse, *x_tau);
        const std::string post = traces_text({"y1", "y2", "y3"}, *y_impulse, *y_tau);
        learning.traces = pre + (pre.empty() || post.empty() ? "" : "; ") + post;
    }
    learning.weight_per_unit = source_.number<double>(at("weight_per_unit")).value_or(1);
    if (!std::isfinite(learning.weight_per_unit)) {
        source_.wrong(at("weight_per_unit"), "a scale that is not finite", "a finite number");
    }
    const auto limits = source_.column<std::int32_t>(at("weight_limits"), 2);
    if (limits && (*limits)[0] > (*limits)[1]) {
        source_.wrong(at("weight_limits"), fmt::format("{} .. {}", (*limits)[0], (*limits)[1]), "least, then most");
    } else if (limits) {
        learning.limit_least = (*limits)[0];
        learning.limit_most = (*limits)[1];
    }
}

void ProjectionReader::read_means(ProjectionLearning& learning) {
    const auto extents = shape(at("time"), 1);
    if (!extents) {
        return;
    }
    moments_ = (*extents)[0];
    moments_shown_ = evenly(moments_, most_moments);
    const auto times = figures(at("time"), moments_shown_);
    const auto means = figures(at("weight_mean"), moments_shown_);
    const auto least = figures(at("at_least"), moments_shown_);
    const auto most = figures(at("at_most"), moments_shown_);
    if (!times || !means || !least || !most || moments_ == 0) {
        return;
    }
    if (!std::is_sorted(times->begin(), times->end())) {
        source_.wrong(at("time"), "times that go back", "ascending times");
        return;
    }
    const double synapses = static_cast<double>(std::max<std::uint64_t>(learning.synapses, 1));
    for (std::size_t i = 0; i < times->size(); ++i) {
        const double share = ((*least)[i] + (*most)[i]) / synapses;
        if (!((*least)[i] >= 0 && (*most)[i] >= 0 && share <= 1)) {
            source_.wrong(at("at_least"), "a count of weights at a limit that can't be",
                          fmt::format("0..{}", learning.synapses));
            return;
        }
        learning.share_at_limits.push_back(share);
    }
    learning.time_ms = *times;
    learning.weight_mean = *means;
    learning.at_least = static_cast<std::uint64_t>(least->back());
    learning.at_most = static_cast<std::uint64_t>(most->back());
    learning.mean_before = means->front();
    learning.mean_after = means->back();
}

void ProjectionReader::read_snapshots(ProjectionLearning& learning) {
    const std::string path = at("snapshots/weights");
    const auto extents = shape(path, 2);
    if (!extents) {
        return;
    }
    learning.snapshots = (*extents)[0];
    if (learning.snapshots == 0 || learning.synapses == 0) {
        return;
    }
    if ((*extents)[1] != learning.synapses) {
        source_.wrong(path, fmt::format("rows of {} weights", (*extents)[1]),
                      fmt::format("one a synapse: {}", learning.synapses));
        return;
    }
    const auto before = source_.keep(source_.file.read_rows<std::int32_t>(path, 0, 1));
    const auto after = source_.keep(source_.file.read_rows<std::int32_t>(path, learning.snapshots - 1, 1));
    if (before && after && before->values.size() == after->values.size() && !before->values.empty()) {
        compare(before->values, after->values, learning);
        read_fields(after->values, learning);
    }
}

void ProjectionReader::compare(const std::vector<std::int32_t>& before, const std::vector<std::int32_t>& after,
                               ProjectionLearning& learning) {
    const auto [low_before, high_before] = std::minmax_element(before.begin(), before.end());
    const auto [low_after, high_after] = std::minmax_element(after.begin(), after.end());
    const std::int64_t least = std::min(*low_before, *low_after);
    const std::int64_t most = std::max(*high_before, *high_after);
    const auto bins_wanted = static_cast<std::int64_t>(most_bins);
    const std::int64_t width = (most - least) / bins_wanted + 1;
    const auto bins = static_cast<std::size_t>((most - least) / width + 1);
    for (auto [weights, histogram] : {std::pair{&before, &learning.before}, std::pair{&after, &learning.after}}) {
        histogram->first = static_cast<double>(least);
        histogram->width = static_cast<double>(width);
        histogram->counts.assign(bins, 0);
        for (const std::int64_t weight : *weights) {
            ++histogram->counts[static_cast<std::size_t>((weight - least) / width)];
        }
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
        learning.changed += before[i] != after[i] ? 1 : 0;
    }
}

void ProjectionReader::read_fields(const std::vector<std::int32_t>& after, ProjectionLearning& learning) {
    learning.source = source_.text(at("source/name"));
    learning.target = source_.text(at("target/name"));
    const std::string shape_text = source_.text(at("source/shape"));
    if (shape_text.empty() || learning.synapses > most_field_synapses) {
        return;
    }
    const auto sources = source_.column<std::uint32_t>(at("synapses/source"), learning.synapses);
    const auto targets = source_.column<std::uint32_t>(at("synapses/target"), learning.synapses);
    if (!sources || !targets) {
        return;
    }
    const std::vector<std::uint32_t> shape = small_shape(shape_text);
    const std::uint32_t last_source = *std::max_element(sources->begin(), sources->end());
    const std::uint64_t count = shape.empty() ? 0 : std::uint64_t{shape[0]} * shape[1];
    if (count <= last_source) {
        return;  // not a shape of these sources, or too many to draw
    }
    learning.field_shape = shape;
    std::vector<std::uint32_t> found(targets->begin(), targets->end());
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    for (const std::uint64_t chosen : evenly(found.size(), most_fields)) {
        WeightField field{.target = found[chosen], .weights = {}};
        field.weights.resize(count);
        for (std::size_t i = 0; i < after.size(); ++i) {
            if ((*targets)[i] == field.target) {
                field.weights[(*sources)[i]] = after[i];
            }
        }
        learning.fields.push_back(std::move(field));
    }
}

std::vector<std::string> ProjectionReader::line_names(const std::string& path, const std::string& quantity,
                                                      const std::vector<std::uint64_t>& columns, std::uint64_t width) {
    std::vector<std::string> names;
    if (quantity == "r1") {
        return {"reward"};
    }
    const bool synapses = quantity == "w" || quantity == "d" || quantity == "t";
    const auto column = [&](const char* name) {
        const auto extents = shape(path + "/" + name, 1);
        if (extents && (*extents)[0] != width) {
            source_.wrong(path + "/" + name, fmt::format("{} values", (*extents)[0]),
                          fmt::format("one a column of data: {}", width));
            return std::optional<std::vector<std::uint32_t>>();
        }
        return extents ? pick<std::uint32_t>(path + "/" + name, 1, columns, {0}) : std::nullopt;
    };
    const auto first = column(synapses ? "source" : "neuron");
    const auto second = synapses ? column("target") : first;
    if (!first || !second) {
        return {};
    }
    for (std::size_t i = 0; i < first->size(); ++i) {
        names.push_back(synapses ? fmt::format("{} to {}", (*first)[i], (*second)[i])
                                 : fmt::format("{} {}", quantity[0] == 'x' ? "source" : "target", (*first)[i]));
    }
    return names;
}

void ProjectionReader::read_probe(const std::string& quantity, ProjectionLearning& learning) {
    const std::string path = at("probes/" + quantity);
    const auto extents = shape(path + "/data", 2);
    if (!extents) {
        return;
    }
    if ((*extents)[0] != moments_ || (*extents)[1] == 0) {
        source_.wrong(path + "/data", fmt::format("shape ({}, {})", (*extents)[0], (*extents)[1]),
                      fmt::format("one row a moment: {}", moments_));
        return;
    }
    const std::vector<std::uint64_t> columns = evenly((*extents)[1], most_lines);
    LearningSeries series;
    series.quantity = quantity;
    series.recorded = (*extents)[1];
    series.time_ms = learning.time_ms;
    series.lines = line_names(path, quantity, columns, (*extents)[1]);
    const auto values = pick<std::int32_t>(path + "/data", (*extents)[1], moments_shown_, columns);
    if (!values || series.lines.size() != columns.size() || learning.time_ms.size() != moments_shown_.size()) {
        return;
    }
    for (std::size_t line = 0; line < columns.size(); ++line) {
        std::vector<double>& over_time = series.values.emplace_back();
        for (std::size_t moment = 0; moment < moments_shown_.size(); ++moment) {
            over_time.push_back((*values)[moment * columns.size() + line]);
        }
    }
    learning.series.push_back(std::move(series));
}

void ProjectionReader::read(ProjectionLearning& learning) {
    const auto sources = shape(at("synapses/source"), 1);
    if (!sources) {
        return;
    }
    learning.synapses = (*sources)[0];
    if (learning.synapses > most_synapses) {
        source_.wrong(at("synapses/source"), fmt::format("{} synapses", learning.synapses),
                      fmt::format("at most {}", most_synapses));
        return;
    }
    read_rule(learning);
    read_means(learning);
    read_snapshots(learning);
    for (const char* quantity : {"w", "d", "t", "x1", "x2", "y1", "y2", "y3", "r1"}) {
        if (source_.file.has(at("probes/" + std::string(quantity)))) {
            read_probe(quantity, learning);
        }
    }
}

}  // namespace

void read_learning(Source& source, Report& report) {
    if (!source.file.has("/learning")) {
        return;
    }
    auto members = source.keep(source.file.members("/learning"));
    if (!members) {
        return;
    }
    if (members->size() > most_projections) {
        source.remark(
            fmt::format("Of {} plastic projections, the first {} are shown.", members->size(), most_projections));
        members->resize(most_projections);
    }
    for (const files::Hdf5Member& member : *members) {
        const std::string folder = "/learning/" + member.name;
        if (member.kind != files::Hdf5Kind::group) {
            source.wrong(folder, "not a group", "one group a plastic projection");
            continue;
        }
        ProjectionLearning learning;
        learning.name = printable(member.name);
        ProjectionReader(source, folder).read(learning);
        report.learning.push_back(std::move(learning));
    }
    if (source.file.has("/provenance/learning")) {
        report.learning_frozen = source.number<std::uint8_t>("/provenance/learning").value_or(1) == 0;
    }
}

}  // namespace spikeloom::runtime
