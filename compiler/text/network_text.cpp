#include "compiler/text/network_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <set>

#include "compiler/text/text_reader.hpp"

namespace spikeloom::compiler {
namespace text {
namespace {

constexpr int max_blocks = 1000;
constexpr std::size_t max_name = 200;
constexpr int max_extents = 8;
constexpr double max_step_s = 1000;

bool good_name(const std::string& name) {
    bool good = !name.empty() && name.size() <= max_name;
    for (const char c : name) {
        good = good && c >= ' ' && c <= '~' && c != '/';
    }
    return good;
}

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
    if (block.has_reset() && block.has_kind() && !resets) {
        reader.say(path + ".reset", "'reset' has no meaning for this kind");
    }
    if (reader.in_range(path + ".refractory_steps", block.refractory_steps(), 1, 1e6)) {
        population.refractory_steps = static_cast<int>(block.refractory_steps());
    }
    if (block.has_kind()) {  // else nobody knows what may be given
        const std::set<int> drawn = read_drawn(reader, path, block, population, reader.network.populations.size());
        for (int p = 0; p < static_cast<int>(std::size(parameter_rules)); ++p) {
            read_parameter(reader, path, block, parameter_rules[p], drawn.count(p) != 0, population);
        }
    }
    reader.network.populations.push_back(std::move(population));
}

void check_neurons_in_all(TextReader& reader) {
    std::uint64_t neurons = 0;
    for (const InputPort& port : reader.network.inputs) {
        neurons += port.size();
    }
    for (const Population& population : reader.network.populations) {
        neurons += population.size();
    }
    if (neurons > reader.limits.neurons) {
        reader.say("", fmt::format("{} neurons and input channels in all", neurons),
                   fmt::format("at most {}", reader.limits.neurons));
    }
}

/// Inputs and populations share a name space.
void check_unique_names(TextReader& reader) {
    std::map<std::string, std::string> first;
    const auto note = [&](const std::string& name, const std::string& path) {
        const auto [earlier, is_new] = first.emplace(name, path);
        if (!is_new && !name.empty()) {
            reader.say(path, fmt::format("the name '{}' is taken", name),
                       "a name of its own for each input and population",
                       fmt::format("the first is at {}", reader.positions.where(earlier->second)));
        }
    };
    for (int i = 0; i < reader.file.input_size(); ++i) {
        note(reader.file.input(i).name(), element("input", i) + ".name");
    }
    for (int i = 0; i < reader.file.population_size(); ++i) {
        note(reader.file.population(i).name(), element("population", i) + ".name");
    }
}

void read_head(TextReader& reader) {
    const proto::NetworkProto& file = reader.file;
    reader.network.name = file.name();
    if (file.has_name()) {
        check_name(reader, "name", file.name());
    }
    reader.network.step_s = file.step_s();
    if (file.has_step_s() && !(file.step_s() > 0 && file.step_s() <= max_step_s)) {
        reader.say("step_s", fmt::format("step_s = {}", file.step_s()), fmt::format("0 < step_s <= {}", max_step_s));
    }
    const std::pair<const char*, int> blocks[] = {{"input", file.input_size()},
                                                  {"population", file.population_size()},
                                                  {"projection", file.projection_size()},
                                                  {"output", file.output_size()}};
    for (const auto& [name, count] : blocks) {
        if (count > max_blocks) {
            reader.say(element(name, max_blocks), fmt::format("{} blocks '{}'", count, name),
                       fmt::format("at most {}", max_blocks));
        }
    }
    if (file.population_size() == 0) {
        reader.say("", "a network without a population", "at least one 'population'");
    }
}

}  // namespace

void TextReader::say(const std::string& path, std::string found, std::string allowed, std::string help) {
    findings.push_back({Severity::error, positions.where(path), std::move(found), std::move(allowed), std::move(help)});
}

bool TextReader::in_range(const std::string& path, double value, double least, double most) {
    const bool good = value >= least && value <= most;
    if (!good) {
        say(path, fmt::format("'{}' = {}", path, value), fmt::format("{}..{}", least, most));
    }
    return good;
}

bool TextReader::finite(const std::string& path, double value) {
    const bool good = std::isfinite(value);
    if (!good) {
        say(path, fmt::format("'{}' = {}", path, value), "a finite number");
    }
    return good;
}

std::string element(const std::string& field, int index) {
    return fmt::format("{}[{}]", field, index);
}

std::string shape_text(const Shape& shape) {
    return fmt::format("({})", fmt::join(shape, ", "));
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

void read_inputs(TextReader& reader) {
    for (int i = 0; i < reader.file.input_size(); ++i) {
        const proto::InputProto& block = reader.file.input(i);
        const std::string path = element("input", i);
        if (block.has_name()) {
            check_name(reader, path + ".name", block.name());
        }
        reader.network.inputs.push_back({block.name(), read_shape(reader, path + ".shape", block.shape())});
    }
}

void read_populations(TextReader& reader) {
    for (int i = 0; i < reader.file.population_size(); ++i) {
        read_population(reader, i);
    }
    check_unique_names(reader);
    check_neurons_in_all(reader);
}

void read_outputs(TextReader& reader) {
    std::vector<std::string> names;
    for (const Population& population : reader.network.populations) {
        names.push_back(population.name);
    }
    std::set<std::string> taken;
    for (int i = 0; i < reader.file.output_size(); ++i) {
        const proto::OutputProto& block = reader.file.output(i);
        const std::string path = element("output", i);
        const std::string name = block.has_name() ? block.name() : block.population();
        const auto found = std::find(names.begin(), names.end(), block.population());
        if (block.has_name()) {
            check_name(reader, path + ".name", name);
        }
        if (!taken.insert(name).second) {
            reader.say(path, fmt::format("a second output '{}'", name), "a name of its own for each output");
        }
        if (found != names.end()) {
            reader.network.outputs.push_back({name, PopulationId(static_cast<std::uint32_t>(found - names.begin()))});
        } else if (block.has_population()) {
            const std::string near = files::nearest_name(block.population(), names);
            reader.say(path + ".population", fmt::format("no population is called '{}'", block.population()),
                       fmt::format("{}", fmt::join(names, ", ")),
                       near.empty() ? "" : fmt::format("did you mean '{}'?", near));
        }
    }
}

}  // namespace text

Result<Network> parse_network_text(const std::string& text, const std::string& origin, const std::string& directory,
                                   const NetworkTextLimits& limits) {
    proto::NetworkProto file;
    const files::StrictText parsed = files::parse_strict_text(text, origin, file);
    text::TextReader reader{file, parsed.positions, limits, directory, {}, parsed.findings, {}};
    text::read_head(reader);
    text::read_inputs(reader);
    text::read_populations(reader);
    text::read_projections(reader);
    text::read_outputs(reader);
    if (reader.findings.empty()) {
        for (const auto& draw : reader.draws) {
            draw();
        }
    }
    if (reader.findings.empty()) {
        reader.findings = check_network(reader.network);
        for (Diagnostic& finding : reader.findings) {
            finding.where = origin + ": " + finding.where;
        }
    }
    if (has_error(reader.findings)) {
        return fail(std::move(reader.findings));
    }
    return std::move(reader.network);
}

Result<Network> read_network_text(const std::string& path) {
    constexpr std::uintmax_t max_bytes = std::uintmax_t{256} << 20;
    std::error_code error;
    const std::uintmax_t bytes =
        std::filesystem::is_regular_file(path, error) ? std::filesystem::file_size(path, error) : 0;
    if (!std::filesystem::is_regular_file(path, error)) {
        return fail(
            {Severity::error, path, "there is no such file", "a network text (compiler/text/network.proto)", {}});
    }
    if (bytes > max_bytes) {
        return fail({Severity::error, path, fmt::format("the file has {} bytes", bytes),
                     fmt::format("at most {}", max_bytes), "keep weights in a .npy file"});
    }
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (!stream) {
        return fail({Severity::error, path, "the file can't be read", {}, {}});
    }
    return parse_network_text(text, path, std::filesystem::path(path).parent_path().string());
}

}  // namespace spikeloom::compiler
