#include "compiler/passes/tile_division.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <tuple>

namespace spikeloom::compiler {
namespace {

/// Synapses that an entry of a list holds.
constexpr double longest_run = 60;

/// Divisions along one axis that are looked at.
constexpr std::uint32_t most_parts = 4096;

std::uint64_t ceil_divide(std::uint64_t a, std::uint64_t b) {
    return (a + b - 1) / std::max<std::uint64_t>(b, 1);
}

std::uint64_t neurons_of(const std::array<std::uint32_t, 3>& picture) {
    return std::uint64_t{picture[0]} * picture[1] * picture[2];
}

/// Whether the link says which part of a target of this picture hears what.
bool fits_target(const PictureLink& link, const std::array<std::uint32_t, 3>& picture) {
    return link.local && link.axes[0].outputs == picture[0] && link.axes[1].outputs == picture[1] &&
           link.axes[2].outputs == picture[2];
}

bool fits_source(const PictureLink& link, const std::array<std::uint32_t, 3>& picture) {
    return link.local && link.axes[0].sources() == picture[0] && link.axes[1].sources() == picture[1] &&
           link.axes[2].sources() == picture[2];
}

/// How many of `parts` stretches hear each index of a source's axis.
std::vector<std::uint32_t> listeners(const AxisLink& axis, std::uint32_t parts) {
    std::vector<std::uint32_t> count(axis.sources(), 0);
    for (std::uint32_t i = 0; i < parts; ++i) {
        const Stretch heard = axis.heard(stretch(axis.outputs, parts, i));
        for (std::uint32_t source = heard.begin; source < heard.end; ++source) {
            ++count[source];
        }
    }
    return count;
}

}  // namespace

TileRoom TileRoom::scaled(double share) const {
    const auto part = [&](std::uint64_t all) {
        return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(all) * share));
    };
    TileRoom room = *this;
    room.neurons = part(neurons);
    room.input_axons = part(input_axons);
    room.output_axons = part(output_axons);
    room.synapse_bits *= share;
    return room;
}

TileRoom tile_room(const chip::ChipSpec& chip, const MappedNetwork& mapped) {
    const auto amount = [](std::int64_t limit) { return static_cast<std::uint64_t>(std::max<std::int64_t>(limit, 1)); };
    TileRoom room{.neurons = amount(std::min<std::int64_t>(chip.limits.compartments, mapped.neurons())),
                  .input_axons = amount(chip.limits.input_axons),
                  .output_axons = amount(chip.limits.output_axons),
                  .word_bits = static_cast<double>(chip.synapses.word_bits),
                  .shared_lists = chip.synapses.shared_lists,
                  .lists_in_part = chip.synapses.shared_in_part};
    int widest = 1;
    for (const chip::WeightFormat& format : mapped.table.formats) {
        widest = std::max(widest, format.weight_bits + format.delay_bits);
    }
    if (chip.synapses.crossbar_types == 0) {
        room.synapse_bits = static_cast<double>(chip.synapses.words) * chip.synapses.word_bits;
    }
    room.bits_a_synapse = widest;
    int index_bits = 0;
    for (const int bits : chip.synapses.index_bits) {
        index_bits = std::max(index_bits, bits);
    }
    room.bits_an_entry = chip.synapses.format_id_bits + chip.synapses.count_bits + index_bits;
    return room;
}

/// One axis of a population's picture, for every number of parts (index: parts - 1).
struct Divider::Axis {
    struct In {
        std::vector<std::uint64_t> all, most;
        std::vector<std::uint64_t> taps;   ///< of shared lists
        std::vector<std::uint64_t> parts;  ///< of lists read in part: different ones
    };
    std::vector<std::uint32_t> size;              ///< of the largest part
    std::vector<In> in;                           ///< of the links into the population that fit its picture
    std::vector<std::vector<std::uint64_t>> out;  ///< listeners of the part that has most, by link out of it
};

struct Divider::Tables {
    std::array<std::uint32_t, 3> picture{};
    std::array<Axis, 3> axes;
};

