#include "chip/image/image_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "chip/image/image_bytes.hpp"
#include "chip/image/image_proto.hpp"

namespace spikeloom::chip {
namespace {

constexpr std::string_view magic = "SPIKELOOM-IMAGE\n";
constexpr std::uint32_t version = 1;
constexpr std::size_t most_header_bytes = std::size_t{16} << 20;
constexpr std::size_t most_message_bytes = std::size_t{64} << 20;
constexpr std::size_t piece_bytes = std::size_t{16} << 20;

enum class Kind : std::uint32_t { header = 1, input = 2, core = 3, report = 4, source = 5, end = 6 };

const char* name_of(Kind kind) {
    switch (kind) {
    case Kind::header:
        return "header";
    case Kind::input:
        return "input";
    case Kind::core:
        return "core";
    case Kind::report:
        return "mapping report";
    case Kind::source:
        return "source network";
    case Kind::end:
        return "end";
    }
    return "?";
}

std::size_t cap_of(Kind kind) {
    return kind == Kind::header ? most_header_bytes : most_message_bytes;
}

Diagnostic finding(const std::string& where, std::string found, std::string allowed = {}, std::string help = {}) {
    return {.severity = Severity::error,
            .where = where,
            .found = std::move(found),
            .allowed = std::move(allowed),
            .help = std::move(help)};
}

std::string prologue() {
    std::string bytes(magic);
    append_number(bytes, version);
    return bytes;
}

// Writing.

class Writer {
public:
    explicit Writer(const Sink& sink) : sink_(sink) {}

    /// "" or why the image could not be written ("write": see errno).
    std::string write(const Image& image) {
        summed(prologue());
        message(Kind::header, header_to_proto(image));
        for (const InputSymbol& input : image.inputs) {
            message(Kind::input, input_to_proto(input));
        }
        for (const CoreImage& core : image.cores) {
            message(Kind::core, core_to_proto(core));
        }
        pieces(Kind::report, image.mapping_report);
        pieces(Kind::source, image.source_network);
        record(Kind::end, {});
        return std::move(wrong_);
    }

private:
    void put(std::string_view bytes) {
        if (wrong_.empty() && !sink_(bytes)) {
            wrong_ = std::strerror(errno);
        }
    }

    /// As put, into the checksum too. (Not the checksums themselves: a CRC over data and its CRC is a constant.)
    void summed(std::string_view bytes) {
        sum_ = checksum(sum_, bytes);
        put(bytes);
    }

    void record(Kind kind, std::string_view payload) {
        std::string head;
        append_number(head, static_cast<std::uint32_t>(kind));
        append_number(head, static_cast<std::uint64_t>(payload.size()));
        summed(head);
        summed(payload);
        std::string tail;
        append_number(tail, sum_);
        put(tail);
    }

    void message(Kind kind, const google::protobuf::MessageLite& message) {
        if (!wrong_.empty()) {
            return;
        }
        const std::size_t size = message.ByteSizeLong();
        if (size > cap_of(kind)) {
            wrong_ =
                fmt::format("a {} of {} bytes is more than a record holds ({})", name_of(kind), size, cap_of(kind));
            return;
        }
        message.SerializeToString(&buffer_);
        record(kind, buffer_);
    }

    void pieces(Kind kind, std::string_view text) {
        for (; !text.empty(); text.remove_prefix(std::min(piece_bytes, text.size()))) {
            record(kind, text.substr(0, piece_bytes));
        }
    }

    const Sink& sink_;
    std::uint32_t sum_ = 0;
    std::string buffer_;
    std::string wrong_;
};

// Reading.

class Reader {
public:
    Reader(const Source& source, std::uint64_t size, std::string origin)
        : source_(source), left_(size), size_(size), origin_(std::move(origin)) {}

    Result<Image> read() {
        if (auto wrong = read_prologue()) {
            return fail(std::move(*wrong));
        }
        Image image;
        proto::ImageHeaderProto header;
        if (auto wrong = read_header(header, image)) {
            return fail(std::move(*wrong));
        }
        if (auto wrong = read_body(header, image)) {
            return fail(std::move(*wrong));
        }
        Diagnostics findings = check_image(image);
        for (Diagnostic& inside : findings) {
            inside.where = origin_ + ": " + inside.where;
        }
        if (!findings.empty()) {
            return fail(std::move(findings));
        }
        return image;
    }

private:
    using Wrong = std::optional<Diagnostic>;

    /// Takes bytes that are known to be left.
    bool take(std::string& bytes, std::size_t count) {
        if (!source_(bytes, count)) {
            return false;
        }
        left_ -= count;
        return true;
    }

    Wrong damaged(const std::string& found) const {
        return finding(origin_, found, "an image as `spikeloom compile` writes it", "compile the network again");
    }

    Wrong unreadable() const { return finding(origin_, fmt::format("can't be read: {}", std::strerror(errno))); }

    Wrong truncated() const { return damaged(fmt::format("the image is truncated (it has {} bytes)", size_)); }

