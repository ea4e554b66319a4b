#include <algorithm>
#include <numeric>
#include <optional>

#include "compiler/analog/spike_streams.hpp"

namespace spikeloom::compiler::analog {
namespace {

class ClassChooser {
public:
    ClassChooser(std::span<Stream> streams, int bus, std::span<const Block> blocks, const Fabric& fabric)
        : streams_(streams), bus_(bus), blocks_(blocks), fabric_(fabric) {
        lay_values();
        order_streams();
    }

    tl::expected<BusClasses, Shortage> choose() {
        const auto all = static_cast<int>(classes_.values.size());
        if (least_classes() > all || locals_ > classes_.local_classes * fabric_.labels) {
            return tl::unexpected(label_shortage());
        }
        for (int count = std::max(least_classes(), 1); count <= all; ++count) {
            if (deal(count)) {
                classes_.drivers = std::move(needed_);
                return std::move(classes_);
            }
        }
        return tl::unexpected(best_driver_shortage_ ? std::move(*best_driver_shortage_) : label_shortage());
    }

private:
    /// Every value of the compared bits, a neuron's first. Without neurons on the bus all bits may be compared.
    void lay_values() {
        locals_ = std::ranges::count_if(streams_, &Stream::local);
        const int all_bits = (1 << fabric_.select_bits) - 1;
        if (locals_ == 0) {
            classes_.mask = all_bits;
            classes_.values.resize(static_cast<std::size_t>(all_bits) + 1);
            std::iota(classes_.values.begin(), classes_.values.end(), 0);
            return;
        }
        classes_.mask = all_bits & ~fabric_.output_select_bits(bus_);
        const auto output = std::ranges::find(fabric_.output_bus, bus_) - fabric_.output_bus.begin();
        const int base = (static_cast<int>(output) << fabric_.free_select_bits) & classes_.mask;
        classes_.local_classes = silent_class(fabric_);
        for (int k = 0; k < classes_.local_classes; ++k) {
            classes_.values.push_back(base | k);
        }
        for (int value = 0; value <= all_bits; ++value) {
            const bool neuron_value = (value >> fabric_.free_select_bits) == (base >> fabric_.free_select_bits);
            if ((value & classes_.mask) == value && !neuron_value) {
                classes_.values.push_back(value);
            }
        }
    }

    /// Whether its label must be its own in every hemisphere.
    [[nodiscard]] bool common(const Stream& stream) const {
        bool all = true;
        for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
            all = all && stream.wanted_in(hemisphere);
        }
        return stream.local || all;
    }

    /// Those with fewer choices first: neurons, then what both hemispheres want, then by number of synapses.
    void order_streams() {
        order_.resize(streams_.size());
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        for (const Stream& stream : streams_) {
            common_.push_back(common(stream));
        }
        std::ranges::stable_sort(order_, {}, [this](std::size_t i) {
            return std::tuple(!streams_[i].local, !common_[i], -static_cast<std::int64_t>(streams_[i].uses.size()));
        });
    }

    /// Classes without which the labels don't suffice.
    [[nodiscard]] int least_classes() const {
        const std::int64_t most = labels_needed();
        return static_cast<int>((most + fabric_.labels - 1) / fabric_.labels);
    }
    [[nodiscard]] std::int64_t labels_needed() const {
        std::int64_t most = 0;
        for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
            std::int64_t heard = 0;
            for (std::size_t i = 0; i < streams_.size(); ++i) {
                heard += common_[i] || streams_[i].wanted_in(hemisphere) ? 1 : 0;
            }
            most = std::max(most, heard);
        }
        return most;
    }

    [[nodiscard]] Shortage label_shortage() const {
        const std::int64_t locals_room = std::int64_t{classes_.local_classes} * fabric_.labels;
        if (locals_ > locals_room) {
            return {.limit = "labels of neurons on PADI bus " + std::to_string(bus_),
                    .need = locals_,
                    .room = locals_room,
                    .crowded = {}};
        }
        return {.limit = "labels on PADI bus " + std::to_string(bus_),
                .need = labels_needed(),
                .room = static_cast<std::int64_t>(classes_.values.size()) * fabric_.labels,
                .crowded = {}};
    }

    std::int32_t& count_of(int k, const Use& use) {
        return counts_[(static_cast<std::size_t>(k) * blocks_.size() + use.target) *
                           static_cast<std::size_t>(fabric_.hemispheres) +
                       static_cast<std::size_t>(use.hemisphere)];
    }
    int& needed(int hemisphere, int k) {
        return needed_[static_cast<std::size_t>(hemisphere)][static_cast<std::size_t>(k)];
    }
    /// Drivers that `use` would make its class need, were its stream in class k.
    int drivers_with(const Use& use, int k) {
        const int width = blocks_[use.target].width;
        return (count_of(k, use) + width) / width;
    }

