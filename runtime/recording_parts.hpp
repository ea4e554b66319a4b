// The parts of a recording that don't depend on the run's length: what the network, the chip and the mapping are,
// and where everything came from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chip/image/image.hpp"
#include "core/files/hdf5.hpp"
#include "runtime/recording.hpp"

namespace spikeloom::runtime {

/// An Hdf5Writer that gives every dataset its unit.
class UnitWriter {
public:
    explicit UnitWriter(files::Hdf5Writer writer) : writer_(std::move(writer)) {}

    template <files::Hdf5Number T>
    void scalar(const std::string& path, const char* units, T value) {
        writer_.scalar<T>(path, value);
        writer_.attribute(path, "units", units);
    }
    template <files::Hdf5Number T>
    void array(const std::string& path, const char* units, const std::vector<T>& values,
               const std::vector<std::uint64_t>& shape) {
        writer_.array<T>(path, std::span<const T>(values), shape);
        writer_.attribute(path, "units", units);
    }
    template <files::Hdf5Number T>
    void array(const std::string& path, const char* units, const std::vector<T>& values) {
        array<T>(path, units, values, {values.size()});
    }
    void text(const std::string& path, const std::string& value) {
        writer_.text(path, value);
        writer_.attribute(path, "units", "1");
    }
    void texts(const std::string& path, const std::vector<std::string>& values) {
        writer_.texts(path, values, {values.size()});
        writer_.attribute(path, "units", "1");
    }
    /// A dataset that grows by rows of `width` values (0: one-dimensional), in chunks of at most 256 KiB or one row.
    template <files::Hdf5Number T>
    void extendable(const std::string& path, const char* units, std::uint64_t width = 0) {
        const std::uint64_t row_bytes = sizeof(T) * (width == 0 ? 1 : width);
        const std::uint64_t rows = std::clamp<std::uint64_t>(chunk_bytes / row_bytes, 1, most_chunk_rows);
        writer_.extendable<T>(path, {.rows = rows, .width = width, .deflate = 1});
        writer_.attribute(path, "units", units);
    }
    template <files::Hdf5Number T>
    void append(const std::string& path, std::span<const T> values) {
        writer_.append<T>(path, values);
    }
    [[nodiscard]] files::Hdf5Writer& file() { return writer_; }

private:
    static constexpr std::uint64_t chunk_bytes = 1U << 18;
    static constexpr std::uint64_t most_chunk_rows = 8192;
    files::Hdf5Writer writer_;
};

/// Names as links of one group: '/' would nest groups, "" and "." are no names (`kind` stands before those), equal
/// ones get a number.
[[nodiscard]] std::vector<std::string> file_names(const std::vector<std::string>& given, const std::string& kind);

/// Tiles of the mesh that have a core in use.
[[nodiscard]] int tiles_in_use(const chip::Image& image);

/// Now, as "2026-01-31T12:00:00Z".
[[nodiscard]] std::string utc_now();

void write_root(UnitWriter& writer);
void write_network(UnitWriter& writer, const chip::Image& image, const std::vector<std::string>& names);
void write_cores(UnitWriter& writer, const chip::Image& image);
void write_mapping(UnitWriter& writer, const chip::Image& image);
void write_provenance(UnitWriter& writer, const chip::Image& image, const RecordingOptions& options,
                      const std::string& started_at);
/// /counters/total: one row a core, columns named.
void write_totals(UnitWriter& writer, const std::vector<Counters>& cores);
/// /energy/<table>/{items, time, core_dynamic}.
void write_energy(UnitWriter& writer, const chip::CostTable& costs, const std::vector<Counters>& cores, double time_ns);
/// "/energy/<table>".
[[nodiscard]] std::string energy_path(const chip::CostTable& costs);

}  // namespace spikeloom::runtime
