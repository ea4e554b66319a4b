#include "compiler/nir/nir_ways.hpp"

#include <fmt/format.h>

namespace spikeloom::compiler {
namespace {

class Collector {
public:
    explicit Collector(const NirFlatGraph& graph) : graph_(graph) {}

    tl::expected<std::vector<NirWay>, std::string> run(std::size_t target) {
        if (!is_neuron(graph_.nodes[target].type())) {
            walk_back(target);
        } else if (graph_.nodes[target].is_source()) {
            ways_.push_back({.from = target, .from_neuron = false, .nodes = {}, .brings_bias = {}});
        } else {
            for (const std::size_t before : graph_.nodes[target].before) {
                walk_back(before);
            }
        }
        if (!problem_.empty()) {
            return tl::unexpected(problem_);
        }
        return std::move(ways_);
    }

private:
    /// To all sources. `first_[k]`: the step up from backwards_[k] took its first predecessor.
    void walk_back(std::size_t at) {
        if (!problem_.empty()) {
            return;
        }
        if (is_neuron(graph_.nodes[at].type())) {
            finish(at, true);
            return;
        }
        if (backwards_.size() == longest_nir_chain) {
            problem_ = fmt::format("more than {} linear nodes in a row lead here", longest_nir_chain);
            return;
        }
        backwards_.push_back(at);
        first_.push_back(true);
        if (graph_.nodes[at].is_source()) {
            finish(at, false);
        }
        for (const std::size_t before : graph_.nodes[at].before) {
            walk_back(before);
            first_.back() = false;
        }
        backwards_.pop_back();
        first_.pop_back();
    }

    void finish(std::size_t from, bool from_neuron) {
        if (ways_.size() == most_nir_ways) {
            problem_ = fmt::format("more than {} chains of linear nodes lead here", most_nir_ways);
            return;
        }
        NirWay way{.from = from, .from_neuron = from_neuron, .nodes = {}, .brings_bias = {}};
        way.nodes.assign(backwards_.rbegin(), backwards_.rend());
        bool all_first = true;
        for (std::size_t index = backwards_.size(); index-- > 0;) {
            all_first = all_first && first_[index];
            way.brings_bias.push_back(all_first);
        }
        ways_.push_back(std::move(way));
    }

    const NirFlatGraph& graph_;
    std::vector<NirWay> ways_;
    std::vector<std::size_t> backwards_;
    std::vector<bool> first_;
    std::string problem_;
};

}  // namespace

tl::expected<std::vector<NirWay>, std::string> nir_ways(const NirFlatGraph& graph, std::size_t target) {
    return Collector(graph).run(target);
}

}  // namespace spikeloom::compiler
