// Learning rules from hostile hands. First byte: even, the rest is a rule's text; odd, it is a rule file. Every error
// of a text names its column; what is accepted prints as a text that gives the same, passes the checks, can be
// analysed, and never leaves the accumulator's range.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/rules/analysis.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/parse.hpp"
#include "core/rules/rule_file.hpp"

namespace {

using namespace spikeloom;
using namespace spikeloom::rules;

/// Bytes as operands, over and over.
Operands operands_of(const std::string& bytes) {
    Operands operands;
    operands.u = true;
    std::size_t next = 0;
    for (auto& values : operands.values) {
        for (std::int32_t& value : values) {
            value = static_cast<signed char>(bytes[next++ % bytes.size()]);
        }
    }
    return operands;
}

void check_series(const ProductSeries& series, Variable variable, const std::string& bytes) {
    const std::string text = print(series);
    const Result<ProductSeries> again = parse_series(text, variable, "again");
    SPIKELOOM_ASSERT(again.has_value(), text);
    SPIKELOOM_ASSERT(*again == series, text);
    const LearningArithmetic arithmetic;
    const IntegerRange range = accumulator_range(arithmetic);
    const std::int32_t sum = accumulate(series, operands_of(bytes), 0, arithmetic);
    SPIKELOOM_ASSERT(sum >= range.least && sum <= range.most, text);
}

void check_accepted(const Rule& rule, const std::string& bytes, bool traces_known) {
    for (const Variable variable : variables) {
        check_series(rule.series(variable), variable, bytes);
    }
    const RuleAnalysis analysis = analyse(rule, {.traces_known = traces_known});
    for (const Finding& finding : analysis.findings) {
        SPIKELOOM_ASSERT(!finding.found.empty() && !finding.advice.empty(), finding.where);
    }
}

void read_text(const std::string& text) {
    const Result<Rule> rule = parse_rule(text, "fuzz");
    if (rule) {
        check_accepted(*rule, text + "x", false);
        return;
    }
    SPIKELOOM_ASSERT(has_error(rule.error()), "refused without an error");
    const bool lines = text.find('\n') != std::string::npos;
    for (const Diagnostic& finding : rule.error()) {
        const bool placed = finding.where.rfind(lines ? "fuzz:" : "fuzz: column ", 0) == 0;
        SPIKELOOM_ASSERT(placed, to_text(finding));
    }
}

void read_file(const std::string& text) {
    const Result<RuleFile> file = parse_rule_file(text, "fuzz");
    if (!file) {
        SPIKELOOM_ASSERT(has_error(file.error()), "refused without an error");
        return;
    }
    SPIKELOOM_ASSERT(!has_error(check_rule(file->rule)), to_text(check_rule(file->rule)));
    check_accepted(file->rule, text + "x", true);
    const std::string printed = print_rule_file(*file);
    const Result<RuleFile> again = parse_rule_file(printed, "again");
    SPIKELOOM_ASSERT(again.has_value(), printed);
    SPIKELOOM_ASSERT(*again == *file, printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0) {
        read_text(rest);
    } else {
        read_file(rest);
    }
    return 0;
}