Divider::Divider(const Network& network, const TileRoom& room)
    : network_(network),
      room_(room),
      links_(picture_links(network)),
      into_(network.populations.size()),
      out_of_(network.populations.size()),
      divisions_(network.populations.size()),
      settled_(network.populations.size(), false),
      output_axons_(network.populations.size(), 0) {
    for (std::uint32_t i = 0; i < links_.size(); ++i) {
        into_[links_[i].target].push_back(i);
        if (links_[i].source.kind == Source::Kind::population) {
            out_of_[links_[i].source.index].push_back(i);
        }
    }
    for (const std::uint32_t population : last_first()) {
        settle(population, best(population));
    }
}

/// Populations after all that they lead to; on a cycle, the one written last comes first.
std::vector<std::uint32_t> Divider::last_first() const {
    std::vector<std::uint32_t> order;
    std::vector<std::uint32_t> waits_for(out_of_.size());
    std::vector<bool> taken(out_of_.size(), false);
    for (std::size_t p = 0; p < out_of_.size(); ++p) {
        waits_for[p] = static_cast<std::uint32_t>(out_of_[p].size());
    }
    std::vector<std::uint32_t> ready;
    auto next = static_cast<std::uint32_t>(out_of_.size());
    while (order.size() < out_of_.size()) {
        if (ready.empty()) {
            ready.push_back(--next);
        }
        const std::uint32_t population = ready.back();
        ready.pop_back();
        if (taken[population]) {
            continue;
        }
        taken[population] = true;
        order.push_back(population);
        for (const std::uint32_t link : into_[population]) {
            const Source& source = links_[link].source;
            if (source.kind == Source::Kind::population && --waits_for[source.index] == 0) {
                ready.push_back(source.index);
            }
        }
    }
    return order;
}

Divider::Tables Divider::tables(std::uint32_t population, std::uint32_t most) const {
    Tables tables{.picture = picture_of(network_.populations[population]), .axes = {}};
    for (std::size_t a = 0; a < 3; ++a) {
        Axis& axis = tables.axes[a];
        const std::uint32_t extent = tables.picture[a];
        const std::uint32_t most_here = std::min(extent, most);
        axis.in.resize(into_[population].size());
        axis.out.resize(out_of_[population].size());
        for (std::uint32_t parts = 1; parts <= most_here; ++parts) {
            axis.size.push_back(static_cast<std::uint32_t>(ceil_divide(extent, parts)));
        }
        for (std::size_t i = 0; i < axis.in.size(); ++i) {
            const PictureLink& link = links_[into_[population][i]];
            if (!fits_target(link, tables.picture)) {
                continue;
            }
            for (std::uint32_t parts = 1; parts <= most_here; ++parts) {
                std::uint64_t all = 0;
                std::uint64_t widest = 0;
                std::uint64_t taps = 0;
                std::uint64_t lists = 0;
                for (std::uint32_t k = 0; k < parts; ++k) {
                    const Stretch part = stretch(extent, parts, k);
                    const std::uint32_t heard = link.axes[a].heard(part).size();
                    all += heard;
                    widest = std::max<std::uint64_t>(widest, heard);
                    if (room_.shared_lists && (k == 0 || k == parts / 2 || k + 1 == parts)) {
                        const AxisLink::Taps here = link.axes[a].distinct_taps(part);
                        taps = std::max(taps, room_.lists_in_part ? here.longest : here.synapses);
                        lists = std::max(lists, here.lists);
                    }
                }
                axis.in[i].all.push_back(all);
                axis.in[i].most.push_back(widest);
                axis.in[i].taps.push_back(taps);
                axis.in[i].parts.push_back(lists);
            }
        }
        for (std::size_t i = 0; i < axis.out.size(); ++i) {
            const PictureLink& link = links_[out_of_[population][i]];
            if (!settled_[link.target] || !fits_source(link, tables.picture) ||
                !fits_target(link, picture_of(network_.populations[link.target]))) {
                continue;
            }
            const std::vector<std::uint32_t> count = listeners(link.axes[a], divisions_[link.target].along(a));
            for (std::uint32_t parts = 1; parts <= most_here; ++parts) {
                std::uint64_t widest = 0;
                for (std::uint32_t k = 0; k < parts; ++k) {
                    const Stretch part = stretch(extent, parts, k);
                    widest = std::max<std::uint64_t>(
                        widest,
                        std::accumulate(count.begin() + part.begin, count.begin() + part.end, std::uint64_t{0}));
                }
                axis.out[i].push_back(widest);
            }
        }
    }
    return tables;
}

