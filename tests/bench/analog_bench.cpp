// spikeloom_analog_bench [NET ...] [--threads T] [--repeat R]: nets in continuous time, wall time all in.
// spikeloom_analog_bench --queue: the queue of candidates against heaps, on the same changes.
#include <algorithm>
#include <chrono>
#include <functional>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "conformance/ttfs_reference.hpp"
#include "core/analog/candidate_queue.hpp"
#include "core/analog/engine.hpp"
#include "core/base/random.hpp"

namespace spikeloom::bench {
namespace {

using core::analog::Engine;
using core::analog::InputSpike;
using core::analog::Net;

double draw(std::uint64_t stream, std::uint64_t index) {
    return random_uniform(
        {.seed = 7, .purpose = RandomPurpose::test, .step = index, .core = static_cast<std::uint32_t>(stream)});
}

struct Work {
    std::string name;
    Net net;
    std::vector<std::vector<InputSpike>> samples;
    double until = never;
};

/// Every neuron its own time constants, as on a chip with mismatch: no factor is shared.
void spread_constants(Net& net) {
    for (std::size_t n = 0; n < net.neurons.size(); ++n) {
        net.neurons[n].tau_mem *= 0.95 + 0.1 * draw(1, n);
        net.neurons[n].tau_syn *= 0.95 + 0.1 * draw(2, n);
    }
}

/// 10,000 neurons, 100 random synapses each (4 excitatory to 1 inhibitory), delays 0.5 to 1.5 ms, Poisson inputs; 1 s.
Work balanced() {
    Work work{.name = "balanced", .net = {}, .samples = {{}}, .until = 1.0};
    constexpr std::uint32_t neurons = 10'000;
    constexpr std::uint32_t fan_out = 100;
    work.net.inputs = 1000;
    work.net.neurons.assign(neurons, {.tau_mem = 20e-3, .tau_syn = 5e-3, .refractory = 2e-3});
    work.net.row_begin.push_back(0);
    std::uint64_t next = 0;
    for (std::uint32_t source = 0; source < work.net.sources(); ++source) {
        for (std::uint32_t i = 0; i < fan_out; ++i) {
            work.net.targets.push_back(static_cast<std::uint32_t>(draw(3, next) * neurons));
            const bool inhibitory = source >= work.net.inputs && source % 5 == 0;
            work.net.weights.push_back(source < work.net.inputs ? 1.2 : inhibitory ? -1.5 : 0.3);
            work.net.delays.push_back(0.5e-3 + 0.5e-3 * static_cast<double>(i % 3));
            ++next;
        }
        work.net.row_begin.push_back(work.net.targets.size());
    }
    for (std::uint64_t i = 0; i < 40'000; ++i) {
        work.samples[0].push_back({draw(4, i), static_cast<std::uint32_t>(draw(5, i) * work.net.inputs)});
    }
    return work;
}

std::vector<Work> works() {
    std::vector<Work> all;
    for (const std::string name : {"mnist16_v1", "yin_yang_v1", "yin_yang_H30_W"}) {
        if (auto net = test::ttfs_case(name)) {
            all.push_back({.name = name, .net = net->net, .samples = net->samples});
            all.push_back({.name = name + "-spread", .net = std::move(net->net), .samples = std::move(net->samples)});
            spread_constants(all.back().net);
        }
    }
    all.push_back(balanced());
    return all;
}

struct Run {
    double seconds = 0;
    core::analog::EngineCounts counts;
};

/// All samples, dealt out over threads; one engine a thread.
Run run(const Work& work, int threads) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<core::analog::EngineCounts> counts(static_cast<std::size_t>(threads));
    std::vector<std::thread> pool;
    for (int thread = 0; thread < threads; ++thread) {
        pool.emplace_back([&work, &counts, thread, threads] {
            Engine engine(work.net);
            auto& sum = counts[static_cast<std::size_t>(thread)];
            for (auto sample = static_cast<std::size_t>(thread); sample < work.samples.size();
                 sample += static_cast<std::size_t>(threads)) {
                engine.reset();
                engine.add(work.samples[sample]);
                engine.advance(work.until);
                sum.spikes += engine.counts().spikes;
                sum.synaptic_events += engine.counts().synaptic_events;
                sum.looks += engine.counts().looks;
            }
        });
    }
    for (std::thread& thread : pool) {
        thread.join();
    }
    Run result;
    for (const auto& part : counts) {
        result.counts.spikes += part.spikes;
        result.counts.synaptic_events += part.synaptic_events;
        result.counts.looks += part.looks;
    }
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

void print(const Work& work, int threads, int repeat) {
    std::vector<double> seconds;
    Run last;
    for (int i = 0; i < repeat; ++i) {
        last = run(work, threads);
        seconds.push_back(last.seconds);
    }
    std::ranges::sort(seconds);
    const auto events = static_cast<double>(last.counts.synaptic_events);
    fmt::print(
        "{:22} {} threads: {:6} samples, best {:.3f} s median {:.3f} worst {:.3f}; {:6.2f} ns a synaptic event, "
        "{:.2f} us a sample; {} spikes, {} events, {} looks\n",
        work.name, threads, work.samples.size(), seconds.front(), seconds[seconds.size() / 2], seconds.back(),
        1e9 * seconds.front() / events, 1e6 * seconds.front() / static_cast<double>(work.samples.size()),
        last.counts.spikes, last.counts.synaptic_events, last.counts.looks);
}

/// The usual alternative: an indexed binary heap, one entry a neuron, every changed key sifted.
class IndexedHeap {
public:
    explicit IndexedHeap(std::size_t keys) : key_(keys, never), place_(keys), heap_(keys) {
        for (std::uint32_t i = 0; i < keys; ++i) {
            place_[i] = heap_[i] = i;
        }
    }
    void set(std::uint32_t neuron, double key) {
        const bool up = key < key_[neuron];
        key_[neuron] = key;
        up ? rise(place_[neuron]) : sink(place_[neuron]);
    }
    [[nodiscard]] double least() const { return key_[heap_[0]]; }

private:
    void put(std::uint32_t at, std::uint32_t neuron) {
        heap_[at] = neuron;
        place_[neuron] = at;
    }
    void rise(std::uint32_t at) {
        const std::uint32_t neuron = heap_[at];
        for (; at > 0 && key_[neuron] < key_[heap_[(at - 1) / 2]]; at = (at - 1) / 2) {
            put(at, heap_[(at - 1) / 2]);
        }
        put(at, neuron);
    }
    void sink(std::uint32_t at) {
        const std::uint32_t neuron = heap_[at];
        for (;;) {
            std::uint32_t child = 2 * at + 1;
            if (child >= heap_.size()) {
                break;
            }
            if (child + 1 < heap_.size() && key_[heap_[child + 1]] < key_[heap_[child]]) {
                ++child;
            }
            if (key_[heap_[child]] >= key_[neuron]) {
                break;
            }
            put(at, heap_[child]);
            at = child;
        }
        put(at, neuron);
    }
    std::vector<double> key_;
    std::vector<std::uint32_t> place_, heap_;
};

/// The other one: std::priority_queue of all keys ever set, stale ones thrown away when they come up.
class LazyHeap {
public:
    explicit LazyHeap(std::size_t keys) : key_(keys, never) {}
    void set(std::uint32_t neuron, double key) {
        key_[neuron] = key;
        if (key != never) {
            heap_.push({key, neuron});
        }
    }
    [[nodiscard]] double least() {
        while (!heap_.empty() && key_[heap_.top().second] != heap_.top().first) {
            heap_.pop();
        }
        return heap_.empty() ? never : heap_.top().first;
    }

private:
    using Entry = std::pair<double, std::uint32_t>;
    std::vector<double> key_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

struct Change {
    std::uint32_t neuron;
    double key;
};

/// `arrivals` times: `changed` keys change (a quarter of them to a time, as measured on mnist16), then the least is
/// asked for.
struct Trace {
    std::string name;
    std::uint32_t neurons;
    std::vector<std::vector<Change>> arrivals;
};

Trace make_trace(const std::string& name, std::uint32_t neurons, std::uint32_t changed, std::size_t arrivals) {
    Trace trace{name, neurons, {}};
    std::uint64_t next = 0;
    for (std::size_t arrival = 0; arrival < arrivals; ++arrival) {
        auto& changes = trace.arrivals.emplace_back();
        for (std::uint32_t i = 0; i < changed; ++i, ++next) {
            const auto neuron = changed == neurons ? i : static_cast<std::uint32_t>(draw(8, next) * neurons);
            const double wait = draw(9, next);
            changes.push_back({neuron, wait < 0.25 ? static_cast<double>(arrival) + 40 * wait : never});
        }
        if (changed != neurons) {
            std::ranges::stable_sort(changes, {}, &Change::neuron);
        }
    }
    return trace;
}

template <class Apply>
double time_of(const Trace& trace, double& checksum, const Apply& apply) {
    const auto start = std::chrono::steady_clock::now();
    for (const auto& changes : trace.arrivals) {
        const double least = apply(changes);
        checksum += least == never ? 0 : least;
    }
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() /
           static_cast<double>(trace.arrivals.size());
}

void compare_queues() {
    for (const Trace& trace :
         {make_trace("dense: all of 128", 128, 128, 20'000), make_trace("sparse: 100 of 10,000", 10'000, 100, 20'000),
          make_trace("sparse: 1,000 of 100,000", 100'000, 1000, 3'000)}) {
        double sums[3] = {0, 0, 0};
        core::analog::CandidateQueue tree(trace.neurons);
        const double tree_ns = time_of(trace, sums[0], [&tree](const std::vector<Change>& changes) {
            std::uint32_t block = 0;
            for (const Change& change : changes) {
                if (change.neuron / core::analog::block_lanes != block) {
                    tree.refresh(block);
                    block = change.neuron / core::analog::block_lanes;
                }
                tree.keys()[change.neuron] = change.key;
            }
            tree.refresh(block);
            return tree.least();
        });
        IndexedHeap indexed(trace.neurons);
        const double indexed_ns = time_of(trace, sums[1], [&indexed](const std::vector<Change>& changes) {
            for (const Change& change : changes) {
                indexed.set(change.neuron, change.key);
            }
            return indexed.least();
        });
        LazyHeap lazy(trace.neurons);
        const double lazy_ns = time_of(trace, sums[2], [&lazy](const std::vector<Change>& changes) {
            for (const Change& change : changes) {
                lazy.set(change.neuron, change.key);
            }
            return lazy.least();
        });
        fmt::print("{:26} ns an arrival: tree of minima {:8.0f}, indexed heap {:8.0f}, lazy heap {:8.0f}{}\n",
                   trace.name, tree_ns, indexed_ns, lazy_ns,
                   sums[0] == sums[1] && sums[1] == sums[2] ? "" : "  (they DISAGREE)");
    }
}

int main_of(const std::vector<std::string>& arguments) {
    int threads = 1;
    int repeat = 5;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == "--queue") {
            compare_queues();
            return 0;
        }
        if (arguments[i].starts_with("--") && i + 1 < arguments.size()) {
            (arguments[i] == "--threads" ? threads : repeat) = std::stoi(arguments[i + 1]);
            ++i;
        } else {
            names.push_back(arguments[i]);
        }
    }
    for (const Work& work : works()) {
        if (names.empty() || std::ranges::find(names, work.name) != names.end()) {
            print(work, threads, repeat);
        }
    }
    return 0;
}

}  // namespace
}  // namespace spikeloom::bench

int main(int count, char** values) {
    return spikeloom::bench::main_of({values + 1, values + count});
}
