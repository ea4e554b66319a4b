// An array beside a TTFS text: a .npy file of weights, delays or parameters. Its shape and numbers are checked here, so
// what comes back has one of the shapes that were asked for and no NaN.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "compiler/timed/ttfs_findings.hpp"

namespace spikeloom::compiler::ttfs {

using ArrayShape = std::vector<std::size_t>;

struct WantedArray {
    std::vector<ArrayShape> shapes;  ///< one of these
    std::string meaning;             ///< of the first shape's dimensions, for people
    bool infinite_allowed = false;   ///< upwards: "never"
};

struct LoadedArray {
    ArrayShape shape;
    std::vector<double> values;  ///< C order
};

/// Nothing after a finding, which is said of `field`.
[[nodiscard]] std::optional<LoadedArray> load_array(Findings& findings, const std::string& field,
                                                    const std::string& path, const WantedArray& wanted);
/// 1 everywhere, of the first shape: what stands for a file that is not read.
[[nodiscard]] LoadedArray unread_array(const WantedArray& wanted);

}  // namespace spikeloom::compiler::ttfs
