// Long datasets of a recording, row by row without holding them: shapes are checked first, rows come in slabs.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "runtime/report/source.hpp"

namespace spikeloom::runtime {

/// Whether the dataset has `rows` values, or rows of `width` of them (0: one-dimensional).
[[nodiscard]] inline bool has_shape(Source& source, const std::string& path, std::uint64_t rows,
                                    std::uint64_t width = 0) {
    const auto info = source.keep(source.file.describe(path));
    const std::vector<std::uint64_t> wanted =
        width == 0 ? std::vector<std::uint64_t>{rows} : std::vector<std::uint64_t>{rows, width};
    if (info && info->shape != wanted) {
        source.wrong(path, fmt::format("{} values, {} dimensions", info->count, info->shape.size()),
                     width == 0 ? fmt::format("shape ({})", rows) : fmt::format("shape ({}, {})", rows, width));
        return false;
    }
    return info.has_value();
}

/// The length of a one-dimensional dataset of at most `most` values.
[[nodiscard]] inline std::optional<std::uint64_t> length_of(Source& source, const std::string& path,
                                                            std::uint64_t most) {
    const auto info = source.keep(source.file.describe(path));
    if (info && (info->shape.size() != 1 || info->count > most)) {
        source.wrong(path, fmt::format("{} values, {} dimensions", info->count, info->shape.size()),
                     fmt::format("one dimension, at most {} values", most));
        return std::nullopt;
    }
    return info ? std::optional(info->count) : std::nullopt;
}

/// Rows of one dataset in ascending order, a slab in memory at a time.
template <class T>
class Slabs {
public:
    Slabs(Source& source, std::string path, std::uint64_t rows, std::uint64_t width = 1)
        : source_(source), path_(std::move(path)), rows_(rows), width_(width) {}

    /// Row `row`, `width` values; nullptr if it can't be read (the source then says why). Rows never go back.
    [[nodiscard]] const T* row(std::uint64_t row) {
        if (row >= first_ + held_) {
            const std::uint64_t wanted = std::min(std::max<std::uint64_t>(slab_rows / width_, 1), rows_ - row);
            const auto slab = source_.keep(source_.file.read_rows<T>(path_, row, wanted));
            if (!slab || slab->values.size() != wanted * width_) {
                return nullptr;
            }
            values_ = std::move(slab->values);
            first_ = row;
            held_ = wanted;
        }
        return &values_[(row - first_) * width_];
    }

private:
    Source& source_;
    std::string path_;
    std::uint64_t rows_;
    std::uint64_t width_;
    std::uint64_t first_ = 0;
    std::uint64_t held_ = 0;
    std::vector<T> values_;
};

}  // namespace spikeloom::runtime
