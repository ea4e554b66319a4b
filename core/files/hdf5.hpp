// HDF5 files, read and written through RAII over the C API. A reader trusts nothing that a file says: types, sizes
// and links are checked against what the file really stores before memory is asked for, links to other files are
// not followed, and what HDF5 itself would print becomes a Diagnostic at "file.h5:/path". A writer keeps its first
// failure, ignores what follows, and tells it in close(): a caller writes straight on and asks once.
// HDF5 (Debian's build) is not thread-safe: one thread at a time.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"

namespace spikeloom::files {

template <class T>
concept Hdf5Number = std::same_as<T, std::uint8_t> || std::same_as<T, std::int16_t> || std::same_as<T, std::int32_t> ||
                     std::same_as<T, std::uint32_t> || std::same_as<T, std::int64_t> ||
                     std::same_as<T, std::uint64_t> || std::same_as<T, float> || std::same_as<T, double>;

/// Owns one HDF5 identifier.
class Hdf5Handle {
public:
    Hdf5Handle() = default;
    explicit Hdf5Handle(std::int64_t id) : id_(id) {}
    Hdf5Handle(Hdf5Handle&& other) noexcept : id_(other.release()) {}
    Hdf5Handle& operator=(Hdf5Handle&& other) noexcept;
    Hdf5Handle(const Hdf5Handle&) = delete;
    Hdf5Handle& operator=(const Hdf5Handle&) = delete;
    ~Hdf5Handle();

    [[nodiscard]] std::int64_t id() const { return id_; }
    [[nodiscard]] bool valid() const { return id_ >= 0; }
    std::int64_t release();

private:
    std::int64_t id_ = -1;
};

enum class Hdf5Kind : std::uint8_t { group, dataset, other };  ///< other: links that lead nowhere or outside

struct Hdf5Member {
    std::string name;
    Hdf5Kind kind = Hdf5Kind::other;
    std::uint64_t object = 0;  ///< the same for two links to one object
    friend bool operator==(const Hdf5Member&, const Hdf5Member&) = default;
};

enum class Hdf5Class : std::uint8_t { integer, real, boolean, text, other };

struct Hdf5Info {
    Hdf5Class type = Hdf5Class::other;
    std::string type_name;             ///< "float32", "int64", "bool", "text", "compound", ...
    std::vector<std::uint64_t> shape;  ///< empty: a scalar
    std::uint64_t count = 0;           ///< product of the extents
    friend bool operator==(const Hdf5Info&, const Hdf5Info&) = default;
};

template <class T>
struct Hdf5Array {
    std::vector<std::uint64_t> shape;
    std::vector<T> values;  ///< C order
};

class Hdf5Reader {
public:
    static constexpr std::uint64_t default_limit = std::uint64_t{1} << 28;  ///< elements in one read

    [[nodiscard]] static Result<Hdf5Reader> open(const std::string& path);
    /// The same over a file's bytes in memory; `origin` names it in diagnostics.
    [[nodiscard]] static Result<Hdf5Reader> from_bytes(std::span<const std::byte> bytes, const std::string& origin);

    /// "file.h5:/path", the place of a diagnostic.
    [[nodiscard]] std::string where(const std::string& path) const { return origin_ + ":" + path; }

    /// What the path leads to; `other` where it leads nowhere.
    [[nodiscard]] Hdf5Kind kind(const std::string& path) const;
    [[nodiscard]] bool has(const std::string& path) const { return kind(path) != Hdf5Kind::other; }
    /// The members of a group, ascending by name.
    [[nodiscard]] Result<std::vector<Hdf5Member>> members(const std::string& path) const;
    [[nodiscard]] Result<Hdf5Info> describe(const std::string& path) const;

    /// A numeric dataset of any integer, float or bool type, converted. Reals with a fraction do not become integers.
    template <Hdf5Number T>
    [[nodiscard]] Result<Hdf5Array<T>> read(const std::string& path, std::uint64_t limit = default_limit) const;
    /// Rows [first, first + count) of the first dimension.
    template <Hdf5Number T>
    [[nodiscard]] Result<Hdf5Array<T>> read_rows(const std::string& path, std::uint64_t first,
                                                 std::uint64_t count) const;
    /// Strings, fixed or variable.
    [[nodiscard]] Result<Hdf5Array<std::string>> read_texts(const std::string& path,
                                                            std::uint64_t limit = 1U << 24) const;
    /// One string, scalar or of shape (1).
    [[nodiscard]] Result<std::string> read_text(const std::string& path) const;

