// Golden files: text that a person has looked at once, compared ever after. SPIKELOOM_UPDATE_GOLDEN=1 writes them
// anew; the difference is then for `git diff` and the eye.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace spikeloom::test {

inline void check_golden(const std::string& name, const std::string& text) {
    const std::string path = std::string(SPIKELOOM_SOURCE_DIR) + "/tests/golden/" + name;
    if (std::getenv("SPIKELOOM_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::ifstream file(path, std::ios::binary);
    REQUIRE_MESSAGE(file.good(), "no golden file " << path << "; make it with SPIKELOOM_UPDATE_GOLDEN=1");
    const std::string golden((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::size_t at = 0;
    while (at < std::min(text.size(), golden.size()) && text[at] == golden[at]) {
        ++at;
    }
    const std::size_t from = at < 60 ? 0 : at - 60;
    CHECK_MESSAGE(text == golden, name << " differs at byte " << at << ": got '" << text.substr(from, 120)
                                       << "', golden '" << golden.substr(from, 120)
                                       << "'; if it should: SPIKELOOM_UPDATE_GOLDEN=1 runtime_test");
}

}  // namespace spikeloom::test
