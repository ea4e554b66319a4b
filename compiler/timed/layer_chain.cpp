#include "compiler/timed/layer_chain.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace spikeloom::compiler {
namespace {

/// A projection's place in its layer's rows of weights.
struct Rows {
    std::size_t projection = 0;
    std::size_t first = 0;
};

struct Arrangement {
    LayerChain chain;
    std::vector<std::vector<Rows>> rows;  ///< of each layer
};

class Reader {
public:
    explicit Reader(const TimedNetwork& network) : network_(network) {}

    void read() {
        input();
        result.chain.layers.resize(network_.populations.size());
        result.rows.resize(network_.populations.size());
        for (std::size_t p = 0; p < network_.populations.size(); ++p) {
            population(p);
            projections(p);
        }
        if (network_.outputs.size() != 1 || network_.outputs[0].value() + 1 != network_.populations.size()) {
            say(fmt::format("network '{}'", network_.name), "outputs that are not the last layer alone",
                "one output, the last population");
        }
    }

    Arrangement result;
    Diagnostics findings;

private:
    void say(std::string where, std::string found, std::string allowed, std::string help = {}) {
        findings.push_back({Severity::error, std::move(where), std::move(found), std::move(allowed), std::move(help)});
    }

    void input() {
        std::size_t data = 0;
        for (std::size_t i = 0; i < network_.inputs.size(); ++i) {
            if (network_.inputs[i].constant_times.empty()) {
                result.chain.input = i;
                ++data;
            }
        }
        if (data != 1) {
            say(fmt::format("network '{}'", network_.name), fmt::format("{} inputs that data drive", data),
                "one, into the first layer");
        }
    }

    void population(std::size_t p) {
        const TimedPopulation& population = network_.populations[p];
        const std::string where = fmt::format("population '{}'", population.name);
        if (population.adaptive) {
            say(where, "neurons without a closed form (AdEx, conductances, two synaptic time constants)",
                "LIF neurons with exponential currents");
        }
        const auto& neurons = population.neurons;
        if (std::any_of(neurons.begin(), neurons.end(), [&](const AdEx& n) { return !(n.lif == neurons[0].lif); })) {
            say(where, "neurons that differ from each other", "one set of parameters for all",
                "what differs from copy to copy of a chip is the chip's mismatch, not the network's");
        }
    }

    void projections(std::size_t p) {
        std::vector<std::size_t> forward, constant;
        for (std::size_t i = 0; i < network_.projections.size(); ++i) {
            const TimedProjection& projection = network_.projections[i];
            if (projection.target.value() != p) {
                continue;
            }
            if (!projection.delays.empty()) {
                say(fmt::format("projection '{}'", projection.name), "delays", "none: weights alone are trained");
            }
            if (comes_from_before(projection.source, p)) {
                forward.push_back(i);
            } else if (projection.source.kind == Source::Kind::input && projection.source.index != result.chain.input) {
                constant.push_back(i);
            } else {
                say(fmt::format("projection '{}'", projection.name),
                    fmt::format("it comes from '{}'", network_.source_name(projection.source)),
                    "the layer before, or an input with constant times");
            }
        }
        if (forward.size() != 1) {
            say(fmt::format("population '{}'", network_.populations[p].name),
                fmt::format("{} projections from the layer before", forward.size()), "one");
            return;
        }
        ChainLayer& layer = result.chain.layers[p];
        layer.inputs = network_.source_size(network_.projections[forward[0]].source);
        append(p, forward[0]);
        for (const std::size_t i : constant) {
            const TimedInput& input = network_.inputs[network_.projections[i].source.index];
            if (input.constant_times.size() != 1) {
                say(fmt::format("input '{}'", input.name),
                    fmt::format("{} constant times", input.constant_times.size()), "one");
                continue;
            }
            layer.biases.insert(layer.biases.end(), input.size(), input.constant_times[0]);
            append(p, i);
        }
    }

    [[nodiscard]] bool comes_from_before(const Source& source, std::size_t p) const {
        return p == 0 ? source.kind == Source::Kind::input && source.index == result.chain.input
                      : source.kind == Source::Kind::population && source.index == p - 1;
    }

    /// The projection's weights as further rows of layer p.
    void append(std::size_t p, std::size_t index) {
        const TimedProjection& projection = network_.projections[index];
        const std::size_t neurons = network_.populations[p].size();
        const std::size_t sources = network_.source_size(projection.source);
        bool dense = projection.weights.size() == sources * neurons && projection.row_begin.size() == sources + 1;
        for (std::size_t s = 0; dense && s <= sources; ++s) {
            dense = projection.row_begin[s] == s * neurons;
        }
        for (std::size_t i = 0; dense && i < projection.targets.size(); ++i) {
            dense = projection.targets[i] == i % neurons;
        }
        if (!dense) {
            say(fmt::format("projection '{}'", projection.name), "it is not all-to-all",
                "one synapse from every source to every neuron, in order");
            return;
        }
        std::vector<double>& weights = result.chain.layers[p].weights;
        result.rows[p].push_back({index, weights.size() / neurons});
        weights.insert(weights.end(), projection.weights.begin(), projection.weights.end());
    }

    const TimedNetwork& network_;
};

}  // namespace

Result<LayerChain> layer_chain(const TimedNetwork& network) {
    Reader reader(network);
    reader.read();
    if (!reader.findings.empty()) {
        return fail(std::move(reader.findings));
    }
    return std::move(reader.result.chain);
}

void set_weights(TimedNetwork& network, const LayerChain& chain) {
    Reader reader(network);
    reader.read();
    SPIKELOOM_ASSERT(reader.findings.empty(), to_text(reader.findings));
    for (std::size_t p = 0; p < chain.layers.size(); ++p) {
        const std::vector<double>& weights = chain.layers[p].weights;
        const std::size_t neurons = network.populations[p].size();
        SPIKELOOM_ASSERT(weights.size() == reader.result.chain.layers[p].weights.size(), network.populations[p].name);
        for (const Rows& rows : reader.result.rows[p]) {
            std::vector<double>& into = network.projections[rows.projection].weights;
            std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(rows.first * neurons), into.size(), into.begin());
        }
    }
}

}  // namespace spikeloom::compiler
