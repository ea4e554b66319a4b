#include "core/rules/series_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iterator>

namespace spikeloom::rules {

bool SeriesBuilder::say(std::size_t offset, std::string found, std::string allowed, std::string help) {
    findings_.push_back(
        {Severity::error, places_.where(offset), std::move(found), std::move(allowed), std::move(help)});
    return false;
}

void SeriesBuilder::add(Draft& draft, std::size_t end) {
    Product product;
    product.columns = {static_cast<std::uint32_t>(draft.begin + 1), static_cast<std::uint32_t>(end + 1)};
    const bool good = choose_dependency(draft, product) && check_decimation(draft) && check_size(draft) &&
                      set_coefficient(draft, product);
    if (good) {
        for (const Draft::Part& part : draft.parts) {
            product.factors.push_back(part.factor);
        }
        series_.products.push_back(std::move(product));
    }
}

bool SeriesBuilder::choose_dependency(Draft& draft, Product& product) {
    constexpr std::array<std::pair<Operand, Dependency>, 2> spikes{
        {{Operand::x0, Dependency::x0}, {Operand::y0, Dependency::y0}}};
    for (const auto& [operand, dependency] : spikes) {
        // The last of several, where print() puts it.
        const auto found = std::find_if(draft.parts.rbegin(), draft.parts.rend(), [&](const Draft::Part& part) {
            return part.bare && part.factor.operand == operand;
        });
        if (found == draft.parts.rend()) {
            continue;
        }
        if (draft.decimation) {
            return say(draft.decimation->second, fmt::format("u beside {}", name_of(operand)),
                       "one of x0, y0, u_k says when a product is computed",
                       fmt::format("leave the u out; {} in parentheses with a constant reads it as a number",
                                   name_of(operand)));
        }
        product.dependency = dependency;
        draft.parts.erase(std::next(found).base());
        return true;
    }
    if (draft.decimation) {
        product.dependency = Dependency::u;
        return true;
    }
    return say(draft.begin, "a product without x0, y0 or u", "one of x0, y0, u0..u9 in every product",
               "x0 computes it at presynaptic spikes, y0 at postsynaptic ones, u_k every 2^k epochs");
}

bool SeriesBuilder::check_decimation(const Draft& draft) {
    if (!draft.decimation) {
        return true;
    }
    const auto [k, offset] = *draft.decimation;
    if (series_.decimation && *series_.decimation != k) {
        return say(offset, fmt::format("u{} where an earlier product has u{}", k, *series_.decimation),
                   "one k for all products of a variable");
    }
    series_.decimation = k;
    return true;
}

bool SeriesBuilder::check_size(const Draft& draft) {
    const RuleLimits& limits = options_.limits;
    if (draft.parts.size() > static_cast<std::size_t>(limits.factors)) {
        return say(draft.begin, fmt::format("a product of {} factors besides its x0, y0 or u", draft.parts.size()),
                   fmt::format("at most {}", limits.factors));
    }
    if (series_.products.size() >= static_cast<std::size_t>(limits.products)) {
        overfull_ = true;
        return say(draft.begin, fmt::format("more than {} products", limits.products),
                   fmt::format("at most {}", limits.products));
    }
    return true;
}

bool SeriesBuilder::set_coefficient(const Draft& draft, Product& product) {
    const RuleLimits& limits = options_.limits;
    std::optional<MantissaExponent> found = draft.coefficient.normalised(limits);
    if (!found) {
        const double value = draft.coefficient.value();
        const MantissaExponent nearest = nearest_coefficient(value, limits);
        const double near_value = std::ldexp(nearest.mantissa, nearest.exponent);
        // Beyond the ends of the range, "nearest" would be another rule.
        const bool near = std::abs(near_value - value) <= std::abs(value) / 2;
        if (!options_.round_coefficients || !near) {
            return say(draft.has_coefficient ? draft.coefficient_at : draft.begin, draft.coefficient.describe(limits),
                       fmt::format("mantissa {}..{}, exponent {}..{}", limits.mantissa_least, limits.mantissa_most,
                                   limits.exponent_least, limits.exponent_most),
                       near_value == value ? fmt::format("{} is the same", to_text(nearest))
                                           : fmt::format("the nearest is {} = {:.9g}", to_text(nearest), near_value));
        }
        found = nearest;
    }
    product.mantissa = found->mantissa;
    product.exponent = found->exponent;
    return true;
}

}  // namespace spikeloom::rules
