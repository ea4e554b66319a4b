#include "tools/command_line.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

namespace spikeloom::tools {
namespace {

namespace po = boost::program_options;

const Subcommand about{"test", "a test", "FILE", "Text.", "  example", nullptr};

CommandLine with_options() {
    CommandLine line(about);
    line.positional("FILE");
    line.add()("number,n", po::value<int>()->default_value(7), "a number")("word", word("W"), "a word")("force", flag(),
                                                                                                        "a flag");
    return line;
}

bool parse(CommandLine& line, std::vector<std::string> words) {
    return line.parse(words);
}

TEST_CASE("options, flags and the operand come in any order") {
    CommandLine line = with_options();
    CHECK(parse(line, {"--force", "in.nir", "-n", "9"}));
    CHECK(line.operand() == "in.nir");
    CHECK(line.value<int>("number") == 9);
    CHECK(line.flag("force"));
    CHECK_FALSE(line.has("word"));
    CHECK(line.given().size() == 3);
}

TEST_CASE("bad usage is an exception that says what is wrong") {
    const std::vector<std::vector<std::string>> bad{
        {}, {"a", "b"}, {"a", "--unknown"}, {"a", "--numb", "3"}, {"a", "-n", "many"}, {"a", "-n", "1", "-n", "2"}};
    for (const auto& words : bad) {
        CommandLine line = with_options();
        CHECK_THROWS_AS(parse(line, words), UsageError);
    }
}

TEST_CASE("a closed list of words names itself") {
    CommandLine line = with_options();
    CHECK(parse(line, {"a", "--word", "blue"}));
    constexpr std::array<std::pair<std::string_view, int>, 2> words{{{"red", 1}, {"green", 2}}};
    CHECK_THROWS_WITH_AS(static_cast<void>(line.choice<int>("word", words)), "--word blue: allowed are red, green",
                         UsageError);
}

}  // namespace
}  // namespace spikeloom::tools
