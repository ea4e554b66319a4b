#include "compiler/passes/partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "compiler/overrides.hpp"
#include "compiler/passes/hypergraph_order.hpp"
#include "compiler/passes/neuron_order.hpp"
#include "compiler/passes/partition_refusal.hpp"
#include "compiler/passes/tile_order.hpp"

namespace spikeloom::compiler {
namespace {

/// Synapse visits that a search for a better order may cost (a few seconds).
constexpr std::uint64_t search_work = 400'000'000;
/// Networks beyond this are filled in their natural order, balanced no further.
constexpr std::size_t search_synapses = 30'000'000;

/// Networks beyond this are not given to the hypergraph partitioner, by effort.
constexpr std::array<std::size_t, 4> hypergraph_synapses{0, 1'000'000, 8'000'000, 24'000'000};
/// Partitions of the hypergraph that a search may make, by effort.
constexpr std::array<int, 4> hypergraph_searches{0, 2, 2, 6};

/// Pictures in tiles that take this share of a core.
NeuronOrder order_in_tiles(const Network& network, const MappedNetwork& mapped, const CoreFacts& facts,
                           const chip::ChipSpec& chip, double share) {
    TileRoom room = tile_room(chip, mapped).scaled(share);
    if (chip.synapses.crossbar_types == 0) {
        room = measured_room(network, mapped, facts, chip, std::move(room));
    }
    return tile_order(network, mapped, room);
}

/// An order and what it came to.
struct Candidate {
    NeuronOrder order;
    Filling filling;
    double rated_messages = 0;
};

class Partitioner {
public:
    Partitioner(const Network& network, const MappedNetwork& mapped, const chip::ChipSpec& chip,
                const PartitionChoices& choices)
        : network_(network),
          mapped_(mapped),
          chip_(chip),
          choices_(choices),
          overrides_(choices.overrides),
          facts_(core_facts(mapped, chip)) {}

    [[nodiscard]] Result<Partition> run();
    [[nodiscard]] Partition balanced(Partition partition);

private:
    [[nodiscard]] std::size_t cores_there() const {
        return overrides_ != nullptr ? overrides_->places : static_cast<std::size_t>(chip_.mesh.cores());
    }
    [[nodiscard]] bool fits(const Filling& filling, const NeuronOrder& order) const {
        return !filling.gave_up && filling.misfits.empty() && filling.cores.size() <= cores_there() &&
               !refuse_places(filling, order);
    }
    [[nodiscard]] std::optional<Diagnostic> refuse_places(const Filling& filling, const NeuronOrder& order) const;
    [[nodiscard]] Candidate attempt(NeuronOrder order, std::size_t most_cores);
    void consider(std::optional<NeuronOrder> order, std::optional<Candidate>& best);
    void search(std::optional<Candidate>& best, const CoreShare& share);
    void consider_parts(std::size_t parts, const CoreShare& share, std::optional<Candidate>& best);
    void consider_tiles(std::optional<Candidate>& best);
    [[nodiscard]] NeuronOrder tiles(double share) const;
    void balance(Candidate& best) const;
    [[nodiscard]] Partition partition_of(Candidate best);
    [[nodiscard]] bool stopped() const { return choices_.stop && choices_.stop(); }
    [[nodiscard]] double rated_messages(const Filling& filling) const;
    [[nodiscard]] std::uint64_t least_messages(const Filling& filling) const;
    [[nodiscard]] bool worth_searching(const std::optional<Candidate>& best) const;
    [[nodiscard]] Diagnostics refusal(const Candidate& candidate) const;

