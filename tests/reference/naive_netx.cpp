#include "reference/naive_netx.hpp"

#include <algorithm>
#include <utility>

namespace spikeloom::test {
namespace {

std::int64_t decayed(std::int64_t value, std::int64_t decay) {
    const std::int64_t magnitude = (value < 0 ? -value : value) * (4096 - decay) / 4096;
    return value < 0 ? -magnitude : magnitude;
}

std::size_t index(std::int64_t value) {
    return static_cast<std::size_t>(value);
}

}  // namespace

NaiveNetx::NaiveNetx(std::vector<NetxTestLayer> layers, std::vector<std::int64_t> input) {
    for (NetxTestLayer& layer : layers) {
        if (layer.type == "input" || layer.type == "flatten") {
            continue;
        }
        State state;
        state.from = std::exchange(input, layer.shape);
        state.u.assign(index(layer.neurons()), 0);
        state.v.assign(index(layer.neurons()), 0);
        if (!layer.neuron) {
            layer.current_decay = 0;
            layer.voltage_decay = 4096;
            layer.threshold = 131072;
        }
        state.layer = std::move(layer);
        states_.push_back(std::move(state));
    }
}

std::uint8_t NaiveNetx::heard(const std::vector<Spikes>& sent, std::size_t ago, std::size_t source) {
    return ago < sent.size() ? sent[sent.size() - 1 - ago][source] : 0;
}

std::int64_t NaiveNetx::delay_of(const NetxTestLayer& layer, std::size_t target, std::size_t source) {
    const auto targets = index(layer.neurons());
    const auto sources = index(layer.sources);
    if (layer.delay.empty()) {
        return 0;
    }
    if (layer.delay.size() == 1) {
        return layer.delay[0];
    }
    if (layer.delay.size() == targets * sources) {
        return layer.delay[target * sources + source];
    }
    return layer.delay[layer.delay.size() == targets ? target : source];
}

std::int64_t NaiveNetx::drive(const State& state, const std::vector<Spikes>& sent, std::size_t ago,
                              std::size_t target) {
    const NetxTestLayer& layer = state.layer;
    std::int64_t sum = 0;
    if (layer.type == "dense" || layer.type == "dense_rec") {
        const auto sources = index(layer.sources);
        for (std::size_t source = 0; source < sources; ++source) {
            const auto delay = index(std::min<std::int64_t>(delay_of(layer, target, source), 62));
            sum += layer.weight[target * sources + source] * heard(sent, ago + delay, source);
        }
        for (std::size_t source = 0; !layer.recurrent.empty() && source < index(layer.neurons()); ++source) {
            // what the layer sent in the step before: this step's is not among `sent` yet
            sum += layer.recurrent[target * index(layer.neurons()) + source] * heard(state.sent, 0, source);
        }
        return sum;
    }
    const std::int64_t plane = layer.shape[1] * layer.shape[2];
    const std::int64_t channel = static_cast<std::int64_t>(target) / plane;
    const std::int64_t row = static_cast<std::int64_t>(target) % plane / layer.shape[2];
    const std::int64_t column = static_cast<std::int64_t>(target) % layer.shape[2];
    const bool pool = layer.type == "pool";
    const std::int64_t inputs = pool ? 1 : layer.in_channels / layer.groups;
    const std::int64_t first = pool ? channel : channel / (layer.shape[0] / layer.groups) * inputs;
    for (std::int64_t in = 0; in < inputs; ++in) {
        for (std::int64_t ky = 0; ky < layer.kernel[0]; ++ky) {
            for (std::int64_t kx = 0; kx < layer.kernel[1]; ++kx) {
                const std::int64_t y = row * layer.stride[0] + ky * layer.dilation[0] - layer.padding[0];
                const std::int64_t x = column * layer.stride[1] + kx * layer.dilation[1] - layer.padding[1];
                if (y < 0 || y >= state.from[1] || x < 0 || x >= state.from[2]) {
                    continue;
                }
                const std::int32_t weight =
                    pool ? layer.weight[0]
                         : layer.weight[index(((channel * inputs + in) * layer.kernel[0] + ky) * layer.kernel[1] + kx)];
                sum += weight * heard(sent, ago, index(((first + in) * state.from[1] + y) * state.from[2] + x));
            }
        }
    }
    return sum;
}

void NaiveNetx::step(const std::vector<std::uint8_t>& input) {
    input_.push_back(input);
    // From the last layer to the first, so that each finds its source as it was a step before.
    for (std::size_t l = states_.size(); l-- > 0;) {
        State& state = states_[l];
        const NetxTestLayer& layer = state.layer;
        const auto netx_step = static_cast<std::int64_t>(input_.size()) + 1;
        const auto turn = reset_offset_ + 1 + static_cast<std::int64_t>(l);
        if (reset_interval_ > 0 && netx_step % reset_interval_ == turn % reset_interval_) {
            std::ranges::fill(state.u, 0);
            std::ranges::fill(state.v, 0);
        }
        const std::vector<Spikes>& sent = l == 0 ? input_ : states_[l - 1].sent;
        Spikes spikes(state.u.size());
        for (std::size_t i = 0; i < spikes.size(); ++i) {
            std::int64_t bias = 0;
            if (!layer.bias.empty()) {
                const bool by_channel = layer.shape.size() == 3 && layer.bias.size() == index(layer.shape[0]);
                bias = layer.bias.size() == 1 ? layer.bias[0]
                       : by_channel           ? layer.bias[i / index(layer.shape[1] * layer.shape[2])]
                                              : layer.bias[i];
            }
            constexpr std::int64_t most = (1 << 23) - 1;
            state.u[i] = decayed(state.u[i], layer.current_decay) + 64 * drive(state, sent, 0, i);
            state.v[i] = std::clamp(decayed(state.v[i], layer.voltage_decay) + state.u[i] + 64 * bias, -most, most);
            spikes[i] = state.v[i] > 64 * layer.threshold ? 1 : 0;
            if (spikes[i] != 0) {
                state.v[i] = 0;
            }
        }
        state.sent.push_back(std::move(spikes));
    }
}

}  // namespace spikeloom::test
