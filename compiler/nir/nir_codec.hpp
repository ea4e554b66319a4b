// A parsed NIR file, or the findings instead of it, as bytes: what the process that reads the HDF5 file tells the one
// that asked for it. Decoding trusts nothing: whatever the bytes are, the result keeps what parse_nir promises.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/nir/nir_graph.hpp"

namespace spikeloom::compiler {

[[nodiscard]] std::string encode_nir(const Result<NirFile>& file);
/// Nothing if the bytes are not what encode_nir makes.
[[nodiscard]] std::optional<Result<NirFile>> decode_nir(std::string_view bytes);

}  // namespace spikeloom::compiler
