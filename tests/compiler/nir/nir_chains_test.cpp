// Random chains of linear NIR nodes against the nodes' definitions, evaluated one after the other by loops of their
// own: whatever is folded, scaled or multiplied out on the way, the projections must be the product.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "compiler/nir/nir_builder.hpp"

namespace spikeloom::compiler {
namespace {

using test::NirBuilder;

struct Picture {
    std::array<std::int64_t, 3> shape{};  ///< channels, rows, columns
    std::vector<double> values;

    [[nodiscard]] double at(std::int64_t channel, std::int64_t row, std::int64_t column) const {
        const bool inside = row >= 0 && row < shape[1] && column >= 0 && column < shape[2];
        return inside ? values[static_cast<std::size_t>((channel * shape[1] + row) * shape[2] + column)] : 0.0;
    }
};

using Pair = std::array<std::int64_t, 2>;

struct Window {
    Pair kernel, stride, padding, dilation;
    /// How many windows fit along an axis into so many elements.
    [[nodiscard]] std::int64_t count(std::size_t axis, std::int64_t extent) const {
        return (extent + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis] + 1;
    }
};

/// Writes a chain node by node, and computes what it makes of a picture.
class RandomChain {
public:
    RandomChain(NirBuilder& builder, unsigned seed) : builder_(builder), engine_(seed) {
        picture_.shape = {pick(1, 3), pick(3, 8), pick(3, 8)};
        builder_.input("in", {picture_.shape[0], picture_.shape[1], picture_.shape[2]});
        picture_.values.resize(static_cast<std::size_t>(picture_.shape[0] * picture_.shape[1] * picture_.shape[2]));
        std::ranges::generate(picture_.values, [this] { return real(); });
        input_ = picture_.values;
        for (std::int64_t node = pick(1, 4); node > 0; --node) {
            switch (pick(0, 3)) {
            case 0:
                pool();
                break;
            case 1:
                scale();
                break;
            default:
                convolve();
            }
        }
        if (pick(0, 1) == 0) {
            matrix();
        }
        builder_.lif("lif");
        edges_.emplace_back(last_, "lif");
        builder_.edges(edges_);
    }

    [[nodiscard]] const std::vector<double>& input() const { return input_; }
    [[nodiscard]] const std::vector<double>& output() const { return picture_.values; }

private:
    std::int64_t pick(std::int64_t least, std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(least, most)(engine_);
    }
    double real() { return static_cast<double>(pick(-64, 64)) / 32; }  // exact in float32
    std::vector<double> reals(std::int64_t count) {
        std::vector<double> values(static_cast<std::size_t>(count));
        std::ranges::generate(values, [this] { return real(); });
        return values;
    }
    void append(const std::string& name, const std::string& type) {
        const std::string unique = name + std::to_string(edges_.size());
        builder_.node(unique, type);
        edges_.emplace_back(last_, unique);
        last_ = unique;
    }

    Window window(Pair kernel, bool dilated) {
        Window result{kernel, {pick(1, 2), pick(1, 2)}, {}, {1, 1}};
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::int64_t room = picture_.shape[axis + 1] - 1;
            result.dilation[axis] = dilated && 2 * (kernel[axis] - 1) <= room ? pick(1, 2) : 1;
            result.padding[axis] = pick(0, kernel[axis] / 2);
        }
        return result;
    }

    void convolve() {
        const std::int64_t groups = picture_.shape[0] % 2 == 0 && pick(0, 1) == 0 ? 2 : 1;
        const std::int64_t inputs = picture_.shape[0] / groups;
        const std::int64_t outputs = groups * pick(1, 3);
        const Window w = window({pick(1, std::min<std::int64_t>(3, picture_.shape[1])),
                                 pick(1, std::min<std::int64_t>(4, picture_.shape[2]))},
                                true);
        const auto kernel = reals(outputs * inputs * w.kernel[0] * w.kernel[1]);
        const auto bias = reals(outputs);
        append("conv", "Conv2d");
        const auto extent = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
        builder_.real("weight", kernel, {extent(outputs), extent(inputs), extent(w.kernel[0]), extent(w.kernel[1])})
            .real("bias", bias, {extent(outputs)})
            .whole("groups", {groups}, {});
        write(w, true);
        Picture out{{outputs, w.count(0, picture_.shape[1]), w.count(1, picture_.shape[2])}, {}};
        for (std::int64_t channel = 0; channel < outputs; ++channel) {
            const std::int64_t first = channel / (outputs / groups) * inputs;
            each_window(out, w, [&](auto at) {
                double sum = bias[static_cast<std::size_t>(channel)];
                std::size_t tap = static_cast<std::size_t>(channel * inputs * w.kernel[0] * w.kernel[1]);
                for (std::int64_t input = first; input < first + inputs; ++input) {
                    for (std::int64_t row = 0; row < w.kernel[0]; ++row) {
                        for (std::int64_t column = 0; column < w.kernel[1]; ++column) {
                            sum += kernel[tap++] * at(input, row, column);
                        }
                    }
                }
                return sum;
            });
        }
        picture_ = std::move(out);
    }

