#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "compiler/analog/spike_streams.hpp"

namespace spikeloom::compiler::analog {
namespace {

class ClassChooser {
public:
    ClassChooser(std::span<Stream> streams, int bus, std::span<const Block> blocks, const Fabric& fabric)
        : streams_(streams), bus_(bus), blocks_(blocks), fabric_(fabric) {
        heard_ = std::ranges::any_of(streams_, [](const Stream& stream) { return stream.local && !stream.silent(); });
        for (const Stream& stream : streams_) {
            common_.push_back(stream.local || wanted_everywhere(stream));
        }
        order_streams();
    }

    /// One class, 2, 4, ... More classes help where labels run out; where drivers do, they are tried once more, since
    /// streams can then be moved more freely.
    tl::expected<BusClasses, Shortage> choose() {
        constexpr int most_crowded = 2;
        BusClasses classes;
        for (const int bit : compared_bits()) {
            if (deal(classes)) {
                return classes;
            }
            if (crowded_deals_ == most_crowded) {
                break;
            }
            classes.mask |= 1 << bit;
            classes.silent_bit = !heard_ || (classes.mask >> (fabric_.free_select_bits - 1) & 1) == 0;
        }
        if (crowded_deals_ < most_crowded && deal(classes)) {
            return classes;
        }
        return tl::unexpected(driver_shortage_ ? std::move(*driver_shortage_) : label_shortage(classes));
    }

private:
    [[nodiscard]] bool wanted_everywhere(const Stream& stream) const {
        bool all = true;
        for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
            all = all && stream.wanted_in(hemisphere);
        }
        return all;
    }

    /// In the order in which they are taken to part classes: first those that a neuron can choose, then those in which
    /// the event outputs of the bus differ, then those that are the same in all neurons of the bus.
    [[nodiscard]] std::vector<int> compared_bits() const {
        std::vector<int> bits(static_cast<std::size_t>(fabric_.select_bits));
        std::iota(bits.begin(), bits.end(), 0);
        const int differing = fabric_.output_select_bits(bus_);
        std::ranges::stable_sort(bits, {}, [&](int bit) {
            return bit < fabric_.free_select_bits ? 0 : (differing >> bit & 1) != 0 ? 1 : 2;
        });
        return bits;
    }

    /// Those with fewer choices first: neurons, then what both hemispheres want, then by number of synapses.
    void order_streams() {
        order_.resize(streams_.size());
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::ranges::stable_sort(order_, {}, [this](std::size_t i) {
            return std::tuple(!streams_[i].local || streams_[i].silent(), !common_[i],
                              -static_cast<std::int64_t>(streams_[i].uses.size()));
        });
    }

    /// Streams that need labels in the hemisphere where most do.
    [[nodiscard]] std::int64_t labels_needed(const BusClasses& classes) const {
        std::int64_t most = 0;
        for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
            std::int64_t heard = 0;
            for (std::size_t i = 0; i < streams_.size(); ++i) {
                const bool audible =
                    streams_[i].silent() ? !classes.silent_bit : common_[i] || streams_[i].wanted_in(hemisphere);
                heard += audible ? 1 : 0;
            }
            most = std::max(most, heard);
        }
        return most;
    }

    [[nodiscard]] Shortage label_shortage(const BusClasses& classes) const {
        return {.limit = "labels on PADI bus " + std::to_string(bus_),
                .need = labels_needed(classes),
                .room = std::int64_t{fabric_.labels} << std::popcount(static_cast<unsigned>(classes.mask)),
                .crowded = {}};
    }

    std::size_t index(const Use& use, std::size_t k) const {
        return (k * blocks_.size() + use.target) * static_cast<std::size_t>(fabric_.hemispheres) +
               static_cast<std::size_t>(use.hemisphere);
    }

    /// A class during the deal.
    struct Class {
        int select = 0;
        int drivers = 0;
        int common_labels = 0;
        std::vector<int> own_labels;  ///< a hemisphere
    };

