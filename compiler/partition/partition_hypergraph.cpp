#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include "compiler/partition/copy_bounds.hpp"
#include "compiler/partition/fill.hpp"
#include "compiler/partition/grouped_nets.hpp"
#include "compiler/partition/hypergraph.hpp"
#include "compiler/partition/multilevel.hpp"
#include "compiler/partition/side_by_side.hpp"
#include "compiler/partition/sub_hypergraphs.hpp"
#include "compiler/partition/top_down.hpp"
#include "compiler/partition/twins.hpp"
#include "compiler/partition/windows.hpp"

namespace spikeloom::compiler {
namespace {

/// One search from nothing. Proposals are a vertex and level; all costs are counts, so that a result does not depend on
/// the machine.
struct Run {
    std::uint64_t proposals;
    std::uint32_t clusters_a_part;
    bool slow_coarse;
    CoarseStart start = CoarseStart::annealed;
};
/// Diverse on purpose: slow cooling finds the best of the structure that the clusters show; fast cooling of coarse
/// clusters now and then a better structure; grown starts know what is long and thin. A higher effort makes the runs of
/// the lower ones first.
constexpr std::array runs_of_all_efforts{Run{400, 8, false},
                                         Run{400, 8, false, CoarseStart::grown},
                                         Run{400, 8, true},
                                         Run{400, 16, false},
                                         Run{1500, 8, true},
                                         Run{400, 12, false},
                                         Run{1500, 12, false},
                                         Run{1500, 24, true},
                                         Run{1500, 16, false, CoarseStart::grown},
                                         Run{4000, 8, false}};

/// Larger problems make as many proposals as one of this size.
constexpr std::uint64_t usual_vertices = 50'000;

struct Budget {
    std::size_t runs;              ///< of those above
    std::uint64_t halving;         ///< proposals a vertex and level, of the run that halves parts again and again
    int combinations;              ///< of two of the partitions found
    std::uint64_t proposals;       ///< a vertex and level, in a combination
    std::uint64_t work;            ///< a level, of table entries
    std::uint64_t twin_proposals;  ///< of one start
    int twin_starts;
};

Budget budget_of(int effort) {
    constexpr std::uint64_t million = 1'000'000;
    switch (effort) {
    case 1:
        return {.runs = 2,
                .halving = 30,
                .combinations = 0,
                .proposals = 200,
                .work = 500 * million,
                .twin_proposals = million / 5,
                .twin_starts = 4};
    case 2:
        return {.runs = 5,
                .halving = 100,
                .combinations = 2,
                .proposals = 1000,
                .work = 3000 * million,
                .twin_proposals = million / 2,
                .twin_starts = 8};
    default:
        return {.runs = runs_of_all_efforts.size(),
                .halving = 300,
                .combinations = 6,
                .proposals = 1500,
                .work = 10'000 * million,
                .twin_proposals = 2 * million,
                .twin_starts = 16};
    }
}

constexpr std::uint32_t most_parts = 65'535;

/// Beyond the room for tables. Counts are a vertex and level.
struct LargeBudget {
    std::uint64_t early_proposals;
    std::uint64_t proposals;
    int rounds;
    std::uint64_t window_proposals;
};
constexpr std::array budgets_of_large{LargeBudget{8, 150, 2, 50}, LargeBudget{30, 400, 4, 200},
                                      LargeBudget{100, 1000, 8, 500}};
constexpr std::uint64_t work_a_vertex = 1000;
constexpr std::uint64_t window_room = 100'000;  ///< what stays in a core's caches

class Portfolio {
public:
    Portfolio(const Hypergraph& graph, const PartitionOptions& options)
        : graph_(graph), options_(options), threads_(static_cast<std::size_t>(std::max(options.threads, 1))) {
        if (options.stop) {
            stop_ = [this] {
                const std::scoped_lock lock(asking_);
                stop_asked_ = stop_asked_ || options_.stop();
                return stop_asked_;
            };
        }
    }

    [[nodiscard]] std::vector<std::uint32_t> run(std::vector<PartitionAttempt>* attempts);

private:
    struct Member {
        std::uint64_t copies = 0;
        std::vector<std::uint32_t> part_of;
    };

    void consider(const char* method, std::vector<std::uint32_t> part_of);
    void search();
    void search_multilevel(const GroupedNets& nets);
    void add_member(const char* method, std::vector<std::uint32_t> part_of);
    void make_runs(const GroupedNets& nets, const MultilevelOptions& options, std::size_t first, std::size_t end);
    void halve(const GroupedNets& nets, const MultilevelOptions& options, std::uint64_t proposals);
    void combine_members(const GroupedNets& nets, MultilevelOptions options, int combinations);
    void search_large();
    [[nodiscard]] bool is_local() const;
    [[nodiscard]] std::uint64_t entries(const GroupedNets& nets) const {
        return (nets.groups() + nets.vertices()) * options_.parts;
    }
    [[nodiscard]] bool stopped() const { return stop_ && stop_(); }

