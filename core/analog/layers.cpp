#include "core/analog/layers.hpp"

#include <algorithm>
#include <limits>

namespace spikeloom::core::analog {
namespace {

constexpr std::uint32_t unseen = std::numeric_limits<std::uint32_t>::max();

/// Tarjan's algorithm with a stack of its own. Components are numbered so that a component's targets have lower
/// numbers.
class Components {
public:
    explicit Components(const Net& net)
        : net_(net), of_(net.neurons.size(), unseen), index_(of_.size(), unseen), lowest_(of_.size(), 0) {
        for (std::uint32_t root = 0; root < of_.size(); ++root) {
            if (index_[root] == unseen) {
                search(root);
            }
        }
    }
    [[nodiscard]] std::uint32_t of(std::uint32_t neuron) const { return of_[neuron]; }
    [[nodiscard]] std::uint32_t count() const { return count_; }

private:
    struct Visit {
        std::uint32_t neuron;
        std::uint64_t synapse;
    };

    void enter(std::uint32_t neuron) {
        index_[neuron] = lowest_[neuron] = clock_++;
        open_.push_back(neuron);
        visits_.push_back({neuron, net_.row_begin[net_.inputs + neuron]});
    }

    void search(std::uint32_t root) {
        enter(root);
        while (!visits_.empty()) {
            const std::uint32_t neuron = visits_.back().neuron;
            if (visits_.back().synapse < net_.row_begin[net_.inputs + neuron + 1]) {
                const std::uint32_t target = net_.targets[visits_.back().synapse++];
                if (index_[target] == unseen) {
                    enter(target);
                } else if (of_[target] == unseen) {
                    lowest_[neuron] = std::min(lowest_[neuron], index_[target]);
                }
                continue;
            }
            visits_.pop_back();
            if (!visits_.empty()) {
                std::uint32_t& above = lowest_[visits_.back().neuron];
                above = std::min(above, lowest_[neuron]);
            }
            if (lowest_[neuron] == index_[neuron]) {
                close(neuron);
            }
        }
    }

    void close(std::uint32_t neuron) {
        std::uint32_t member = unseen;
        while (member != neuron) {
            member = open_.back();
            open_.pop_back();
            of_[member] = count_;
        }
        ++count_;
    }

    const Net& net_;
    std::vector<std::uint32_t> of_;
    std::vector<std::uint32_t> index_;
    std::vector<std::uint32_t> lowest_;
    std::vector<std::uint32_t> open_;
    std::vector<Visit> visits_;
    std::uint32_t clock_ = 0;
    std::uint32_t count_ = 0;
};

}  // namespace

std::vector<NetLayer> layers_of(const Net& net) {
    const Components components(net);
    const auto neurons = static_cast<std::uint32_t>(net.neurons.size());
    std::vector<std::vector<std::uint32_t>> members(components.count());
    for (std::uint32_t n = 0; n < neurons; ++n) {
        members[components.of(n)].push_back(n);
    }
    std::vector<std::uint32_t> depth(components.count(), 0);
    std::vector<bool> loops(components.count(), false);
    for (std::uint32_t c = components.count(); c-- > 0;) {
        for (const std::uint32_t n : members[c]) {
            const std::size_t source = net.inputs + n;
            for (std::uint64_t i = net.row_begin[source]; i < net.row_begin[source + 1]; ++i) {
                const std::uint32_t target = components.of(net.targets[i]);
                if (target == c) {
                    loops[c] = true;
                } else {
                    depth[target] = std::max(depth[target], depth[c] + 1);
                }
            }
        }
    }
    std::vector<NetLayer> layers(depth.empty() ? 0 : *std::max_element(depth.begin(), depth.end()) + 1);
    for (std::uint32_t n = 0; n < neurons; ++n) {
        NetLayer& layer = layers[depth[components.of(n)]];
        layer.neurons.push_back(n);
        layer.loops = layer.loops || loops[components.of(n)];
    }
    return layers;
}

}  // namespace spikeloom::core::analog
