// spikeloom_bench [NET ...] [--steps N] [--repeat R] [--threads T]
// Runs the benchmark's networks and prints a line for each: counts, time a synaptic event, memory a synapse.
// `spikeloom_bench --check` runs them briefly and compares the counts with those that a third party verified.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include <fmt/format.h>

#include "bench/networks.hpp"

namespace spikeloom::bench {
namespace {

struct Work {
    std::string name;
    std::uint64_t steps = 0;
    std::function<chip::Image()> build;
    std::int32_t scatter = 0;  ///< largest initial voltage, if they are random
    std::string peers;         ///< PERFORMANCE facts, section 2
};

const std::vector<Work>& works() {
    static const std::vector<Work> all{
        {"A32", 1000, [] { return random_network(a32); }, 0, "SANA-FE 900-1850 ns; plain loop, not counting, 2.5"},
        {"B128", 100, [] { return random_network(b128); }, 0, "SANA-FE 1850 ns"},
        {"W1", 1000, [] { return balanced_network(0); }, 320'000, "GeNN 4.65 (0.1 ms steps)"},
        {"W3", 1000, [] { return balanced_network(1); }, 320'000,
         "GeNN 47-71, NEST 400 (0.1 ms steps); epochs of 1 step"},
        {"W3-8", 1000, [] { return balanced_network(8); }, 320'000, "GeNN 47-71, NEST 400; epochs of 8 steps"},
        {"W4", 1000, dense_network, 0, "GeNN 1.8 (1.0-1.9)"},
        {"W5", 10'000, vogels_abbott, 500'000, "GeNN 13.3"},
    };
    return all;
}

struct Expected {
    const char* net;
    std::uint64_t steps, spikes, events, messages, updates;
};
constexpr Expected verified[] = {
    {"A32", 100, 13'786, 1'378'600, 422'868, 819'200},
    {"A32", 1'000, 173'580, 17'358'000, 5'324'786, 8'192'000},
    {"A32", 10'000, 1'771'386, 177'138'600, 54'339'439, 81'920'000},
    {"B128", 100, 220'068, 22'006'800, 15'319'314, 13'107'200},
};

/// Resident memory that the program has written to (not its code, which appears as it runs).
std::size_t resident_bytes() {
    malloc_trim(0);
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (std::size_t kilobytes = 0; word == "RssAnon:" && status >> kilobytes) {
            return kilobytes * 1024;
        }
    }
    return 0;
}

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Options {
    std::vector<std::string> nets;
    std::uint64_t steps = 0;
    int repeat = 5;
    int threads = 1;
    bool check = false;
};

struct Run {
    double wall_s = 0, cpu_s = 0;
    chip::PhaseTimes phases;
};

/// One run from reset; spikes, events and messages are equal in all.
Run run_once(chip::Chip& chip, const Work& work, std::uint64_t steps, const chip::Image& frame) {
    std::vector<std::vector<chip::InputSpike>> inputs(frame.inputs.empty() ? 0 : steps);
    for (std::uint64_t step = 0; step < inputs.size(); ++step) {
        inputs[step] = bernoulli_inputs(frame, step);
    }
    chip.reset();
    if (work.scatter > 0) {
        scatter_voltages(chip, frame, work.scatter);
    }
    const chip::PhaseTimes before = chip.phase_times();
    const double wall = wall_seconds(), cpu = cpu_seconds();
    for (std::uint64_t step = 0; step < steps; ++step) {
        chip.step(inputs.empty() ? std::span<const chip::InputSpike>{} : inputs[step]);
    }
    const chip::PhaseTimes after = chip.phase_times();
    return {wall_seconds() - wall,
            cpu_seconds() - cpu,
            {.deliver_s = after.deliver_s - before.deliver_s,
             .update_s = after.update_s - before.update_s,
             .learn_s = after.learn_s - before.learn_s,
             .queue_s = after.queue_s - before.queue_s,
             .count_s = after.count_s - before.count_s}};
}

Counters totals(const chip::Chip& chip) {
    Counters sum;
    for (const Counters& core : chip.counters()) {
        sum += core;
    }
    return sum;
}

/// Whether the counts are the verified ones; networks that nobody verified pass. Those count a synaptic event when
/// the spike is fired; the spikes of the last step, 100 synapses each, are still on their way here.
bool verify(const std::string& net, std::uint64_t steps, const chip::Chip& chip) {
    const Counters counts = totals(chip);
    const std::uint64_t events = counts.synaptic_events() + 100 * chip.spikes().size();
    for (const Expected& e : verified) {
        if (net == e.net && steps == e.steps) {
            const bool equal = counts[Counter::spikes] == e.spikes && events == e.events &&
                               counts.updates() == e.updates && counts[Counter::messages_out] == e.messages;
            fmt::print("{} {} steps: {} spikes, {} events, {} messages, {} updates: {}\n", net, steps,
                       counts[Counter::spikes], events, counts[Counter::messages_out], counts.updates(),
                       equal ? "equal" : "NOT EQUAL");
            return equal;
        }
    }
    return true;
}

/// The image without its synapses: what driving a loaded chip still needs.
chip::Image frame_of(const chip::Image& image) {
    chip::Image frame;
    for (const chip::CoreImage& core : image.cores) {
        chip::CoreImage& kept = frame.cores.emplace_back();
        kept.compartments = core.compartments;
        kept.biases = core.biases;
    }
    for (const chip::InputSymbol& input : image.inputs) {
        frame.inputs.emplace_back().output_first = input.output_first;
    }
    return frame;
}

bool bench(const Work& work, const Options& options) {
    const std::uint64_t steps = options.steps > 0 ? options.steps : work.steps;
    const std::size_t before = resident_bytes();
    const double start = wall_seconds();
    chip::Image image = work.build();
    const double built = wall_seconds();
    auto loaded = chip::Chip::load(image, {.threads = options.threads, .time_phases = true});
    if (!loaded) {
        fmt::print(stderr, "{}\n", to_text(loaded.error()));
        return false;
    }
    const double ready = wall_seconds();
    chip::Chip chip = std::move(*loaded);
    const chip::Image frame = frame_of(image);
    {
        const chip::Image dropped = std::move(image);
    }
    const std::size_t resident = resident_bytes() - before;
    const auto synapses = static_cast<double>(chip.synapses());

    std::vector<Run> runs;
    for (int i = 0; i < options.repeat; ++i) {
        runs.push_back(run_once(chip, work, steps, frame));
    }
    std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.cpu_s < b.cpu_s; });
    const Counters counts = totals(chip);
    const auto events = static_cast<double>(counts.synaptic_events());
    Run best = runs.front();
    for (const Run& run : runs) {
        best.wall_s = std::min(best.wall_s, run.wall_s);
        for (double chip::PhaseTimes::* phase :
             {&chip::PhaseTimes::deliver_s, &chip::PhaseTimes::update_s, &chip::PhaseTimes::learn_s,
              &chip::PhaseTimes::queue_s, &chip::PhaseTimes::count_s}) {
            best.phases.*phase = std::min(best.phases.*phase, run.phases.*phase);
        }
    }
    const auto ns = [&](double seconds) { return 1e9 * seconds / events; };
    const bool equal = verify(work.name, steps, chip);
    fmt::print(
        "{:5} {} steps, {} threads: {:.2f} ns an event of processor time ({} runs: median {:.2f}, worst {:.2f}; wall "
        "{:.2f}) = deliver {:.2f} + update {:.2f} + learn {:.2f} + queue {:.2f} + count {:.2f}\n",
        work.name, steps, options.threads, ns(best.cpu_s), runs.size(), ns(runs[runs.size() / 2].cpu_s),
        ns(runs.back().cpu_s), ns(best.wall_s), ns(best.phases.deliver_s), ns(best.phases.update_s),
        ns(best.phases.learn_s), ns(best.phases.queue_s), ns(best.phases.count_s));
    fmt::print(
        "      {} spikes, {:.4g} M events, {:.4g} M messages, {:.4g} M updates ({:.3f} ns an update); {} synapses\n",
        counts[Counter::spikes], 1e-6 * events, 1e-6 * static_cast<double>(counts[Counter::messages_in]),
        1e-6 * static_cast<double>(counts.updates()),
        1e9 * best.phases.update_s / static_cast<double>(counts.updates()), chip.synapses());
    fmt::print(
        "      {:.4g} M learning updates ({:.2f} ns each)\n"
        "      memory a synapse: {:.2f} B held, {:.2f} B resident; built in {:.2f} s, loaded in {:.2f} s; peers: {}\n",
        1e-6 * static_cast<double>(counts[Counter::learning_updates]),
        1e9 * best.phases.learn_s / std::max(1.0, static_cast<double>(counts[Counter::learning_updates])),
        static_cast<double>(chip.resident_bytes()) / synapses, static_cast<double>(resident) / synapses, built - start,
        ready - built, work.peers);
    return equal;
}

/// Briefly: counts against the verified ones, on 1 and 2 threads.
bool check() {
    bool equal = true;
    const chip::Image image = random_network(a32);
    for (const int threads : {1, 2}) {
        auto chip = chip::Chip::load(image, {.threads = threads, .least_parallel_work = 0});
        if (!chip) {
            fmt::print(stderr, "{}\n", to_text(chip.error()));
            return false;
        }
        for (int step = 0; step < 1000; ++step) {
            chip->step({});
            if (step == 99 || step == 999) {
                equal = verify("A32", static_cast<std::uint64_t>(step) + 1, *chip) && equal;
            }
        }
    }
    return equal;
}

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const auto value = [&] { return i + 1 < argc ? std::stol(argv[++i]) : 0; };
        if (word == "--steps") {
            options.steps = static_cast<std::uint64_t>(value());
        } else if (word == "--repeat") {
            options.repeat = static_cast<int>(std::max(1L, value()));
        } else if (word == "--threads") {
            options.threads = static_cast<int>(value());
        } else if (word == "--check") {
            options.check = true;
        } else {
            options.nets.push_back(word);
        }
    }
    return options;
}

int main(int argc, char** argv) {
    const Options options = parse(argc, argv);
    if (options.check) {
        return check() ? 0 : 1;
    }
    bool equal = true;
    for (const std::string& net : options.nets) {
        if (std::none_of(works().begin(), works().end(), [&](const Work& w) { return w.name == net; })) {
            fmt::print(stderr, "unknown network '{}'; there are A32, B128, W1, W3, W3-8, W4, W5\n", net);
            return 2;
        }
    }
    for (const Work& work : works()) {
        if (options.nets.empty() || std::count(options.nets.begin(), options.nets.end(), work.name) > 0) {
            equal = bench(work, options) && equal;
        }
    }
    return equal ? 0 : 1;
}

}  // namespace
}  // namespace spikeloom::bench

int main(int argc, char** argv) {
    return spikeloom::bench::main(argc, argv);
}
