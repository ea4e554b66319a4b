#include "compiler/verify_learning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace spikeloom::compiler {
namespace {

void check_profile(const Network& network, const Projection& projection, const chip::LearningProfile& profile,
                   const std::vector<double>& gains, Diagnostics& findings) {
    const std::string where = fmt::format("learning of projection '{}'", projection.name);
    const Learning& learning = *projection.learning;
    const auto say = [&](const std::string& found) { findings.push_back({Severity::error, where, found, "", ""}); };
    const auto port = [&](std::uint32_t index) {
        return index < network.inputs.size() ? network.inputs[index].name : std::string();
    };
    if (profile.projection != projection.name || !(profile.rule == learning.rule)) {
        say(fmt::format("the image has another rule, of '{}'", profile.projection));
    }
    const bool rewarded = !learning.reward_input.empty();
    if (rewarded != profile.reward.has_value() || (rewarded && (port(profile.reward->port) != learning.reward_input ||
                                                                profile.reward->values != learning.reward_values))) {
        say("the image has another reward");
    }
    for (std::size_t i = 0; i < learning.third_factors.size(); ++i) {
        const Learning::ThirdFactor& wanted = learning.third_factors[i];
        const chip::ThirdFactor& found = profile.third_factors[i];
        const bool from_port = wanted.from == Learning::ThirdFactor::From::input;
        if (static_cast<int>(wanted.from) != static_cast<int>(found.from) || wanted.shift != found.shift ||
            (from_port && port(found.port) != wanted.input)) {
            say(fmt::format("the image has another third factor for y{}", i + 1));
        }
    }
    // One unit of the register, on the neuron that feels it most.
    const double gain = gains.empty() ? 0 : *std::ranges::max_element(gains);
    const double exponent = std::log2(profile.weight_per_unit * gain / 64.0);
    if (!(std::abs(exponent - std::round(exponent)) < 1e-6)) {
        say(fmt::format("a unit of its weights stands for {}, which no exponent gives", profile.weight_per_unit));
    }
}

}  // namespace

std::vector<std::uint32_t> rules_of(const Network& network) {
    std::vector<std::uint32_t> rules;
    std::uint32_t last = 0;
    for (const Projection& projection : network.projections) {
        rules.push_back(projection.learning ? ++last : 0);
    }
    return rules;
}

void verify_learning(const chip::Image& image, const Network& network, const std::vector<std::vector<double>>& gains,
                     Diagnostics& findings) {
    const std::vector<std::uint32_t> rules = rules_of(network);
    std::size_t plastic = 0;
    for (std::size_t p = 0; p < rules.size(); ++p) {
        if (rules[p] == 0) {
            continue;
        }
        ++plastic;
        if (rules[p] <= image.learning.size()) {
            const Projection& projection = network.projections[p];
            check_profile(network, projection, image.learning[rules[p] - 1U], gains[projection.target.value()],
                          findings);
        }
    }
    if (plastic != image.learning.size()) {
        findings.push_back(
            {Severity::error, "image",
             fmt::format("{} learning profiles for {} plastic projections", image.learning.size(), plastic), "", ""});
    }
}

}  // namespace spikeloom::compiler