    [[nodiscard]] bool has_label(const Stream& stream, bool is_common, int k) const {
        const LabelUse& labels = labels_[static_cast<std::size_t>(k)];
        if (is_common) {
            return labels.common + std::ranges::max(labels.own) < fabric_.labels;
        }
        for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
            if (stream.wanted_in(hemisphere)) {
                return labels.common + labels.own[static_cast<std::size_t>(hemisphere)] < fabric_.labels;
            }
        }
        return true;
    }

    /// Common labels count up from 0, those of one hemisphere down from the last.
    void take_label(Stream& stream, bool is_common) {
        LabelUse& labels = labels_[static_cast<std::size_t>(stream.select_class)];
        if (is_common) {
            stream.label = labels.common++;
            return;
        }
        const auto hemisphere = static_cast<std::size_t>(stream.uses.front().hemisphere);
        stream.label = fabric_.labels - 1 - labels.own[hemisphere]++;
    }

    struct Cost {
        int drivers = 0;         ///< that the classes need in addition
        std::int64_t taken = 0;  ///< by others that share a column with it
        int select_class = 0;
        friend auto operator<=>(const Cost&, const Cost&) = default;
    };

    Cost cost(const Stream& stream, int k) {
        Cost cost{.select_class = k};
        std::vector<int>& most = scratch_;
        most.assign(static_cast<std::size_t>(fabric_.hemispheres), 0);
        for (const Use& use : stream.uses) {
            int& here = most[static_cast<std::size_t>(use.hemisphere)];
            here = std::max(here, drivers_with(use, k));
            cost.taken += std::int64_t{count_of(k, use)} * fabric_.columns / blocks_[use.target].width;
        }
        for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
            cost.drivers += std::max(0, most[static_cast<std::size_t>(hemisphere)] - needed(hemisphere, k));
        }
        return cost;
    }

    /// Deals the streams out to the first `count` classes; false: drivers or labels run out.
    bool deal(int count) {
        const auto hemispheres = static_cast<std::size_t>(fabric_.hemispheres);
        counts_.assign(static_cast<std::size_t>(count) * blocks_.size() * hemispheres, 0);
        needed_.assign(hemispheres, std::vector<int>(static_cast<std::size_t>(count), 0));
        labels_.assign(static_cast<std::size_t>(count), {.common = 0, .own = std::vector<int>(hemispheres, 0)});
        for (const std::size_t i : order_) {
            Stream& stream = streams_[i];
            const int last = stream.local ? std::min(count, classes_.local_classes) : count;
            std::optional<Cost> best;
            for (int k = 0; k < last; ++k) {
                if (has_label(stream, common_[i], k)) {
                    const Cost here = cost(stream, k);
                    best = best ? std::min(*best, here) : here;
                }
            }
            if (!best) {
                return false;
            }
            stream.select_class = best->select_class;
            take_label(stream, common_[i]);
            for (const Use& use : stream.uses) {
                int& most = needed(use.hemisphere, stream.select_class);
                most = std::max(most, drivers_with(use, stream.select_class));
                ++count_of(stream.select_class, use);
            }
        }
        return enough_drivers();
    }

    bool enough_drivers() {
        for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
            const std::vector<int>& classes = needed_[static_cast<std::size_t>(hemisphere)];
            const std::int64_t need = std::accumulate(classes.begin(), classes.end(), std::int64_t{0});
            if (need <= fabric_.drivers_per_bus) {
                continue;
            }
            if (!best_driver_shortage_ || need < best_driver_shortage_->need) {
                best_driver_shortage_ = {.limit = "drivers of PADI bus " + std::to_string(bus_) + ", hemisphere " +
                                                  std::to_string(hemisphere),
                                         .need = need,
                                         .room = fabric_.drivers_per_bus,
                                         .crowded = {}};
            }
            return false;
        }
        return true;
    }

    struct LabelUse {
        int common = 0;
        std::vector<int> own;  ///< a hemisphere
    };

    std::span<Stream> streams_;
    int bus_;
    std::span<const Block> blocks_;
    const Fabric& fabric_;
    BusClasses classes_;
    std::int64_t locals_ = 0;
    std::vector<std::size_t> order_;
    std::vector<bool> common_;
    std::vector<std::int32_t> counts_;      ///< [class][target][hemisphere]: sources
    std::vector<std::vector<int>> needed_;  ///< [hemisphere][class]: drivers
    std::vector<LabelUse> labels_;          ///< [class]
    std::vector<int> scratch_;
    std::optional<Shortage> best_driver_shortage_;
};

}  // namespace

int silent_class(const Fabric& fabric) {
    return (1 << fabric.free_select_bits) - 1;
}

tl::expected<BusClasses, Shortage> choose_classes(std::span<Stream> streams, int bus, std::span<const Block> blocks,
                                                  const Fabric& fabric) {
    return ClassChooser(streams, bus, blocks, fabric).choose();
}

}  // namespace spikeloom::compiler::analog
