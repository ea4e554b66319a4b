#include "chip/image/rule_number.hpp"

namespace spikeloom::chip {

std::uint8_t rule_number(std::span<const LearningProfile> profiles, std::size_t profile) {
    const auto essence = [](LearningProfile one) {
        one.projection.clear();
        one.rule.name.clear();
        one.weight_per_unit = 1;
        return one;
    };
    const LearningProfile wanted = essence(profiles[profile]);
    std::size_t first = 0;
    while (first < profile && !(essence(profiles[first]) == wanted)) {
        ++first;
    }
    return static_cast<std::uint8_t>(first + 1);
}

}  // namespace spikeloom::chip
