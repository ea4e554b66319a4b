#include "compiler/passes/scale.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "compiler/passes/plastic_fit.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::size_t sample_size = 2048;

/// Keeps every stride-th value, and the extremes.
class Sampler {
public:
    Sampler(std::uint64_t expected, ProjectionSample& out) : stride_(expected / sample_size + 1), out_(out) {}
    void add(double value) {
        if (value < out_.least || value > out_.most) {
            out_.least = std::min(out_.least, value);
            out_.most = std::max(out_.most, value);
        }
        if (seen_++ % stride_ == 0) {
            out_.contributions.push_back(static_cast<float>(value));
        }
    }
    void close() {
        for (const double extreme : {out_.least, out_.most}) {
            if (extreme != 0) {
                out_.contributions.push_back(static_cast<float>(extreme));
            }
        }
    }

private:
    std::uint64_t stride_;
    std::uint64_t seen_ = 0;
    ProjectionSample& out_;
};

/// How much room a rung of the ladder leaves: the fraction of sources that may fire together, and how many times
/// its threshold a neuron's voltage may reach.
struct Room {
    double simultaneous = 1;
    double over_threshold = 4;
};
constexpr std::array<Room, 7> ladder{
    {{1.0, 4}, {0.5, 4}, {0.25, 4}, {0.125, 4}, {0.0625, 2}, {1.0 / 32, 1}, {1.0 / 64, 1}}};

/// Tried first for neurons without leak, whose voltages have no bound below (inhibition adds up): kept where weights
/// and thresholds lose nothing by it, as whole numbers don't.
constexpr std::array<Room, 3> wide_rooms{{{1.0, 256}, {1.0, 64}, {1.0, 16}}};

/// The steps over which a readout without leak must not clip at full drive.
constexpr double integrator_steps = 64;

/// The formats of a projection when its contributions to u, in units of 2^6, are its sample times `factor`.
FormatFit fit_projection(const ProjectionSample& sample, double factor, const chip::ChipSpec& chip, int weight_bits,
                         SignSplit split) {
    if (sample.learning == nullptr) {
        return fit_formats(sample.contributions, factor, weight_bits, chip.synapses, split);
    }
    const chip::WeightFormat format = fit_plastic(sample.reach * factor, *sample.learning, chip);
    return {{format, format}, plastic_loss(sample.reach * factor, format, chip)};
}

class PopulationScaler {
public:
    PopulationScaler(const PopulationModel& model, const std::vector<Drive>& drives,
                     std::vector<const ProjectionSample*> samples, const chip::ChipSpec& chip, int weight_bits,
                     SignSplit split)
        : model_(model),
          drives_(drives),
          samples_(std::move(samples)),
          chip_(chip),
          weight_bits_(weight_bits),
          split_(split) {}

    [[nodiscard]] PopulationScale choose() const;

private:
    [[nodiscard]] double largest_scale(const Room& room) const;
    [[nodiscard]] std::vector<double> candidates(double largest) const;
    [[nodiscard]] double loss(double scale) const;
    struct Best {
        double scale = 1;
        double loss = std::numeric_limits<double>::infinity();
    };
    [[nodiscard]] Best best_up_to(double largest) const;

    const PopulationModel& model_;
    const std::vector<Drive>& drives_;
    std::vector<const ProjectionSample*> samples_;
    const chip::ChipSpec& chip_;
    int weight_bits_;
    SignSplit split_;
};

double PopulationScaler::largest_scale(const Room& room) const {
    const chip::NeuronFormat& format = chip_.neuron;
    const double sum_limit = std::ldexp(1.0, format.sum_bits - 1) - 64;
    const double state_limit = std::ldexp(1.0, format.state_bits - 1) - 64;
    const double threshold_limit =
        std::ldexp(static_cast<double>(format.threshold_mantissa_max), format.threshold_exponent);
    const double bias_limit =
        std::ldexp(static_cast<double>(format.bias_mantissa.most), static_cast<int>(format.bias_exponent.most));
    double largest = std::numeric_limits<double>::infinity();
    const auto limit = [&](double reached, double allowed) {
        if (reached > 0) {
            largest = std::min(largest, allowed / reached);
        }
    };
    for (std::size_t i = 0; i < model_.neurons.size(); ++i) {
        const DerivedNeuron& neuron = model_.neurons[i];
        const double drive = room.simultaneous * std::max(drives_[i].positive, drives_[i].negative);
        const double current = drive / neuron.current_decay;
        limit(drive, sum_limit);
        limit(current, state_limit);
        limit(std::abs(neuron.bias), bias_limit);
        if (neuron.registers.spikes) {
            limit(neuron.threshold, std::min(threshold_limit, state_limit) / room.over_threshold);
        } else {
            const double decay = std::max(neuron.voltage_decay, 1.0 / integrator_steps);
            limit((current + std::abs(neuron.bias)) / decay, state_limit);
        }
    }
    const double weight_limit =
        std::min(32767.0, std::ldexp(254.0, static_cast<int>(chip_.synapses.weight_exponent.most))) * 64.0;
    for (const ProjectionSample* sample : samples_) {
        limit(std::max(sample->most, -sample->least), weight_limit);
    }
    return std::isfinite(largest) ? largest : std::ldexp(1.0, 16);
}

