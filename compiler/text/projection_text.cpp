// Projections of a written network: names resolved, rules checked, and what they draw put off until all is checked.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "compiler/text/projection_text.hpp"
#include "core/files/npy.hpp"

namespace spikeloom::compiler::text {
namespace {

/// The names of all sources, inputs first: place in the list to Source.
std::vector<std::string> source_names(const Network& network) {
    std::vector<std::string> names;
    for (const InputPort& port : network.inputs) {
        names.push_back(port.name);
    }
    for (const Population& population : network.populations) {
        names.push_back(population.name);
    }
    return names;
}

void say_unknown(TextReader& reader, const std::string& path, const std::string& what, const std::string& name,
                 const std::vector<std::string>& names) {
    const std::string near = files::nearest_name(name, names);
    reader.say(path, fmt::format("no {} is called '{}'", what, name), fmt::format("{}", fmt::join(names, ", ")),
               near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

/// Fills in source and target; false when one is unknown or has no shape.
bool resolve(TextReader& reader, Item& item) {
    const Network& network = reader.network;
    const std::vector<std::string> names = source_names(network);
    const std::size_t inputs = network.inputs.size();
    const auto source = std::find(names.begin(), names.end(), item.block.source());
    const auto target =
        std::find(names.begin() + static_cast<std::ptrdiff_t>(inputs), names.end(), item.block.target());
    if (source == names.end() && item.block.has_source()) {
        say_unknown(reader, item.path + ".source", "input or population", item.block.source(), names);
    }
    if (target == names.end() && item.block.has_target()) {
        say_unknown(reader, item.path + ".target", "population", item.block.target(),
                    {names.begin() + static_cast<std::ptrdiff_t>(inputs), names.end()});
    }
    if (source == names.end() || target == names.end()) {
        return false;
    }
    const auto place = static_cast<std::size_t>(source - names.begin());
    const bool is_input = place < inputs;
    item.source = {is_input ? Source::Kind::input : Source::Kind::population,
                   static_cast<std::uint32_t>(is_input ? place : place - inputs)};
    item.target = static_cast<std::uint32_t>(static_cast<std::size_t>(target - names.begin()) - inputs);
    item.to_itself = !is_input && item.source.index == item.target;
    const Shape& from =
        is_input ? network.inputs[item.source.index].shape : network.populations[item.source.index].shape;
    const Shape& to = network.populations[item.target].shape;
    item.sources = static_cast<std::uint32_t>(element_count(from));
    item.targets = static_cast<std::uint32_t>(element_count(to));
    return !from.empty() && !to.empty();
}

/// Whether the rule takes its weights from `weight`.
bool uses_weight(const proto::ProjectionProto& block) {
    return !block.has_dense_file() && !block.has_synapses();
}
bool uses_list(const proto::ProjectionProto& block) {
    return block.has_dense() || block.has_one_to_one() || block.has_convolution();
}

void read_weight(TextReader& reader, Item& item) {
    const proto::ProjectionProto& block = item.block;
    const std::string path = item.path + ".weight";
    if (block.rule_case() == proto::ProjectionProto::RULE_NOT_SET) {
        return;
    }
    if (block.has_weight() != uses_weight(block)) {
        reader.say(block.has_weight() ? path : item.path,
                   block.has_weight() ? "'weight' beside a rule that brings its own weights" : "'weight' is missing",
                   block.has_weight() ? "" : "constant, uniform, normal, list, or file");
        return;
    }
    switch (block.weight().rule_case()) {
    case proto::WeightProto::kConstant:
        weight_in_range(reader, path + ".constant", block.weight().constant());
        item.weight = block.weight().constant();
        break;
    case proto::WeightProto::kUniform:
        item.weight = read_uniform(reader, path + ".uniform", block.weight().uniform());
        weight_in_range(reader, path + ".uniform.low", block.weight().uniform().low());
        weight_in_range(reader, path + ".uniform.high", block.weight().uniform().high());
        break;
    case proto::WeightProto::kNormal: {
        const proto::NormalProto& normal = block.weight().normal();
        item.weight = read_normal(reader, path + ".normal", normal);
        reader.in_range(path + ".normal", std::abs(normal.mean()) + 10 * std::abs(normal.deviation()), 0, max_weight);
        break;
    }
    case proto::WeightProto::kList:
        item.listed = true;
        if (!uses_list(block)) {
            reader.say(path + ".list", "a list of weights for a rule that draws its synapses",
                       "constant, uniform, or normal", "write the synapses one by one with 'synapses'");
        }
        for (int i = 0; i < block.weight().list().value_size(); ++i) {
            weight_in_range(reader, element(path + ".list.value", i), block.weight().list().value(i));
        }
        break;
    case proto::WeightProto::kFile:
        item.listed = true;
        if (!uses_list(block)) {
            reader.say(path + ".file", "a file of weights for a rule that draws its synapses",
                       "constant, uniform, or normal");
        } else if (auto numbers = read_numbers(reader, path + ".file", block.weight().file())) {
            item.filed = std::make_shared<const std::vector<double>>(std::move(*numbers));
        }
        break;
    case proto::WeightProto::RULE_NOT_SET:
        if (uses_weight(block)) {
            reader.say(path, "nothing says what the weights are", "constant, uniform, normal, list, or file");
        }
        break;
    }
}

void read_delay(TextReader& reader, Item& item) {
    const proto::ProjectionProto& block = item.block;
    if (!block.has_delay()) {
        return;
    }
    const std::string path = item.path + ".delay";
    switch (block.delay().rule_case()) {
    case proto::DelayProto::kConstant:
        if (reader.in_range(path + ".constant", block.delay().constant(), 0, max_delay)) {
            item.delay = {block.delay().constant(), block.delay().constant()};
        }
        break;
    case proto::DelayProto::kUniform: {
        const proto::UniformIntegerProto& rule = block.delay().uniform();
        const bool good = reader.in_range(path + ".uniform.most", rule.most(), 0, max_delay);
        if (rule.has_least() && rule.has_most() && rule.least() > rule.most()) {
            reader.say(path + ".uniform", fmt::format("least = {} is above most = {}", rule.least(), rule.most()),
                       "least <= most");
        } else if (good) {
            item.delay = {rule.least(), rule.most()};
        }
        if (block.has_dense() || block.has_dense_file() || block.has_convolution()) {
            reader.say(path + ".uniform", "a random delay for a rule whose weights are stored densely", "constant");
        }
        break;
    }
    case proto::DelayProto::RULE_NOT_SET:
        reader.say(path, "nothing says what the delay is", "constant or uniform");
        break;
    }
    if (block.has_synapses()) {
        reader.say(path, "'delay' beside 'synapses'", "each synapse's own 'delay'");
    }
}

void read_bias_file(TextReader& reader, const Item& item) {
    const std::string path = item.path + ".bias_file";
    if (!item.block.bias().empty()) {
        reader.say(path, "'bias_file' beside 'bias'", "one of the two");
        return;
    }
    auto numbers = read_numbers(reader, path, item.block.bias_file());
    if (numbers && numbers->size() != 1 && numbers->size() != item.targets) {
        reader.say(path, fmt::format("{} values", numbers->size()),
                   fmt::format("1, or {}: one a target neuron", item.targets));
    } else if (numbers) {
        projection(reader, item).bias = Parameter(std::move(*numbers));
    }
}

void read_bias(TextReader& reader, const Item& item) {
    if (item.block.has_bias_file()) {
        read_bias_file(reader, item);
        return;
    }
    const auto& bias = item.block.bias();
    if (bias.empty()) {
        return;
    }
    const std::string path = item.path + ".bias";
    if (bias.size() != 1 && static_cast<std::uint32_t>(bias.size()) != item.targets) {
        reader.say(path + "[0]", fmt::format("{} values of 'bias'", bias.size()),
                   fmt::format("1, or {}: one a target neuron", item.targets));
    }
    for (int i = 0; i < bias.size(); ++i) {
        reader.finite(element(path, i), bias[i]);
    }
    projection(reader, item).bias = Parameter(std::vector<double>(bias.begin(), bias.end()));
}

void read_rule(TextReader& reader, Budget& budget, const Item& item) {
    const proto::ProjectionProto& block = item.block;
    switch (block.rule_case()) {
    case proto::ProjectionProto::kDenseFile:
        read_dense_file(reader, budget, item);
        break;
    case proto::ProjectionProto::kDense:
        read_dense(reader, budget, item);
        break;
    case proto::ProjectionProto::kFixedInDegree:
        read_fixed_in_degree(reader, budget, item);
        break;
    case proto::ProjectionProto::kFixedOutDegree:
        read_fixed_out_degree(reader, budget, item);
        break;
    case proto::ProjectionProto::kPairwiseBernoulli:
        read_pairwise(reader, budget, item);
        break;
    case proto::ProjectionProto::kOneToOne:
        read_one_to_one(reader, budget, item);
        break;
    case proto::ProjectionProto::kConvolution:
        read_convolution(reader, budget, item);
        break;
    case proto::ProjectionProto::kSynapses:
        read_synapses(reader, budget, item);
        break;
    case proto::ProjectionProto::RULE_NOT_SET:
        reader.say(item.path, fmt::format("'{}' has no rule", block.name()),
                   "dense_file, dense, fixed_in_degree, fixed_out_degree, pairwise_bernoulli, one_to_one, convolution, "
                   "or synapses");
        break;
    }
}

/// Marks the projections that lie on a cycle.
void mark_recurrent(Network& network) {
    const std::size_t count = network.populations.size();
    std::vector<std::vector<std::uint32_t>> next(count);
    for (const Projection& projection : network.projections) {
        if (projection.source.kind == Source::Kind::population) {
            next[projection.source.index].push_back(projection.target.value());
        }
    }
    for (Projection& projection : network.projections) {
        if (projection.source.kind == Source::Kind::input) {
            continue;
        }
        std::vector<bool> seen(count, false);
        std::vector<std::uint32_t> open{projection.target.value()};
        while (!open.empty() && !seen[projection.source.index]) {
            const std::uint32_t here = open.back();
            open.pop_back();
            if (!seen[here]) {
                seen[here] = true;
                open.insert(open.end(), next[here].begin(), next[here].end());
            }
        }
        projection.recurrent = seen[projection.source.index];
    }
}

}  // namespace

Projection& projection(TextReader& reader, const Item& item) {
    return reader.network.projections[item.index];
}

bool weight_in_range(TextReader& reader, const std::string& path, double value) {
    return reader.finite(path, value) && reader.in_range(path, value, -max_weight, max_weight);
}

RuleRandom random_of(const TextReader& reader, const Item& item) {
    return {reader.file.seed(), "projection " + item.block.name()};
}

/// `count` weights by rule or list; `width` of them belong to one neuron or kernel row (the key of the draws).
std::vector<float> weights_of(const TextReader& reader, const Item& item, std::size_t count, std::size_t width) {
    if (item.filed) {
        return {item.filed->begin(), item.filed->end()};
    }
    if (item.listed) {
        const auto& values = item.block.weight().list().value();
        return {values.begin(), values.end()};
    }
    const RuleRandom random = random_of(reader, item);
    std::vector<float> weights(count);
    for (std::size_t i = 0; i < count; ++i) {
        weights[i] = static_cast<float>(drawn_number(item.weight, random, static_cast<unsigned>(DrawPurpose::weight),
                                                     static_cast<std::uint32_t>(i / width), i % width));
    }
    return weights;
}

void check_list(TextReader& reader, const Item& item, std::uint64_t count, const std::string& what) {
    const bool filed = item.block.weight().has_file();
    if (!item.listed || (filed && !item.filed)) {
        return;  // nothing listed, or what is wrong with the file is said already
    }
    const std::uint64_t there =
        filed ? item.filed->size() : static_cast<std::uint64_t>(item.block.weight().list().value_size());
    if (there != count) {
        reader.say(item.path + (filed ? ".weight.file" : ".weight.list"), fmt::format("{} weights", there),
                   fmt::format("{} ({})", count, what));
    }
}

std::optional<std::vector<double>> read_numbers(TextReader& reader, const std::string& field, const std::string& path) {
    constexpr std::uint64_t header_room = 1U << 16;
    const std::string full = (std::filesystem::path(reader.directory) / path).string();
    std::error_code error;
    if (!reader.limits.files || !std::filesystem::is_regular_file(full, error)) {
        reader.say(field, fmt::format("there is no file '{}'", full), "a .npy file",
                   "paths are relative to the network file");
        return std::nullopt;
    }
    const Result<files::Array> array = files::read_npy(full, reader.limits.synapses * sizeof(double) + header_room);
    if (!array) {
        reader.findings.insert(reader.findings.end(), array.error().begin(), array.error().end());
        return std::nullopt;
    }
    std::vector<double> numbers = array->reals();
    const auto unsound = std::ranges::find_if(numbers, [](double number) { return !(std::abs(number) <= max_weight); });
    if (unsound != numbers.end()) {
        reader.say(field, fmt::format("'{}' holds {} as number {}", full, *unsound, unsound - numbers.begin()),
                   "finite 32-bit floats");
        return std::nullopt;
    }
    return numbers;
}

bool Budget::spend(const std::string& path, std::uint64_t count) {
    if (count > left_) {
        reader_.say(path, fmt::format("{} weights or synapses", count),
                    fmt::format("{} in all, of which {} are left here", reader_.limits.synapses, left_));
        return false;
    }
    left_ -= count;
    return true;
}

void read_projections(TextReader& reader) {
    Budget budget(reader);
    std::set<std::string> names;
    for (int i = 0; i < reader.file.projection_size(); ++i) {
        Item item{.block = reader.file.projection(i), .path = element("projection", i)};
        if (item.block.has_name() && !names.insert(item.block.name()).second) {
            reader.say(item.path + ".name", fmt::format("a second projection '{}'", item.block.name()),
                       "a name of its own for each projection");
        }
        item.index = reader.network.projections.size();
        const bool resolved = resolve(reader, item);
        Projection made;
        made.name = item.block.name();
        made.source = item.source;
        made.target = PopulationId(item.target);
        reader.network.projections.push_back(std::move(made));
        read_weight(reader, item);
        read_delay(reader, item);
        if (!resolved) {
            continue;
        }
        read_bias(reader, item);
        if (item.delay.most == item.delay.least) {
            projection(reader, item).delay_steps = static_cast<int>(item.delay.least);
        }
        read_rule(reader, budget, item);
        if (item.block.has_learning()) {
            read_learning(reader, item);
        }
    }
    if (reader.findings.empty()) {
        mark_recurrent(reader.network);
    }
}

}  // namespace spikeloom::compiler::text
