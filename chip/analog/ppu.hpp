// The chip with its plasticity processors (PPUs): neurons and sensors in continuous time, and at given times kernels of
// a rule that read a hemisphere's sensors row by row and write 6-bit weights back. Each row is read and written at the
// time at which the processor comes to it, from the kernel's instruction counts.
//
//     auto plastic = PlasticChip::make(chip, program, {.tasks = {{.kernel = 0, .rows = rows, .timer =
//     timer}}}).value(); plastic.add(inputs);                      // times in s, channels of the image
//     plastic.advance(10e-3);                   // neurons, sensors, and every kernel that is due
//     plastic.weights(0, row); plastic.executions();
//
// A processor runs one kernel at a time, to its end, and then of those that are due the one with the earliest deadline
// (its next release). The two processors work side by side, each on its hemisphere.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "chip/analog/analog_chip.hpp"
#include "chip/analog/correlation.hpp"
#include "core/ppu/machine.hpp"

namespace spikeloom::chip::analog {

/// When a kernel is due: start, start + period, ... (s of chip time), `count` times.
struct Timer {
    double start_s = 0;
    double period_s = 1e-3;
    std::uint32_t count = 1;
    friend bool operator==(const Timer&, const Timer&) = default;
};

struct PlasticTask {
    int kernel = 0;  ///< of the program
    std::uint8_t hemisphere = 0;
    std::vector<std::uint16_t> rows;  ///< of the hemisphere, in the order in which the kernel sees them
    Timer timer;
    friend bool operator==(const PlasticTask&, const PlasticTask&) = default;
};

struct PlasticOptions {
    std::vector<PlasticTask> tasks;
    CorrelationParameters correlation{};
    std::uint8_t random_seed = 1;  ///< of the processors' generators, 1..255
    int random_discarded = 234;
};

/// One run of a kernel.
struct Execution {
    std::uint32_t task = 0;
    std::uint32_t number = 0;  ///< of the timer's, from 0
    double release_s = 0;
    double begin_s = 0;
    double end_s = 0;
    double deadline_s = 0;
    [[nodiscard]] bool missed() const { return end_s > deadline_s; }
    friend bool operator==(const Execution&, const Execution&) = default;
};

class PlasticChip {
public:
    /// Refuses chips without a processor or with frozen weights, images of several runs, rows and rules that don't fit.
    [[nodiscard]] static Result<PlasticChip> make(const AnalogChip& chip, const ppu::Program& program,
                                                  const PlasticOptions& options);
    ~PlasticChip();
    PlasticChip(PlasticChip&&) noexcept;
    PlasticChip& operator=(PlasticChip&&) noexcept;

    /// Input spikes to come, none before time().
    void add(std::span<const core::analog::InputSpike> spikes);
    /// To `until` (s), and on to the end of a kernel that runs then. A fault of the rule ends it.
    [[nodiscard]] Result<void> advance(double until);
    [[nodiscard]] double time() const;

    /// Spikes of the network's neurons since the last clear_spikes(), in order of time.
    [[nodiscard]] std::span<const core::analog::Spike> spikes() const;
    void clear_spikes();

    /// 6-bit weights of a row's columns; 0 where no synapse is programmed.
    [[nodiscard]] ppu::Bytes weights(std::uint8_t hemisphere, std::uint16_t row) const;
    /// Written by the host: as a kernel would.
    void set_weights(std::uint8_t hemisphere, std::uint16_t row, const ppu::Bytes& values);
    /// The processor of a hemisphere: parameters, states, records.
    [[nodiscard]] ppu::Machine& processor(std::uint8_t hemisphere);

    /// All kernels that ran, in the order of their beginnings.
    [[nodiscard]] std::span<const Execution> executions() const;
    /// What the rule's records held at the end of each of them: executions() x records of the program, by execution.
    [[nodiscard]] std::span<const double> records() const;
    /// Instructions of both processors.
    [[nodiscard]] const ppu::Counts& instructions() const;
    [[nodiscard]] const core::analog::EngineCounts& counts() const;

private:
    struct State;
    explicit PlasticChip(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// What one processor does with tasks of known durations (s): the schedule, without a chip.
[[nodiscard]] std::vector<Execution> schedule(std::span<const PlasticTask> tasks, std::span<const double> durations,
                                              std::uint8_t hemisphere);

}  // namespace spikeloom::chip::analog
