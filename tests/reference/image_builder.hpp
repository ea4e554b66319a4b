// Small named builders of Images, so that a test says what it is about and nothing else.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "chip/image/image.hpp"

namespace spikeloom::test {

/// A chip with the defaults of ChipSpec: Loihi 1's widths, the recommended conventions; but cores may be large.
[[nodiscard]] chip::ChipSpec default_chip();

/// The conventions of the tools, where they disagree (LOIHI facts 1.4).
[[nodiscard]] chip::Conventions nengo_conventions();
[[nodiscard]] chip::Conventions lava_conventions();
[[nodiscard]] chip::Conventions brian2_conventions();

/// One list of synapses on its way into a core's synaptic memory.
struct SynapseList {
    chip::WeightFormat format;
    chip::SynapseEncoding encoding = chip::SynapseEncoding::sparse;
    std::vector<chip::Synapse> synapses;
    std::uint8_t learning = 0;  ///< as SynapseEntry::learning
};

/// Builds an image core by core. Axons, outputs and inputs may be added in any order.
class ImageBuilder {
public:
    explicit ImageBuilder(chip::ChipSpec chip) { image_.chip = std::move(chip); }

    /// A core of `compartments` equal compartments; `place` is the physical core.
    CoreId add_core(const chip::CompartmentGroup& group, std::uint32_t compartments, std::uint32_t place);
    CoreId add_core(std::vector<chip::CompartmentGroup> groups, std::uint32_t place);
    chip::CoreImage& core(CoreId core) { return image_.cores[core.value()]; }

    /// An input axon of a core, with its lists.
    chip::OutputAxon add_axon(CoreId core, const std::vector<SynapseList>& lists);
    /// A spike of the compartment sends a message to the axon.
    void connect(CoreId core, std::uint32_t compartment, const chip::OutputAxon& axon);

    /// An input port; returns its number.
    std::uint32_t add_port(std::uint32_t channels);
    void connect_input(std::uint32_t port, std::uint32_t channel, const chip::OutputAxon& axon);

    /// Consecutive neurons from 0 in the tiles' order; the name is "population" and its number.
    void add_population(std::vector<chip::PopulationTile> tiles);
    /// Returns what SynapseList::learning says of lists that follow it.
    std::uint8_t add_learning(chip::LearningProfile profile);

    [[nodiscard]] chip::Image build();

private:
    struct Link {
        std::uint32_t from = 0;
        chip::OutputAxon to;
    };
    chip::Image image_;
    std::vector<std::vector<Link>> core_links_, port_links_;
    std::vector<std::uint32_t> port_channels_;
};

/// What a random image may contain.
struct RandomImageOptions {
    std::uint32_t cores = 3;
    std::uint32_t max_compartments = 70;
    std::uint32_t max_delay = 6;
    bool noise = false;
    chip::ChipSpec chip = default_chip();
};

/// A network that is busy and has a bit of everything: groups of all lengths, refractory times, biases, negative
/// weights, every encoding and sign mode, dense stretches, shared and empty axons, inputs.
[[nodiscard]] chip::Image random_image(std::uint64_t seed, const RandomImageOptions& options);

}  // namespace spikeloom::test
