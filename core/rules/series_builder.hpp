// A product while it is read, and the series that grows of them: which factor is the dependency, whether the
// coefficient can be kept, one u_k for all. Internal to core/rules; series_parser.cpp knows the text's form, this its
// meaning.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/rules/coefficient.hpp"
#include "core/rules/lexer.hpp"
#include "core/rules/parse.hpp"

namespace spikeloom::rules {

/// What one product has gathered so far.
struct Draft {
    std::size_t begin = 0;
    std::size_t coefficient_at = 0;
    bool has_coefficient = false;
    Coefficient coefficient;
    struct Part {
        Factor factor;
        bool bare = false;  ///< stands alone, without constant or sgn(): may be the dependency
    };
    std::vector<Part> parts;
    std::optional<std::pair<int, std::size_t>> decimation;  ///< k, and where
};

class SeriesBuilder {
public:
    SeriesBuilder(const Places& places, const ParseOptions& options, Diagnostics& findings)
        : places_(places), options_(options), findings_(findings) {}

    /// Adds the product whose text ends before `end`, or says why it can't be one.
    void add(Draft& draft, std::size_t end);
    /// One product too many was offered.
    [[nodiscard]] bool overfull() const { return overfull_; }
    [[nodiscard]] ProductSeries take() { return std::move(series_); }

private:
    bool say(std::size_t offset, std::string found, std::string allowed = {}, std::string help = {});
    bool choose_dependency(Draft& draft, Product& product);
    bool check_decimation(const Draft& draft);
    bool check_size(const Draft& draft);
    bool set_coefficient(const Draft& draft, Product& product);

    const Places& places_;
    const ParseOptions& options_;
    Diagnostics& findings_;
    ProductSeries series_;
    bool overfull_ = false;
};

}  // namespace spikeloom::rules