/// The product over the axes of what `of_axis` picks (by number of parts) at a division.
template <class OfAxis>
std::uint64_t Divider::product(const Tables& tables, const Division& division, OfAxis of_axis) {
    std::uint64_t value = 1;
    for (std::size_t a = 0; a < 3; ++a) {
        const std::vector<std::uint64_t>& values = of_axis(tables.axes[a]);
        value *= values[division.along(a) - 1];
    }
    return value;
}

/// Of the lists of the i-th link into a tile of so many neurons, which hears so many sources.
double Divider::list_bits(const Tables& tables, const PictureLink& link, std::size_t i, const Division& division,
                          double neurons, double heard) const {
    using Values = const std::vector<std::uint64_t>&;
    const bool fits = fits_target(link, tables.picture);
    const double channels = tables.axes[0].size[division.channels - 1];
    if (!fits || !link.shared || !room_.shared_lists) {
        // A list each, which ends with a word: of short ones that is half of it.
        const double synapses = neurons * link.fan_in;
        const double lists = std::max(1.0, std::min(heard, synapses));
        const double run = std::min({longest_run, synapses / lists, fits ? link.run * channels : longest_run});
        const double bits = synapses / lists * (room_.bits_a_synapse + room_.bits_an_entry / std::max(run, 1.0));
        return lists * std::ceil(bits / room_.word_bits) * room_.word_bits;
    }
    const auto taps =
        static_cast<double>(product(tables, division, [&](const Axis& axis) -> Values { return axis.in[i].taps; }));
    const double run = std::min(longest_run, room_.lists_in_part ? channels : link.run * channels);
    double parts = 0;
    if (room_.lists_in_part) {
        parts = room_.word_bits;
        double entries = 1;
        for (std::size_t a = 1; a < 3; ++a) {
            parts *= static_cast<double>(tables.axes[a].in[i].parts[division.along(a) - 1]);
            entries *= static_cast<double>(tables.axes[a].in[i].taps[division.along(a) - 1]);
        }
        parts *= std::ceil(entries / room_.word_bits);
    }
    return taps * (room_.bits_a_synapse + room_.bits_an_entry / run) + parts;
}

TileUse Divider::use(const Tables& tables, std::uint32_t population, const Division& division) const {
    using Values = const std::vector<std::uint64_t>&;
    TileUse use{.most_neurons = 1};
    for (std::size_t a = 0; a < 3; ++a) {
        use.most_neurons *= tables.axes[a].size[division.along(a) - 1];
    }
    for (std::size_t i = 0; i < into_[population].size(); ++i) {
        const PictureLink& link = links_[into_[population][i]];
        std::uint64_t all = link.sources * division.tiles();
        std::uint64_t most = link.sources;
        if (fits_target(link, tables.picture)) {
            all = product(tables, division, [&](const Axis& axis) -> Values { return axis.in[i].all; });
            most = product(tables, division, [&](const Axis& axis) -> Values { return axis.in[i].most; });
        }
        use.input_axons += all;
        use.most_input_axons += most;
        use.most_synapse_bits +=
            list_bits(tables, link, i, division, static_cast<double>(use.most_neurons), static_cast<double>(most));
    }
    use.most_synapse_bits *= room_.measured.empty() ? 1.0 : room_.measured[population];
    for (std::size_t i = 0; i < out_of_[population].size(); ++i) {
        const PictureLink& link = links_[out_of_[population][i]];
        if (!tables.axes[0].out[i].empty()) {
            use.most_output_axons += product(tables, division, [&](const Axis& axis) -> Values { return axis.out[i]; });
        } else {
            const std::uint64_t tiles = link.target == population ? division.tiles() : divisions_[link.target].tiles();
            use.most_output_axons += use.most_neurons * (link.local ? 1 : tiles);
        }
    }
    return use;
}

