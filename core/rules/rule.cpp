#include "core/rules/rule.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace spikeloom::rules {

namespace {

constexpr std::array<std::string_view, operand_count> operand_names{"x0", "x1", "x2", "y0", "y1", "y2", "y3",
                                                                    "r0", "r1", "w",  "d",  "t",  "C"};

std::string print_factor(const Factor& factor) {
    if (factor.operand == Operand::constant) {
        return fmt::format("({})", factor.constant);
    }
    std::string sum(name_of(factor.operand));
    if (factor.constant != 0) {
        sum += fmt::format("{}{}", factor.constant < 0 ? "-" : "+", std::abs(static_cast<long>(factor.constant)));
    }
    if (factor.sign) {
        return "sgn(" + sum + ")";
    }
    return factor.constant == 0 ? sum : "(" + sum + ")";
}

std::string print_magnitude(const Product& product) {
    const long mantissa = std::abs(static_cast<long>(product.mantissa));
    if (product.exponent == 0) {
        return mantissa == 1 ? "" : fmt::format("{}*", mantissa);
    }
    return mantissa == 1 ? fmt::format("2^{}*", product.exponent) : fmt::format("{}*2^{}*", mantissa, product.exponent);
}

std::string print_product(const Product& product, std::optional<int> decimation) {
    std::string text = print_magnitude(product);
    if (product.dependency == Dependency::u) {
        text += fmt::format("u{}*", decimation.value_or(0));
    }
    for (const Factor& factor : product.factors) {
        text += print_factor(factor) + "*";
    }
    if (product.dependency == Dependency::u) {
        text.pop_back();
        return text;
    }
    return text + std::string(name_of(product.dependency));
}

template <class Test>
bool any_product(const Rule& rule, const Test& test) {
    return std::any_of(variables.begin(), variables.end(), [&](Variable variable) {
        const std::vector<Product>& products = rule.series(variable).products;
        return std::any_of(products.begin(), products.end(), test);
    });
}

}  // namespace

std::string_view name_of(Operand operand) {
    return operand_names[static_cast<std::size_t>(operand)];
}

std::string_view name_of(Dependency dependency) {
    switch (dependency) {
    case Dependency::x0:
        return "x0";
    case Dependency::y0:
        return "y0";
    case Dependency::u:
        return "u";
    }
    return {};
}

std::string_view name_of(Variable variable) {
    switch (variable) {
    case Variable::weight:
        return "dw";
    case Variable::delay:
        return "dd";
    case Variable::tag:
        return "dt";
    }
    return {};
}

bool Rule::reads(Operand operand) const {
    return any_product(*this, [operand](const Product& product) {
        return std::any_of(product.factors.begin(), product.factors.end(),
                           [operand](const Factor& factor) { return factor.operand == operand; });
    });
}

bool Rule::depends_on(Dependency dependency) const {
    return any_product(*this, [dependency](const Product& product) { return product.dependency == dependency; });
}

std::string print(const ProductSeries& series) {
    std::string text;
    for (const Product& product : series.products) {
        const bool negative = product.mantissa < 0;
        text += text.empty() ? (negative ? "-" : "") : (negative ? " - " : " + ");
        text += print_product(product, series.decimation);
    }
    return text;
}

}  // namespace spikeloom::rules
