#include "compiler/partition/hmetis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "core/rules/lexer.hpp"

namespace spikeloom::compiler {
namespace {

/// Vertices that no net names are allowed, but not without end.
constexpr std::uint64_t unnamed_vertices = std::uint64_t{1} << 24;
constexpr std::uint64_t most_number = std::numeric_limits<std::uint32_t>::max();

class HmetisReader {
public:
    HmetisReader(std::string_view text, const std::string& origin) : text_(text), size_(text.size()), origin_(origin) {}

    [[nodiscard]] Result<Hypergraph> read();

private:
    /// The next line that is no comment; nothing at the end.
    [[nodiscard]] std::optional<std::string_view> next_line();
    /// The numbers of a line; an error where something else stands there.
    [[nodiscard]] Result<void> numbers(std::string_view line);
    [[nodiscard]] Result<void> read_header();
    [[nodiscard]] Result<void> read_net();
    [[nodiscard]] Result<void> read_vertex_weight();
    [[nodiscard]] tl::unexpected<Diagnostics> error(std::string found, std::string allowed = "",
                                                    std::string help = "") const {
        return fail(Diagnostic{.where = fmt::format("{}:{}", origin_, line_number_),
                               .found = std::move(found),
                               .allowed = std::move(allowed),
                               .help = std::move(help)});
    }

    std::string_view text_;  ///< what is left
    std::size_t size_;
    std::string origin_;
    std::size_t line_number_ = 0;
    std::vector<std::uint64_t> numbers_;
    std::uint64_t nets_ = 0;
    bool net_weights_ = false;
    bool vertex_weights_ = false;
    Hypergraph graph_;
    std::vector<std::uint32_t> last_net_;  ///< by vertex: net that named it last, counted from 1
};

std::optional<std::string_view> HmetisReader::next_line() {
    while (!text_.empty()) {
        const std::size_t end = std::min(text_.find('\n'), text_.size());
        const std::string_view line = text_.substr(0, end);
        text_.remove_prefix(std::min(end + 1, text_.size()));
        ++line_number_;
        if (!line.starts_with('%')) {
            return line;
        }
    }
    return std::nullopt;
}

Result<void> HmetisReader::numbers(std::string_view line) {
    constexpr std::string_view blank = " \t\r";
    numbers_.clear();
    for (std::size_t at = line.find_first_not_of(blank); at < line.size(); at = line.find_first_not_of(blank, at)) {
        const std::size_t end = std::min(line.find_first_of(blank, at), line.size());
        const std::string_view word = line.substr(at, end - at);
        std::uint64_t number = 0;
        const auto [stopped, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (problem != std::errc() || stopped != word.data() + word.size() || number > most_number) {
            constexpr std::size_t most_shown = 20;
            return error(fmt::format("'{}'", rules::shown(word.substr(0, most_shown))),
                         fmt::format("whole numbers up to {}", most_number));
        }
        numbers_.push_back(number);
        at = end;
    }
    return {};
}

Result<void> HmetisReader::read_header() {
    const auto line = next_line();
    if (!line) {
        return error("an empty file", "a line with the numbers of nets and vertices", "is it hMETIS's format?");
    }
    if (auto read = numbers(*line); !read) {
        return read;
    }
    if (numbers_.size() < 2 || numbers_.size() > 3) {
        return error(fmt::format("a header of {} numbers", numbers_.size()), "nets, vertices, and perhaps the format");
    }
    const std::uint64_t format = numbers_.size() == 3 ? numbers_[2] : 0;
    if (format != 0 && format != 1 && format != 10 && format != 11) {
        return error(fmt::format("format {}", format), "0, 1 (weights of nets), 10 (of vertices) or 11 (of both)");
    }
    net_weights_ = format % 10 == 1;
    vertex_weights_ = format >= 10;
    nets_ = numbers_[0];
    // A line takes two bytes at least.
    if (nets_ > size_ / 2) {
        return error(fmt::format("{} nets announced in a file of {} bytes", nets_, size_));
    }
    if (numbers_[1] > size_ / 2 + unnamed_vertices) {
        return error(fmt::format("{} vertices announced in a file of {} bytes", numbers_[1], size_),
                     fmt::format("{} more than the file could name", unnamed_vertices));
    }
    graph_.vertices = static_cast<std::uint32_t>(numbers_[1]);
    last_net_.assign(graph_.vertices, 0);
    return {};
}

Result<void> HmetisReader::read_net() {
    const auto line = next_line();
    if (!line) {
        return error(fmt::format("{} nets", graph_.nets()), fmt::format("the {} of the header", nets_),
                     "is the file complete?");
    }
    if (auto read = numbers(*line); !read) {
        return read;
    }
    const std::size_t first = net_weights_ ? 1 : 0;
    if (numbers_.size() <= first) {
        return error("a net without pins", net_weights_ ? "a weight and at least one vertex" : "at least one vertex");
    }
    const auto number = static_cast<std::uint32_t>(graph_.nets() + 1);
    if (net_weights_) {
        graph_.net_weight.push_back(static_cast<std::uint32_t>(numbers_[0]));
    }
    for (std::size_t i = first; i < numbers_.size(); ++i) {
        if (numbers_[i] == 0 || numbers_[i] > graph_.vertices) {
            return error(fmt::format("vertex {}", numbers_[i]), fmt::format("1 to {}", graph_.vertices));
        }
        const auto vertex = static_cast<std::uint32_t>(numbers_[i] - 1);
        if (std::exchange(last_net_[vertex], number) != number) {
            graph_.pins.push_back(vertex);
        }
    }
    graph_.net_begin.push_back(graph_.pins.size());
    return {};
}

Result<void> HmetisReader::read_vertex_weight() {
    const auto line = next_line();
    if (!line) {
        return error(fmt::format("weights of {} vertices", graph_.vertex_weight.size()),
                     fmt::format("those of the {} of the header", graph_.vertices), "is the file complete?");
    }
    if (auto read = numbers(*line); !read) {
        return read;
    }
    if (numbers_.size() != 1) {
        return error(fmt::format("{} numbers", numbers_.size()), "the weight of one vertex");
    }
    graph_.vertex_weight.push_back(static_cast<std::uint32_t>(numbers_[0]));
    return {};
}

Result<Hypergraph> HmetisReader::read() {
    auto read = read_header();
    for (std::uint64_t n = 0; read && n < nets_; ++n) {
        read = read_net();
    }
    for (std::uint32_t v = 0; read && vertex_weights_ && v < graph_.vertices; ++v) {
        read = read_vertex_weight();
    }
    for (auto line = read ? next_line() : std::nullopt; line; line = next_line()) {
        if (line->find_first_not_of(" \t\r") != std::string_view::npos) {
            read = error("more lines than the header announces", fmt::format("{} nets", nets_));
            break;
        }
    }
    if (!read) {
        return tl::unexpected<Diagnostics>(std::move(read.error()));
    }
    return std::move(graph_);
}

}  // namespace

Result<Hypergraph> read_hmetis(files::ByteView text, const std::string& origin) {
    return HmetisReader({reinterpret_cast<const char*>(text.data()), text.size()}, origin).read();
}

}  // namespace spikeloom::compiler
