// The rules that join neurons one by one or all to all.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include "compiler/text/projection_text.hpp"
#include "core/files/npy.hpp"

namespace spikeloom::compiler::text {
namespace {

/// The weights of a dense file, [target][source].
void load_dense(TextReader& reader, const Item& item) {
    const proto::DenseFileProto& rule = item.block.dense_file();
    const std::string path = (std::filesystem::path(reader.directory) / rule.path()).string();
    const std::string field = item.path + ".dense_file.path";
    std::error_code error;
    if (!reader.limits.files || !std::filesystem::is_regular_file(path, error)) {
        reader.say(field, fmt::format("there is no file '{}'", path), "a .npy file",
                   "paths are relative to the network file");
        return;
    }
    const Result<files::Array> array = files::read_npy(path);
    if (!array) {
        reader.findings.insert(reader.findings.end(), array.error().begin(), array.error().end());
        return;
    }
    const bool turned = rule.orientation() == proto::DenseFileProto::source_by_target;
    const std::size_t rows = turned ? item.sources : item.targets;
    const std::size_t columns = turned ? item.targets : item.sources;
    if (array->shape != std::vector<std::size_t>{rows, columns}) {
        reader.say(field, fmt::format("'{}' has the shape {}", path, files::shape_text(array->shape)),
                   fmt::format("{}x{} ({})", rows, columns, turned ? "sources x targets" : "targets x sources"),
                   "'orientation' says which axis comes first");
        return;
    }
    DenseWeights dense{std::vector<float>(rows * columns)};
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t column = 0; column < columns; ++column) {
            const double value = array->real(row * columns + column);
            if (!(std::abs(value) <= max_weight)) {
                reader.say(field, fmt::format("'{}' holds {} at [{}][{}]", path, value, row, column),
                           "finite 32-bit floats");
                return;
            }
            dense.weights[turned ? column * rows + row : row * columns + column] = static_cast<float>(value);
        }
    }
    projection(reader, item).weights = std::move(dense);
}

template <class DegreeProto>
void read_degree(TextReader& reader, Budget& budget, const Item& item, const DegreeProto& block, bool by_target,
                 const std::string& name) {
    const DegreeRule rule{block.count(), block.allow_self() || !item.to_itself, block.allow_multiple()};
    const std::uint32_t neurons = by_target ? item.targets : item.sources;
    const std::uint32_t others = by_target ? item.sources : item.targets;
    if (block.count() > most_partners(rule, others)) {
        reader.say(
            item.path + "." + name + ".count",
            fmt::format("{} partners a neuron, of {} that there are", block.count(), most_partners(rule, others)),
            fmt::format("0..{}", most_partners(rule, others)), "allow_multiple: true draws with replacement");
        return;
    }
    if (budget.spend(item.path + "." + name, std::uint64_t{neurons} * block.count())) {
        reader.draws.emplace_back([&reader, item, rule, neurons, others, by_target] {
            const RuleRandom random = random_of(reader, item);
            projection(reader, item).weights = lay_out(draw_fixed_degree(rule, neurons, others, random), by_target,
                                                       item.sources, item.weight, item.delay, random);
        });
    }
}

}  // namespace

void read_dense(TextReader& reader, Budget& budget, const Item& item) {
    const std::uint64_t count = std::uint64_t{item.sources} * item.targets;
    check_list(reader, item, count, fmt::format("{} targets x {} sources", item.targets, item.sources));
    if (budget.spend(item.path, count)) {
        reader.draws.emplace_back([&reader, item, count] {
            projection(reader, item).weights = DenseWeights{weights_of(reader, item, count, item.sources)};
        });
    }
}

void read_dense_file(TextReader& reader, Budget& budget, const Item& item) {
    if (budget.spend(item.path, std::uint64_t{item.sources} * item.targets)) {
        load_dense(reader, item);
    }
}

void read_fixed_in_degree(TextReader& reader, Budget& budget, const Item& item) {
    read_degree(reader, budget, item, item.block.fixed_in_degree(), true, "fixed_in_degree");
}

void read_fixed_out_degree(TextReader& reader, Budget& budget, const Item& item) {
    read_degree(reader, budget, item, item.block.fixed_out_degree(), false, "fixed_out_degree");
}

