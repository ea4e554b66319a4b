#include "runtime/analog/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "runtime/analog/training_batch.hpp"
#include "runtime/analog/training_random.hpp"

namespace spikeloom::runtime {
namespace {

void check_layer(const TtfsLayer& layer, std::size_t inputs, Diagnostics& out) {
    const std::string where = fmt::format("layer '{}'", layer.name);
    if (layer.neurons == 0 || layer.sources() == 0) {
        out.push_back({.where = where, .found = "no neurons or no sources", .allowed = "at least one of each"});
    }
    if (layer.inputs != inputs) {
        out.push_back({.where = where,
                       .found = fmt::format("{} inputs", layer.inputs),
                       .allowed = fmt::format("{}, as the layer before has neurons", inputs)});
    }
    if (layer.weights.size() != layer.sources() * layer.neurons) {
        out.push_back({.where = where,
                       .found = fmt::format("{} weights", layer.weights.size()),
                       .allowed = fmt::format("{} x {}", layer.sources(), layer.neurons)});
    }
    const auto finite = [](double value) { return std::isfinite(value); };
    if (!std::all_of(layer.weights.begin(), layer.weights.end(), finite)) {
        out.push_back({.where = where, .found = "a weight that is not a number", .allowed = "finite weights"});
    }
    const MembraneKernel& kernel = layer.kernel;
    for (const double value : {kernel.tau_mem, kernel.tau_syn, kernel.resistance}) {
        if (!(value > 0) || !finite(value)) {
            out.push_back({.where = where,
                           .found = fmt::format("a time constant or resistance of {}", value),
                           .allowed = "above 0"});
        }
    }
    if (!std::all_of(layer.bias_times.begin(), layer.bias_times.end(), [](double t) { return t >= 0 && t < 1e6; })) {
        out.push_back({.where = where, .found = "a constant spike time out of range", .allowed = "0 or later"});
    }
    if (!(layer.most_missing >= 0 && layer.most_missing <= 1)) {
        out.push_back({.where = where,
                       .found = fmt::format("{} of the spikes may be missing", layer.most_missing),
                       .allowed = "0 to 1"});
    }
    if (!(layer.weight_unit >= 0) || !(layer.largest_register >= 0) || !finite(layer.weight_unit)) {
        out.push_back({.where = where, .found = "a negative weight unit or register", .allowed = "0 or above"});
    }
}

void check_options(const TrainingOptions& options, Diagnostics& out) {
    const auto need = [&out](bool holds, const char* option, double value, const char* allowed) {
        if (!holds) {
            out.push_back({.where = option, .found = fmt::format("{}", value), .allowed = allowed});
        }
    };
    need(options.batch > 0, "batch", options.batch, "at least 1 sample");
    need(options.loss.xi > 0, "xi", options.loss.xi, "above 0");
    need(options.loss.beta > 0, "beta", options.loss.beta, "above 0");
    need(options.loss.alpha >= 0, "alpha", options.loss.alpha, "0 or above");
    need(options.adam.rate > 0 && options.adam.rate < 1e6, "learning rate", options.adam.rate, "above 0");
    need(options.adam.decay > 0 && options.adam.decay <= 1, "decay", options.adam.decay, "above 0, to 1");
    need(options.cutoff >= 0, "cut-off", options.cutoff, "0 or above");
    need(options.bump >= 0 && options.bump < 1e6, "bump", options.bump, "0 or above");
    need(options.input_noise >= 0 && options.input_noise < 1e6, "input noise", options.input_noise, "0 or above");
    need(options.threads >= 1 && options.threads <= chip::ThreadPool::max_workers, "threads", options.threads,
         "1 to 256");
}

/// Fisher & Yates, a function of seed and epoch.
std::vector<std::size_t> shuffled(std::size_t count, std::uint64_t seed, std::uint64_t epoch) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = count; i > 1; --i) {
        const auto key = training_key(seed, TrainingDraw::shuffle, epoch, 0, static_cast<std::uint32_t>(i));
        std::swap(order[i - 1], order[random_below(key, i)]);
    }
    return order;
}

}  // namespace

void draw_weights(TtfsLayer& layer, double mean, double deviation, std::uint64_t seed, std::uint32_t number) {
    layer.weights.resize(layer.sources() * layer.neurons);
    for (std::size_t i = 0; i < layer.weights.size(); ++i) {
        const auto key =
            training_key(seed, TrainingDraw::initial_weight, i >> 32, number, static_cast<std::uint32_t>(i));
        layer.weights[i] = mean + deviation * random_normal(key);
    }
}

double rounded_weight(const TtfsLayer& layer, double weight) {
    if (layer.weight_unit == 0) {
        return weight;
    }
    return std::clamp(std::round(weight / layer.weight_unit), -layer.largest_register, layer.largest_register) *
           layer.weight_unit;
}

