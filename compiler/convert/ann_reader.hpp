// An ANN from a file. NIR has no ReLU, so a graph of weights, pooling and Flatten alone is read as rectified after
// every weight layer but the last; where IF neurons stand in the graph (as Sinabs writes a converted net), they are the
// units, whatever their parameters, and several edges into one add up before it rectifies. Or plain matrices: W0, b0,
// W1, ... in a .npz or as .npy files of a folder, as torch.nn.Linear holds them.
#pragma once

#include <string>

#include "compiler/convert/ann.hpp"
#include "compiler/nir/nir_graph.hpp"

namespace spikeloom::compiler {

enum class ReluAfter : std::uint8_t {
    hidden,  ///< every weight layer from which another is reached
    all,
};

struct AnnImport {
    Ann ann;
    std::string reading;  ///< how the file was read, one sentence, for the provenance
    Diagnostics remarks;
};

/// By content: a folder, a .npz, or a NIR file.
[[nodiscard]] Result<AnnImport> read_ann(const std::string& path, ReluAfter relu_after = ReluAfter::hidden);

/// The same of a parsed file.
[[nodiscard]] Result<AnnImport> ann_of_nir(NirFile file, ReluAfter relu_after);

}  // namespace spikeloom::compiler
