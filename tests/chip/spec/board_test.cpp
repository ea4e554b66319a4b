#include "chip/spec/board.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace spikeloom::chip {
namespace {

namespace fs = std::filesystem;

std::string models(const std::string& name) {
    return std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + name + ".textproto";
}

ChipSpec load(const std::string& name) {
    auto spec = read_chip_spec(models(name));
    REQUIRE_MESSAGE(spec.has_value(), (spec ? "" : to_text(spec.error())));
    return *std::move(spec);
}

/// A finder that knows the texts given to it.
ChipFinder library(std::vector<std::pair<std::string, std::string>> texts) {
    return [texts = std::move(texts)](const std::string& name) -> Result<ChipSource> {
        const auto found = std::ranges::find(texts, name, &std::pair<std::string, std::string>::first);
        if (found == texts.end()) {
            return fail(Diagnostic{.where = {}, .found = "no chip '" + name + "'", .allowed = "some"});
        }
        return ChipSource{.text = found->second, .origin = name};
    };
}

std::string board_text(const std::string& inside) {
    return "name: \"b\"\ntitle: \"t\"\ndescription: \"d\"\nboard {\n" + inside + "\n}\n";
}

std::string refusal(const std::string& inside, const ChipFinder& find) {
    const auto spec = parse_chip_or_board(board_text(inside), "board", find);
    return spec ? "" : to_text(spec.error());
}

bool has(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

TEST_CASE("a board is its chip, but for what it says") {
    const ChipSpec loihi = load("loihi1");
    const ChipSpec nahuku = load("nahuku32");
    ChipSpec expected = loihi;
    expected.name = nahuku.name;
    expected.title = nahuku.title;
    expected.description = nahuku.description;
    expected.mesh.chip_columns = 8;
    expected.mesh.chip_rows = 4;
    CHECK(nahuku == expected);
    CHECK(nahuku.name == "nahuku32");
    CHECK(nahuku.mesh.cores() == 32 * 128);
    CHECK(check_chip_spec(nahuku).empty());
    const auto again = parse_chip_spec(print_chip_spec(nahuku), "printed");  // whole, so no chip has to be found
    REQUIRE(again.has_value());
    CHECK(*again == nahuku);
}

TEST_CASE("the bundled systems have the chips and cores that are published") {
    CHECK(load("pohoiki_springs").mesh.cores() == 98'304);
    CHECK(load("hala_point").mesh.chips() == 1152);
    CHECK(load("hala_point").limits == load("loihi2").limits);
    CHECK(std::int64_t{140'544} * load("hala_point").limits.compartments == 1'151'336'448);  // 1.15 billion neurons
    // The barriers of 256 and 768 chips, 14.3 and 16.2 us, with 1.8 us of one chip.
    const ChipSpec pohoiki = load("pohoiki_springs");
    const CostTable& silicon = *pohoiki.find_costs("silicon");
    const auto barrier = [&](int chips) {
        double time = 0;
        for (const ChipBarrierPoint& point : silicon.chip_barrier) {
            time = point.chips <= chips ? point.time_ns.value : time;
        }
        return silicon.barrier.back().time_ns.value + time;
    };
    CHECK(barrier(256) == doctest::Approx(14'300));
    CHECK(barrier(768) == doctest::Approx(16'200));
}

TEST_CASE("a board changes links between chips and what its cost tables say") {
    const std::string chip = print_chip_spec(load("loihi1"));
    const auto spec = parse_chip_or_board(board_text(R"(chip: "c" chip_columns: 2 chip_rows: 3
        between_chips { latency: 7 interval: 5 }
        costs { name: "davies2018"
          hop_chip { energy_pj { value: 9 source: "s" trust: GUESSED } time_ns { value: 8 source: "s" trust: GUESSED } }
          static_power_chip_mw { value: 3 source: "s" trust: MEASURED }
          condition: "on this board" })"),
                                          "board", library({{"c", chip}}));
    REQUIRE_MESSAGE(spec.has_value(), (spec ? "" : to_text(spec.error())));
    CHECK(spec->network.parameters.between_chips == router::LinkTiming{.latency = 7, .interval = 5});
    CHECK(spec->mesh.chips() == 6);
    const CostTable& davies = *spec->find_costs("davies2018");
    CHECK(davies.event(CostItem::hop_chip).energy_pj.value == 9);
    CHECK(davies.static_power_chip_mw.trust == Trust::measured);
    CHECK(davies.condition == "on this board");
    CHECK(davies.host_power_mw == load("loihi1").find_costs("davies2018")->host_power_mw);
    CHECK(*spec->find_costs("silicon") == *load("loihi1").find_costs("silicon"));
    CHECK(check_chip_spec(*spec).empty());
}

TEST_CASE("one refusal a rule of boards") {
    const std::string chip = print_chip_spec(load("loihi1"));
    const std::string board = board_text(R"(chip: "c" chip_columns: 2 chip_rows: 2)");
    ChipSpec plain = load("loihi1");
    plain.network = {};
    ChipSpec two = load("loihi1");
    two.mesh.chip_columns = 2;
    std::string alone = chip;
    const std::size_t link = alone.find("between_chips {");
    alone.erase(link, alone.find('}', link) + 1 - link);
    std::ifstream analog_file(models("brainscales2"));
    const std::string analog((std::istreambuf_iterator<char>(analog_file)), {});
    const ChipFinder find = library({{"c", chip},
                                     {"board", board},
                                     {"alone", alone},
                                     {"plain", print_chip_spec(plain)},
                                     {"two", print_chip_spec(two)},
                                     {"analog", analog},
                                     {"broken", "name: 3"}});
    const std::string size = " chip_columns: 2 chip_rows: 2";
    CHECK(refusal(R"(chip: "c")" + size, find).empty());
    CHECK(has(refusal(R"(chip: "d")" + size, find), "board:5:7: error: no chip 'd'"));
    CHECK(has(refusal(R"(chip: "board")" + size, find), "is a board itself"));
    CHECK(has(refusal(R"(chip: "two")" + size, find), "has 2 chips; allowed: one chip"));
    CHECK(has(refusal(R"(chip: "analog")" + size, find), "is an analog chip"));
    CHECK(has(refusal(R"(chip: "broken")" + size, find), "broken:1"));
    CHECK(has(refusal(R"(chip: "../c")" + size, find), "letters, digits"));
    CHECK(has(refusal(R"(chip: "c")" + size, {}), "in a text that no file holds"));
    CHECK(has(refusal(R"(chip: "c" chip_rows: 2)", find), "lacks the field 'chip_columns'"));
    CHECK(
        has(refusal(R"(chip: "c" chip_columns: 0 chip_rows: 2)", find), "'board.chip_columns' is 0; allowed: 1..1024"));
    CHECK(has(refusal(R"(chip: "c" chip_columns: 128 chip_rows: 128)", find), "at most 1048576 cores"));
    CHECK(has(refusal(R"(chip: "c" rows: 2)" + size, find), "'rows'"));
    CHECK(has(refusal(R"(chip: "plain" between_chips { latency: 1 interval: 1 })" + size, find), "has no network"));
    CHECK(has(refusal(R"(chip: "alone")" + size, find), "neither the board nor 'alone' says"));
    CHECK(has(refusal(R"(chip: "c" costs { name: "none" })" + size, find), "has no cost table 'none'"));
    CHECK(
        has(refusal(R"(chip: "c" costs { name: "silicon" } costs { name: "silicon" })" + size, find), "a second time"));
    CHECK(has(
        refusal(R"(chip: "c" costs { name: "silicon" host_power_mw { value: 1 low: 2 source: "s" trust: GUESSED } })" +
                    size,
                find),
        "above the value"));
    const std::string late = R"({ chips: 4 time_ns { value: 1 source: "s" trust: GUESSED } } )";
    CHECK(has(refusal(R"(chip: "c" costs { name: "silicon" chip_barrier )" + late + "chip_barrier " + late + "}" + size,
                      find),
              "ascending chips"));
    const auto both = parse_chip_or_board(board + "mesh { columns: 1 rows: 1 cores_per_tile: 1 }", "board", find);
    REQUIRE_FALSE(both.has_value());
    CHECK(has(to_text(both.error()), "'mesh'"));
}

TEST_CASE("the chip is found beside the board's file, or those there are named") {
    const fs::path folder = fs::temp_directory_path() / ("spikeloom_board_test_" + std::to_string(::getpid()));
    fs::create_directories(folder);
    std::ofstream(folder / "mychip.textproto") << print_chip_spec(load("generic"));
    std::ofstream(folder / "good.textproto")
        << board_text(R"(chip: "mychip" chip_columns: 1 chip_rows: 2 between_chips { latency: 2 interval: 2 })");
    std::ofstream(folder / "bad.textproto") << board_text(R"(chip: "other" chip_columns: 1 chip_rows: 2)");
    std::ofstream(folder / "ring.textproto") << board_text(R"(chip: "ring" chip_columns: 1 chip_rows: 2)");
    const auto good = read_chip_spec((folder / "good.textproto").string());
    REQUIRE(good.has_value());
    CHECK(good->mesh.chips() == 2);
    CHECK(read_cost_tables((folder / "good.textproto").string()).value() == good->costs);
    const auto bad = read_chip_spec((folder / "bad.textproto").string());
    REQUIRE_FALSE(bad.has_value());
    CHECK(has(to_text(bad.error()), "bad.textproto:5:7"));
    CHECK(has(to_text(bad.error()), "bad, good, mychip, ring"));
    const auto ring = read_chip_spec((folder / "ring.textproto").string());
    REQUIRE_FALSE(ring.has_value());
    CHECK(has(to_text(ring.error()), "is a board itself"));
    fs::remove_all(folder);
}

}  // namespace
}  // namespace spikeloom::chip
