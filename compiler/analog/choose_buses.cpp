#include <algorithm>
#include <tuple>

#include "compiler/analog/spike_streams.hpp"

namespace spikeloom::compiler::analog {
namespace {

/// A source with every synapse that it feeds in this run.
struct SourceUses {
    std::uint32_t source = 0;
    std::vector<Use> uses;
};

class BusChooser {
public:
    BusChooser(const RunDemand& demand, std::span<const Block> blocks, const FanIn& fan_in, const Fabric& fabric)
        : demand_(demand),
          blocks_(blocks),
          fabric_(fabric),
          loads_(blocks.size() * static_cast<std::size_t>(fabric.buses * fabric.hemispheres), 0),
          stream_counts_(static_cast<std::size_t>(fabric.buses * fabric.hemispheres), 0),
          streams_(static_cast<std::size_t>(fabric.buses)) {
        gather(fan_in);
    }

    tl::expected<std::vector<std::vector<Stream>>, Shortage> choose() {
        for (SourceUses& local : locals_) {
            lay_local(local);
        }
        lay_silent();
        if (!crowded_.empty()) {
            return tl::unexpected(shortage());
        }
        std::ranges::stable_sort(hosts_, std::ranges::greater{},
                                 [](const SourceUses& host) { return host.uses.size(); });
        for (SourceUses& host : hosts_) {
            lay_host(host);
        }
        for (std::vector<Stream>& bus : streams_) {
            std::ranges::sort(bus, {}, &Stream::source);
        }
        return std::move(streams_);
    }

private:
    std::int32_t& load(std::uint32_t target, int bus, int hemisphere) {
        return loads_[target * static_cast<std::size_t>(fabric_.buses * fabric_.hemispheres) +
                      static_cast<std::size_t>(bus * fabric_.hemispheres + hemisphere)];
    }
    std::int32_t& stream_count(int bus, int hemisphere) {
        return stream_counts_[static_cast<std::size_t>(bus * fabric_.hemispheres + hemisphere)];
    }
    /// Sources of one bus that a neuron can take in one hemisphere.
    [[nodiscard]] std::int32_t capacity(std::uint32_t target) const {
        return fabric_.drivers_per_bus * blocks_[target].width;
    }
    [[nodiscard]] bool spans_all(std::uint32_t target) const {
        return blocks_[target].hemispheres == fabric_.hemispheres;
    }

    void gather(const FanIn& fan_in) {
        channels_ = fan_in.channels;
        std::vector<std::int32_t> index(fan_in.channels + demand_.run_index.size(), -1);
        for (std::uint32_t target = 0; target < demand_.neurons.size(); ++target) {
            const std::uint32_t neuron = demand_.neurons[target];
            for (std::uint64_t synapse = fan_in.begin[neuron]; synapse < fan_in.begin[neuron + 1]; ++synapse) {
                const std::uint32_t source = fan_in.sources[synapse];
                std::vector<SourceUses>& list = run_index(source) >= 0 ? locals_ : hosts_;
                if (index[source] < 0) {
                    index[source] = static_cast<std::int32_t>(list.size());
                    list.push_back({.source = source, .uses = {}});
                }
                list[static_cast<std::size_t>(index[source])].uses.push_back(
                    {.target = target, .hemisphere = blocks_[target].hemisphere, .synapse = synapse});
            }
        }
        std::ranges::sort(locals_, {}, &SourceUses::source);
        std::ranges::sort(hosts_, {}, &SourceUses::source);
    }

    /// Of a source; -1: an input channel, or a neuron of another run.
    [[nodiscard]] std::int32_t run_index(std::uint32_t source) const {
        return source < channels_ ? -1 : demand_.run_index[source - channels_];
    }

    /// The way of neuron i's spikes.
    [[nodiscard]] Stream local_stream(std::size_t i) const {
        const int column = blocks_[i].speaker.column;
        return {.source = channels_ + demand_.neurons[i],
                .local = true,
                .output = fabric_.output_of(column),
                .bus = fabric_.bus_of(column),
                .uses = {}};
    }

    void lay_silent() {
        for (std::size_t i = 0; i < demand_.neurons.size(); ++i) {
            if (demand_.target_begin[i] == demand_.target_begin[i + 1]) {
                Stream stream = local_stream(i);
                streams_[static_cast<std::size_t>(stream.bus)].push_back(std::move(stream));
            }
        }
    }

    /// On the bus that it speaks on; joined neurons listen in the hemisphere that hears fewer of that bus so far.
    void lay_local(SourceUses& local) {
        Stream stream = local_stream(static_cast<std::size_t>(run_index(local.source)));
        const int bus = stream.bus;
        for (Use& use : local.uses) {
            if (spans_all(use.target)) {
                for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
                    if (load(use.target, bus, hemisphere) < load(use.target, bus, use.hemisphere)) {
                        use.hemisphere = hemisphere;
                    }
                }
            }
            std::int32_t& taken = load(use.target, bus, use.hemisphere);
            if (++taken > capacity(use.target)) {
                crowd(use.target, bus, taken);
            }
        }
        stream.uses = std::move(local.uses);
        streams_[static_cast<std::size_t>(bus)].push_back(std::move(stream));
    }

