// The words of --pin, --forbid-core, --keep-together and --fan-in-parts from hostile hands: a usage error or values in
// range, and a plan over a small chip and network that is sound or refused. A line is one use; the first byte chooses
// the option of the first, the others take turns.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "compiler/overrides.hpp"
#include "tools/command_line.hpp"
#include "tools/override_words.hpp"

namespace {

using namespace spikeloom;
using namespace spikeloom::compiler;

const Network& small_network() {
    static const Network network = [] {
        Network made;
        for (const char* name : {"a", "b", "c="}) {
            Population population;
            population.name = name;
            population.shape = {3};
            made.populations.push_back(std::move(population));
        }
        return made;
    }();
    return network;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    MappingOverrides overrides;
    try {
        constexpr std::size_t most_pins = 16;
        for (int use = data[0]; !rest.empty() && overrides.pins.size() < most_pins; ++use) {
            const std::string_view word = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(word.size() + 1, rest.size()));
            if (use % 4 == 0) {
                overrides.pins.push_back(tools::parse_pin(word));
            } else if (use % 4 == 1) {
                overrides.forbidden_cores = tools::parse_core_list("forbid-core", word);
            } else if (use % 4 == 2) {
                overrides.fan_in_parts.push_back(tools::parse_fan_in_parts(word));
            } else {
                overrides.together.push_back(tools::parse_together(word));
            }
        }
    } catch (const tools::UsageError&) {
        return 0;
    }
    chip::ChipSpec chip;
    chip.limits.compartments = 4;
    const auto plan = plan_overrides(small_network(), chip, overrides);
    if (!plan) {
        SPIKELOOM_ASSERT(has_error(plan.error()), "refused without an error");
        return 0;
    }
    SPIKELOOM_ASSERT(plan->group_of.size() == small_network().populations.size(), "groups");
    for (const CoreGroup& group : plan->groups) {
        for (const std::uint32_t place : group.places) {
            SPIKELOOM_ASSERT(place < static_cast<std::uint32_t>(chip.mesh.cores()), "a place beyond the mesh");
            SPIKELOOM_ASSERT(plan->forbidden.empty() || !plan->forbidden[place], "a forbidden place");
        }
    }
    return 0;
}
