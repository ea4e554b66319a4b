// A trained network of rectified linear units (an ANN) as a value: layers of weighted sums, each rectified or not,
// over an input of reals; several layers may add up in one. What conversion starts from and is compared with: its own
// naive forward pass, and the operations that one inference costs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// What a layer adds up: weights on an earlier layer's values, and a bias.
struct AnnConnection {
    std::string name;      ///< the nodes on the way: "fc1", "pool1+conv2"
    std::size_t from = 0;  ///< 0: the input; k + 1: layer k, which lies before this one
    Weights weights;       ///< without delays
    Parameter bias{0.0};   ///< 1 or as many values as the layer has
    friend bool operator==(const AnnConnection&, const AnnConnection&) = default;
};

struct AnnLayer {
    std::string name;
    Shape shape;
    bool rectified = true;  ///< max(0, sum); else the sum itself
    std::vector<AnnConnection> inputs;

    [[nodiscard]] std::size_t size() const { return element_count(shape); }
    friend bool operator==(const AnnLayer&, const AnnLayer&) = default;
};

/// What one inference costs.
struct AnnOperations {
    std::uint64_t multiply_accumulates = 0;  ///< weights times values; those on zero padding are not counted
    std::uint64_t pooling_additions = 0;     ///< values summed in pooling windows

    AnnOperations& operator+=(const AnnOperations& other) {
        multiply_accumulates += other.multiply_accumulates;
        pooling_additions += other.pooling_additions;
        return *this;
    }
    friend bool operator==(const AnnOperations&, const AnnOperations&) = default;
};

struct Ann {
    std::string name;
    std::string input_name;
    Shape input;
    std::vector<AnnLayer> layers;  ///< each after all that it takes
    std::size_t output = 0;        ///< the layer that answers
    std::string output_name;
    /// Layer by layer as the net was given: where pooling and a matrix are multiplied out here, those two count.
    AnnOperations operations{};

    [[nodiscard]] std::size_t input_size() const { return element_count(input); }
    /// Of the values that connection.from names.
    [[nodiscard]] std::size_t source_size(std::size_t from) const {
        return from == 0 ? input_size() : layers[from - 1].size();
    }
    friend bool operator==(const Ann&, const Ann&) = default;
};

/// The ANN whose rectified units stand where the network has integrate-and-fire neurons, and whose plain sums where it
/// has integrators. Refuses other neurons, delays, plasticity, cycles, and more than one input or output.
[[nodiscard]] Result<Ann> ann_of(const Network& network);

/// All layers' values for one input; result[k] belongs to layer k. Sums are taken in float, connection by connection,
/// sources ascending.
[[nodiscard]] std::vector<std::vector<float>> run_ann(const Ann& ann, std::span<const float> input);
/// The class of an output: the largest value, of equals the first.
[[nodiscard]] std::int32_t ann_answer(std::span<const float> output);

/// Of one connection onto so many targets.
[[nodiscard]] AnnOperations operations_of(const Weights& weights, std::size_t targets);

}  // namespace spikeloom::compiler
