#include "chip/learned_image.hpp"

#include "chip/image/plastic_projection.hpp"

namespace spikeloom::chip {

Image learned_image(const Image& image, const Chip& chip) {
    Image learned = image;
    for (std::uint32_t profile = 0; profile < image.learning.size(); ++profile) {
        const PlasticProjection projection = plastic_projection(image, profile);
        const std::vector<PlasticSynapse> synapses = chip.plastic_synapses(profile);
        const std::vector<std::int32_t> weights = chip.plastic_values(profile, rules::Variable::weight);
        const std::vector<std::int32_t> delays = chip.plastic_values(profile, rules::Variable::delay);
        SPIKELOOM_ASSERT(synapses.size() == projection.synapses.size(), image.learning[profile].projection);
        for (std::size_t i = 0; i < synapses.size(); ++i) {
            const PlasticPlace& place = projection.synapses[i];
            SPIKELOOM_ASSERT((synapses[i] == PlasticSynapse{place.source, place.target}),
                             image.learning[profile].projection);
            Synapse& synapse = learned.cores[place.core.value()].synapses[place.synapse];
            synapse.weight = static_cast<std::int16_t>(weights[i]);
            synapse.delay = static_cast<std::uint8_t>(delays[i]);
        }
    }
    return learned;
}

}  // namespace spikeloom::chip
