#include "compiler/text/network_print.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "compiler/text/registers_text.hpp"
#include "core/files/npy.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::size_t longest_list = 16;  ///< numbers in the text; more go into a file

/// In quotes, as Protobuf's text form escapes.
std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\') {
            out += '\\';
            out += letter;
        } else if (byte < 0x20 || byte >= 0x7F) {
            out += fmt::format("\\{:03o}", byte);
        } else {
            out += letter;
        }
    }
    return out + "\"";
}

/// Numbers that read back as they are.
template <class Values>
std::string numbers(const Values& values) {
    return values.size() == 1 ? fmt::format("{}", *values.begin()) : fmt::format("[{}]", fmt::join(values, ", "));
}

const char* kind_name(NeuronKind kind) {
    constexpr std::array names{
        "integrate_fire",           "leaky",    "current_based", "integrator", "leaky_integrator",
        "current_based_integrator", "threshold"};
    return names[static_cast<std::size_t>(kind)];
}

/// The factor that the text form gives a pooling.
double nominal_scale(const Pooling& pooling, bool average) {
    return average ? 1.0 / (static_cast<double>(pooling.kernel[0]) * pooling.kernel[1]) : 1.0;
}

class Printer {
public:
    Printer(const Network& network, const std::string& stem) : network_(network), stem_(stem) {}

    Result<PrintedNetwork> run(const std::string& comment) {
        std::string& text = result_.text;
        text = comment_text(comment);
        text += fmt::format("name: {}\nstep_s: {}\n\n", quoted(network_.name), network_.step_s);
        for (const InputPort& port : network_.inputs) {
            text += fmt::format("input {{ name: {} shape: {}{} }}\n", quoted(port.name), numbers(port.shape),
                                port.graded ? " graded: true" : "");
        }
        for (const Population& population : network_.populations) {
            print(population);
        }
        for (const Projection& projection : network_.projections) {
            print(projection);
        }
        for (const OutputPort& output : network_.outputs) {
            text += fmt::format("output {{ name: {} population: {} }}\n", quoted(output.name),
                                quoted(network_.populations[output.population.value()].name));
        }
        if (!findings_.empty()) {
            return fail(std::move(findings_));
        }
        return std::move(result_);
    }

private:
    static std::string comment_text(const std::string& comment) {
        std::string text;
        for (std::size_t start = 0; start < comment.size();) {
            const std::size_t end = std::min(comment.find('\n', start), comment.size());
            text += "# " + comment.substr(start, end - start) + "\n";
            start = end + 1;
        }
        return text;
    }

    void refuse(bool present, const std::string& where, const std::string& what) {
        if (present) {
            findings_.push_back({.where = where,
                                 .found = what + ", which the text form of a network can't say",
                                 .allowed = {},
                                 .help = {}});
        }
    }

    void print(const Population& population) {
        std::string& text = result_.text;
        text += fmt::format("population {{ name: {} shape: {} kind: {}", quoted(population.name),
                            numbers(population.shape), kind_name(population.kind));
        if (population.fixed) {
            print_registers(population);
            return;
        }
        const bool remembers = population.kind != NeuronKind::threshold;
        const bool resets = spikes(population.kind) && remembers;
        if (resets && population.reset == ResetRule::subtract_threshold) {
            text += " reset: subtract_threshold";
        }
        const Population usual;
        const auto say = [&](const char* name, const Parameter& value, const Parameter& otherwise, bool used) {
            if (used && value != otherwise) {
                text += fmt::format(" {}: {}", name, numbers(value.values));
            }
        };
        const Parameter absent(std::vector<double>{});
        say("tau_syn_s", population.tau_syn_s, absent, has_synaptic_current(population.kind));
        say("tau_mem_s", population.tau_mem_s, absent, leaks(population.kind));
        say("resistance", population.resistance, usual.resistance, remembers);
        say("v_leak", population.v_leak, usual.v_leak, leaks(population.kind));
        say("v_threshold", population.v_threshold, absent, spikes(population.kind));
        say("v_reset", population.v_reset, usual.v_reset, resets && population.reset == ResetRule::to_value);
        say("w_in", population.w_in, usual.w_in, has_synaptic_current(population.kind));
        say("bias", population.bias, usual.bias, true);
        print_refractory(population);
        text += " }\n";
    }

