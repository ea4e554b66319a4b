// "SPIKELOOM-ANALOG\n", then little-endian: version (4 bytes), length of the message (8), message (Protobuf), CRC-32 of
// all before it (4).
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "chip/image/analog_image_proto.hpp"
#include "chip/image/image_bytes.hpp"
#include "chip/spec/analog_spec_proto.hpp"

namespace spikeloom::chip {
namespace {

constexpr std::string_view magic = "SPIKELOOM-ANALOG\n";
constexpr std::uint32_t version = 1;
constexpr std::size_t head_bytes = magic.size() + 4 + 8;
constexpr std::size_t tail_bytes = 4;
/// A chip fully used is under 1 MB a run; this is an ideal one with 80 million synapses. Protobuf ends at 2 GB.
constexpr std::uint64_t most_message_bytes = std::uint64_t{1} << 30;

tl::unexpected<Diagnostics> refuse(const std::string& where, std::string found, std::string allowed = {},
                                   std::string help = {}) {
    return fail({.severity = Severity::error,
                 .where = where,
                 .found = std::move(found),
                 .allowed = std::move(allowed),
                 .help = std::move(help)});
}

tl::unexpected<Diagnostics> damaged(const std::string& origin, const std::string& how) {
    return refuse(origin, fmt::format("the image is damaged: {}", how), {}, "compile the network again");
}

/// The message between head and checksum.
Result<std::string_view> payload_of(std::string_view bytes, const std::string& origin) {
    if (!bytes.starts_with(magic)) {
        return refuse(origin, "is no analog image", "an image as `spikeloom compile` writes it for an analog chip");
    }
    if (bytes.size() < head_bytes + tail_bytes) {
        return damaged(origin, fmt::format("it ends after {} bytes", bytes.size()));
    }
    const auto found_version = number_at<std::uint32_t>(bytes, magic.size());
    if (found_version != version) {
        return refuse(origin, fmt::format("the image has version {}", found_version), fmt::format("{}", version),
                      "compile the network with this version of spikeloom");
    }
    const auto length = number_at<std::uint64_t>(bytes, magic.size() + 4);
    if (length != bytes.size() - head_bytes - tail_bytes) {
        return damaged(origin, fmt::format("it says that its message has {} bytes, of {} in the file", length,
                                           bytes.size() - head_bytes - tail_bytes));
    }
    const std::size_t end = bytes.size() - tail_bytes;
    if (checksum(0, bytes.substr(0, end)) != number_at<std::uint32_t>(bytes, end)) {
        return damaged(origin, "its checksum is wrong");
    }
    return bytes.substr(head_bytes, length);
}

}  // namespace

std::uint32_t AnalogImage::channels() const {
    return inputs.empty() ? 0 : inputs.back().first_channel + inputs.back().count;
}

Result<std::string> serialise_analog_image(const AnalogImage& image) {
    if (Diagnostics findings = check_analog_image(image); !findings.empty()) {
        return fail(std::move(findings));
    }
    const proto::AnalogImageProto message = to_proto(image);
    const std::uint64_t size = message.ByteSizeLong();
    if (size > most_message_bytes) {
        return refuse("image", fmt::format("the image has {} bytes", size),
                      fmt::format("at most {}", most_message_bytes));
    }
    std::string bytes(magic);
    append_number(bytes, version);
    append_number(bytes, size);
    bytes.reserve(bytes.size() + size + tail_bytes);
    message.AppendToString(&bytes);
    append_number(bytes, checksum(0, bytes));
    return bytes;
}

Result<AnalogImage> parse_analog_image(std::string_view bytes, const std::string& origin) {
    const auto payload = payload_of(bytes, origin);
    if (!payload) {
        return fail(payload.error());
    }
    proto::AnalogImageProto message;
    if (payload->size() > most_message_bytes ||
        !message.ParsePartialFromArray(payload->data(), static_cast<int>(payload->size()))) {
        return damaged(origin, "its message can't be read");
    }
    if (!message.has_chip() || !message.IsInitialized()) {
        return damaged(origin, fmt::format("it lacks {}", message.has_chip() ? message.InitializationErrorString()
                                                                             : std::string("the chip")));
    }
    const Where where = [&](const std::string& path) { return fmt::format("{}: chip: {}", origin, path); };
    if (Diagnostics findings = check_analog_spec_proto(message.chip(), where, ChipSpecPart::limits);
        !findings.empty()) {
        return fail(std::move(findings));
    }
    AnalogImage image;
    image.chip = from_proto(message.chip());
    if (const std::string wrong = from_proto(message, image); !wrong.empty()) {
        return damaged(origin, wrong);
    }
    if (Diagnostics findings = check_analog_image(image); !findings.empty()) {
        for (Diagnostic& finding : findings) {
            finding.where = fmt::format("{}: {}", origin, finding.where);
        }
        return fail(std::move(findings));
    }
    return image;
}

Result<void> write_analog_image(const AnalogImage& image, const std::string& path) {
    return serialise_analog_image(image).and_then([&](const std::string& bytes) {
        return replace_file(
            path, [&](const Sink& sink) { return sink(bytes) ? std::string() : std::string(std::strerror(errno)); });
    });
}

Result<AnalogImage> read_analog_image(const std::string& path) {
    const auto size = size_of_file(path);
    if (!size) {
        return fail(size.error());
    }
    if (*size > most_message_bytes + head_bytes + tail_bytes) {
        return refuse(path, fmt::format("the file has {} bytes", *size),
                      fmt::format("an analog image of at most {}", most_message_bytes));
    }
    const auto close = [](std::FILE* stream) { std::fclose(stream); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
    if (!file) {
        return refuse(path, fmt::format("can't be read: {}", std::strerror(errno)));
    }
    std::string bytes(*size, '\0');
    errno = EIO;
    if (std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) {
        return refuse(path, fmt::format("can't be read: {}", std::strerror(errno)));
    }
    return parse_analog_image(bytes, path);
}

}  // namespace spikeloom::chip
