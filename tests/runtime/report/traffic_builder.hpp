// /traffic of a made-up recording, for the readers' tests: RecordingBuilder's 40 steps on two cores, a 2 x 2 mesh of
// tiles, every figure a simple function of its index. Change a member, then write it into a recording.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/files/hdf5.hpp"

namespace spikeloom::test {

struct TrafficBuilder {
    std::string model = "queued";
    std::string costs = "first";
    double cycle = 0.5;                ///< ns
    std::vector<float> phases;         ///< 40 x 8, in the order of `columns`
    std::vector<std::string> columns;  ///< names of the phases
    std::vector<std::string> bounds;   ///< names of the bounds
    std::vector<std::uint8_t> bound;
    std::vector<std::uint32_t> core, link;
    std::vector<std::string> names;
    std::vector<std::uint32_t> from, to, interval, peak;
    std::vector<std::int32_t> from_column, from_row, to_column, to_row;
    std::vector<std::uint8_t> between_chips;
    std::vector<std::uint64_t> flits, waited;
    std::uint64_t window_steps = 10;
    std::vector<std::uint32_t> window, window_link, window_flits, window_peak;
    std::vector<std::uint64_t> out, in;
    // trace; no messages: not written
    std::vector<std::uint64_t> message_step;
    std::vector<std::uint32_t> source, destination, hops, stalled_link;
    std::vector<float> made, injected, arrived, processed, stalled;

    TrafficBuilder();
    /// Four messages: latencies 10, 20, 30 and 100 ns; the last waited 60 ns before link 2.
    void add_trace();
    void write(files::Hdf5Writer& file) const;
};

}  // namespace spikeloom::test
