#include "compiler/partition/gain_table.hpp"

#include <limits>
#include <utility>

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

}  // namespace

GainTable::GainTable(const GroupedNets& nets, std::uint32_t parts, std::vector<std::uint32_t> part_of)
    : nets_(nets),
      parts_(parts),
      vertices_(nets.vertices()),
      part_of_(std::move(part_of)),
      load_(parts, 0),
      members_(parts),
      place_(vertices_),
      pins_(nets.groups() * parts),
      rest_(nets.groups() * parts),
      cost_(std::size_t{vertices_} * parts, 0),
      copies_(compiler::copies(nets, part_of_)) {
    fill();
}

void GainTable::fill() {
    for (std::uint32_t v = 0; v < vertices_; ++v) {
        load_[part_of_[v]] += nets_.vertex_weight[v];
        place_[v] = static_cast<std::uint32_t>(members_[part_of_[v]].size());
        members_[part_of_[v]].push_back(v);
    }
    for (std::uint32_t g = 0; g < nets_.groups(); ++g) {
        for (const std::uint32_t v : nets_.pins[g]) {
            Pins& pins = pins_[slot(g, part_of_[v])];
            ++pins.count;
            pins.exclusive_or ^= v;
        }
        for (std::uint32_t part = 0; part < parts_; ++part) {
            rest_[slot(g, part)] = nets_.group_weight[g];
        }
        for (const GroupSource& source : nets_.sources[g]) {
            rest_[slot(g, part_of_[source.other])] -= source.weight;
        }
        for (std::uint32_t part = 0; part < parts_; ++part) {
            const Pins& pins = pins_[slot(g, part)];
            if (pins.count == 0) {
                add_to_pins(g, part, rest_[slot(g, part)], nobody);
            } else {
                add_to_sources(g, part, -1);
            }
            if (pins.count == 1) {
                entry(pins.exclusive_or, part) += rest_[slot(g, part)];
            }
        }
    }
    work_ = 0;
}

void GainTable::add_to_pins(std::uint32_t group, std::uint32_t part, std::int32_t amount, std::uint32_t except) {
    const auto pins = nets_.pins[group];
    std::int32_t* const row = cost_.data() + std::size_t{part} * vertices_;
    for (const std::uint32_t v : pins) {
        row[v] += amount;
    }
    if (except != nobody) {
        row[except] -= amount;
    }
    work_ += pins.size();
}

void GainTable::add_to_sources(std::uint32_t group, std::uint32_t part, std::int32_t sign) {
    const auto sources = nets_.sources[group];
    std::int32_t* const row = cost_.data() + std::size_t{part} * vertices_;
    for (const GroupSource& source : sources) {
        row[source.other] += sign * source.weight;
    }
    work_ += sources.size();
}

/// v, a pin, leaves the part. What v itself costs there does not change: it never counts itself.
void GainTable::leave(std::uint32_t group, std::uint32_t v, std::uint32_t part) {
    const std::size_t at = slot(group, part);
    Pins& pins = pins_[at];
    --pins.count;
    pins.exclusive_or ^= v;
    if (pins.count == 0) {
        add_to_pins(group, part, rest_[at], v);
        add_to_sources(group, part, 1);
    } else if (pins.count == 1) {
        entry(pins.exclusive_or, part) += rest_[at];
    }
    ++work_;
}

void GainTable::enter(std::uint32_t group, std::uint32_t v, std::uint32_t part) {
    const std::size_t at = slot(group, part);
    Pins& pins = pins_[at];
    if (pins.count == 0) {
        add_to_pins(group, part, -rest_[at], v);
        add_to_sources(group, part, -1);
    } else if (pins.count == 1) {
        entry(pins.exclusive_or, part) -= rest_[at];
    }
    ++pins.count;
    pins.exclusive_or ^= v;
    ++work_;
}

/// The sources on the part grow lighter by `amount`: dearer for pins that would be the first there.
void GainTable::shift_source(std::uint32_t group, std::uint32_t part, std::int32_t amount) {
    const std::size_t at = slot(group, part);
    rest_[at] += amount;
    if (pins_[at].count == 0) {
        add_to_pins(group, part, amount, nobody);
    } else if (pins_[at].count == 1) {
        entry(pins_[at].exclusive_or, part) += amount;
    }
    ++work_;
}

void GainTable::move(std::uint32_t v, std::uint32_t to) {
    const std::uint32_t from = part_of_[v];
    copies_ += delta(v, to);
    for (const std::uint32_t g : nets_.groups_of[v]) {
        leave(g, v, from);
        enter(g, v, to);
    }
    for (const GroupSource& source : nets_.sourced_by[v]) {
        shift_source(source.other, from, source.weight);
        shift_source(source.other, to, -source.weight);
    }
    load_[from] -= nets_.vertex_weight[v];
    load_[to] += nets_.vertex_weight[v];
    std::vector<std::uint32_t>& old = members_[from];
    place_[old.back()] = place_[v];
    old[place_[v]] = old.back();
    old.pop_back();
    place_[v] = static_cast<std::uint32_t>(members_[to].size());
    members_[to].push_back(v);
    part_of_[v] = to;
}

}  // namespace spikeloom::compiler
