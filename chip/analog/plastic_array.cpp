#include "chip/analog/plastic_array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace spikeloom::chip::analog {

using core::analog::InputSpike;
using core::analog::Spike;

namespace {

CorrelationSensors make_sensors(const CorrelationParameters& parameters, const AnalogArray& array, const AnalogRun& run,
                                const Routes& routes) {
    std::vector<std::uint32_t> columns;
    columns.reserve(run.cells.size());
    for (const SynapseCell& cell : run.cells) {
        columns.push_back(static_cast<std::uint32_t>(cell.hemisphere * array.columns + cell.column));
    }
    return {parameters, columns, static_cast<std::uint32_t>(array.circuits()), routes.cell_begin, routes.cells};
}

}  // namespace

PlasticArray::PlasticArray(const AnalogChip& chip, const CorrelationParameters& correlation)
    : chip_(chip),
      tables_(chip_.tables()),
      run_(tables_.image.runs.front()),
      own_(tables_.instance->runs.front()),
      circuits_(own_.neurons.size()),
      neuron_at_(static_cast<std::size_t>(tables_.image.chip.array.circuits()), none),
      sensors_(make_sensors(correlation, tables_.image.chip.array, run_, own_.routes)),
      engine_(tables_.nets.front()),
      rates_(neuron_at_.size(), 0) {
    engine_.set_spike_limit(0);
    index_cells();
    index_synapses();
    const int columns = tables_.image.chip.array.columns;
    for (std::uint32_t n = 0; n < circuits_.size(); ++n) {
        for (const Circuit& circuit : run_.neurons[own_.routes.neurons[n]].circuits) {
            const auto at = static_cast<std::uint32_t>(circuit.hemisphere * columns + circuit.column);
            circuits_[n].push_back(at);
            neuron_at_[at] = n;
        }
    }
}

void PlasticArray::index_cells() {
    const AnalogArray& array = tables_.image.chip.array;
    row_index_.assign(static_cast<std::size_t>(array.hemispheres * array.rows), none);
    std::uint32_t rows = 0;
    for (std::uint32_t c = 0; c < run_.cells.size(); ++c) {
        const SynapseCell& cell = run_.cells[c];
        std::uint32_t& row = row_index_[static_cast<std::size_t>(cell.hemisphere * array.rows + cell.row)];
        if (row == none) {
            row = rows++;
            cell_at_.resize(std::size_t{rows} * ppu::columns, none);
        }
        cell_at_[std::size_t{row} * ppu::columns + cell.column] = c;
        weight_.push_back(cell.weight);
    }
}

void PlasticArray::index_synapses() {
    const AnalogArray& array = tables_.image.chip.array;
    const std::vector<std::uint32_t>& cells = tables_.synapse_cells.front();
    cell_synapses_.begin.assign(run_.cells.size() + 1, 0);
    for (const std::uint32_t cell : cells) {
        ++cell_synapses_.begin[cell + 1];
    }
    for (std::size_t c = 0; c < run_.cells.size(); ++c) {
        cell_synapses_.begin[c + 1] += cell_synapses_.begin[c];
    }
    cell_synapses_.values.resize(cells.size());
    std::vector<std::uint32_t> next = cell_synapses_.begin;
    for (std::uint32_t synapse = 0; synapse < cells.size(); ++synapse) {
        const std::uint32_t index = cells[synapse];
        cell_synapses_.values[next[index]++] = synapse;
        const SynapseCell& cell = run_.cells[index];
        const std::uint32_t neuron = tables_.nets.front().targets[synapse];
        const double unit = tables_.image.neurons[own_.neurons[neuron]].weight_unit;
        const auto sign = static_cast<double>(
            own_.routes.row_sign[static_cast<std::size_t>(cell.hemisphere * array.rows + cell.row)]);
        const double factor = own_.cell_factors.empty() ? 1 : static_cast<double>(own_.cell_factors[index]);
        per_lsb_.push_back(unit * sign * factor);
    }
}

void PlasticArray::add(std::span<const InputSpike> spikes) {
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(next_pending_));
    next_pending_ = 0;
    std::vector<InputSpike> sources;
    for (const InputSpike& spike : spikes) {
        SPIKELOOM_ASSERT(spike.input < tables_.image.channels(), fmt::format("channel {}", spike.input));
        for (const std::uint32_t source : own_.channel_sources.of(spike.input)) {
            sources.push_back({.time = spike.time, .input = source});
        }
    }
    if (tables_.instance->time_stamps) {
        stamp(sources);
    }
    engine_.add(sources);
    pending_.insert(pending_.end(), sources.begin(), sources.end());
    std::ranges::sort(pending_);
}

/// In order of time, then source; later ones of a lane wait.
void PlasticArray::stamp(std::vector<InputSpike>& spikes) {
    const AnalogLinks& links = tables_.image.chip.links;
    const auto interval = std::max<std::int64_t>(1, std::llround(links.lane_interval_s / links.time_stamp_s));
    std::ranges::sort(spikes);
    for (InputSpike& spike : spikes) {
        std::int64_t& free = lane_free_.at(run_.host_sources[spike.input].lane);
        const std::int64_t slot = std::max<std::int64_t>(std::llround(spike.time / links.time_stamp_s), free);
        free = slot + interval;
        spike.time = std::max(static_cast<double>(slot) * links.time_stamp_s, engine_.time());
    }
}