    const Network& network_;
    const MappedNetwork& mapped_;
    const chip::ChipSpec& chip_;
    const PartitionChoices& choices_;
    const OverridePlan* overrides_;  ///< may be null
    CoreFacts facts_;
    std::vector<Attempt> attempts_;
    int searches_left_ = 0;  ///< of the hypergraph
};

/// Pins that the cores of a filling can't all respect.
std::optional<Diagnostic> Partitioner::refuse_places(const Filling& filling, const NeuronOrder& order) const {
    if (overrides_ == nullptr) {
        return std::nullopt;
    }
    return check_places(*overrides_, network_, core_groups(*overrides_, mapped_, order, filling.cores));
}

Candidate Partitioner::attempt(NeuronOrder order, std::size_t most_cores) {
    if (overrides_ != nullptr) {
        order = apply(*overrides_, mapped_, std::move(order));
    }
    Candidate candidate{.order = std::move(order), .filling = {}, .rated_messages = 0};
    candidate.filling =
        fill_cores(mapped_.table, candidate.order, facts_, chip_, {.tightness = 1.0, .most_cores = most_cores});
    candidate.rated_messages = rated_messages(candidate.filling);
    attempts_.push_back({.order = candidate.order.name,
                         .cores = candidate.filling.cores.size(),
                         .messages = candidate.filling.messages,
                         .fits = fits(candidate.filling, candidate.order),
                         .gave_up = candidate.filling.gave_up});
    return candidate;
}

/// Keeps the order if it fits and is better than the best so far.
void Partitioner::consider(std::optional<NeuronOrder> order, std::optional<Candidate>& best) {
    if (!order || (best && stopped())) {
        return;
    }
    const std::size_t most = best ? best->filling.cores.size() : cores_there();
    Candidate candidate = attempt(std::move(*order), most + 1);
    const auto rank = [](const Candidate& c) {
        return std::tuple(c.filling.cores.size(), c.rated_messages, c.filling.messages);
    };
    if (fits(candidate.filling, candidate.order) && (!best || rank(candidate) < rank(*best))) {
        best = std::move(candidate);
    }
}

NeuronOrder Partitioner::tiles(double share) const {
    return order_in_tiles(network_, mapped_, facts_, chip_, share);
}

/// Smaller tiles, for cores that run out of what the division does not reckon with.
void Partitioner::consider_tiles(std::optional<Candidate>& best) {
    for (const double share : {0.9, 0.75, 0.5, 0.35, 0.25}) {
        consider(tiles(share), best);
    }
}

/// The tightest even share of the limits at which the same cores suffice, by bisection.
void Partitioner::balance(Candidate& best) const {
    const std::size_t cores = best.filling.cores.size();
    if (choices_.effort == 0 || mapped_.table.synapses() > search_synapses || cores < 2 || !best.order.cuts.empty()) {
        return;
    }
    double loose = 1.0;
    double tight = 0.5;
    for (int round = 0; round < 5; ++round) {
        const double middle = (loose + tight) / 2;
        Filling filling =
            fill_cores(mapped_.table, best.order, facts_, chip_, {.tightness = middle, .most_cores = cores + 1});
        const bool good = fits(filling, best.order) && filling.cores.size() == cores &&
                          filling.messages <= best.filling.messages + best.filling.messages / 50;
        if (good) {
            best.filling = std::move(filling);
            loose = middle;
        } else {
            tight = middle;
        }
    }
}

Diagnostics Partitioner::refusal(const Candidate& candidate) const {
    const Filling& filling = candidate.filling;
    Diagnostics findings = refuse_misfits(filling, network_, mapped_, chip_);
    if (filling.cores.size() > cores_there()) {
        findings.push_back(refuse_cores(filling, cores_there(), network_, mapped_, chip_));
    } else if (auto reason = refuse_places(filling, candidate.order); reason && findings.empty()) {
        findings.push_back(std::move(*reason));
    }
    return findings;
}

/// No order sends fewer messages with as many neurons a core: a node reaches at least as many cores as its targets
/// fill.
std::uint64_t Partitioner::least_messages(const Filling& filling) const {
    std::uint32_t most = 1;
    for (const CorePlan& core : filling.cores) {
        most = std::max(most, core.count);
    }
    std::uint64_t sum = 0;
    for (const std::uint32_t targets : mapped_.table.fan_out(mapped_.nodes())) {
        sum += (std::uint64_t{targets} + most - 1) / most;
    }
    return sum;
}

/// Whether another order can be worth its search.
bool Partitioner::worth_searching(const std::optional<Candidate>& best) const {
    if (mapped_.table.synapses() > search_synapses) {
        return false;
    }
    return !best || (best->filling.cores.size() > 1 &&
                     best->filling.messages > least_messages(best->filling) + best->filling.messages / 20);
}

/// Messages a step at the rates given.
double Partitioner::rated_messages(const Filling& filling) const {
    if (choices_.rates.empty()) {
        return 0;
    }
    double sum = 0;
    for (const CorePlan& core : filling.cores) {
        for (const std::uint32_t source : core.axons) {
            sum += static_cast<double>(choices_.rates[source]);
        }
    }
    return sum;
}

/// The hypergraph in so many parts, filled; where a part passes a limit that its weight does not know (and so takes a
/// core more), again with less in each.
void Partitioner::consider_parts(std::size_t parts, const CoreShare& share, std::optional<Candidate>& best) {
    Hypergraph graph = neuron_hypergraph(mapped_, choices_.rates);
    graph.vertex_weight = share.weight;
    for (const double fullness : {1.0, 0.9}) {
        PartitionOptions options{.parts = static_cast<std::uint32_t>(parts),
                                 .capacity = static_cast<std::uint64_t>(static_cast<double>(share.capacity) * fullness),
                                 .effort = choices_.effort,
                                 .threads = choices_.threads,
                                 .seed = choices_.seed,
                                 .stop = choices_.stop};
        if (options.capacity * parts < graph.total_weight() || searches_left_ == 0 || stopped()) {
            return;
        }
        --searches_left_;
        const std::vector<std::uint32_t> part_of = partition_hypergraph(graph, options);
        if (part_of.empty()) {
            return;
        }
        consider(order_of_parts(fmt::format("hypergraph in {} parts, at most {:.0f} % full", parts, 100 * fullness),
                                part_of),
                 best);
        if (attempts_.back().fits && attempts_.back().cores <= parts) {
            return;
        }
    }
}

void Partitioner::search(std::optional<Candidate>& best, const CoreShare& share) {
    if (has_pictures(network_)) {
        consider_tiles(best);
        consider(natural_order(mapped_), best);
        consider(pixel_order(network_, mapped_, false), best);
    }
    consider(overlap_order(mapped_, chip_, search_work), best);
    if (best && best->order.cuts.empty()) {
        consider(separate_order(mapped_), best);
    }
    const auto effort = static_cast<std::size_t>(std::clamp(choices_.effort, 0, 3));
    if (mapped_.table.synapses() > hypergraph_synapses[effort] || !worth_searching(best)) {
        return;
    }
    searches_left_ = hypergraph_searches[effort];
    const std::size_t parts = best ? best->filling.cores.size() : cores_there();
    Hypergraph weights{.vertices = mapped_.neurons()};
    weights.vertex_weight = share.weight;
    const std::size_t fewest = fewest_parts(weights, share.capacity);
    if (fewest < parts) {
        consider_parts(fewest, share, best);
    }
    const bool found_fewest = best && best->filling.cores.size() <= fewest;
    if (!found_fewest && choices_.effort >= 2 && fewest + 1 < parts) {
        consider_parts((fewest + parts) / 2, share, best);
    }
    if (!found_fewest || fewest >= parts) {
        consider_parts(best ? best->filling.cores.size() : parts, share, best);
    }
}

Result<Partition> Partitioner::run() {
    const NeuronOrder* const known_order = choices_.known_order;
    const std::size_t most_cores = choices_.most_cores > 0 ? choices_.most_cores + 1 : 4 * cores_there() + 16;
    Candidate first =
        attempt(known_order != nullptr ? *known_order : first_order(network_, mapped_, facts_, chip_), most_cores);
    if (!first.filling.misfits.empty()) {
        return fail(refusal(first));  // a neuron that fits no core alone fits none in any order
    }
    const bool searches = known_order == nullptr && choices_.effort > 0;
    const CoreShare share = searches ? core_shares(mapped_, chip_, first.filling) : CoreShare{};
    std::optional<Candidate> best;
    Diagnostics reasons;
    if (fits(first.filling, first.order)) {
        best = std::move(first);
    } else {
        reasons = refusal(first);
    }
    if (known_order == nullptr && has_pictures(network_)) {
        consider(pixel_order(network_, mapped_, true), best);
    }
    if (known_order == nullptr && (facts_.compartment_profiles > chip_.limits.compartment_profiles ||
                                   facts_.threshold_profiles > chip_.limits.threshold_profiles)) {
        consider(profile_order(mapped_), best);
    }
    if (searches && worth_searching(best)) {
        search(best, share);
    }
    if (!best) {
        return fail(std::move(reasons));
    }
    if (choices_.balance) {
        balance(*best);
    }
    return partition_of(std::move(*best));
}

Partition Partitioner::balanced(Partition partition) {
    attempts_ = std::move(partition.attempts);
    Candidate known{.order = std::move(partition.order),
                    .filling = {.cores = std::move(partition.cores), .misfits = {}, .messages = partition.messages},
                    .rated_messages = partition.rated_messages};
    balance(known);
    return partition_of(std::move(known));
}

Partition Partitioner::partition_of(Candidate best) {
    Partition result{.order = std::move(best.order),
                     .attempts = std::move(attempts_),
                     .position_of = {},
                     .core_of = std::vector<std::uint32_t>(mapped_.neurons()),
                     .cores = std::move(best.filling.cores),
                     .messages = best.filling.messages,
                     .rated_messages = 0};
    result.position_of = inverse(result.order.neuron_at);
    result.rated_messages = rated_messages({.cores = result.cores, .misfits = {}});
    for (std::uint32_t core = 0; core < result.cores.size(); ++core) {
        std::fill_n(result.core_of.begin() + result.cores[core].first, result.cores[core].count, core);
    }
    return result;
}

}  // namespace

NeuronOrder first_order(const Network& network, const MappedNetwork& mapped, const CoreFacts& facts,
                        const chip::ChipSpec& chip) {
    return has_pictures(network) ? order_in_tiles(network, mapped, facts, chip, 1.0) : natural_order(mapped);
}

Result<Partition> partition(const Network& network, const MappedNetwork& mapped, const chip::ChipSpec& chip,
                            const PartitionChoices& choices) {
    return Partitioner(network, mapped, chip, choices).run();
}

Partition balanced(const Network& network, const MappedNetwork& mapped, const chip::ChipSpec& chip,
                   const PartitionChoices& choices, Partition partition) {
    return Partitioner(network, mapped, chip, choices).balanced(std::move(partition));
}

}  // namespace spikeloom::compiler
