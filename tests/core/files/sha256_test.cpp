#include "core/files/sha256.hpp"

#include <doctest/doctest.h>

#include "support/temporary_folder.hpp"

using namespace spikeloom;
using namespace spikeloom::files;

TEST_CASE("sha256: the examples of FIPS 180-4") {
    Bytes abc;
    append_text(abc, "abc");
    CHECK(sha256(abc) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("sha256: a file gives the digest of its bytes, a folder an error") {
    const test::TemporaryFolder folder;
    const Bytes bytes(200000, std::byte{'a'});
    REQUIRE(write_bytes(folder("a"), bytes).has_value());
    CHECK(sha256_file(folder("a")) == sha256(bytes));
    CHECK_FALSE(sha256_file(folder("missing")).has_value());
    CHECK_FALSE(sha256_file(folder.path().string()).has_value());
    CHECK_FALSE(read_bytes(folder.path().string()).has_value());
}
