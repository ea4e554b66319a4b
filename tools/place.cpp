// spikeloom place: a placement problem of somebody's own, from QAPLIB or from a partitioned hypergraph.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <ctime>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/partition/hmetis.hpp"
#include "compiler/passes/place.hpp"
#include "compiler/placement/annealing.hpp"
#include "compiler/placement/congestion.hpp"
#include "compiler/placement/partition_flows.hpp"
#include "compiler/placement/placement_bounds.hpp"
#include "compiler/placement/qap_text.hpp"
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

long long number_in(const CommandLine& line, const std::string& name, long long least, long long most) {
    const auto given = line.value<long long>(name);
    if (given < least || given > most) {
        throw UsageError(fmt::format("--{} {}: allowed are {} to {}", name, given, least, most));
    }
    return given;
}

/// "7x4": columns and rows.
compiler::QapGrid grid_in(const CommandLine& line, const std::string& name) {
    const auto& text = line.value<std::string>(name);
    compiler::QapGrid grid;
    const char* end = text.data() + text.size();
    constexpr std::uint32_t most_side = 1024;
    const auto columns = std::from_chars(text.data(), end, grid.columns);
    bool good = columns.ec == std::errc() && columns.ptr != end && *columns.ptr == 'x';
    if (good) {
        const auto rows = std::from_chars(columns.ptr + 1, end, grid.rows);
        good = rows.ec == std::errc() && rows.ptr == end;
    }
    if (!good || grid.columns < 1 || grid.rows < 1 || grid.columns > most_side || grid.rows > most_side) {
        throw UsageError(
            fmt::format("--{} {}: expected columns and rows, as 7x4, each at most {}", name, text, most_side));
    }
    return grid;
}

struct Request {
    compiler::SearchOptions search;
    std::uint64_t plain_moves = 0;
};

Request request_of(const CommandLine& line) {
    constexpr long long most_moves = 1'000'000'000'000;
    Request request;
    request.search.effort = static_cast<int>(number_in(line, "effort", 0, 3));
    request.search.seed =
        static_cast<std::uint64_t>(number_in(line, "seed", 0, std::numeric_limits<std::int64_t>::max()));
    request.search.stop = [] { return InterruptGuard::requested(); };
    request.plain_moves = line.has("plain") ? static_cast<std::uint64_t>(number_in(line, "plain", 1, most_moves)) : 0;
    return request;
}

double seconds_since(std::clock_t start) {
    return static_cast<double>(std::clock() - start) / static_cast<double>(CLOCKS_PER_SEC);
}

struct Solved {
    compiler::Arrangement slot_of;
    double cpu_s = 0;
    std::optional<std::int64_t> plain_cost;  ///< of plain annealing, if it was asked for
    double plain_cpu_s = 0;
};

Solved solve(const compiler::PlacementProblem& problem, const compiler::Arrangement& start, const Request& request) {
    const InterruptGuard guard;
    Solved solved;
    std::clock_t started = std::clock();
    solved.slot_of = solve_placement(problem, start, request.search);
    solved.cpu_s = seconds_since(started);
    if (request.plain_moves > 0 && !InterruptGuard::requested()) {
        started = std::clock();
        solved.plain_cost = cost_of(problem, anneal_plainly(problem, start, request.plain_moves, request.search.seed));
        solved.plain_cpu_s = seconds_since(started);
    }
    if (InterruptGuard::requested()) {
        remark("interrupted: the best so far");
    }
    return solved;
}

/// What is printed at the end, either way.
struct Outcome {
    boost::json::object figures;
    std::string head;                    ///< lines of text about the problem
    std::vector<std::uint32_t> numbers;  ///< permutation or places
    std::string numbers_name;
    std::int64_t cost = 0;
    std::uint64_t bound = 0;
    std::string bound_name;
};

double ratio_of(std::int64_t cost, std::uint64_t bound) {
    return bound > 0 ? static_cast<double>(cost) / static_cast<double>(bound) : 0;
}

