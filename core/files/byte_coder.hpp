// Values as bytes and back, between a child process and the one that asked it (isolated.hpp): the same program, so
// numbers stand as they lie in memory. The reader trusts nothing: every read past the end makes it fail for good, and
// sizes are checked against what is left before memory is asked for.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/diagnostics.hpp"

namespace spikeloom::files {

class ByteEncoder {
public:
    void number(std::uint64_t value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }

    void text(const std::string& value) {
        number(value.size());
        bytes_ += value;
    }

    template <class T>
    void numbers(const std::vector<T>& values) {
        number(values.size());
        bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    }

    void diagnostics(const Diagnostics& all) {
        number(all.size());
        for (const Diagnostic& one : all) {
            number(static_cast<std::uint64_t>(one.severity));
            for (const std::string* part : {&one.where, &one.found, &one.allowed, &one.help}) {
                text(*part);
            }
        }
    }

    /// Whether the result is a value, which then follows; else its findings.
    template <class T>
    bool outcome(const Result<T>& result) {
        number(result.has_value() ? 1 : 0);
        if (!result) {
            diagnostics(result.error());
        }
        return result.has_value();
    }

    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

class ByteDecoder {
public:
    explicit ByteDecoder(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    /// Fails for good unless the condition holds; whether nothing has failed yet.
    bool require(bool condition) {
        failed_ = failed_ || !condition;
        return !failed_;
    }

    std::uint64_t number() {
        std::uint64_t value = 0;
        if (require(rest_.size() >= sizeof value)) {
            std::memcpy(&value, rest_.data(), sizeof value);
            rest_.remove_prefix(sizeof value);
        }
        return value;
    }

    std::string text() {
        const std::uint64_t size = number();
        if (!require(size <= rest_.size())) {
            return "";
        }
        std::string value(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return value;
    }

    template <class T>
    std::vector<T> numbers() {
        const std::uint64_t size = number();
        if (!require(size <= rest_.size() / sizeof(T))) {
            return {};
        }
        std::vector<T> values(size);
        if (size > 0) {
            std::memcpy(values.data(), rest_.data(), size * sizeof(T));
        }
        rest_.remove_prefix(size * sizeof(T));
        return values;
    }

    Diagnostics diagnostics() {
        Diagnostics all;
        const std::uint64_t count = number();
        for (std::uint64_t index = 0; index < count && !failed_; ++index) {
            const std::uint64_t severity = number();
            require(severity <= static_cast<std::uint64_t>(Severity::note));
            Diagnostic one{.severity = static_cast<Severity>(failed_ ? 0 : severity)};
            for (std::string* part : {&one.where, &one.found, &one.allowed, &one.help}) {
                *part = text();
            }
            all.push_back(std::move(one));
        }
        return all;
    }

    /// Whether a value follows (ByteEncoder::outcome); if not, `refusal` reads the findings.
    bool value_follows() { return number() == 1; }
    /// Nothing if the bytes hold no error.
    template <class T>
    std::optional<Result<T>> refusal() {
        Diagnostics findings = diagnostics();
        if (failed_ || !has_error(findings)) {
            return std::nullopt;
        }
        return Result<T>(tl::unexpected<Diagnostics>(std::move(findings)));
    }

private:
    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace spikeloom::files
