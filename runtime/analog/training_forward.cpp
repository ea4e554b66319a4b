#include "runtime/analog/training_forward.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace spikeloom::runtime {
namespace {

class ChipForward : public TtfsForward {
public:
    ChipForward(ChipMaker maker, ChipForwardOptions options)
        : maker_(std::move(maker)), options_(std::move(options)), inputs_(static_cast<std::size_t>(options_.threads)) {
        for (std::size_t l = 0; l < options_.first_neurons.size(); ++l) {
            const std::size_t end = options_.first_neurons[l] + std::size_t{options_.neuron_counts[l]};
            place_.resize(std::max(place_.size(), end), nowhere);
            for (std::size_t n = options_.first_neurons[l]; n < end; ++n) {
                place_[n] = places_++;
            }
        }
    }

    Result<void> load(std::span<const TtfsLayer> layers) override {
        auto chip = maker_(layers);
        if (!chip) {
            return fail(std::move(chip.error()));
        }
        trials_.clear();
        chip_.emplace(std::move(*chip));
        for (int worker = 0; worker < options_.threads; ++worker) {
            trials_.emplace_back(*chip_);
        }
        return {};
    }

    void run(std::size_t worker, std::uint64_t trial, std::span<const double> inputs,
             std::span<double> spikes) override {
        std::vector<core::analog::InputSpike>& events = inputs_[worker];
        events.clear();
        for (std::size_t channel = 0; channel < inputs.size(); ++channel) {
            if (!std::isinf(inputs[channel])) {
                events.push_back({.time = inputs[channel] * options_.time_unit_s,
                                  .input = options_.first_channel + static_cast<std::uint32_t>(channel)});
            }
        }
        trials_[worker].run(events, {.window_s = options_.window_s, .trial = trial});
        std::fill(spikes.begin(), spikes.end(), never);
        for (const core::analog::Spike& spike : trials_[worker].spikes()) {
            if (spike.neuron < place_.size() && place_[spike.neuron] != nowhere) {
                double& first = spikes[place_[spike.neuron]];
                first = std::min(first, spike.time / options_.time_unit_s);
            }
        }
    }

private:
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
    ChipMaker maker_;
    ChipForwardOptions options_;
    std::vector<std::size_t> place_;  ///< of the image's neurons among the layers'
    std::size_t places_ = 0;
    std::optional<chip::analog::AnalogChip> chip_;
    std::vector<chip::analog::AnalogTrial> trials_;
    std::vector<std::vector<core::analog::InputSpike>> inputs_;
};

}  // namespace

std::shared_ptr<TtfsForward> make_chip_forward(ChipMaker maker, ChipForwardOptions options) {
    return std::make_shared<ChipForward>(std::move(maker), std::move(options));
}

}  // namespace spikeloom::runtime