    void pool() {
        const Window w = window({pick(1, std::min<std::int64_t>(3, picture_.shape[1])),
                                 pick(1, std::min<std::int64_t>(2, picture_.shape[2]))},
                                false);
        const bool average = pick(0, 1) == 0;
        append("pool", average ? "AvgPool2d" : "SumPool2d");
        builder_.whole("kernel_size", {w.kernel[0], w.kernel[1]});
        write(w, false);
        const double factor = average ? 1.0 / static_cast<double>(w.kernel[0] * w.kernel[1]) : 1.0;
        Picture out{{picture_.shape[0], w.count(0, picture_.shape[1]), w.count(1, picture_.shape[2])}, {}};
        for (std::int64_t channel = 0; channel < out.shape[0]; ++channel) {
            each_window(out, w, [&](auto at) {
                double sum = 0;
                for (std::int64_t row = 0; row < w.kernel[0]; ++row) {
                    for (std::int64_t column = 0; column < w.kernel[1]; ++column) {
                        sum += at(channel, row, column);
                    }
                }
                return sum * factor;
            });
        }
        picture_ = std::move(out);
    }

    /// Appends compute(what lies at a tap of the window) for every window of a channel.
    template <typename Compute>
    void each_window(Picture& out, const Window& w, const Compute& compute) {
        for (std::int64_t y = 0; y < out.shape[1]; ++y) {
            for (std::int64_t x = 0; x < out.shape[2]; ++x) {
                out.values.push_back(compute([&](std::int64_t channel, std::int64_t row, std::int64_t column) {
                    return picture_.at(channel, y * w.stride[0] - w.padding[0] + row * w.dilation[0],
                                       x * w.stride[1] - w.padding[1] + column * w.dilation[1]);
                }));
            }
        }
    }

    void write(const Window& w, bool dilated) {
        builder_.whole("stride", {w.stride[0], w.stride[1]}).whole("padding", {w.padding[0], w.padding[1]});
        if (dilated) {
            builder_.whole("dilation", {w.dilation[0], w.dilation[1]});
        }
    }

    void scale() {
        append("scale", "Scale");
        const auto channels = static_cast<std::uint64_t>(picture_.shape[0]);
        const std::size_t area = picture_.values.size() / channels;
        const bool each = pick(0, 1) == 0;
        const auto factors = reals(each ? static_cast<std::int64_t>(picture_.values.size()) : picture_.shape[0]);
        const auto extent = [&](std::size_t axis) { return static_cast<std::uint64_t>(picture_.shape[axis]); };
        builder_.real("scale", factors,
                      each ? std::vector<std::uint64_t>{channels, extent(1), extent(2)}
                           : std::vector<std::uint64_t>{channels, 1, 1});
        for (std::size_t index = 0; index < picture_.values.size(); ++index) {
            picture_.values[index] *= factors[each ? index : index / area];
        }
    }

    void matrix() {
        append("flat", "Flatten");
        builder_.whole("start_dim", {0}, {}).whole("end_dim", {-1}, {});
        const auto inputs = static_cast<std::int64_t>(picture_.values.size());
        const std::int64_t outputs = pick(1, 5);
        const auto weight = reals(inputs * outputs);
        append("fc", "Linear");
        builder_.real("weight", weight, {static_cast<std::uint64_t>(outputs), static_cast<std::uint64_t>(inputs)});
        Picture out{{outputs, 1, 1}, {}};
        for (std::size_t row = 0; row < static_cast<std::size_t>(outputs); ++row) {
            double sum = 0;
            for (std::size_t column = 0; column < picture_.values.size(); ++column) {
                sum += weight[row * picture_.values.size() + column] * picture_.values[column];
            }
            out.values.push_back(sum);
        }
        picture_ = std::move(out);
    }

    NirBuilder& builder_;
    std::mt19937 engine_;
    Picture picture_;
    std::vector<double> input_;
    std::vector<std::pair<std::string, std::string>> edges_;
    std::string last_ = "in";
};

TEST_CASE("projections of random chains are the product of their nodes") {
    for (unsigned seed = 0; seed < 60; ++seed) {
        NirBuilder builder;
        const RandomChain chain(builder, seed);
        const auto import = builder.read();
        INFO("seed ", seed);
        REQUIRE(import.has_value());
        const Network& network = import->network;
        REQUIRE(network.projections.size() == 1);
        const Projection& projection = network.projections[0];
        std::vector<double> sums(chain.output().size());
        REQUIRE(network.populations[0].size() == sums.size());
        double largest = 1;
        for (std::size_t neuron = 0; neuron < sums.size(); ++neuron) {
            sums[neuron] = projection.bias[neuron];
            largest = std::max(largest, std::abs(chain.output()[neuron]));
        }
        std::vector<Connection> row;
        for (std::uint32_t source = 0; source < chain.input().size(); ++source) {
            row.clear();
            append_connections(network, projection, source, row);
            for (const Connection& one : row) {
                sums[one.target] += static_cast<double>(one.weight) * chain.input()[source];
            }
        }
        for (std::size_t neuron = 0; neuron < sums.size(); ++neuron) {
            CHECK(std::abs(sums[neuron] - chain.output()[neuron]) < 1e-5 * largest);
        }
    }
}

}  // namespace
}  // namespace spikeloom::compiler
