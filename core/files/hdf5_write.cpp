#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <numeric>

#include "core/files/hdf5_internal.hpp"
#include "core/files/hdf5_write_driver.hpp"

namespace spikeloom::files {
namespace {

constexpr std::uint64_t largest_chunk_bytes = 1U << 20;

std::uint64_t product(const std::vector<std::uint64_t>& shape) {
    return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

/// Halves the first dimensions until a chunk is small enough.
std::vector<hsize_t> chunk_shape(const std::vector<std::uint64_t>& shape, std::size_t element_bytes) {
    std::vector<hsize_t> chunk(shape.begin(), shape.end());
    for (std::size_t axis = 0; axis < chunk.size(); ++axis) {
        while (chunk[axis] > 1 && product({chunk.begin(), chunk.end()}) * element_bytes > largest_chunk_bytes) {
            chunk[axis] = (chunk[axis] + 1) / 2;
        }
    }
    return chunk;
}

Hdf5Handle intermediate_groups() {
    Hdf5Handle list(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(list.id(), 1);
    H5Pset_char_encoding(list.id(), H5T_CSET_UTF8);
    return list;
}

Hdf5Handle dataspace(const std::vector<std::uint64_t>& shape) {
    if (shape.empty()) {
        return Hdf5Handle(H5Screate(H5S_SCALAR));
    }
    const std::vector<hsize_t> extents(shape.begin(), shape.end());
    return Hdf5Handle(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr));
}

void compress(const Hdf5Handle& properties, const std::vector<hsize_t>& chunk, int deflate) {
    H5Pset_chunk(properties.id(), static_cast<int>(chunk.size()), chunk.data());
    if (deflate > 0) {
        H5Pset_shuffle(properties.id());
        H5Pset_deflate(properties.id(), static_cast<unsigned>(deflate));
    }
}

}  // namespace

struct Hdf5Writer::Series {
    Hdf5Handle dataset;
    hid_t type = -1;
    std::size_t row_bytes = 0;
    std::size_t row_values = 1;
    bool two_dimensional = false;
    std::uint64_t chunk_rows = 0;
    std::uint64_t rows = 0;  ///< in the file
    std::vector<std::byte> waiting;
};

/// What HDF5 keeps pointers to: it must not move.
struct Hdf5Writer::Impl {
    hdf5::WriteStatus status;
    hdf5::WriteDriver driver;
};

Hdf5Writer::Hdf5Writer() = default;
Hdf5Writer::Hdf5Writer(Hdf5Writer&&) noexcept = default;

Hdf5Writer& Hdf5Writer::operator=(Hdf5Writer&& other) noexcept {
    if (this != &other) {
        static_cast<void>(close());
        impl_ = std::move(other.impl_);
        path_ = std::move(other.path_);
        failures_ = std::move(other.failures_);
        file_ = std::move(other.file_);
        series_ = std::move(other.series_);
    }
    return *this;
}

Hdf5Writer::~Hdf5Writer() {
    static_cast<void>(close());
}

Result<Hdf5Writer> Hdf5Writer::create(const std::string& path) {
    hdf5::quiet();
    std::error_code ignored;
    const auto status = std::filesystem::status(path, ignored);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        return fail({.where = path, .found = "the path to write is not a regular file"});
    }
    Hdf5Writer writer;
    writer.path_ = path;
    writer.impl_ = std::make_unique<Impl>();
    writer.impl_->driver = hdf5::make_write_driver(writer.impl_->status);
    writer.file_ = Hdf5Handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, writer.impl_->driver.access.id()));
    if (!writer.file_.valid()) {
        const int error = writer.impl_->status.error;
        return fail({.where = path,
                     .found = fmt::format("the file can't be created: {}",
                                          error != 0 ? std::strerror(error) : hdf5::last_error())});
    }
    return writer;
}

void Hdf5Writer::fail_at(const std::string& path, const std::string& what) {
    if (failures_.empty()) {
        failures_.push_back({.where = path_ + ":" + path, .found = what + ": " + hdf5::last_error()});
    }
}

bool Hdf5Writer::usable(const std::string& path) {
    hdf5::quiet();
    if (impl_ != nullptr && impl_->status.error != 0 && failures_.empty()) {
        failures_.push_back(
            {.where = path_,
             .found = fmt::format("writing failed: {}", std::strerror(impl_->status.error)),
             .help = impl_->status.error == ENOSPC ? "free space on the disk, or write elsewhere" : ""});
    }
    if (!file_.valid()) {
        fail_at(path, "the file is closed");
    }
    return failures_.empty();
}

void Hdf5Writer::group(const std::string& path) {
    if (!usable(path)) {
        return;
    }
    const Hdf5Handle links = intermediate_groups();
    const Hdf5Handle made(H5Gcreate2(file_.id(), path.c_str(), links.id(), H5P_DEFAULT, H5P_DEFAULT));
    if (!made.valid()) {
        fail_at(path, "the group can't be made");
    }
}

