#include "core/files/npy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/files/gzip.hpp"
#include "core/files/zip.hpp"
#include "support/reference_data.hpp"
#include "support/temporary_folder.hpp"

using namespace spikeloom;
using namespace spikeloom::files;

namespace {

/// A .npy file of version 1 with the header as given.
Bytes npy_file(const std::string& header, const std::vector<unsigned char>& data, int version = 1) {
    Bytes bytes;
    append_text(bytes, "\x93NUMPY");
    bytes.push_back(static_cast<std::byte>(version));
    bytes.push_back(std::byte{0});
    if (version == 1) {
        append_little(bytes, static_cast<std::uint16_t>(header.size()));
    } else {
        append_little(bytes, static_cast<std::uint32_t>(header.size()));
    }
    append_text(bytes, header);
    append(bytes, std::as_bytes(std::span(data)));
    return bytes;
}

std::string header(const std::string& type, const std::string& shape, const std::string& fortran = "False") {
    return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

std::string error_of(const Bytes& bytes) {
    const auto array = parse_npy(bytes, "a.npy");
    REQUIRE_FALSE(array.has_value());
    return to_text(array.error());
}

}  // namespace

TEST_CASE("npy: every number type, both byte orders") {
    struct Case {
        const char* type;
        std::vector<unsigned char> data;
        double value;
    };
    const std::vector<Case> cases{{"|b1", {1}, 1},
                                  {"|i1", {0xFE}, -2},
                                  {"|u1", {0xFE}, 254},
                                  {"<i2", {0xFE, 0xFF}, -2},
                                  {">i2", {0xFF, 0xFE}, -2},
                                  {"<u2", {0x01, 0x02}, 513},
                                  {">u2", {0x02, 0x01}, 513},
                                  {"<i4", {0xFE, 0xFF, 0xFF, 0xFF}, -2},
                                  {">u4", {0, 0, 1, 0}, 256},
                                  {"<i8", {0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, -2},
                                  {">u8", {0, 0, 0, 0, 0, 0, 1, 0}, 256},
                                  {"<f2", {0x00, 0x3E}, 1.5},
                                  {">f2", {0xC0, 0x00}, -2},
                                  {"<f2", {0x01, 0x00}, 0x1p-24},
                                  {"<f4", {0, 0, 0xC0, 0x3F}, 1.5},
                                  {">f4", {0x3F, 0xC0, 0, 0}, 1.5},
                                  {"<f8", {0, 0, 0, 0, 0, 0, 0xF8, 0x3F}, 1.5},
                                  {">f8", {0x3F, 0xF8, 0, 0, 0, 0, 0, 0}, 1.5}};
    for (const Case& c : cases) {
        CAPTURE(c.type);
        for (const int version : {1, 2, 3}) {
            const auto array = parse_npy(npy_file(header(c.type, "()"), c.data, version), "a.npy");
            REQUIRE(array.has_value());
            CHECK(array->shape.empty());
            CHECK(array->real(0) == c.value);
            CHECK(array->integer(0) == static_cast<std::int64_t>(c.value));
        }
    }
}

TEST_CASE("npy: Fortran order becomes C order") {
    const auto array = parse_npy(npy_file(header("|u1", "(2, 3)", "True"), {1, 4, 2, 5, 3, 6}), "a.npy");
    REQUIRE(array.has_value());
    CHECK(array->integers() == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6});
    const auto cube = parse_npy(npy_file(header("|u1", "(2, 2, 2)", "True"), {0, 4, 2, 6, 1, 5, 3, 7}), "a.npy");
    REQUIRE(cube.has_value());
    CHECK(cube->integers() == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("npy: headers that numpy never writes are refused with their place") {
    CHECK(error_of(npy_file("{'descr': '|u1', 'fortran_order': False}", {})).find("a.npy: byte ") == 0);
    CHECK(error_of(npy_file("{'descr': '|u1', 'descr': '|u1', 'shape': ()}", {})).find("once each") !=
          std::string::npos);
    CHECK(error_of(npy_file(header("|u1", "(3)"), {1, 2, 3})).find("tuple") != std::string::npos);
    CHECK(error_of(npy_file(header("|u1", "(-3,)"), {1, 2, 3})).find("tuple") != std::string::npos);
    CHECK(error_of(npy_file(header("|u1", "(3,)") + "x", {1, 2, 3})).find("nothing after") != std::string::npos);
    CHECK(
        error_of(npy_file("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}", {})).find("structured") !=
        std::string::npos);
    for (const char* type : {"|O", "<U4", "<c8", "|S3", "<M8", "<f1", "<b2", "|i4", "<f16", "i4", ""}) {
        CAPTURE(type);
        CHECK(error_of(npy_file(header(type, "(1,)"), {0, 0, 0, 0})).find("elements of type") != std::string::npos);
    }
    CHECK(error_of(npy_file(header("|u1", "(1,)"), {1}, 4)).find("version 4") != std::string::npos);
    Bytes cut = npy_file(header("|u1", "(1,)"), {1});
    cut.resize(20);
    CHECK(error_of(cut).find("truncated") != std::string::npos);
    CHECK(error_of({}).find("no magic number") != std::string::npos);
}

TEST_CASE("npy: sizes are compared with the bytes that are there, without overflow") {
    CHECK(error_of(npy_file(header("<f4", "(2,)"), {0, 0, 0, 0})).find("allowed: exactly 8") != std::string::npos);
    CHECK(error_of(npy_file(header("<f4", "(1,)"), {0, 0, 0, 0, 0})).find("allowed: exactly 4") != std::string::npos);
    CHECK(error_of(npy_file(header("<f8", "(281474976710656, 65536)"), {0})).find("fits into memory") !=
          std::string::npos);
    CHECK(error_of(npy_file(header("<f8", "(99999999999999999999,)"), {0})).find("below 2^48") != std::string::npos);
    const auto empty = parse_npy(npy_file(header("<f8", "(0, 281474976710656, 65536)"), {}), "a.npy");
    REQUIRE(empty.has_value());
    CHECK(empty->size() == 0);
}

TEST_CASE("npy: what is written reads back, and numbers that don't fit are clamped") {
    const Array array = make_array({2, 2}, std::vector<double>{1e300, -1e300, 2.9, std::nan("")});
    const auto read = parse_npy(print_npy(array), "a.npy");
    REQUIRE(read.has_value());
    CHECK(read->bytes == array.bytes);
    CHECK(print_npy(array).size() % 64 == 32);  // a header that ends on 64, then 4 doubles
    CHECK(read->integers() == std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(),
                                                        std::numeric_limits<std::int64_t>::min(), 2, 0});
    for (const std::vector<std::size_t>& shape : {std::vector<std::size_t>{}, {6}, {1, 6}, {3, 2, 1}}) {
        const std::size_t size = *element_count(shape);
        const Array bytes = make_array(shape, std::vector<std::uint8_t>(size, 7));
        CHECK(parse_npy(print_npy(bytes), "a.npy") == bytes);
    }
}

TEST_CASE("npz: stored and deflated archives") {
    const NamedArrays arrays{{"x", make_array({3}, std::vector<float>{1, 2, 3})},
                             {"long name", make_array({1000}, std::vector<std::int64_t>(1000, 42))}};
    for (const bool compressed : {false, true}) {
        const Bytes archive = print_npz(arrays, compressed);
        CHECK((archive.size() < 2000) == compressed);
        const auto read = parse_npz(archive, "a.npz");
        REQUIRE(read.has_value());
        CHECK(*read == arrays);
        CHECK(find_array(*read, "x") != nullptr);
        CHECK(find_array(*read, "y") == nullptr);
    }
    const test::TemporaryFolder folder;
    REQUIRE(write_npz(arrays, folder("a.npz")).has_value());
    CHECK(read_npz(folder("a.npz")) == arrays);
}

TEST_CASE("npz: damage at any byte is found or harmless, never a crash") {
    const NamedArrays arrays{{"x", make_array({30}, std::vector<float>(30, 1.5F))}};
    for (const bool compressed : {false, true}) {
        const Bytes archive = print_npz(arrays, compressed);
        for (std::size_t at = 0; at < archive.size(); ++at) {
            for (const unsigned flip : {0xFFU, 0x01U, 0x80U}) {
                Bytes damaged = archive;
                damaged[at] ^= static_cast<std::byte>(flip);
                const auto read = parse_npz(damaged, "a.npz", 1 << 20);
                if (read && !read->empty()) {
                    CHECK(read->front().second == arrays.front().second);
                }
            }
            CHECK_FALSE(parse_npz(ByteView(archive).first(at), "a.npz").has_value());
        }
    }
}

TEST_CASE("npz: what it can't hold is said") {
    const auto text_of = [](const std::vector<ZipMember>& members) {
        const auto read = parse_npz(print_zip(members, true), "a.npz", 1000);
        REQUIRE_FALSE(read.has_value());
        return to_text(read.error());
    };
    CHECK(text_of({{"readme.txt", {}}}).find("*.npy") != std::string::npos);
    CHECK(text_of({{"x.npy", Bytes(2000)}}).find("at most 1000 bytes") != std::string::npos);
    const Bytes npy = print_npy(make_array({1}, std::vector<float>{1}));
    CHECK(text_of({{"x.npy", npy}, {"x.npy", npy}}).find("twice") != std::string::npos);
}

TEST_CASE("gzip: round trip, cap, damage") {
    const Bytes zeros(100000);
    const Bytes packed = gzip(zeros);
    CHECK(gunzip(packed, "a.gz") == zeros);
    Bytes two = packed;
    append(two, packed);
    CHECK(gunzip(two, "a.gz")->size() == 2 * zeros.size());
    const auto capped = gunzip(packed, "a.gz", 99999);
    REQUIRE_FALSE(capped.has_value());
    CHECK(to_text(capped.error()).find("at most 99999 bytes") != std::string::npos);
    CHECK(gunzip(packed, "a.gz", 100000).has_value());
    for (std::size_t size = 0; size < packed.size(); ++size) {
        CHECK_FALSE(gunzip(ByteView(packed).first(size), "a.gz").has_value());
    }
}

TEST_CASE("npy: files that numpy wrote" * doctest::description("reference data")) {
    const auto dense = test::reference_data("netx/dense/dense_1000.npz");
    const auto braille = test::reference_data("nir/braille_zero/ds_test_sample0_input_256x12.npy");
    if (!dense || !braille) {
        return;
    }
    const auto arrays = read_npz(*dense);
    REQUIRE(arrays.has_value());
    CHECK(arrays->size() == 3);
    const auto input = read_npy(*braille);
    REQUIRE(input.has_value());
    CHECK(input->shape == std::vector<std::size_t>{256, 12});
    CHECK(type_text(*input) == "u1");
}
