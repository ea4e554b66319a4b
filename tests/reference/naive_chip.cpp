#include "reference/naive_chip.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace spikeloom::test {
namespace {

using chip::Conventions;
using chip::SignMode;

std::int64_t wrap(std::int64_t x, int bits) {
    const std::int64_t modulus = std::int64_t{1} << bits;
    std::int64_t y = ((x % modulus) + modulus) % modulus;
    return y >= modulus / 2 ? y - modulus : y;
}

std::int64_t truncated_product(std::int64_t x, std::int64_t factor, int bits) {
    return x * factor / (std::int64_t{1} << bits);  // integer division truncates toward zero
}

std::int64_t floor_divide(std::int64_t x, std::int64_t by) {
    return x / by - (x % by != 0 && (x < 0) != (by < 0) ? 1 : 0);
}

/// LOIHI facts 1.5.
std::int64_t contribution(std::int64_t w, const chip::WeightFormat& format, Conventions::NegativeMixedWeight rounding) {
    const int lost = 8 - (format.weight_bits - (format.sign_mode == SignMode::mixed ? 1 : 0));
    const std::int64_t unit = std::int64_t{1} << lost;
    const bool toward_zero =
        format.sign_mode != SignMode::mixed || rounding == Conventions::NegativeMixedWeight::toward_zero;
    const std::int64_t m = (toward_zero ? w / unit : floor_divide(w, unit)) * unit;
    const std::int64_t scaled = format.weight_exponent >= 0
                                    ? m * (std::int64_t{1} << format.weight_exponent)
                                    : floor_divide(m, std::int64_t{1} << -format.weight_exponent);
    // Lava's weights reach -2^21; brian2 clips them.
    const bool clip = rounding == Conventions::NegativeMixedWeight::toward_zero;
    return (clip ? std::clamp<std::int64_t>(scaled, -32767, 32767) : scaled) * 64;
}

const chip::CompartmentGroup& group_of(const chip::CoreImage& core, std::size_t index) {
    return *std::find_if(core.groups.begin(), core.groups.end(), [&](const chip::CompartmentGroup& g) {
        return index >= g.first && index < g.first + g.count;
    });
}

std::int64_t bias_of(const chip::CoreImage& core, std::size_t index) {
    return core.biases.empty() ? 0 : std::int64_t{core.biases[index].mantissa} * (1 << core.biases[index].exponent);
}

}  // namespace

NaiveChip::NaiveChip(const chip::Image& image) : image_(image), counts_(image.cores.size()) {
    for (const chip::CoreImage& core : image.cores) {
        cores_.emplace_back(core.compartments);
        for (std::size_t i = 0; i < core.initial_currents.size(); ++i) {
            cores_.back()[i].u = core.initial_currents[i];
        }
    }
}

void NaiveChip::receive(const chip::OutputAxon& axon, bool from_outside) {
    const chip::CoreImage& core = image_.cores[axon.core.value()];
    Counters& counts = counts_[axon.core.value()];
    counts[Counter::messages_in] += 1;
    counts[Counter::input_spikes] += from_outside ? 1 : 0;
    for (auto e = core.axon_first_entry[axon.axon.value()]; e < core.axon_first_entry[axon.axon.value() + 1]; ++e) {
        const chip::SynapseEntry& entry = core.entries[e];
        switch (entry.encoding) {
        case chip::SynapseEncoding::sparse:
            counts[Counter::synaptic_events_sparse] += entry.count;
            break;
        case chip::SynapseEncoding::runlength:
            counts[Counter::synaptic_events_runlength] += entry.count;
            break;
        case chip::SynapseEncoding::dense:
            counts[Counter::synaptic_events_dense] += entry.count;
            break;
        }
        for (auto i = entry.first; i < entry.first + entry.count; ++i) {
            const chip::Synapse& synapse = core.synapses[i];
            cores_[axon.core.value()][synapse.target].arriving[(now_ + synapse.delay) % horizon] +=
                contribution(synapse.weight, core.formats[entry.format], image_.chip.conventions.negative_mixed_weight);
        }
    }
}

void NaiveChip::send(std::size_t core, const chip::OutputAxon& axon) {
    const chip::Mesh& mesh = image_.chip.mesh;
    const int from = static_cast<int>(image_.cores[core].place);
    const int to = static_cast<int>(image_.cores[axon.core.value()].place);
    counts_[core][Counter::messages_out] += 1;
    counts_[core][Counter::messages_local] += mesh.tile(from) == mesh.tile(to) ? 1 : 0;
    counts_[core][Counter::hops_ew] += static_cast<std::uint64_t>(std::abs(mesh.column(from) - mesh.column(to)));
    counts_[core][Counter::hops_ns] += static_cast<std::uint64_t>(std::abs(mesh.row(from) - mesh.row(to)));
}

