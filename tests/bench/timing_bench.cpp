// spikeloom_timing_bench [A32 B128] [--steps N]: how long steps take under each model of the spike network, beside
// what SANA-FE says of the same nets, and what timing them costs.
// `spikeloom_timing_bench --check`: A32 under `free` takes the time that SANA-FE's simple model gives.
#include <array>
#include <cmath>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/networks.hpp"
#include "chip/message_table.hpp"
#include "chip/step_timing.hpp"

namespace spikeloom::bench {
namespace {

/// SANA-FE's figures (PERFORMANCE facts, section 1), seconds of chip time; 0: none.
struct Published {
    const char* net;
    std::uint64_t steps;
    double simple_s, detailed_s, cycle_s;
};
constexpr std::array published{Published{"A32", 100, 5.912e-4, 6.364e-4, 6.677e-4},
                               Published{"A32", 1000, 6.420e-3, 7.044e-3, 0},
                               Published{"B128", 100, 3.060e-3, 3.933e-3, 0}};

double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The net on Loihi 1's mesh and spike network, its synapses in the dense encoding, as SANA-FE prices them.
chip::Image on_loihi(const std::string& net) {
    chip::Image image = random_network(net == "A32" ? a32 : b128);
    const auto loihi = chip::read_chip_spec(SPIKELOOM_SOURCE_DIR "/models/chips/loihi1.textproto").value();
    image.chip.mesh = loihi.mesh;
    image.chip.network = loihi.network;
    image.chip.costs = loihi.costs;
    for (chip::CoreImage& core : image.cores) {
        for (chip::SynapseEntry& entry : core.entries) {
            entry.encoding = chip::SynapseEncoding::dense;
        }
    }
    return image;
}

struct Timed {
    double chip_s = 0;  ///< what the steps take on the chip
    double cpu_s = 0;   ///< what timing them takes here
    double emulation_s = 0;
    std::uint64_t messages = 0;
    std::map<chip::StepBound, std::uint64_t> bounds;
};

Timed time_steps(const chip::Image& image, router::Model model, std::uint64_t steps) {
    auto chip = chip::Chip::load(image, {}).value();
    auto timer = chip::StepTimer::create(image, *image.chip.find_costs("silicon"), {.model = model}).value();
    Timed timed;
    for (std::uint64_t step = 0; step < steps; ++step) {
        const double start = processor_seconds();
        chip.step({});
        const double stepped = processor_seconds();
        const chip::StepTiming timing =
            timer.step({.cores = chip.step_counts().cores, .spikes = chip.spikes(), .inputs = {}});
        timed.cpu_s += processor_seconds() - stepped;
        timed.emulation_s += stepped - start;
        timed.chip_s += 1e-9 * timing.time_ns;
        timed.messages += timer.outcome().arrivals;
        ++timed.bounds[timing.bound];
    }
    return timed;
}

bool check() {
    const chip::Image image = on_loihi("A32");
    const Timed timed = time_steps(image, router::Model::free, 100);
    const double error = timed.chip_s / published[0].simple_s - 1;
    fmt::print("A32, 100 steps, free: {:.4e} s, SANA-FE {:.4e} s, {:+.3f} %\n", timed.chip_s, published[0].simple_s,
               100 * error);
    return std::abs(error) < 1e-3;
}

void bench(const std::string& net, std::uint64_t asked) {
    const chip::Image image = on_loihi(net);
    const chip::MessageTable table(image);
    fmt::print("{}: {} source-destination pairs in {} B, {} B a message and {:.2f} B with its source's entry\n", net,
               table.messages(), table.resident_bytes(), table.bytes_a_message(),
               static_cast<double>(table.resident_bytes()) / static_cast<double>(table.messages()));
    for (const Published& sana_fe : published) {
        if (net != sana_fe.net || (asked != 0 && asked != sana_fe.steps)) {
            continue;
        }
        fmt::print("  {} steps; SANA-FE: simple {:.4e} s, heuristic {:.4e} s, BookSim {:.4e} s\n", sana_fe.steps,
                   sana_fe.simple_s, sana_fe.detailed_s, sana_fe.cycle_s);
        for (const router::Model model : {router::Model::free, router::Model::queued, router::Model::flit}) {
            const Timed timed = time_steps(image, model, sana_fe.steps);
            fmt::print(
                "  {:6} {:.4e} s ({:+.2f} % of simple); emulation {:.3f} s, timing {:.3f} s: {:.0f} ns a message;",
                router::name_of(model), timed.chip_s, 100 * (timed.chip_s / sana_fe.simple_s - 1), timed.emulation_s,
                timed.cpu_s, 1e9 * timed.cpu_s / static_cast<double>(timed.messages));
            for (const auto& [bound, count] : timed.bounds) {
                fmt::print(" {} {}", chip::name_of(bound), count);
            }
            fmt::print("\n");
        }
    }
}

int main(int argc, char** argv) {
    std::vector<std::string> nets;
    std::uint64_t steps = 0;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--check") {
            return check() ? 0 : 1;
        }
        if (word == "--steps" && i + 1 < argc) {
            steps = static_cast<std::uint64_t>(std::stoul(argv[++i]));
        } else {
            nets.push_back(word);
        }
    }
    for (const std::string& net : nets.empty() ? std::vector<std::string>{"A32", "B128"} : nets) {
        bench(net, steps);
    }
    return 0;
}

}  // namespace
}  // namespace spikeloom::bench

int main(int argc, char** argv) {
    return spikeloom::bench::main(argc, argv);
}
