// Which axons of a core can read one list of synapses, each moved by a base of its own: those whose synapses are equal
// but for a shift of all targets; or, where axons may leave out entries, those whose runs of synapses lie in one list
// at one shift. A run is what a source reaches of one pixel. So a convolution costs memory by kernel, not by synapse,
// at borders too, and nobody has to say that it is one. Found by hashing, settled by comparing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_synapses.hpp"
#include "compiler/passes/fan_in_table.hpp"

namespace spikeloom::compiler {

class ListSharing {
public:
    /// Synapses that lie together in a list.
    struct Run {
        std::span<const CoreSynapse> synapses;
        std::uint64_t hash = 0;
        std::int64_t at = 0;      ///< where the list has its first target
        std::uint32_t place = 0;  ///< among the runs of its list, when all are there
    };
    struct List {
        std::vector<std::uint32_t> runs{};      ///< numbers, by ascending target
        std::span<const CoreSynapse> synapses;  ///< of the axon that it was made for
        std::int64_t lowest = 0;                ///< target
        std::int64_t highest = 0;
        std::int64_t lowest_base = 0;  ///< of its readers
        std::int64_t highest_base = 0;
        std::uint32_t readers = 0;
        bool in_part = false;  ///< some axon leaves out runs
    };
    struct Reading {
        std::uint32_t list = 0;
        std::int64_t base = 0;    ///< by which the axon moves it
        std::uint32_t first = 0;  ///< of its runs in runs_read()
        std::uint32_t count = 0;
    };

    /// `pixels`: of each compartment the number of the pixel that it looks at, different from its neighbours'; empty:
    /// axons read whole lists only. Plastic lists are never shared.
    ListSharing(const FanInTable& formats, const chip::SynapseMemory& memory, std::span<const std::uint32_t> pixels)
        : formats_(formats), memory_(memory), pixels_(pixels) {}

    /// The next axon reads these synapses: ascending by target, at least one; they must stay where they are.
    void add(std::span<const CoreSynapse> synapses);
    /// When all are there.
    void finish();

    [[nodiscard]] std::span<const List> lists() const { return lists_; }
    [[nodiscard]] std::span<const Reading> readings() const { return readings_; }
    /// The highest target of any list.
    [[nodiscard]] std::int64_t highest_target() const { return highest_target_; }
    [[nodiscard]] const Run& run(std::uint32_t number) const { return runs_[number]; }
    /// The numbers of the runs that an axon reads.
    [[nodiscard]] std::span<const std::uint32_t> runs_read(const Reading& reading) const {
        return std::span(runs_read_).subspan(reading.first, reading.count);
    }

private:
    /// A list that an axon might read at a shift, and how many of its synapses that would find there.
    struct Match {
        std::uint32_t list = 0;
        std::int64_t base = 0;
        std::size_t found = 0;
    };
    void cut(std::span<const CoreSynapse> synapses);
    [[nodiscard]] std::optional<Match> best_match(std::size_t synapses) const;
    [[nodiscard]] std::size_t found_at(const List& list, std::int64_t base) const;
    [[nodiscard]] std::optional<std::uint32_t> find(const List& list, const Run& run, std::int64_t base) const;
    [[nodiscard]] std::int64_t most_base() const;
    [[nodiscard]] bool reachable(const List& list, std::int64_t base) const;
    [[nodiscard]] bool worth(const Match& match, std::size_t synapses) const;
    void read(const Match& match);
    std::uint32_t keep(const Run& run, std::uint32_t list, std::int64_t base);

    const FanInTable& formats_;
    const chip::SynapseMemory& memory_;
    std::span<const std::uint32_t> pixels_;
    std::int64_t highest_target_ = 0;
    std::vector<Run> runs_;
    std::vector<List> lists_;
    std::vector<Reading> readings_;
    std::vector<std::uint32_t> runs_read_;
    std::vector<Run> cut_;  ///< of the axon at hand, `at` being its own first target
    bool plastic_ = false;  ///< likewise
    /// Runs of one hash, the latest first: (list, number of the run, the next of these or none).
    struct Known {
        std::uint32_t list = 0;
        std::uint32_t run = 0;
        std::uint32_t next = 0;
    };
    static constexpr std::uint32_t none = 0xffffffffU;
    std::vector<Known> known_;
    std::unordered_map<std::uint64_t, std::uint32_t> latest_;  ///< by hash, in known_
};

}  // namespace spikeloom::compiler
