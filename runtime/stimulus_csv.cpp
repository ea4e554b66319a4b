#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "runtime/decimal.hpp"
#include "runtime/findings.hpp"
#include "runtime/stimulus_files.hpp"

namespace spikeloom::runtime {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    return text;
}

constexpr std::uint64_t most_payload = std::uint64_t{1} << 24;

struct Fields {
    static constexpr std::size_t most = 4;
    std::array<std::string_view, most> text;
    std::array<std::size_t, most> column{};  ///< from 1
    std::size_t count = 0;                   ///< most + 1 stands for more
};

Fields split_fields(std::string_view line) {
    Fields fields;
    std::size_t begin = 0;
    while (begin <= line.size() && fields.count <= Fields::most) {
        const std::size_t end = std::min(line.find(',', begin), line.size());
        if (fields.count < Fields::most) {
            fields.text[fields.count] = trimmed(line.substr(begin, end - begin));
            fields.column[fields.count] = begin + 1;
        }
        ++fields.count;
        begin = end + 1;
    }
    return fields;
}

class CsvReader {
public:
    CsvReader(const std::string& origin, const chip::Image& image) : origin_(origin), image_(image) {}

    Result<EventList> read(std::string_view text) {
        std::size_t number = 0;
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            line(++number, text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        return findings_.or_value(std::move(list_));
    }

private:
    void line(std::size_t number, std::string_view text) {
        text = text.substr(0, text.find('#'));
        if (trimmed(text).empty()) {
            return;
        }
        const Fields fields = split_fields(text);
        const bool first = std::exchange(first_line_, false);
        const std::string_view last = fields.text[std::min(fields.count, Fields::most) - 1];
        const bool header = first && fields.text[0] == "step" && (last == "channel" || last == "payload");
        if (fields.count < 2 || fields.count > Fields::most) {
            wrong(number, 1, "a line that is not an event",
                  "step,channel or step,port,channel or step,port,channel,payload");
        } else if (!header) {
            event(number, fields);
        }
    }

    void event(std::size_t number, const Fields& fields) {
        const bool names_port = fields.count > 2;
        const std::size_t last = names_port ? 2 : 1;  // where the channel stands
        const auto port = names_port ? port_of(fields.text[1]) : only_port();
        if (!port) {
            wrong(number, fields.column[names_port ? 1 : 0],
                  names_port ? fmt::format("no port '{}'", fields.text[1]) : "no port named", ports_text(image_));
            return;
        }
        const auto step = parse_unsigned(fields.text[0]);
        if (!step || *step >= most_steps) {
            wrong(number, fields.column[0], fmt::format("step '{}'", fields.text[0]), "an integer 0..2^40 - 1");
            return;
        }
        const auto channel = parse_unsigned(fields.text[last]);
        const std::uint32_t channels = image_.inputs[*port].size();
        if (!channel || *channel >= channels) {
            wrong(number, fields.column[last], fmt::format("channel '{}'", fields.text[last]),
                  channels == 0 ? "none: the port is empty" : fmt::format("an integer 0..{}", channels - 1));
            return;
        }
        const bool graded = fields.count == Fields::most;
        // Only of what multiplies weights may the sign be either.
        const bool either_sign = graded && image_.inputs[*port].graded;
        const bool negative = either_sign && fields.text[3].starts_with('-');
        const auto payload = graded ? parse_unsigned(fields.text[3].substr(negative ? 1 : 0)) : 0;
        if (!payload || *payload >= most_payload) {
            wrong(number, fields.column[3], fmt::format("payload '{}'", fields.text[3]),
                  either_sign ? "an integer, at most 2^24 - 1 in magnitude" : "an integer 0..2^24 - 1");
            return;
        }
        const auto magnitude = static_cast<std::int32_t>(*payload);
        list_.events.push_back({*step, *port, static_cast<std::uint32_t>(*channel), negative ? -magnitude : magnitude});
        list_.steps = std::max(list_.steps, *step + 1);
    }

    [[nodiscard]] std::optional<std::uint32_t> only_port() const {
        return image_.inputs.size() == 1 ? std::optional<std::uint32_t>(0) : std::nullopt;
    }
    [[nodiscard]] std::optional<std::uint32_t> port_of(std::string_view text) const {
        for (std::uint32_t port = 0; port < image_.inputs.size(); ++port) {
            if (image_.inputs[port].name == text) {
                return port;
            }
        }
        const auto number = parse_unsigned(text);
        return number && *number < image_.inputs.size() ? std::optional(static_cast<std::uint32_t>(*number))
                                                        : std::nullopt;
    }
    void wrong(std::size_t line, std::size_t column, std::string found, std::string allowed) {
        findings_.add({.where = fmt::format("{}:{}:{}", origin_, line, column),
                       .found = std::move(found),
                       .allowed = std::move(allowed),
                       .help = {}});
    }

    const std::string& origin_;
    const chip::Image& image_;
    EventList list_;
    Findings findings_;
    bool first_line_ = true;
};

}  // namespace

Result<EventList> parse_event_csv(std::string_view text, const std::string& origin, const chip::Image& image) {
    return CsvReader(origin, image).read(text);
}

}  // namespace spikeloom::runtime
