// Writes recordings as the contract of the recorder says, small and made up, with one thing wrong where a test wants
// it: change the members, then write().
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/counters.hpp"
#include "core/files/hdf5.hpp"

namespace spikeloom::test {

/// A path for a file of this test, fresh in the temporary folder.
[[nodiscard]] std::string temporary_path(const std::string& name);

struct RecordingBuilder {
    std::vector<std::string> names{"hidden", "output"};
    std::vector<std::uint64_t> sizes{10, 3};
    std::vector<std::string> shapes{"2x5", "3"};
    std::vector<std::uint64_t> places{0, 5};
    std::uint64_t steps = 40;
    std::vector<double> hidden_times{0, 1, 1, 7, 12, 30};  ///< ms
    std::vector<std::uint64_t> hidden_ids{0, 3, 9, 9, 1, 2};
    std::vector<double> output_times{9, 29};
    std::vector<std::uint64_t> output_ids{2, 0};
    std::vector<std::int32_t> labels{2, 0};  ///< empty: no /eval
    std::vector<std::int32_t> predictions{2, -1};
    std::vector<float> step_times;  ///< ns; empty: 100 + step
    std::vector<std::uint32_t> slowest;
    std::string losses = R"([{"name": "fc", "weights": 30, "synapses": 27, "zeroed": 3, "rms_error": 0.01}])";
    std::string gap;                       ///< JSON; empty: none
    std::string spec;                      ///< empty: two made-up cost tables "first" and "second"
    std::size_t counters = counter_count;  ///< columns, and cost items
    bool spikes = true;
    bool foreign = false;  ///< no root attribute, no /network
    std::function<void(files::Hdf5Writer&)> more;

    /// Returns the path.
    [[nodiscard]] std::string write(const std::string& name) const;

private:
    void write_costs(files::Hdf5Writer& file, const std::string& table, double scale) const;
    void write_samples(files::Hdf5Writer& file) const;
};

}  // namespace spikeloom::test