void Hdf5Writer::make_dataset(const std::string& path, std::int64_t type, const void* data,
                              const std::vector<std::uint64_t>& shape, int deflate) {
    if (!usable(path)) {
        return;
    }
    const Hdf5Handle links = intermediate_groups();
    const Hdf5Handle space = dataspace(shape);
    const Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE));
    const std::uint64_t count = product(shape);
    if (deflate > 0 && !shape.empty() && count > 0) {
        compress(properties, chunk_shape(shape, H5Tget_size(type)), deflate);
    }
    const Hdf5Handle dataset(
        H5Dcreate2(file_.id(), path.c_str(), type, space.id(), links.id(), properties.id(), H5P_DEFAULT));
    if (!dataset.valid() || (count > 0 && H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)) {
        fail_at(path, "the dataset can't be written");
    }
}

template <Hdf5Number T>
void Hdf5Writer::scalar(const std::string& path, T value) {
    make_dataset(path, hdf5::native_type<T>(), &value, {}, 0);
}

template <Hdf5Number T>
void Hdf5Writer::array(const std::string& path, std::span<const T> values, const std::vector<std::uint64_t>& shape,
                       int deflate) {
    SPIKELOOM_ASSERT(product(shape) == values.size(), path);
    make_dataset(path, hdf5::native_type<T>(), values.data(), shape, deflate);
}

void Hdf5Writer::text(const std::string& path, const std::string& value) {
    const char* pointer = value.c_str();
    make_dataset(path, hdf5::text_type().id(), &pointer, {}, 0);
}

void Hdf5Writer::texts(const std::string& path, std::span<const std::string> values,
                       const std::vector<std::uint64_t>& shape) {
    SPIKELOOM_ASSERT(product(shape) == values.size(), path);
    std::vector<const char*> pointers;
    for (const std::string& value : values) {
        pointers.push_back(value.c_str());
    }
    make_dataset(path, hdf5::text_type().id(), pointers.data(), shape, 0);
}

template <Hdf5Number T>
void Hdf5Writer::extendable(const std::string& path, const Hdf5Chunking& chunking) {
    if (!usable(path)) {
        return;
    }
    auto series = std::make_unique<Series>();
    series->type = hdf5::native_type<T>();
    series->two_dimensional = chunking.width > 0;
    series->row_values = std::max<std::uint64_t>(chunking.width, 1);
    series->row_bytes = sizeof(T) * series->row_values;
    series->chunk_rows = std::max<std::uint64_t>(chunking.rows, 1);

    std::vector<hsize_t> extents{0};
    std::vector<hsize_t> limits{H5S_UNLIMITED};
    std::vector<hsize_t> chunk{series->chunk_rows};
    if (series->two_dimensional) {
        for (std::vector<hsize_t>* each : {&extents, &limits, &chunk}) {
            each->push_back(chunking.width);
        }
    }
    const Hdf5Handle links = intermediate_groups();
    const Hdf5Handle space(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), limits.data()));
    const Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE));
    compress(properties, chunk, chunking.deflate);
    // Rows come in whole chunks: a cache of chunks (1 MiB a dataset by default) would only hold what is written.
    const Hdf5Handle access(H5Pcreate(H5P_DATASET_ACCESS));
    H5Pset_chunk_cache(access.id(), 0, 0, 1.0);
    series->dataset = Hdf5Handle(
        H5Dcreate2(file_.id(), path.c_str(), series->type, space.id(), links.id(), properties.id(), access.id()));
    if (!series->dataset.valid()) {
        fail_at(path, "the dataset can't be made");
        return;
    }
    series_[path] = std::move(series);
}

template <Hdf5Number T>
void Hdf5Writer::append(const std::string& path, std::span<const T> values) {
    if (failed()) {
        return;
    }
    const auto found = series_.find(path);
    SPIKELOOM_ASSERT(found != series_.end(), path);
    Series& series = *found->second;
    SPIKELOOM_ASSERT(series.type == hdf5::native_type<T>() && values.size() % series.row_values == 0, path);
    const auto bytes = std::as_bytes(values);
    const std::size_t full = series.chunk_rows * series.row_bytes;
    for (std::size_t done = 0; done < bytes.size();) {
        const std::size_t count = std::min(bytes.size() - done, full - series.waiting.size());
        series.waiting.insert(series.waiting.end(), bytes.begin() + static_cast<std::ptrdiff_t>(done),
                              bytes.begin() + static_cast<std::ptrdiff_t>(done + count));
        done += count;
        if (series.waiting.size() == full) {
            write_rows(path, series);
        }
    }
}

