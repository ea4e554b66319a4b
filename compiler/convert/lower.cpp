#include "compiler/convert/lower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace spikeloom::compiler {
namespace {

void scale_weights(Weights& weights, double factor) {
    const auto scale = [factor](std::vector<float>& values) {
        std::ranges::for_each(values, [&](float& value) { value = static_cast<float>(value * factor); });
    };
    if (auto* convolution = std::get_if<ConvolutionWeights>(&weights)) {
        scale(convolution->kernel);
    } else if (auto* dense = std::get_if<DenseWeights>(&weights)) {
        scale(dense->weights);
    } else if (auto* sparse = std::get_if<SparseWeights>(&weights)) {
        scale(sparse->weights);
    } else if (auto* pairs = std::get_if<OneToOneWeights>(&weights)) {
        scale(pairs->weights);
    }
}

class Converter {
public:
    Converter(const Ann& ann, const Calibration& calibration, const ConversionOptions& options)
        : ann_(ann), calibration_(calibration), options_(options) {}

    Conversion run() {
        Network& network = result_.network;
        network.name = ann_.name;
        network.step_s = options_.step_s;
        network.inputs.push_back({.name = ann_.input_name, .shape = ann_.input});
        for (std::size_t layer = 0; layer < ann_.layers.size(); ++layer) {
            ranges_.push_back(range_of(layer));
            add_population(layer);
            for (const AnnConnection& connection : ann_.layers[layer].inputs) {
                add_projection(layer, connection);
            }
        }
        network.outputs.push_back(
            {.name = ann_.output_name, .population = PopulationId(static_cast<std::uint32_t>(ann_.output))});
        return std::move(result_);
    }

private:
    /// The output, unless another layer takes its values: integrators send nothing.
    [[nodiscard]] bool integrates(std::size_t layer) const {
        const bool taken = std::ranges::any_of(ann_.layers, [&](const AnnLayer& other) {
            return std::ranges::any_of(other.inputs,
                                       [&](const AnnConnection& input) { return input.from == layer + 1; });
        });
        return layer == ann_.output && options_.integrating_output && !taken;
    }

    [[nodiscard]] double whole_inference() const {
        return static_cast<double>(options_.steps) + static_cast<double>(options_.drain);
    }

    /// What a rate of one spike a step stands for.
    double range_of(std::size_t layer) {
        const LayerRange& range = calibration_.layers[layer];
        const AnnLayer& units = ann_.layers[layer];
        const double chosen = range.scale > 0 ? range.scale : range.largest;
        if (chosen > 0) {
            return chosen;
        }
        result_.remarks.push_back({.severity = Severity::warning,
                                   .where = fmt::format("layer '{}'", units.name),
                                   .found = "no value above 0 over the whole calibration set",
                                   .help = "calibrate with samples as the network will see them"});
        return 1;
    }

    void add_population(std::size_t layer) {
        const AnnLayer& units = ann_.layers[layer];
        if (!units.rectified && !integrates(layer)) {
            result_.remarks.push_back(
                {.severity = Severity::warning,
                 .where = fmt::format("layer '{}'", units.name),
                 .found = "it is not rectified, and spikes tell no values below 0",
                 .help = layer == ann_.output ? "let it integrate: --output-layer membrane" : ""});
        }
        Population population;
        population.name = units.name;
        population.shape = units.shape;
        population.kind = integrates(layer) ? NeuronKind::integrator : NeuronKind::integrate_fire;
        population.reset = integrates(layer) ? ResetRule::to_value : options_.reset;
        population.resistance = 1 / options_.step_s;
        if (options_.bias_shift && !integrates(layer)) {
            population.bias = 0.5 / whole_inference();
        }
        result_.network.populations.push_back(std::move(population));
    }

    void add_projection(std::size_t layer, const AnnConnection& connection) {
        const double source_range = connection.from == 0 ? 1.0 : ranges_[connection.from - 1];
        Projection projection;
        projection.name = connection.name;
        projection.source = connection.from == 0
                                ? Source{Source::Kind::input, 0}
                                : Source{Source::Kind::population, static_cast<std::uint32_t>(connection.from - 1)};
        projection.target = PopulationId(static_cast<std::uint32_t>(layer));
        projection.weights = connection.weights;
        scale_weights(projection.weights, source_range / ranges_[layer]);
        projection.bias = connection.bias;
        const double share = options_.steps / whole_inference();
        std::ranges::for_each(projection.bias.values, [&](double& value) { value *= share / ranges_[layer]; });
        result_.network.projections.push_back(std::move(projection));
    }

    const Ann& ann_;
    const Calibration& calibration_;
    const ConversionOptions& options_;
    std::vector<double> ranges_;
    Conversion result_;
};

}  // namespace

Conversion convert_ann(const Ann& ann, const Calibration& calibration, const ConversionOptions& options) {
    return Converter(ann, calibration, options).run();
}

}  // namespace spikeloom::compiler
