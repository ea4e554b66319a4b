#include "compiler/timed/ttfs_array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "core/base/analog_neuron.hpp"
#include "core/files/npy.hpp"

namespace spikeloom::compiler::ttfs {
namespace {

void refuse_shape(Findings& findings, const std::string& field, const std::string& path, const ArrayShape& shape,
                  const WantedArray& wanted) {
    std::string allowed;
    for (const ArrayShape& one : wanted.shapes) {
        allowed += (allowed.empty() ? "" : " or ") + files::shape_text(one);
    }
    const bool is_turned = shape.size() == 2 && ArrayShape(shape.rbegin(), shape.rend()) == wanted.shapes[0];
    findings.say(field, fmt::format("'{}' has the shape {}", path, files::shape_text(shape)),
                 fmt::format("{} ({})", allowed, wanted.meaning),
                 is_turned ? "save the transpose: rows are sources, columns are neurons" : "");
}

}  // namespace

std::optional<LoadedArray> load_array(Findings& findings, const std::string& field, const std::string& path,
                                      const WantedArray& wanted) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        findings.say(field, fmt::format("there is no file '{}'", path), "a .npy file",
                     "paths are relative to the network's file");
        return std::nullopt;
    }
    const Result<files::Array> array = files::read_npy(path);
    if (!array) {
        findings.append(array.error());
        return std::nullopt;
    }
    if (std::find(wanted.shapes.begin(), wanted.shapes.end(), array->shape) == wanted.shapes.end()) {
        refuse_shape(findings, field, path, array->shape, wanted);
        return std::nullopt;
    }
    LoadedArray loaded{array->shape, array->reals()};
    const std::vector<double>& values = loaded.values;
    const auto bad = std::find_if_not(values.begin(), values.end(), [&wanted](double value) {
        return std::isfinite(value) || (wanted.infinite_allowed && value == never);
    });
    if (bad != values.end()) {
        findings.say(field, fmt::format("'{}' holds {} at element {}", path, *bad, bad - values.begin()),
                     "finite numbers");
        return std::nullopt;
    }
    return loaded;
}

LoadedArray unread_array(const WantedArray& wanted) {
    return {wanted.shapes[0], std::vector<double>(*files::element_count(wanted.shapes[0]), 1.0)};
}

}  // namespace spikeloom::compiler::ttfs
