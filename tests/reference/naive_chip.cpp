#include "reference/naive_chip.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

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

/// One direction of a wire, by the names of its ends.
struct NaiveLink {
    std::vector<int> from;
    std::vector<int> to;
    Counter kind = Counter::hops_ew;
    bool between_chips = false;
    bool operator<(const NaiveLink& other) const { return std::tie(from, to) < std::tie(other.from, other.to); }
};

/// +1 or -1: the direction from one place of a row (column) to another.
int direction(int from, int to, int size, bool ring) {
    if (!ring || size <= 2) {
        return from < to ? 1 : -1;
    }
    const int up = (to - from + size) % size;
    const int down = (from - to + size) % size;
    return up < down || (up == down && from % 2 == 0) ? 1 : -1;
}

/// A tile's ancestors in a tree, itself first: {chip, level, number}, then {-1, level, number} on the board.
std::vector<std::vector<int>> ancestors(const chip::Mesh& mesh, int tile, int arity) {
    std::vector<std::vector<int>> chain;
    int number = tile % mesh.tiles_per_chip();
    int level = 0;
    for (int width = mesh.tiles_per_chip();; width = (width + arity - 1) / arity) {
        chain.push_back({mesh.chip_of_tile(tile), level++, number});
        number /= arity;
        if (width == 1) {
            break;
        }
    }
    number = mesh.chip_of_tile(tile);
    for (int width = mesh.chips(); width > 1; width = (width + arity - 1) / arity) {
        number /= arity;
        chain.push_back({-1, level++, number});
    }
    return chain;
}

void naive_tree_way(const chip::ChipSpec& chip, int from, int to, std::set<NaiveLink>& crossed) {
    const int arity = chip.network.parameters.tree_arity;
    const auto here = ancestors(chip.mesh, from, arity);
    const auto there = ancestors(chip.mesh, to, arity);
    for (std::size_t level = 0; here[level] != there[level]; ++level) {
        const bool leaves = here[level + 1][0] == -1;
        crossed.insert({here[level], here[level + 1], Counter::hops_vertical, leaves});
        crossed.insert({there[level + 1], there[level], Counter::hops_vertical, leaves});
    }
}

/// Adds the links of a message's way from tile to tile.
void naive_way(const chip::ChipSpec& chip, int from, int to, std::set<NaiveLink>& crossed) {
    const chip::Mesh& mesh = chip.mesh;
    const router::NetworkParameters& network = chip.network.parameters;
    if (network.topology == router::Topology::tree) {
        naive_tree_way(chip, from, to, crossed);
        return;
    }
    const bool ring = network.topology == router::Topology::torus;
    const int columns = mesh.columns * mesh.chip_columns;
    const int rows = mesh.rows * mesh.chip_rows;
    int x = mesh.tile_column(from);
    int y = mesh.tile_row(from);
    const int east = direction(x, mesh.tile_column(to), columns, ring);
    const int south = direction(y, mesh.tile_row(to), rows, ring);
    while (x != mesh.tile_column(to) || y != mesh.tile_row(to)) {
        const bool x_left = x != mesh.tile_column(to);
        const bool y_left = y != mesh.tile_row(to);
        const bool flat = network.order == router::DimensionOrder::x_first ? x_left : !y_left;
        const int next_x = flat ? (x + east + columns) % columns : x;
        const int next_y = flat ? y : (y + south + rows) % rows;
        const bool leaves = x / mesh.columns != next_x / mesh.columns || y / mesh.rows != next_y / mesh.rows;
        crossed.insert({{x, y}, {next_x, next_y}, flat ? Counter::hops_ew : Counter::hops_ns, leaves});
        x = next_x;
        y = next_y;
    }
}

}  // namespace

bool NaiveChip::is_output(std::size_t core, std::size_t compartment) const {
    for (const chip::PopulationSymbol& population : image_.populations) {
        for (const chip::PopulationTile& tile : population.tiles) {
            if (tile.core.value() == core && tile.first_compartment <= compartment &&
                compartment < population.end(tile)) {
                return population.output && population.spikes;
            }
        }
    }
    return false;
}

