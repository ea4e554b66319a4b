#include "compiler/passes/exact_fit.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "compiler/passes/weight_fit.hpp"

namespace spikeloom::compiler {
namespace {

bool holds(const chip::WeightFormat& format, std::int32_t weight) {
    const WeightLattice lattice(format);
    return lattice.least <= weight && weight <= lattice.most && weight % lattice.step == 0;
}

/// The format of one exponent that holds all weights, the least exponent first: its mantissas have the most low zeros.
std::optional<chip::WeightFormat> one_format(const std::set<std::int32_t>& weights, chip::WeightFormat format,
                                             const chip::IntRange& exponents) {
    for (std::int64_t exponent = exponents.least; exponent <= exponents.most; ++exponent) {
        format.weight_exponent = static_cast<int>(exponent);
        if (std::ranges::all_of(weights, [&](std::int32_t weight) { return holds(format, weight); })) {
            return format;
        }
    }
    return std::nullopt;
}

/// The exponents that hold one weight of a format: from where it is in reach to where its lowest bit would go.
struct Exponents {
    int least = 0;
    int most = -1;
};
Exponents exponents_for(std::int32_t weight, chip::WeightFormat format, const chip::IntRange& all) {
    Exponents found;
    for (auto exponent = static_cast<int>(all.least); exponent <= all.most; ++exponent) {
        format.weight_exponent = exponent;
        if (holds(format, weight)) {
            found = {.least = found.least <= found.most ? found.least : exponent, .most = exponent};
        }
    }
    return found;
}

/// The fewest exponents that together hold all weights: each is the last that some weight allows.
std::vector<chip::WeightFormat> several_formats(const std::set<std::int32_t>& weights, chip::WeightFormat format,
                                                const chip::IntRange& all, std::vector<std::int32_t>& lost) {
    std::vector<Exponents> wanted;
    std::int32_t largest = 0;
    for (const std::int32_t weight : weights) {
        const Exponents found = exponents_for(weight, format, all);
        if (found.least > found.most) {
            lost.push_back(weight);
            largest = std::max(largest, std::abs(weight));
        } else {
            wanted.push_back(found);
        }
    }
    std::ranges::stable_sort(wanted, {}, &Exponents::most);
    std::set<int> chosen;
    for (const Exponents& exponents : wanted) {
        const auto in_reach = chosen.lower_bound(exponents.least);
        if (in_reach == chosen.end() || *in_reach > exponents.most) {
            chosen.insert(exponents.most);
        }
    }
    std::vector<chip::WeightFormat> formats;
    for (const int exponent : chosen) {
        format.weight_exponent = exponent;
        formats.push_back(format);
    }
    for (auto exponent = static_cast<int>(all.least); largest > 0 && exponent <= all.most; ++exponent) {
        format.weight_exponent = exponent;
        const WeightLattice lattice(format);
        const std::int32_t reach = std::max(lattice.most, -lattice.least);
        if (reach >= largest || exponent == all.most) {
            if (!chosen.contains(exponent)) {
                formats.push_back(format);
            }
            break;
        }
    }
    if (formats.empty()) {
        format.weight_exponent = 0;
        formats.push_back(format);
    }
    // Coarse to fine.
    std::ranges::sort(formats, std::ranges::greater{}, &chip::WeightFormat::weight_exponent);
    return formats;
}

}  // namespace

std::set<std::int32_t> synapse_weights(const Network& network, const Projection& projection) {
    std::set<std::int32_t> weights;
    const auto add = [&weights](float weight) {
        if (weight != 0) {
            weights.insert(static_cast<std::int32_t>(weight));
        }
    };
    if (const auto* convolution = std::get_if<ConvolutionWeights>(&projection.weights);
        convolution != nullptr && convolution->pooling) {
        std::vector<Connection> row;
        const auto sources = static_cast<std::uint32_t>(network.source_size(projection.source));
        for (std::uint32_t source = 0; source < sources; ++source) {
            row.clear();
            append_connections(network, projection, source, row);
            for (const Connection& connection : row) {
                add(connection.weight);
            }
        }
        return weights;
    }
    std::visit(
        [&](const auto& held) {
            if constexpr (requires { held.kernel; }) {
                std::ranges::for_each(held.kernel, add);
            } else {
                std::ranges::for_each(held.weights, add);
            }
        },
        projection.weights);
    return weights;
}

ExactFormats exact_formats(const std::set<std::int32_t>& weights, int weight_bits, const chip::SynapseMemory& memory) {
    const chip::WeightFormat mixed{.weight_bits = weight_bits, .sign_mode = chip::SignMode::mixed};
    const chip::WeightFormat excitatory{.weight_bits = weight_bits, .sign_mode = chip::SignMode::excitatory};
    const chip::WeightFormat inhibitory{.weight_bits = weight_bits, .sign_mode = chip::SignMode::inhibitory};
    const std::set<std::int32_t> negative(weights.begin(), weights.lower_bound(0));
    const std::set<std::int32_t> positive(weights.lower_bound(0), weights.end());
    if (!negative.empty() && !positive.empty()) {
        if (const auto both = one_format(weights, mixed, memory.weight_exponent)) {
            return {.positive = {*both}, .negative = {*both}, .lost = {}};
        }
    }
    ExactFormats formats;
    const auto fit = [&](const std::set<std::int32_t>& part, const chip::WeightFormat& format) {
        const auto one = one_format(part, format, memory.weight_exponent);
        return one ? std::vector{*one} : several_formats(part, format, memory.weight_exponent, formats.lost);
    };
    formats.negative = fit(negative, inhibitory);
    formats.positive = fit(positive, excitatory);
    return formats;
}

}  // namespace spikeloom::compiler
