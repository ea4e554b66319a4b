#include "tools/noc_setup.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>

#include "chip/spec/chip_spec.hpp"
#include "core/files/bytes.hpp"
#include "tools/model_files.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;
using router::NetworkParameters;

constexpr std::array<std::pair<std::string_view, router::Model>, 3> models{
    {{"free", router::Model::free}, {"queued", router::Model::queued}, {"flit", router::Model::flit}}};
constexpr std::array<std::pair<std::string_view, router::Topology>, 3> topologies{
    {{"mesh", router::Topology::mesh}, {"torus", router::Topology::torus}, {"tree", router::Topology::tree}}};
constexpr std::array<std::pair<std::string_view, router::DimensionOrder>, 2> orders{
    {{"x", router::DimensionOrder::x_first}, {"y", router::DimensionOrder::y_first}}};
constexpr std::array<std::pair<std::string_view, router::Allocation>, 2> allocations{
    {{"one", router::Allocation::one_cycle}, {"two", router::Allocation::two_cycles}}};

template <class Owner>
struct IntegerOption {
    const char* name;
    int Owner::* field;
    int least;
    int most;
    const char* help;
};
constexpr std::array<IntegerOption<router::Mesh>, 3> mesh_options{
    {{"columns", &router::Mesh::columns, 1, 1024, "tiles of a chip from west to east (default 8)"},
     {"rows", &router::Mesh::rows, 1, 1024, "and from north to south (default 8)"},
     {"cores-per-tile", &router::Mesh::cores_per_tile, 1, 256, "default 1"}}};
constexpr std::array<IntegerOption<NetworkParameters>, 7> parameter_options{
    {{"flits", &NetworkParameters::packet_flits, 1, 1024, "of a packet (default 1)"},
     {"buffer", &NetworkParameters::buffer_flits, 1, 4096, "flits at each input (default 8)"},
     {"planes", &NetworkParameters::planes, 1, 64, "networks side by side (default 1)"},
     {"virtual-channels", &NetworkParameters::virtual_channels, 1, 64, "of each class (default 1)"},
     {"tree-arity", &NetworkParameters::tree_arity, 2, 256, "children of a tree's switch (default 4)"},
     {"router-cycles", &NetworkParameters::router_cycles, 1, 1000, "from allocation to the wire (default 2)"},
     {"credit-cycles", &NetworkParameters::credit_cycles, 1, 1000,
      "from a freed place to its use upstream, besides the wire (default 2)"}}};
constexpr std::int64_t most_cores = 1 << 20;

template <class Owner, std::size_t count>
void add_integers(CommandLine& line, const std::array<IntegerOption<Owner>, count>& options) {
    for (const auto& option : options) {
        line.add()(option.name, po::value<std::int64_t>()->value_name("N"), option.help);
    }
}

template <class Owner, std::size_t count>
void take_integers(const CommandLine& line, const std::array<IntegerOption<Owner>, count>& options, Owner& owner) {
    for (const auto& option : options) {
        if (line.has(option.name)) {
            owner.*option.field = static_cast<int>(bounded(line, option.name, option.least, option.most));
        }
    }
}

template <class T>
void take_choice(const CommandLine& line, const std::string& name,
                 std::span<const std::pair<std::string_view, T>> words, T& value) {
    if (line.has(name)) {
        value = line.choice<T>(name, words);
    }
}

/// Two positive integers around a separator, "2x1".
std::pair<int, int> pair_of(const CommandLine& line, const std::string& option, char separator, const char* form) {
    const std::string& text = line.value<std::string>(option);
    const std::size_t middle = std::min(text.find(separator), text.size());
    constexpr int most = 4096;
    const auto number = [&](std::string_view part) {
        int value = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
        return error == std::errc() && end == part.data() + part.size() && value <= most ? value : 0;
    };
    const std::string_view view = text;
    const std::pair<int, int> values{number(view.substr(0, middle)),
                                     middle < view.size() ? number(view.substr(middle + 1)) : 0};
    if (values.first < 1 || values.second < 1) {
        throw UsageError(fmt::format("--{} {}: expected {}, each 1 to {}", option, text, form, most));
    }
    return values;
}

void take_network(const CommandLine& line, router::Mesh& mesh, NetworkParameters& parameters) {
    take_integers(line, mesh_options, mesh);
    take_integers(line, parameter_options, parameters);
    take_choice<router::Topology>(line, "topology", topologies, parameters.topology);
    take_choice<router::DimensionOrder>(line, "first", orders, parameters.order);
    take_choice<router::Allocation>(line, "allocation", allocations, parameters.allocation);
    if (line.has("chips")) {
        std::tie(mesh.chip_columns, mesh.chip_rows) = pair_of(line, "chips", 'x', "COLUMNSxROWS");
    }
    if (line.has("chip-link")) {
        const auto [latency, interval] = pair_of(line, "chip-link", ':', "LATENCY:INTERVAL");
        parameters.between_chips = {.latency = latency, .interval = interval};
    }
    parameters.source_queue = 0;  // packets wait outside, as long as it takes
    const std::int64_t tiles = std::int64_t{mesh.columns} * mesh.rows * mesh.cores_per_tile;
    if (tiles * mesh.chip_columns > most_cores || tiles * mesh.chip_columns * mesh.chip_rows > most_cores) {
        throw UsageError(fmt::format("the board has more than {} cores", most_cores));
    }
}

