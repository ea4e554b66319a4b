#include "tools/descriptions.hpp"
#include "tools/net_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "chip/image/plastic_projection.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

std::string_view weights_name(const compiler::Weights& weights) {
    struct Name {
        std::string_view operator()(const compiler::DenseWeights&) const { return "dense"; }
        std::string_view operator()(const compiler::SparseWeights&) const { return "sparse"; }
        std::string_view operator()(const compiler::ConvolutionWeights& convolution) const {
            return convolution.pooling ? "pooling, convolution" : "convolution";
        }
        std::string_view operator()(const compiler::OneToOneWeights&) const { return "one to one"; }
    };
    return std::visit(Name{}, weights);
}

std::string parameter_text(const compiler::Parameter& parameter) {
    if (parameter.values.empty()) {
        return "-";
    }
    const auto [least, most] = std::minmax_element(parameter.values.begin(), parameter.values.end());
    return *least == *most ? fmt::format("{:.6g}", *least) : fmt::format("{:.6g} to {:.6g}", *least, *most);
}

json::object population_row(const compiler::Population& population) {
    return {{"population", population.name},
            {"shape", shape_text(population.shape)},
            {"neurons", population.size()},
            {"kind", kind_text(population.kind)},
            {"tau_syn_s", compiler::has_synaptic_current(population.kind) ? parameter_text(population.tau_syn_s) : "-"},
            {"tau_mem_s", compiler::leaks(population.kind) ? parameter_text(population.tau_mem_s) : "-"},
            {"threshold", compiler::spikes(population.kind) ? parameter_text(population.v_threshold) : "-"},
            {"reset", !compiler::spikes(population.kind)                            ? "-"
                      : population.reset == compiler::ResetRule::subtract_threshold ? "subtract"
                                                                                    : "to value"}};
}

json::object projection_row(const compiler::Network& network, const compiler::Projection& projection) {
    return {{"projection", projection.name},
            {"from", network.source_name(projection.source)},
            {"to", network.populations[projection.target.value()].name},
            {"weights", weights_name(projection.weights)},
            {"synapses", compiler::connection_count(network, projection)},
            {"delay", projection.delay_steps},
            {"recurrent", projection.recurrent}};
}

/// The rule of a plastic projection; what it leaves alone is "-".
json::object rule_row(const std::string& projection, const rules::Rule& rule) {
    const auto sum = [&](rules::Variable variable) {
        return rule.series(variable).empty() ? std::string("-") : rules::print(rule.series(variable));
    };
    return {{"projection", projection},
            {"rule", rule.name},
            {"epoch", rule.epoch},
            {"dw", sum(rules::Variable::weight)},
            {"dd", sum(rules::Variable::delay)},
            {"dt", sum(rules::Variable::tag)}};
}

json::object learning_row(const chip::Image& image, std::uint32_t number) {
    const chip::LearningProfile& profile = image.learning[number];
    const chip::PlasticProjection plastic = chip::plastic_projection(image, number);
    json::object row = rule_row(profile.projection, profile.rule);
    row["synapses"] = plastic.synapses.size();
    row["largest_weight"] =
        profile.weight_per_unit * static_cast<double>(std::max(plastic.weights.most, -plastic.weights.least));
    row["reward"] = profile.reward ? image.inputs[profile.reward->port].name : std::string("-");
    return row;
}

json::object core_row(const chip::CoreImage& core, std::size_t number) {
    return {{"core", number},
            {"place", core.place},
            {"compartments", core.compartments},
            {"input_axons", core.axons()},
            {"output_axons", core.outputs.size()},
            {"synapses", core.synapses.size()},
            {"formats", core.formats.size()}};
}

}  // namespace

json::array describe(const std::vector<compiler::Resolution>& resolutions) {
    json::array rows;
    for (const compiler::Resolution& resolution : resolutions) {
        rows.push_back(json::object{{"topic", resolution.topic},
                                    {"choice", resolution.choice},
                                    {"reason", resolution.reason},
                                    {"option", resolution.option}});
    }
    return rows;
}

json::array describe(const std::vector<chip::ProjectionLoss>& losses) {
    json::array rows;
    for (const chip::ProjectionLoss& loss : losses) {
        rows.push_back(json::object{{"projection", loss.name},
                                    {"weights", loss.weights},
                                    {"synapses", loss.synapses},
                                    {"zeroed", loss.zeroed},
                                    {"clipped", loss.clipped},
                                    {"rms_error", loss.rms_error},
                                    {"max_error", loss.max_error},
                                    {"weight_exponent", loss.weight_exponent},
                                    {"weight_bits", loss.weight_bits}});
    }
    return rows;
}