TileUse Divider::use(std::uint32_t population, const Division& division) const {
    return use(tables(population, std::max({division.channels, division.rows, division.columns})), population,
               division);
}

/// That a population takes at least, if its neurons have so many output axons.
std::uint64_t Divider::cores_for(std::uint32_t population, std::uint64_t output_axons) const {
    return std::max(ceil_divide(network_.populations[population].size(), room_.neurons),
                    ceil_divide(output_axons, room_.output_axons));
}

Division Divider::best(std::uint32_t population) const {
    const std::array<std::uint32_t, 3> picture = picture_of(network_.populations[population]);
    const std::uint64_t fewest = ceil_divide(neurons_of(picture), room_.neurons);
    const std::uint64_t most_tiles = std::min<std::uint64_t>(neurons_of(picture), 4 * fewest + 1024);
    const Tables tables =
        this->tables(population, static_cast<std::uint32_t>(std::min<std::uint64_t>(most_tiles, most_parts)));
    struct Choice {
        Division division;
        bool fits = false;
        std::uint64_t cost = 0;
        std::uint64_t axons = 0;
        [[nodiscard]] auto rank() const { return std::tuple(!fits, cost, axons); }
    };
    std::optional<Choice> best;
    const auto parts_along = [&](std::size_t axis) {
        return static_cast<std::uint32_t>(tables.axes[axis].size.size());
    };
    const auto consider = [&](const Division& division) {
        const TileUse use = this->use(tables, population, division);
        Choice choice{.division = division, .cost = division.tiles(), .axons = use.input_axons};
        // How far the worst limit is passed counts as tiles more, for it is what cores will be split by.
        const double over =
            std::max({static_cast<double>(use.most_neurons) / static_cast<double>(room_.neurons),
                      static_cast<double>(use.most_input_axons) / static_cast<double>(room_.input_axons),
                      static_cast<double>(use.most_output_axons) / static_cast<double>(room_.output_axons),
                      use.most_synapse_bits / room_.synapse_bits});
        choice.fits = over <= 1;
        for (const std::uint32_t link : into_[population]) {
            const Source& source = links_[link].source;
            if (source.kind == Source::Kind::population && source.index != population) {
                choice.cost += cores_for(source.index, output_axons_[source.index] + use.input_axons) -
                               cores_for(source.index, output_axons_[source.index]);
            }
        }
        if (!choice.fits) {
            choice.cost += static_cast<std::uint64_t>(static_cast<double>(division.tiles()) * std::min(over, 1e6));
        }
        if (!best || choice.rank() < best->rank()) {
            best = choice;
        }
    };
    for (std::uint32_t c = 1; c <= parts_along(0); ++c) {
        for (std::uint32_t r = 1; r <= parts_along(1) && std::uint64_t{c} * r <= most_tiles; ++r) {
            for (std::uint32_t w = 1; w <= parts_along(2) && std::uint64_t{c} * r * w <= most_tiles; ++w) {
                const std::uint64_t tiles = std::uint64_t{c} * r * w;
                if (tiles < fewest || (best && best->fits && tiles > best->cost)) {
                    continue;
                }
                consider({.channels = c, .rows = r, .columns = w});
            }
        }
    }
    return best ? best->division : Division{};
}

void Divider::settle(std::uint32_t population, const Division& division) {
    divisions_[population] = division;
    settled_[population] = true;
    const std::array<std::uint32_t, 3> picture = picture_of(network_.populations[population]);
    for (const std::uint32_t index : into_[population]) {
        const PictureLink& link = links_[index];
        if (link.source.kind != Source::Kind::population) {
            continue;
        }
        std::uint64_t axons = fits_target(link, picture) ? 1 : link.sources * division.tiles();
        for (std::size_t a = 0; a < 3 && fits_target(link, picture); ++a) {
            const std::vector<std::uint32_t> count = listeners(link.axes[a], division.along(a));
            axons *= std::accumulate(count.begin(), count.end(), std::uint64_t{0});
        }
        output_axons_[link.source.index] += axons;
    }
}

}  // namespace spikeloom::compiler
