// Stimulation protocols of plasticity experiments, for one synapse: when its source and its target spike, and when a
// reward comes. A protocol is some series of points; a point is a run of its own.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::runtime {

enum class ProtocolKind : std::uint8_t {
    pair,       ///< one spike of each, over their time difference
    triplet,    ///< pre-post-pre and post-pre-post, over both differences (Pfister and Gerstner 2006)
    frequency,  ///< pairs of a fixed difference, over their rate (Sjoestroem et al. 2001)
    reward,     ///< a pair, then a reward, over its delay
};
inline constexpr std::array<std::pair<std::string_view, ProtocolKind>, 4> protocol_words{
    {{"pair", ProtocolKind::pair},
     {"triplet", ProtocolKind::triplet},
     {"frequency", ProtocolKind::frequency},
     {"reward", ProtocolKind::reward}}};
[[nodiscard]] std::string_view name_of(ProtocolKind kind);

struct ProtocolOptions {
    ProtocolKind kind = ProtocolKind::pair;
    int range = 40;   ///< largest difference or delay, in steps
    int stride = 0;   ///< from point to point, in steps; 0: 1, for triplets such that 10 x 10 points cover the range
    int repeats = 1;  ///< of pairs or triplets
    int spacing = 0;  ///< steps between repetitions; 0: until traces have died (not for frequency)
    int difference = 10;        ///< t(target) - t(source) in frequency and reward
    double rate_most_hz = 100;  ///< frequency: 20 rates up to this one, at `step_s`
    double step_s = 1e-3;
    int reward = 32;                                     ///< value of the reward
    rules::Operand reward_operand = rules::Operand::r1;  ///< r1, or a third factor y1..y3 that carries it
    int tail = -1;                                       ///< steps after the last event; -1: until traces have died
};

struct RewardEvent {
    std::uint64_t step = 0;
    int value = 0;
    friend bool operator==(const RewardEvent&, const RewardEvent&) = default;
};

/// What happens to one synapse, steps from 0, ascending.
struct PointEvents {
    std::vector<std::uint64_t> source;
    std::vector<std::uint64_t> target;
    std::vector<RewardEvent> rewards;
    std::uint64_t steps = 0;
    friend bool operator==(const PointEvents&, const PointEvents&) = default;
};

struct ProtocolPoint {
    double x = 0;
    double y = 0;  ///< triplets only
    PointEvents events;
};
struct ProtocolSeries {
    std::string label;
    std::vector<ProtocolPoint> points;
};

/// The axis of a protocol's points: "t(post) - t(pre)", "steps".
struct ProtocolAxis {
    std::string name;
    std::string unit;
};
[[nodiscard]] std::array<ProtocolAxis, 2> axes(const ProtocolOptions& options);

/// Steps after which traces of the rule have decayed below a thousandth; at least one epoch.
[[nodiscard]] int quiet_steps(const rules::Rule& rule);
/// What makes no sense in the options, for this rule: ranges, counts, a reward that the rule doesn't read.
[[nodiscard]] Diagnostics check_protocol(const ProtocolOptions& options, const rules::Rule& rule);
/// Needs options that check_protocol passes. Every point lasts a whole number of epochs, and of 2^k epochs where the
/// rule has u_k.
[[nodiscard]] std::vector<ProtocolSeries> make_protocol(const ProtocolOptions& options, const rules::Rule& rule);
/// The same events so many steps later: another place within the epoch.
[[nodiscard]] PointEvents shifted(const PointEvents& events, int steps, const rules::Rule& rule);

}  // namespace spikeloom::runtime
