// The learning window of a rule: how much w (and d, t) changes in a protocol, in real numbers and on the chip. The
// chip's change is a distribution over trials, since it rounds stochastically; with epochs of several steps, trials
// also differ in where within the epoch the protocol begins, and the float curve is the mean over those places.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/rule.hpp"
#include "runtime/workbench/protocol.hpp"

namespace spikeloom::runtime {

/// What float takes a product for. The engine drops the low bits of products that are wider than its accumulator, and
/// does not make up for it: a product of two 7-bit traces counts an eighth (rules::product_shift).
enum class FloatScale : std::uint8_t {
    written,  ///< as the rule's text says
    chip,     ///< divided as the engine divides it
};

struct WindowOptions {
    ProtocolOptions protocol;
    rules::LearningArithmetic arithmetic;   ///< that the chip's trials run with
    rules::LearningArithmetic written_for;  ///< whose units rule, weights and changes are in: the chip's own
    rules::IntegerRange weights{-256, 255};
    int weight = 0;  ///< w before the protocol
    int delay = 0;   ///< d before it
    int trials = 200;
    std::uint64_t seed = 0;
    std::int32_t payload = 0;  ///< of graded source spikes
    FloatScale scale = FloatScale::written;
};

/// The change of one variable in one point, in units of its register.
struct Change {
    double real = 0;
    double mean = 0;       ///< of the chip, over trials
    double deviation = 0;  ///< standard deviation over trials
    double least = 0;
    double most = 0;
    double at_bound = 0;  ///< share of trials that end at a bound of the variable

    friend bool operator==(const Change&, const Change&) = default;
};

struct WindowPoint {
    double x = 0;
    double y = 0;
    std::array<std::optional<Change>, 3> changes;  ///< by rules::Variable; of those that the rule changes

    friend bool operator==(const WindowPoint&, const WindowPoint&) = default;
};

struct WindowSeries {
    std::string label;
    std::vector<WindowPoint> points;
    friend bool operator==(const WindowSeries&, const WindowSeries&) = default;
};

struct Window {
    rules::Rule rule;
    std::string chip;  ///< "loihi1"
    WindowOptions options;
    std::vector<WindowSeries> series;
    /// Largest values of x1, x2, y1, y2, y3 in float, at the ends of epochs, over all points.
    std::array<double, 5> highest_traces{};
};

/// The rule with the exponents that its products come to where `arithmetic` drops bits.
[[nodiscard]] rules::Rule as_scaled(const rules::Rule& rule, const rules::LearningArithmetic& arithmetic);

/// Which products the engine divides, and by how much; empty where it divides none.
[[nodiscard]] std::string division_sentence(const rules::Rule& rule, const rules::LearningArithmetic& arithmetic,
                                            FloatScale scale);

/// Options that make no sense for this rule, all at once.
[[nodiscard]] Diagnostics check_window(const rules::Rule& rule, const WindowOptions& options);
/// Needs options that check_window passes. `progress` is told the fraction that is done, point by point.
[[nodiscard]] Window measure_window(const rules::Rule& rule, const std::string& chip, const WindowOptions& options,
                                    const std::function<void(double)>& progress = {});

/// What the chip makes of the rule, in sentences.
[[nodiscard]] std::vector<std::string> findings(const Window& window);

/// A table, a small picture in characters, and the findings.
[[nodiscard]] std::string window_text(const Window& window);
/// Keys end with their unit: "_steps", "_lsb" (units of the chip's register).
[[nodiscard]] std::string window_json(const Window& window);
/// A picture that stands alone.
[[nodiscard]] std::string window_svg(const Window& window);

}  // namespace spikeloom::runtime