void read_pairwise(TextReader& reader, Budget& budget, const Item& item) {
    const proto::PairwiseBernoulliProto& block = item.block.pairwise_bernoulli();
    const std::string path = item.path + ".pairwise_bernoulli";
    const std::uint64_t pairs = std::uint64_t{item.sources} * item.targets;
    if (!reader.in_range(path + ".probability", block.probability(), 0, 1)) {
        return;
    }
    if (pairs > reader.limits.pairs) {
        reader.say(path, fmt::format("{} pairs", pairs), fmt::format("at most {}", reader.limits.pairs),
                   "fixed_in_degree draws synapses, not pairs");
        return;
    }
    // Six standard deviations above the mean are never met in practice; the draw stops there all the same.
    const double mean = static_cast<double>(pairs) * block.probability();
    const auto most = static_cast<std::uint64_t>(
        std::min(static_cast<double>(pairs), mean + 6 * std::sqrt(mean * (1 - block.probability())) + 10));
    if (budget.spend(path, most)) {
        reader.draws.emplace_back([&reader, item, &block, most] {
            const RuleRandom random = random_of(reader, item);
            const bool allow_self = block.allow_self() || !item.to_itself;
            const Partners partners =
                draw_pairwise(block.probability(), allow_self, item.sources, item.targets, random, most);
            if (partners.first.size() != std::size_t{item.sources} + 1) {
                reader.say(item.path, fmt::format("the draw gives more than {} synapses", most), {}, "another seed");
                return;
            }
            projection(reader, item).weights = lay_out(partners, false, item.sources, item.weight, item.delay, random);
        });
    }
}

void read_one_to_one(TextReader& reader, Budget& budget, const Item& item) {
    if (item.sources != item.targets) {
        reader.say(item.path + ".one_to_one", fmt::format("{} sources and {} targets", item.sources, item.targets),
                   "as many targets as sources");
        return;
    }
    check_list(reader, item, item.sources, "one a neuron");
    if (!budget.spend(item.path, item.sources)) {
        return;
    }
    reader.draws.emplace_back([&reader, item] {
        if (item.delay.most > item.delay.least) {  // each its own delay: sparse
            Partners partners;
            for (std::uint32_t i = 0; i < item.sources; ++i) {
                partners.partners.push_back(i);
                partners.first.push_back(i + 1);
            }
            SparseWeights sparse =
                lay_out(partners, false, item.sources, item.weight, item.delay, random_of(reader, item));
            if (item.listed) {
                sparse.weights = weights_of(reader, item, item.sources, 1);
            }
            projection(reader, item).weights = std::move(sparse);
            return;
        }
        const bool one = !item.listed && std::holds_alternative<double>(item.weight);
        projection(reader, item).weights = OneToOneWeights{weights_of(reader, item, one ? 1 : item.sources, 1)};
    });
}

void read_synapses(TextReader& reader, Budget& budget, const Item& item) {
    const proto::SynapseListProto& block = item.block.synapses();
    const std::string path = item.path + ".synapses.synapse";
    if (!budget.spend(item.path + ".synapses", static_cast<std::uint64_t>(block.synapse_size()))) {
        return;
    }
    std::vector<int> sorted;
    for (int i = 0; i < block.synapse_size(); ++i) {
        const proto::SynapseProto& synapse = block.synapse(i);
        const std::string place = element(path, i);
        const bool good = reader.in_range(place + ".source", synapse.source(), 0, item.sources - 1.0) &&
                          reader.in_range(place + ".target", synapse.target(), 0, item.targets - 1.0) &&
                          reader.in_range(place + ".delay", synapse.delay(), 0, max_delay) &&
                          weight_in_range(reader, place + ".weight", synapse.weight());
        if (good) {
            sorted.push_back(i);
        }
    }
    const auto key = [&](int i) { return std::tuple(block.synapse(i).source(), block.synapse(i).target(), i); };
    std::sort(sorted.begin(), sorted.end(), [&](int a, int b) { return key(a) < key(b); });
    SparseWeights sparse;
    sparse.row_begin.assign(std::size_t{item.sources} + 1, 0);
    bool delayed = false;
    for (const int i : sorted) {
        const proto::SynapseProto& synapse = block.synapse(i);
        ++sparse.row_begin[synapse.source() + 1];
        sparse.targets.push_back(synapse.target());
        sparse.weights.push_back(static_cast<float>(synapse.weight()));
        sparse.delays.push_back(static_cast<std::uint8_t>(synapse.delay()));
        delayed = delayed || synapse.delay() > 0;
    }
    for (std::size_t source = 0; source < item.sources; ++source) {
        sparse.row_begin[source + 1] += sparse.row_begin[source];
    }
    if (!delayed) {
        sparse.delays.clear();
    }
    projection(reader, item).weights = std::move(sparse);
}

}  // namespace spikeloom::compiler::text