ExitStatus deliver(const CommandLine& line, const Request& request, const Solved& solved, Outcome outcome) {
    const double ratio = ratio_of(outcome.cost, outcome.bound);
    if (line.flag("json")) {
        boost::json::object& root = outcome.figures;
        root["cost"] = outcome.cost;
        root["bound"] = outcome.bound;
        root["ratio"] = ratio;
        root["cpu_s"] = solved.cpu_s;
        root["effort"] = request.search.effort;
        root["seed"] = request.search.seed;
        if (solved.plain_cost) {
            root["plain"] = boost::json::object{
                {"moves", request.plain_moves}, {"cost", *solved.plain_cost}, {"cpu_s", solved.plain_cpu_s}};
        }
        root[outcome.numbers_name] = boost::json::array(outcome.numbers.begin(), outcome.numbers.end());
        fmt::print("{}\n", boost::json::serialize(root));
    } else {
        fmt::print("{}cost           {}\n", outcome.head, outcome.cost);
        fmt::print("bound          {} ({}): {:.3f} times that\n", outcome.bound, outcome.bound_name, ratio);
        fmt::print("time           {:.3f} s of one processor\n", solved.cpu_s);
        if (solved.plain_cost) {
            fmt::print("plain          {} after {} plain annealing moves, {:.3f} s\n", *solved.plain_cost,
                       request.plain_moves, solved.plain_cpu_s);
        }
        fmt::print("{:<14} {}\n", outcome.numbers_name, fmt::join(outcome.numbers, " "));
    }
    if (line.has("output")) {
        const std::string text = fmt::format("{}\n", fmt::join(outcome.numbers, "\n"));
        if (auto written = write_text_file(text, line.value<std::string>("output")); !written) {
            return failed(written.error());
        }
    }
    return ExitStatus::done;
}

ExitStatus place_qap(const CommandLine& line, const Request& request) {
    const auto grid = line.has("grid") ? std::optional(grid_in(line, "grid")) : std::nullopt;
    const auto instance = compiler::read_qap(line.operand(), grid);
    if (!instance) {
        return failed(instance.error());
    }
    const compiler::PlacementProblem problem = problem_of(*instance);
    compiler::Arrangement start(problem.slots());
    std::iota(start.begin(), start.end(), 0U);
    const Solved solved = solve(problem, start, request);

    std::vector<std::int32_t> distances;
    for (std::uint32_t a = 0; a < problem.slots(); ++a) {
        for (std::uint32_t b = 0; b < problem.slots(); ++b) {
            distances.push_back(problem.metric.distance(a, b));
        }
    }
    Outcome outcome;
    outcome.cost = qap_cost(*instance, solved.slot_of);
    // The bound by assignment takes the cube of the places: minutes beyond these.
    constexpr std::uint32_t most_assigned = 1500;
    const bool assigned = problem.slots() <= most_assigned;
    outcome.bound = assigned ? gilmore_lawler_bound(problem.flows, distances, problem.slots())
                             : row_bound(problem.flows, distances, problem.slots());
    outcome.bound_name = name_of(assigned ? compiler::HopsBound::gilmore_lawler : compiler::HopsBound::rows);
    // QAPLIB's p gives each index of the first matrix one of the second, counted from 1.
    outcome.numbers = instance->first_is_distance ? compiler::items_of(solved.slot_of) : solved.slot_of;
    for (std::uint32_t& index : outcome.numbers) {
        ++index;
    }
    outcome.numbers_name = "permutation";
    const std::string metric =
        instance->grid ? fmt::format("Manhattan metric of {} x {}", instance->grid->columns, instance->grid->rows)
                       : std::string("a matrix");
    outcome.head = fmt::format("problem        {} places, distances: {}\n", instance->size, metric);
    outcome.figures = {{"places", instance->size}, {"distances", metric}};
    return deliver(line, request, solved, std::move(outcome));
}

