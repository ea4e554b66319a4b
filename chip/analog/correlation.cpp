#include "chip/analog/correlation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "core/base/random.hpp"

namespace spikeloom::chip::analog {

namespace {

constexpr std::uint32_t no_source = std::numeric_limits<std::uint32_t>::max();
constexpr double long_ago = -std::numeric_limits<double>::infinity();

enum class Spread : std::uint32_t { causal_baseline, acausal_baseline, amplitude };

double normal(const CorrelationParameters& parameters, Spread what, std::uint32_t index) {
    const RandomKey key{.seed = parameters.seed,
                        .purpose = RandomPurpose::ppu,
                        .step = parameters.instance,
                        .core = static_cast<std::uint32_t>(what),
                        .neuron = index};
    RandomKey second = key;
    second.draw = 1;
    return std::sqrt(-2 * std::log(1 - random_uniform(key))) * std::cos(2 * std::numbers::pi * random_uniform(second));
}

}  // namespace

Diagnostics check_correlation(const CorrelationParameters& parameters, const AnalogPlasticity& chip) {
    Diagnostics findings;
    const auto check = [&](const char* what, double value, const RealRange& range, double scale, const char* unit) {
        if (!range.contains(value)) {
            findings.push_back({Severity::error,
                                fmt::format("correlation {}", what),
                                fmt::format("{:g} {}", value * scale, unit),
                                fmt::format("{:g} to {:g} {}", range.least * scale, range.most * scale, unit),
                                {}});
        }
    };
    check("tau_causal", parameters.tau_causal_s, chip.correlation_tau_s, 1e6, "us");
    check("tau_acausal", parameters.tau_acausal_s, chip.correlation_tau_s, 1e6, "us");
    check("amplitude_causal", parameters.amplitude_causal, chip.correlation_amplitude, 1, "LSB a pair");
    check("amplitude_acausal", parameters.amplitude_acausal, chip.correlation_amplitude, 1, "LSB a pair");
    const double most = static_cast<double>((1 << chip.sensor_bits) - 1);
    check("baseline", parameters.baseline, {0, most}, 1, "LSB");
    check("saturation", parameters.saturation, {1, most}, 1, "LSB");
    check("baseline_spread", parameters.baseline_spread, {0, most}, 1, "LSB");
    check("amplitude_spread", parameters.amplitude_spread, {0, 1}, 1, "of the amplitude");
    return findings;
}

CorrelationSensors::CorrelationSensors(const CorrelationParameters& parameters,
                                       std::span<const std::uint32_t> cell_columns, std::uint32_t columns,
                                       std::vector<std::uint64_t> source_begin, std::vector<std::uint32_t> source_cells)
    : parameters_(parameters),
      cell_columns_(cell_columns.begin(), cell_columns.end()),
      source_begin_(std::move(source_begin)),
      source_cells_(std::move(source_cells)),
      column_begin_(columns + 1, 0),
      column_cells_(cell_columns.size()),
      causal_(cell_columns.size(), 0),
      acausal_(cell_columns.size(), 0),
      last_source_(cell_columns.size(), no_source),
      last_pre_(source_begin_.size() - 1, long_ago),
      last_post_(columns, long_ago),
      decay_(last_pre_.size(), 0),
      decay_time_(last_pre_.size(), long_ago) {
    for (const std::uint32_t column : cell_columns_) {
        ++column_begin_[column + 1];
    }
    for (std::size_t c = 0; c < columns; ++c) {
        column_begin_[c + 1] += column_begin_[c];
    }
    std::vector<std::uint32_t> next = column_begin_;
    for (std::uint32_t cell = 0; cell < cell_columns_.size(); ++cell) {
        column_cells_[next[cell_columns_[cell]]++] = cell;
    }
    for (const auto kind : {Spread::causal_baseline, Spread::acausal_baseline}) {
        for (std::uint32_t c = 0; c < columns; ++c) {
            const double shift =
                parameters.baseline_spread == 0 ? 0 : parameters.baseline_spread * normal(parameters, kind, c);
            baseline_[static_cast<std::size_t>(kind)].push_back(parameters.baseline + shift);
        }
    }
    for (std::uint32_t cell = 0; parameters.amplitude_spread != 0 && cell < cell_columns_.size(); ++cell) {
        amplitude_.push_back(static_cast<float>(
            std::max(0.0, 1 + parameters.amplitude_spread * normal(parameters, Spread::amplitude, cell))));
    }
}

void CorrelationSensors::pre(std::uint32_t source, double time) {
    const auto amplitude = static_cast<float>(parameters_.amplitude_acausal);
    const auto most = static_cast<float>(parameters_.saturation);
    for (std::uint64_t i = source_begin_[source]; i < source_begin_[source + 1]; ++i) {
        const std::uint32_t cell = source_cells_[i];
        const double post = last_post_[cell_columns_[cell]];
        const std::uint32_t before = last_source_[cell];
        const bool taken = before != no_source && last_pre_[before] >= post;
        if (parameters_.acausal && post != long_ago &&
            !(parameters_.pairing == CorrelationPairing::adjacent && taken)) {
            const float decay = std::exp(static_cast<float>((post - time) / parameters_.tau_acausal_s));
            const float own = amplitude_.empty() ? amplitude : amplitude * amplitude_[cell];
            acausal_[cell] = std::min(acausal_[cell] + own * decay, most);
        }
        last_source_[cell] = source;
    }
    last_pre_[source] = time;
    decay_time_[source] = long_ago;
}

void CorrelationSensors::post(std::uint32_t column, double time) {
    const auto amplitude = static_cast<float>(parameters_.amplitude_causal);
    const auto most = static_cast<float>(parameters_.saturation);
    for (std::uint32_t i = column_begin_[column]; i < column_begin_[column + 1]; ++i) {
        const std::uint32_t cell = column_cells_[i];
        const std::uint32_t source = last_source_[cell];
        if (source == no_source) {
            continue;
        }
        if (parameters_.pairing == CorrelationPairing::adjacent && last_post_[column] >= last_pre_[source]) {
            continue;
        }
        if (decay_time_[source] != time) {
            decay_time_[source] = time;
            decay_[source] = std::exp(static_cast<float>((last_pre_[source] - time) / parameters_.tau_causal_s));
        }
        const float own = amplitude_.empty() ? amplitude : amplitude * amplitude_[cell];
        causal_[cell] = std::min(causal_[cell] + own * decay_[source], most);
    }
    last_post_[column] = time;
}

double CorrelationSensors::value(CorrelationKind kind, std::uint32_t cell) const {
    return static_cast<double>(kind == CorrelationKind::causal ? causal_[cell] : acausal_[cell]);
}

std::uint8_t CorrelationSensors::code(CorrelationKind kind, std::uint32_t column, double value) const {
    const double read = std::round(baseline_[static_cast<std::size_t>(kind)][column] - value);
    return static_cast<std::uint8_t>(std::clamp(read, 0.0, 255.0));
}

void CorrelationSensors::reset(std::uint32_t cell) {
    causal_[cell] = 0;
    acausal_[cell] = 0;
}

}  // namespace spikeloom::chip::analog
