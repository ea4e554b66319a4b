#include "compiler/legalise/strongest_sources.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace spikeloom::compiler {
namespace {

struct Place {
    float size = 0;
    std::uint32_t projection = 0;
    std::size_t index = 0;  ///< among its weights
};

/// The weights of a projection, where each has a target of its own; else nothing.
std::vector<float>* own_weights(Projection& projection) {
    if (projection.learning) {
        return nullptr;
    }
    if (auto* dense = std::get_if<DenseWeights>(&projection.weights)) {
        return &dense->weights;
    }
    auto* sparse = std::get_if<SparseWeights>(&projection.weights);
    return sparse != nullptr ? &sparse->weights : nullptr;
}

double squares(const std::vector<float>* weights) {
    double sum = 0;
    for (std::size_t i = 0; weights != nullptr && i < weights->size(); ++i) {
        sum += static_cast<double>((*weights)[i]) * (*weights)[i];
    }
    return sum;
}

void keep_strongest(Network& network, std::uint32_t population, std::size_t keep) {
    std::vector<std::vector<Place>> heard(network.populations[population].size());  // by neuron
    for (std::uint32_t p = 0; p < network.projections.size(); ++p) {
        Projection& projection = network.projections[p];
        const std::vector<float>* const weights = own_weights(projection);
        if (projection.target.value() != population || weights == nullptr) {
            continue;
        }
        const auto* const sparse = std::get_if<SparseWeights>(&projection.weights);
        const std::size_t sources = network.source_size(projection.source);
        for (std::size_t i = 0; i < weights->size(); ++i) {
            if ((*weights)[i] != 0) {
                heard[sparse != nullptr ? sparse->targets[i] : i / sources].push_back(
                    {.size = std::abs((*weights)[i]), .projection = p, .index = i});
            }
        }
    }
    for (std::vector<Place>& places : heard) {
        std::ranges::stable_sort(places, std::greater<>(), &Place::size);
        for (std::size_t i = keep; i < places.size(); ++i) {
            (*own_weights(network.projections[places[i].projection]))[places[i].index] = 0;
        }
    }
}

}  // namespace

Network with_strongest_sources(const Network& network, std::size_t keep, std::vector<double>& lost) {
    Network smaller = network;
    std::vector<double> before;
    for (Projection& projection : smaller.projections) {
        before.push_back(squares(own_weights(projection)));
    }
    for (std::uint32_t population = 0; population < network.populations.size(); ++population) {
        keep_strongest(smaller, population, keep);
    }
    lost.clear();
    for (std::size_t p = 0; p < before.size(); ++p) {
        const double left = squares(own_weights(smaller.projections[p]));
        lost.push_back(before[p] > 0 ? std::sqrt(std::max(before[p] - left, 0.0) / before[p]) : 0);
    }
    return smaller;
}

}  // namespace spikeloom::compiler
