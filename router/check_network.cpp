// What can't be built, told before anything is allocated. The ranges are those of the schema
// (chip/spec/chip_spec.proto), for parameters that never were a text.
#include <fmt/format.h>

#include "router/ways.hpp"

namespace spikeloom::router {
namespace {

constexpr std::int64_t most_buffered_flits = std::int64_t{1} << 28;

class Findings {
public:
    void in_range(const char* name, std::int64_t found, std::int64_t least, std::int64_t most) {
        if (found < least || found > most) {
            add(fmt::format("{} is {}", name, found), fmt::format("{}..{}", least, most));
        }
    }
    void link(const char* name, const LinkTiming& timing) {
        in_range(fmt::format("{}.latency", name).c_str(), timing.latency, 1, 65536);
        in_range(fmt::format("{}.interval", name).c_str(), timing.interval, 1, 65536);
    }
    void add(std::string found, std::string allowed, std::string help = {}) {
        all_.push_back(
            {.where = "network", .found = std::move(found), .allowed = std::move(allowed), .help = std::move(help)});
    }
    [[nodiscard]] bool empty() const { return all_.empty(); }
    [[nodiscard]] Diagnostics take() { return std::move(all_); }

private:
    Diagnostics all_;
};

void check_mesh(const Mesh& mesh, Findings& findings) {
    findings.in_range("mesh.columns", mesh.columns, 1, 1024);
    findings.in_range("mesh.rows", mesh.rows, 1, 1024);
    findings.in_range("mesh.cores_per_tile", mesh.cores_per_tile, 1, 256);
    findings.in_range("mesh.chip_columns", mesh.chip_columns, 1, 1024);
    findings.in_range("mesh.chip_rows", mesh.chip_rows, 1, 1024);
    if (!findings.empty()) {
        return;
    }
    const std::int64_t cores = std::int64_t{mesh.columns} * mesh.rows * mesh.cores_per_tile;
    const std::int64_t chips = std::int64_t{mesh.chip_columns} * mesh.chip_rows;
    if (cores > most_cores_on_board / chips) {
        findings.add(fmt::format("{} chips of {} cores", chips, cores),
                     fmt::format("at most {} cores on a board", most_cores_on_board));
    }
}

/// Flits that all buffers hold together.
std::int64_t buffered_flits(const Mesh& mesh, const NetworkParameters& parameters) {
    const std::int64_t links = 4 * std::int64_t{mesh.tiles()} + 2 * std::int64_t{mesh.cores()};
    const std::int64_t classes = parameters.topology == Topology::torus ? 2 : 1;
    return links * classes * parameters.virtual_channels * parameters.buffer_flits;
}

}  // namespace

Diagnostics check_network(const Mesh& mesh, const NetworkParameters& parameters) {
    Findings findings;
    check_mesh(mesh, findings);
    findings.in_range("tree_arity", parameters.tree_arity, 2, 256);
    findings.in_range("planes", parameters.planes, 1, 64);
    findings.in_range("virtual_channels", parameters.virtual_channels, 1, 64);
    findings.in_range("packet_flits", parameters.packet_flits, 1, 1024);
    findings.in_range("buffer_flits", parameters.buffer_flits, 1, 65536);
    findings.in_range("source_queue", parameters.source_queue, 0, 1 << 20);
    findings.in_range("router_cycles", parameters.router_cycles, 0, 4096);
    findings.in_range("credit_cycles", parameters.credit_cycles, 0, 4096);
    findings.link("east_west", parameters.east_west);
    findings.link("north_south", parameters.north_south);
    findings.link("vertical", parameters.vertical);
    findings.link("local", parameters.local);
    findings.link("between_chips", parameters.between_chips);
    if (!findings.empty()) {
        return findings.take();
    }
    if (parameters.cast == Cast::multicast && parameters.packet_flits > parameters.buffer_flits) {
        findings.add(
            fmt::format("packets of {} flits and buffers of {}", parameters.packet_flits, parameters.buffer_flits),
            "with multicast, buffers that take a whole packet",
            "else branches of two packets could wait for one another for ever");
    }
    if (const std::int64_t flits = buffered_flits(mesh, parameters); flits > most_buffered_flits) {
        findings.add(fmt::format("buffers for {} flits on the board", flits),
                     fmt::format("at most {}", most_buffered_flits), "fewer cores, virtual channels or buffer_flits");
    }
    return findings.take();
}

}  // namespace spikeloom::router
