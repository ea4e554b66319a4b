// spikeloom noc: the spike network by itself, under synthetic traffic.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tools/console.hpp"
#include "tools/figure_output.hpp"
#include "tools/noc_forms.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;

constexpr std::uint32_t usual_packets = 16;
constexpr double most_packets = 2e7;  ///< held at once, about 100 bytes each

void add_run_options(CommandLine& line) {
    line.add()("packets,n", po::value<std::int64_t>()->value_name("N"),
               "batch: packets of every node, one made a cycle from cycle 0 on (default 16; a list: how often, "
               "default 1)")("pairs", flag(), "batch: the latency of every pair of source and destination")(
        "rate,r", word("R,R,..."), "steady load: flits/node/cycle; a row each")(
        "saturation", flag(), "steady load: where the network saturates")(
        "cycles", po::value<std::int64_t>()->default_value(9000)->value_name("N"), "measured, of a steady load")(
        "warm-up", po::value<std::int64_t>()->default_value(6000)->value_name("N"), "cycles before they are measured")(
        "threshold", po::value<double>()->default_value(300)->value_name("CYCLES"),
        "mean packet latency above which a load counts as saturated");
    add_figure_options(line);
    line.add()("json", flag(), "the same as --format json");
}

FigureFormat format_of(const CommandLine& line) {
    return line.flag("json") ? FigureFormat::json : figure_format(line);
}

std::vector<double> rates_of(const CommandLine& line, int packet_flits) {
    std::vector<double> rates;
    const std::string& text = line.value<std::string>("rate");
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        double rate = 0;
        const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, rate);
        constexpr std::size_t most_rates = 1000;
        if (error != std::errc() || stop != text.data() + end || !(rate >= 1e-9) || rate > packet_flits ||
            rates.size() == most_rates) {
            throw UsageError(fmt::format("--rate {}: expected rates above 0, at most {} (a packet a cycle), as 0.1,0.2",
                                         text, packet_flits));
        }
        rates.push_back(rate);
        begin = end + 1;
    }
    std::sort(rates.begin(), rates.end());
    return rates;
}

void refuse_together(const CommandLine& line, const std::vector<std::string>& options, std::string_view with) {
    for (const std::string& option : options) {
        if (option == "pairs" ? line.flag(option) : line.has(option)) {
            throw UsageError(fmt::format("--{} goes with a batch, not with {}", option, with));
        }
    }
}

ExitStatus failed(const Diagnostics& diagnostics) {
    print(diagnostics);
    return ExitStatus::failed;
}

/// Refuses what would not fit into memory.
Result<void> check_size(double packets, std::string_view help) {
    if (packets <= most_packets) {
        return {};
    }
    return fail({.where = "noc",
                 .found = fmt::format("{:.3g} packets", packets),
                 .allowed = fmt::format("at most {:.3g} in a run", most_packets),
                 .help = std::string(help)});
}

