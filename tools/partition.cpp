// spikeloom partition: a hypergraph of somebody's own, in hMETIS's format, onto parts of a hard capacity.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/partition/copy_bounds.hpp"
#include "compiler/partition/hmetis.hpp"
#include "compiler/partition/hypergraph.hpp"
#include "core/files/gzip.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/figure_output.hpp"
#include "tools/interrupt.hpp"

namespace spikeloom::tools {

namespace {

namespace options = boost::program_options;

ExitStatus failed(const Diagnostics& diagnostics) {
    print(diagnostics);
    return ExitStatus::failed;
}

/// A number from the command line; throws UsageError.
std::uint64_t number(const CommandLine& line, const std::string& name, std::uint64_t least, std::uint64_t most) {
    const auto given = line.value<long long>(name);
    if (given < 0 || static_cast<std::uint64_t>(given) < least || static_cast<std::uint64_t>(given) > most) {
        throw UsageError(fmt::format("--{} {}: allowed are {} to {}", name, given, least, most));
    }
    return static_cast<std::uint64_t>(given);
}

struct Request {
    std::uint64_t capacity = 0;
    std::optional<std::uint32_t> parts{};
    double slack_percent = 0;
    int effort = 1;
    int threads = 1;
    std::uint64_t seed = 0;
};

Request request_of(const CommandLine& line) {
    constexpr std::uint64_t most_count = std::numeric_limits<std::uint32_t>::max();
    constexpr std::uint64_t most_threads = 1024;
    Request request{.capacity = number(line, "capacity", 1, most_count),
                    .effort = static_cast<int>(number(line, "effort", 0, 3)),
                    .threads = static_cast<int>(number(line, "threads", 1, most_threads)),
                    .seed = number(line, "seed", 0, std::numeric_limits<std::int64_t>::max())};
    if (line.has("parts")) {
        constexpr std::uint64_t most_parts = 10'000'000;
        request.parts = static_cast<std::uint32_t>(number(line, "parts", 1, most_parts));
    }
    request.slack_percent = line.value<double>("slack");
    if (!(request.slack_percent >= 0 && request.slack_percent <= 100)) {
        throw UsageError("--slack: allowed are 0 to 100");
    }
    if (request.parts && request.slack_percent > 0) {
        throw UsageError("--parts and --slack: one of them");
    }
    return request;
}

struct Outcome {
    std::uint32_t parts_allowed = 0;
    std::vector<std::uint32_t> part_of{};
    std::vector<compiler::PartitionAttempt> attempts{};
    std::uint64_t copies = 0;
    std::uint32_t parts_used = 0;
    std::uint64_t largest = 0;
    compiler::CopyBounds bounds{};
};

Outcome search(const compiler::Hypergraph& graph, const Request& request, std::uint32_t parts) {
    Outcome outcome{.parts_allowed = parts};
    outcome.part_of = compiler::partition_hypergraph(graph,
                                                     {.parts = parts,
                                                      .capacity = request.capacity,
                                                      .effort = request.effort,
                                                      .threads = request.threads,
                                                      .seed = request.seed,
                                                      .stop = [] { return InterruptGuard::requested(); }},
                                                     &outcome.attempts);
    outcome.copies = outcome.part_of.empty() ? 0 : copies(graph, outcome.part_of);
    return outcome;
}

/// A vertex that no part could hold.
std::optional<Diagnostic> check_heaviest(const compiler::Hypergraph& graph, std::uint64_t capacity,
                                         const std::string& path) {
    const auto heaviest = std::ranges::max_element(graph.vertex_weight);
    if (heaviest == graph.vertex_weight.end() || *heaviest <= capacity) {
        return std::nullopt;
    }
    return Diagnostic{
        .where = path,
        .found = fmt::format("vertex {} weighs {}", heaviest - graph.vertex_weight.begin() + 1, *heaviest),
        .allowed = fmt::format("at most what a part holds: {}", capacity),
        .help = "a larger --capacity"};
}

/// The partition with fewest copies among the numbers of parts that were asked for.
Result<Outcome> best_outcome(const compiler::Hypergraph& graph, const Request& request, const std::string& path) {
    if (const auto too_heavy = check_heaviest(graph, request.capacity, path)) {
        return fail(*too_heavy);
    }
    const std::uint32_t fewest = fewest_parts(graph, request.capacity);
    std::vector<std::uint32_t> numbers{request.parts.value_or(fewest)};
    if (request.slack_percent > 0) {
        const auto more = static_cast<std::uint32_t>(std::ceil(fewest * (1 + request.slack_percent / 100)));
        numbers.push_back(std::max(more, fewest + 1));
    }
    std::optional<Outcome> best;
    for (const std::uint32_t parts : numbers) {
        Outcome outcome = search(graph, request, parts);
        if ((!outcome.part_of.empty() || graph.vertices == 0) && (!best || outcome.copies < best->copies)) {
            best = std::move(outcome);
        }
    }
    if (!best) {
        return fail(Diagnostic{.where = path,
                               .found = fmt::format("vertices of weight {} do not pack into {} parts of {}",
                                                    graph.total_weight(), numbers.back(), request.capacity),
                               .allowed = fmt::format("at least {} parts, more where weights are uneven", fewest),
                               .help = "more --parts, --slack, or a larger --capacity"});
    }
    std::vector<std::uint64_t> load(best->parts_allowed, 0);
    for (std::uint32_t v = 0; v < graph.vertices; ++v) {
        load[best->part_of[v]] += graph.weight_of(v);
    }
    for (const std::uint64_t weight : load) {
        best->parts_used += weight > 0 ? 1U : 0U;
        best->largest = std::max(best->largest, weight);
    }
    best->bounds = copy_bounds(graph, request.capacity, best->parts_allowed);
    return std::move(*best);
}

struct Times {
    double wall_s = 0;
    double cpu_s = 0;
};

double ratio(std::uint64_t copies, double reference) {
    return reference > 0 ? static_cast<double>(copies) / reference : 0;
}

void print_text(const compiler::Hypergraph& graph, const Outcome& outcome, const Times& times) {
    fmt::print("hypergraph     {} vertices, {} nets, {} pins\n", graph.vertices, graph.nets(), graph.pins.size());
    fmt::print("copies         {}  (sum over nets of weight x (parts - 1))\n", outcome.copies);
    fmt::print("parts          {} used of {}, the largest holds {}\n", outcome.parts_used, outcome.parts_allowed,
               outcome.largest);
    fmt::print("bounds         at least {} by fan-out, {} by fan-in", outcome.bounds.fan_out, outcome.bounds.fan_in);
    if (outcome.bounds.best() > 0) {
        fmt::print(": {:.3f} times the bound", ratio(outcome.copies, static_cast<double>(outcome.bounds.best())));
    }
    fmt::print("\nat random      {:.0f} expected: {:.3f} times that\n", outcome.bounds.random,
               ratio(outcome.copies, outcome.bounds.random));
    for (const compiler::PartitionAttempt& attempt : outcome.attempts) {
        fmt::print("tried          {:<16} {}\n", attempt.method, attempt.copies);
    }
    fmt::print("time           {:.2f} s, {:.2f} s of one processor\n", times.wall_s, times.cpu_s);
}

std::string json_of(const compiler::Hypergraph& graph, const Request& request, const Outcome& outcome,
                    const Times& times) {
    boost::json::array attempts;
    for (const compiler::PartitionAttempt& attempt : outcome.attempts) {
        attempts.push_back(boost::json::object{{"method", attempt.method}, {"copies", attempt.copies}});
    }
    const boost::json::object root{
        {"vertices", graph.vertices},
        {"nets", graph.nets()},
        {"pins", graph.pins.size()},
        {"capacity", request.capacity},
        {"effort", request.effort},
        {"seed", request.seed},
        {"copies", outcome.copies},
        {"parts_allowed", outcome.parts_allowed},
        {"parts_used", outcome.parts_used},
        {"largest_part", outcome.largest},
        {"bounds", boost::json::object{{"fan_out", outcome.bounds.fan_out}, {"fan_in", outcome.bounds.fan_in}}},
        {"expected_at_random", outcome.bounds.random},
        {"attempts", std::move(attempts)},
        {"wall_s", times.wall_s},
        {"cpu_s", times.cpu_s}};
    return boost::json::serialize(root) + "\n";
}

Result<void> write_results(const CommandLine& line, const std::string& json, const Outcome& outcome) {
    if (line.has("json")) {
        if (auto written = write_text_file(json, line.value<std::string>("json")); !written) {
            return written;
        }
    }
    if (line.has("output")) {
        std::string text;
        for (const std::uint32_t part : outcome.part_of) {
            text += fmt::format("{}\n", part);
        }
        return write_text_file(text, line.value<std::string>("output"));
    }
    return {};
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("FILE");
    line.add()("capacity,c", options::value<long long>()->required()->value_name("C"), "most weight of a part")(
        "parts,k", options::value<long long>()->value_name("K"), "parts (default: as few as could hold the vertices)")(
        "slack", options::value<double>()->default_value(0)->value_name("PERCENT"),
        "also try so many per cent more parts")("effort",
                                                options::value<long long>()->default_value(1)->value_name("E"),
                                                "0: simple fills; 1: seconds; 2: tens of seconds; 3: minutes")(
        "seed", options::value<long long>()->default_value(0)->value_name("S"), "of the search")(
        "threads", options::value<long long>()->default_value(1)->value_name("T"), "at most so many")(
        "output,o", word("FILE"), "the part of each vertex, a line each, counted from 0")("json", word("FILE"),
                                                                                          "the figures as JSON");
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const Request request = request_of(line);
    const std::string& path = line.operand();
    const auto bytes = files::read_maybe_gzip(path);
    if (!bytes) {
        return failed(bytes.error());
    }
    const auto graph = compiler::read_hmetis(*bytes, path);
    if (!graph) {
        return failed(graph.error());
    }
    const InterruptGuard guard;
    const auto started = std::chrono::steady_clock::now();
    const std::clock_t cpu_started = std::clock();
    const auto outcome = best_outcome(*graph, request, path);
    if (!outcome) {
        return failed(outcome.error());
    }
    const Times times{.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(),
                      .cpu_s = static_cast<double>(std::clock() - cpu_started) / static_cast<double>(CLOCKS_PER_SEC)};
    if (InterruptGuard::requested()) {
        remark("interrupted: the best so far");
    }
    print_text(*graph, *outcome, times);
    const auto written = write_results(line, json_of(*graph, request, *outcome, times), *outcome);
    return written ? ExitStatus::done : failed(written.error());
}

}  // namespace

const Subcommand partition_subcommand{
    .name = "partition",
    .summary = "a hypergraph onto parts of a hard capacity, with the fewest spike copies",
    .synopsis = "FILE.hgr[.gz] --capacity C [--parts K] [--effort E] [-o PARTS]",
    .text =
        "Reads hMETIS's format (a net is a neuron's spikes: the source and its targets) and deals the vertices to\n"
        "parts, so that the sum over nets of weight x (parts reached - 1) is small: the copies of spikes between\n"
        "cores. No part ever weighs more than the capacity. The result depends on file, options and seed, not on\n"
        "--threads, which take the runs of efforts 2 and 3, and the pieces of very large problems, side by side.\n"
        "Prints the copies beside lower bounds and what chance would give. Ctrl-C takes the best so far.",
    .example =
        "  spikeloom partition net.hgr.gz --capacity 256\n"
        "  spikeloom partition net.hgr --capacity 256 --parts 28 --effort 3 --seed 7 -o parts.txt --json figures.json",
    .run = run,
};

}  // namespace spikeloom::tools
