#include "runtime/analog/training_batch.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloom::runtime {
namespace {

/// At most 16 portions, so that their gradients don't outgrow the batch.
std::size_t portion_size(std::size_t samples) {
    return std::max<std::size_t>(8, (samples + 15) / 16);
}

template <class T>
void add_to(std::vector<std::vector<T>>& sums, const std::vector<std::vector<T>>& more) {
    for (std::size_t layer = 0; layer < sums.size(); ++layer) {
        for (std::size_t i = 0; i < sums[layer].size(); ++i) {
            sums[layer][i] += more[layer][i];
        }
    }
}

}  // namespace

BatchResult::BatchResult(std::span<const TtfsLayer> layers, bool backward) {
    for (const TtfsLayer& layer : layers) {
        if (backward) {
            gradient.emplace_back(layer.sources() * layer.neurons);
        }
        missing.emplace_back(layer.neurons);
    }
}

void BatchResult::add(const BatchResult& other) {
    score.samples += other.score.samples;
    score.correct += other.score.correct;
    score.silent += other.score.silent;
    score.loss += other.score.loss;
    cut += other.cut;
    underivable += other.underivable;
    add_to(gradient, other.gradient);
    add_to(missing, other.missing);
}

BatchRunner::BatchRunner(std::span<const TtfsLayer> layers, const TrainingOptions& options, TtfsForward& forward)
    : layers_(layers.begin(), layers.end()),
      loss_(options.loss),
      cutoff_(options.cutoff),
      forward_(&forward),
      pool_(options.threads, 0),
      spaces_(static_cast<std::size_t>(pool_.workers())) {
    std::size_t neurons = 0;
    for (TtfsLayer& layer : layers_) {
        first_neuron_.push_back(neurons);
        neurons += layer.neurons;
        layer.weights.clear();
    }
    for (Workspace& space : spaces_) {
        space.spikes.resize(neurons);
        for (const TtfsLayer& layer : layers_) {
            std::vector<double> times(layer.inputs);
            times.insert(times.end(), layer.bias_times.begin(), layer.bias_times.end());
            space.sources.push_back(std::move(times));
            space.derivatives.emplace_back(layer.kernel);
        }
    }
}

void BatchRunner::set_weights(std::span<const TtfsLayer> layers) {
    by_target_.resize(layers.size());
    for (std::size_t l = 0; l < layers.size(); ++l) {
        const TtfsLayer& layer = layers[l];
        const std::size_t sources = layer.sources();
        by_target_[l].resize(layer.weights.size());
        for (std::size_t source = 0; source < sources; ++source) {
            for (std::size_t neuron = 0; neuron < layer.neurons; ++neuron) {
                by_target_[l][neuron * sources + source] =
                    rounded_weight(layer, layer.weights[source * layer.neurons + neuron]);
            }
        }
    }
}

BatchResult BatchRunner::run(std::span<const BatchInput> samples, bool backward) {
    const std::size_t portion = portion_size(samples.size());
    const std::size_t portions = (samples.size() + portion - 1) / portion;
    std::vector<BatchResult> results(portions);
    const double share = 1 / static_cast<double>(std::max<std::size_t>(1, samples.size()));
    pool_.for_each(portions, samples.size(), [&](std::size_t item, std::size_t worker) {
        results[item] = BatchResult(layers_, backward);
        const std::size_t end = std::min(samples.size(), (item + 1) * portion);
        for (std::size_t i = item * portion; i < end; ++i) {
            run_sample(spaces_[worker], worker, samples[i], share, backward, results[item]);
        }
    });
    BatchResult total(layers_, backward);
    for (const BatchResult& result : results) {
        total.add(result);
    }
    return total;
}

void BatchRunner::run_sample(Workspace& space, std::size_t worker, const BatchInput& sample, double share,
                             bool backward, BatchResult& result) {
    forward_->run(worker, sample.trial, sample.times, space.spikes);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const auto spikes = std::span(space.spikes).subspan(first_neuron_[l], layers_[l].neurons);
        for (std::size_t n = 0; n < spikes.size(); ++n) {
            result.missing[l][n] += std::isinf(spikes[n]) ? 1 : 0;
        }
    }
    const auto answers = std::span(space.spikes).subspan(first_neuron_.back());
    space.error.resize(answers.size());
    result.score.loss += loss_.evaluate(answers, sample.label, space.error);
    const auto answer = first_label(answers);
    ++result.score.samples;
    result.score.correct += answer == sample.label ? 1 : 0;
    result.score.silent += answer ? 0 : 1;
    if (backward) {
        std::copy(sample.times.begin(), sample.times.end(), space.sources[0].begin());
        go_back(space, share, result);
    }
}

void BatchRunner::go_back(Workspace& space, double share, BatchResult& result) {
    for (std::size_t l = layers_.size(); l-- > 0;) {
        const TtfsLayer& layer = layers_[l];
        std::vector<double>& times = space.sources[l];
        if (l > 0) {
            std::copy_n(space.spikes.begin() + static_cast<std::ptrdiff_t>(first_neuron_[l - 1]), layer.inputs,
                        times.begin());
        }
        SpikeTimeDerivative& derivative = space.derivatives[l];
        derivative.set_inputs(times);
        space.next_error.assign(layer.inputs, 0);
        for (std::size_t n = 0; n < layer.neurons; ++n) {
            const double spike = space.spikes[first_neuron_[l] + n];
            const double error = space.error[n] * share;
            if (error == 0 || std::isinf(spike)) {
                continue;
            }
            const std::size_t sources = times.size();
            if (!derivative.compute(std::span(by_target_[l]).subspan(n * sources, sources), spike)) {
                ++result.underivable;
                continue;
            }
            const auto by_weight = derivative.by_weight();
            double largest = 0;
            for (const double value : by_weight) {
                largest = std::max(largest, std::abs(value * error));
            }
            if (cutoff_ > 0 && largest > cutoff_) {
                ++result.cut;
            } else {
                for (std::size_t i = 0; i < sources; ++i) {
                    result.gradient[l][n * sources + i] += by_weight[i] * error;
                }
            }
            for (std::size_t i = 0; i < layer.inputs; ++i) {
                space.next_error[i] += derivative.by_time()[i] * space.error[n];
            }
        }
        std::swap(space.error, space.next_error);
    }
}

}  // namespace spikeloom::runtime
