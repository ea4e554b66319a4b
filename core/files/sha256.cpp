#include "core/files/sha256.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace spikeloom::files {
namespace {

class Digest {
public:
    Digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
    }
    void update(ByteView bytes) { check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }
    std::string hex() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned size = 0;
        check(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
        std::string text;
        for (unsigned i = 0; i < size; ++i) {
            text += fmt::format("{:02x}", digest[i]);
        }
        return text;
    }

private:
    static void check(bool done) {
        if (!done) {
            throw std::runtime_error("OpenSSL gives no SHA-256");
        }
    }
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string sha256(ByteView bytes) {
    Digest digest;
    digest.update(bytes);
    return digest.hex();
}

Result<std::string> sha256_file(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    const auto failure = [&](const char* what, int error) {
        return fail(
            {.where = path, .found = fmt::format("{}: {}", what, std::strerror(error)), .allowed = {}, .help = {}});
    };
    if (!file) {
        return failure("cannot be opened", errno);
    }
    Digest digest;
    Bytes block(std::size_t{1} << 16);
    while (true) {
        errno = 0;
        const std::size_t got = std::fread(block.data(), 1, block.size(), file.get());
        const int error = errno;
        digest.update(ByteView(block).first(got));
        if (got < block.size()) {
            if (std::ferror(file.get()) != 0) {
                return failure("cannot be read", error);
            }
            return digest.hex();
        }
    }
}

}  // namespace spikeloom::files
