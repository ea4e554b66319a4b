#include "runtime/report/svg.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace spikeloom::runtime;

TEST_CASE("everything that could be markup is escaped") {
    CHECK(escaped("<script>alert(\"x\" & 'y')</script>") ==
          "&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;");
    Svg svg(10, 10, "\"><script>");
    svg.text(1, 2, "</text><script>");
    svg.rect({0, 0, 1, 1}, "bar", "red\" onload=\"x", "</title><script>");
    const std::string text = svg.finish();
    CHECK(text.find("<script") == std::string::npos);
    CHECK(text.find("\" onload") == std::string::npos);
}

TEST_CASE("coordinates are short and finite") {
    CHECK(coordinate(1.0) == "1");
    CHECK(coordinate(1.256) == "1.26");
    CHECK(coordinate(-0.001) == "0");
    CHECK(coordinate(NAN) == "0");
}

TEST_CASE("ticks are round numbers within the domain") {
    CHECK(round_ticks(0, 10, 5) == std::vector<double>{0, 2, 4, 6, 8, 10});
    CHECK(round_ticks(3, 3, 5) == std::vector<double>{3});
    CHECK(round_ticks(0, INFINITY, 5) == std::vector<double>{0});
    for (const double tick : round_ticks(-1e-12, 1, 4)) {
        CHECK(!std::signbit(tick));
    }
}

TEST_CASE("all labels of an axis share a prefix") {
    const AxisLabels labels = axis_labels({0, 5e-7, 1e-6}, "J");
    CHECK(labels.texts == std::vector<std::string>{"0.0", "0.5", "1.0"});
    CHECK(labels.unit == "µJ");
    CHECK(axis_labels({0, 5000}, "").texts == std::vector<std::string>{"0", "5000"});
    CHECK(axis_labels({0, 50000}, "").unit == "k");
}

TEST_CASE("viridis runs from dark blue to yellow") {
    CHECK(viridis(0) == "#440154");
    CHECK(viridis(1) == "#fde725");
    CHECK(viridis(NAN) == "#440154");
    CHECK(!viridis_wants_dark_text(0.1));
    CHECK(viridis_wants_dark_text(0.9));
}
