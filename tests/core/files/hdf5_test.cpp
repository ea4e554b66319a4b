#include "core/files/hdf5.hpp"

#include <doctest/doctest.h>
#include <hdf5.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "support/contains.hpp"

namespace spikeloom::files {
namespace {

/// A file name in a fresh folder that goes away with the test.
class Scratch {
public:
    Scratch() {
        std::string pattern = (std::filesystem::temp_directory_path() / "spikeloom-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~Scratch() { std::filesystem::remove_all(folder_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] std::string file(const std::string& name = "x.h5") const { return (folder_ / name).string(); }

private:
    std::filesystem::path folder_;
};

template <class T>
std::string reason(const Result<T>& result) {
    REQUIRE_FALSE(result.has_value());
    return to_text(result.error());
}

using test::contains;

/// A file made with the raw C API, for what the writer would never write.
struct RawFile {
    explicit RawFile(const std::string& path) : id(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
    ~RawFile() { H5Fclose(id); }
    RawFile(const RawFile&) = delete;
    RawFile& operator=(const RawFile&) = delete;

    /// Makes a dataset of the type and shape; `data` may be null: nothing is written.
    void dataset(const char* name, hid_t type, const std::vector<hsize_t>& shape, const void* data,
                 hid_t properties = H5P_DEFAULT) const {
        const hid_t space = shape.empty() ? H5Screate(H5S_SCALAR)
                                          : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
        const hid_t made = H5Dcreate2(id, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
        if (data != nullptr) {
            H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
        }
        H5Dclose(made);
        H5Sclose(space);
    }
    hid_t id;
};

TEST_CASE("what the writer writes, the reader reads") {
    const Scratch scratch;
    {
        auto writer = Hdf5Writer::create(scratch.file());
        REQUIRE(writer.has_value());
        const std::vector<double> values{1.5, -2, 3, 4, 5, 6};
        writer->array<double>("/a/deep/array", values, {2, 3}, 4);
        writer->scalar<std::int64_t>("/a/number", -7);
        writer->text("/a/name", "Grüße");
        const std::vector<std::string> pairs{"in", "out", "", "x.y"};
        writer->texts("/a/pairs", pairs, {2, 2});
        writer->attribute("/a", "units", "ms");
        writer->attribute("/a", "columns", std::span<const std::string>(pairs));
        writer->attribute<std::uint32_t>("/", "magic", 0x0A7A);
        writer->sonata_sorted_by_time("/a");
        writer->group("/empty");
        REQUIRE(writer->close().has_value());
        CHECK(writer->close().has_value());
    }
    auto reader = Hdf5Reader::open(scratch.file());
    REQUIRE(reader.has_value());
    const auto array = reader->read<float>("/a/deep/array");
    REQUIRE(array.has_value());
    CHECK(array->shape == std::vector<std::uint64_t>{2, 3});
    CHECK(array->values == std::vector<float>{1.5F, -2, 3, 4, 5, 6});
    CHECK(reader->read<double>("/a/number")->values == std::vector<double>{-7});
    CHECK(reader->read<std::int64_t>("/a/number")->shape.empty());
    CHECK(reader->read_text("/a/name").value() == "Grüße");
    CHECK(reader->read_texts("/a/pairs")->values == std::vector<std::string>{"in", "out", "", "x.y"});
    CHECK(reader->attribute_text("/a", "units").value() == "ms");
    CHECK(reader->attribute_texts("/a", "columns").value() == std::vector<std::string>{"in", "out", "", "x.y"});
    CHECK(reader->attribute_numbers("/", "magic").value() == std::vector<double>{0x0A7A});
    CHECK(reader->attribute_numbers("/a", "sorting").value() == std::vector<double>{2});
    CHECK(reader->describe("/a/deep/array")->type_name == "float64");
    CHECK(reader->kind("/empty") == Hdf5Kind::group);
    std::vector<std::string> names;
    const auto members = reader->members("/a");
    for (const Hdf5Member& member : *members) {
        names.push_back(member.name);
    }
    CHECK(names == std::vector<std::string>{"deep", "name", "number", "pairs"});
}

TEST_CASE("extendable datasets grow over many chunks, one- and two-dimensional") {
    const Scratch scratch;
    auto writer = Hdf5Writer::create(scratch.file());
    REQUIRE(writer.has_value());
    writer->extendable<double>("/s/times", {.rows = 64});
    writer->extendable<std::uint64_t>("/s/table", {.rows = 10, .width = 3, .deflate = 1});
    writer->extendable<std::uint64_t>("/s/none");
    std::vector<double> times;
    std::vector<std::uint64_t> table;
    for (std::uint64_t step = 0; step < 1000; ++step) {
        const std::vector<double> some(step % 5, static_cast<double>(step));
        const std::vector<std::uint64_t> row{step, step * step, 1};
        writer->append<double>("/s/times", some);
        writer->append<std::uint64_t>("/s/table", row);
        times.insert(times.end(), some.begin(), some.end());
        table.insert(table.end(), row.begin(), row.end());
    }
    REQUIRE(writer->close().has_value());
    auto reader = Hdf5Reader::open(scratch.file());
    CHECK(reader->read<double>("/s/times")->values == times);
    CHECK(reader->read<std::uint64_t>("/s/table")->values == table);
    CHECK(reader->read<std::uint64_t>("/s/none")->values.empty());
    const auto rows = reader->read_rows<std::uint64_t>("/s/table", 17, 2);
    REQUIRE(rows.has_value());
    CHECK(rows->shape == std::vector<std::uint64_t>{2, 3});
    CHECK(rows->values == std::vector<std::uint64_t>{17, 289, 1, 18, 324, 1});
    CHECK(contains(reason(reader->read_rows<std::uint64_t>("/s/table", 999, 2)), "rows 999 to 1001"));
}

TEST_CASE("numbers of every width and byte order, and bools, are converted") {
    const Scratch scratch;
    {
        const RawFile file(scratch.file());
        const std::int16_t small[] = {-3, 4};
        const std::uint8_t bytes[] = {200, 1};
        const float reals[] = {1.0F, 2.5F};
        file.dataset("i16", H5T_NATIVE_INT16, {2}, small);
        file.dataset("u8", H5T_NATIVE_UINT8, {2}, bytes);
        file.dataset("f32", H5T_NATIVE_FLOAT, {2}, reals);
        const unsigned char big_endian[] = {0x3F, 0x80, 0, 0};  // 1.0F
        file.dataset("f32be", H5T_IEEE_F32BE, {}, big_endian);
        const hid_t boolean = H5Tenum_create(H5T_STD_I8LE);
        std::int8_t value = 0;
        H5Tenum_insert(boolean, "FALSE", &value);
        value = 1;
        H5Tenum_insert(boolean, "TRUE", &value);
        const std::int8_t truths[] = {1, 0, 1};
        file.dataset("bool", boolean, {3}, truths);
        H5Tclose(boolean);
        const hid_t compound = H5Tcreate(H5T_COMPOUND, 4);
        H5Tinsert(compound, "x", 0, H5T_NATIVE_FLOAT);
        file.dataset("compound", compound, {2}, reals);
        H5Tclose(compound);
        const hid_t odd = H5Tcopy(H5T_NATIVE_INT32);
        H5Tset_precision(odd, 13);
        file.dataset("odd", odd, {1}, reals);
        H5Tclose(odd);
    }
    auto reader = Hdf5Reader::open(scratch.file());
    REQUIRE(reader.has_value());
    CHECK(reader->read<double>("/i16")->values == std::vector<double>{-3, 4});
    CHECK(reader->read<std::int64_t>("/u8")->values == std::vector<std::int64_t>{200, 1});
    CHECK(reader->read<double>("/f32be")->values == std::vector<double>{1});
    CHECK(reader->read<float>("/bool")->values == std::vector<float>{1, 0, 1});
    CHECK(reader->describe("/bool")->type_name == "bool");
    CHECK(contains(reason(reader->read<std::int64_t>("/f32")), "2.5 where an integer is expected"));
    CHECK(contains(reason(reader->read<float>("/compound")), "the dataset holds compounds"));
    CHECK(contains(reason(reader->read<float>("/odd")), "integers of an odd layout"));
    CHECK(contains(reason(reader->read_text("/i16")), "allowed: strings"));
}

TEST_CASE("what is not an HDF5 file is told apart") {
    const Scratch scratch;
    CHECK(contains(reason(Hdf5Reader::open(scratch.file("absent"))), "there is no such file"));
    CHECK(contains(reason(Hdf5Reader::open(std::filesystem::temp_directory_path())), "not a regular file"));
    std::ofstream(scratch.file("empty")) << "";
    CHECK(contains(reason(Hdf5Reader::open(scratch.file("empty"))), "empty"));
    std::ofstream(scratch.file("text")) << std::string(5000, 'x');
    CHECK(contains(reason(Hdf5Reader::open(scratch.file("text"))), "not an HDF5 file"));
    {
        auto writer = Hdf5Writer::create(scratch.file("whole"));
        const std::vector<double> values(10000, 1.0);
        writer->array<double>("/a", values);
        REQUIRE(writer->close().has_value());
    }
    std::filesystem::resize_file(scratch.file("whole"), 5000);
    CHECK(contains(reason(Hdf5Reader::open(scratch.file("whole"))), "truncated"));
}

TEST_CASE("hostile shapes, links and filters are refused before memory is asked for") {
    const Scratch scratch;
    const double one = 1;
    {
        const RawFile file(scratch.file());
        const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
        const hsize_t chunk[] = {1024, 1024};
        H5Pset_chunk(chunked, 2, chunk);
        file.dataset("huge", H5T_NATIVE_DOUBLE, {1U << 20, 1U << 30}, nullptr, chunked);
        file.dataset("absurd", H5T_NATIVE_DOUBLE, {1U << 30, 1U << 30}, nullptr, chunked);
        file.dataset("overflow", H5T_NATIVE_DOUBLE, {~hsize_t{0} / 2, ~hsize_t{0} / 2}, nullptr, chunked);
        H5Pclose(chunked);
        file.dataset("unwritten", H5T_NATIVE_DOUBLE, {100}, nullptr);

        const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_external(external, "/etc/passwd", 0, 80);
        file.dataset("stolen", H5T_NATIVE_DOUBLE, {10}, nullptr, external);
        H5Pclose(external);

        const hid_t lzf = H5Pcreate(H5P_DATASET_CREATE);
        const hsize_t small_chunk[] = {4};
        H5Pset_chunk(lzf, 1, small_chunk);
        H5Pset_filter(lzf, 32000, H5Z_FLAG_OPTIONAL, 0, nullptr);
        const double four[] = {1, 2, 3, 4};
        file.dataset("lzf", H5T_NATIVE_DOUBLE, {4}, four, lzf);
        H5Pclose(lzf);

        file.dataset("there", H5T_NATIVE_DOUBLE, {}, &one);
        H5Lcreate_soft("/there", file.id, "soft", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_soft("/loop_b", file.id, "loop_a", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_soft("/loop_a", file.id, "loop_b", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_external("other.h5", "/there", file.id, "outside", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_soft("/outside", file.id, "soft_outside", H5P_DEFAULT, H5P_DEFAULT);
        H5Gclose(H5Gcreate2(file.id, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        H5Lcreate_hard(file.id, "/", file.id, "group/root", H5P_DEFAULT, H5P_DEFAULT);
    }
    std::filesystem::copy_file(scratch.file(), scratch.file("other.h5"));
    auto reader = Hdf5Reader::open(scratch.file());
    REQUIRE(reader.has_value());
    CHECK(contains(reason(reader->read<double>("/huge")), "at most"));
    CHECK(contains(reason(reader->read<double>("/huge", ~std::uint64_t{0})), "no data were ever written"));
    CHECK(contains(reason(reader->read<double>("/absurd", ~std::uint64_t{0})), "absurd"));
    CHECK(contains(reason(reader->read<double>("/overflow")), "beyond 64 bits"));
    CHECK(contains(reason(reader->read<double>("/unwritten")), "no data were ever written"));
    CHECK(contains(reason(reader->read<double>("/stolen")), "another file"));
    CHECK(contains(reason(reader->read<double>("/lzf")), "lzf (filter 32000)"));
    CHECK(reader->read<double>("/soft")->values == std::vector<double>{1});
    CHECK(contains(reason(reader->read<double>("/loop_a")), "circle"));
    CHECK(contains(reason(reader->read<double>("/outside")), "another file"));
    CHECK_FALSE(reader->has("/soft_outside"));
    CHECK(contains(reason(reader->read<double>("/group")), "a group where a dataset is expected"));
    CHECK(contains(reason(reader->members("/there")), "a dataset where a group is expected"));
    const std::string missing = reason(reader->read<double>("/group/none/deeper"));
    CHECK(contains(missing, "x.h5:/group/none: error: 'none' is missing; allowed: /group has root"));
}

TEST_CASE("bytes in memory read as a file does") {
    const Scratch scratch;
    {
        auto writer = Hdf5Writer::create(scratch.file());
        writer->scalar<double>("/x", 2.5);
        REQUIRE(writer->close().has_value());
    }
    std::ifstream stream(scratch.file(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    auto reader = Hdf5Reader::from_bytes(std::as_bytes(std::span(bytes)), "memory");
    REQUIRE(reader.has_value());
    CHECK(reader->read<double>("/x")->values == std::vector<double>{2.5});
    CHECK(contains(reason(Hdf5Reader::from_bytes({}, "memory")), "memory: error: the file is empty"));
}

TEST_CASE("a disk that fills up is an error at close, not a crash") {
    const Scratch scratch;
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    for (const rlim_t room : {0UL, 100UL, 2000UL, 20'000UL, 100'000UL}) {
        const rlimit limit{room, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
        auto writer = Hdf5Writer::create(scratch.file());
        REQUIRE(writer.has_value());
        writer->extendable<double>("/a", {.rows = 512, .deflate = 0});
        std::vector<double> values(1000);
        for (int step = 0; step < 100; ++step) {
            writer->append<double>("/a", values);
            writer->text("/text/" + std::to_string(step), "x");
        }
        const auto closed = writer->close();
        setrlimit(RLIMIT_FSIZE, &before);
        CHECK(contains(reason(closed), "File too large"));
    }
    std::signal(SIGXFSZ, handler);
}

TEST_CASE("the writer tells its first failure") {
    const Scratch scratch;
    CHECK(contains(reason(Hdf5Writer::create(scratch.file("no/folder.h5"))), "No such file or directory"));
    CHECK(contains(reason(Hdf5Writer::create("/dev/full")), "not a regular file"));
    auto writer = Hdf5Writer::create(scratch.file());
    writer->scalar<double>("/x", 1);
    writer->scalar<double>("/x", 2);
    writer->group("/x/y");
    CHECK(writer->failed());
    CHECK(contains(reason(writer->close()), "x.h5:/x: error: the dataset can't be written"));
}

}  // namespace
}  // namespace spikeloom::files