bool NaiveChip::update(std::size_t c, std::size_t index) {
    const chip::CoreImage& core = image_.cores[c];
    const chip::NeuronFormat& format = image_.chip.neuron;
    const Conventions& conventions = image_.chip.conventions;
    const chip::CompartmentGroup& group = group_of(core, index);
    Compartment& n = cores_[c][index];
    const std::int64_t bias = bias_of(core, index);
    const std::int64_t unity = std::int64_t{1} << format.decay_bits;

    std::int64_t q = n.arriving[now_ % horizon];
    n.arriving[now_ % horizon] = 0;
    if (conventions.sum_overflow == Conventions::SumOverflow::wrap_22_bit) {
        q = wrap(q, format.sum_bits);
    }
    const bool rest = n.u == 0 && n.v == 0 && bias == 0 && q == 0;
    counts_[c][rest ? Counter::updates_idle : Counter::updates_active] += 1;

    n.u = truncated_product(n.u, unity - group.current_decay - format.current_decay_offset, format.decay_bits) + q;
    const std::int64_t half = std::int64_t{1} << (format.state_bits - 1);
    switch (conventions.current_overflow) {
    case Conventions::CurrentOverflow::wrap_24_bit:
        n.u = wrap(n.u, format.state_bits);
        break;
    case Conventions::CurrentOverflow::lava_single_wrap:
        n.u = n.u > half ? n.u - 2 * half : (n.u <= -half ? n.u + 2 * half : n.u);
        break;
    case Conventions::CurrentOverflow::unlimited:
        n.u = wrap(n.u, 32);  // what the tools' integers hold
        break;
    }
    std::int64_t drive = n.u + bias;
    if (conventions.biased_current_overflow == Conventions::BiasedCurrentOverflow::wrap_24_bit) {
        drive = wrap(drive, format.state_bits);
    }
    n.v = truncated_product(n.v, unity - group.voltage_decay - format.voltage_decay_offset, format.decay_bits) + drive;
    if (conventions.voltage_overflow == Conventions::VoltageOverflow::clip) {
        n.v = std::clamp<std::int64_t>(n.v, -(std::int64_t{1} << core.voltage_floor_exponent) + 1,
                                       (std::int64_t{1} << (9 + 2 * core.voltage_ceiling_exponent)) - 1);
    }
    n.v = wrap(n.v, 32);
    if (n.held > 0) {
        n.v = 0;
    }
    const bool spike = group.spikes && n.v > std::int64_t{group.threshold_mantissa} << format.threshold_exponent;
    if (spike) {
        n.v = 0;
        n.held = group.refractory;
    }
    n.held = std::max<std::int64_t>(n.held - 1, 0);
    return spike;
}

void NaiveChip::step(std::span<const chip::InputSpike> inputs) {
    std::fill(counts_.begin(), counts_.end(), Counters{});
    for (const chip::CoreSpike& spike : spikes_) {
        const chip::CoreImage& core = image_.cores[spike.core.value()];
        for (auto o = core.output_first[spike.compartment.value()];
             o < core.output_first[spike.compartment.value() + 1]; ++o) {
            receive(core.outputs[o], false);
        }
    }
    for (const chip::InputSpike& input : inputs) {
        const chip::InputSymbol& port = image_.inputs[input.port];
        for (auto o = port.output_first[input.channel]; o < port.output_first[input.channel + 1]; ++o) {
            receive(port.outputs[o], true);
        }
    }
    spikes_.clear();
    for (std::size_t c = 0; c < cores_.size(); ++c) {
        for (std::size_t i = 0; i < cores_[c].size(); ++i) {
            if (update(c, i)) {
                spikes_.push_back(
                    {CoreId(static_cast<std::uint32_t>(c)), CompartmentId(static_cast<std::uint32_t>(i))});
                counts_[c][Counter::spikes] += 1;
                const chip::CoreImage& core = image_.cores[c];
                for (auto o = core.output_first[i]; o < core.output_first[i + 1]; ++o) {
                    send(c, core.outputs[o]);
                }
            }
        }
    }
    ++now_;
}

}  // namespace spikeloom::test