    [[nodiscard]] bool has_attribute(const std::string& path, const std::string& name) const;
    [[nodiscard]] Result<std::vector<std::string>> attribute_texts(const std::string& path,
                                                                   const std::string& name) const;
    [[nodiscard]] Result<std::string> attribute_text(const std::string& path, const std::string& name) const;
    /// Numbers, bools and enums (as their value).
    [[nodiscard]] Result<std::vector<double>> attribute_numbers(const std::string& path, const std::string& name) const;

private:
    struct Opened;
    [[nodiscard]] Diagnostic missing(const std::string& path) const;
    [[nodiscard]] Result<Opened> open_dataset(const std::string& path) const;
    template <Hdf5Number T>
    [[nodiscard]] Result<Hdf5Array<T>> read_selected(const std::string& path, const Opened& opened, std::uint64_t first,
                                                     std::uint64_t rows) const;
    [[nodiscard]] Result<Hdf5Array<std::string>> texts_of(std::int64_t object, std::int64_t type, const Hdf5Info& info,
                                                          bool attribute, const std::string& place) const;

    std::string origin_;
    std::uint64_t file_bytes_ = 0;
    Hdf5Handle file_;
    Hdf5Handle link_access_;  ///< refuses to follow links into other files
};

struct Hdf5Chunking {
    std::uint64_t rows = 4096;  ///< of one chunk
    std::uint64_t width = 0;    ///< columns; 0: the dataset is one-dimensional
    int deflate = 1;            ///< 0: no compression
};

class Hdf5Writer {
public:
    /// Creates the file, or empties it if it exists.
    [[nodiscard]] static Result<Hdf5Writer> create(const std::string& path);
    Hdf5Writer(Hdf5Writer&&) noexcept;
    Hdf5Writer& operator=(Hdf5Writer&&) noexcept;
    Hdf5Writer(const Hdf5Writer&) = delete;
    Hdf5Writer& operator=(const Hdf5Writer&) = delete;
    ~Hdf5Writer();

    /// Groups on the way are made where they are missing, here and below.
    void group(const std::string& path);
    template <Hdf5Number T>
    void scalar(const std::string& path, T value);
    /// The shape's product is the number of values; `deflate` > 0 compresses (one chunk at most 1 MiB).
    template <Hdf5Number T>
    void array(const std::string& path, std::span<const T> values, const std::vector<std::uint64_t>& shape,
               int deflate = 0);
    template <Hdf5Number T>
    void array(const std::string& path, std::span<const T> values) {
        array<T>(path, values, {values.size()});
    }
    void text(const std::string& path, const std::string& value);  ///< scalar, variable length, UTF-8
    void texts(const std::string& path, std::span<const std::string> values, const std::vector<std::uint64_t>& shape);

    /// A dataset that grows by rows. Values wait in memory until a chunk is full (or flush, close).
    template <Hdf5Number T>
    void extendable(const std::string& path, const Hdf5Chunking& chunking = {});
    /// Appends whole rows to a dataset made by extendable<T> of the same T.
    template <Hdf5Number T>
    void append(const std::string& path, std::span<const T> values);

    void attribute(const std::string& path, const std::string& name, const std::string& value);
    void attribute(const std::string& path, const std::string& name, const char* value);
    void attribute(const std::string& path, const std::string& name, std::span<const std::string> values);
    template <Hdf5Number T>
    void attribute(const std::string& path, const std::string& name, T value);
    template <Hdf5Number T>
    void attribute(const std::string& path, const std::string& name, std::span<const T> values);
    /// SONATA's `sorting` = by_time: an enum over uint8 {none 0, by_id 1, by_time 2}, which libsonata insists on.
    void sonata_sorted_by_time(const std::string& path);

    /// Everything to the disk.
    void flush();
    [[nodiscard]] bool failed() const { return !failures_.empty(); }
    /// Flushes and closes; the first thing that failed since create(), if any.
    [[nodiscard]] Result<void> close();

private:
    struct Series;
    struct Impl;
    Hdf5Writer();
    [[nodiscard]] bool usable(const std::string& path);
    void fail_at(const std::string& path, const std::string& what);
    void make_dataset(const std::string& path, std::int64_t type, const void* data,
                      const std::vector<std::uint64_t>& shape, int deflate);
    void make_attribute(const std::string& path, const std::string& name, std::int64_t type, const void* data,
                        std::uint64_t count, bool scalar);
    void write_rows(const std::string& path, Series& series);

    std::unique_ptr<Impl> impl_;  ///< the driver beneath the file
    std::string path_;
    Diagnostics failures_;
    Hdf5Handle file_;
    std::map<std::string, std::unique_ptr<Series>> series_;
};

}  // namespace spikeloom::files
