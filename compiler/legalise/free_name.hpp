// A name for a population that was added, which no population or input of the network has.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

[[nodiscard]] inline std::string free_name(const Network& network, const std::string& wanted) {
    std::string name = wanted;
    const auto taken = [&](const auto& named) { return named.name == name; };
    for (int i = 2; std::ranges::any_of(network.populations, taken) || std::ranges::any_of(network.inputs, taken);
         ++i) {
        name = fmt::format("{} {}", wanted, i);
    }
    return name;
}

}  // namespace spikeloom::compiler
