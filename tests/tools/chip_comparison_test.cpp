#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>

#include "tools/chip_comparison_forms.hpp"
#include "tools/chip_comparison_prices.hpp"

namespace spikeloom::tools {
namespace {

chip::Quantity quantity(double value, double low, double high, chip::Trust trust) {
    return {.value = value, .low = low, .high = high, .source = "somebody's table", .trust = trust};
}

/// 2 pJ (1 to 4) a spike, 10 mW (8 to 20) a chip, 1 mW a core, 5 mW of processors; a barrier of 100 ns.
chip::CostTable small_table() {
    chip::CostTable table;
    table.name = "table";
    table.events = {{.item = chip::CostItem::spike,
                     .energy_pj = quantity(2, 1, 4, chip::Trust::measured),
                     .time_ns = quantity(3, 3, 3, chip::Trust::guessed)}};
    table.barrier = {{.tiles = 1, .time_ns = quantity(100, 100, 100, chip::Trust::simulated)}};
    table.static_power_core_mw = quantity(1, 1, 1, chip::Trust::fitted);
    table.static_power_chip_mw = quantity(10, 8, 20, chip::Trust::inferred);
    table.host_power_mw = quantity(5, 5, 5, chip::Trust::guessed);
    return table;
}

InferencePrice small_price(std::uint64_t spikes) {
    Counters counters;
    counters[Counter::spikes] = spikes;
    return price_of({.counters = counters,
                     .usage = {.cores = 2, .chips = 1, .time_ns = 1000},
                     .samples = 10,
                     .steps = 10,
                     .tiles = 1,
                     .idle_cores = 6},
                    small_table());
}

ChipComparison small_comparison() {
    ChipRow fits{.chip = "digital", .title = "a chip", .fits = true, .cores = 2, .cores_there = 4};
    fits.inference = Inference{.time = "4 steps of 1 ms", .samples = 10, .correct = 9};
    fits.inference->prices.push_back(small_price(500));
    const ChipRow refused{
        .chip = "<b>&\"'",
        .why = {{.where = "population '<i>'", .found = "too <large>", .allowed = "less", .help = "&"}}};
    ChipRow ideal{.chip = "ideal", .continuous = true, .fits = true, .approximated = true, .cores = 1};
    ideal.inference = Inference{.time = "continuous", .samples = 10, .correct = 10};
    return {.network = "net <script>", .format = "text", .set = "set", .chips = {fits, refused, ideal}};
}

}  // namespace

TEST_CASE("an inference's energy is its share of events, cores in use and chip, and processors stand beside it") {
    const InferencePrice price = small_price(500);
    CHECK(price.events_pj == chip::Estimate{100, 50, 200});
    CHECK(price.cores_pj == chip::Estimate{200, 200, 200});
    CHECK(price.chip_pj == chip::Estimate{1000, 800, 2000});
    CHECK(price.energy_pj() == chip::Estimate{1300, 1050, 2400});
    CHECK(price.processors_pj == chip::Estimate{500, 500, 500});
    CHECK(price.idle_cores_pj == chip::Estimate{600, 600, 600});
    CHECK(price.latency_ns == 100);
    chip::Estimate sum;
    for (const chip::ConstantShare& share : price.constants) {
        sum += share.energy_pj;
    }
    CHECK(sum == price.energy_pj());
}

TEST_CASE("a figure's trust is the weakest among what makes up nine tenths of it") {
    CHECK(small_price(500).energy_trust() == chip::Trust::inferred);     // the chip's power and the cores'
    CHECK(small_price(200000).energy_trust() == chip::Trust::measured);  // spikes, but for a thirtieth
    CHECK_FALSE(InferencePrice{}.energy_trust());
    REQUIRE(small_price(500).slowest);
    CHECK(small_price(500).slowest->constant == "barrier");  // 1000 ns, beside 500 * 3 over two cores
    CHECK(small_price(5000).slowest->constant == "spike.time_ns");
}

TEST_CASE("the page escapes what files name, is closed, and says why a chip has no figure") {
    const std::string page = comparison_html(small_comparison());
    CHECK(page.find("<script") == std::string::npos);
    CHECK(page.find("<b>&\"") == std::string::npos);
    CHECK(page.find("&lt;b&gt;&amp;") != std::string::npos);
    CHECK(page.find("does not fit") != std::string::npos);
    CHECK(page.find("nearly") != std::string::npos);
    CHECK(page.find("nan") == std::string::npos);
    CHECK(page.ends_with("</html>\n"));
    for (const char* tag : {"table", "tr", "svg", "ul", "main"}) {
        const auto count = [&page](const std::string& text) {
            std::size_t found = 0;
            for (std::size_t at = page.find(text); at != std::string::npos; at = page.find(text, at + 1)) {
                const char next = page[at + text.size()];
                found += next == '>' || next == ' ' ? 1 : 0;
            }
            return found;
        };
        CHECK_MESSAGE(count(std::string("<") + tag) == count(std::string("</") + tag), tag);
    }
}

TEST_CASE("the headline says which chip takes least energy, and which does if unused cores stay on") {
    ChipComparison comparison = small_comparison();
    ChipRow whole = comparison.chips[0];
    whole.chip = "whole";
    whole.inference->prices[0] = small_price(700);
    whole.inference->prices[0].idle_cores_pj.reset();
    comparison.chips.push_back(whole);
    const std::string page = comparison_html(comparison);
    CHECK(page.find("least energy on digital (") != std::string::npos);
    CHECK(page.find("; if unused cores stay on: whole (") != std::string::npos);
    comparison.chips[0].inference->prices[0].idle_cores_pj.reset();
    CHECK(comparison_html(comparison).find("unused cores stay on") == std::string::npos);
}

TEST_CASE("an empty or figureless comparison has forms too") {
    for (const ChipComparison& comparison :
         {ChipComparison{.network = "n", .format = "text", .set = "", .chips = {}},
          ChipComparison{
              .network = "n", .format = "text", .set = "s", .chips = {ChipRow{.chip = "c", .fits = true}}}}) {
        CHECK_FALSE(comparison_text(comparison).empty());
        CHECK(comparison_html(comparison).ends_with("</html>\n"));
        CHECK(comparison_json(comparison).at("chips").as_array().size() == comparison.chips.size());
    }
}

TEST_CASE("text and JSON hold the same figures") {
    const ChipComparison comparison = small_comparison();
    const std::string text = comparison_text(comparison);
    CHECK(text.find("90.00 %") != std::string::npos);
    CHECK(text.find("1.30 nJ") != std::string::npos);
    CHECK(text.find("too <large>") != std::string::npos);
    const boost::json::object described = comparison_json(comparison);
    const auto& price = described.at("chips").at(0).at("inference").at("costs").at(0);
    CHECK(price.at("energy_pj").at("value").as_double() == 1300);
    CHECK(price.at("energy_trust").as_string() == "inferred");
    CHECK(price.at("latency_least_ns").is_null());
}

}  // namespace spikeloom::tools
