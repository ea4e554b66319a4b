// One chain of linear NIR nodes as one projection: their maps multiplied, their biases carried to its end, their delays
// added. Where to and where from is nir_lower's matter.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/nir/linear_map.hpp"
#include "compiler/nir/nir_conventions.hpp"
#include "compiler/nir/nir_shapes.hpp"
#include "compiler/nir/nir_ways.hpp"

namespace spikeloom::compiler {

/// Passes on what it gets, element by element: ports and Flatten.
[[nodiscard]] bool only_reshapes(NirType type);

/// All arguments outlive this; findings and remarks are appended to.
class NirProjections {
public:
    NirProjections(const NirFile& file, const NirFlatGraph& graph, const NirShapes& shapes,
                   const NirConventions& conventions, Diagnostics& findings, Diagnostics& remarks)
        : file_(file),
          graph_(graph),
          shapes_(shapes),
          conventions_(conventions),
          findings_(findings),
          remarks_(remarks) {}

    /// Without its target; named after its weighted nodes ("pool1+conv2"), or "source->target" if there are none.
    /// `source` is one of the network's. Nothing, and a finding, where no projection holds the product.
    [[nodiscard]] std::optional<Projection> make(const Network& network, const Source& source, const NirWay& way,
                                                 const std::string& target);

private:
    /// The biases on the way so far: what they add at the node reached, and from which step on.
    struct Bias {
        std::vector<double> values;  ///< empty: none
        int delay_steps = 0;
    };

    [[nodiscard]] const NirNode& node(std::size_t index) const { return *graph_.nodes[index].node; }
    [[nodiscard]] const std::string& name(std::size_t index) const { return graph_.nodes[index].name; }
    std::optional<LinearMap> product(LinearMap map, const NirWay& way, Bias& bias);
    void pass_bias(std::size_t index, const LinearMap& step, Bias& bias);
    void add_bias(std::size_t index, Bias& bias);
    std::string projection_name(const Network& network, const Source& source, const NirWay& way,
                                const std::string& target);
    void remark_delay(std::size_t index);
    void remark_product(const NirWay& way, const Projection& projection);
    void complain(std::size_t index, std::string found, std::string help = "");
    void note(std::size_t index, std::string found);

    const NirFile& file_;
    const NirFlatGraph& graph_;
    const NirShapes& shapes_;
    const NirConventions& conventions_;
    Diagnostics& findings_;
    Diagnostics& remarks_;
    std::set<std::string> names_;     ///< given
    std::set<std::size_t> remarked_;  ///< Delay nodes whose rounding was told
};

}  // namespace spikeloom::compiler