void PlasticArray::advance(double time) {
    if (time <= engine_.time()) {
        return;
    }
    engine_.clear_spikes();
    engine_.advance(time);
    feed();
}

/// What happened since the last time, to the sensors in order: at one time arrivals before spikes of neurons.
void PlasticArray::feed() {
    const std::span<const Spike> fired = engine_.spikes();
    const double grid = tables_.image.chip.links.time_stamp_s;
    const std::uint32_t inputs = tables_.nets.front().inputs;
    const auto arrivals_until = [&](double time) {
        for (; next_pending_ < pending_.size() && pending_[next_pending_].time <= time; ++next_pending_) {
            sensors_.pre(pending_[next_pending_].input, pending_[next_pending_].time);
        }
    };
    for (const Spike& spike : fired) {
        arrivals_until(spike.time);
        for (const std::uint32_t circuit : circuits_[spike.neuron]) {
            sensors_.post(circuit, spike.time);
            rates_[circuit] = static_cast<std::uint8_t>(std::min(rates_[circuit] + 1, 255));
        }
        sensors_.pre(inputs + spike.neuron, spike.time);
        const double stamped = tables_.instance->time_stamps ? std::floor(spike.time / grid) * grid : spike.time;
        spikes_.push_back({.time = stamped, .neuron = own_.neurons[spike.neuron]});
    }
    arrivals_until(engine_.time());
}

std::span<const std::uint32_t> PlasticArray::cells_of(std::uint8_t hemisphere, std::uint16_t row) const {
    const std::uint32_t index = row_index_[static_cast<std::size_t>(hemisphere * tables_.image.chip.array.rows + row)];
    if (index == none) {
        return {};
    }
    return std::span(cell_at_).subspan(std::size_t{index} * ppu::columns, ppu::columns);
}

ppu::Bytes PlasticArray::weights(std::uint8_t hemisphere, std::uint16_t row) const {
    ppu::Bytes values{};
    const auto cells = cells_of(hemisphere, row);
    for (std::size_t c = 0; c < cells.size(); ++c) {
        values[c] = cells[c] == none ? std::uint8_t{0} : weight_[cells[c]];
    }
    return values;
}

void PlasticArray::set_weights(std::uint8_t hemisphere, std::uint16_t row, const ppu::Bytes& values) {
    const auto cells = cells_of(hemisphere, row);
    for (std::size_t c = 0; c < cells.size(); ++c) {
        if (cells[c] == none || weight_[cells[c]] == values[c]) {
            continue;
        }
        weight_[cells[c]] = values[c];
        for (const std::uint32_t synapse : cell_synapses_.of(cells[c])) {
            engine_.set_weight(synapse, per_lsb_[synapse] * values[c]);
        }
    }
}

ppu::Bytes PlasticArray::codes(CorrelationKind kind, std::uint8_t hemisphere, std::uint16_t row) const {
    ppu::Bytes values{};
    const auto cells = cells_of(hemisphere, row);
    for (std::uint32_t c = 0; c < ppu::columns; ++c) {
        const bool synapse = c < cells.size() && cells[c] != none;
        const std::uint32_t column = static_cast<std::uint32_t>(hemisphere) * ppu::columns + c;
        values[c] = sensors_.code(kind, column, synapse ? sensors_.value(kind, cells[c]) : 0);
    }
    return values;
}

void PlasticArray::reset_correlation(std::uint8_t hemisphere, std::uint16_t row) {
    for (const std::uint32_t cell : cells_of(hemisphere, row)) {
        if (cell != none) {
            sensors_.reset(cell);
        }
    }
}

ppu::Bytes PlasticArray::rates(std::uint8_t hemisphere) const {
    ppu::Bytes values{};
    std::copy_n(rates_.begin() + std::ptrdiff_t{hemisphere} * ppu::columns, ppu::columns, values.begin());
    return values;
}

void PlasticArray::reset_rates(std::uint8_t hemisphere) {
    std::fill_n(rates_.begin() + std::ptrdiff_t{hemisphere} * ppu::columns, ppu::columns, std::uint8_t{0});
}

void PlasticArray::reset_neurons(std::uint8_t hemisphere) {
    for (std::uint32_t n = 0; n < circuits_.size(); ++n) {
        if (circuits_[n].front() / ppu::columns == hemisphere) {
            engine_.reset_membrane(n);
        }
    }
}

ppu::Bytes PlasticArray::membranes(std::uint8_t hemisphere) const {
    ppu::Bytes values{};
    const AnalogRanges& ranges = tables_.image.chip.ranges;
    for (std::size_t c = 0; c < values.size(); ++c) {
        const std::uint32_t neuron = neuron_at_[std::size_t{hemisphere} * ppu::columns + c];
        if (neuron == none) {
            continue;
        }
        const Lif& target = tables_.image.neurons[own_.neurons[neuron]].model.lif;
        const double height = target.threshold == never ? 1 : target.threshold - target.leak;
        const double lsb = (ranges.threshold_lsb - ranges.leak_lsb) / height;
        const double code = ranges.leak_lsb + (engine_.voltage(neuron) - target.leak) * lsb;
        values[c] = static_cast<std::uint8_t>(std::clamp(std::round(code), 0.0, 255.0));
    }
    return values;
}

}  // namespace spikeloom::chip::analog