Result<router::Traffic> traffic_of(const std::string& text) {
    if (!text.ends_with(".csv")) {
        return router::parse_traffic(text);
    }
    constexpr std::uint64_t most_bytes = std::uint64_t{256} << 20;
    const auto bytes = files::read_bytes(text, most_bytes);
    if (!bytes) {
        return fail(bytes.error());
    }
    return router::parse_traffic_csv({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, text);
}

}  // namespace

std::int64_t bounded(const CommandLine& line, const std::string& option, std::int64_t least, std::int64_t most) {
    const auto value = line.value<std::int64_t>(option);
    if (value < least || value > most) {
        throw UsageError(fmt::format("--{} {}: allowed are {} to {}", option, value, least, most));
    }
    return value;
}

void add_noc_network_options(CommandLine& line) {
    line.add()("traffic,t", word("PATTERN")->default_value("uniform"),
               "uniform, transpose, bitcomp, bitrev, shuffle, neighbor, tornado, hotspot:NODE=WEIGHT,..., allto:NODE, "
               "or a file of packets, FILE.csv")("noc", word("MODEL")->default_value("flit"), "free, queued or flit")(
        "chip", word("CHIP"), "takes the network of this chip; the options below change it")(
        "topology", word("KIND"), "mesh (default), torus or tree");
    add_integers(line, mesh_options);
    line.add()("chips", word("CxR"), "columns and rows of chips on the board (default 1x1)")(
        "chip-link", word("LATENCY:INTERVAL"), "cycles of links between chips (default 1:1)");
    add_integers(line, parameter_options);
    line.add()("first", word("DIMENSION"), "that packets travel first: x (default) or y")(
        "allocation", word("CYCLES"), "of virtual channel and switch: one (default, BookSim's speculative), or two")(
        "seed", po::value<std::uint64_t>()->default_value(0)->value_name("N"), "of the random numbers");
}

Result<NocSetup> noc_setup(const CommandLine& line) {
    const auto model = line.choice<router::Model>("noc", models);
    router::Mesh mesh{.columns = 8, .rows = 8, .cores_per_tile = 1};
    NetworkParameters parameters;
    std::string name;
    std::optional<double> cycle_ns;
    if (line.has("chip")) {
        const auto chip = open_chip(line.value<std::string>("chip"));
        if (!chip) {
            return fail(chip.error());
        }
        mesh = chip->mesh;
        parameters = chip->network.parameters;
        name = chip->name;
        cycle_ns = chip->network.cycle_ns.value;
    }
    take_network(line, mesh, parameters);
    auto traffic = traffic_of(line.value<std::string>("traffic"));
    if (!traffic) {
        return fail(std::move(traffic.error()));
    }
    if (Diagnostics wrong = router::check_traffic(*traffic, mesh); has_error(wrong)) {
        return fail(std::move(wrong));
    }
    auto graph = router::Graph::build(mesh, parameters);
    if (!graph) {
        return fail(std::move(graph.error()));
    }
    return NocSetup{.graph = std::move(*graph),
                    .model = model,
                    .traffic = std::move(*traffic),
                    .seed = line.value<std::uint64_t>("seed"),
                    .chip = std::move(name),
                    .cycle_ns = cycle_ns};
}

std::string network_text(const NocSetup& setup) {
    const router::Mesh& mesh = setup.graph.mesh();
    const NetworkParameters& parameters = setup.graph.parameters();
    const auto word_of = [](const auto& words, auto value) {
        for (const auto& [text, meaning] : words) {
            if (meaning == value) {
                return text;
            }
        }
        return std::string_view();
    };
    const auto plural = [](int count, std::string_view thing) {
        return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
    };
    std::string text = fmt::format("{}{} x {} {}", setup.chip.empty() ? "" : setup.chip + ": ", mesh.columns, mesh.rows,
                                   word_of(topologies, parameters.topology));
    if (mesh.chips() > 1) {
        text += fmt::format(" on each of {} x {} chips", mesh.chip_columns, mesh.chip_rows);
    }
    return text + fmt::format(", {} a tile, {}, packets of {}, buffers of {}, allocation in {}",
                              plural(mesh.cores_per_tile, "core"), plural(parameters.planes, "plane"),
                              plural(parameters.packet_flits, "flit"), plural(parameters.buffer_flits, "flit"),
                              parameters.allocation == router::Allocation::one_cycle ? "one cycle" : "two cycles");
}

}  // namespace spikeloom::tools
