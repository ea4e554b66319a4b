// Spikes and first weights of an experiment.
#include <algorithm>
#include <cmath>

#include "core/base/random.hpp"
#include "core/ppu/experiment.hpp"

namespace spikeloom::ppu {

namespace {

constexpr double bin_s = 100e-6;  // of Poisson trains, which know nothing of each other
constexpr std::uint32_t poisson_core = 1;
constexpr std::uint32_t weight_core = 0x10000;

struct Window {
    double begin_s;
    double end_s;
    [[nodiscard]] bool contains(double time) const { return time >= begin_s && time < end_s; }
};

/// Of from, from + every, ... below from + length those within the window.
void add_train(double from, double every, double length, std::uint32_t row, const Window& window,
               std::vector<RowSpike>& spikes) {
    const double count = std::ceil(length / every - 1e-9);  // as many as it should be, whatever the last bit says
    const double skipped = std::floor((window.begin_s - from) / every) - 1;
    for (double k = std::max(0.0, skipped); k < count; ++k) {
        const double time = from + k * every;
        if (time >= window.end_s) {
            return;
        }
        if (window.contains(time)) {
            spikes.push_back({.time = time, .row = row});
        }
    }
}

void add_poisson(double hz, std::uint64_t seed, std::uint32_t train, std::uint32_t row, const Window& window,
                 std::vector<RowSpike>& spikes) {
    const double first = std::floor(window.begin_s / bin_s);
    for (double bin = first; hz > 0 && bin * bin_s < window.end_s; ++bin) {
        RandomKey key{.seed = seed,
                      .purpose = RandomPurpose::ppu,
                      .step = static_cast<std::uint64_t>(bin),
                      .core = poisson_core + train,
                      .neuron = row};
        for (double time = bin * bin_s; key.draw < 0xFFFF; ++key.draw) {
            time -= std::log(1 - random_uniform(key)) / hz;
            if (time >= (bin + 1) * bin_s) {
                break;
            }
            if (window.contains(time)) {
                spikes.push_back({.time = time, .row = row});
            }
        }
    }
}

void add_sweep(const SweepSpikes& sweep, const ExperimentInput& input, const Window& window,
               std::vector<RowSpike>& spikes) {
    const double first_turn = std::floor(window.begin_s / sweep.turn_s);
    for (double turn = std::max(0.0, first_turn - 1); turn * sweep.turn_s < window.end_s; ++turn) {
        const double from = turn * sweep.turn_s + sweep.from_s;
        const auto middle = static_cast<std::int64_t>(std::fmod(turn, input.rows));
        for (std::uint32_t row = 0; row < input.rows; ++row) {
            const auto distance = static_cast<std::size_t>(std::abs(std::int64_t{row} - middle));
            if (sweep.share.empty() || distance < sweep.share.size()) {
                const double interval = sweep.interval_s / (sweep.share.empty() ? 1 : sweep.share[distance]);
                add_train(from, interval, sweep.length_s, input.first_row + row, window, spikes);
            }
        }
    }
}

}  // namespace

std::vector<RowSpike> spikes_of(const Experiment& experiment, std::uint64_t seed, double begin_s, double end_s) {
    std::vector<RowSpike> spikes;
    const Window window{begin_s, end_s};
    for (const ExperimentInput& input : experiment.inputs) {
        for (std::uint32_t row = 0; row < input.rows; ++row) {
            for (const RegularSpikes& regular : input.regular) {
                add_train(regular.from_s + row * regular.step_s, regular.every_s, never, input.first_row + row, window,
                          spikes);
            }
            for (std::uint32_t train = 0; train < input.poisson_hz.size(); ++train) {
                add_poisson(input.poisson_hz[train], seed, train, input.first_row + row, window, spikes);
            }
        }
        for (const SweepSpikes& sweep : input.sweeps) {
            add_sweep(sweep, input, window, spikes);
        }
    }
    std::ranges::sort(spikes);
    return spikes;
}

std::vector<std::uint8_t> first_weights(const Experiment& experiment, std::size_t input, std::uint64_t seed) {
    const ExperimentInput& of = experiment.inputs[input];
    const auto range = static_cast<std::uint64_t>(of.weight_most - of.weight_least + 1);
    std::vector<std::uint8_t> weights(std::size_t{of.rows} * experiment.neurons);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const RandomKey key{.seed = seed,
                            .purpose = RandomPurpose::ppu,
                            .core = weight_core + static_cast<std::uint32_t>(input),
                            .neuron = static_cast<std::uint32_t>(i)};
        weights[i] = static_cast<std::uint8_t>(of.weight_least + random_below(key, range));
    }
    return weights;
}

}  // namespace spikeloom::ppu
