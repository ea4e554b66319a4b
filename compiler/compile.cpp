#include "compiler/compile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/legalise/verify_legal.hpp"
#include "compiler/legalise/verify_starts.hpp"
#include "compiler/map_network.hpp"
#include "compiler/mapping_report.hpp"
#include "compiler/overrides.hpp"
#include "compiler/passes/allocate.hpp"
#include "compiler/passes/place.hpp"
#include "compiler/spike_rates.hpp"
#include "compiler/text/network_text.hpp"
#include "compiler/text/stored_legal.hpp"
#include "compiler/verify.hpp"

namespace spikeloom::compiler {
namespace {

void say(const CompileOptions& options, double fraction, const std::string& phase) {
    if (options.progress) {
        options.progress(fraction, phase);
    }
}

/// What the verifier finds in our own image is a bug of a pass, not of the user's network.
Diagnostics as_internal(Diagnostics findings) {
    for (Diagnostic& finding : findings) {
        finding.found = "internal: the verifier rejects the compiled image: " + finding.found;
        finding.help = "please report this; the network is not at fault";
    }
    return findings;
}

/// The verifier's cost, measured on the image, must be the one that the passes reckoned with.
Diagnostics compare_cost(const Partition& partition, const Placement& placement, const chip::Image& image) {
    Diagnostics findings;
    const auto same = [&](const std::string& where, std::string_view what, auto reckoned, auto measured) {
        if (reckoned != measured) {
            findings.push_back({Severity::error, where, fmt::format("{} {} {}", measured, what, "measured"),
                                fmt::format("{} as reckoned", reckoned), ""});
        }
    };
    const MeasuredCost cost = measure_cost(image);
    same("image", "messages", partition.messages, cost.messages);
    same("image", "hops", placement.hops, cost.hops);
    for (std::size_t c = 0; c < cost.cores.size(); ++c) {
        const CoreUse& use = partition.cores[c].use;
        const MeasuredCore& core = cost.cores[c];
        const std::string where = fmt::format("core {}", c);
        same(where, "compartments", use[Limit::compartments], core.compartments);
        same(where, "input axons", use[Limit::input_axons], core.input_axons);
        same(where, "output axons", use[Limit::output_axons], core.output_axons);
        same(where, "words of synaptic memory", use[Limit::synapse_words], core.synapse_words);
        same(where, "words of the longest axon", use[Limit::axon_words], core.longest_axon_words);
        same(where, "compartment profiles", use[Limit::compartment_profiles], core.compartment_profiles);
        same(where, "threshold profiles", use[Limit::threshold_profiles], core.threshold_profiles);
        same(where, "synapse formats", use[Limit::synapse_formats], core.synapse_formats);
        same(where, "learning rules", use[Limit::learning_rules], core.learning_rules);
        same(where, "splitters", use.splitters, core.splitters);
        same(where, "axon types", use[Limit::axon_types], core.axon_types);
        same(where, "input axons with traces", use[Limit::plastic_axons], core.plastic_axons);
    }
    return findings;
}

/// What compile() was given, and what the passes see of it.
struct GivenNetwork {
    const Network& network;
    const DecaysMerged* merged = nullptr;  ///< with common time constants; nothing: as it was given

