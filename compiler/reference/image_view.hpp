// An image seen from the network it was compiled from: registers by neuron, and what a spike of a neuron brings to
// which others. Helpers, which pass parts of sums on, are ways between the network's neurons; copies, which share their
// targets with an original, send for it (the image's stored network says whose copies they are, stored_legal.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "chip/image/image.hpp"
#include "chip/spec/weight_format.hpp"
#include "compiler/network.hpp"
#include "compiler/text/stored_legal.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Registers of one neuron.
struct Registers {
    chip::CompartmentGroup group;
    std::int64_t bias = 0;
    std::int32_t initial_current = 0;
};

struct NeuronPlace {
    enum class Role : std::uint8_t { none, neuron, copy };
    std::uint32_t population = 0;  ///< of the network; of a copy: its original's
    std::uint32_t neuron = 0;
    Role role = Role::none;
};

class ImageView {
public:
    ImageView(const Network& network, const chip::Image& image) : network_(network), image_(image) {}

    /// Errors: the image is not one of this network, or not whole.
    [[nodiscard]] Diagnostics open();
    [[nodiscard]] const std::vector<Registers>& registers(std::size_t population) const {
        return registers_[population];
    }
    [[nodiscard]] double voltage_per_unit(std::size_t population) const {
        return image_.populations[symbols_[population]].voltage_per_unit;
    }
    /// Calls use(place of the target, contribution to u, delay) for every synapse of a source.
    template <class Use>
    void for_each_synapse(const Source& source, std::uint32_t neuron, const Use& use) const;

private:
    using Compartment = std::pair<CoreId, std::uint32_t>;
    /// What came before an axon: a helper's part of a sum is passed on a step later.
    struct Before {
        double factor = 1;
        int delay = 0;
        int helpers = 0;
    };
    /// Sums of sums go no deeper in what legalise/ makes; an image from elsewhere might pass spikes on in a circle.
    static constexpr int most_helpers = 16;

    Diagnostics open_population(std::size_t population);
    Diagnostics open_copies();
    [[nodiscard]] bool seat_copies(const chip::PopulationSymbol& symbol, const NeuronCopies& copies);
    template <class Use>
    void walk_axon(const chip::OutputAxon& axon, const Use& use, Before before) const;
    template <class Use>
    void walk_compartment(Compartment compartment, const Use& use, Before before) const;
    /// Whether the compartment is a helper's, which a network split for its fan-in has beside its own neurons.
    [[nodiscard]] bool passes_on(CoreId core, std::uint32_t compartment) const;

    const Network& network_;
    const chip::Image& image_;
    std::vector<std::size_t> symbols_;        ///< of each population
    std::vector<std::size_t> input_symbols_;  ///< of each input port
    std::vector<std::vector<Registers>> registers_;
    std::vector<std::vector<Compartment>> compartments_;                                  ///< of each neuron
    std::vector<std::vector<NeuronPlace>> places_;                                        ///< [core][compartment]
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Compartment>> copies_;  ///< by (population, neuron)
};

template <class Use>
void ImageView::walk_axon(const chip::OutputAxon& axon, const Use& use, Before before) const {
    const chip::CoreImage& core = image_.cores[axon.core.value()];
    const auto rounding = image_.chip.conventions.negative_mixed_weight;
    const std::int32_t base = core.axon(axon.axon.value()).base;
    for (const chip::SynapseEntry& entry : core.entries_of(axon.axon.value())) {
        for (std::uint32_t k = entry.first; k < entry.first + entry.count; ++k) {
            const chip::Synapse& synapse = core.synapses[k];
            const auto compartment = static_cast<std::uint32_t>(base + synapse.target);
            const NeuronPlace& place = places_[axon.core.value()][compartment];
            const std::int32_t contribution =
                chip::effective_weight_64(synapse.weight, core.formats[entry.format], rounding);
            const int delay = before.delay + synapse.delay;
            if (contribution == 0 || place.role == NeuronPlace::Role::copy) {
                continue;  // what its original hears
            }
            if (place.role == NeuronPlace::Role::neuron) {
                use(place, 64.0 * contribution * before.factor, delay);
            } else if (before.helpers < most_helpers && passes_on(axon.core, compartment)) {
                walk_compartment(
                    {axon.core, compartment}, use,
                    {.factor = contribution * before.factor, .delay = delay + 1, .helpers = before.helpers + 1});
            }
        }
    }
}

template <class Use>
void ImageView::walk_compartment(Compartment compartment, const Use& use, Before before) const {
    const chip::CoreImage& image = image_.cores[compartment.first.value()];
    for (std::uint32_t k = image.output_first[compartment.second]; k < image.output_first[compartment.second + 1];
         ++k) {
        walk_axon(image.outputs[k], use, before);
    }
}

template <class Use>
void ImageView::for_each_synapse(const Source& source, std::uint32_t neuron, const Use& use) const {
    if (source.kind == Source::Kind::input) {
        const chip::InputSymbol& symbol = image_.inputs[input_symbols_[source.index]];
        for (std::uint32_t k = symbol.output_first[neuron]; k < symbol.output_first[neuron + 1]; ++k) {
            walk_axon(symbol.outputs[k], use, Before{});
        }
        return;
    }
    walk_compartment(compartments_[source.index][neuron], use, Before{});
    if (const auto copies = copies_.find({source.index, neuron}); copies != copies_.end()) {
        for (const Compartment& copy : copies->second) {
            walk_compartment(copy, use, Before{});
        }
    }
}

}  // namespace spikeloom::compiler
