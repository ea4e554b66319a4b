// Populations of a written network: shapes, kinds, parameters given or drawn.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <set>
#include <utility>

#include "compiler/text/text_reader.hpp"

namespace spikeloom::compiler::text {
namespace {

constexpr std::size_t max_name = 200;
constexpr int max_extents = 8;

bool good_name(const std::string& name) {
    bool good = !name.empty() && name.size() <= max_name;
    for (const char c : name) {
        good = good && c >= ' ' && c <= '~' && c != '/';
    }
    return good;
}

struct ParameterRule {
    const char* name;
    const google::protobuf::RepeatedField<double>& (proto::PopulationProto::*given)() const;
    Parameter Population::* member;
    bool (*used)(const Population&);
    bool required;
    bool time_constant;
};

bool always(const Population&) {
    return true;
}
bool by_synapse(const Population& population) {
    return has_synaptic_current(population.kind);
}
bool by_leak(const Population& population) {
    return leaks(population.kind);
}
bool by_threshold(const Population& population) {
    return spikes(population.kind);
}
bool by_membrane(const Population& population) {
    return population.kind != NeuronKind::threshold;
}
bool by_reset(const Population& population) {
    return spikes(population.kind) && population.kind != NeuronKind::threshold &&
           population.reset == ResetRule::to_value;
}

/// In the order of DrawnParameterProto::Parameter.
using P = proto::PopulationProto;
const ParameterRule parameter_rules[] = {
    {"tau_syn_s", &P::tau_syn_s, &Population::tau_syn_s, by_synapse, true, true},
    {"tau_mem_s", &P::tau_mem_s, &Population::tau_mem_s, by_leak, true, true},
    {"resistance", &P::resistance, &Population::resistance, by_membrane, false, false},
    {"v_leak", &P::v_leak, &Population::v_leak, by_leak, false, false},
    {"v_threshold", &P::v_threshold, &Population::v_threshold, by_threshold, true, false},
    {"v_reset", &P::v_reset, &Population::v_reset, by_reset, false, false},
    {"w_in", &P::w_in, &Population::w_in, by_synapse, false, false},
    {"bias", &P::bias, &Population::bias, always, false, false},
};

/// Least value that the drawing rule can give.
double least_of(const NumberRule& rule) {
    if (const auto* uniform = std::get_if<UniformRule>(&rule)) {
        return uniform->low;
    }
    const auto* normal = std::get_if<NormalRule>(&rule);
    return normal != nullptr ? normal->least : std::get<double>(rule);
}

void check_time_constant(TextReader& reader, const std::string& path, double least) {
    if (!(least >= reader.network.step_s)) {
        reader.say(path, fmt::format("a time constant of {} s", least),
                   fmt::format("at least step_s = {} s", reader.network.step_s),
                   "a decay that is over within one step is a time constant of one step");
    }
}

void read_parameter(TextReader& reader, const std::string& path, const proto::PopulationProto& block,
                    const ParameterRule& rule, bool drawn, Population& population) {
    const std::string field = path + "." + rule.name;
    const auto& values = (block.*rule.given)();
    const std::size_t size = population.shape.empty() ? 0 : population.size();
    if (values.empty()) {
        if (rule.required && rule.used(population) && !drawn && !reader.positions.contains(field + "[0]")) {
            reader.say(path, fmt::format("'{}' lacks '{}'", population.name, rule.name),
                       "one number, a list, or drawn");
        }
        return;
    }
    if (drawn) {
        reader.say(field + "[0]", fmt::format("'{}' is both given and drawn", rule.name), "one of the two");
        return;
    }
    if (!rule.used(population)) {
        reader.say(field + "[0]", fmt::format("'{}' has no meaning for this kind and reset", rule.name));
        return;
    }
    if (values.size() != 1 && size != 0 && static_cast<std::size_t>(values.size()) != size) {
        reader.say(field + "[0]", fmt::format("{} values for '{}'", values.size(), rule.name),
                   fmt::format("1, or {}: one a neuron", size));
    }
    for (int i = 0; i < values.size(); ++i) {
        if (reader.finite(element(field, i), values[i]) && rule.time_constant) {
            check_time_constant(reader, element(field, i), values[i]);
        }
    }
    population.*rule.member = Parameter(std::vector<double>(values.begin(), values.end()));
}

/// Nothing of the equations stands beside registers.
void refuse_equations(TextReader& reader, const std::string& path, const proto::PopulationProto& block) {
    for (const ParameterRule& rule : parameter_rules) {
        if (!(block.*rule.given)().empty()) {
            reader.say(path + "." + rule.name + "[0]", fmt::format("'{}' beside 'registers'", rule.name),
                       "one of the two");
        }
    }
    if (block.drawn_size() > 0) {
        reader.say(element(path + ".drawn", 0), "'drawn' beside 'registers'", "one of the two");
    }
    if (block.has_reset()) {
        reader.say(path + ".reset", "'reset' beside 'registers'", "'soft_reset' among them");
    }
}

/// The drawn parameters: checks the rules, notes the draws. Returns which parameters are drawn.
std::set<int> read_drawn(TextReader& reader, const std::string& path, const proto::PopulationProto& block,
                         const Population& population, std::size_t index) {
    std::set<int> drawn;
    for (int i = 0; i < block.drawn_size(); ++i) {
        const proto::DrawnParameterProto& draw = block.drawn(i);
        const std::string place = element(path + ".drawn", i);
        if (!draw.has_parameter()) {
            continue;
        }
        const ParameterRule& rule = parameter_rules[draw.parameter()];
        if (!drawn.insert(draw.parameter()).second) {
            reader.say(place, fmt::format("'{}' is drawn a second time", rule.name), "once");
        }
        if (!rule.used(population)) {
            reader.say(place, fmt::format("'{}' has no meaning for this kind and reset", rule.name));
        }
        if (draw.rule_case() == proto::DrawnParameterProto::RULE_NOT_SET) {
            reader.say(place, "nothing says how to draw", "uniform or normal");
            continue;
        }
        const NumberRule numbers = draw.has_uniform() ? read_uniform(reader, place + ".uniform", draw.uniform())
                                                      : read_normal(reader, place + ".normal", draw.normal());
        if (rule.time_constant) {
            check_time_constant(reader, place, least_of(numbers));
        }
        const auto purpose = static_cast<unsigned>(DrawPurpose::parameter) + static_cast<unsigned>(draw.parameter());
        reader.draws.emplace_back([&reader, &rule, numbers, purpose, index] {
            Population& target = reader.network.populations[index];
            const RuleRandom random(reader.file.seed(), target.name);
            std::vector<double> values(target.size());
            for (std::uint32_t neuron = 0; neuron < values.size(); ++neuron) {
                values[neuron] = drawn_number(numbers, random, purpose, neuron, 0);
            }
            target.*rule.member = Parameter(std::move(values));
        });
    }
    return drawn;
}

}  // namespace

void check_name(TextReader& reader, const std::string& path, const std::string& name) {
    if (!good_name(name)) {
        reader.say(path, "the name is empty, too long, or has characters that a name can't have",
                   fmt::format("1 to {} printable ASCII characters without '/'", max_name));
    }
}

/// The shape, or nothing after a finding; adds to the network's neurons.
Shape read_shape(TextReader& reader, const std::string& path,
                 const google::protobuf::RepeatedField<std::uint32_t>& extents) {
    if (extents.empty()) {
        if (!reader.positions.contains(path + "[0]")) {
            reader.say(path, fmt::format("the field '{}' is missing", path),
                       "one extent or several, as 100 or [2, 34, 34]");
        }
        return {};
    }
    if (extents.size() > max_extents) {
        reader.say(path + "[8]", fmt::format("a shape with {} extents", extents.size()),
                   fmt::format("1..{}", max_extents));
        return {};
    }
    std::uint64_t neurons = 1;
    for (int i = 0; i < extents.size(); ++i) {
        neurons *= extents[i];
        if (extents[i] == 0 || neurons > reader.limits.neurons) {
            reader.say(
                element(path, i),
                extents[i] == 0 ? "an extent of 0" : fmt::format("{} is too many neurons", fmt::join(extents, " x ")),
                fmt::format("extents from 1, at most {} neurons in all", reader.limits.neurons));
            return {};
        }
    }
    return Shape(extents.begin(), extents.end());
}

NumberRule read_uniform(TextReader& reader, const std::string& path, const proto::UniformProto& rule) {
    const bool both = rule.has_low() && rule.has_high();
    const bool finite = reader.finite(path + ".low", rule.low()) && reader.finite(path + ".high", rule.high());
    if (both && finite && rule.low() > rule.high()) {
        reader.say(path, fmt::format("low = {} is above high = {}", rule.low(), rule.high()), "low <= high");
    }
    return UniformRule{rule.low(), rule.high()};
}

NumberRule read_normal(TextReader& reader, const std::string& path, const proto::NormalProto& rule) {
    constexpr double endless = std::numeric_limits<double>::infinity();
    const NormalRule result{rule.mean(), rule.deviation(), rule.has_least() ? rule.least() : -endless,
                            rule.has_most() ? rule.most() : endless};
    reader.finite(path + ".mean", result.mean);
    if (reader.finite(path + ".deviation", result.deviation) && result.deviation < 0) {
        reader.say(path + ".deviation", fmt::format("a deviation of {}", result.deviation), "0 or more");
    }
    if (!(result.least <= result.most)) {
        reader.say(path, fmt::format("least = {} is above most = {}", result.least, result.most), "least <= most");
    }
    return result;
}

void read_population(TextReader& reader, int i) {
    const proto::PopulationProto& block = reader.file.population(i);
    const std::string path = element("population", i);
    Population population;
    population.name = block.name();
    population.shape = read_shape(reader, path + ".shape", block.shape());
    population.kind = static_cast<NeuronKind>(block.kind());
    population.reset = static_cast<ResetRule>(block.reset());
    if (block.has_name()) {
        check_name(reader, path + ".name", block.name());
    }
    const bool resets = by_threshold(population) && by_membrane(population);
    if (!block.has_registers() && block.has_reset() && block.has_kind() && !resets) {
        reader.say(path + ".reset", "'reset' has no meaning for this kind");
    }
    if (reader.in_range(path + ".refractory_steps", block.refractory_steps(), 1, 1e6)) {
        population.refractory_steps = static_cast<int>(block.refractory_steps());
    }
    if (block.has_registers()) {
        refuse_equations(reader, path, block);
        population.reset = ResetRule::to_value;
        read_registers(reader, path + ".registers", block.registers(), population);
    } else if (block.has_kind()) {  // else nobody knows what may be given
        const std::set<int> drawn = read_drawn(reader, path, block, population, reader.network.populations.size());
        for (int p = 0; p < static_cast<int>(std::size(parameter_rules)); ++p) {
            read_parameter(reader, path, block, parameter_rules[p], drawn.count(p) != 0, population);
        }
    }
    reader.network.populations.push_back(std::move(population));
}

}  // namespace spikeloom::compiler::text
