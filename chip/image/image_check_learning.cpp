// The learning of an image: its profiles, and that the engine can name the source and the target of every plastic
// synapse.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "chip/image/image_findings.hpp"
#include "chip/image/rule_check.hpp"

namespace spikeloom::chip {
namespace {

constexpr std::size_t most_profiles = 255;
constexpr IntRange reward_range{.least = -128, .most = 127};
constexpr IntRange shift_range{.least = 0, .most = 31};

/// Population i is symbol i; port i comes after all populations.
constexpr std::uint32_t no_symbol = std::numeric_limits<std::uint32_t>::max();

std::string symbol_name(const Image& image, std::uint32_t symbol) {
    return symbol < image.populations.size() ? image.populations[symbol].name
                                             : image.inputs[symbol - image.populations.size()].name;
}

class LearningCheck {
public:
    LearningCheck(const Image& image, Findings& findings) : image_(image), findings_(findings) {}

    void check() {
        for (std::size_t i = 0; i < image_.learning.size() && !findings_.full(); ++i) {
            profile(image_.learning[i]);
        }
        for (std::size_t core = 0; core < image_.cores.size() && !findings_.full(); ++core) {
            entries(core);
        }
        if (!findings_.none()) {
            return;
        }
        find_owners();
        find_senders();
        for (std::size_t core = 0; core < image_.cores.size() && !findings_.full(); ++core) {
            ends(core);
        }
    }

private:
    struct Owner {
        std::uint32_t population = no_symbol;
        std::uint32_t neuron = 0;
    };
    struct Sender {
        std::uint32_t symbol = no_symbol;
        std::uint64_t count = 0;
    };
    struct Ends {
        std::uint32_t source = no_symbol;
        std::uint32_t target = no_symbol;
    };

    void profile(const LearningProfile& profile) {
        const std::string where = "learning of projection '" + profile.projection + "'";
        for (Diagnostic& finding : check_rule(profile.rule, image_.chip.learning, where)) {
            findings_.add(std::move(finding.where), std::move(finding.found), std::move(finding.allowed));
        }
        if (!std::isfinite(profile.weight_per_unit) || profile.weight_per_unit <= 0) {
            findings_.add(where, fmt::format("a unit of the weight stands for {}", profile.weight_per_unit),
                          "a number above 0");
        }
        if (profile.reward) {
            const bool port = profile.reward->port < image_.inputs.size();
            if (!port || profile.reward->values.size() != image_.inputs[profile.reward->port].size()) {
                findings_.add(where,
                              fmt::format("its reward has {} values, from port {}", profile.reward->values.size(),
                                          profile.reward->port),
                              "one value for each channel of a port that is there");
            }
            for (const std::int32_t value : profile.reward->values) {
                findings_.range(where, "a reward", value, reward_range);
            }
        }
        for (const ThirdFactor& factor : profile.third_factors) {
            third_factor(factor, profile.rule, where);
        }
    }

    void third_factor(const ThirdFactor& factor, const rules::Rule& rule, const std::string& where) {
        if (factor.from > ThirdFactor::From::voltage) {
            findings_.add(where, "a third factor comes from an unknown place", "nowhere, input, current, voltage");
        } else if (factor.from != ThirdFactor::From::nowhere && rule.post_traces != rules::PostTraces::neuron) {
            findings_.add(where, "it has third factors, but spikes move its traces", "traces that the neuron writes");
        }
        if (factor.from == ThirdFactor::From::input && factor.port >= image_.inputs.size()) {
            findings_.add(where, fmt::format("a third factor comes from port {}", factor.port),
                          fmt::format("below {}", image_.inputs.size()));
        }
        findings_.range(where, "a third factor's shift", factor.shift, shift_range);
    }

    /// Profiles, formats, and that no synapse of a plastic entry belongs to another entry too.
    void entries(std::size_t index) {
        const CoreImage& core = image_.cores[index];
        std::vector<std::int32_t> steps(core.synapses.size() + 1);
        bool any = false;
        for (std::size_t i = 0; i < core.entries.size() && !findings_.full(); ++i) {
            const SynapseEntry& entry = core.entries[i];
            steps[entry.first] += 1;
            steps[std::size_t{entry.first} + entry.count] -= 1;
            if (entry.learning == 0) {
                continue;
            }
            any = true;
            const std::string where = fmt::format("core {}, entry {}", index, i);
            if (entry.learning > image_.learning.size()) {
                findings_.add(where, fmt::format("it follows rule {}", int{entry.learning}),
                              fmt::format("at most {}, the number of rules", image_.learning.size()));
                continue;
            }
            plastic_format(core.formats[entry.format], image_.learning[entry.learning - 1U].rule, where);
        }
        if (any) {
            overlaps(index, steps);
        }
    }

    void plastic_format(const WeightFormat& format, const rules::Rule& rule, const std::string& where) {
        const rules::LearningArithmetic& arithmetic = image_.chip.learning.arithmetic;
        if (!rule.dd.empty() && (1 << format.delay_bits) <= arithmetic.delay_most) {
            findings_.add(where, fmt::format("its rule changes delays that have {} bits", format.delay_bits),
                          fmt::format("bits for delays up to {}", arithmetic.delay_most));
        }
    }