NaiveChip::NaiveChip(const chip::Image& image) : image_(image), counts_(image.cores.size()) {
    for (const chip::CoreImage& core : image.cores) {
        cores_.emplace_back(core.compartments);
        for (std::size_t i = 0; i < core.initial_currents.size(); ++i) {
            cores_.back()[i].u = core.initial_currents[i];
        }
    }
}

void NaiveChip::receive(const chip::OutputAxon& axon, bool from_outside, std::int64_t payload) {
    const chip::CoreImage& core = image_.cores[axon.core.value()];
    Counters& counts = counts_[axon.core.value()];
    counts[Counter::messages_in] += 1;
    counts[Counter::input_spikes] += from_outside ? 1 : 0;
    const std::int32_t base = core.axon(axon.axon.value()).base;
    for (const chip::SynapseEntry& entry : core.entries_of(axon.axon.value())) {
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
            cores_[axon.core.value()][static_cast<std::size_t>(base + synapse.target)]
                .arriving[(now_ + synapse.delay) % horizon] +=
                payload *
                contribution(synapse.weight, core.formats[entry.format], image_.chip.conventions.negative_mixed_weight);
        }
    }
}

void NaiveChip::send(std::size_t core, std::span<const chip::OutputAxon> axons) {
    Counters& counts = counts_[core];
    const int from = static_cast<int>(image_.cores[core].place);
    const bool multicast = image_.chip.network.parameters.cast == router::Cast::multicast;
    std::set<NaiveLink> crossed;
    std::set<int> local;
    const auto count = [&] {
        for (const NaiveLink& link : crossed) {
            counts[link.kind] += 1;
            counts[Counter::hops_chip] += link.between_chips ? 1 : 0;
        }
        crossed.clear();
    };
    for (const chip::OutputAxon& axon : axons) {
        const int to = static_cast<int>(image_.cores[axon.core.value()].place);
        naive_way(image_.chip, image_.chip.mesh.tile(from), image_.chip.mesh.tile(to), crossed);
        if (image_.chip.mesh.tile(from) == image_.chip.mesh.tile(to)) {
            counts[Counter::messages_local] += !multicast || local.insert(to).second ? 1 : 0;
        }
        if (!multicast) {
            counts[Counter::messages_out] += 1;
            count();
        }
    }
    counts[Counter::messages_out] += multicast && !axons.empty() ? 1 : 0;
    count();
}

std::int64_t NaiveChip::take_sum(std::size_t c, std::size_t index) {
    std::int64_t& slot = cores_[c][index].arriving[now_ % horizon];
    return std::exchange(slot, 0);
}

std::int64_t NaiveChip::update(std::size_t c, std::size_t index) {
    const chip::CompartmentGroup& group = group_of(image_.cores[c], index);
    const ModelParameters& p = group.parameters;
    Compartment& n = cores_[c][index];
    const bool resets = group.model == NeuronModel::leaky || group.model == NeuronModel::ternary_leaky;
    if (resets && p.reset_interval > 0 &&
        (now_ + 1) % static_cast<std::uint64_t>(p.reset_interval) == static_cast<std::uint64_t>(p.reset_offset)) {
        n.u = 0;
        n.v = 0;
    }
    switch (group.model) {
    case NeuronModel::leaky:
    case NeuronModel::ternary_leaky:
    case NeuronModel::adaptive_threshold:
        return update_leaky(c, index);
    case NeuronModel::resonate_fire:
    case NeuronModel::resonate_fire_izhikevich:
    case NeuronModel::sigma_delta:
    case NeuronModel::delta:
    case NeuronModel::graded_vector:
    case NeuronModel::graded_relu:
    case NeuronModel::product:
        return update_own(c, index);
    }
    return 0;
}

