// Training of time-to-first-spike networks with a chip in the loop (Goeltz et al. 2021): the spike times come from the
// chip, with its mismatch, its rounded weights and the spikes that it misses; how the loss moves with every weight is
// computed from those times (training_gradient.hpp). Weights are kept as real numbers, the chip sees them rounded.
//
//     auto trainer = Trainer::create(layers, forward, options).value();
//     while (trainer.state().epoch < 300) {
//         auto figures = trainer.train_epoch(samples);        // loss, accuracy, rate, ...
//         auto score = trainer.evaluate(others);
//     }
//     trainer.layers()[0].weights
//
// Times are in units of the network's tau (the TtfsCoding's time unit) throughout. The result is a function of layers,
// samples and options; threads change nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "runtime/analog/training_gradient.hpp"
#include "runtime/analog/training_loss.hpp"
#include "runtime/analog/training_optimiser.hpp"

namespace spikeloom::runtime {

/// Neurons that all receive the layer before (the first one: the input channels), and spikes at constant times.
struct TtfsLayer {
    std::string name;
    std::size_t inputs = 0;
    std::size_t neurons = 0;
    std::vector<double> bias_times;  ///< one more row of weights each
    MembraneKernel kernel;
    std::vector<double> weights;  ///< sources() x neurons
    /// What one LSB of the chip's weights adds to I, and the largest register; 0: weights are real numbers. Gradients
    /// are those at the rounded weights, and weights stay within what registers reach.
    double weight_unit = 0;
    double largest_register = 0;
    /// Share of a batch's spikes that may be missing; above, weights are bumped instead of learned.
    double most_missing = 1;
    [[nodiscard]] std::size_t sources() const { return inputs + bias_times.size(); }
    friend bool operator==(const TtfsLayer&, const TtfsLayer&) = default;
};

/// Normally distributed weights, a function of seed and the layer's number.
void draw_weights(TtfsLayer& layer, double mean, double deviation, std::uint64_t seed, std::uint32_t number);
/// The weights that the chip has: whole multiples of the unit within the registers.
[[nodiscard]] double rounded_weight(const TtfsLayer& layer, double weight);

/// Samples as spike times of the input channels (`never`: no spike).
struct TimedSamples {
    std::size_t channels = 0;
    std::vector<double> times{};  ///< samples x channels
    std::vector<std::uint32_t> labels{};
    [[nodiscard]] std::size_t size() const { return labels.size(); }
    [[nodiscard]] std::span<const double> sample(std::size_t i) const {
        return std::span(times).subspan(i * channels, channels);
    }
};

/// The forward pass: a chip, or what stands for it.
class TtfsForward {
public:
    virtual ~TtfsForward() = default;
    /// From now on with these weights.
    [[nodiscard]] virtual Result<void> load(std::span<const TtfsLayer> layers) = 0;
    /// First spikes of all neurons, layer after layer (`never`: none). Workers 0 .. threads - 1 call it at the same
    /// time; the result depends on inputs and `trial` (the key of the trial's noise) alone.
    virtual void run(std::size_t worker, std::uint64_t trial, std::span<const double> inputs,
                     std::span<double> spikes) = 0;
};

struct TrainingOptions {
    TtfsLoss loss{};
    AdamOptions adam{};
    std::uint32_t batch = 150;
    std::uint64_t seed = 0;
    int threads = 1;
    /// A neuron whose weights' gradient in one sample (of the batch's mean loss) exceeds this leaves it out: its
    /// membrane hardly crossed the threshold, where derivatives diverge. 0: none is left out.
    double cutoff = 0.2;
    /// Added to all weights of the neurons that missed a spike, doubled each time that the same layer is bumped again.
    double bump = 5e-4;
    double input_noise = 0;  ///< standard deviation of the input times in training; negative times are mirrored
    friend bool operator==(const TrainingOptions&, const TrainingOptions&) = default;
};

/// Everything that a training is besides its layers' shapes and options.
struct TrainingState {
    std::uint64_t epoch = 0;                     ///< that comes next
    std::vector<std::vector<double>> weights{};  ///< of every layer
    std::vector<AdamState> adam{};
    double next_bump = 0;
    std::int64_t bumped_layer = -1;  ///< by the last batch; -1: it learned
    friend bool operator==(const TrainingState&, const TrainingState&) = default;
};

struct Score {
    std::size_t samples = 0;
    std::size_t correct = 0;
    std::size_t silent = 0;  ///< no label neuron spiked: counts as wrong
    double loss = 0;         ///< mean
    [[nodiscard]] double accuracy() const {
        return samples == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(samples);
    }
    friend bool operator==(const Score&, const Score&) = default;
};

struct EpochFigures {
    std::uint64_t epoch = 0;
    double rate = 0;
    Score score{};  ///< of the training samples as they were learned
    std::uint64_t steps = 0;
    std::uint64_t bumps = 0;        ///< batches that bumped weights instead
    std::uint64_t cut = 0;          ///< gradients above the cut-off
    std::uint64_t underivable = 0;  ///< spikes whose neuron by its weights could not have spiked then
    std::vector<double> missing{};  ///< share of missing spikes of each layer
    friend bool operator==(const EpochFigures&, const EpochFigures&) = default;
};

class Trainer {
public:
    /// Refuses layers that don't fit each other and options without meaning.
    [[nodiscard]] static Result<Trainer> create(std::vector<TtfsLayer> layers, std::shared_ptr<TtfsForward> forward,
                                                const TrainingOptions& options);
    ~Trainer();
    Trainer(Trainer&&) noexcept;
    Trainer& operator=(Trainer&&) noexcept;

    /// One pass over the samples in an order of its own. Where `stop` says so it ends before the next batch and gives
    /// nothing; the state is then between two epochs no more.
    [[nodiscard]] Result<std::optional<EpochFigures>> train_epoch(const TimedSamples& samples,
                                                                  const std::function<bool()>& stop = {});
    /// Without noise on the inputs, and without learning.
    [[nodiscard]] Result<Score> evaluate(const TimedSamples& samples);

    [[nodiscard]] const std::vector<TtfsLayer>& layers() const;
    [[nodiscard]] const TrainingOptions& options() const;
    [[nodiscard]] TrainingState state() const;
    /// Goes on from there. Refuses a state of other shapes.
    [[nodiscard]] Result<void> restore(const TrainingState& state);

private:
    struct Parts;
    explicit Trainer(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// Labels beyond the last layer, channels that don't fit the first, times that are negative or no numbers.
[[nodiscard]] Diagnostics check_samples(const TimedSamples& samples, std::span<const TtfsLayer> layers,
                                        const std::string& where);

}  // namespace spikeloom::runtime