ExitStatus run_batch(const CommandLine& line, const NocSetup& setup) {
    if (format_of(line) == FigureFormat::svg) {
        throw UsageError("a picture shows latency over load: it needs --rate or --saturation");
    }
    const bool listed = setup.traffic.pattern == router::Pattern::listed;
    if (setup.traffic.timed && line.has("packets")) {
        throw UsageError("--packets: the list says when each packet is made");
    }
    const std::int64_t packets =
        line.has("packets") ? bounded(line, "packets", 1, 1'000'000'000) : (listed ? 1 : usual_packets);
    const double sent = listed ? static_cast<double>(setup.traffic.list.size()) : setup.graph.endpoints();
    if (const auto fits = check_size(sent * static_cast<double>(packets), "fewer --packets"); !fits) {
        return failed(fits.error());
    }
    const auto model = router::make_model(setup.model, setup.graph);
    const NocBatch batch{
        .result = router::run_batch(setup.graph, *model, setup.source().batch(static_cast<std::uint32_t>(packets))),
        .pairs = line.flag("pairs")};
    const auto delivered = deliver_figure(line, format_of(line),
                                          {.text = [&] { return batch_text(setup, batch); },
                                           .json = [&] { return batch_json(setup, batch); },
                                           .svg = [] { return std::string(); }});
    return delivered ? ExitStatus::done : failed(delivered.error());
}

ExitStatus run_sweep(const CommandLine& line, const NocSetup& setup) {
    const bool search = line.flag("saturation");
    refuse_together(line, {"packets", "pairs"}, search ? "--saturation" : "--rate");
    (void)format_of(line);
    if (setup.traffic.timed) {
        throw UsageError("a list with cycles is a batch; a steady load needs one without");
    }
    NocSweep sweep;
    sweep.options = {.warm_up = bounded(line, "warm-up", 0, 100'000'000),
                     .measured = bounded(line, "cycles", 1, 100'000'000),
                     .latency_threshold = line.value<double>("threshold")};
    if (!(sweep.options.latency_threshold >= 1 && sweep.options.latency_threshold <= 1e6)) {
        throw UsageError("--threshold: allowed are 1 to 1000000");
    }
    const int flits = setup.graph.parameters().packet_flits;
    const std::vector<double> rates = search ? std::vector<double>{} : rates_of(line, flits);
    const double most = search ? flits : rates.back();
    if (const auto fits = check_size(router::packets_of_load(setup.graph, most, sweep.options), "fewer --cycles");
        !fits) {
        return failed(fits.error());
    }
    const auto model = router::make_model(setup.model, setup.graph);
    const router::TrafficSource source = setup.source();
    if (search) {
        sweep.saturation = router::find_saturation(setup.graph, *model, source, sweep.options);
        sweep.points = sweep.saturation->tried;
    } else {
        ProgressBar bar("noc");
        for (std::size_t i = 0; i < rates.size(); ++i) {
            bar.update(static_cast<double>(i) / static_cast<double>(rates.size()));
            sweep.points.push_back(router::run_load(setup.graph, *model, source, rates[i], sweep.options));
        }
    }
    const auto delivered = deliver_figure(line, format_of(line),
                                          {.text = [&] { return sweep_text(setup, sweep); },
                                           .json = [&] { return sweep_json(setup, sweep); },
                                           .svg = [&] { return sweep_svg(setup, sweep); }});
    return delivered ? ExitStatus::done : failed(delivered.error());
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    add_noc_network_options(line);
    add_run_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    if (line.has("rate") && line.flag("saturation")) {
        throw UsageError("--rate and --saturation: one of them");
    }
    const auto setup = noc_setup(line);
    if (!setup) {
        return failed(setup.error());
    }
    return line.has("rate") || line.flag("saturation") ? run_sweep(line, *setup) : run_batch(line, *setup);
}

}  // namespace

const Subcommand noc_subcommand{
    .name = "noc",
    .summary = "a spike network by itself under synthetic traffic: drain time, latency, saturation",
    .synopsis = "[--traffic PATTERN] [--packets N | --rate R,R,... | --saturation] [--chip CHIP] [-o FILE]",
    .text =
        "Runs a network without neurons, as network simulators do, so that it can be held against them; patterns,\n"
        "latencies and the default 8 x 8 mesh are BookSim 2's, and so are the model flit's cycles.\n"
        "  a batch      every node makes --packets packets; how long until all have arrived\n"
        "  --rate       every node makes packets at random at a steady rate; latency and accepted rate\n"
        "  --saturation searches the rate from which queues grow without end\n"
        "Nodes are numbered row by row: node n is core n % c of tile n / c, which stands at column t % columns, row\n"
        "t / columns of the board. A list of packets, FILE.csv, has lines source,destination or\n"
        "source,destination,cycle. Latencies count from the cycle in which a packet is made; queues before the\n"
        "network are unlimited.",
    .example =
        "  spikeloom noc --traffic transpose --packets 16 --flits 2 --buffer 4\n"
        "  spikeloom noc --traffic uniform --rate 0.1,0.2,0.3,0.35 -o load.svg\n"
        "  spikeloom noc --chip loihi1 --traffic hotspot:27=8 --saturation",
    .run = run,
};

}  // namespace spikeloom::tools