    void lay_classes(int mask) {
        classes_.clear();
        for (int select = 0; select < 1 << fabric_.select_bits; ++select) {
            if ((select & mask) == select) {
                classes_.push_back({.select = select,
                                    .drivers = static_cast<int>(drivers_of_class(mask, select, fabric_).size()),
                                    .own_labels = std::vector<int>(static_cast<std::size_t>(fabric_.hemispheres), 0)});
            }
        }
        counts_.assign(classes_.size() * blocks_.size() * static_cast<std::size_t>(fabric_.hemispheres), 0);
    }

    /// A neuron chooses only the lowest bits of its row select (and leaves the highest of those to the silent).
    [[nodiscard]] bool can_choose(const Stream& stream, const Class& in, int mask) const {
        if (!stream.local) {
            return true;
        }
        const int given = mask & ~((1 << fabric_.free_select_bits) - 1);
        return ((stream.output << fabric_.free_select_bits ^ in.select) & given) == 0;
    }

    [[nodiscard]] bool has_label(std::size_t stream, const Class& in) const {
        if (common_[stream]) {
            return in.common_labels + std::ranges::max(in.own_labels) < fabric_.labels;
        }
        const auto hemisphere = static_cast<std::size_t>(streams_[stream].uses.front().hemisphere);
        return in.common_labels + in.own_labels[hemisphere] < fabric_.labels;
    }

    /// In (+1) or out (-1) of class k.
    void count(std::size_t i, std::size_t k, int change) {
        Class& in = classes_[k];
        if (common_[i]) {
            in.common_labels += change;
        } else {
            in.own_labels[static_cast<std::size_t>(streams_[i].uses.front().hemisphere)] += change;
        }
        for (const Use& use : streams_[i].uses) {
            counts_[index(use, k)] += change;
        }
    }

    struct Cost {
        std::int64_t left_out = 0;  ///< synapses for which the class has no driver left
        std::int64_t taken = 0;     ///< by others that share a column with it, relative to the class
        int labels = 0;             ///< in use
        std::size_t number = 0;     ///< of the class
        friend auto operator<=>(const Cost&, const Cost&) = default;
    };

    [[nodiscard]] Cost cost(std::size_t i, std::size_t k) const {
        const Class& in = classes_[k];
        Cost cost{.labels = in.common_labels + std::ranges::max(in.own_labels), .number = k};
        for (const Use& use : streams_[i].uses) {
            const std::int32_t count = counts_[index(use, k)];
            const int width = blocks_[use.target].width;
            cost.left_out += count >= in.drivers * width ? 1 : 0;
            cost.taken += std::int64_t{count} * fabric_.columns / width;
        }
        return cost;
    }

    /// The best class that has a label left for the stream.
    [[nodiscard]] std::optional<std::size_t> best_class(std::size_t i, int mask) const {
        std::optional<Cost> best;
        for (std::size_t k = 0; k < classes_.size(); ++k) {
            if (can_choose(streams_[i], classes_[k], mask) && has_label(i, classes_[k])) {
                const Cost here = cost(i, k);
                best = best ? std::min(*best, here) : here;
            }
        }
        return best ? std::optional(best->number) : std::nullopt;
    }

    /// Deals the streams out to the classes of this mask; false: drivers or labels run out.
    bool deal(const BusClasses& classes) {
        lay_classes(classes.mask);
        const std::int64_t room = static_cast<std::int64_t>(classes_.size()) * fabric_.labels;
        if (labels_needed(classes) > room) {
            return false;
        }
        dealt_.clear();
        for (const std::size_t i : order_) {
            if (streams_[i].silent() && classes.silent_bit) {
                continue;
            }
            const auto k = best_class(i, classes.mask);
            if (!k) {
                return false;
            }
            count(i, *k, 1);
            dealt_.emplace_back(i, *k);
        }
        improve(classes.mask);
        if (!enough_drivers()) {
            return false;
        }
        give_labels();
        return true;
    }