    void print_refractory(const Population& population) {
        if (population.refractory_steps != Population().refractory_steps) {
            result_.text += fmt::format(" refractory_steps: {}", population.refractory_steps);
        }
    }

    /// The rest of a population whose equations don't count.
    void print_registers(const Population& population) {
        print_refractory(population);
        const FixedNeuron& fixed = *population.fixed;
        result_.text += fmt::format("\n  registers {{{}", text::registers_text(fixed));
        if (!fixed.biases.empty() && fixed.biases.size() <= longest_list) {
            result_.text += fmt::format(" bias: {}", numbers(fixed.biases));
        } else if (!fixed.biases.empty()) {
            const std::vector<double> values(fixed.biases.begin(), fixed.biases.end());
            result_.text +=
                fmt::format(" bias_file: {}",
                            quoted(add_file(population.name, "bias", files::make_array({values.size()}, values))));
        }
        result_.text += " }\n}\n";
    }

    void print(const Projection& projection) {
        const std::string where = fmt::format("projection '{}'", projection.name);
        refuse(projection.learning.has_value(), where, "a learning rule");
        refuse(projection.bias_from_step != 0, where, "a bias that begins late");
        refuse(projection.aligned_steps != 0, where, "delays that only a chip needs");
        std::string& text = result_.text;
        text += fmt::format("projection {{\n  name: {} source: {} target: {}\n", quoted(projection.name),
                            quoted(network_.source_name(projection.source)),
                            quoted(network_.populations[projection.target.value()].name));
        std::visit([&](const auto& weights) { print_weights(projection, weights); }, projection.weights);
        if (!std::holds_alternative<SparseWeights>(projection.weights) && projection.delay_steps != 0) {
            text += fmt::format("  delay {{ constant: {} }}\n", projection.delay_steps);
        }
        if (projection.bias != Parameter(0.0)) {
            const auto& values = projection.bias.values;
            text += values.size() <= longest_list
                        ? fmt::format("  bias: {}\n", numbers(values))
                        : fmt::format(
                              "  bias_file: {}\n",
                              quoted(add_file(projection.name, "bias", files::make_array({values.size()}, values))));
        }
        text += "}\n";
    }

    /// A file of the projection or population; its name.
    std::string add_file(const std::string& owner, const char* what, files::Array array) {
        std::string safe;
        for (const char letter : owner) {
            const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '-';
            safe += plain ? letter : '_';
        }
        std::string name = fmt::format("{}.{}.{}.npy", stem_, safe, what);
        const auto taken = [&](const auto& file) { return file.first == name; };
        for (int number = 2; std::ranges::any_of(result_.arrays, taken); ++number) {
            name = fmt::format("{}.{}{}.{}.npy", stem_, safe, number, what);
        }
        result_.arrays.emplace_back(name, std::move(array));
        return name;
    }

    void print_list(const Projection& projection, const std::vector<float>& weights, std::vector<std::size_t> shape) {
        result_.text +=
            weights.size() <= longest_list
                ? fmt::format("  weight {{ list {{ value: {} }} }}\n", numbers(weights))
                : fmt::format(
                      "  weight {{ file: {} }}\n",
                      quoted(add_file(projection.name, "weight", files::make_array(std::move(shape), weights))));
    }

    void print_weights(const Projection& projection, const DenseWeights& dense) {
        const std::size_t targets = network_.populations[projection.target.value()].size();
        if (dense.weights.size() <= longest_list) {
            result_.text += "  dense {}\n";
            print_list(projection, dense.weights, {});
            return;
        }
        const std::string name = add_file(projection.name, "weight",
                                          files::make_array({targets, dense.weights.size() / targets}, dense.weights));
        result_.text += fmt::format("  dense_file {{ path: {} orientation: target_by_source }}\n", quoted(name));
    }