    [[nodiscard]] const Network& mapped() const { return merged != nullptr ? merged->network : network; }
};

/// The time constants that the user gave: a legalised network has the same populations before those it added.
Network with_time_constants_of(Network network, const Network& given) {
    for (std::size_t p = 0; p < std::min(network.populations.size(), given.populations.size()); ++p) {
        network.populations[p].tau_mem_s = given.populations[p].tau_mem_s;
        network.populations[p].tau_syn_s = given.populations[p].tau_syn_s;
        network.populations[p].resistance = given.populations[p].resistance;
    }
    return network;
}

/// The network that the gap is measured against, and what the image has of it otherwise.
std::string stored(const LegalNetwork& legal, const GivenNetwork& given) {
    StoredLegal told{.copies = {}, .added_steps = legal.added_steps};
    for (const FanOutCopies& own : legal.fan_out) {
        if (own.population < legal.reference.populations.size()) {  // else of helpers
            told.copies.push_back({.name = legal.network.populations[own.copies].name,
                                   .population = PopulationId(own.population),
                                   .stand_for = own.stand_for});
        }
    }
    std::string bytes = given.merged != nullptr
                            ? serialise_network(with_time_constants_of(legal.reference, given.network))
                            : serialise_network(legal.reference);
    return bytes.empty() ? bytes : bytes + serialise_legal(told);
}

struct PlaceWork {
    const Network& network;
    const Mapping& mapping;
    const chip::ChipSpec& chip;
    const CompileOptions& options;
    const OverridePlan& overrides;
    const SpikeRates& rates;
};

/// Where the cores lie, each on a place that its pins leave, by the rates of the spikes where they are known.
Result<Placement> place_as_planned(const PlaceWork& work) {
    const Partition& parts = work.mapping.partition;
    const auto groups = core_groups(work.overrides, work.mapping.mapped, parts.order, parts.cores);
    if (const auto too_few = check_places(work.overrides, work.network, groups)) {
        return fail(*too_few);
    }
    return place_cores(core_traffic(parts, rates_by_node(work.rates)), work.chip.mesh, work.chip.network.parameters,
                       {.seed = work.options.seed,
                        .effort = work.options.effort,
                        .rules = {.forbidden = work.options.overrides.forbidden_cores,
                                  .allowed_of_core = allowed_places(work.overrides, groups)},
                        .stop = work.options.stop});
}

/// What merging decays would bring a network that was refused: figures of a mapping, or nothing where it is refused
/// too.
std::optional<Diagnostic> advise_merging(const Network& network, const chip::ChipSpec& chip,
                                         const CompileOptions& options, const OverridePlan& overrides) {
    const auto room = static_cast<std::uint32_t>(chip.limits.compartment_profiles);
    const DecaysMerged merged = merge_decays(network, chip, {.most_pairs = room});
    if (merged.populations.empty()) {
        return std::nullopt;
    }
    CompileOptions quick = options;
    quick.effort = 0;
    quick.progress = {};
    const auto mapping = map_network(merged.network, chip, quick, overrides);
    if (!mapping) {
        return std::nullopt;
    }
    double largest = 0;
    for (const MergedDecays& told : merged.populations) {
        largest = std::max(largest, told.largest());
    }
    return Diagnostic{.severity = Severity::note,
                      .where = fmt::format("network '{}'", network.name),
                      .found = fmt::format(
                          "with near time constants merged to {} pairs of decays a population it takes {} cores; they "
                          "change by at most {:.1f} %",
                          room, mapping->partition.cores.size(), 100 * largest),
                      .help = fmt::format("--merge-decays {}", room)};
}

/// What was asked for and did nothing; what it did stands in the report.
void remark_merging(const GivenNetwork& given, Diagnostics& remarks) {
    if (given.merged->populations.empty()) {
        remarks.push_back({.severity = Severity::note,
                           .where = fmt::format("network '{}'", given.network.name),
                           .found = "no population has more pairs of decay registers than merging leaves"});
    }
}

Result<CompileResult> compile_given(const GivenNetwork& given, const chip::ChipSpec& chip,
                                    const CompileOptions& options) {
    const Network& network = given.mapped();
    const auto overrides = plan_overrides(network, chip, options.overrides);
    Diagnostics unusable = check_rates(network, options.rates);
    if (!overrides) {
        unusable.insert(unusable.begin(), overrides.error().begin(), overrides.error().end());
    }
    if (!unusable.empty()) {
        return fail(std::move(unusable));
    }

    say(options, 0.0, "quantise and partition");
    auto mapping = map_network(network, chip, options, *overrides);
    if (!mapping) {
        Diagnostics refusal = std::move(mapping.error());
        const bool by_profiles = std::ranges::any_of(refusal, [](const Diagnostic& finding) {
            return finding.help.find(limit_info(Limit::compartment_profiles).help) != std::string::npos;
        });
        if (given.merged == nullptr && by_profiles) {
            if (auto advice = advise_merging(network, chip, options, *overrides)) {
                refusal.push_back(std::move(*advice));
            }
        }
        return fail(std::move(refusal));
    }
    const LegalNetwork* const legal = mapping->legal ? &*mapping->legal : nullptr;
    const Network& made = legal != nullptr ? legal->network : network;
    const SpikeRates& rates = legal != nullptr ? legal->rates : options.rates;
    auto plan = legal != nullptr ? plan_overrides(made, chip, options.overrides) : overrides;
    if (!plan) {
        return fail(std::move(plan.error()));
    }
    const Partition& parts = mapping->partition;

    say(options, 0.7, "place");
    const auto placed = place_as_planned({made, *mapping, chip, options, *plan, rates});
    if (!placed) {
        return fail(placed.error());
    }
    const Placement& placement = *placed;

    say(options, 0.75, "allocate");
    CompileResult result{.image = allocate(made, mapping->mapped, parts, placement, chip),
                         .remarks = std::move(mapping->remarks),
                         .merged_decays = {},
                         .brief_report = {}};
    if (given.merged != nullptr) {
        remark_merging(given, result.remarks);
        result.merged_decays = given.merged->populations;
    }
    if (Diagnostics findings = chip::check_addresses(result.image); has_error(findings)) {
        return fail(std::move(findings));
    }
    MappingReport report = mapping_report({.network = made,
                                           .mapped = mapping->mapped,
                                           .partition = parts,
                                           .placement = placement,
                                           .rates_by_node = rates_by_node(rates),
                                           .legal = legal,
                                           .merged_decays = result.merged_decays},
                                          result.image, result.remarks);
    result.image.mapping_report = std::move(report.whole);
    result.brief_report = std::move(report.brief);

    // The table of a large network takes gigabytes; from here on the image speaks for itself.
    mapping->mapped.table = {};

    say(options, 0.85, "verify");
    Diagnostics findings = legal != nullptr ? verify_legal_image(result.image, *legal) : verify(result.image, made);
    if (findings.empty()) {
        findings = compare_cost(parts, placement, result.image);
    }
    if (findings.empty()) {
        findings = verify_overrides(*plan, result.image);
    }
    if (findings.empty() && legal != nullptr) {
        findings = verify_legal(network, *legal);
    }
    if (findings.empty() && given.merged != nullptr) {
        findings = verify_merged(given.network, *given.merged, chip);
    }
    if (!findings.empty()) {
        return fail(as_internal(std::move(findings)));
    }
    if (legal != nullptr) {
        result.image.losses = legal->losses;  // of what the user gave
    }
    if (options.embed_network) {
        result.image.source_network = legal != nullptr ? stored(*legal, given) : serialise_network(given.network);
    }
    say(options, 1.0, "done");
    return result;
}

}  // namespace

Result<CompileResult> compile(const Network& network, const chip::ChipSpec& chip, const CompileOptions& options) {
    if (Diagnostics findings = check_network(network); has_error(findings)) {
        return fail(std::move(findings));
    }
    if (!options.merge_decays.on()) {
        return compile_given({.network = network}, chip, options);
    }
    const DecaysMerged merged = merge_decays(network, chip, options.merge_decays);
    return compile_given({.network = network, .merged = &merged}, chip, options);
}

}  // namespace spikeloom::compiler
