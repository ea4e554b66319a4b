// Who needs attention next: a key (a time) for every neuron, most of them `never`, of which very many change between
// two minima. A tree of minima with 16 branches, so that a block of neurons is written by a vector kernel and costs one
// path of log16(n) short scans, however many of its keys changed. A heap would move every changed key on its own
// (tests/bench/README.md compares them).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/aligned.hpp"
#include "core/analog/layout.hpp"
#include "core/base/analog_neuron.hpp"

namespace spikeloom::core::analog {

class CandidateQueue {
public:
    /// `keys` lanes, all `never`; levels of block minima above them.
    explicit CandidateQueue(std::size_t keys) {
        std::size_t size = std::max<std::size_t>(1, (keys + block_lanes - 1) / block_lanes) * block_lanes;
        levels_.emplace_back(size, never);
        while (size > block_lanes) {
            size = (size / block_lanes + block_lanes - 1) / block_lanes * block_lanes;
            levels_.emplace_back(size, never);
        }
    }

    /// The keys themselves; after a change within a block, refresh(block) must follow before top().
    [[nodiscard]] double* keys() { return levels_.front().data(); }
    [[nodiscard]] const double* keys() const { return levels_.front().data(); }

    void refresh(std::size_t block) {
        for (std::size_t level = 1; level < levels_.size(); ++level) {
            double& above = levels_[level][block];
            const double least = minimum(levels_[level - 1].data() + block * block_lanes);
            if (above == least) {
                return;
            }
            above = least;
            block /= block_lanes;
        }
    }
    void set(std::uint32_t neuron, double key) {
        levels_.front()[neuron] = key;
        refresh(neuron / block_lanes);
    }
    void clear() {
        for (auto& level : levels_) {
            std::fill(level.begin(), level.end(), never);
        }
    }

    struct Top {
        double key;
        std::uint32_t neuron;  ///< the lowest of those with this key
    };
    [[nodiscard]] double least() const { return minimum(levels_.back().data()); }
    [[nodiscard]] Top top() const {
        std::size_t at = 0;
        double least = never;
        for (std::size_t level = levels_.size(); level-- > 0;) {
            const double* block = levels_[level].data() + at * block_lanes;
            std::size_t lane = 0;
            for (std::size_t i = 1; i < block_lanes; ++i) {
                lane = block[i] < block[lane] ? i : lane;
            }
            least = block[lane];
            at = at * block_lanes + lane;
        }
        return {least, static_cast<std::uint32_t>(at)};
    }

private:
    static double minimum(const double* block) {
        double least[4] = {block[0], block[1], block[2], block[3]};
        for (std::size_t i = 4; i < block_lanes; i += 4) {
            for (std::size_t j = 0; j < 4; ++j) {
                least[j] = std::min(least[j], block[i + j]);
            }
        }
        return std::min(std::min(least[0], least[1]), std::min(least[2], least[3]));
    }

    std::vector<AlignedVector<double>> levels_;
};

}  // namespace spikeloom::core::analog