void Hdf5Writer::write_rows(const std::string& path, Series& series) {
    const std::uint64_t count = series.waiting.size() / series.row_bytes;
    if (count == 0 || !usable(path)) {
        series.waiting.clear();
        return;
    }
    std::vector<hsize_t> start{series.rows};
    std::vector<hsize_t> block{count};
    std::vector<hsize_t> extents{series.rows + count};
    if (series.two_dimensional) {
        start.push_back(0);
        block.push_back(series.row_values);
        extents.push_back(series.row_values);
    }
    const bool grown = H5Dset_extent(series.dataset.id(), extents.data()) >= 0;
    const Hdf5Handle target(grown ? H5Dget_space(series.dataset.id()) : -1);
    const Hdf5Handle memory(H5Screate_simple(static_cast<int>(block.size()), block.data(), nullptr));
    if (!target.valid() ||
        H5Sselect_hyperslab(target.id(), H5S_SELECT_SET, start.data(), nullptr, block.data(), nullptr) < 0 ||
        H5Dwrite(series.dataset.id(), series.type, memory.id(), target.id(), H5P_DEFAULT, series.waiting.data()) < 0) {
        fail_at(path, "rows can't be appended");
    }
    series.rows += count;
    series.waiting.clear();
    static_cast<void>(usable(path));
}

void Hdf5Writer::make_attribute(const std::string& path, const std::string& name, std::int64_t type, const void* data,
                                std::uint64_t count, bool scalar) {
    if (!usable(path)) {
        return;
    }
    const std::string place = path + "@" + name;
    const Hdf5Handle object(H5Oopen(file_.id(), path.c_str(), H5P_DEFAULT));
    const Hdf5Handle space = dataspace(scalar ? std::vector<std::uint64_t>{} : std::vector<std::uint64_t>{count});
    if (!object.valid()) {
        fail_at(place, "there is no object to attach the attribute to");
        return;
    }
    const Hdf5Handle made(H5Acreate2(object.id(), name.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT));
    if (!made.valid() || (count > 0 && H5Awrite(made.id(), type, data) < 0)) {
        fail_at(place, "the attribute can't be written");
    }
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name, const std::string& value) {
    attribute(path, name, value.c_str());
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name, const char* value) {
    make_attribute(path, name, hdf5::text_type().id(), &value, 1, true);
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name, std::span<const std::string> values) {
    std::vector<const char*> pointers;
    for (const std::string& value : values) {
        pointers.push_back(value.c_str());
    }
    make_attribute(path, name, hdf5::text_type().id(), pointers.data(), pointers.size(), false);
}

template <Hdf5Number T>
void Hdf5Writer::attribute(const std::string& path, const std::string& name, T value) {
    make_attribute(path, name, hdf5::native_type<T>(), &value, 1, true);
}

template <Hdf5Number T>
void Hdf5Writer::attribute(const std::string& path, const std::string& name, std::span<const T> values) {
    make_attribute(path, name, hdf5::native_type<T>(), values.data(), values.size(), false);
}

void Hdf5Writer::sonata_sorted_by_time(const std::string& path) {
    const Hdf5Handle type(H5Tenum_create(H5T_NATIVE_UINT8));
    const char* const names[] = {"none", "by_id", "by_time"};
    for (std::uint8_t value = 0; value < 3; ++value) {
        H5Tenum_insert(type.id(), names[value], &value);
    }
    const std::uint8_t by_time = 2;
    make_attribute(path, "sorting", type.id(), &by_time, 1, true);
}

void Hdf5Writer::flush() {
    for (auto& [path, series] : series_) {
        write_rows(path, *series);
    }
    if (usable("/") && H5Fflush(file_.id(), H5F_SCOPE_LOCAL) < 0) {
        fail_at("/", "the file can't be flushed");
    }
    static_cast<void>(usable("/"));
}

Result<void> Hdf5Writer::close() {
    if (file_.valid()) {
        flush();
        series_.clear();
        Hdf5Handle file = std::move(file_);
        const int error_before = impl_->status.error;
        if (H5Fclose(file.release()) < 0) {
            fail_at("/", "the file can't be closed");
        }
        if (impl_->status.error != error_before) {
            static_cast<void>(usable("/"));
        }
        impl_.reset();
    }
    if (failed()) {
        return tl::unexpected<Diagnostics>(failures_);
    }
    return {};
}

#define SPIKELOOM_HDF5_WRITE(T)                                                                                   \
    template void Hdf5Writer::scalar<T>(const std::string&, T);                                                   \
    template void Hdf5Writer::array<T>(const std::string&, std::span<const T>, const std::vector<std::uint64_t>&, \
                                       int);                                                                      \
    template void Hdf5Writer::extendable<T>(const std::string&, const Hdf5Chunking&);                             \
    template void Hdf5Writer::append<T>(const std::string&, std::span<const T>);                                  \
    template void Hdf5Writer::attribute<T>(const std::string&, const std::string&, T);                            \
    template void Hdf5Writer::attribute<T>(const std::string&, const std::string&, std::span<const T>);
SPIKELOOM_HDF5_WRITE(std::uint8_t)
SPIKELOOM_HDF5_WRITE(std::int16_t)
SPIKELOOM_HDF5_WRITE(std::int32_t)
SPIKELOOM_HDF5_WRITE(std::uint32_t)
SPIKELOOM_HDF5_WRITE(std::int64_t)
SPIKELOOM_HDF5_WRITE(std::uint64_t)
SPIKELOOM_HDF5_WRITE(float)
SPIKELOOM_HDF5_WRITE(double)
#undef SPIKELOOM_HDF5_WRITE

}  // namespace spikeloom::files
