#include "compiler/legalise/copy_neurons.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "compiler/legalise/free_name.hpp"
#include "compiler/legalise/rounded_synapses.hpp"

namespace spikeloom::compiler {
namespace {

template <class T>
std::vector<T> chosen(const std::vector<T>& all, std::span<const std::uint32_t> which) {
    std::vector<T> some;
    for (const std::uint32_t i : which) {
        some.push_back(all[all.size() == 1 ? 0 : i]);
    }
    return some;
}

Parameter chosen(const Parameter& all, std::span<const std::uint32_t> which) {
    return all.uniform() ? all : Parameter(chosen(all.values, which));
}

/// So many of the population's neurons, with a name of their own.
Population chosen(const Population& all, std::span<const std::uint32_t> which, std::string name) {
    Population some = all;
    some.name = std::move(name);
    some.shape = {static_cast<std::uint32_t>(which.size())};
    for (Parameter Population::* parameter :
         {&Population::tau_syn_s, &Population::tau_mem_s, &Population::resistance, &Population::v_leak,
          &Population::v_threshold, &Population::v_reset, &Population::w_in, &Population::bias}) {
        some.*parameter = chosen(all.*parameter, which);
    }
    if (some.fixed && all.fixed->biases.size() > 1) {
        some.fixed->biases = chosen(all.fixed->biases, which);
    }
    return some;
}

MappedPopulation chosen(const MappedPopulation& all, std::span<const std::uint32_t> which) {
    MappedPopulation some = all;
    some.registers = all.registers.size() == 1 ? all.registers : chosen(all.registers, which);
    some.biases = all.biases.empty() ? all.biases : chosen(all.biases, which);
    some.initial_currents = all.initial_currents.empty() ? all.initial_currents : chosen(all.initial_currents, which);
    return some;
}

class Copier {
public:
    Copier(const LegalMapping& from, const CopiesByNeuron& copies)
        : from_(from), network_(from.legal.network), mapped_(from.mapped), wanted_(copies) {}

    [[nodiscard]] Result<LegalMapping> run();

private:
    /// A neuron with copies.
    struct Original {
        std::uint32_t first_copy = 0;          ///< number among all copies; the others follow
        std::uint32_t pieces = 1;              ///< itself and its copies
        std::vector<std::uint32_t> targets{};  ///< nodes, ascending
    };
    /// The copies of a population's neurons.
    struct Group {
        std::uint32_t population = 0;
        std::uint32_t first = 0;                 ///< copy
        std::vector<std::uint32_t> stand_for{};  ///< neuron of the population, by copy
    };

    /// Whether a projection's synapses are sent by copies, and whether they lead to copies.
    using Ends = std::pair<bool, bool>;

    [[nodiscard]] Diagnostics refuse_learning() const;
    void list_copies();
    void list_targets();
    void write_populations(LegalMapping& to) const;
    void write_table(LegalMapping& to) const;
    void write_projections(LegalMapping& to) const;
    void write_projection(LegalMapping& to, std::size_t p) const;
    void write_piece(LegalMapping& to, std::size_t p, const Ends& ends, std::vector<RoundedSynapse> synapses) const;
    void remark(LegalMapping& to) const;
    [[nodiscard]] std::uint32_t neurons() const { return mapped_.neurons(); }
    /// Which of the neuron and its copies sends to the target: 0 for itself.
    [[nodiscard]] std::uint32_t piece(std::uint32_t node, std::uint32_t target) const {
        const auto original = originals_.find(node);
        if (original == originals_.end()) {
            return 0;
        }
        const std::vector<std::uint32_t>& targets = original->second.targets;
        // A target whose synapses were all rounded to nothing is not among them.
        const auto rank = static_cast<std::uint64_t>(std::ranges::lower_bound(targets, target) - targets.begin());
        const std::uint32_t pieces = original->second.pieces;
        return std::min(static_cast<std::uint32_t>(rank * pieces / std::max<std::size_t>(targets.size(), 1)),
                        pieces - 1);
    }
    [[nodiscard]] const Group* group_of(const Source& source) const {
        const auto group = std::ranges::find(groups_, source.index, &Group::population);
        return source.kind == Source::Kind::population && group != groups_.end() ? &*group : nullptr;
    }
    [[nodiscard]] std::uint32_t number_of(const Group& group) const {
        return static_cast<std::uint32_t>(network_.populations.size() +
                                          static_cast<std::size_t>(&group - groups_.data()));
    }

