// One network on several chips, as one value: for every chip whether it fits, or every reason why not, what of the chip
// it takes, and, given a labelled set, how well it answers and what an inference costs there, in steps and in
// continuous time alike. Text, JSON and page (chip_comparison_forms.hpp) are pure functions of the value.
//
// Energy is that of the chip: what events cost, and what the cores in use and the rest of the chip draw while they
// compute. Embedded processors, and cores that are not in use, stand beside it; boards and hosts are left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chip/cost.hpp"
#include "core/base/analog_neuron.hpp"
#include "runtime/analog/timed_set.hpp"
#include "runtime/stimulus.hpp"
#include "tools/command_line.hpp"
#include "tools/model_files.hpp"
#include "tools/network_source.hpp"

namespace spikeloom::tools {

/// One inference under one of the chip's cost tables: means over the samples.
struct InferencePrice {
    std::string table{};  ///< empty: the chip has none, and only latency is known
    std::string title{};
    chip::Estimate events_pj{};  ///< updates, spikes, messages, synapses, hops
    chip::Estimate cores_pj{};   ///< leakage and clock of the cores in use
    chip::Estimate chip_pj{};    ///< what the chip draws besides; of an analog chip its whole power
    /// Embedded ones, not in energy_pj(); none: not priced apart.
    std::optional<chip::Estimate> processors_pj{};
    /// What the cores that nothing was mapped to would draw if they were on, not in energy_pj(); none: as above.
    std::optional<chip::Estimate> idle_cores_pj{};
    double latency_ns = 0;
    double latency_least_ns = 0;  ///< over samples; equal to the next: not known
    double latency_most_ns = 0;
    std::optional<chip::Estimate> decision_pj{};   ///< energy up to the first label spike
    double decision_ns = 0;                        ///< latency up to there; with decision_pj
    std::vector<chip::ConstantShare> constants{};  ///< of energy_pj(), largest share first
    std::optional<chip::ConstantShare> slowest{};  ///< constant that most of the latency is made of; energy unused

    [[nodiscard]] chip::Estimate energy_pj() const;
    /// Trust of energy and latency: the weakest among the constants that make up nine tenths of it.
    [[nodiscard]] std::optional<chip::Trust> energy_trust() const;
};

struct Inference {
    std::string time;  ///< "64 steps of 1 ms", "continuous, 48 us"
    std::uint64_t samples = 0;
    std::uint64_t correct = 0;
    std::uint64_t silent = 0;
    double decision_s = never;  ///< mean time of the answer's first spike; on chips with steps in the network's time
    double spikes = 0;          ///< of neurons, a sample
    std::vector<InferencePrice> prices{};
    bool interrupted = false;
};

struct ChipRow {
    std::string chip;
    std::string title{};
    bool continuous = false;  ///< a chip without steps
    bool fits = false;
    bool approximated = false;   ///< fits, but as a network that is only near the given one; a remark says where
    Diagnostics why{};           ///< where it doesn't: all of the compiler's reasons
    std::size_t cores = 0;       ///< in use; of a chip without steps: runs, one after the other
    int cores_there = 0;         ///< 0: of an ideal chip, which has no limits
    std::string binding{};       ///< limit that is used most on any core
    double fullest = 0;          ///< that use
    double filled = 0;           ///< its mean over cores
    std::uint64_t messages = 0;  ///< if every neuron and every channel spikes once; chips with steps only
    std::uint64_t hops = 0;
    std::optional<double> weight_error{};  ///< rms over rms weight
    std::optional<Inference> inference{};  ///< none: no set, doesn't fit, or `not_run`
    Diagnostics not_run{};                 ///< fits, but this set can't be run there
    std::vector<std::string> remarks{};
};

struct ChipComparison {
    std::string network;
    std::string format;
    std::string set;  ///< empty: none
    std::vector<ChipRow> chips;
    bool interrupted = false;
};

/// A network in the kind of time that it was made for; one of them.
struct ComparedNetwork {
    std::optional<LoadedNetwork> stepped;
    std::optional<LoadedTimedNetwork> first_spike;  ///< TTFS text, NIR with its metadata
    [[nodiscard]] const std::string& name() const {
        return stepped ? stepped->network.name : first_spike->network.name;
    }
    [[nodiscard]] const std::string& format() const { return stepped ? stepped->format : first_spike->format; }
};

/// The set for that kind of network; both absent: fits and what it takes is all that is asked.
struct ComparedSet {
    std::optional<runtime::LabelledSet> coded;
    std::optional<runtime::TimedSet> timed;
    [[nodiscard]] bool given() const { return coded || timed; }
};

struct ComparisonSetting {
    const CommandLine& line;
    const ComparedNetwork& network;
    const ComparedSet& set;
};

/// A chip that the network does not fit is a row; a set that does not fit the network is an error.
[[nodiscard]] Result<ChipRow> compare_on(const ComparisonSetting& setting, const AnyChip& chip);

/// One kind of network on one kind of chip (the parts of compare_on): rows that say whether it fits, with what it is.
[[nodiscard]] Result<ChipRow> stepped_on_steps(const ComparisonSetting& setting, const chip::ChipSpec& chip);
[[nodiscard]] Result<ChipRow> stepped_on_analog(const ComparisonSetting& setting, const chip::AnalogSpec& chip);
[[nodiscard]] Result<ChipRow> first_spike_on_steps(const ComparisonSetting& setting, const chip::ChipSpec& chip);
[[nodiscard]] Result<ChipRow> first_spike_on_analog(const ComparisonSetting& setting, const chip::AnalogSpec& chip);

}  // namespace spikeloom::tools
