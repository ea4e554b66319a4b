// Tokens to products: the form of a rule's text. Internal to core/rules.
#pragma once

#include <vector>

#include "core/rules/lexer.hpp"
#include "core/rules/parse.hpp"

namespace spikeloom::rules {

/// Reads all of `tokens` as a sum of products. What is wrong goes to `findings`; tokens of kind `bad` have theirs
/// already.
[[nodiscard]] ProductSeries parse_products(std::vector<Token> tokens, const Places& places, const ParseOptions& options,
                                           Diagnostics& findings);

}  // namespace spikeloom::rules
