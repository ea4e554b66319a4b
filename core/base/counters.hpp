// Everything that a run counts, in one table: report, HDF5 and documentation take name, unit and sentence from
// here. Hot code bumps these integers by fan-out; energy and time are computed from them afterwards.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spikeloom {

enum class Counter : std::uint8_t {
    updates_active,
    updates_idle,
    spikes,
    messages_out,
    messages_in,
    messages_local,
    hops_ew,
    hops_ns,
    synaptic_events_sparse,
    synaptic_events_runlength,
    synaptic_events_dense,
    input_spikes,
    learning_updates,
    hops_vertical,
    hops_chip,
    output_spikes,
};

struct CounterInfo {
    Counter counter;
    std::string_view name;
    std::string_view unit;
    std::string_view sentence;
};

inline constexpr std::array<CounterInfo, 16> counter_table{{
    {Counter::updates_active, "updates_active", "updates",
     "compartment updates whose current, voltage or bias was not zero"},
    {Counter::updates_idle, "updates_idle", "updates", "compartment updates that found everything at rest"},
    {Counter::spikes, "spikes", "spikes", "spikes that the core's compartments fired"},
    {Counter::messages_out, "messages_out", "messages",
     "spike messages sent: one for each spike and each destination axon; with multicast, one for each spike"},
    {Counter::messages_in, "messages_in", "messages", "spike messages received, from cores and from outside"},
    {Counter::messages_local, "messages_local", "messages",
     "messages, or copies of them, to a core of the sender's own tile"},
    {Counter::hops_ew, "hops_ew", "hops", "links east or west that the messages sent crossed"},
    {Counter::hops_ns, "hops_ns", "hops", "links north or south that the messages sent crossed"},
    {Counter::synaptic_events_sparse, "synaptic_events_sparse", "events",
     "synapses of sparse-encoded entries that a message read and added"},
    {Counter::synaptic_events_runlength, "synaptic_events_runlength", "events",
     "synapses of run-length-encoded entries that a message read and added"},
    {Counter::synaptic_events_dense, "synaptic_events_dense", "events",
     "synapses of dense-encoded entries that a message read and added"},
    {Counter::input_spikes, "input_spikes", "spikes", "spikes that the host sent into the core"},
    {Counter::learning_updates, "learning_updates", "updates",
     "plastic synapses that an epoch evaluated: for a spike of their source or target, or for u_k"},
    {Counter::hops_vertical, "hops_vertical", "hops", "links up or down a tree that the messages sent crossed"},
    {Counter::hops_chip, "hops_chip", "hops",
     "links between chips that the messages sent crossed; counted among the others too"},
    {Counter::output_spikes, "output_spikes", "spikes", "spikes of output populations, that the host reads"},
}};

inline constexpr std::size_t counter_count = counter_table.size();

/// Counts of one core (or of all), indexed by Counter. 64 bits: a run never overflows them.
class Counters {
public:
    constexpr std::uint64_t& operator[](Counter counter) { return counts_[static_cast<std::size_t>(counter)]; }
    constexpr std::uint64_t operator[](Counter counter) const { return counts_[static_cast<std::size_t>(counter)]; }

    constexpr Counters& operator+=(const Counters& other) {
        for (std::size_t i = 0; i < counter_count; ++i) {
            counts_[i] += other.counts_[i];
        }
        return *this;
    }
    friend constexpr bool operator==(const Counters&, const Counters&) = default;

    [[nodiscard]] constexpr std::uint64_t synaptic_events() const {
        return (*this)[Counter::synaptic_events_sparse] + (*this)[Counter::synaptic_events_runlength] +
               (*this)[Counter::synaptic_events_dense];
    }
    [[nodiscard]] constexpr std::uint64_t updates() const {
        return (*this)[Counter::updates_active] + (*this)[Counter::updates_idle];
    }

private:
    std::array<std::uint64_t, counter_count> counts_{};
};

}  // namespace spikeloom
