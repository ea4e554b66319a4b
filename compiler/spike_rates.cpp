#include "compiler/spike_rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace spikeloom::compiler {

Diagnostics check_rates(const Network& network, const SpikeRates& rates) {
    Diagnostics findings;
    if (rates.empty()) {
        return findings;
    }
    const auto check = [&](const auto& parts, const std::vector<std::vector<float>>& given, const char* what) {
        if (given.size() != parts.size()) {
            findings.push_back({.where = "spike rates",
                                .found = fmt::format("of {} {}s", given.size(), what),
                                .allowed = fmt::format("of the {} that the network has", parts.size())});
            return;
        }
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const std::string where = fmt::format("spike rates of {} '{}'", what, parts[i].name);
            if (given[i].size() != parts[i].size()) {
                findings.push_back({.where = where,
                                    .found = fmt::format("{} rates", given[i].size()),
                                    .allowed = fmt::format("{}, one a neuron or channel", parts[i].size())});
            } else if (!std::ranges::all_of(given[i], [](float r) { return r >= 0 && std::isfinite(r); })) {
                findings.push_back(
                    {.where = where, .found = "a rate below 0, or not finite", .allowed = "spikes a step, 0 or more"});
            }
        }
    };
    check(network.populations, rates.populations, "population");
    check(network.inputs, rates.inputs, "input");
    return findings;
}

std::vector<float> rates_by_node(const SpikeRates& rates) {
    std::vector<float> row;
    for (const auto* parts : {&rates.populations, &rates.inputs}) {
        for (const std::vector<float>& part : *parts) {
            row.insert(row.end(), part.begin(), part.end());
        }
    }
    return row;
}

}  // namespace spikeloom::compiler
