#include "runtime/isolated_reading.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "core/files/isolated.hpp"

namespace spikeloom::runtime {
namespace {

constexpr char value_follows = 'v';
constexpr char findings_follow = 'f';
constexpr std::size_t most_findings = 10'000;

constexpr std::uint64_t least_cpu_seconds = 20;
constexpr std::uint64_t most_cpu_seconds = 3600;
constexpr std::uint64_t bytes_a_second = 1'000'000;  ///< slow, and compressed
constexpr std::uint64_t least_memory = 1ULL << 32;
constexpr std::uint64_t memory_a_byte = 64;

/// "5:hello": a length and so many bytes.
void put(std::string& out, std::string_view text) {
    out += std::to_string(text.size());
    out += ':';
    out += text;
}

std::optional<std::string> take(std::string_view& bytes) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), size);
    const auto digits = static_cast<std::size_t>(end - bytes.data());
    if (error != std::errc{} || digits >= bytes.size() || bytes[digits] != ':' || size > bytes.size() - digits - 1) {
        return std::nullopt;
    }
    std::string text(bytes.substr(digits + 1, size));
    bytes.remove_prefix(digits + 1 + size);
    return text;
}

std::optional<Diagnostics> take_findings(std::string_view bytes) {
    Diagnostics findings;
    while (!bytes.empty() && findings.size() < most_findings) {
        Diagnostic finding;
        const auto severity = static_cast<unsigned char>(bytes[0] - '0');
        bytes.remove_prefix(1);
        if (severity > static_cast<unsigned char>(Severity::note)) {
            return std::nullopt;
        }
        finding.severity = static_cast<Severity>(severity);
        for (std::string* field : {&finding.where, &finding.found, &finding.allowed, &finding.help}) {
            auto text = take(bytes);
            if (!text) {
                return std::nullopt;
            }
            *field = std::move(*text);
        }
        findings.push_back(std::move(finding));
    }
    return has_error(findings) ? std::optional(std::move(findings)) : std::nullopt;
}

}  // namespace

std::string encode_result(const Result<std::string>& result) {
    if (result) {
        return value_follows + *result;
    }
    std::string bytes(1, findings_follow);
    for (const Diagnostic& finding : result.error()) {
        bytes += static_cast<char>('0' + static_cast<int>(finding.severity));
        for (const std::string* field : {&finding.where, &finding.found, &finding.allowed, &finding.help}) {
            put(bytes, *field);
        }
    }
    return bytes;
}

std::optional<Result<std::string>> decode_result(std::string_view bytes) {
    if (bytes.empty()) {
        return std::nullopt;
    }
    if (bytes[0] == value_follows) {
        return Result<std::string>(std::string(bytes.substr(1)));
    }
    auto findings = bytes[0] == findings_follow ? take_findings(bytes.substr(1)) : std::nullopt;
    if (!findings) {
        return std::nullopt;
    }
    return Result<std::string>(fail(std::move(*findings)));
}

Result<std::string> read_isolated(const std::string& path, const std::function<Result<std::string>()>& work) {
    std::error_code no_size;
    const std::uintmax_t size = std::filesystem::file_size(path, no_size);
    const std::uint64_t bytes = no_size ? 0 : size;
    const auto seconds = static_cast<unsigned>(std::min(least_cpu_seconds + bytes / bytes_a_second, most_cpu_seconds));
    const auto answer =
        files::run_isolated([&work] { return encode_result(work()); },
                            {.cpu_seconds = seconds, .memory_bytes = least_memory + memory_a_byte * bytes});
    auto result = answer ? decode_result(*answer) : std::nullopt;
    if (!result) {
        return fail({.where = path,
                     .found = "the file is corrupt: the HDF5 library " +
                              (answer ? std::string("read nonsense from it") : answer.error() + " while it read it")});
    }
    return std::move(*result);
}

Result<std::string> print_recording(const std::string& recording_path,
                                    const std::function<std::string(const Report&)>& print,
                                    const Repricing& repricing) {
    return read_isolated(recording_path, [&]() -> Result<std::string> {
        const auto report = read_report(recording_path, repricing);
        if (!report) {
            return fail(report.error());
        }
        return print(*report);
    });
}

}  // namespace spikeloom::runtime