std::vector<double> PopulationScaler::candidates(double largest) const {
    std::vector<double> all;
    const auto add = [&](double scale) {
        if (scale > 0 && std::isfinite(scale)) {
            // into (largest / 2, largest]
            all.push_back(std::ldexp(scale, static_cast<int>(std::floor(std::log2(largest / scale) + 1e-12))));
        }
    };
    // First those at which a plastic register ends where its weights shall, then those at which integers stay integers,
    // then those at which a projection's largest weight is a level.
    for (const ProjectionSample* sample : samples_) {
        if (sample->learning != nullptr) {
            add(largest_mantissa(chip_) / sample->reach);
        }
    }
    for (const ProjectionSample* sample : samples_) {
        double least_magnitude = std::numeric_limits<double>::infinity();
        for (const float value : sample->contributions) {
            if (value != 0) {
                least_magnitude = std::min(least_magnitude, std::abs(static_cast<double>(value)));
            }
        }
        add(1.0 / least_magnitude);
    }
    for (const ProjectionSample* sample : samples_) {
        for (int level = 64; level < 128; ++level) {
            add(level / std::max(sample->most, -sample->least));
        }
    }
    add(1.0);
    add(largest);
    for (int step = 1; step < 32 && all.size() < 64; ++step) {
        add(largest * (1.0 - step / 64.0));
    }
    return all;
}

double PopulationScaler::loss(double scale) const {
    double sum = 0;
    for (const ProjectionSample* sample : samples_) {
        sum += fit_projection(*sample, scale / 64.0, chip_, weight_bits_, split_).relative_error;
    }
    const std::size_t stride = model_.neurons.size() / 64 + 1;
    double parameters = 0;
    std::size_t seen = 0;
    for (std::size_t i = 0; i < model_.neurons.size(); i += stride, ++seen) {
        const DerivedNeuron& neuron = model_.neurons[i];
        if (neuron.registers.spikes && neuron.threshold * scale > 0) {
            const double error = threshold_error(neuron.threshold, scale, chip_.neuron);
            parameters += error * error;
        }
        if (neuron.bias != 0) {
            const chip::BiasRegister bias = bias_register(neuron.bias * scale, chip_.neuron);
            const double error = std::ldexp(bias.mantissa, bias.exponent) / (neuron.bias * scale) - 1;
            parameters += error * error;
        }
    }
    return sum + (seen > 0 ? parameters / static_cast<double>(seen) : 0);
}

PopulationScaler::Best PopulationScaler::best_up_to(double largest) const {
    constexpr double negligible = 1e-7;  // 0.03 % rms; the first candidates need fewer weight bits
    Best best;
    for (const double scale : candidates(largest)) {
        const double here = loss(scale);
        if (here < best.loss - negligible) {
            best = {.scale = scale, .loss = here};
        }
    }
    return best;
}

PopulationScale PopulationScaler::choose() const {
    const Best ideal = best_up_to(largest_scale(ladder.back()));
    const bool integrates = std::ranges::any_of(model_.neurons, [](const DerivedNeuron& neuron) {
        return neuron.registers.spikes && neuron.voltage_decay == 0;
    });
    for (const Room& room : wide_rooms) {
        const Best best = integrates ? best_up_to(largest_scale(room)) : Best{};
        if (best.loss <= ideal.loss + 1e-12) {
            return {.voltage_per_unit = best.scale, .simultaneous = room.simultaneous};
        }
    }
    constexpr double good_enough = 2.5e-5;  // 0.5 % rms
    for (const Room& room : ladder) {
        const Best best = best_up_to(largest_scale(room));
        if (best.loss <= std::max(1.5 * ideal.loss, good_enough)) {
            return {.voltage_per_unit = best.scale, .simultaneous = room.simultaneous};
        }
    }
    return {.voltage_per_unit = ideal.scale, .simultaneous = ladder.back().simultaneous};
}

}  // namespace

