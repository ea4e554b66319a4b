#include "compiler/placement/qap_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <utility>

#include "core/files/bytes.hpp"
#include "core/rules/lexer.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t most_qap_size = 4096;
constexpr double most_sum = 4503599627370496;  // 2^52
using Matrix = std::vector<std::int64_t>;

/// Whole numbers between blanks, with the lines that they stand on.
class Numbers {
public:
    Numbers(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

    [[nodiscard]] Result<std::int64_t> next(std::int64_t least, std::int64_t most, std::string_view what) {
        skip_blanks();
        const char* begin = text_.data() + at_;
        const char* end = text_.data() + text_.size();
        if (begin == end) {
            return fail({.where = place(), .found = "the file ends", .allowed = std::string(what), .help = help()});
        }
        std::int64_t value = 0;
        const auto [stop, error] = std::from_chars(begin, end, value);
        const bool whole = error == std::errc() && (stop == end || is_blank(*stop));
        if (!whole || value < least || value > most) {
            const auto* word_end = std::find_if(begin, end, is_blank);
            constexpr std::ptrdiff_t most_shown = 24;
            const std::string_view word(begin, static_cast<std::size_t>(std::min(word_end - begin, most_shown)));
            return fail({.where = place(),
                         .found = fmt::format("'{}'", rules::shown(word)),
                         .allowed = fmt::format("{}, {} to {}", what, least, most),
                         .help = help()});
        }
        at_ += static_cast<std::size_t>(stop - begin);
        return value;
    }
    [[nodiscard]] bool at_end() {
        skip_blanks();
        return at_ == text_.size();
    }
    /// Most numbers that may follow: each takes two characters, but the last.
    [[nodiscard]] std::size_t room() const { return (text_.size() - at_ + 1) / 2; }
    [[nodiscard]] std::string place() const { return fmt::format("{}:{}", origin_, line_); }
    static std::string help() { return "QAPLIB's form: n, then two matrices of n x n whole numbers"; }

private:
    static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
    void skip_blanks() {
        for (; at_ < text_.size() && is_blank(text_[at_]); ++at_) {
            line_ += text_[at_] == '\n' ? 1 : 0;
        }
    }

    std::string_view text_;
    std::string origin_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

Result<Matrix> read_matrix(Numbers& numbers, std::size_t size) {
    Matrix matrix;
    matrix.reserve(size * size);
    for (std::size_t i = 0; i < size * size; ++i) {
        const auto value = numbers.next(0, std::numeric_limits<std::int32_t>::max() / 2, "a matrix's entry");
        if (!value) {
            return fail(value.error());
        }
        matrix.push_back(*value);
    }
    return matrix;
}

bool is_metric_of(const Matrix& matrix, std::size_t size, const QapGrid& grid) {
    for (std::size_t i = 0; i < size; ++i) {
        for (std::size_t j = 0; j < size; ++j) {
            const auto step = [&](std::size_t a, std::size_t b) { return a > b ? a - b : b - a; };
            const std::size_t distance =
                step(i % grid.columns, j % grid.columns) + step(i / grid.columns, j / grid.columns);
            if (matrix[i * size + j] != static_cast<std::int64_t>(distance)) {
                return false;
            }
        }
    }
    return true;
}

std::optional<QapGrid> grid_of(const Matrix& matrix, std::uint32_t size, std::optional<QapGrid> wanted) {
    if (wanted) {
        return is_metric_of(matrix, size, *wanted) ? wanted : std::nullopt;
    }
    for (std::uint32_t columns = 1; columns <= size; ++columns) {
        // The last corner tells all but one or two widths apart.
        const QapGrid grid{.columns = columns, .rows = size / columns};
        if (size % columns == 0 && matrix[size - 1] == std::int64_t{grid.columns} + grid.rows - 2 &&
            is_metric_of(matrix, size, grid)) {
            return grid;
        }
    }
    return std::nullopt;
}

bool is_symmetric(const Matrix& matrix, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (matrix[i * size + j] != matrix[j * size + i]) {
                return false;
            }
        }
    }
    return true;
}

bool has_diagonal(const Matrix& matrix, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        if (matrix[i * size + i] != 0) {
            return true;
        }
    }
    return false;
}

/// What the searches can't take.
std::optional<Diagnostic> refusal(const Matrix& a, const Matrix& b, std::size_t size, const std::string& origin) {
    if (!is_symmetric(a, size) && !is_symmetric(b, size)) {
        return Diagnostic{.where = origin, .found = "neither matrix is symmetric", .allowed = "at least one that is"};
    }
    if (has_diagonal(a, size) && has_diagonal(b, size)) {
        return Diagnostic{.where = origin, .found = "both matrices have a diagonal", .allowed = "one that is 0"};
    }
    const auto sum = [](const Matrix& matrix) {
        return std::accumulate(matrix.begin(), matrix.end(), 0.0,
                               [](double s, std::int64_t x) { return s + static_cast<double>(x); });
    };
    const auto most = [](const Matrix& matrix) {
        return static_cast<double>(*std::max_element(matrix.begin(), matrix.end()));
    };
    if (8 * std::min(sum(a) * most(b), sum(b) * most(a)) > most_sum ||
        8 * std::max(sum(a) * most(b), sum(b) * most(a)) > 1024 * most_sum) {
        return Diagnostic{.where = origin,
                          .found = "costs beyond 2^52",
                          .allowed = "matrices whose products stay below",
                          .help = "divide one of them"};
    }
    return std::nullopt;
}

}  // namespace

