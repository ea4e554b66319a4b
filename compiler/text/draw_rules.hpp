// How the rules of a written network draw: which neurons are joined, and the numbers that synapses and neurons get.
// Every draw is a function of the file's seed, the name of who draws, what for, and the neuron: never of what drew
// before. The same file gives the same network on every machine whose libm agrees on log and cos.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "compiler/network.hpp"
#include "core/base/random.hpp"

namespace spikeloom::compiler::text {

/// What a draw is for; each has a stream of its own.
enum class DrawPurpose : std::uint8_t { partner = 0, weight = 1, delay = 2, parameter = 8 };  // parameter + index

/// The random numbers of one projection or population.
class RuleRandom {
public:
    RuleRandom(std::uint64_t seed, const std::string& name);

    [[nodiscard]] std::array<std::uint32_t, 4> block(unsigned purpose, std::uint32_t neuron, std::uint64_t draw) const;
    [[nodiscard]] double uniform(unsigned purpose, std::uint32_t neuron, std::uint64_t draw) const;
    [[nodiscard]] double normal(unsigned purpose, std::uint32_t neuron, std::uint64_t draw) const;
    [[nodiscard]] std::uint64_t below(unsigned purpose, std::uint32_t neuron, std::uint64_t draw,
                                      std::uint64_t bound) const;

private:
    [[nodiscard]] RandomKey key(unsigned purpose, std::uint32_t neuron, std::uint64_t draw) const;
    std::uint64_t seed_;
};

struct UniformRule {
    double low = 0;
    double high = 1;
};
struct NormalRule {
    double mean = 0;
    double deviation = 1;
    double least = 0;
    double most = 0;
};
using NumberRule = std::variant<double, UniformRule, NormalRule>;

/// One number by the rule.
[[nodiscard]] double drawn_number(const NumberRule& rule, const RuleRandom& random, unsigned purpose,
                                  std::uint32_t neuron, std::uint64_t draw);

struct DelayRule {
    std::uint32_t least = 0;
    std::uint32_t most = 0;
};

/// Who is joined to whom: partners of neuron a (a source, or a target) are partners[first[a] .. first[a + 1]),
/// ascending.
struct Partners {
    std::vector<std::uint64_t> first{0};
    std::vector<std::uint32_t> partners;
};

struct DegreeRule {
    std::uint32_t count = 0;
    bool allow_self = true;  ///< false only where both sides are the same population
    bool allow_multiple = false;
};

/// `neurons` of the side whose degree is fixed draw each among `others` of the other side.
[[nodiscard]] Partners draw_fixed_degree(const DegreeRule& rule, std::uint32_t neurons, std::uint32_t others,
                                         const RuleRandom& random);
/// Targets of every source, each pair with the probability; stops beyond `limit` synapses (then there are more than
/// `limit` partners).
[[nodiscard]] Partners draw_pairwise(double probability, bool allow_self, std::uint32_t sources, std::uint32_t targets,
                                     const RuleRandom& random, std::uint64_t limit);
/// The largest count that a DegreeRule can ask of `others` neurons.
[[nodiscard]] std::uint64_t most_partners(const DegreeRule& rule, std::uint32_t others);

/// Partners with weights and delays, by source. `by_target`: the partners are those of targets, `others` the sources.
[[nodiscard]] SparseWeights lay_out(const Partners& partners, bool by_target, std::uint32_t sources,
                                    const NumberRule& weight, const DelayRule& delay, const RuleRandom& random);

}  // namespace spikeloom::compiler::text