json::object describe(const rules::RuleFile& file) {
    const rules::Rule& rule = file.rule;
    json::object described{
        {"kind", "learning rule"}, {"name", rule.name}, {"title", file.title}, {"source", file.source}};
    for (const rules::Variable variable : rules::variables) {
        if (!rule.series(variable).empty()) {
            described[name_of(variable)] = rules::print(rule.series(variable));
        }
    }
    described["epoch_steps"] = rule.epoch;
    described["reward_tau_steps"] = rule.reward_tau;
    described["post_traces"] = rule.post_traces == rules::PostTraces::spikes ? "spikes" : "neuron";
    json::array traces;
    const auto add = [&](const char* name, const rules::TraceParameters& trace) {
        if (trace.tau > 0) {
            traces.push_back(json::object{{"trace", name}, {"impulse", trace.impulse}, {"tau_steps", trace.tau}});
        }
    };
    add("x1", rule.x[0]);
    add("x2", rule.x[1]);
    add("y1", rule.y[0]);
    add("y2", rule.y[1]);
    add("y3", rule.y[2]);
    if (!traces.empty()) {
        described["traces"] = std::move(traces);
    }
    return described;
}

json::object describe(const LoadedNetwork& loaded) {
    const compiler::Network& network = loaded.network;
    json::array inputs;
    json::array populations;
    json::array projections;
    json::array outputs;
    for (const compiler::InputPort& port : network.inputs) {
        inputs.push_back(
            json::object{{"input", port.name}, {"shape", shape_text(port.shape)}, {"channels", port.size()}});
    }
    for (const compiler::Population& population : network.populations) {
        populations.push_back(population_row(population));
    }
    for (const compiler::Projection& projection : network.projections) {
        projections.push_back(projection_row(network, projection));
    }
    for (const compiler::OutputPort& port : network.outputs) {
        outputs.push_back(
            json::object{{"output", port.name}, {"population", network.populations[port.population.value()].name}});
    }
    json::array learning;
    for (const compiler::Projection& projection : network.projections) {
        if (projection.learning) {
            learning.push_back(rule_row(projection.name, projection.learning->rule));
        }
    }
    json::object described{{"kind", "network"},
                           {"format", loaded.format},
                           {"name", network.name},
                           {"step_s", network.step_s},
                           {"inputs", std::move(inputs)},
                           {"populations", std::move(populations)},
                           {"projections", std::move(projections)},
                           {"outputs", std::move(outputs)},
                           {"resolutions", describe(loaded.resolutions)}};
    if (!learning.empty()) {
        described["learning"] = std::move(learning);
    }
    return described;
}

json::object describe(const chip::Image& image) {
    json::array populations;
    for (const chip::PopulationSymbol& population : image.populations) {
        populations.push_back(json::object{{"population", population.name},
                                           {"shape", shape_text(population.shape)},
                                           {"neurons", population.size()},
                                           {"tiles", population.tiles.size()},
                                           {"output", population.output},
                                           {"spikes", population.spikes}});
    }
    json::array inputs;
    for (const chip::InputSymbol& input : image.inputs) {
        inputs.push_back(json::object{{"input", input.name},
                                      {"shape", shape_text(input.shape)},
                                      {"channels", input.size()},
                                      {"axons", input.outputs.size()}});
    }
    json::array cores;
    for (std::size_t i = 0; i < image.cores.size(); ++i) {
        cores.push_back(core_row(image.cores[i], i));
    }
    json::array options;
    for (const std::string& option : image.provenance.options) {
        options.emplace_back(option);
    }
    json::array rules;
    for (const std::string& rule : image.provenance.rules) {
        rules.emplace_back(rule);
    }
    json::object described{{"kind", "image"},
                           {"program", image.provenance.program},
                           {"network", image.network_name},
                           {"network_file", image.provenance.network_file},
                           {"network_sha256", image.provenance.network_sha256},
                           {"chip", image.chip.name},
                           {"step_s", image.step_s},
                           {"float_network", !image.source_network.empty()},
                           {"inputs", std::move(inputs)},
                           {"populations", std::move(populations)},
                           {"cores", std::move(cores)},
                           {"losses", describe(image.losses)},
                           {"options", std::move(options)},
                           {"rules", std::move(rules)}};
    if (!image.learning.empty()) {
        json::array learning;
        for (std::uint32_t i = 0; i < image.learning.size(); ++i) {
            learning.push_back(learning_row(image, i));
        }
        described["learning"] = std::move(learning);
    }
    return described;
}

}  // namespace spikeloom::tools
