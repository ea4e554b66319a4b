// Learning rules beside Lava's: every rule of the reference data is parsed as Lava parses it, but for the written list
// of what its lenient parser lets pass (core/rules/README.md), and every evaluation gives the same accumulator.

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <map>
#include <string>

#include "core/files/bytes.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/parse.hpp"
#include "tests/support/reference_data.hpp"

using namespace spikeloom;
using namespace spikeloom::rules;

namespace {

namespace json = boost::json;

/// What Lava makes of a text that is no sum of products; we refuse it.
struct Deviation {
    const char* text;
    int column;  ///< of our finding
    Product as_read_by_lava;
};

const std::vector<Deviation>& deviations() {
    static const std::vector<Deviation> list{
        {"x0*", 4, {.dependency = Dependency::x0}},
        {"*x0", 1, {.dependency = Dependency::x0}},
        {"x0 y1", 4, {.dependency = Dependency::x0, .factors = {{.operand = Operand::y1}}}},
        {"x0**2", 3, {.dependency = Dependency::x0, .mantissa = 2}},
        {"u10*x1", 1, {.dependency = Dependency::u, .mantissa = 0, .factors = {{.operand = Operand::x1}}}},
    };
    return list;
}

const Deviation* find_deviation(const std::string& text) {
    for (const Deviation& deviation : deviations()) {
        if (deviation.text == text) {
            return &deviation;
        }
    }
    return nullptr;
}

json::array read_array(const std::string& path) {
    const auto bytes = files::read_bytes(path);
    REQUIRE(bytes.has_value());
    return json::parse(std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size())).as_array();
}

std::string text_of(const json::value& value) {
    return std::string(value.as_string());
}

int integer_of(const json::value& value) {
    return static_cast<int>(value.to_number<double>());
}

Operand operand_named(const std::string& name) {
    for (std::size_t i = 0; i < operand_count; ++i) {
        if (name_of(static_cast<Operand>(i)) == name) {
            return static_cast<Operand>(i);
        }
    }
    FAIL("no operand " << name);
    return {};
}

ProductSeries lava_series(const json::object& entry) {
    ProductSeries series;
    if (!entry.at("decimate_exponent").is_null()) {
        series.decimation = integer_of(entry.at("decimate_exponent"));
    }
    for (const json::value& item : entry.at("products").as_array()) {
        const json::object& given = item.as_object();
        Product product;
        const std::string dependency = text_of(given.at("dependency"));
        product.dependency = dependency == "x0" ? Dependency::x0 : dependency == "y0" ? Dependency::y0 : Dependency::u;
        product.mantissa = integer_of(given.at("s_mantissa"));
        product.exponent = integer_of(given.at("s_exp"));
        for (const json::value& factor : given.at("factors").as_array()) {
            const json::value& constant = factor.at("const");
            product.factors.push_back({operand_named(text_of(factor.at("state"))),
                                       constant.is_null() ? 0 : integer_of(constant), factor.at("sgn").as_bool()});
        }
        series.products.push_back(product);
    }
    return series;
}

void check_refused_at(const std::string& text, int column) {
    const auto series = parse_series(text, Variable::weight, "dw");
    REQUIRE_FALSE(series.has_value());
    REQUIRE(series.error().size() == 1);
    CHECK(series.error()[0].where == "dw: column " + std::to_string(column));
}

Operands operands_of(const json::object& entry) {
    Operands operands;
    operands.u = integer_of(entry.at("u")) != 0;
    for (const char* name : {"x0", "x1", "x2", "y0", "y1", "y2", "y3", "w", "d", "t"}) {
        for (auto& values : operands.values) {
            values[static_cast<std::size_t>(operand_named(name))] = integer_of(entry.at(name));
        }
    }
    return operands;
}

}  // namespace

TEST_CASE("rules are read as Lava reads them, or refused for a written reason") {
    const auto path = test::reference_data("loihi_vectors/lava_rules/rule_parse.json");
    if (!path) {
        return;
    }
    const json::array entries = read_array(*path);
    int equal = 0;
    int refused_by_both = 0;
    int refused_by_us = 0;
    for (const json::value& value : entries) {
        const json::object& entry = value.as_object();
        const std::string text = text_of(entry.at("rule"));
        CAPTURE(text);
        const auto series = parse_series(text, Variable::weight, "dw");
        if (!entry.at("ok").as_bool()) {
            CHECK_FALSE(series.has_value());
            ++refused_by_both;
        } else if (const Deviation* deviation = find_deviation(text)) {
            check_refused_at(text, deviation->column);
            CHECK(lava_series(entry).products == std::vector{deviation->as_read_by_lava});
            ++refused_by_us;
        } else {
            REQUIRE(series.has_value());
            CHECK(*series == lava_series(entry));
            ++equal;
        }
    }
    CHECK(equal > 0);
    CHECK(equal + refused_by_both + refused_by_us == static_cast<int>(entries.size()));
    MESSAGE(equal << " rules equal, " << refused_by_both << " refused by both, " << refused_by_us
                  << " refused by us alone");
}

TEST_CASE("evaluations give Lava's accumulator to the bit") {
    const auto path = test::reference_data("loihi_vectors/lava_rules/rule_apply.json");
    if (!path) {
        return;
    }
    const json::array entries = read_array(*path);
    int equal = 0;
    for (const json::value& value : entries) {
        const json::object& entry = value.as_object();
        const std::string text = text_of(entry.at("rule"));
        CAPTURE(text);
        const Deviation* deviation = find_deviation(text);
        const auto parsed = parse_series(text, Variable::weight, "dw");
        ProductSeries series;
        if (deviation != nullptr) {
            // Not skipped: what Lava made of the text is evaluated, and the text itself is refused.
            check_refused_at(text, deviation->column);
            series.products = {deviation->as_read_by_lava};
        } else {
            REQUIRE(parsed.has_value());
            series = *parsed;
        }
        const int before = integer_of(entry.at("acc_in"));
        CHECK(accumulate(series, operands_of(entry), before, LearningArithmetic{}) == integer_of(entry.at("acc_out")));
        ++equal;
    }
    CHECK(equal == static_cast<int>(entries.size()));
}
