#include "compiler/compile.hpp"

#include <fmt/format.h>

#include <utility>

#include "compiler/mapping_report.hpp"
#include "compiler/passes/allocate.hpp"
#include "compiler/passes/partition.hpp"
#include "compiler/passes/place.hpp"
#include "compiler/passes/quantise.hpp"
#include "compiler/text/network_text.hpp"

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

}  // namespace

Result<CompileResult> compile(const Network& network, const chip::ChipSpec& chip, const CompileOptions& options) {
    if (Diagnostics findings = check_network(network); has_error(findings)) {
        return fail(std::move(findings));
    }
    CompileResult result;

    say(options, 0.0, "quantise");
    auto mapped =
        quantise(network, chip, {.weight_bits = options.weight_bits, .approximate_reset = options.approximate_reset},
                 result.remarks);
    if (!mapped) {
        return fail(std::move(mapped.error()));
    }

    say(options, 0.35, "partition");
    auto parts = partition(network, *mapped, chip);
    if (!parts) {
        return fail(std::move(parts.error()));
    }

    say(options, 0.6, "place");
    const Placement placement = place_cores(core_traffic(*parts), parts->cores.size(), chip.mesh, options.seed);

    say(options, 0.65, "allocate");
    result.image = allocate(network, *mapped, *parts, placement, chip);
    result.image.mapping_report =
        mapping_report({.network = network, .mapped = *mapped, .partition = *parts, .placement = placement},
                       result.image, result.remarks);

    say(options, 0.8, "verify");
    if (Diagnostics findings = verify(result.image, network); !findings.empty()) {
        return fail(as_internal(std::move(findings)));
    }
    if (options.embed_network) {
        result.image.source_network = serialise_network(network);
    }
    say(options, 1.0, "done");
    return result;
}

}  // namespace spikeloom::compiler
