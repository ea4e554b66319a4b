#include "core/ppu/program.hpp"

#include <algorithm>

namespace spikeloom::ppu {

namespace {

std::int64_t bytes_of(const Variable& variable) {
    if (is_vector(variable.type)) {
        return std::int64_t{columns} * bits_of(variable.type) / 8;
    }
    return std::int64_t{4} * std::max(variable.count, 1);
}

}  // namespace

std::string_view name_of(Type type) {
    switch (type) {
    case Type::mod8:
        return "mod8";
    case Type::mod16:
        return "mod16";
    case Type::fracsat8:
        return "fracsat8";
    case Type::fracsat16:
        return "fracsat16";
    case Type::integer:
        return "int";
    case Type::real:
        return "float";
    case Type::mask8:
        return "comparison of 8-bit lanes";
    case Type::mask16:
        return "comparison of 16-bit lanes";
    case Type::truth:
        return "comparison";
    }
    return {};
}

std::int64_t Program::own_bytes() const {
    std::int64_t bytes = 0;
    for (const Variable& variable : variables) {
        const bool kept = variable.storage != Storage::local && variable.storage != Storage::row_state;
        bytes += kept ? bytes_of(variable) : 0;
    }
    return bytes;
}

std::int64_t Program::external_bytes(int rows) const {
    std::int64_t bytes = 0;
    for (const Variable& variable : variables) {
        bytes += variable.storage == Storage::row_state ? rows * bytes_of(variable) : 0;
    }
    return bytes;
}

int Program::find_kernel(std::string_view name) const {
    const auto found = std::find_if(kernels.begin(), kernels.end(), [&](const Kernel& k) { return k.name == name; });
    return found == kernels.end() ? -1 : static_cast<int>(found - kernels.begin());
}

int Program::find_variable(std::string_view name, Storage storage) const {
    const auto found = std::find_if(variables.begin(), variables.end(), [&](const Variable& variable) {
        return variable.name == name && variable.storage == storage;
    });
    return found == variables.end() ? -1 : static_cast<int>(found - variables.begin());
}

}  // namespace spikeloom::ppu
