// Whether a text holds a part; says the text if it doesn't, which a bare CHECK of find() leaves out.
#pragma once

#include <doctest/doctest.h>

#include <string>

namespace spikeloom::test {

inline bool contains(const std::string& text, const std::string& part) {
    const bool found = text.find(part) != std::string::npos;
    if (!found) {
        MESSAGE("in: ", text);
    }
    return found;
}

}  // namespace spikeloom::test
