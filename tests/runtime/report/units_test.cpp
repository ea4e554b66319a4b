#include "runtime/report/units.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace spikeloom::runtime;

TEST_CASE("three significant digits under the right prefix") {
    CHECK(si(2.36e-11, "J", Script::plain) == "23.6 pJ");
    CHECK(si(9.996e-7, "J", Script::plain) == "1.00 uJ");
    CHECK(si(9.994e-7, "J", Script::plain) == "999 nJ");
    CHECK(si(0, "J", Script::plain) == "0 J");
    CHECK(si(1, "s", Script::plain) == "1.00 s");
    CHECK(si(-0.5, "V", Script::plain) == "-500 mV");
    CHECK(si(1.5e-6, "s", Script::unicode) == "1.50\u00a0µs");
    CHECK(si(NAN, "J", Script::plain) == "not known");
    CHECK(si(1e30, "J", Script::plain) == "1000000000000 EJ");
    CHECK(energy(23.6, Script::plain) == "23.6 pJ");
    CHECK(time(113, Script::plain) == "113 ns");
    CHECK(power(99.8, Script::plain) == "99.8 mW");
}

TEST_CASE("both ends of a range stand under one prefix") {
    CHECK(si_range(9e-10, 1.2e-9, "J", Script::plain) == "0.900 to 1.20 nJ");
    CHECK(si_range(1e-9, 1.0001e-9, "J", Script::plain) == "1.00 nJ");
    CHECK(si_range(0, 5e-6, "s", Script::unicode) == "0–5.00\u00a0µs");
}

TEST_CASE("counts, shares and bytes") {
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1'234'567) == "1,234,567");
    CHECK(amount(12.34) == "12.3");
    CHECK(amount(1234.4) == "1,234");
    CHECK(amount(12) == "12");
    CHECK(amount(2.5e6) == "2.50 M");
    CHECK(percent(0.9624, Script::plain) == "96.2 %");
    CHECK(bytes(1000, Script::plain) == "1000 B");
    CHECK(bytes(36'000, Script::plain) == "35.2 KiB");
}

TEST_CASE("text is measured and cut by code point") {
    CHECK(text_width("µ–x") == 3);
    CHECK(shortened("abcdef", 6, Script::plain) == "abcdef");
    CHECK(shortened("abcdefg", 6, Script::plain) == "abcde~");
    CHECK(shortened("µµµµ", 3, Script::unicode) == "µµ…");
}

TEST_CASE("printable text is valid UTF-8 without controls") {
    CHECK(printable("plain µ") == "plain µ");
    CHECK(printable("a\nb\tc") == "a\uFFFDb\uFFFDc");
    CHECK(printable("a\nb\tc", true) == "a\nb\tc");
    CHECK(printable("\xff\xc3") == "\uFFFD\uFFFD");
    CHECK(printable("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");  // a surrogate
    CHECK(printable("\xc0\xaf") == "\uFFFD\uFFFD");            // an overlong slash
    CHECK(printable(std::string_view("a\0b", 3)) == "a\uFFFDb");
}
