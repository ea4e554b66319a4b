// What a window shows, in sentences. A difference counts as seen where it is larger than four standard errors of the
// chip's mean: among a hundred points, chance alone makes one such difference in a hundred and fifty windows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "runtime/workbench/window.hpp"

namespace spikeloom::runtime {

namespace {

using rules::Variable;

constexpr double seen_from = 4;  // standard errors
constexpr std::array<std::string_view, 3> letters{"w", "d", "t"};
constexpr std::array<std::string_view, 5> trace_names{"x1", "x2", "y1", "y2", "y3"};

struct Place {
    const WindowSeries* series = nullptr;
    const WindowPoint* point = nullptr;
    const Change* change = nullptr;
};

std::vector<Place> places(const Window& window, std::size_t variable) {
    std::vector<Place> all;
    for (const WindowSeries& series : window.series) {
        for (const WindowPoint& point : series.points) {
            if (point.changes[variable]) {
                all.push_back({&series, &point, &*point.changes[variable]});
            }
        }
    }
    return all;
}

std::string where(const Window& window, const Place& place) {
    const auto axis = axes(window.options.protocol);
    if (!axis[1].name.empty()) {
        return fmt::format("{} at {:g} and {:g} {}", place.series->label, place.point->x, place.point->y, axis[0].unit);
    }
    const std::string at = fmt::format("{} = {:g} {}", axis[0].name, place.point->x, axis[0].unit);
    return window.series.size() > 1 ? fmt::format("{}, {}", place.series->label, at) : at;
}

double standard_error(const Change& change, const Window& window) {
    return change.deviation / std::sqrt(static_cast<double>(window.options.trials));
}

/// Half a unit of the chip's finest fraction is beneath what any trial can show.
bool is_seen(const Change& change, const Window& window) {
    const double trials = window.options.trials;
    return std::abs(change.mean - change.real) > seen_from * standard_error(change, window) + seen_from / trials;
}

bool is_nothing(const Change& change) {
    return change.real == 0 && change.least == 0 && change.most == 0;
}

template <class Key>
const Place& greatest(const std::vector<Place>& all, const Key& key) {
    return *std::max_element(all.begin(), all.end(),
                             [&](const Place& a, const Place& b) { return key(*a.change) < key(*b.change); });
}

std::string extent(const Window& window, const std::vector<Place>& all, std::string_view letter) {
    const auto real = [](const Change& change) { return change.real; };
    const auto minus_real = [](const Change& change) { return -change.real; };
    const auto mean = [](const Change& change) { return change.mean; };
    const auto minus_mean = [](const Change& change) { return -change.mean; };
    return fmt::format(
        "Float changes {} by {:+.3g} to {:+.3g} (at {}); the mean of {} trials on {} by {:+.3g} to {:+.3g}.", letter,
        greatest(all, minus_real).change->real, greatest(all, real).change->real,
        where(window, greatest(all, [](const Change& change) { return std::abs(change.real); })), window.options.trials,
        window.chip, greatest(all, minus_mean).change->mean, greatest(all, mean).change->mean);
}

/// Bits that the products of the variable drop, at most.
int dropped_bits(const Window& window, Variable variable) {
    int most = 0;
    for (const rules::Product& product : window.rule.series(variable).products) {
        most = std::max(most, rules::product_shift(product, window.options.arithmetic));
    }
    return most;
}

std::string difference(const Window& window, const std::vector<Place>& all, Variable variable) {
    double squares = 0;
    std::size_t seen = 0;
    std::size_t below = 0;
    for (const Place& place : all) {
        squares += (place.change->mean - place.change->real) * (place.change->mean - place.change->real);
        seen += is_seen(*place.change, window) ? 1 : 0;
        below += is_seen(*place.change, window) && place.change->mean < place.change->real ? 1 : 0;
    }
    const Place& worst = greatest(all, [](const Change& change) { return std::abs(change.mean - change.real); });
    const double rms = std::sqrt(squares / static_cast<double>(all.size()));
    const std::string size = fmt::format("at most {:.2g} ({}; there float {:+.3g}, chip {:+.3g}), {:.2g} rms",
                                         std::abs(worst.change->mean - worst.change->real), where(window, worst),
                                         worst.change->real, worst.change->mean, rms);
    if (seen == 0) {
        return fmt::format(
            "The chip's mean differs from float by {}: nowhere more than {:g} standard errors, so {} "
            "trials show no bias.",
            size, seen_from, window.options.trials);
    }
    const bool floored =
        below == seen && dropped_bits(window, variable) > 0 && window.options.scale == FloatScale::chip;
    return fmt::format(
        "The chip's mean differs from float by {}; in {} of {} points by more than {:g} standard errors: there the "
        "chip "
        "is biased, and more trials would not mend it.{}",
        size, seen, all.size(), seen_from,
        floored ? " It lies below float each time: the bits that a product drops are rounded toward minus infinity."
                : "");
}

std::string silence(const Window& window, const std::vector<Place>& all, Variable variable, std::string_view letter) {
    std::vector<Place> silent;
    for (const Place& place : all) {
        const Change& change = *place.change;
        const double noticeable = 3.0 / window.options.trials;
        if (change.least == 0 && change.most == 0 && std::abs(change.real) > noticeable && change.at_bound == 0) {
            silent.push_back(place);
        }
    }
    if (silent.empty()) {
        return {};
    }
    const Place& most = greatest(silent, [](const Change& change) { return std::abs(change.real); });
    const int dropped = dropped_bits(window, variable);
    const std::string reason =
        dropped > 0 ? fmt::format("the trace has been rounded to 0, or the {} bits that a product drops hold all of it",
                                  dropped)
                    : std::string("the trace has been rounded to 0");
    std::string beyond = fmt::format("in {} of {} points", silent.size(), all.size());
    if (window.options.protocol.kind == ProtocolKind::pair) {
        double inside = 0;
        for (const Place& place : all) {
            if (place.change->least != 0 || place.change->most != 0) {
                inside = std::max(inside, std::abs(place.point->x));
            }
        }
        const bool outermost = std::all_of(silent.begin(), silent.end(),
                                           [&](const Place& place) { return std::abs(place.point->x) > inside; });
        if (outermost) {
            beyond = fmt::format("for |{}| > {:g} {}", axes(window.options.protocol)[0].name, inside,
                                 axes(window.options.protocol)[0].unit);
        }
    }
    return fmt::format("No trial on the chip changes {} {}, where float still changes it by up to {:.2g}: {}.", letter,
                       beyond, std::abs(most.change->real), reason);
}

std::string spread(const Window& window, const std::vector<Place>& all, std::string_view letter) {
    const Place& widest = greatest(all, [](const Change& change) { return change.deviation; });
    if (widest.change->deviation == 0) {
        return fmt::format("All trials agree: nothing in the change of {} is left to chance.", letter);
    }
    return fmt::format(
        "Single trials spread by a standard deviation of up to {:.2g} ({}; {:+g} to {:+g} around a mean of "
        "{:+.3g}){}.",
        widest.change->deviation, where(window, widest), widest.change->least, widest.change->most, widest.change->mean,
        window.rule.epoch > 1 ? ", of rounding and of the place within the epoch" : "");
}

std::string bounds(const Window& window, const std::vector<Place>& all, std::string_view letter) {
    std::size_t touched = 0;
    for (const Place& place : all) {
        touched += place.change->at_bound > 0.01 ? 1 : 0;
    }
    if (touched == 0) {
        return {};
    }
    const Place& most = greatest(all, [](const Change& change) { return change.at_bound; });
    return fmt::format(
        "{} ends at a bound of its register in {} of {} points (in {:.0f} % of the trials at {}): the "
        "window is cut off there.",
        letter, touched, all.size(), 100 * most.change->at_bound, where(window, most));
}

std::string saturation(const Window& window) {
    const rules::LearningArithmetic& own = window.options.written_for;
    const int bits = window.options.arithmetic.trace_bits;
    const double most = std::ldexp(window.options.arithmetic.trace_most(), own.trace_bits - bits);
    std::string high;
    for (std::size_t k = 0; k < trace_names.size(); ++k) {
        if (window.highest_traces[k] > most) {
            high += fmt::format("{}{} (to {:.0f})", high.empty() ? "" : ", ", trace_names[k], window.highest_traces[k]);
        }
    }
    return high.empty() ? std::string()
                        : fmt::format("In float {} rises beyond {:.3g}, where the chip's trace of {} bits stops.", high,
                                      most, bits);
}

}  // namespace

std::string division_sentence(const rules::Rule& rule, const rules::LearningArithmetic& arithmetic, FloatScale scale) {
    std::string products;
    int most = 0;
    for (const Variable variable : rules::variables) {
        for (const rules::Product& product : rule.series(variable).products) {
            const int bits = rules::product_shift(product, arithmetic);
            if (bits == 0) {
                continue;
            }
            most = std::max(most, bits);
            rules::ProductSeries alone{.products = {product}, .decimation = rule.series(variable).decimation};
            products += fmt::format("{}{} (by {})", products.empty() ? "" : ", ", rules::print(alone), 1 << bits);
        }
    }
    if (products.empty()) {
        return {};
    }
    if (scale == FloatScale::chip) {
        return fmt::format("Float is divided here as the engine divides: {}.", products);
    }
    return fmt::format(
        "The engine divides products that are wider than its accumulator, float does not: {}. Exponents up "
        "to {} higher would make up for it; --float chip compares without this factor.",
        products, most);
}

std::vector<std::string> findings(const Window& window) {
    std::vector<std::string> sentences;
    const auto say = [&](std::string sentence) {
        if (!sentence.empty()) {
            sentences.push_back(std::move(sentence));
        }
    };
    say(division_sentence(window.rule, window.options.written_for, window.options.scale));
    for (const Variable variable : rules::variables) {
        const auto v = static_cast<std::size_t>(variable);
        const std::vector<Place> all = places(window, v);
        if (all.empty()) {
            continue;
        }
        if (std::ranges::all_of(all, [](const Place& place) { return is_nothing(*place.change); })) {
            say(fmt::format("Neither float nor the chip changes {} in this protocol.", letters[v]));
            continue;
        }
        say(extent(window, all, letters[v]));
        say(difference(window, all, variable));
        say(silence(window, all, variable, letters[v]));
        say(spread(window, all, letters[v]));
        say(bounds(window, all, letters[v]));
    }
    say(saturation(window));
    return sentences;
}

}  // namespace spikeloom::runtime
