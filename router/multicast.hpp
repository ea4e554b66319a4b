// The ways of a group as trees: at each router that a multicast message passes, the outputs that it leaves by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "router/graph.hpp"
#include "router/model.hpp"

namespace spikeloom::router {

class MulticastTrees {
public:
    struct Branch {
        Hop hop;
        std::uint32_t next = 0;  ///< node at the other end; of a branch to a core: the number of its member
    };

    /// Adds a group's tree; returns the group's number.
    std::uint32_t add(const Graph& graph, std::uint32_t source, std::span<const GroupMember> members);

    [[nodiscard]] std::uint32_t root(std::uint32_t group) const { return roots_[group]; }
    [[nodiscard]] std::span<const Branch> branches(std::uint32_t node) const {
        return std::span(branches_).subspan(first_branch_[node], first_branch_[node + 1] - first_branch_[node]);
    }
    [[nodiscard]] std::span<const GroupMember> members(std::uint32_t group) const {
        return std::span(members_).subspan(first_member_[group], first_member_[group + 1] - first_member_[group]);
    }
    /// Cores that a message to `destination` (Message::destination) comes to.
    [[nodiscard]] std::uint64_t copies(std::uint32_t destination) const {
        return (destination & group_flag) != 0 ? members(destination & ~group_flag).size() : 1;
    }
    /// Members of all groups before this one: where the group's members stand among all.
    [[nodiscard]] std::uint32_t first_member(std::uint32_t group) const { return first_member_[group]; }
    [[nodiscard]] const GroupMember& member(std::uint32_t number) const { return members_[number]; }

private:
    std::vector<std::uint32_t> roots_;
    std::vector<std::uint32_t> first_branch_{0};
    std::vector<Branch> branches_;
    std::vector<std::uint32_t> first_member_{0};
    std::vector<GroupMember> members_;
};

}  // namespace spikeloom::router
