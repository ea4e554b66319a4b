// Findings of a reader: all of them, but no flood. After the first twenty they are only counted.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>

#include "core/base/diagnostics.hpp"

namespace spikeloom::runtime {

class Findings {
public:
    void add(Diagnostic diagnostic) {
        if (++count_ <= shown) {
            diagnostics_.push_back(std::move(diagnostic));
        }
    }
    void add(const Diagnostics& diagnostics) {
        for (const Diagnostic& diagnostic : diagnostics) {
            add(diagnostic);
        }
    }
    [[nodiscard]] bool empty() const { return count_ == 0; }

    /// The findings, or the value where there are none.
    template <class T>
    [[nodiscard]] Result<T> or_value(T value) && {
        if (count_ == 0) {
            return value;
        }
        return fail(std::move(*this).all());
    }
    template <class T>
    [[nodiscard]] Result<T> or_value(T value) & {
        return std::move(*this).or_value(std::move(value));
    }
    [[nodiscard]] Diagnostics all() && {
        if (count_ > shown) {
            diagnostics_.push_back({.severity = Severity::note,
                                    .where = diagnostics_.back().where,
                                    .found = fmt::format("{} findings more", count_ - shown),
                                    .allowed = {},
                                    .help = {}});
        }
        return std::move(diagnostics_);
    }

private:
    static constexpr std::size_t shown = 20;
    Diagnostics diagnostics_;
    std::size_t count_ = 0;
};

}  // namespace spikeloom::runtime
