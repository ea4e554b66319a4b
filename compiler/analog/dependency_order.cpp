#include "compiler/analog/dependency_order.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace spikeloom::compiler::analog {
namespace {

/// Strongly connected components (Tarjan 1972), without recursion. Edges lead from a neuron to its sources, so that a
/// component is complete after those of its sources.
class Components {
public:
    explicit Components(const FanIn& fan_in)
        : fan_in_(fan_in),
          index_(fan_in.begin.size() - 1, unseen),
          low_(index_.size(), 0),
          on_path_(index_.size(), false),
          unit_of_(index_.size(), 0) {}

    std::vector<Unit> find() {
        for (std::uint32_t neuron = 0; neuron < index_.size(); ++neuron) {
            if (index_[neuron] == unseen) {
                visit_from(neuron);
            }
        }
        return std::move(units_);
    }

private:
    static constexpr std::uint32_t unseen = std::numeric_limits<std::uint32_t>::max();

    struct Frame {
        std::uint32_t neuron = 0;
        std::uint64_t next = 0;
    };

    void enter(std::uint32_t neuron) {
        index_[neuron] = low_[neuron] = count_++;
        path_.push_back(neuron);
        on_path_[neuron] = true;
        frames_.push_back({neuron, fan_in_.begin[neuron]});
    }

    void visit_from(std::uint32_t first) {
        enter(first);
        while (!frames_.empty()) {
            Frame& frame = frames_.back();
            const std::uint32_t neuron = frame.neuron;
            if (frame.next == fan_in_.begin[neuron + std::size_t{1}]) {
                frames_.pop_back();
                if (!frames_.empty()) {
                    low_[frames_.back().neuron] = std::min(low_[frames_.back().neuron], low_[neuron]);
                }
                if (low_[neuron] == index_[neuron]) {
                    close(neuron);
                }
                continue;
            }
            const std::uint32_t source = fan_in_.sources[frame.next++];
            if (source < fan_in_.channels) {
                continue;
            }
            const std::uint32_t other = source - fan_in_.channels;
            if (index_[other] == unseen) {
                enter(other);
            } else if (on_path_[other]) {
                low_[neuron] = std::min(low_[neuron], index_[other]);
            }
        }
    }

    void close(std::uint32_t root) {
        Unit unit;
        std::uint32_t neuron = 0;
        do {
            neuron = path_.back();
            path_.pop_back();
            on_path_[neuron] = false;
            unit_of_[neuron] = static_cast<std::uint32_t>(units_.size());
            unit.neurons.push_back(neuron);
        } while (neuron != root);
        std::ranges::sort(unit.neurons);
        for (const std::uint32_t member : unit.neurons) {
            for (const std::uint32_t source : fan_in_.of(member)) {
                if (source >= fan_in_.channels && unit_of_[source - fan_in_.channels] != units_.size()) {
                    unit.level = std::max(unit.level, units_[unit_of_[source - fan_in_.channels]].level + 1);
                }
            }
        }
        units_.push_back(std::move(unit));
    }

    const FanIn& fan_in_;
    std::vector<std::uint32_t> index_;
    std::vector<std::uint32_t> low_;
    std::vector<bool> on_path_;
    std::vector<std::uint32_t> unit_of_;
    std::vector<std::uint32_t> path_;
    std::vector<Frame> frames_;
    std::vector<Unit> units_;
    std::uint32_t count_ = 0;
};

}  // namespace

std::vector<Unit> dependency_order(const FanIn& fan_in) {
    std::vector<Unit> units = Components(fan_in).find();
    std::ranges::sort(units, {}, [](const Unit& unit) { return std::pair(unit.level, unit.neurons.front()); });
    return units;
}

}  // namespace spikeloom::compiler::analog
