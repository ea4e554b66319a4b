// The steps of split_fan_in: which ways lead through helpers, how a neuron's sources are dealt over them, in which
// formats (split_fan_in.cpp); and the network, table and projections that come of it (write_fan_in.cpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "chip/spec/weight_format.hpp"
#include "compiler/legalise/legal_network.hpp"
#include "compiler/legalise/rounded_synapses.hpp"
#include "compiler/legalise/split_fan_in.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

class FanInSplitter {
public:
    FanInSplitter(const LegalMapping& from, const SplitPlan& plan, const chip::ChipSpec& chip)
        : from_(from),
          network_(from.legal.network),
          mapped_(from.mapped),
          plan_(plan),
          chip_(chip),
          payload_most_((std::int64_t{1} << (chip.neuron.payload_bits - 1)) - 1) {}

    [[nodiscard]] Result<LegalMapping> run(bool approximate_reset);

private:
    /// What a helper adds up: synapses with their sources as nodes of `from`.
    struct Part {
        std::vector<FanInSynapse> synapses{};
        std::uint32_t helper = 0;
        std::int64_t most = 0;  ///< magnitude that the sum can have, in units of 64 x 2^shift
        bool bounded = true;
        bool wraps = false;  ///< the sum may be more than a payload holds, and it does no harm
    };
    /// A neuron that is split.
    struct Neuron {
        std::uint32_t node = 0;
        std::uint32_t population = 0;
        std::uint32_t sources = 0;  ///< that lead through helpers
        std::vector<Part> parts{};
        double unit = 1;  ///< contribution to u in units of 2^6, of a weight of 1
        std::uint32_t shift = 0;
    };
    /// A population of helpers.
    struct Group {
        std::uint32_t population = 0;  ///< whose parts they make
        std::uint32_t first = 0;       ///< helper
        std::uint32_t count = 0;
        std::vector<const Part*> parts{};  ///< by helper
        std::vector<const Neuron*> neurons{};
    };

    [[nodiscard]] Diagnostics find_detours();
    void list_nodes();
    [[nodiscard]] bool sums_wrap(std::uint32_t population) const;
    [[nodiscard]] std::uint32_t shift_of(const std::vector<std::vector<FanInSynapse>>& helped) const;
    void deal(Diagnostics& findings);
    [[nodiscard]] std::int64_t deal(Neuron& neuron, const std::vector<FanInSynapse>& helped, std::uint32_t parts,
                                    bool wrap) const;
    void number_helpers();
    void find_units(bool approximate_reset);
    void find_formats(Diagnostics& findings);
    void write_populations(LegalMapping& to, Diagnostics& findings) const;
    void write_table(LegalMapping& to) const;
    [[nodiscard]] std::optional<std::vector<RoundedSynapse>> direct_synapses(std::size_t projection) const;
    void write_projections(LegalMapping& to) const;
    void write_projections(LegalMapping& to, const Group& group, std::uint32_t population) const;
    void write_rates(LegalMapping& to) const;
    void remark(LegalMapping& to) const;

    /// Calls use(synapses of one source) along synapses in their order.
    template <class Use>
    static void for_each_source(std::span<const FanInSynapse> synapses, const Use& use) {
        for (std::size_t begin = 0; begin < synapses.size();) {
            std::size_t end = begin + 1;
            while (end < synapses.size() && synapses[end].source == synapses[begin].source) {
                ++end;
            }
            use(synapses.subspan(begin, end - begin));
            begin = end;
        }
    }
    /// Those that lead through helpers.
    [[nodiscard]] std::vector<FanInSynapse> helped_synapses(const Neuron& neuron) const;
    /// What the synapses can bring in a step; 0: not known.
    [[nodiscard]] std::int64_t brings(std::span<const FanInSynapse> synapses) const;
    [[nodiscard]] std::int32_t contribution(const FanInSynapse& synapse, std::uint32_t shift = 0) const {
        chip::WeightFormat format = formats_[synapse.format];
        format.weight_exponent -= static_cast<int>(shift);
        return chip::effective_weight_64(static_cast<int>(synapse.weight), format,
                                         chip_.conventions.negative_mixed_weight);
    }
    /// Whether the synapse leads through a helper that sums in other units than it has.
    [[nodiscard]] bool shifted(std::uint32_t source, std::uint32_t target, std::uint64_t delay) const {
        return helped(source, target, delay) && shifts_.at(entity_at_[target]) > 0;
    }
    [[nodiscard]] std::uint32_t neurons() const { return mapped_.neurons(); }
    [[nodiscard]] std::uint32_t helpers() const { return groups_.back().first + groups_.back().count; }
    /// The node as `to` numbers it: helpers stand between neurons and inputs.
    [[nodiscard]] std::uint32_t renumbered(std::uint32_t node) const {
        return node + (node < neurons() ? 0 : helpers());
    }
    /// Steps that what the source sends to the target waits longer, by way of a helper or not.
    [[nodiscard]] int later(std::uint32_t source, std::uint32_t target) const {
        return added_[entity_at_[target]] - (source < neurons() ? added_[entity_at_[source]] : 0);
    }
    /// Steps that a synapse waits longer, its helper's taken off.
    [[nodiscard]] int longer(std::uint32_t source, std::uint32_t target, std::uint64_t delay) const {
        return later(source, target) - (helped(source, target, delay) ? 1 : 0);
    }
    /// Whether a synapse between the two leads through a helper: where its delay can take up the helper's step.
    [[nodiscard]] bool helped(std::uint32_t source, std::uint32_t target, std::uint64_t delay) const {
        return split_[target] && static_cast<int>(delay) + later(source, target) > 0;
    }
    /// A synapse as `to` has it, in time.
    [[nodiscard]] FanInSynapse moved(FanInSynapse synapse, std::uint32_t source, std::uint32_t target) const {
        const int more = longer(source, target, synapse.delay);
        const bool other_units = shifted(source, target, synapse.delay);
        if (more != 0 || other_units) {
            synapse.delay = static_cast<std::uint64_t>(static_cast<int>(synapse.delay) + more);
            synapse.format =
                other_formats_.at({static_cast<std::uint16_t>(synapse.format), entity_at_[target], other_units});
        }
        synapse.source = renumbered(source);
        return synapse;
    }

    const LegalMapping& from_;
    const Network& network_;
    const MappedNetwork& mapped_;
    const SplitPlan& plan_;
    const chip::ChipSpec& chip_;
    std::int64_t payload_most_;
    std::vector<int> added_;                ///< steps, by population
    std::vector<std::uint32_t> entity_at_;  ///< by node: its population, or its input, numbered behind them
    std::vector<bool> split_;               ///< by node: whether the neuron has helpers
    std::vector<Neuron> neurons_;
    std::vector<Group> groups_;
    std::vector<chip::WeightFormat> formats_;
    /// By population: the helpers of its neurons sum in units of 64 x 2^shift.
    std::map<std::uint32_t, std::uint32_t> shifts_;
    /// Of (format, population, whether in those units).
    std::map<std::tuple<std::uint16_t, std::uint32_t, bool>, std::uint16_t> other_formats_;
    /// The synapse that passes a helper's sum on, of weight 2^shift.
    struct PassingOn {
        std::uint16_t format = 0;
        std::int16_t mantissa = 1;
    };
    std::map<std::uint32_t, PassingOn> passing_on_;  ///< by shift
};

}  // namespace spikeloom::compiler
