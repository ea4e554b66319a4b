#include "tools/timed_data.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/files/sha256.hpp"
#include "runtime/analog/yin_yang.hpp"

namespace spikeloom::tools {
namespace {

constexpr std::string_view yin_yang = "yin-yang:";
constexpr std::uint64_t most_samples = 10'000'000;

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<std::string> timed_set_sha256(const std::string& name) {
    return name.starts_with(yin_yang) ? Result<std::string>("") : files::sha256_file(name);
}

Result<runtime::TimedSet> open_timed_set(const std::string& name, const std::string& labels_path,
                                         std::optional<runtime::TimedSet::Holds> holds) {
    if (!name.starts_with(yin_yang)) {
        return runtime::read_timed_set(name, labels_path, holds);
    }
    const std::string_view rest = std::string_view(name).substr(yin_yang.size());
    const std::size_t colon = rest.find(':');
    const auto samples = whole_number(rest.substr(0, colon));
    const auto seed = colon == std::string_view::npos ? std::nullopt : whole_number(rest.substr(colon + 1));
    if (!samples || !seed || *samples == 0 || *samples > most_samples) {
        return fail({.where = name,
                     .found = "not the name of a Yin-Yang set",
                     .allowed = "yin-yang:SAMPLES:SEED with 1 to 10000000 samples",
                     .help = "yin-yang:1000:3"});
    }
    return runtime::make_yin_yang(*samples, *seed);
}

}  // namespace spikeloom::tools
