#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <utility>

#include "compiler/partition/fill.hpp"
#include "compiler/partition/grouped_nets.hpp"
#include "compiler/partition/hypergraph.hpp"
#include "compiler/partition/multilevel.hpp"
#include "compiler/partition/twins.hpp"

namespace spikeloom::compiler {
namespace {

/// One search from nothing. Proposals are a vertex and level; all costs are counts, so that a result does not depend on
/// the machine.
struct Run {
    std::uint64_t proposals;
    std::uint32_t clusters_a_part;
    bool slow_coarse;
};
/// Diverse on purpose: slow cooling finds the best of the structure that the clusters show; fast cooling of coarse
/// clusters now and then a better structure. A higher effort makes the runs of the lower ones first.
constexpr std::array runs_of_all_efforts{Run{400, 8, false},  Run{400, 8, true},   Run{400, 16, false},
                                         Run{1500, 8, true},  Run{400, 12, false}, Run{1500, 12, false},
                                         Run{1500, 24, true}, Run{4000, 8, false}};

struct Budget {
    std::size_t runs;              ///< of those above
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
        return {.runs = 1,
                .combinations = 0,
                .proposals = 0,
                .work = 1000 * million,
                .twin_proposals = million / 5,
                .twin_starts = 4};
    case 2:
        return {.runs = 4,
                .combinations = 2,
                .proposals = 1000,
                .work = 3000 * million,
                .twin_proposals = million / 2,
                .twin_starts = 8};
    default:
        return {.runs = runs_of_all_efforts.size(),
                .combinations = 6,
                .proposals = 1500,
                .work = 10'000 * million,
                .twin_proposals = 2 * million,
                .twin_starts = 16};
    }
}

/// Entries of the gain table and of the group counts that a search may hold (16 bytes for the two).
constexpr std::uint64_t table_room = 60'000'000;
constexpr std::uint32_t most_parts = 65'535;

class Portfolio {
public:
    Portfolio(const Hypergraph& graph, const PartitionOptions& options) : graph_(graph), options_(options) {}

    [[nodiscard]] std::vector<std::uint32_t> run();
    [[nodiscard]] std::vector<PartitionAttempt>& attempts() { return attempts_; }

private:
    struct Member {
        std::uint64_t copies = 0;
        std::vector<std::uint32_t> part_of;
    };

    void consider(const char* method, std::vector<std::uint32_t> part_of);
    void search();
    void search_multilevel(const GroupedNets& nets, const Budget& budget);
    [[nodiscard]] bool stopped() const { return options_.stop && options_.stop(); }

    const Hypergraph& graph_;
    const PartitionOptions& options_;
    Member best_;
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

void Portfolio::search_multilevel(const GroupedNets& nets, const Budget& budget) {
    MultilevelOptions options{.parts = options_.parts,
                              .capacity = options_.capacity,
                              .seed = options_.seed,
                              .work = budget.work,
                              .stop = &options_.stop};
    std::vector<Member> members;
    const auto add = [&](const char* method, std::vector<std::uint32_t> part_of) {
        if (!part_of.empty()) {
            members.push_back({copies(graph_, part_of), part_of});
            std::ranges::stable_sort(members, {}, &Member::copies);
            consider(method, std::move(part_of));
        }
    };
    // Where a run takes no time, more of them are made.
    constexpr std::uint32_t tiny = 64;
    const std::size_t runs = nets.vertices() < tiny ? std::max<std::size_t>(budget.runs, 4) : budget.runs;
    for (std::size_t run = 0; run < runs && !stopped(); ++run) {
        ++options.stream;
        options.proposals = runs_of_all_efforts[run].proposals;
        options.clusters_a_part = runs_of_all_efforts[run].clusters_a_part;
        options.slow_coarse = runs_of_all_efforts[run].slow_coarse;
        add("multilevel", multilevel(nets, options));
    }
    options.proposals = budget.proposals;
    if (!best_.part_of.empty() && members.empty()) {
        members.push_back(best_);  // packing was hard: start from what packs
    }
    for (int i = 0; i < budget.combinations && !members.empty() && !stopped(); ++i) {
        ++options.stream;
        options.clusters_a_part = i % 2 == 0 ? 8 : 16;
        const auto other = static_cast<std::size_t>(1 + i) % members.size();
        add("combined", combine(nets, members.front().part_of, members[other].part_of, options));
    }
}

void Portfolio::search() {
    const GroupedNets nets = group_nets(graph_);
    const Budget budget = budget_of(options_.effort);
    const TwinKinds kinds = find_twins(nets);
    const std::size_t many = nets.vertices() / 3;
    if (kinds.size.size() <= many && (nets.groups() + kinds.size.size()) * options_.parts <= table_room) {
        Draws draws(options_.seed, 0xFFFF0000U);
        consider("twins", partition_twins(nets, kinds, draws,
                                          {.parts = options_.parts,
                                           .capacity = options_.capacity,
                                           .proposals = budget.twin_proposals,
                                           .starts = budget.twin_starts,
                                           .stop = &options_.stop}));
    }
    const bool all_twins = !best_.part_of.empty() && kinds.size.size() <= nets.vertices() / 50;
    if (!all_twins && (nets.groups() + nets.vertices()) * options_.parts <= table_room &&
        options_.parts <= most_parts) {
        search_multilevel(nets, budget);
    }
}

std::vector<std::uint32_t> Portfolio::run() {
    consider("fill in order", fill_in_order(graph_, options_).value_or(std::vector<std::uint32_t>{}));
    if (graph_.vertices > 0 && options_.parts > 1) {
        consider("greedy overlap", fill_by_overlap(graph_, options_).value_or(std::vector<std::uint32_t>{}));
        if (best_.part_of.empty()) {
            consider("pack by weight", pack(graph_, options_).value_or(std::vector<std::uint32_t>{}));
        }
        if (options_.effort > 0 && !stopped()) {
            search();
        }
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

std::vector<std::uint32_t> partition_hypergraph(const Hypergraph& graph, const PartitionOptions& options,
                                                std::vector<PartitionAttempt>* attempts) {
    if (options.parts == 0) {
        return {};
    }
    Portfolio portfolio(graph, options);
    std::vector<std::uint32_t> part_of = portfolio.run();
    if (attempts != nullptr) {
        *attempts = std::move(portfolio.attempts());
    }
    return part_of;
}

}  // namespace spikeloom::compiler