ExitStatus place_parts(const CommandLine& line, const Request& request) {
    const compiler::QapGrid grid = grid_in(line, "mesh");
    const std::string& path = line.operand();
    const auto bytes = files::read_maybe_gzip(path);
    if (!bytes) {
        return failed(bytes.error());
    }
    const auto graph = compiler::read_hmetis(*bytes, path);
    if (!graph) {
        return failed(graph.error());
    }
    const std::string& parts_path = line.value<std::string>("parts");
    const auto text = files::read_bytes(parts_path);
    if (!text) {
        return failed(text.error());
    }
    const std::uint32_t places = grid.columns * grid.rows;
    const auto part_of = compiler::parse_parts({reinterpret_cast<const char*>(text->data()), text->size()}, parts_path,
                                               graph->vertices, places);
    if (!part_of) {
        return failed(part_of.error());
    }
    const std::uint32_t cores = part_of->empty() ? 0 : *std::max_element(part_of->begin(), part_of->end()) + 1;
    const compiler::CoreFlows flows = flows_of_partition(*graph, *part_of, cores);
    const router::Mesh mesh{
        .columns = static_cast<int>(grid.columns), .rows = static_cast<int>(grid.rows), .cores_per_tile = 1};
    compiler::Arrangement start(places);
    std::iota(start.begin(), start.end(), 0U);
    const compiler::PlacementProblem problem{.flows = both_ways(flows),
                                             .metric = compiler::SlotMetric(start, mesh, {})};
    Solved solved = solve(problem, start, request);
    if (request.search.effort > 0) {
        solved.slot_of = ease_congestion(problem, flows, start, solved.slot_of, mesh, {}, request.search);
    }
    const std::vector<std::uint32_t> place(solved.slot_of.begin(), solved.slot_of.begin() + cores);
    const compiler::PlacementBounds bounds = placement_bounds(flows, place, mesh, {});

    Outcome outcome;
    outcome.cost = cost_of(problem, solved.slot_of);
    outcome.bound = bounds.hops_bound;
    outcome.bound_name = name_of(bounds.hops_bound_by);
    outcome.numbers = place;
    outcome.numbers_name = "places";
    const double hops_per_copy = ratio_of(outcome.cost, bounds.messages);
    outcome.head = fmt::format(
        "problem        {} cores on a mesh of {} x {}, {} copies\nhops per copy  {:.3f}\n"
        "busiest link   {} messages, at least {} whatever their ways\n",
        cores, grid.columns, grid.rows, bounds.messages, hops_per_copy, bounds.largest_link, bounds.largest_link_bound);
    outcome.figures = {{"cores", cores},
                       {"copies", bounds.messages},
                       {"hops_per_copy", hops_per_copy},
                       {"largest_link", bounds.largest_link},
                       {"largest_link_bound", bounds.largest_link_bound}};
    return deliver(line, request, solved, std::move(outcome));
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("FILE");
    line.add()("grid", word("WxH"), "QAPLIB: the matrix that is this grid's Manhattan metric is the distances")(
        "parts", word("PARTS"),
        "FILE is a hypergraph, this its partition: the part of each vertex, a line each, from 0")(
        "mesh", word("WxH"), "the parts' places, tile i at column i / H, row i % H")(
        "effort", options::value<long long>()->default_value(1)->value_name("E"),
        "0: linear passes; 1: fractions of seconds; 2: seconds; 3: a minute")(
        "seed", options::value<long long>()->default_value(0)->value_name("S"), "of the search")(
        "plain", options::value<long long>()->value_name("MOVES"),
        "also so many moves of plain swap annealing, as a yardstick")(
        "output,o", word("FILE"), "the permutation or the places, a line each")("json", flag(), "print JSON");
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const Request request = request_of(line);
    if (line.has("parts") != line.has("mesh")) {
        throw UsageError("--parts and --mesh: both, or none");
    }
    if (line.has("parts") && line.has("grid")) {
        throw UsageError("--grid goes with QAPLIB's files, not with --parts");
    }
    return line.has("parts") ? place_parts(line, request) : place_qap(line, request);
}

}  // namespace

const Subcommand place_subcommand{
    .name = "place",
    .summary = "cores on a board with the fewest hops; or any quadratic assignment problem",
    .synopsis = "FILE.dat [--grid WxH] | FILE.hgr --parts PARTS --mesh WxH  [--effort E] [-o FILE]",
    .text =
        "Solves a placement problem as compile does and prints the cost beside a lower bound. Of QAPLIB's files, the\n"
        "matrix that is the Manhattan metric of a grid becomes the distances (if there is none: one of the two); the\n"
        "permutation is QAPLIB's, counted from 1. Of a hypergraph (hMETIS's format, a net is a neuron's spikes) and a\n"
        "partition (spikeloom partition -o), the flows are the copies of spikes between parts, the cost is hops. The\n"
        "result depends on file, effort and seed alone. Ctrl-C takes the best so far.",
    .example =
        "  spikeloom place sko49.dat --effort 2\n"
        "  spikeloom place net.hgr.gz --parts parts.txt --mesh 7x4 --plain 3000000",
    .run = run,
};

}  // namespace spikeloom::tools
