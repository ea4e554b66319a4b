// A partition of the grouped nets with everything that a local search asks for at once: what each vertex costs on each
// part, given where the others are. So a move's gain is two look-ups, and only a move that is made pays for the update:
// a group changes the table where its last pin leaves a part, its first enters it, or one remains.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/partition/grouped_nets.hpp"

namespace spikeloom::compiler {

class GainTable {
public:
    GainTable(const GroupedNets& nets, std::uint32_t parts, std::vector<std::uint32_t> part_of);

    [[nodiscard]] std::uint32_t parts() const { return parts_; }
    [[nodiscard]] std::uint32_t part(std::uint32_t v) const { return part_of_[v]; }
    [[nodiscard]] const std::vector<std::uint32_t>& part_of() const { return part_of_; }
    [[nodiscard]] std::uint64_t load(std::uint32_t part) const { return load_[part]; }
    [[nodiscard]] std::int64_t copies() const { return copies_; }
    /// What the objective holds for v on `part`, beyond that without v.
    [[nodiscard]] std::int32_t cost(std::uint32_t v, std::uint32_t part) const {
        return cost_[std::size_t{part} * vertices_ + v];
    }
    /// By how much the objective grows if v moves.
    [[nodiscard]] std::int32_t delta(std::uint32_t v, std::uint32_t to) const {
        return cost(v, to) - cost(v, part_of_[v]);
    }
    /// The vertices of a part, in an order that depends on the moves made so far.
    [[nodiscard]] std::span<const std::uint32_t> members(std::uint32_t part) const { return members_[part]; }
    void move(std::uint32_t v, std::uint32_t to);
    /// Table entries changed so far: a measure of time that does not depend on the machine.
    [[nodiscard]] std::uint64_t work() const { return work_; }

private:
    struct Pins {
        std::uint32_t count = 0;
        std::uint32_t exclusive_or = 0;  ///< of the pins on the part: the pin itself where it is alone
    };
    void fill();
    void add_to_pins(std::uint32_t group, std::uint32_t part, std::int32_t amount, std::uint32_t except);
    void add_to_sources(std::uint32_t group, std::uint32_t part, std::int32_t sign);
    void leave(std::uint32_t group, std::uint32_t v, std::uint32_t part);
    void enter(std::uint32_t group, std::uint32_t v, std::uint32_t part);
    void shift_source(std::uint32_t group, std::uint32_t part, std::int32_t amount);
    [[nodiscard]] std::int32_t& entry(std::uint32_t v, std::uint32_t part) {
        return cost_[std::size_t{part} * vertices_ + v];
    }
    [[nodiscard]] std::size_t slot(std::uint32_t group, std::uint32_t part) const {
        return std::size_t{group} * parts_ + part;
    }

    const GroupedNets& nets_;
    std::uint32_t parts_;
    std::uint32_t vertices_;
    std::vector<std::uint32_t> part_of_;
    std::vector<std::uint64_t> load_;
    std::vector<std::vector<std::uint32_t>> members_;
    std::vector<std::uint32_t> place_;  ///< of a vertex among the members of its part
    std::vector<Pins> pins_;            ///< by group and part
    std::vector<std::int32_t> rest_;    ///< by group and part: W - weight of the sources there
    std::vector<std::int32_t> cost_;    ///< by part and vertex
    std::int64_t copies_ = 0;
    std::uint64_t work_ = 0;
};

}  // namespace spikeloom::compiler