    Wrong read_prologue() {
        const std::string expected = prologue();
        std::string bytes;
        const std::size_t there = std::min<std::uint64_t>(expected.size(), left_);
        if (!take(bytes, there)) {
            return unreadable();
        }
        if (bytes.substr(0, magic.size()) != magic.substr(0, bytes.size()) || bytes.empty()) {
            return damaged(bytes.empty() ? "the file is empty" : "this is no spikeloom image");
        }
        if (there < expected.size()) {
            return truncated();
        }
        const auto found = number_at<std::uint32_t>(bytes, magic.size());
        if (found != version) {
            return finding(origin_, fmt::format("the image is of version {}", found), fmt::format("{}", version),
                           found > version ? "it was written by a newer spikeloom: read it with that"
                                           : "compile the network again");
        }
        sum_ = checksum(0, bytes);
        return std::nullopt;
    }

    /// The next record, which must be of this kind, into payload_.
    Wrong read_record(Kind kind) {
        constexpr std::size_t head_bytes = 12;
        constexpr std::size_t tail_bytes = 4;
        const std::uint64_t at = size_ - left_;
        if (left_ < head_bytes + tail_bytes) {
            return truncated();
        }
        std::string head;
        if (!take(head, head_bytes)) {
            return unreadable();
        }
        const auto length = number_at<std::uint64_t>(head, 4);
        if (number_at<std::uint32_t>(head, 0) != static_cast<std::uint32_t>(kind)) {
            return damaged(fmt::format("at byte {} there is no {}", at, name_of(kind)));
        }
        if (length > cap_of(kind)) {
            return damaged(fmt::format("at byte {} a {} claims {} bytes", at, name_of(kind), length));
        }
        if (length > left_ - tail_bytes) {
            return truncated();
        }
        std::string tail;
        if (!take(payload_, static_cast<std::size_t>(length))) {
            return unreadable();
        }
        if (!take(tail, tail_bytes)) {
            return unreadable();
        }
        sum_ = checksum(checksum(sum_, head), payload_);
        if (number_at<std::uint32_t>(tail, 0) != sum_) {
            return damaged(fmt::format("the {} at byte {} does not match its checksum", name_of(kind), at));
        }
        return std::nullopt;
    }

    template <class Message>
    Wrong read_message(Kind kind, Message& message) {
        if (Wrong wrong = read_record(kind)) {
            return wrong;
        }
        if (!message.ParseFromString(payload_)) {
            return damaged(fmt::format("the {} before byte {} can't be understood", name_of(kind), size_ - left_));
        }
        return std::nullopt;
    }

    Wrong read_header(proto::ImageHeaderProto& header, Image& image) {
        if (Wrong wrong = read_message(Kind::header, header)) {
            return wrong;
        }
        std::string wrong = header_from_proto(header, image);
        if (wrong.empty() && !check_chip_limits(image.chip).empty()) {
            wrong = to_text(check_chip_limits(image.chip).front());
        }
        if (wrong.empty() && std::cmp_greater(header.cores(), image.chip.mesh.cores())) {
            wrong = fmt::format("it claims {} cores of a chip that has {}", header.cores(), image.chip.mesh.cores());
        }
        return wrong.empty() ? Wrong{} : damaged(wrong);
    }

    Wrong read_body(const proto::ImageHeaderProto& header, Image& image) {
        for (std::uint64_t i = 0; i < header.inputs(); ++i) {
            proto::InputSymbolProto message;
            if (Wrong wrong = read_message(Kind::input, message)) {
                return wrong;
            }
            const std::string wrong = input_from_proto(message, image.inputs.emplace_back());
            if (!wrong.empty()) {
                return damaged(fmt::format("input {}: {}", i, wrong));
            }
        }
        for (std::uint64_t i = 0; i < header.cores(); ++i) {
            proto::CoreImageProto message;
            if (Wrong wrong = read_message(Kind::core, message)) {
                return wrong;
            }
            const std::string wrong = core_from_proto(message, image.cores.emplace_back());
            if (!wrong.empty()) {
                return damaged(fmt::format("core {}: {}", i, wrong));
            }
        }
        if (Wrong wrong = read_pieces(Kind::report, header.report_bytes(), image.mapping_report)) {
            return wrong;
        }
        if (Wrong wrong = read_pieces(Kind::source, header.source_bytes(), image.source_network)) {
            return wrong;
        }
        if (Wrong wrong = read_record(Kind::end)) {
            return wrong;
        }
        if (!payload_.empty() || left_ > 0) {
            return damaged(fmt::format("{} bytes follow the image's end", payload_.size() + left_));
        }
        return std::nullopt;
    }

    Wrong read_pieces(Kind kind, std::uint64_t bytes, std::string& text) {
        while (text.size() < bytes) {
            if (Wrong wrong = read_record(kind)) {
                return wrong;
            }
            if (payload_.empty() || payload_.size() > bytes - text.size()) {
                return damaged(fmt::format("the {} is not of the length that the header gives", name_of(kind)));
            }
            text += payload_;
        }
        return std::nullopt;
    }

    const Source& source_;
    std::uint64_t left_;
    std::uint64_t size_;
    std::string origin_;
    std::uint32_t sum_ = 0;
    std::string payload_;
};

}  // namespace

std::string write_stream(const Image& image, const Sink& sink) {
    return Writer(sink).write(image);
}

Result<Image> read_stream(const Source& source, std::uint64_t size, const std::string& origin) {
    return Reader(source, size, origin).read();
}

}  // namespace spikeloom::chip