Diagnostics check_samples(const TimedSamples& samples, std::span<const TtfsLayer> layers, const std::string& where) {
    Diagnostics out;
    if (samples.size() == 0) {
        out.push_back({.where = where, .found = "no samples", .allowed = "at least one"});
    }
    if (samples.channels != layers.front().inputs) {
        out.push_back({.where = where,
                       .found = fmt::format("{} channels", samples.channels),
                       .allowed = fmt::format("{}, as the network has inputs", layers.front().inputs)});
    }
    if (samples.times.size() != samples.size() * samples.channels) {
        out.push_back({.where = where,
                       .found = fmt::format("{} times of {} samples", samples.times.size(), samples.size()),
                       .allowed = fmt::format("{}, one a sample and channel", samples.size() * samples.channels)});
    }
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (samples.labels[i] >= layers.back().neurons) {
            out.push_back({.where = fmt::format("{}: sample {}", where, i),
                           .found = fmt::format("label {}", samples.labels[i]),
                           .allowed = fmt::format("0 to {}, a neuron of the last layer", layers.back().neurons - 1)});
            break;
        }
    }
    const auto bad = std::find_if(samples.times.begin(), samples.times.end(), [](double time) { return !(time >= 0); });
    if (bad != samples.times.end()) {
        out.push_back({.where = where, .found = fmt::format("a spike at {}", *bad), .allowed = "0 or later"});
    }
    return out;
}

struct Trainer::Parts {
    Parts(std::vector<TtfsLayer> all_layers, std::shared_ptr<TtfsForward> pass, const TrainingOptions& given)
        : layers(std::move(all_layers)), forward(std::move(pass)), options(given), runner(layers, options, *forward) {
        adam.resize(layers.size());
        next_bump = options.bump;
        clip();
    }

    void clip() {
        for (TtfsLayer& layer : layers) {
            if (layer.weight_unit > 0) {
                const double most = layer.weight_unit * layer.largest_register;
                for (double& weight : layer.weights) {
                    weight = std::clamp(weight, -most, most);
                }
            }
        }
        loaded = false;
    }

    Result<void> load() {
        if (!loaded) {
            if (auto done = forward->load(layers); !done) {
                return done;
            }
            runner.set_weights(layers);
            loaded = true;
        }
        return {};
    }

    /// The first layer that misses too many spikes; -1: none does.
    [[nodiscard]] std::int64_t offender(const BatchResult& result) const {
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const auto missing = std::accumulate(result.missing[l].begin(), result.missing[l].end(), std::uint64_t{0});
            const auto all = static_cast<double>(result.score.samples * layers[l].neurons);
            if (static_cast<double>(missing) > layers[l].most_missing * all) {
                return static_cast<std::int64_t>(l);
            }
        }
        return -1;
    }

    void bump(std::size_t offending, const BatchResult& result) {
        const bool again = bumped_layer == static_cast<std::int64_t>(offending);
        next_bump = again ? next_bump * 2 : options.bump;
        TtfsLayer& layer = layers[offending];
        for (std::size_t i = 0; i < layer.weights.size(); ++i) {
            layer.weights[i] += result.missing[offending][i % layer.neurons] > 0 ? next_bump : 0;
        }
        bumped_layer = static_cast<std::int64_t>(offending);
    }

    void learn(const BatchResult& result) {
        std::vector<double> gradient;
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const std::size_t sources = layers[l].sources();
            const std::size_t neurons = layers[l].neurons;
            gradient.resize(sources * neurons);
            for (std::size_t i = 0; i < gradient.size(); ++i) {
                gradient[i] = result.gradient[l][(i % neurons) * sources + i / neurons];
            }
            adam_step(options.adam, options.adam.rate_in(epoch), gradient, adam[l], layers[l].weights);
        }
        bumped_layer = -1;
    }

    /// The inputs of a batch, with this epoch's noise; `held` keeps their times.
    std::vector<BatchInput> batch(const TimedSamples& samples, std::span<const std::size_t> order,
                                  std::vector<double>& held) const {
        std::vector<BatchInput> inputs;
        held.clear();
        for (const std::size_t i : order) {
            const auto times = samples.sample(i);
            held.insert(held.end(), times.begin(), times.end());
            if (options.input_noise > 0) {
                for (std::size_t channel = 0; channel < times.size(); ++channel) {
                    double& time = held[held.size() - times.size() + channel];
                    const auto key = training_key(options.seed, TrainingDraw::input_noise, epoch,
                                                  static_cast<std::uint32_t>(channel), static_cast<std::uint32_t>(i));
                    time = std::abs(time + options.input_noise * random_normal(key));
                }
            }
            inputs.push_back({.label = samples.labels[i], .trial = (epoch + 1) * samples.size() + i});
        }
        for (std::size_t k = 0; k < inputs.size(); ++k) {
            inputs[k].times = std::span(held).subspan(k * samples.channels, samples.channels);
        }
        return inputs;
    }

    std::vector<TtfsLayer> layers;
    std::shared_ptr<TtfsForward> forward;
    TrainingOptions options;
    BatchRunner runner;
    std::vector<AdamState> adam;
    std::uint64_t epoch = 0;
    double next_bump = 0;
    std::int64_t bumped_layer = -1;
    bool loaded = false;
};