DriveSurvey survey_drive(const Network& network, const std::vector<PopulationModel>& models) {
    DriveSurvey survey;
    survey.projections.resize(network.projections.size());
    for (const Population& population : network.populations) {
        survey.drives.emplace_back(population.size());
    }
    std::vector<Connection> row;
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
        const Projection& projection = network.projections[p];
        if (network.populations[projection.target.value()].fixed) {
            continue;  // nothing is chosen for it
        }
        const auto& neurons = models[projection.target.value()].neurons;
        auto& drives = survey.drives[projection.target.value()];
        Sampler sampler(connection_count(network, projection), survey.projections[p]);
        const auto sources = static_cast<std::uint32_t>(network.source_size(projection.source));
        const bool plastic = projection.learning.has_value();
        const double reach = plastic ? learning_reach(projection) : 0;
        const bool grows = plastic && projection.learning->sign != Learning::Sign::inhibitory;
        const bool sinks = plastic && projection.learning->sign != Learning::Sign::excitatory;
        double most_gain = 0;
        for (std::uint32_t source = 0; source < sources; ++source) {
            row.clear();
            append_connections(network, projection, source, row);
            for (const Connection& connection : row) {
                const double contribution = neurons[connection.target].gain * connection.weight;
                sampler.add(contribution);
                Drive& drive = drives[connection.target];
                if (!plastic) {
                    (contribution > 0 ? drive.positive : drive.negative) += std::abs(contribution);
                    continue;
                }
                const double learned = neurons[connection.target].gain * reach;
                most_gain = std::max(most_gain, neurons[connection.target].gain);
                drive.positive += grows ? learned : 0;
                drive.negative += sinks ? learned : 0;
            }
        }
        if (plastic) {
            survey.projections[p].learning = &*projection.learning;
            survey.projections[p].reach = most_gain * reach;
            sampler.add(grows ? most_gain * reach : 0);
            sampler.add(sinks ? -most_gain * reach : 0);
        }
        sampler.close();
    }
    return survey;
}

Scaling choose_scales(const Network& network, const std::vector<PopulationModel>& models, const DriveSurvey& survey,
                      const chip::ChipSpec& chip, int weight_bits, SignSplit split) {
    Scaling scaling;
    for (std::size_t i = 0; i < network.populations.size(); ++i) {
        if (network.populations[i].fixed) {
            scaling.populations.emplace_back();
            continue;
        }
        std::vector<const ProjectionSample*> samples;
        for (std::size_t p = 0; p < network.projections.size(); ++p) {
            if (network.projections[p].target.value() == i && !survey.projections[p].contributions.empty()) {
                samples.push_back(&survey.projections[p]);
            }
        }
        scaling.populations.push_back(
            PopulationScaler(models[i], survey.drives[i], std::move(samples), chip, weight_bits, split).choose());
    }
    // Behind a crossbar all weights into a neuron are written in the same digits, so that projections into a population
    // have one range.
    std::vector<ProjectionSample> pooled(chip.synapses.crossbar_types > 0 ? network.populations.size() : 0);
    for (std::size_t p = 0; p < network.projections.size() && !pooled.empty(); ++p) {
        std::vector<float>& pool = pooled[network.projections[p].target.value()].contributions;
        const std::vector<float>& own = survey.projections[p].contributions;
        pool.insert(pool.end(), own.begin(), own.end());
    }
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
        const std::size_t target = network.projections[p].target.value();
        scaling.exact.emplace_back();
        if (network.populations[target].fixed) {
            ExactFormats& exact = scaling.exact.back();
            exact = exact_formats(synapse_weights(network, network.projections[p]), weight_bits, chip.synapses);
            scaling.projections.push_back({exact.positive.front(), exact.negative.front()});
            continue;
        }
        const ProjectionSample& sample = pooled.empty() ? survey.projections[p] : pooled[target];
        const double scale = scaling.populations[target].voltage_per_unit;
        scaling.projections.push_back(fit_projection(sample, scale / 64.0, chip, weight_bits, split).formats);
    }
    return scaling;
}

std::int64_t threshold_mantissa(double threshold, double voltage_per_unit, const chip::NeuronFormat& format) {
    const double wanted = std::ldexp(threshold * voltage_per_unit, -format.threshold_exponent);
    return std::llround(std::clamp(wanted, 0.0, static_cast<double>(format.threshold_mantissa_max)));
}

double threshold_error(double threshold, double voltage_per_unit, const chip::NeuronFormat& format) {
    const auto mantissa = static_cast<double>(threshold_mantissa(threshold, voltage_per_unit, format));
    return std::ldexp(mantissa, format.threshold_exponent) / (threshold * voltage_per_unit) - 1;
}

chip::BiasRegister bias_register(double bias, const chip::NeuronFormat& format) {
    for (std::int64_t exponent = format.bias_exponent.least;; ++exponent) {
        const double mantissa = std::round(std::ldexp(bias, static_cast<int>(-exponent)));
        const auto least = static_cast<double>(format.bias_mantissa.least);
        const auto most = static_cast<double>(format.bias_mantissa.most);
        if ((least <= mantissa && mantissa <= most) || exponent >= format.bias_exponent.most) {
            return {.mantissa = static_cast<std::int16_t>(std::clamp(mantissa, least, most)),
                    .exponent = static_cast<std::uint8_t>(exponent)};
        }
    }
}

}  // namespace spikeloom::compiler