    const Hypergraph& graph_;
    const PartitionOptions& options_;
    std::size_t threads_;
    std::mutex asking_;
    bool stop_asked_ = false;
    std::function<bool()> stop_{};  ///< options_.stop for all threads; once true, always
    Member best_;
    std::vector<Member> members_;  ///< that the multilevel search found, the best first
    std::vector<PartitionAttempt> attempts_;
};

void Portfolio::consider(const char* method, std::vector<std::uint32_t> part_of) {
    if (part_of.empty()) {
        return;
    }
    const std::uint64_t cost = copies(graph_, part_of);
    attempts_.push_back({method, cost});
    if (best_.part_of.empty() || cost < best_.copies) {
        best_ = {cost, std::move(part_of)};
    }
}

void Portfolio::add_member(const char* method, std::vector<std::uint32_t> part_of) {
    if (!part_of.empty()) {
        members_.push_back({copies(graph_, part_of), part_of});
        std::ranges::stable_sort(members_, {}, &Member::copies);
        consider(method, std::move(part_of));
    }
}

void Portfolio::make_runs(const GroupedNets& nets, const MultilevelOptions& options, std::size_t first,
                          std::size_t end) {
    const std::size_t tables = options_.table_room / std::max<std::size_t>(entries(nets), 1);
    std::vector<std::vector<std::uint32_t>> found(end - first);
    side_by_side(found.size(), std::clamp<std::size_t>(tables, 1, threads_), [&](std::size_t i) {
        if (!stopped()) {
            const Run& run = runs_of_all_efforts.at(first + i);
            MultilevelOptions own = options;
            own.stream = static_cast<std::uint32_t>(first + i + 1);
            own.proposals = run.proposals * usual_vertices / std::max<std::uint64_t>(usual_vertices, nets.vertices());
            own.clusters_a_part = run.clusters_a_part;
            own.start = run.start;
            own.slow_coarse = run.slow_coarse;
            found[i] = multilevel(nets, own);
        }
    });
    for (std::vector<std::uint32_t>& part_of : found) {
        add_member("multilevel", std::move(part_of));
    }
}

/// Parts halved again and again, then refined where that is not hopeless: what is long and thin stays in one piece.
/// Where most nets reach many parts, however they are dealt (random nets between modules), halves decide nothing.
void Portfolio::halve(const GroupedNets& nets, const MultilevelOptions& options, std::uint64_t proposals) {
    constexpr std::uint32_t fewest_parts_to_halve = 4;
    constexpr double local = 0.2;  // of the copies that chance makes
    if (options_.parts < fewest_parts_to_halve || stopped() || best_.part_of.empty() ||
        static_cast<double>(best_.copies) > local * copy_bounds(graph_, options_.capacity, options_.parts).random) {
        return;
    }
    std::vector<std::uint32_t> halves =
        partition_top_down(graph_, {.parts = options_.parts,
                                    .capacity = options_.capacity,
                                    .seed = options_.seed + proposals,
                                    .most_at_once = 2,
                                    .proposals = proposals,
                                    .early_proposals = proposals,
                                    .work = std::min(work_a_vertex, options.work / std::max(nets.vertices(), 1U)),
                                    .threads = threads_,
                                    .stop = &stop_});
    if (halves.empty()) {
        return;
    }
    const std::uint64_t cost = copies(graph_, halves);
    consider("halved", halves);
    if (cost > best_.copies + best_.copies / 10) {
        return;
    }
    add_member("halved, refined", combine(nets, halves, halves, options));
}

/// Of the best with the others in turn. Where a fill is best still, or packing is hard, that is refined.
void Portfolio::combine_members(const GroupedNets& nets, MultilevelOptions options, int combinations) {
    if (!best_.part_of.empty() && (members_.empty() || best_.copies < members_.front().copies)) {
        members_.insert(members_.begin(), best_);
        combinations = std::max(combinations, 1);
    }
    for (int i = 0; i < combinations && !members_.empty() && !stopped(); ++i) {
        ++options.stream;
        options.clusters_a_part = i % 2 == 0 ? 8 : 16;
        const auto other = static_cast<std::size_t>(1 + i) % members_.size();
        add_member("combined", combine(nets, members_.front().part_of, members_[other].part_of, options));
    }
}

/// What each effort does up to the one asked for: a higher one begins with all that a lower one does.
void Portfolio::search_multilevel(const GroupedNets& nets) {
    MultilevelOptions options{.parts = options_.parts,
                              .capacity = std::vector(options_.parts, options_.capacity),
                              .seed = options_.seed,
                              .stop = &stop_};
    std::size_t made = 0;
    for (int effort = 1; effort <= options_.effort; ++effort) {
        const Budget budget = budget_of(effort);
        options.work = budget.work;
        // Where a run takes no time, more of them are made.
        constexpr std::uint32_t tiny = 64;
        const std::size_t runs = nets.vertices() < tiny ? std::max<std::size_t>(budget.runs, 4) : budget.runs;
        make_runs(nets, options, made, runs);
        made = runs;
        options.proposals = budget.proposals;
        constexpr std::uint32_t streams_an_effort = 1000;
        options.stream = streams_an_effort * static_cast<std::uint32_t>(effort);
        halve(nets, options, budget.halving);
        combine_members(nets, options, budget.combinations);
    }
}

void Portfolio::search() {
    const GroupedNets nets = group_nets(graph_);
    const TwinKinds kinds = find_twins(nets);
    const std::size_t many = nets.vertices() / 3;
    const bool fits = (nets.groups() + kinds.size.size()) * options_.parts <= options_.table_room;
    for (int effort = 1; kinds.size.size() <= many && fits && effort <= options_.effort; ++effort) {
        const Budget budget = budget_of(effort);
        Draws draws(options_.seed, 0xFFFF0000U + static_cast<std::uint32_t>(effort - 1));
        consider("twins", partition_twins(nets, kinds, draws,
                                          {.parts = options_.parts,
                                           .capacity = options_.capacity,
                                           .proposals = budget.twin_proposals,
                                           .starts = budget.twin_starts,
                                           .stop = &stop_}));
    }
    const bool all_twins = !best_.part_of.empty() && kinds.size.size() <= nets.vertices() / 50;
    if (all_twins) {
        return;
    }
    if (entries(nets) <= options_.table_room && options_.parts <= most_parts) {
        search_multilevel(nets);
    } else {
        search_large();
    }
}

/// Problems whose tables would not fit: split top down and refined in windows, with the budgets of each effort up to
/// the one asked for.
void Portfolio::search_large() {
    const bool local = best_.part_of.empty() || is_local();
    for (std::size_t effort = 0; effort < static_cast<std::size_t>(options_.effort) && !stopped(); ++effort) {
        const LargeBudget& budget = budgets_of_large.at(effort);
        if (local) {
            consider("top down", partition_top_down(graph_, {.parts = options_.parts,
                                                             .capacity = options_.capacity,
                                                             .seed = options_.seed + effort,
                                                             .proposals = budget.proposals,
                                                             .early_proposals = budget.early_proposals,
                                                             .work = work_a_vertex,
                                                             .threads = threads_,
                                                             .stop = &stop_}));
        }
        if (best_.part_of.empty()) {
            return;
        }
        consider("windows", refine_in_windows(graph_, best_.part_of,
                                              {.parts = options_.parts,
                                               .capacity = options_.capacity,
                                               .seed = options_.seed + effort,
                                               .table_room = window_room,
                                               .rounds = budget.rounds,
                                               .proposals = budget.window_proposals,
                                               .work = work_a_vertex,
                                               .anew = !local,
                                               .threads = threads_,
                                               .stop = &stop_}));
    }
}

/// Whether parts that share nets are few and lie together: whether large blocks of them cost little beside the parts.
/// If not (random nets between modules), splits into large blocks cost much and decide nothing.
bool Portfolio::is_local() const {
    constexpr std::uint32_t blocks = 16;
    const auto windows = choose_windows(graph_, best_.part_of, {.parts = options_.parts, .seed = options_.seed},
                                        std::max(options_.parts / blocks, 2U), 0);
    std::vector<std::uint32_t> block_of(options_.parts);
    for (std::uint32_t w = 0; w < windows.size(); ++w) {
        for (const std::uint32_t part : windows[w]) {
            block_of[part] = w;
        }
    }
    std::vector<std::uint32_t> block_of_vertex(graph_.vertices);
    for (std::uint32_t v = 0; v < graph_.vertices; ++v) {
        block_of_vertex[v] = block_of[best_.part_of[v]];
    }
    return copies(graph_, block_of_vertex) < best_.copies / 2;
}

std::vector<std::uint32_t> Portfolio::run(std::vector<PartitionAttempt>* attempts) {
    consider("fill in order", fill_in_order(graph_, options_).value_or(std::vector<std::uint32_t>{}));
    if (graph_.vertices > 0 && options_.parts > 1) {
        consider("greedy overlap", fill_by_overlap(graph_, options_).value_or(std::vector<std::uint32_t>{}));
        if (best_.part_of.empty()) {
            consider("pack by weight", pack(graph_, options_).value_or(std::vector<std::uint32_t>{}));
        }
        const bool perfect = !best_.part_of.empty() && best_.copies == 0;
        if (options_.effort > 0 && !perfect && !stopped()) {
            search();
        }
    }
    if (attempts != nullptr) {
        *attempts = std::move(attempts_);
    }
    return std::move(best_.part_of);
}

}  // namespace

std::uint64_t Hypergraph::total_weight() const {
    return vertex_weight.empty() ? vertices
                                 : std::accumulate(vertex_weight.begin(), vertex_weight.end(), std::uint64_t{0});
}

std::uint64_t copies(const Hypergraph& graph, std::span<const std::uint32_t> part_of) {
    std::vector<std::uint32_t> parts;
    std::uint64_t sum = 0;
    for (std::size_t n = 0; n < graph.nets(); ++n) {
        parts.clear();
        for (const std::uint32_t pin : graph.net(n)) {
            parts.push_back(part_of[pin]);
        }
        std::ranges::sort(parts);
        const auto distinct = static_cast<std::uint64_t>(std::ranges::unique(parts).begin() - parts.begin());
        sum += graph.weight_of_net(n) * (std::max<std::uint64_t>(distinct, 1) - 1);
    }
    return sum;
}

std::uint32_t fewest_parts(const Hypergraph& graph, std::uint64_t capacity) {
    const std::uint64_t total = graph.total_weight();
    const std::uint64_t parts = total / capacity + (total % capacity > 0 ? 1 : 0);
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(parts, 1, std::max(graph.vertices, 1U)));
}

