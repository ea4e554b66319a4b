#include "compiler/text/network_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "compiler/text/text_reader.hpp"

namespace spikeloom::compiler {
namespace text {
namespace {

constexpr int max_blocks = 1000;
constexpr double max_step_s = 1000;

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

void read_inputs(TextReader& reader) {
    for (int i = 0; i < reader.file.input_size(); ++i) {
        const proto::InputProto& block = reader.file.input(i);
        const std::string path = element("input", i);
        if (block.has_name()) {
            check_name(reader, path + ".name", block.name());
        }
        reader.network.inputs.push_back({.name = block.name(),
                                         .shape = read_shape(reader, path + ".shape", block.shape()),
                                         .graded = block.graded()});
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
