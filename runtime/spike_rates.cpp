#include "runtime/spike_rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/counters.hpp"
#include "core/files/hdf5.hpp"
#include "runtime/isolated_reading.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::uint64_t rows_at_once = std::uint64_t{1} << 20;
constexpr std::uint64_t most_populations = 100'000;

/// As the recorder names them: '/' would nest groups.
std::string recorded_name(const std::string& name) {
    std::string recorded = name;
    std::ranges::replace(recorded, '/', '.');
    return recorded;
}

class RateReader {
public:
    explicit RateReader(files::Hdf5Reader file) : file_(std::move(file)) {}

    Result<RecordedRates> read(const std::vector<RatedPopulation>& populations) {
        const auto steps = read_steps();
        const auto names = file_.read_texts("/network/names", most_populations);
        const auto sizes = file_.read<std::uint64_t>("/network/sizes", most_populations);
        if (!steps || !names || !sizes) {
            return fail(!steps ? steps.error() : !names ? names.error() : sizes.error());
        }
        if (names->values.size() != sizes->values.size()) {
            return wrong("/network/sizes", fmt::format("{} sizes", sizes->values.size()),
                         fmt::format("one for each of {} names", names->values.size()));
        }
        RecordedRates rates;
        for (const RatedPopulation& population : populations) {
            const std::string name = recorded_name(population.name);
            const auto at = std::ranges::find(names->values, name) - names->values.begin();
            if (static_cast<std::size_t>(at) == names->values.size()) {
                return wrong("/network/names", fmt::format("there is no population '{}'", population.name),
                             "a recording of the network that is compiled");
            }
            if (sizes->values[static_cast<std::size_t>(at)] != population.size) {
                return wrong("/network/sizes",
                             fmt::format("population '{}' has {} neurons", population.name,
                                         sizes->values[static_cast<std::size_t>(at)]),
                             fmt::format("{}, as in the network that is compiled", population.size));
            }
            auto counted = count_spikes(name, population, static_cast<double>(*steps));
            if (!counted) {
                return fail(std::move(counted.error()));
            }
            rates.populations.push_back(std::move(*counted));
        }
        auto inputs = input_spikes();
        if (!inputs) {
            return fail(std::move(inputs.error()));
        }
        rates.input_spikes_a_step = *inputs / static_cast<double>(*steps);
        return rates;
    }

private:
    [[nodiscard]] tl::unexpected<Diagnostics> wrong(const std::string& path, std::string found,
                                                    std::string allowed) const {
        return fail({.where = file_.where(path), .found = std::move(found), .allowed = std::move(allowed)});
    }

    [[nodiscard]] Result<std::uint64_t> read_steps() const {
        if (!file_.has("/counters/per_step") || !file_.has("/provenance")) {
            return wrong("/", "no run of a chip with steps", "a recording by spikeloom run or eval");
        }
        const auto info = file_.describe("/counters/per_step");
        if (!info) {
            return fail(info.error());
        }
        if (info->shape.size() != 2 || info->shape[0] == 0) {
            return wrong("/counters/per_step", "a run without steps", "at least 1 step");
        }
        return info->shape[0];
    }

    [[nodiscard]] Result<std::vector<float>> count_spikes(const std::string& name, const RatedPopulation& population,
                                                          double steps) const {
        std::vector<std::uint64_t> counts(population.size, 0);
        const std::string path = fmt::format("/spikes/{}/node_ids", name);
        if (population.spikes && file_.has(path)) {
            const auto info = file_.describe(path);
            if (!info || info->shape.size() != 1) {
                return !info ? fail(info.error()) : wrong(path, "a table", "one dimension");
            }
            for (std::uint64_t first = 0; first < info->count; first += rows_at_once) {
                const auto rows =
                    file_.read_rows<std::uint64_t>(path, first, std::min(rows_at_once, info->count - first));
                if (!rows) {
                    return fail(rows.error());
                }
                for (const std::uint64_t neuron : rows->values) {
                    if (neuron >= counts.size()) {
                        return wrong(path, fmt::format("neuron {}", neuron), fmt::format("0 to {}", counts.size() - 1));
                    }
                    ++counts[neuron];
                }
            }
        }
        std::vector<float> rates(counts.size());
        std::ranges::transform(counts, rates.begin(), [&](std::uint64_t count) {
            return static_cast<float>(static_cast<double>(count) / steps);
        });
        return rates;
    }