    void overlaps(std::size_t index, const std::vector<std::int32_t>& steps) {
        const CoreImage& core = image_.cores[index];
        std::vector<std::uint32_t> shared_before(core.synapses.size() + 1);
        std::int32_t covering = 0;
        for (std::size_t i = 0; i < core.synapses.size(); ++i) {
            covering += steps[i];
            shared_before[i + 1] = shared_before[i] + (covering > 1 ? 1 : 0);
        }
        for (std::size_t i = 0; i < core.entries.size() && !findings_.full(); ++i) {
            const SynapseEntry& entry = core.entries[i];
            if (entry.learning > 0 &&
                shared_before[entry.first] != shared_before[std::size_t{entry.first} + entry.count]) {
                findings_.add(fmt::format("core {}, entry {}", index, i),
                              "its plastic synapses are another entry's too", "synapses of its own");
            }
        }
    }

    void find_owners() {
        for (const CoreImage& core : image_.cores) {
            owners_.emplace_back(core.compartments);
        }
        for (std::uint32_t p = 0; p < image_.populations.size(); ++p) {
            for (const PopulationTile& tile : image_.populations[p].tiles) {
                for (std::uint32_t i = 0; i < tile.count; ++i) {
                    owners_[tile.core.value()][tile.first_compartment + i] = {.population = p,
                                                                              .neuron = tile.first_neuron + i};
                }
            }
        }
    }

    void find_senders() {
        for (const CoreImage& core : image_.cores) {
            senders_.emplace_back(core.axons());
        }
        const auto send = [&](const OutputAxon& output, std::uint32_t symbol) {
            Sender& sender = senders_[output.core.value()][output.axon.value()];
            sender.symbol = symbol;
            ++sender.count;
        };
        for (std::size_t c = 0; c < image_.cores.size(); ++c) {
            const CoreImage& core = image_.cores[c];
            for (std::size_t i = 0; i < core.compartments; ++i) {
                for (std::uint32_t k = core.output_first[i]; k < core.output_first[i + 1]; ++k) {
                    send(core.outputs[k], owners_[c][i].population);
                }
            }
        }
        for (std::size_t p = 0; p < image_.inputs.size(); ++p) {
            for (const OutputAxon& output : image_.inputs[p].outputs) {
                send(output, static_cast<std::uint32_t>(image_.populations.size() + p));
            }
        }
        ends_.resize(image_.learning.size());
    }

    /// Each profile joins one symbol to one population; each plastic axon has one sender.
    void ends(std::size_t index) {
        const CoreImage& core = image_.cores[index];
        for (std::size_t axon = 0; axon < core.axons(); ++axon) {
            for (const SynapseEntry& entry : core.entries_of(axon)) {
                if (entry.learning == 0 || findings_.full()) {
                    continue;
                }
                const Sender& sender = senders_[index][axon];
                if (sender.count > 1) {
                    findings_.add(fmt::format("core {}, axon {}", index, axon),
                                  fmt::format("{} neurons send to it, and its synapses are plastic", sender.count),
                                  "one: its traces are those of a single neuron");
                    continue;
                }
                Ends& ends = ends_[entry.learning - 1U];
                const std::string where = fmt::format("core {}, entry {}", index, &entry - core.entries.data());
                if (sender.count == 1) {
                    same(ends.source, sender.symbol, "source", where);
                }
                for (std::uint32_t s = entry.first; s < entry.first + entry.count; ++s) {
                    target(image_.learning[entry.learning - 1U], owners_[index][core.synapses[s].target], ends, where);
                }
            }
        }
    }

    void same(std::uint32_t& known, std::uint32_t found, const char* what, const std::string& where) {
        if (found == no_symbol) {
            findings_.add(where, fmt::format("the {} of plastic synapses is no neuron of a population", what),
                          "neurons that have a name");
        } else if (known != no_symbol && known != found) {
            findings_.add(where,
                          fmt::format("its rule has the {}s '{}' and '{}'", what, symbol_name(image_, known),
                                      symbol_name(image_, found)),
                          fmt::format("one {} a rule", what));
        } else {
            known = found;
        }
    }

    void target(const LearningProfile& profile, const Owner& owner, Ends& ends, const std::string& where) {
        same(ends.target, owner.population, "target", where);
        for (const ThirdFactor& factor : profile.third_factors) {
            if (factor.from != ThirdFactor::From::input) {
                continue;
            }
            const InputSymbol& port = image_.inputs[factor.port];
            if (port.size() != 1 && port.size() <= owner.neuron) {
                findings_.add(where,
                              fmt::format("the third factor of target neuron {} would come from a port of {} channels",
                                          owner.neuron, port.size()),
                              "a channel for each target, or one for all");
            }
        }
    }

    const Image& image_;
    Findings& findings_;
    std::vector<std::vector<Owner>> owners_;    // by core and compartment
    std::vector<std::vector<Sender>> senders_;  // by core and axon
    std::vector<Ends> ends_;                    // by profile
};

}  // namespace

void check_learning(const Image& image, Findings& findings) {
    const bool plastic = std::ranges::any_of(image.cores, [](const CoreImage& core) {
        return std::ranges::any_of(core.entries, [](const SynapseEntry& entry) { return entry.learning > 0; });
    });
    if (image.learning.empty() && !plastic) {
        return;
    }
    if (!image.chip.learning.present) {
        findings.add("image", "its synapses learn, and the chip has no learning engine", "weights that stay");
        return;
    }
    if (image.learning.size() > most_profiles) {
        findings.add("image", fmt::format("{} learning profiles", image.learning.size()),
                     fmt::format("at most {}", most_profiles));
        return;
    }
    LearningCheck(image, findings).check();
}

}  // namespace spikeloom::chip
