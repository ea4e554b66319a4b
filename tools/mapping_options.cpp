#include "tools/mapping_options.hpp"

#include "tools/interrupt.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;

constexpr int most_effort = 3;
constexpr int most_threads = 1024;
constexpr int most_weight_bits = 8;

}  // namespace

void add_mapping_options(CommandLine& line) {
    line.add()("approximate-reset", flag(), "accept reset to zero where the network subtracts the threshold")(
        "seed", po::value<std::uint64_t>()->default_value(0)->value_name("N"), "of partition and placement")(
        "effort", po::value<int>()->default_value(1)->value_name("0..3"),
        "of the search for a mapping: 0 one linear pass, 1 seconds, 2 tens of seconds, 3 minutes; Ctrl-C takes the "
        "best so far")("threads", po::value<int>()->default_value(1)->value_name("N"),
                       "the mapping is the same for any number");
}

compiler::CompileOptions mapping_options(const CommandLine& line) {
    compiler::CompileOptions options;
    options.seed = line.value<std::uint64_t>("seed");
    options.effort = line.value<int>("effort");
    options.threads = line.value<int>("threads");
    options.approximate_reset = line.flag("approximate-reset");
    options.weight_bits = line.optional<int>("weight-bits").value_or(most_weight_bits);
    options.stop = InterruptGuard::requested;
    if (options.effort < 0 || options.effort > most_effort) {
        throw UsageError("--effort: allowed are 0 to 3");
    }
    if (options.threads < 1 || options.threads > most_threads) {
        throw UsageError("--threads: allowed are 1 to 1024");
    }
    if (options.weight_bits < 1 || options.weight_bits > most_weight_bits) {
        throw UsageError("--weight-bits: allowed are 1 to 8");
    }
    return options;
}

}  // namespace spikeloom::tools
