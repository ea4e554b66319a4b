#include "compiler/text/draw_rules.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <unordered_set>

namespace spikeloom::compiler::text {
namespace {

/// FNV-1a, 64 bits.
std::uint64_t hash_of(const std::string& name) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return hash;
}

constexpr auto partner_purpose = static_cast<unsigned>(DrawPurpose::partner);

/// `count` different numbers below `bound`, ascending (Floyd's algorithm: no draw is repeated).
std::vector<std::uint32_t> distinct(std::uint32_t neuron, std::uint32_t count, std::uint32_t bound,
                                    const RuleRandom& random) {
    std::vector<std::uint32_t> chosen;
    std::unordered_set<std::uint32_t> taken;
    chosen.reserve(count);
    taken.reserve(count);
    for (std::uint32_t last = bound - count; last < bound; ++last) {
        const auto drawn =
            static_cast<std::uint32_t>(random.below(partner_purpose, neuron, last, std::uint64_t{last} + 1));
        const std::uint32_t taken_now = taken.insert(drawn).second ? drawn : last;
        taken.insert(taken_now);
        chosen.push_back(taken_now);
    }
    return chosen;
}

}  // namespace

RuleRandom::RuleRandom(std::uint64_t seed, const std::string& name) : seed_(seed ^ hash_of(name)) {}

RandomKey RuleRandom::key(unsigned purpose, std::uint32_t neuron, std::uint64_t draw) const {
    // A RandomKey has 16 bits of `draw`; 48 of `step` and 32 of `core` are free here.
    return {.seed = seed_,
            .purpose = RandomPurpose::network_rule,
            .step = draw,
            .core = purpose,
            .neuron = neuron,
            .draw = 0};
}

std::array<std::uint32_t, 4> RuleRandom::block(unsigned purpose, std::uint32_t neuron, std::uint64_t draw) const {
    return random_block(key(purpose, neuron, draw));
}

double RuleRandom::uniform(unsigned purpose, std::uint32_t neuron, std::uint64_t draw) const {
    return random_uniform(key(purpose, neuron, draw));
}

double RuleRandom::normal(unsigned purpose, std::uint32_t neuron, std::uint64_t draw) const {
    // Box and Muller, from the two halves of a block.
    const auto words = block(purpose, neuron, draw);
    const auto unit = [](std::uint32_t high, std::uint32_t low) {
        return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1.0p-53;
    };
    const double radius = std::sqrt(-2.0 * std::log(1.0 - unit(words[0], words[1])));
    return radius * std::cos(2.0 * std::numbers::pi * unit(words[2], words[3]));
}

std::uint64_t RuleRandom::below(unsigned purpose, std::uint32_t neuron, std::uint64_t draw, std::uint64_t bound) const {
    return random_below(key(purpose, neuron, draw), bound);
}

double drawn_number(const NumberRule& rule, const RuleRandom& random, unsigned purpose, std::uint32_t neuron,
                    std::uint64_t draw) {
    if (const auto* uniform = std::get_if<UniformRule>(&rule)) {
        return uniform->low + (uniform->high - uniform->low) * random.uniform(purpose, neuron, draw);
    }
    if (const auto* normal = std::get_if<NormalRule>(&rule)) {
        const double value = normal->mean + normal->deviation * random.normal(purpose, neuron, draw);
        return std::clamp(value, normal->least, normal->most);
    }
    return std::get<double>(rule);
}

std::uint64_t most_partners(const DegreeRule& rule, std::uint32_t others) {
    const std::uint64_t choices = rule.allow_self ? others : others - 1;
    return rule.allow_multiple && choices > 0 ? UINT32_MAX : choices;
}

Partners draw_fixed_degree(const DegreeRule& rule, std::uint32_t neurons, std::uint32_t others,
                           const RuleRandom& random) {
    Partners result;
    result.partners.reserve(std::size_t{neurons} * rule.count);
    const std::uint32_t choices = rule.allow_self ? others : others - 1;
    for (std::uint32_t neuron = 0; neuron < neurons; ++neuron) {
        std::vector<std::uint32_t> chosen;
        if (rule.allow_multiple) {
            for (std::uint32_t k = 0; k < rule.count; ++k) {
                chosen.push_back(static_cast<std::uint32_t>(random.below(partner_purpose, neuron, k, choices)));
            }
        } else {
            chosen = distinct(neuron, rule.count, choices, random);
        }
        if (!rule.allow_self) {  // the numbers leave the neuron itself out
            for (std::uint32_t& other : chosen) {
                other += other >= neuron ? 1 : 0;
            }
        }
        std::sort(chosen.begin(), chosen.end());
        result.partners.insert(result.partners.end(), chosen.begin(), chosen.end());
        result.first.push_back(result.partners.size());
    }
    return result;
}

Partners draw_pairwise(double probability, bool allow_self, std::uint32_t sources, std::uint32_t targets,
                       const RuleRandom& random, std::uint64_t limit) {
    Partners result;
    const auto bound = static_cast<std::uint64_t>(std::llround(probability * 0x1.0p32));
    for (std::uint32_t source = 0; source < sources && result.partners.size() <= limit; ++source) {
        for (std::uint32_t first = 0; bound > 0 && first < targets; first += 4) {
            const auto words = random.block(partner_purpose, source, first / 4);  // one word a pair
            for (std::uint32_t i = 0; i < std::min(4U, targets - first); ++i) {
                if (words[i] < bound && (allow_self || first + i != source)) {
                    result.partners.push_back(first + i);
                }
            }
        }
        result.first.push_back(result.partners.size());
    }
    return result;
}

SparseWeights lay_out(const Partners& partners, bool by_target, std::uint32_t sources, const NumberRule& weight,
                      const DelayRule& delay, const RuleRandom& random) {
    const std::size_t count = partners.partners.size();
    const bool delayed = delay.most > delay.least;
    SparseWeights result;
    result.row_begin.assign(std::size_t{sources} + 1, 0);
    result.targets.resize(count);
    result.weights.resize(count);
    result.delays.resize(delayed ? count : 0);
    const std::size_t neurons = partners.first.size() - 1;
    for (std::size_t neuron = 0; neuron < neurons; ++neuron) {
        for (std::uint64_t k = partners.first[neuron]; k < partners.first[neuron + 1]; ++k) {
            ++result.row_begin[(by_target ? partners.partners[k] : neuron) + 1];
        }
    }
    for (std::size_t source = 0; source < sources; ++source) {
        result.row_begin[source + 1] += result.row_begin[source];
    }
    std::vector<std::uint64_t> next(result.row_begin.begin(), result.row_begin.end() - 1);
    for (std::uint32_t neuron = 0; neuron < neurons; ++neuron) {
        const std::uint64_t first = partners.first[neuron];
        for (std::uint64_t k = first; k < partners.first[neuron + 1]; ++k) {
            const std::uint32_t partner = partners.partners[k];
            const std::uint64_t place = next[by_target ? partner : neuron]++;
            result.targets[place] = by_target ? neuron : partner;
            result.weights[place] = static_cast<float>(
                drawn_number(weight, random, static_cast<unsigned>(DrawPurpose::weight), neuron, k - first));
            if (delayed) {
                result.delays[place] = static_cast<std::uint8_t>(
                    delay.least + random.below(static_cast<unsigned>(DrawPurpose::delay), neuron, k - first,
                                               std::uint64_t{delay.most} - delay.least + 1));
            }
        }
    }
    return result;
}

}  // namespace spikeloom::compiler::text