    void crowd(std::uint32_t target, int bus, std::int32_t taken) {
        crowded_.push_back(target);
        if (taken - capacity(target) > worst_.need - worst_.room) {
            worst_.limit = "drivers of PADI bus " + std::to_string(bus) + " for one neuron";
            worst_.need = taken;
            worst_.room = capacity(target);
        }
    }

    Shortage shortage() {
        std::ranges::sort(crowded_);
        const auto rest = std::ranges::unique(crowded_);
        crowded_.erase(rest.begin(), rest.end());
        worst_.crowded = std::move(crowded_);
        return std::move(worst_);
    }

    /// The hemisphere in which `use` can listen on the bus, the preferred one first; -1: neither has a driver left.
    int hemisphere_for(const Use& use, int bus, int preferred) {
        if (!spans_all(use.target)) {
            return load(use.target, bus, use.hemisphere) < capacity(use.target) ? use.hemisphere : -1;
        }
        for (int i = 0; i < fabric_.hemispheres; ++i) {
            const int hemisphere = (preferred + i) % fabric_.hemispheres;
            if (load(use.target, bus, hemisphere) < capacity(use.target)) {
                return hemisphere;
            }
        }
        return -1;
    }

    /// Where a host source disturbs least: synapses left without a driver, a second hemisphere, drivers that are taken
    /// already (of joined circuits, a share), and streams.
    struct Home {
        std::size_t left_out = 0;
        std::size_t astray = 0;
        std::int64_t taken = 0;
        std::int32_t streams = 0;
        int bus = 0;
        int hemisphere = 0;
        friend auto operator<=>(const Home&, const Home&) = default;
    };

    Home weigh(const SourceUses& host, int bus, int preferred) {
        Home home{.streams = stream_count(bus, preferred), .bus = bus, .hemisphere = preferred};
        for (const Use& use : host.uses) {
            const int hemisphere = hemisphere_for(use, bus, preferred);
            home.left_out += hemisphere < 0 ? 1 : 0;
            home.astray += hemisphere >= 0 && hemisphere != preferred && spans_all(use.target) ? 1 : 0;
            const int counted = hemisphere < 0 ? use.hemisphere : hemisphere;
            home.taken += std::int64_t{load(use.target, bus, counted)} * fabric_.columns / blocks_[use.target].width;
        }
        return home;
    }

    /// A neuron has at least as many drivers as sources, and those of the host may use any bus: if a bus leaves
    /// synapses out, another stream on another bus reaches them.
    void lay_host(SourceUses& host) {
        std::vector<bool> used(static_cast<std::size_t>(fabric_.buses), false);
        while (!host.uses.empty()) {
            Home best{.left_out = host.uses.size() + 1};
            for (int bus = 0; bus < fabric_.buses; ++bus) {
                for (int hemisphere = 0; hemisphere < fabric_.hemispheres && !used[static_cast<std::size_t>(bus)];
                     ++hemisphere) {
                    best = std::min(best, weigh(host, bus, hemisphere));
                }
            }
            SPIKELOOM_ASSERT(best.left_out < host.uses.size(), std::to_string(host.source));
            used[static_cast<std::size_t>(best.bus)] = true;
            Stream stream{.source = host.source, .local = false, .bus = best.bus, .uses = {}};
            std::vector<Use> left;
            for (Use use : host.uses) {
                const int hemisphere = hemisphere_for(use, best.bus, best.hemisphere);
                if (hemisphere < 0) {
                    left.push_back(use);
                    continue;
                }
                use.hemisphere = hemisphere;
                ++load(use.target, best.bus, hemisphere);
                stream.uses.push_back(use);
            }
            for (int hemisphere = 0; hemisphere < fabric_.hemispheres; ++hemisphere) {
                stream_count(best.bus, hemisphere) += stream.wanted_in(hemisphere) ? 1 : 0;
            }
            streams_[static_cast<std::size_t>(best.bus)].push_back(std::move(stream));
            host.uses = std::move(left);
        }
    }

    const RunDemand& demand_;
    std::span<const Block> blocks_;
    const Fabric& fabric_;
    std::uint32_t channels_ = 0;
    std::vector<std::int32_t> loads_;  ///< [target][bus][hemisphere]: sources that it listens to there
    std::vector<std::int32_t> stream_counts_;
    std::vector<std::vector<Stream>> streams_;
    std::vector<SourceUses> locals_;
    std::vector<SourceUses> hosts_;
    std::vector<std::uint32_t> crowded_;
    Shortage worst_;
};

}  // namespace

bool Stream::wanted_in(int hemisphere) const {
    return std::ranges::any_of(uses, [hemisphere](const Use& use) { return use.hemisphere == hemisphere; });
}

tl::expected<std::vector<std::vector<Stream>>, Shortage> choose_buses(const RunDemand& demand,
                                                                      std::span<const Block> blocks,
                                                                      const FanIn& fan_in, const Fabric& fabric) {
    return BusChooser(demand, blocks, fan_in, fabric).choose();
}

}  // namespace spikeloom::compiler::analog
