#include "core/rules/rule_file.hpp"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <string_view>

#include "core/files/bytes.hpp"
#include "core/rules/rule.pb.h"
#include "core/rules/rule_check.hpp"

namespace spikeloom::rules {

namespace {

using proto::RuleProto;

constexpr std::uint64_t most_bytes = 1U << 20;
constexpr std::size_t most_name = 200;

TraceParameters from(const proto::TraceProto& message) {
    return {.impulse = message.impulse(), .tau = message.tau()};
}

void to(const TraceParameters& trace, proto::TraceProto* (RuleProto::*make)(), RuleProto& message) {
    if (trace != TraceParameters{}) {
        proto::TraceProto& block = *(message.*make)();
        block.set_impulse(trace.impulse);
        block.set_tau(trace.tau);
    }
}

/// The fields of a block and their places.
class Reader {
public:
    Reader(const RuleProto& message, const files::TextPositions& positions, std::string path, const RuleTarget& target,
           Diagnostics& findings)
        : message_(message), positions_(positions), path_(std::move(path)), target_(target), findings_(findings) {}

    RuleFile read() {
        RuleFile file{.rule = {}, .title = message_.title(), .source = message_.source()};
        Rule& rule = file.rule;
        rule.name = message_.name();
        check_name();
        rule.dw = series(Variable::weight, message_.has_dw(), message_.dw());
        rule.dd = series(Variable::delay, message_.has_dd(), message_.dd());
        rule.dt = series(Variable::tag, message_.has_dt(), message_.dt());
        rule.epoch = static_cast<int>(std::min(message_.epoch(), 1'000'000U));
        rule.x = {from(message_.x1()), from(message_.x2())};
        rule.y = {from(message_.y1()), from(message_.y2()), from(message_.y3())};
        check_given_traces();
        rule.post_traces = message_.post_traces() == RuleProto::neuron ? PostTraces::neuron : PostTraces::spikes;
        rule.graded = static_cast<GradedMode>(message_.graded());
        rule.reward_tau = message_.reward_tau();
        if (!bad_series_) {
            check_rule_at(rule, target_, [this](const std::string& field) { return where(field); }, findings_);
        }
        return file;
    }

private:
    [[nodiscard]] std::string where(const std::string& field) const {
        const std::string dot = path_.empty() || field.empty() ? "" : ".";
        return positions_.where(path_ + dot + field);
    }
    void say(const std::string& field, std::string found, std::string allowed, std::string help = {}) {
        findings_.push_back({Severity::error, where(field), std::move(found), std::move(allowed), std::move(help)});
    }

    void check_name() {
        const std::string& name = message_.name();
        const bool printable = std::all_of(name.begin(), name.end(), [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte >= 0x20 && byte != 0x7F;
        });
        if (message_.has_name() && (name.empty() || name.size() > most_name || !printable)) {
            say("name", "a name that can't be used", fmt::format("1 to {} printable characters", most_name));
        }
    }

    ProductSeries series(Variable variable, bool given, const std::string& text) {
        const std::string field(name_of(variable));
        if (!given) {
            return {};
        }
        auto parsed = parse_series(text, variable, where(field) + ": " + field, target_.parse);
        if (!parsed) {
            findings_.insert(findings_.end(), parsed.error().begin(), parsed.error().end());
            bad_series_ = true;
            return {};
        }
        if (parsed->empty()) {
            say(field, "an empty sum", "a sum of products",
                fmt::format("leave {} out where it changes nothing", field));
        }
        return std::move(*parsed);
    }

    /// A tau of 0 means "not used" in a Rule; in a file such a trace is left out.
    void check_given_traces() {
        const std::pair<const char*, const proto::TraceProto*> traces[] = {
            {"x1", message_.has_x1() ? &message_.x1() : nullptr},
            {"x2", message_.has_x2() ? &message_.x2() : nullptr},
            {"y1", message_.has_y1() ? &message_.y1() : nullptr},
            {"y2", message_.has_y2() ? &message_.y2() : nullptr},
            {"y3", message_.has_y3() ? &message_.y3() : nullptr}};
        for (const auto& [name, trace] : traces) {
            if (trace != nullptr && trace->has_tau() && trace->tau() == 0) {
                say(std::string(name) + ".tau", "a time constant of 0 steps", "above 0",
                    fmt::format("leave {} out where it isn't used", name));
            }
        }
    }

    const RuleProto& message_;
    const files::TextPositions& positions_;
    std::string path_;
    const RuleTarget& target_;
    Diagnostics& findings_;
    bool bad_series_ = false;
};

}  // namespace

RuleFile rule_from_proto(const RuleProto& message, const files::TextPositions& positions, const std::string& path,
                         const RuleTarget& target, Diagnostics& findings) {
    return Reader(message, positions, path, target, findings).read();
}

Result<RuleFile> parse_rule_file(const std::string& text, const std::string& origin, const RuleTarget& target) {
    RuleProto message;
    files::StrictText parsed = files::parse_strict_text(text, origin, message);
    Diagnostics findings = std::move(parsed.findings);
    RuleFile file = rule_from_proto(message, parsed.positions, "", target, findings);
    if (!message.has_name() && !has_error(findings)) {
        findings.push_back(
            {Severity::error, parsed.positions.where(""), "a rule file without a name", "name: \"...\"", {}});
    }
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    return file;
}

Result<RuleFile> read_rule_file(const std::string& path, const RuleTarget& target) {
    const auto bytes = files::read_bytes(path, most_bytes);
    if (!bytes) {
        return fail(bytes.error());
    }
    return parse_rule_file(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()), path, target);
}

std::string print_rule_file(const RuleFile& file) {
    const Rule& rule = file.rule;
    RuleProto message;
    const auto set_text = [&message](void (*set)(RuleProto&, const std::string&), const std::string& text) {
        if (!text.empty()) {
            set(message, text);
        }
    };
    set_text([](RuleProto& m, const std::string& text) { m.set_name(text); }, rule.name);
    set_text([](RuleProto& m, const std::string& text) { m.set_title(text); }, file.title);
    set_text([](RuleProto& m, const std::string& text) { m.set_source(text); }, file.source);
    set_text([](RuleProto& m, const std::string& text) { m.set_dw(text); }, print(rule.dw));
    set_text([](RuleProto& m, const std::string& text) { m.set_dd(text); }, print(rule.dd));
    set_text([](RuleProto& m, const std::string& text) { m.set_dt(text); }, print(rule.dt));
    message.set_epoch(static_cast<std::uint32_t>(rule.epoch));
    to(rule.x[0], &RuleProto::mutable_x1, message);
    to(rule.x[1], &RuleProto::mutable_x2, message);
    to(rule.y[0], &RuleProto::mutable_y1, message);
    to(rule.y[1], &RuleProto::mutable_y2, message);
    to(rule.y[2], &RuleProto::mutable_y3, message);
    if (rule.post_traces == PostTraces::neuron) {
        message.set_post_traces(RuleProto::neuron);
    }
    if (rule.graded != GradedMode::regular_impulse) {
        message.set_graded(static_cast<RuleProto::Graded>(rule.graded));
    }
    if (rule.reward_tau != 0) {
        message.set_reward_tau(rule.reward_tau);
    }
    google::protobuf::TextFormat::Printer printer;
    printer.SetUseUtf8StringEscaping(true);
    std::string text;
    printer.PrintToString(message, &text);
    return text;
}

}  // namespace spikeloom::rules