namespace {

/// Vertices that share no net: they go wherever there is room, and are none of the search's business.
std::vector<std::uint32_t> unconnected(const Hypergraph& graph) {
    std::vector<std::uint32_t> is_unconnected(graph.vertices, 1);
    for (std::size_t n = 0; n < graph.nets(); ++n) {
        for (const std::uint32_t pin : graph.net(n)) {
            is_unconnected[pin] = graph.net(n).size() < 2 ? is_unconnected[pin] : 0;
        }
    }
    return is_unconnected;
}

/// The others by themselves, then these into the room that is left. Empty if they don't fit there.
std::vector<std::uint32_t> partition_connected(const Hypergraph& graph, std::span<const std::uint32_t> is_unconnected,
                                               const PartitionOptions& options,
                                               std::vector<PartitionAttempt>* attempts) {
    const std::vector<SubHypergraph> subs = cut_into_blocks(graph, is_unconnected, 2);
    PartitionOptions search = options;
    search.parts = std::clamp(subs[0].graph.vertices, 1U, options.parts);
    const std::vector<std::uint32_t> found = Portfolio(subs[0].graph, search).run(attempts);
    if (found.empty() && subs[0].graph.vertices > 0) {
        return {};
    }
    std::vector<std::uint32_t> part_of(graph.vertices);
    std::vector<std::uint64_t> room(options.parts, options.capacity);
    for (std::uint32_t v = 0; v < found.size(); ++v) {
        part_of[subs[0].vertices[v]] = found[v];
        room[found[v]] -= subs[0].graph.weight_of(v);
    }
    std::vector<std::uint32_t> rest = subs[1].vertices;
    std::ranges::stable_sort(rest, std::ranges::greater{}, [&](std::uint32_t v) { return graph.weight_of(v); });
    std::uint32_t part = 0;
    for (const std::uint32_t v : rest) {
        // From where the last one went: lighter ones may fit before, but that part is as good as any.
        const std::uint32_t first = part;
        while (room[part] < graph.weight_of(v)) {
            part = (part + 1) % options.parts;
            if (part == first) {
                return {};
            }
        }
        room[part] -= graph.weight_of(v);
        part_of[v] = part;
    }
    return part_of;
}

}  // namespace

std::vector<std::uint32_t> partition_hypergraph(const Hypergraph& graph, const PartitionOptions& given,
                                                std::vector<PartitionAttempt>* attempts) {
    if (given.parts == 0) {
        return {};
    }
    PartitionOptions options = given;
    options.parts = std::clamp(graph.vertices, 1U, given.parts);  // no more can be used
    const std::vector<std::uint32_t> is_unconnected = unconnected(graph);
    const auto alone = static_cast<std::uint64_t>(std::ranges::count(is_unconnected, 1U));
    constexpr std::uint64_t worth_it = 16;
    if (alone > graph.vertices / worth_it) {
        std::vector<std::uint32_t> part_of = partition_connected(graph, is_unconnected, options, attempts);
        if (!part_of.empty()) {
            return part_of;
        }
    }
    return Portfolio(graph, options).run(attempts);
}

}  // namespace spikeloom::compiler