    /// All that the host sent into cores; a spike that enters several is counted in each.
    [[nodiscard]] Result<double> input_spikes() const {
        const auto columns = file_.attribute_texts("/counters/total", "columns");
        const auto totals = file_.read<std::uint64_t>("/counters/total");
        if (!columns || !totals) {
            return fail(!columns ? columns.error() : totals.error());
        }
        const std::string_view wanted = counter_table[static_cast<std::size_t>(Counter::input_spikes)].name;
        const auto at = static_cast<std::size_t>(std::ranges::find(*columns, wanted) - columns->begin());
        if (at == columns->size() || totals->shape.size() != 2 || totals->shape[1] != columns->size()) {
            return wrong("/counters/total", "no column of input spikes", "counters as spikeloom records them");
        }
        double sum = 0;
        for (std::size_t row = 0; row < totals->shape[0]; ++row) {
            sum += static_cast<double>(totals->values[row * columns->size() + at]);
        }
        return sum;
    }

    files::Hdf5Reader file_;
};

/// The child's answer: the input rate, then all neurons' rates in a row.
std::string to_bytes(const RecordedRates& rates) {
    std::string bytes(sizeof(double), '\0');
    std::memcpy(bytes.data(), &rates.input_spikes_a_step, sizeof(double));
    for (const std::vector<float>& population : rates.populations) {
        const auto raw = std::as_bytes(std::span(population));
        const std::size_t at = bytes.size();
        bytes.resize(at + raw.size());
        if (!raw.empty()) {
            std::memcpy(bytes.data() + at, raw.data(), raw.size());
        }
    }
    return bytes;
}

std::optional<RecordedRates> from_bytes(std::string_view bytes, const std::vector<RatedPopulation>& populations) {
    std::size_t neurons = 0;
    for (const RatedPopulation& population : populations) {
        neurons += population.size;
    }
    if (bytes.size() != sizeof(double) + neurons * sizeof(float)) {
        return std::nullopt;
    }
    const auto sound = [](double rate) { return rate >= 0 && std::isfinite(rate); };
    RecordedRates rates;
    std::memcpy(&rates.input_spikes_a_step, bytes.data(), sizeof(double));
    bytes.remove_prefix(sizeof(double));
    bool all_sound = sound(rates.input_spikes_a_step);
    for (const RatedPopulation& population : populations) {
        std::vector<float> values(population.size);
        if (!values.empty()) {
            std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
        }
        bytes.remove_prefix(values.size() * sizeof(float));
        all_sound = all_sound && std::ranges::all_of(values, sound);
        rates.populations.push_back(std::move(values));
    }
    return all_sound ? std::optional(std::move(rates)) : std::nullopt;
}

}  // namespace

Result<RecordedRates> read_spike_rates(const std::string& recording, const std::vector<RatedPopulation>& populations) {
    const auto bytes = read_isolated(recording, [&]() -> Result<std::string> {
        auto file = files::Hdf5Reader::open(recording);
        if (!file) {
            return fail(std::move(file.error()));
        }
        return RateReader(std::move(*file)).read(populations).map(to_bytes);
    });
    if (!bytes) {
        return fail(bytes.error());
    }
    auto rates = from_bytes(*bytes, populations);
    if (!rates) {
        return fail({.where = recording, .found = "the file is corrupt: the HDF5 library read nonsense from it"});
    }
    return std::move(*rates);
}

}  // namespace spikeloom::runtime