/// The models of core/base/neuron_model.hpp that are not leaky circuits, from its text.
std::int64_t NaiveChip::update_own(std::size_t c, std::size_t index) {
    const chip::CoreImage& core = image_.cores[c];
    const chip::CompartmentGroup& group = group_of(core, index);
    const ModelParameters& p = group.parameters;
    const std::int64_t threshold = group.spikes ? group.threshold_mantissa : std::numeric_limits<std::int64_t>::max();
    const std::int64_t scale = std::int64_t{1} << p.state_exponent;
    const std::int64_t bias = bias_of(core, index);
    Compartment& n = cores_[c][index];
    const std::int64_t a = wrap(take_sum(c, index) / 64, 32);
    const bool pair = inputs_of(group.model) == 2;
    if (pair && (index - group.first) % 2 == 1) {
        return 0;
    }
    Compartment& other = cores_[c][index + (pair ? 1 : 0)];
    const std::int64_t b = pair ? wrap(take_sum(c, index + 1) / 64, 32) : 0;
    const auto count = [&](bool rest) { counts_[c][rest ? Counter::updates_idle : Counter::updates_active] += 1; };
    const auto encode = [&](std::int64_t x) {
        const std::int64_t d = wrap(x - n.v + n.residue, 32);
        n.error = wrap(n.error + (p.cumulative_error ? d : 0), 32);
        const bool out = std::abs(p.cumulative_error ? n.error : d) >= threshold;
        n.error = out && d != 0 ? 0 : n.error;
        n.residue = out ? 0 : d;
        n.v = x;
        return out ? floor_divide(d, scale) : 0;
    };
    std::int64_t sends = 0;
    switch (group.model) {
    case NeuronModel::sigma_delta: {
        count(a == 0 && n.u == 0 && n.v == 0 && n.residue == 0 && bias == 0);
        n.u = wrap(n.u + a, 32);
        const std::int64_t sum = wrap(n.u + bias, 32);
        const std::int64_t x = p.relu ? std::max<std::int64_t>(sum, 0) : sum;
        if (p.corrected) {
            const std::int64_t d = wrap(x - n.v, 32);
            sends = std::abs(d) >= threshold ? floor_divide(d, scale) : 0;
            n.v = wrap(n.v + sends * scale, 32);
        } else {
            sends = encode(x);
        }
        break;
    }
    case NeuronModel::delta:
        count(a == 0 && n.v == 0 && n.residue == 0);
        sends = encode(wrap(a * scale, 32));
        break;
    case NeuronModel::graded_vector:
        count(a == 0);
        sends = std::abs(a) > threshold ? a : 0;
        break;
    case NeuronModel::graded_relu:
        count(a == 0);
        sends = a > threshold ? a : 0;
        break;
    case NeuronModel::product:
        count(a == 0 && b == 0);
        sends = floor_divide(a * b, scale);
        sends = std::abs(sends) > threshold ? sends : 0;
        break;
    case NeuronModel::resonate_fire:
    case NeuronModel::resonate_fire_izhikevich: {
        count(a == 0 && b == 0 && n.v == 0 && other.v == 0);
        const std::int64_t most = (std::int64_t{1} << (image_.chip.neuron.state_bits - 1)) - 1;
        const auto turn = [&](std::int64_t x, std::int64_t by) { return truncated_product(x, by, 12); };
        const auto clipped = [&](std::int64_t turned, std::int64_t arrived) {
            return std::clamp(wrap(turned + wrap(arrived * scale, 32), 32), -most, most);
        };
        const std::int64_t re = clipped(turn(n.v, p.cos_decay) - turn(other.v, p.sin_decay), a);
        const std::int64_t im = clipped(turn(n.v, p.sin_decay) + turn(other.v, p.cos_decay), b);
        if (group.model == NeuronModel::resonate_fire) {
            sends = re >= threshold && im >= 0 && other.v < 0 ? 1 : 0;
            n.v = re;
            other.v = im;
        } else {
            sends = im >= threshold ? 1 : 0;
            n.v = sends != 0 ? 0 : re;
            other.v = sends != 0 ? threshold - 1 : im;
        }
        break;
    }
    case NeuronModel::leaky:
    case NeuronModel::ternary_leaky:
    case NeuronModel::adaptive_threshold:
        break;
    }
    return sends_values(group.model) ? wrap(sends, std::clamp(image_.chip.neuron.payload_bits, 1, 32)) : sends;
}