    void print_weights(const Projection& projection, const OneToOneWeights& pairs) {
        result_.text += "  one_to_one {}\n";
        if (pairs.weights.size() == 1) {
            result_.text += fmt::format("  weight {{ constant: {} }}\n", pairs.weights[0]);
        } else {
            print_list(projection, pairs.weights, {pairs.weights.size()});
        }
    }

    void print_weights(const Projection& projection, const SparseWeights& sparse) {
        result_.text += "  synapses {\n";
        for (std::size_t source = 0; source + 1 < sparse.row_begin.size(); ++source) {
            for (auto at = sparse.row_begin[source]; at < sparse.row_begin[source + 1]; ++at) {
                const int delay = projection.delay_steps + (sparse.delays.empty() ? 0 : sparse.delays[at]);
                result_.text +=
                    fmt::format("    synapse {{ source: {} target: {} weight: {}{} }}\n", source, sparse.targets[at],
                                sparse.weights[at], delay == 0 ? "" : fmt::format(" delay: {}", delay));
            }
        }
        result_.text += "  }\n";
    }

    void print_weights(const Projection& projection, const ConvolutionWeights& weights) {
        std::array<std::uint32_t, 2> end{};
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::uint64_t reach = std::uint64_t{weights.dilation[axis]} * (weights.kernel_size[axis] - 1) + 1 +
                                        std::uint64_t{weights.output[axis + 1] - 1} * weights.stride[axis];
            const std::uint64_t room = std::uint64_t{weights.input[axis + 1]} + weights.padding[axis];
            end[axis] = static_cast<std::uint32_t>(reach > room ? reach - room : 0);
        }
        result_.text += fmt::format(
            "  convolution {{ kernel_size: {} stride: {} padding: {} padding_end: {} dilation: {} groups: {}",
            numbers(weights.kernel_size), numbers(weights.stride), numbers(weights.padding), numbers(end),
            numbers(weights.dilation), weights.groups);
        std::vector<float> kernel = weights.kernel;
        if (weights.pooling) {
            const Pooling& pooling = *weights.pooling;
            const bool average = pooling.scale == nominal_scale(pooling, true);
            result_.text +=
                fmt::format(" pooling {{ kernel_size: {} stride: {} padding: {} average: {} }}",
                            numbers(pooling.kernel), numbers(pooling.stride), numbers(pooling.padding), average);
            if (const double rest = pooling.scale / nominal_scale(pooling, average); rest != 1) {
                std::ranges::for_each(kernel, [&](float& tap) { tap = static_cast<float>(tap * rest); });
            }
        }
        result_.text += " }\n";
        print_list(
            projection, kernel,
            {weights.output[0], weights.input[0] / weights.groups, weights.kernel_size[0], weights.kernel_size[1]});
    }

    const Network& network_;
    const std::string& stem_;
    PrintedNetwork result_;
    Diagnostics findings_;
};

}  // namespace

Result<PrintedNetwork> print_network_text(const Network& network, const std::string& stem, const std::string& comment) {
    return Printer(network, stem).run(comment);
}

Result<void> write_network_text(const Network& network, const std::string& path, const std::string& comment) {
    const std::filesystem::path file(path);
    const std::string name = file.filename().string();
    if (std::error_code problem; name.empty() || std::filesystem::is_directory(file, problem)) {
        return fail({.where = fmt::format("output '{}'", path),
                     .found = name.empty() ? "no name of a file" : "is a folder",
                     .allowed = {},
                     .help = "name the file to write"});
    }
    const auto printed = print_network_text(network, name.substr(0, name.find('.')), comment);
    if (!printed) {
        return fail(printed.error());
    }
    for (const auto& [array_name, array] : printed->arrays) {
        if (auto written = files::write_npy(array, (file.parent_path() / array_name).string()); !written) {
            return written;
        }
    }
    return files::write_bytes(path, std::as_bytes(std::span(printed->text)));
}

}  // namespace spikeloom::compiler
