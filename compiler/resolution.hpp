// What a file of another tool leaves open, and how a front end settled it: told to the user and kept in the image.
#pragma once

#include <string>

namespace spikeloom::compiler {

/// How one open question was settled.
struct Resolution {
    std::string topic;   ///< "time unit"
    std::string choice;  ///< "seconds"
    std::string reason;  ///< "tau_mem = 0.0025 .. 0.02 lies in the usual range of seconds"
    std::string option;  ///< "--nir-time-unit"; empty: none changes it
    friend bool operator==(const Resolution&, const Resolution&) = default;
};

}  // namespace spikeloom::compiler