std::int64_t NaiveChip::update_leaky(std::size_t c, std::size_t index) {
    const chip::CoreImage& core = image_.cores[c];
    const chip::NeuronFormat& format = image_.chip.neuron;
    const Conventions& conventions = image_.chip.conventions;
    const chip::CompartmentGroup& group = group_of(core, index);
    Compartment& n = cores_[c][index];
    const std::int64_t bias = bias_of(core, index);
    const std::int64_t unity = std::int64_t{1} << format.decay_bits;

    std::int64_t q = take_sum(c, index);
    if (conventions.sum_overflow == Conventions::SumOverflow::wrap_22_bit) {
        q = wrap(q, format.sum_bits);
    }
    const std::int64_t v_before = n.v;
    const bool soft = group.parameters.soft_reset;
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
    const std::int64_t unit = std::int64_t{1} << format.threshold_exponent;
    if (group.model == NeuronModel::adaptive_threshold) {
        n.risen = truncated_product(n.risen, 4096 - group.parameters.adaptation_decay, 12);
        n.tired = truncated_product(n.tired, 4096 - group.parameters.refractory_decay, 12);
        const std::int64_t theta = group.threshold_mantissa * unit + n.risen;
        if (!group.spikes || n.v - n.tired < theta) {
            return 0;
        }
        n.risen = wrap(n.risen + group.parameters.adaptation_step * unit, 32);
        n.tired = wrap(n.tired + 2 * theta, 32);
        return 1;
    }
    if (n.held > 0) {
        n.v = soft ? v_before : 0;
    }
    std::int64_t sends = group.spikes && !(soft && n.held > 0) && n.v > group.threshold_mantissa * unit ? 1 : 0;
    if (group.model == NeuronModel::ternary_leaky && group.spikes && n.held == 0 &&
        n.v < group.parameters.threshold_low * unit) {
        sends = -1;
    }
    if (sends != 0) {
        n.v -= soft ? group.threshold_mantissa * unit : n.v;
        n.held = group.refractory;
    }
    n.held = std::max<std::int64_t>(n.held - 1, 0);
    return sends;
}

void NaiveChip::step(std::span<const chip::InputSpike> inputs) {
    std::fill(counts_.begin(), counts_.end(), Counters{});
    for (const chip::CoreSpike& spike : spikes_) {
        const chip::CoreImage& core = image_.cores[spike.core.value()];
        for (auto o = core.output_first[spike.compartment.value()];
             o < core.output_first[spike.compartment.value() + 1]; ++o) {
            receive(core.outputs[o], false, spike.payload);
        }
    }
    for (const chip::InputSpike& input : inputs) {
        const chip::InputSymbol& port = image_.inputs[input.port];
        for (auto o = port.output_first[input.channel]; o < port.output_first[input.channel + 1]; ++o) {
            receive(port.outputs[o], true, port.graded ? input.payload : 1);
        }
    }
    spikes_.clear();
    for (std::size_t c = 0; c < cores_.size(); ++c) {
        for (std::size_t i = 0; i < cores_[c].size(); ++i) {
            if (const std::int64_t sends = update(c, i); sends != 0) {
                spikes_.push_back({.core = CoreId(static_cast<std::uint32_t>(c)),
                                   .compartment = CompartmentId(static_cast<std::uint32_t>(i)),
                                   .payload = static_cast<std::int32_t>(sends)});
                counts_[c][Counter::spikes] += 1;
                const chip::CoreImage& core = image_.cores[c];
                send(c, std::span(core.outputs)
                            .subspan(core.output_first[i], core.output_first[i + 1] - core.output_first[i]));
                counts_[c][Counter::output_spikes] += is_output(c, i) ? 1 : 0;
            }
        }
    }
    ++now_;
}

}  // namespace spikeloom::test