    const LegalMapping& from_;
    const Network& network_;
    const MappedNetwork& mapped_;
    const CopiesByNeuron& wanted_;
    std::map<std::uint32_t, Original> originals_;  ///< by node
    std::vector<Group> groups_;
    std::uint32_t copies_ = 0;
};

Diagnostics Copier::refuse_learning() const {
    Diagnostics findings;
    for (const Projection& projection : network_.projections) {
        const bool touched = group_of({Source::Kind::population, projection.target.value()}) != nullptr ||
                             group_of(projection.source) != nullptr;
        if (projection.learning && touched) {
            findings.push_back({.where = fmt::format("projection '{}'", projection.name),
                                .found = "it learns, and a neuron at one end of it reaches more cores than one core "
                                         "can send to: copies of the neuron would learn apart",
                                .allowed = "copies of neurons whose synapses stay as they are",
                                .help = "connections that reach fewer cores"});
        }
    }
    return findings;
}

void Copier::list_copies() {
    for (const auto& [node, copies] : wanted_) {
        const std::uint32_t population = mapped_.population_of(node);
        if (groups_.empty() || groups_.back().population != population) {
            groups_.push_back({.population = population, .first = copies_});
        }
        originals_[node] = {.first_copy = copies_, .pieces = copies + 1};
        groups_.back().stand_for.insert(groups_.back().stand_for.end(), copies,
                                        node - mapped_.population_first[population]);
        copies_ += copies;
    }
}

void Copier::list_targets() {
    for (std::uint32_t target = 0; target < neurons(); ++target) {
        mapped_.table.for_each_source(target, [&](std::uint32_t source) {
            if (const auto original = originals_.find(source); original != originals_.end()) {
                original->second.targets.push_back(target);
            }
        });
    }
}

void Copier::write_populations(LegalMapping& to) const {
    std::vector<std::int64_t> payloads;
    for (const Group& group : groups_) {
        const Population& population = network_.populations[group.population];
        const std::uint32_t first = mapped_.population_first[group.population];
        to.legal.fan_out.push_back({.population = group.population,
                                    .copies = static_cast<std::uint32_t>(to.legal.network.populations.size()),
                                    .stand_for = group.stand_for});
        to.legal.network.populations.push_back(
            chosen(population, group.stand_for, free_name(to.legal.network, population.name + ".copies")));
        to.mapped.populations.push_back(chosen(mapped_.populations[group.population], group.stand_for));
        to.mapped.population_first.push_back(to.mapped.population_first.back() +
                                             static_cast<std::uint32_t>(group.stand_for.size()));
        for (const std::uint32_t neuron : group.stand_for) {
            payloads.push_back(from_.largest_payload[first + neuron]);
        }
        if (!to.legal.rates.empty()) {
            to.legal.rates.populations.push_back(chosen(to.legal.rates.populations[group.population], group.stand_for));
        }
    }
    for (std::uint32_t& first : to.mapped.input_first) {
        first += copies_;
    }
    to.largest_payload.insert(to.largest_payload.begin() + neurons(), payloads.begin(), payloads.end());
}

void Copier::write_table(LegalMapping& to) const {
    FanInTable table;
    table.formats = mapped_.table.formats;
    table.learning = mapped_.table.learning;
    table.reserve(mapped_.table.stored());
    std::vector<FanInSynapse> row;
    const auto add = [&](std::uint32_t target) {
        row.clear();
        mapped_.table.for_each(target, [&](std::uint32_t source, FanInSynapse synapse) {
            const std::uint32_t sender = piece(source, target);
            synapse.source = sender > 0           ? neurons() + originals_.at(source).first_copy + sender - 1
                             : source < neurons() ? source
                                                  : source + copies_;
            row.push_back(synapse);
        });
        std::ranges::stable_sort(row, [](const FanInSynapse& a, const FanInSynapse& b) { return a.source < b.source; });
        table.add(row);
    };
    for (std::uint32_t target = 0; target < neurons(); ++target) {
        add(target);
    }
    for (const Group& group : groups_) {
        for (const std::uint32_t neuron : group.stand_for) {
            add(mapped_.population_first[group.population] + neuron);
        }
    }
    to.mapped.table = std::move(table);
}

/// A projection to or from a population with copies, as up to four: from and to the originals, and the copies.
void Copier::write_projection(LegalMapping& to, std::size_t p) const {
    const Projection& projection = network_.projections[p];
    const Group* const senders = group_of(projection.source);
    const Group* const hearers = group_of({Source::Kind::population, projection.target.value()});
    const std::uint32_t source_first = mapped_.source_first(projection.source);
    const std::uint32_t target_first = mapped_.population_first[projection.target.value()];
    std::map<Ends, std::vector<RoundedSynapse>> made;
    for_each_rounded(network_, mapped_, p, [&](RoundedSynapse synapse) {
        const std::uint32_t node = source_first + synapse.source;
        const std::uint32_t target = target_first + synapse.target;
        const std::uint32_t sender = piece(node, target);
        const bool by_copy = sender > 0;
        synapse.source = by_copy ? originals_.at(node).first_copy + sender - 1 - senders->first : synapse.source;
        made[{by_copy, false}].push_back(synapse);
        const auto original = originals_.find(target);
        for (std::uint32_t i = 0; original != originals_.end() && i + 1 < original->second.pieces; ++i) {
            synapse.target = original->second.first_copy + i - hearers->first;
            made[{by_copy, true}].push_back(synapse);
        }
    });
    for (const bool by_copies : {false, true}) {
        for (const bool to_copies : {false, true}) {
            if ((!by_copies || senders != nullptr) && (!to_copies || hearers != nullptr)) {
                write_piece(to, p, {by_copies, to_copies}, std::move(made[{by_copies, to_copies}]));
            }
        }
    }
}

/// One of the up to four. Biases stay with what comes from the originals.
void Copier::write_piece(LegalMapping& to, std::size_t p, const Ends& ends,
                         std::vector<RoundedSynapse> synapses) const {
    const auto [by_copies, to_copies] = ends;
    const Projection& projection = network_.projections[p];
    const Group* const senders = group_of(projection.source);
    const Group* const hearers = group_of({Source::Kind::population, projection.target.value()});
    const std::size_t sources = by_copies ? senders->stand_for.size() : network_.source_size(projection.source);
    chip::ProjectionLoss loss = mapped_.losses[p];
    Projection own = with_synapses(projection, std::move(synapses), sources, loss);
    if (!by_copies && !to_copies) {
        to.legal.network.projections[p] = std::move(own);
        to.mapped.losses[p] = std::move(loss);
        return;
    }
    own.name = fmt::format("{}, {}", projection.name,
                           by_copies ? to_copies ? "from copies to copies" : "from copies" : "to copies");
    if (by_copies) {
        own.bias = Parameter(0.0);
        own.source.index = number_of(*senders);
    } else {
        own.bias = chosen(projection.bias, hearers->stand_for);
    }
    if (to_copies) {
        own.target = PopulationId(number_of(*hearers));
    }
    loss.name = own.name;
    to.legal.network.projections.push_back(std::move(own));
    to.mapped.losses.push_back(std::move(loss));
}

void Copier::write_projections(LegalMapping& to) const {
    for (std::size_t p = 0; p < network_.projections.size(); ++p) {
        const Projection& projection = network_.projections[p];
        if (group_of(projection.source) == nullptr &&
            group_of({Source::Kind::population, projection.target.value()}) == nullptr) {
            continue;
        }
        write_projection(to, p);
    }
}

void Copier::remark(LegalMapping& to) const {
    for (const Group& group : groups_) {
        std::vector<std::uint32_t> originals = group.stand_for;
        originals.erase(std::unique(originals.begin(), originals.end()), originals.end());
        to.remarks.push_back(
            {.severity = Severity::note,
             .where = fmt::format("population '{}'", network_.populations[group.population].name),
             .found = fmt::format("{} of its neurons reach more cores than a core can send to: {} cop{} ('{}') share "
                                  "their targets and spike with them",
                                  originals.size(), group.stand_for.size(), group.stand_for.size() == 1 ? "y" : "ies",
                                  to.legal.network.populations[number_of(group)].name),
             .allowed = {},
             .help = {}});
    }
}

Result<LegalMapping> Copier::run() {
    list_copies();
    if (Diagnostics findings = refuse_learning(); !findings.empty()) {
        return fail(std::move(findings));
    }
    list_targets();
    LegalMapping to = from_;
    write_populations(to);
    write_table(to);
    write_projections(to);
    remark(to);
    return to;
}

}  // namespace

Result<LegalMapping> copy_neurons(const LegalMapping& from, const CopiesByNeuron& copies) {
    return Copier(from, copies).run();
}

}  // namespace spikeloom::compiler
