#include "compiler/timed/ttfs_layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <utility>

namespace spikeloom::compiler::ttfs {
namespace {

void uninterleave(std::vector<double>& values, std::size_t width, const proto::TtfsInputProto& input) {
    const std::vector<double> before = values;
    const std::size_t channels = input.size();
    const std::size_t copies = input.repeat();
    for (std::size_t channel = 0; width != 0 && channel < channels; ++channel) {
        for (std::size_t copy = 0; copy < copies; ++copy) {
            const auto from = static_cast<std::ptrdiff_t>((channel * copies + copy) * width);
            std::copy_n(before.begin() + from, width,
                        values.begin() + static_cast<std::ptrdiff_t>((copy * channels + channel) * width));
        }
    }
}

std::vector<double> picked(const std::vector<double>& values, std::size_t width, const std::vector<std::size_t>& rows) {
    std::vector<double> some;
    for (const std::size_t row : rows) {
        const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * width);
        some.insert(some.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
    }
    return some;
}

}  // namespace

void uninterleave(LayerRows& rows, const proto::TtfsInputProto& input) {
    uninterleave(rows.weights, rows.neurons, input);
    uninterleave(rows.delays, rows.delay_width, input);
}

void project(TimedNetwork& network, const proto::TtfsLayerProto& block, const LayerRows& rows, double unit_s) {
    const auto target = static_cast<std::uint32_t>(network.populations.size() - 1);
    const auto add = [&](const std::string& from, Source source, const std::vector<std::size_t>& some) {
        TimedProjection projection;
        projection.name = fmt::format("{}_{}", from, block.name());
        projection.source = source;
        projection.target = PopulationId(target);
        set_dense(projection, some.size(), rows.neurons, picked(rows.weights, rows.neurons, some),
                  picked(rows.delays, rows.delay_width, some));
        network.projections.push_back(std::move(projection));
    };
    std::vector<std::size_t> of_sources(rows.sources);
    std::iota(of_sources.begin(), of_sources.end(), std::size_t{0});
    const Source before = target == 0 ? Source{Source::Kind::input, 0} : Source{Source::Kind::population, target - 1};
    add(network.source_name(before), before, of_sources);
    std::map<double, std::vector<std::size_t>> by_time;
    for (int b = 0; b < block.bias_times_size(); ++b) {
        by_time[block.bias_times(b)].push_back(rows.sources + static_cast<std::size_t>(b));
    }
    int number = 0;
    for (const auto& [time, of_biases] : by_time) {
        std::string bias = fmt::format("{}.bias", block.name());
        bias += ++number == 1 ? "" : std::to_string(number);
        const auto index = static_cast<std::uint32_t>(network.inputs.size());
        network.inputs.push_back({bias, {static_cast<std::uint32_t>(of_biases.size())}, {time * unit_s}});
        add(bias, {Source::Kind::input, index}, of_biases);
    }
}

}  // namespace spikeloom::compiler::ttfs