Result<Trainer> Trainer::create(std::vector<TtfsLayer> layers, std::shared_ptr<TtfsForward> forward,
                                const TrainingOptions& options) {
    Diagnostics findings;
    if (layers.empty()) {
        findings.push_back({.where = "network", .found = "no layers", .allowed = "at least one"});
    }
    for (std::size_t l = 0; l < layers.size(); ++l) {
        check_layer(layers[l], l == 0 ? layers[l].inputs : layers[l - 1].neurons, findings);
    }
    check_options(options, findings);
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return Trainer(std::make_unique<Parts>(std::move(layers), std::move(forward), options));
}

Trainer::Trainer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

Result<std::optional<EpochFigures>> Trainer::train_epoch(const TimedSamples& samples,
                                                         const std::function<bool()>& stop) {
    Parts& p = *parts_;
    if (auto findings = check_samples(samples, p.layers, "training samples"); !findings.empty()) {
        return fail(std::move(findings));
    }
    EpochFigures figures{.epoch = p.epoch, .rate = p.options.adam.rate_in(p.epoch)};
    const auto order = shuffled(samples.size(), p.options.seed, p.epoch);
    BatchResult sums(p.layers, false);
    std::vector<double> held;
    for (std::size_t first = 0; first < order.size(); first += p.options.batch) {
        if (stop && stop()) {
            return std::nullopt;
        }
        if (auto done = p.load(); !done) {
            return fail(std::move(done.error()));
        }
        const std::size_t count = std::min<std::size_t>(p.options.batch, order.size() - first);
        const auto inputs = p.batch(samples, std::span(order).subspan(first, count), held);
        const BatchResult result = p.runner.run(inputs, true);
        if (const std::int64_t offending = p.offender(result); offending >= 0) {
            p.bump(static_cast<std::size_t>(offending), result);
            ++figures.bumps;
        } else {
            p.learn(result);
            ++figures.steps;
        }
        p.clip();
        sums.add(result);
    }
    figures.score = sums.score;
    figures.score.loss /= static_cast<double>(samples.size());
    figures.cut = sums.cut;
    figures.underivable = sums.underivable;
    for (const auto& missing : sums.missing) {
        const auto all = static_cast<double>(missing.size() * samples.size());
        figures.missing.push_back(
            static_cast<double>(std::accumulate(missing.begin(), missing.end(), std::uint64_t{0})) / all);
    }
    ++p.epoch;
    return figures;
}

Result<Score> Trainer::evaluate(const TimedSamples& samples) {
    Parts& p = *parts_;
    if (auto findings = check_samples(samples, p.layers, "samples"); !findings.empty()) {
        return fail(std::move(findings));
    }
    if (auto done = p.load(); !done) {
        return fail(std::move(done.error()));
    }
    std::vector<BatchInput> inputs;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        inputs.push_back({.times = samples.sample(i), .label = samples.labels[i], .trial = i});
    }
    Score score = p.runner.run(inputs, false).score;
    score.loss /= static_cast<double>(samples.size());
    return score;
}

const std::vector<TtfsLayer>& Trainer::layers() const {
    return parts_->layers;
}

const TrainingOptions& Trainer::options() const {
    return parts_->options;
}

TrainingState Trainer::state() const {
    TrainingState state{.epoch = parts_->epoch,
                        .adam = parts_->adam,
                        .next_bump = parts_->next_bump,
                        .bumped_layer = parts_->bumped_layer};
    for (const TtfsLayer& layer : parts_->layers) {
        state.weights.push_back(layer.weights);
    }
    return state;
}

Result<void> Trainer::restore(const TrainingState& state) {
    Parts& p = *parts_;
    bool fits = state.weights.size() == p.layers.size() && state.adam.size() == p.layers.size();
    for (std::size_t l = 0; fits && l < p.layers.size(); ++l) {
        const std::size_t size = p.layers[l].weights.size();
        const AdamState& adam = state.adam[l];
        const std::size_t moments = adam.steps == 0 ? adam.mean.size() : size;
        fits = state.weights[l].size() == size && adam.mean.size() == moments && adam.variance.size() == moments;
    }
    if (!fits || state.bumped_layer >= static_cast<std::int64_t>(p.layers.size())) {
        return fail({.where = "training state",
                     .found = "weights or moments of other shapes than the network's",
                     .allowed = "the state of a training of this network"});
    }
    for (std::size_t l = 0; l < p.layers.size(); ++l) {
        p.layers[l].weights = state.weights[l];
    }
    p.adam = state.adam;
    p.epoch = state.epoch;
    p.next_bump = state.next_bump;
    p.bumped_layer = state.bumped_layer;
    p.clip();
    return {};
}

}  // namespace spikeloom::runtime