Result<QapInstance> parse_qap(std::string_view text, const std::string& origin, std::optional<QapGrid> grid) {
    Numbers numbers(text, origin);
    const auto size = numbers.next(1, most_qap_size, "the size");
    if (!size) {
        return fail(size.error());
    }
    const auto n = static_cast<std::uint32_t>(*size);
    if (numbers.room() < std::size_t{2} * n * n) {
        return fail({.where = numbers.place(),
                     .found = fmt::format("two matrices of {0} x {0} are promised, the file is too short for them", n),
                     .allowed = fmt::format("{} numbers", std::size_t{2} * n * n),
                     .help = Numbers::help()});
    }
    auto first = read_matrix(numbers, n);
    auto second = first ? read_matrix(numbers, n) : first;
    if (!second) {
        return fail(std::move(second.error()));
    }
    if (!numbers.at_end()) {
        return fail(
            {.where = numbers.place(), .found = "more numbers than two matrices have", .help = Numbers::help()});
    }
    if (grid && std::uint64_t{grid->columns} * grid->rows != n) {
        return fail({.where = origin,
                     .found = fmt::format("{} places, the grid {} x {} has {}", n, grid->columns, grid->rows,
                                          std::uint64_t{grid->columns} * grid->rows)});
    }
    if (auto bad = refusal(*first, *second, n, origin)) {
        return fail(std::move(*bad));
    }
    QapInstance instance{
        .size = n, .flows = {}, .distances = {}, .first_is_distance = true, .grid = grid_of(*first, n, grid)};
    if (!instance.grid) {
        instance.grid = grid_of(*second, n, grid);
        instance.first_is_distance = false;
    }
    if (!instance.grid && grid) {
        return fail({.where = origin,
                     .found = fmt::format("neither matrix is the Manhattan metric of a grid of {} x {}", grid->columns,
                                          grid->rows),
                     .help = "leave out --grid: any two matrices are taken"});
    }
    const Matrix& flows = instance.first_is_distance ? *second : *first;
    const Matrix& distances = instance.first_is_distance ? *first : *second;
    instance.flows.assign(flows.begin(), flows.end());
    instance.distances.assign(distances.begin(), distances.end());
    return instance;
}

Result<QapInstance> read_qap(const std::string& path, std::optional<QapGrid> grid) {
    constexpr std::uint64_t most_bytes = std::uint64_t{512} << 20;
    const auto bytes = files::read_bytes(path, most_bytes);
    if (!bytes) {
        return fail(bytes.error());
    }
    return parse_qap({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path, grid);
}

PlacementProblem problem_of(const QapInstance& instance) {
    const std::uint32_t n = instance.size;
    const Matrix distances(instance.distances.begin(), instance.distances.end());
    // A pair costs F_ij D_pq + F_ji D_qp. One of the two is symmetric; the other is what both directions add up to.
    const bool sum_distances = !is_symmetric(distances, n);
    CoreFlows flows{.cores = n, .flows = {}};
    for (std::uint32_t i = 0; i < n; ++i) {
        for (std::uint32_t j = 0; j < n; ++j) {
            const std::uint32_t flow = instance.flows[std::size_t{i} * n + j];
            if (i != j && flow > 0 && (!sum_distances || i < j)) {
                flows.flows.push_back({.from = i, .to = j, .messages = flow, .weight = flow});
            }
        }
    }
    if (instance.grid) {
        std::vector<std::uint32_t> slots(n);
        std::iota(slots.begin(), slots.end(), 0U);
        // Place i of the file stands at column i % columns; tile t of a mesh at row t % rows.
        const router::Mesh mesh{.columns = static_cast<int>(instance.grid->rows),
                                .rows = static_cast<int>(instance.grid->columns),
                                .cores_per_tile = 1};
        return {.flows = both_ways(flows), .metric = SlotMetric(slots, mesh, {})};
    }
    std::vector<std::int32_t> matrix(std::size_t{n} * n, 0);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            if (i != j) {
                matrix[i * n + j] = instance.distances[i * n + j] + (sum_distances ? instance.distances[j * n + i] : 0);
            }
        }
    }
    return {.flows = both_ways(flows), .metric = SlotMetric(std::move(matrix), n)};
}

std::int64_t qap_cost(const QapInstance& instance, const Arrangement& slot_of) {
    const std::size_t n = instance.size;
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            sum += std::int64_t{instance.flows[i * n + j]} * instance.distances[slot_of[i] * n + slot_of[j]];
        }
    }
    return sum;
}

}  // namespace spikeloom::compiler