    [[nodiscard]] bool crowded(std::size_t i, std::size_t k) const {
        return std::ranges::any_of(streams_[i].uses, [&](const Use& use) {
            return counts_[index(use, k)] > classes_[k].drivers * blocks_[use.target].width;
        });
    }

    /// Moves streams out of classes that are too full for one of their columns, as long as that helps.
    void improve(int mask) {
        constexpr int passes = 16;
        bool moved = true;
        for (int pass = 0; pass < passes && moved; ++pass) {
            moved = false;
            for (auto& [i, k] : dealt_) {
                if (!crowded(i, k)) {
                    continue;
                }
                count(i, k, -1);
                const std::size_t better = best_class(i, mask).value_or(k);
                moved = moved || better != k;
                k = better;
                count(i, k, 1);
            }
        }
    }

    /// Common labels count up from 0, those of one hemisphere down from the last.
    void give_labels() {
        for (Class& in : classes_) {
            in.common_labels = 0;
            std::ranges::fill(in.own_labels, 0);
        }
        for (const auto& [i, k] : dealt_) {
            Stream& stream = streams_[i];
            Class& in = classes_[k];
            stream.select = in.select;
            stream.label = common_[i] ? in.common_labels
                                      : fabric_.labels - 1 -
                                            in.own_labels[static_cast<std::size_t>(stream.uses.front().hemisphere)];
            ++(common_[i] ? in.common_labels : in.own_labels[static_cast<std::size_t>(stream.uses.front().hemisphere)]);
        }
    }

    bool enough_drivers() {
        Shortage shortage;
        for (std::size_t k = 0; k < classes_.size(); ++k) {
            for (std::uint32_t target = 0; target < blocks_.size(); ++target) {
                for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
                    const int width = blocks_[target].width;
                    const int need = (counts_[index({target, hemisphere, 0}, k)] + width - 1) / width;
                    if (need <= classes_[k].drivers) {
                        continue;
                    }
                    shortage.crowded.push_back(target);
                    if (need - classes_[k].drivers > shortage.need - shortage.room) {
                        shortage.limit = "drivers of one row-select class on PADI bus " + std::to_string(bus_);
                        shortage.need = need;
                        shortage.room = classes_[k].drivers;
                    }
                }
            }
        }
        if (shortage.crowded.empty()) {
            return true;
        }
        std::ranges::sort(shortage.crowded);
        const auto rest = std::ranges::unique(shortage.crowded);
        shortage.crowded.erase(rest.begin(), rest.end());
        ++crowded_deals_;
        if (!driver_shortage_ || shortage.crowded.size() < driver_shortage_->crowded.size()) {
            driver_shortage_ = std::move(shortage);
        }
        return false;
    }

    std::span<Stream> streams_;
    int bus_;
    std::span<const Block> blocks_;
    const Fabric& fabric_;
    bool heard_ = false;        ///< some neuron speaks on the bus to others
    std::vector<bool> common_;  ///< by stream: its label must be its own in every hemisphere
    std::vector<std::size_t> order_;
    std::vector<std::pair<std::size_t, std::size_t>> dealt_;  ///< streams with their classes
    std::vector<Class> classes_;
    std::vector<std::int32_t> counts_;  ///< [class][target][hemisphere]: sources
    int crowded_deals_ = 0;
    std::optional<Shortage> driver_shortage_;
};

}  // namespace

std::vector<int> drivers_of_class(int mask, int select, const Fabric& fabric) {
    std::vector<int> drivers;
    for (int driver = 0; driver < fabric.drivers_per_bus; ++driver) {
        if ((driver & mask) == select) {
            drivers.push_back(driver);
        }
    }
    return drivers;
}

tl::expected<BusClasses, Shortage> choose_classes(std::span<Stream> streams, int bus, std::span<const Block> blocks,
                                                  const Fabric& fabric) {
    return ClassChooser(streams, bus, blocks, fabric).choose();
}

}  // namespace spikeloom::compiler::analog
