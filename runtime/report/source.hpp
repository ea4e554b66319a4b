// A recording being read: the HDF5 file, what is wrong with it (all findings are told at once), and what it lacks.
// Each part of the report is filled by one function; a part that fails leaves its findings here and the others go on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/files/hdf5.hpp"
#include "runtime/report.hpp"

namespace spikeloom::runtime {

inline constexpr std::size_t raster_limit = 12000;  ///< spikes in the excerpt
inline constexpr std::uint64_t sample_limit = std::uint64_t{1} << 24;
inline constexpr std::uint64_t population_limit = 100'000;
inline constexpr std::uint64_t core_limit = std::uint64_t{1} << 20;
inline constexpr std::uint64_t most_columns = 256;  ///< of counters
/// Recordings made before there was learning have so many counters and cost items: later ones were added at the end.
inline constexpr std::uint64_t counters_before_learning = 12;
inline constexpr std::uint64_t slab_rows = std::uint64_t{1} << 17;  ///< of a long dataset in one read

class Source {
public:
    explicit Source(files::Hdf5Reader reader) : file(std::move(reader)) {}

    void wrong(const std::string& path, std::string found, std::string allowed = "", std::string help = "") {
        findings.push_back({.where = file.where(path),
                            .found = std::move(found),
                            .allowed = std::move(allowed),
                            .help = std::move(help)});
    }
    void remark(std::string sentence) { remarks.push_back(std::move(sentence)); }

    /// The value of a read; its diagnostics are kept and the result is empty if it failed.
    template <class T>
    std::optional<T> keep(Result<T> result) {
        if (!result) {
            findings.insert(findings.end(), result.error().begin(), result.error().end());
            return std::nullopt;
        }
        return std::move(*result);
    }

    /// A column of exactly `count` numbers.
    template <class T>
    std::optional<std::vector<T>> column(const std::string& path, std::uint64_t count) {
        auto array = keep(file.read<T>(path, count));
        if (!array) {
            return std::nullopt;
        }
        if (array->shape.size() != 1 || array->values.size() != count) {
            wrong(path, std::to_string(array->values.size()) + " values", "shape (" + std::to_string(count) + ")");
            return std::nullopt;
        }
        return std::move(array->values);
    }
    /// A single number.
    template <class T>
    std::optional<T> number(const std::string& path) {
        auto array = keep(file.read<T>(path, 1));
        if (array && array->values.empty()) {
            wrong(path, "no value", "one number");
            return std::nullopt;
        }
        return array ? std::optional<T>(array->values[0]) : std::nullopt;
    }
    /// The names in an attribute of the dataset that names its columns or rows; empty where it has none.
    std::vector<std::string> column_names(const std::string& path, const std::string& attribute);
    /// Which counter each column of the dataset holds: by its attribute `columns`, else by position (recordings that
    /// name none hold the first so many). Counters that this version doesn't know are none, with a remark.
    std::optional<std::vector<std::optional<Counter>>> counter_columns(const std::string& path, std::uint64_t columns);
    /// The text at the path, made printable; empty where there is none.
    std::string text(const std::string& path, bool keep_lines = false);

    files::Hdf5Reader file;
    Diagnostics findings;
    std::vector<std::string> remarks;
};

// The parts. Each expects those above it to have been read.
void read_network(Source& source, Report& report);
void read_chip(Source& source, Report& report);
void read_cores(Source& source, Report& report);
/// What each core holds of which population; recordings may lack it.
void read_population_on_cores(Source& source, Report& report);
void read_energy(Source& source, Report& report);
void read_repricing(Source& source, const Repricing& repricing, Report& report);
/// Returns the steps of each sample, for the raster's boundaries.
std::vector<std::uint32_t> read_samples(Source& source, Report& report);
void read_spikes(Source& source, const std::vector<std::uint32_t>& sample_steps, Report& report);
/// Leaves `traffic` empty where there is none.
void read_traffic(Source& source, const std::vector<std::uint32_t>& sample_steps, Report& report);
void read_learning(Source& source, Report& report);
void read_documents(Source& source, Report& report);
void read_provenance(Source& source, Report& report);
/// From the other parts.
[[nodiscard]] NeuroBench neurobench_of(const Report& report);

/// The compiler's losses and the gap, from their JSON; tolerant: what is absent or of another type is left out.
[[nodiscard]] std::vector<chip::ProjectionLoss> parse_losses(const std::string& text);
[[nodiscard]] std::optional<Gap> parse_gap(const std::string& text);

}  // namespace spikeloom::runtime
