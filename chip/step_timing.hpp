// How long a step takes: its phases, what bounds it, and what happened in the spike network meanwhile. Computed from
// what the chip counted and which compartments fired, never the other way round: no spike depends on it.
//
//     updates and spikes --> messages into the network as they are made --> arrival, synaptic work in the receiver
//     then learning, the barrier, the host's phase (inputs of this step, outputs of this step)
//
// A core's updates take equally long each, whichever were active; after its update a compartment that fires takes the
// time of a spike, then that of each message. A message is worked on in the step in which it is sent, though its
// events are counted one step later (chip/README.md). Inputs come before the step begins and cross no link.
// Cycles: moments are rounded, not durations, so neither a sender's nor a receiver's sum is off by more than half a
// cycle (but each copy of a multicast message is rounded by itself).
//
// Under `free` the step is max over cores of max(generation, processing), as chip::step_time and SANA-FE's simple
// model have it: a receiver is never idle because a message is still on its way.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "chip/chip.hpp"
#include "chip/cost.hpp"
#include "chip/image/image.hpp"
#include "router/model.hpp"

namespace spikeloom::chip {

/// What a step's length comes from.
enum class StepBound : std::uint8_t {
    generation,  ///< updates, spikes, messages of the busiest sender
    processing,  ///< messages and synaptic events of the busiest receiver
    network,     ///< waiting: neither of them alone explains the step; links, buffers, or chains of both
    learning,
    barrier,
    host,
};
[[nodiscard]] std::string_view name_of(StepBound bound);

/// Phases follow one another; generation, processing and link overlap in the first.
struct StepTiming {
    double time_ns = 0;        ///< of the whole step
    double spiking_ns = 0;     ///< from the step's start until the last core has worked off its last message
    double generation_ns = 0;  ///< of the busiest sender alone, without stalls
    double processing_ns = 0;  ///< of the busiest receiver alone
    double link_ns = 0;        ///< of the busiest link between routers alone: flits a plane times interval
    double learning_ns = 0;    ///< what learning adds: each core begins when it is done with its messages
    double barrier_ns = 0;
    double host_ns = 0;                       ///< spikes from and to the host, one after the other
    StepBound bound = StepBound::generation;  ///< the longest phase; of the first: what comes nearest to spiking_ns
    std::uint32_t core = 0;                   ///< of the image: done last
    std::uint32_t link = router::no_link;     ///< of the graph: the busiest; none without messages
    friend bool operator==(const StepTiming&, const StepTiming&) = default;
};

/// One step's events, as the chip hands them out.
struct StepEvents {
    std::span<const Counters> cores;     ///< of this step, by core of the image
    std::span<const CoreSpike> spikes;   ///< ascending
    std::span<const InputSpike> inputs;  ///< of this step
};

class StepTimer {
public:
    struct Options {
        router::Model model = router::Model::queued;
        bool trace = false;   ///< keep every message's passage of the last step
        bool traffic = true;  ///< false: outcome() may be left empty where the time doesn't need it
    };
    /// The image may be dropped afterwards; `costs` is copied. Errors: a network that can't be built, a link that
    /// a relative address can't reach.
    [[nodiscard]] static Result<StepTimer> create(const Image& image, const CostTable& costs, const Options& options);

    StepTimer(StepTimer&&) noexcept;
    StepTimer& operator=(StepTimer&&) noexcept;
    ~StepTimer();

    /// Another one over the same tables, for another thread: a step's timing depends on its events alone.
    [[nodiscard]] StepTimer sibling() const;

    [[nodiscard]] StepTiming step(const StepEvents& events);
    /// What the last step's cores did, by core of the image: as the chip counted, but with the messages (and their
    /// synaptic events) that were sent in this step and not in the one before.
    [[nodiscard]] std::span<const Counters> counts() const;
    /// The last step under another table and the model `free`: that of its slowest core, its barrier, the host.
    [[nodiscard]] StepTime free_time(const CostTable& costs) const;
    /// Whether the steps from now on keep passages; those of the last one are gone.
    void set_trace(bool on);

    /// Of the last step. Endpoints are places on the mesh, not cores of the image.
    [[nodiscard]] const router::Outcome& outcome() const;
    [[nodiscard]] const router::Graph& graph() const;
    [[nodiscard]] double cycle_ns() const;
    [[nodiscard]] router::Model model() const;
    /// Of the tables that siblings share.
    [[nodiscard]] std::size_t resident_bytes() const;

private:
    class State;
    explicit StepTimer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace spikeloom::chip
