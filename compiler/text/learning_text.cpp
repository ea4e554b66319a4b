// The block `learning` of a written projection: its rule, from here or from a file, and where rewards and third factors
// come from.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "compiler/text/projection_text.hpp"
#include "core/rules/rule_file.hpp"

namespace spikeloom::compiler::text {
namespace {

constexpr int widest_weight_bits = 8;
constexpr double largest_shift = 31;

/// The rule; findings say what is wrong with it.
rules::Rule read_plastic_rule(TextReader& reader, const Item& item, const std::string& path) {
    const proto::PlasticityProto& block = item.block.learning();
    if (block.has_rule() == block.has_rule_file()) {
        reader.say(path, block.has_rule() ? "both 'rule' and 'rule_file'" : "neither 'rule' nor 'rule_file'",
                   "one of the two", "models/rules holds files to start from");
        return {};
    }
    rules::Rule rule;
    if (block.has_rule()) {
        rule = rules::rule_from_proto(block.rule(), reader.positions, path + ".rule", {}, reader.findings).rule;
    } else {
        const std::string file = (std::filesystem::path(reader.directory) / block.rule_file()).string();
        std::error_code error;
        if (!reader.limits.files || !std::filesystem::is_regular_file(file, error)) {
            reader.say(path + ".rule_file", fmt::format("there is no file '{}'", file),
                       "a rule file (core/rules/rule.proto)", "paths are relative to the network file");
            return {};
        }
        auto read = rules::read_rule_file(file);
        if (!read) {
            reader.say(path + ".rule_file", fmt::format("the rule '{}' can't be used", block.rule_file()),
                       "a rule file (core/rules/rule.proto)", "what is wrong with it follows");
            reader.findings.insert(reader.findings.end(), read.error().begin(), read.error().end());
            return {};
        }
        rule = std::move(read->rule);
    }
    if (rule.name.empty()) {
        rule.name = item.block.name();
    }
    return rule;
}

/// The input port of that name, or nullptr after a finding.
const InputPort* find_port(TextReader& reader, const std::string& path, const std::string& name) {
    std::vector<std::string> names;
    for (const InputPort& port : reader.network.inputs) {
        if (port.name == name) {
            return &port;
        }
        names.push_back(port.name);
    }
    const std::string near = files::nearest_name(name, names);
    reader.say(path, fmt::format("no input is called '{}'", name), fmt::format("{}", fmt::join(names, ", ")),
               near.empty() ? "" : fmt::format("did you mean '{}'?", near));
    return nullptr;
}

void read_reward(TextReader& reader, const proto::RewardProto& block, const std::string& path, Learning& learning) {
    learning.reward_input = block.input();
    learning.reward_values.assign(block.value().begin(), block.value().end());
    const InputPort* port = block.has_input() ? find_port(reader, path + ".input", block.input()) : nullptr;
    if (port != nullptr && !port->shape.empty() && port->size() != learning.reward_values.size()) {
        reader.say(path, fmt::format("{} values of 'value'", learning.reward_values.size()),
                   fmt::format("{}: one a channel of '{}'", port->size(), port->name));
    }
    for (int i = 0; i < block.value_size(); ++i) {
        reader.in_range(element(path + ".value", i), block.value(i), -128, 127);
    }
}

void read_third_factor(TextReader& reader, const Item& item, const proto::ThirdFactorProto& block,
                       const std::string& path, std::array<Learning::ThirdFactor, 3>& factors) {
    using From = Learning::ThirdFactor::From;
    if (!block.has_trace() || !reader.in_range(path + ".trace", block.trace(), 1, 3)) {
        return;
    }
    Learning::ThirdFactor& factor = factors[block.trace() - 1U];
    if (factor.from != From::nowhere) {
        reader.say(path, fmt::format("y{} a second time", block.trace()), "once");
        return;
    }
    if (block.has_input() == block.has_register_()) {
        reader.say(path, block.has_input() ? "both 'input' and 'register'" : "nothing says where it comes from",
                   "input: \"...\", register: current, or register: voltage");
        return;
    }
    if (block.has_input()) {
        factor = {.from = From::input, .input = block.input()};
        const InputPort* port = find_port(reader, path + ".input", block.input());
        if (port != nullptr && !port->shape.empty() && port->size() != 1 && port->size() != item.targets) {
            reader.say(path + ".input", fmt::format("'{}' has {} channels", port->name, port->size()),
                       fmt::format("1, or {}: one a target neuron", item.targets));
        }
        if (block.has_shift()) {
            reader.say(path + ".shift", "a shift of what an input brings", "a shift beside 'register' only");
        }
        return;
    }
    factor.from = block.register_() == proto::ThirdFactorProto::current ? From::current : From::voltage;
    if (reader.in_range(path + ".shift", block.shift(), 0, largest_shift)) {
        factor.shift = static_cast<int>(block.shift());
    }
}

}  // namespace

void read_learning(TextReader& reader, const Item& item) {
    const proto::PlasticityProto& block = item.block.learning();
    const std::string path = item.path + ".learning";
    Learning learning;
    learning.rule = read_plastic_rule(reader, item, path);
    switch (block.sign()) {
    case proto::PlasticityProto::mixed:
        learning.sign = Learning::Sign::mixed;
        break;
    case proto::PlasticityProto::excitatory:
        learning.sign = Learning::Sign::excitatory;
        break;
    case proto::PlasticityProto::inhibitory:
        learning.sign = Learning::Sign::inhibitory;
        break;
    }
    learning.weight_max = block.weight_max();
    if (block.has_weight_max() &&
        !(std::isfinite(block.weight_max()) && block.weight_max() > 0 && block.weight_max() <= max_weight)) {
        reader.say(path + ".weight_max", fmt::format("'weight_max' is {}", block.weight_max()), "a number above 0");
    }
    if (reader.in_range(path + ".weight_bits", block.weight_bits(), 1, widest_weight_bits)) {
        learning.weight_bits = static_cast<int>(block.weight_bits());
    }
    if (item.block.has_convolution()) {
        reader.say(path, "'learning' beside 'convolution', whose weights many synapses share",
                   "rules whose synapses have weights of their own", "dense, or a rule that draws synapses");
    }
    if (block.has_reward()) {
        read_reward(reader, block.reward(), path + ".reward", learning);
    }
    for (int i = 0; i < block.third_factor_size(); ++i) {
        read_third_factor(reader, item, block.third_factor(i), element(path + ".third_factor", i),
                          learning.third_factors);
    }
    if (block.third_factor_size() > 0 && learning.rule.post_traces != rules::PostTraces::neuron) {
        reader.say(element(path + ".third_factor", 0), "a third factor, and the rule's y traces follow spikes",
                   "third factors under post_traces: neuron");
    }
    projection(reader, item).learning = std::move(learning);
}

}  // namespace spikeloom::compiler::text
