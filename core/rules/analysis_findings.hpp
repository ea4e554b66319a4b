// The sentences of an analysis. Internal to core/rules.
#pragma once

#include "core/rules/analysis.hpp"

namespace spikeloom::rules {

/// Everything that the numbers of `analysis` say about the rule, serious findings first.
[[nodiscard]] std::vector<Finding> find_trouble(const Rule& rule, const RuleAnalysis& analysis,
                                                const AnalysisOptions& options);

}  // namespace spikeloom::rules
