// A network compiled and running on its chip, for tests that compare it neuron by neuron with a rule written naively.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chip/chip.hpp"
#include "compiler/compile.hpp"
#include "compiler/netx/netx_reader.hpp"
#include "support/networks.hpp"
#include "support/netx_layers.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::test {

/// A compiled net on its chip, spikes by population.
class RunningNet {
public:
    RunningNet(const compiler::Network& network, const std::string& chip_name) {
        const auto spec =
            chip::read_chip_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + chip_name + ".textproto");
        REQUIRE_MESSAGE(spec.has_value(), to_text(spec.error()));
        auto compiled = compiler::compile(network, *spec, compiler::CompileOptions{});
        REQUIRE_MESSAGE(compiled.has_value(), to_text(compiled.error()));
        image_ = std::move(compiled->image);
        chip_.push_back(value_of(chip::Chip::load(image_, {})));
        for (const chip::CoreImage& core : image_.cores) {
            at_.emplace_back(core.compartments);
        }
        for (std::uint32_t p = 0; p < image_.populations.size(); ++p) {
            spikes_.emplace_back(image_.populations[p].size());
            sent_.emplace_back(image_.populations[p].size());
            for (const chip::PopulationTile& tile : image_.populations[p].tiles) {
                for (std::uint32_t i = 0; i < tile.count; ++i) {
                    at_[tile.core.value()][tile.first_compartment + i] = {p, tile.first_neuron + i};
                }
            }
        }
    }

    /// One value a channel: 0 is no spike; the others count for a graded port only.
    template <class Value>
    void step(const std::vector<Value>& input) {
        std::vector<chip::InputSpike> spikes;
        for (std::uint32_t channel = 0; channel < input.size(); ++channel) {
            if (input[channel] != 0) {
                spikes.push_back({.port = 0, .channel = channel, .payload = input[channel]});
            }
        }
        chip_[0].step(spikes);
        for (auto& population : spikes_) {
            std::ranges::fill(population, std::uint8_t{0});
        }
        for (auto& population : sent_) {
            std::ranges::fill(population, 0);
        }
        for (const chip::CoreSpike& spike : chip_[0].spikes()) {
            const auto [population, neuron] = at_[spike.core.value()][spike.compartment.value()];
            spikes_[population][neuron] = 1;
            sent_[population][neuron] = spike.payload;
        }
    }
    void reset() { chip_[0].reset_state(); }
    [[nodiscard]] const std::vector<std::uint8_t>& spikes(std::size_t population) const { return spikes_[population]; }
    /// What each neuron sent in the last step; 0: nothing.
    [[nodiscard]] const std::vector<std::int32_t>& sent(std::size_t population) const { return sent_[population]; }
    [[nodiscard]] std::int32_t voltage(std::uint32_t population, std::uint32_t neuron) const {
        for (std::uint32_t core = 0; core < at_.size(); ++core) {
            for (std::uint32_t compartment = 0; compartment < at_[core].size(); ++compartment) {
                if (at_[core][compartment] == std::pair(population, neuron)) {
                    return chip_[0].voltage(CoreId(core), CompartmentId(compartment));
                }
            }
        }
        return 0;
    }
    [[nodiscard]] std::size_t cores() const { return image_.cores.size(); }

private:
    static chip::Chip value_of(Result<chip::Chip> chip) {
        REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
        return std::move(*chip);
    }

    chip::Image image_;
    std::vector<chip::Chip> chip_;
    std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> at_;
    std::vector<std::vector<std::uint8_t>> spikes_;
    std::vector<std::vector<std::int32_t>> sent_;
};

inline std::vector<std::int32_t> whole_numbers(Draws& draws, std::int64_t count, std::int32_t least,
                                               std::int32_t most) {
    std::vector<std::int32_t> numbers;
    for (std::int64_t i = 0; i < count; ++i) {
        numbers.push_back(static_cast<std::int32_t>(draws.integer(least, most)));
    }
    return numbers;
}

/// The layers written as a netx file, and read.
inline compiler::Network network_of(const std::vector<NetxTestLayer>& layers,
                                    const compiler::NetxOptions& options = {}) {
    const TemporaryFolder folder;
    const std::string path = folder("net.net");
    const auto written = write_netx(path, layers);
    REQUIRE_MESSAGE(written.has_value(), to_text(written.error()));
    const auto import = compiler::read_netx(path, options);
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    return import->network;
}

}  // namespace spikeloom::test
