// The table of NIR's primitives: which datasets each has, and what they may hold (ECOSYSTEM facts 1.2).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "compiler/nir/nir_graph.hpp"

namespace spikeloom::compiler {

enum class NirDomain : std::uint8_t {
    real,          ///< any finite number
    positive,      ///< > 0
    not_negative,  ///< >= 0
    extent,        ///< integer >= 1
    offset,        ///< integer >= 0
    padding,       ///< integer >= 0, or the word "same" or "valid"
    axis,          ///< any integer
};

struct NirParameterRule {
    const char* name;
    NirDomain domain = NirDomain::real;
    bool required = true;
};

struct NirPrimitive {
    NirType type;
    const char* name;
    std::span<const NirParameterRule> parameters;
};

[[nodiscard]] const NirPrimitive& nir_primitive(NirType type);
[[nodiscard]] std::optional<NirType> nir_type(const std::string& name);
/// "Affine, AvgPool2d, ..." for a message.
[[nodiscard]] std::string nir_type_names();
/// What the domain allows, in words; and whether a value is in it.
[[nodiscard]] const char* describe(NirDomain domain);
[[nodiscard]] bool in_domain(NirDomain domain, double value);

}  // namespace spikeloom::compiler
