#include "chip/step_timing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "chip/timing_setup.hpp"
#include "core/shard.hpp"

namespace spikeloom::chip {
namespace {

constexpr std::uint32_t no_group = 0xFFFFFFFF;

/// Of what overlaps in the spiking phase: the sender's or the receiver's own work if it makes up the most of the
/// phase; the network if its busiest link does, or if the rest (waiting) is longer than any of these.
StepBound bound_of(const StepTiming& timing) {
    const double own = std::max(timing.generation_ns, timing.processing_ns);
    const double waiting = timing.spiking_ns - std::max(own, timing.link_ns);
    const double network = std::max(timing.link_ns, waiting);
    const StepBound spiking = network > own                                 ? StepBound::network
                              : timing.processing_ns > timing.generation_ns ? StepBound::processing
                                                                            : StepBound::generation;
    const std::array<std::pair<double, StepBound>, 4> phases{{{timing.spiking_ns, spiking},
                                                              {timing.learning_ns, StepBound::learning},
                                                              {timing.barrier_ns, StepBound::barrier},
                                                              {timing.host_ns, StepBound::host}}};
    return std::max_element(phases.begin(), phases.end(),
                            [](const auto& a, const auto& b) { return a.first < b.first; })
        ->second;
}

}  // namespace

std::string_view name_of(StepBound bound) {
    switch (bound) {
    case StepBound::generation:
        return "generation";
    case StepBound::processing:
        return "processing";
    case StepBound::network:
        return "network";
    case StepBound::learning:
        return "learning";
    case StepBound::barrier:
        return "barrier";
    case StepBound::host:
        return "host";
    }
    return "?";
}

class StepTimer::State {
public:
    State(std::shared_ptr<const TimingSetup> setup, const Options& options)
        : setup_(std::move(setup)), options_(options), model_(router::make_model(options.model, setup_->graph)) {
        const std::size_t cores = setup_->place.size();
        generation_.resize(cores);
        processing_.resize(cores);
        received_.resize(cores);
        processed_cycles_.resize(cores);
        if (multicast()) {
            group_of_.assign(setup_->table.sources(), no_group);
        }
        const std::uint32_t endpoints = setup_->graph.endpoints();
        workload_.first.resize(endpoints + std::size_t{1});
        workload_.rest.resize(endpoints);
        workload_.busy.resize(endpoints);
        outcome_.links.resize(setup_->graph.links().size());
    }

    StepTiming step(const StepEvents& events);
    [[nodiscard]] StepTime free_time(const CostTable& costs) const;

    std::shared_ptr<const TimingSetup> setup_;
    Options options_;
    router::Outcome outcome_;
    std::vector<Counters> counts_;  ///< of the last step, with its own messages

private:
    [[nodiscard]] bool multicast() const { return setup_->graph.parameters().cast == router::Cast::multicast; }
    [[nodiscard]] router::Cycle cycles(double ns) const {
        return static_cast<router::Cycle>(ns * setup_->cycles_per_ns + 0.5);
    }
    /// A receiver gets a message, or an input.
    void charge(MessageTable::Entry entry) {
        processing_[entry.core] += setup_->service[entry.work];
        const MessageWork& work = setup_->table.works()[entry.work];
        Received& received = received_[entry.core];
        ++received.messages;
        for (std::size_t i = 0; i < work.size(); ++i) {
            received.events[i] += work[i];
        }
    }
    void take_inputs(std::span<const InputSpike> inputs);
    void generate(const StepEvents& events);
    void count_received();
    void generate_core(std::uint32_t core, const Counters& counts, std::span<const CoreSpike> spikes);
    void send(MessageTable::Entry entry, router::Cycle work);
    void send_group(std::uint32_t core, std::uint32_t source, router::Cycle work);
    [[nodiscard]] std::uint32_t group_of(std::uint32_t core, std::uint32_t source);
    [[nodiscard]] double done_ns(std::uint32_t core) const;
    void find_busiest_link(StepTiming& timing) const;

    struct Received {
        std::uint64_t messages = 0;
        std::array<std::uint64_t, 3> events{};  ///< by SynapseEncoding
    };

    std::unique_ptr<router::NetworkModel> model_;
    std::vector<Received> received_;  ///< by core: what the step's own inputs and messages bring
    router::Workload workload_;
    std::vector<double> generation_;               ///< by core, ns
    std::vector<double> processing_;               ///< by core, ns, of inputs and of messages made so far
    std::vector<router::Cycle> processed_cycles_;  ///< the same, rounded
    std::vector<std::uint32_t> group_of_;          ///< by source; made when it first spikes
    std::vector<router::GroupMember> members_;     ///< scratch
};

StepTiming StepTimer::State::step(const StepEvents& events) {
    counts_.assign(events.cores.begin(), events.cores.end());
    take_inputs(events.inputs);
    generate(events);
    count_received();
    const bool free = options_.model == router::Model::free;
    if (!free || options_.traffic || options_.trace) {
        model_->run(workload_, options_.trace, outcome_);
    }
    StepTiming timing{.barrier_ns = setup_->barrier_ns};
    double learned_ns = 0;
    std::uint64_t inputs = 0;
    std::uint64_t outputs = 0;
    for (std::uint32_t core = 0; core < generation_.size(); ++core) {
        timing.generation_ns = std::max(timing.generation_ns, generation_[core]);
        timing.processing_ns = std::max(timing.processing_ns, processing_[core]);
        const double done = done_ns(core);
        timing.spiking_ns = std::max(timing.spiking_ns, done);
        const double learned =
            done + static_cast<double>(events.cores[core][Counter::learning_updates]) * setup_->times.learning;
        if (learned > learned_ns) {
            learned_ns = learned;
            timing.core = core;
        }
        inputs += events.cores[core][Counter::input_spikes];
        outputs += events.cores[core][Counter::output_spikes];
    }
    timing.learning_ns = learned_ns - timing.spiking_ns;
    timing.host_ns =
        static_cast<double>(inputs) * setup_->times.input + static_cast<double>(outputs) * setup_->times.output;
    timing.time_ns = learned_ns + timing.barrier_ns + timing.host_ns;
    find_busiest_link(timing);
    timing.bound = bound_of(timing);
    return timing;
}

void StepTimer::State::count_received() {
    const auto events_of = [](const Received& received, SynapseEncoding encoding) {
        return received.events[static_cast<std::size_t>(encoding)];
    };
    for (std::uint32_t core = 0; core < counts_.size(); ++core) {
        Counters& counts = counts_[core];
        const Received& received = received_[core];
        counts[Counter::messages_in] = received.messages;
        counts[Counter::synaptic_events_sparse] = events_of(received, SynapseEncoding::sparse);
        counts[Counter::synaptic_events_runlength] = events_of(received, SynapseEncoding::runlength);
        counts[Counter::synaptic_events_dense] = events_of(received, SynapseEncoding::dense);
    }
}

StepTime StepTimer::State::free_time(const CostTable& costs) const {
    StepTime slowest;
    double host_ns = 0;
    for (std::uint32_t core = 0; core < counts_.size(); ++core) {
        const Counters& counts = counts_[core];
        const double time_ns = core_step_time_ns(counts, costs);
        if (time_ns > slowest.time_ns) {
            slowest = {.time_ns = time_ns, .slowest = core};
        }
        host_ns +=
            static_cast<double>(counts[Counter::input_spikes]) * costs.event(CostItem::input_spike).time_ns.value +
            static_cast<double>(counts[Counter::output_spikes]) * costs.event(CostItem::output_spike).time_ns.value;
    }
    slowest.time_ns += setup_->barrier_of(costs) + host_ns;
    return slowest;
}

/// Starts the step: receivers have what came from outside.
void StepTimer::State::take_inputs(std::span<const InputSpike> inputs) {
    std::fill(processing_.begin(), processing_.end(), 0.0);
    std::fill(received_.begin(), received_.end(), Received{});
    for (const InputSpike& input : inputs) {
        setup_->table.for_each(setup_->table.input(input.port, input.channel),
                               [&](MessageTable::Entry entry) { charge(entry); });
    }
    for (std::uint32_t core = 0; core < processing_.size(); ++core) {
        processed_cycles_[core] = cycles(processing_[core]);
        workload_.busy[setup_->place[core]] = static_cast<std::uint32_t>(
            std::min<router::Cycle>(processed_cycles_[core], std::numeric_limits<std::uint32_t>::max()));
    }
}

void StepTimer::State::generate(const StepEvents& events) {
    workload_.messages.clear();
    std::size_t filled = 0;  // endpoints whose `first` stands
    for (const std::uint32_t core : setup_->by_place) {
        for (; filled <= setup_->place[core]; ++filled) {
            workload_.first[filled] = workload_.messages.size();
        }
        const auto [first, last] =
            std::equal_range(events.spikes.begin(), events.spikes.end(), CoreSpike{CoreId{core}, CompartmentId{}},
                             [](const CoreSpike& a, const CoreSpike& b) { return a.core < b.core; });
        generate_core(core, events.cores[core], {first, last});
    }
    std::fill(workload_.first.begin() + static_cast<std::ptrdiff_t>(filled), workload_.first.end(),
              workload_.messages.size());
}

void StepTimer::State::generate_core(std::uint32_t core, const Counters& counts, std::span<const CoreSpike> spikes) {
    const MessageTable& table = setup_->table;
    const EventTimes& times = setup_->times;
    const double updates = static_cast<double>(counts[Counter::updates_active]) * times.active +
                           static_cast<double>(counts[Counter::updates_idle]) * times.idle;
    const double an_update = updates / std::max<double>(table.compartments(core), 1);
    std::uint64_t fired = 0;
    std::uint64_t messages = 0;
    router::Cycle last = 0;
    for (const CoreSpike& spike : spikes) {
        const double updated = static_cast<double>(spike.compartment.value() + 1) * an_update;
        const double ready = updated + static_cast<double>(++fired) * times.spike;
        const auto work = [&] {
            const router::Cycle made = cycles(ready + static_cast<double>(++messages) * times.message);
            return made - std::exchange(last, std::max(made, last));
        };
        const std::uint32_t source = table.source(core, spike.compartment.value());
        if (multicast() && table.messages(source) > 0) {
            send_group(core, source, work());
        } else {
            table.for_each(source, [&](MessageTable::Entry entry) { send(entry, work()); });
        }
    }
    generation_[core] =
        updates + static_cast<double>(fired) * times.spike + static_cast<double>(messages) * times.message;
    workload_.rest[setup_->place[core]] =
        static_cast<std::uint32_t>(std::max(cycles(generation_[core]) - last, router::Cycle{0}));
}

void StepTimer::State::send(MessageTable::Entry entry, router::Cycle work) {
    charge(entry);
    const router::Cycle until = cycles(processing_[entry.core]);
    const router::Cycle service = until - std::exchange(processed_cycles_[entry.core], until);
    workload_.messages.push_back({.destination = setup_->place[entry.core],
                                  .service = static_cast<std::uint32_t>(service),
                                  .work = static_cast<std::uint32_t>(work)});
}

void StepTimer::State::send_group(std::uint32_t core, std::uint32_t source, router::Cycle work) {
    setup_->table.for_each(source, [&](MessageTable::Entry entry) { charge(entry); });
    workload_.messages.push_back(
        {.destination = group_of(core, source), .service = 0, .work = static_cast<std::uint32_t>(work)});
}

/// A core that several of the source's axons reach gets one copy and works on all of them.
std::uint32_t StepTimer::State::group_of(std::uint32_t core, std::uint32_t source) {
    if (group_of_[source] != no_group) {
        return group_of_[source];
    }
    std::map<std::uint32_t, double> service;
    setup_->table.for_each(
        source, [&](MessageTable::Entry entry) { service[setup_->place[entry.core]] += setup_->service[entry.work]; });
    members_.clear();
    for (const auto& [endpoint, ns] : service) {
        members_.push_back({.endpoint = endpoint, .service = static_cast<std::uint32_t>(cycles(ns))});
    }
    group_of_[source] = model_->add_group(setup_->place[core], members_);
    return group_of_[source];
}

/// Until the core has sent and worked off everything, before it learns.
double StepTimer::State::done_ns(std::uint32_t core) const {
    const double alone = std::max(generation_[core], processing_[core]);
    if (options_.model == router::Model::free) {
        return alone;
    }
    const std::uint32_t place = setup_->place[core];
    const router::Cycle end = std::max(outcome_.sent[place], outcome_.processed[place]);
    return std::max(alone, static_cast<double>(end) * setup_->cycle_ns);
}

void StepTimer::State::find_busiest_link(StepTiming& timing) const {
    const std::span<const router::Link> links = setup_->graph.links();
    const auto planes = static_cast<std::uint32_t>(setup_->graph.parameters().planes);
    std::uint64_t longest = 0;
    for (std::uint32_t link = 0; link < setup_->graph.inject_link(0); ++link) {
        const std::uint64_t flits = (std::uint64_t{outcome_.links[link].flits} + planes - 1) / planes;
        const std::uint64_t busy = flits * static_cast<std::uint64_t>(links[link].timing.interval);
        if (busy > longest) {
            longest = busy;
            timing.link = link;
        }
    }
    timing.link_ns = static_cast<double>(longest) * setup_->cycle_ns;
}

StepTimer::StepTimer(std::unique_ptr<State> state) : state_(std::move(state)) {}
StepTimer::StepTimer(StepTimer&&) noexcept = default;
StepTimer& StepTimer::operator=(StepTimer&&) noexcept = default;
StepTimer::~StepTimer() = default;

Result<StepTimer> StepTimer::create(const Image& image, const CostTable& costs, const Options& options) {
    if (Diagnostics findings = check_image(image); has_error(findings)) {
        return fail(std::move(findings));
    }
    const double cycle_ns = image.chip.network.cycle_ns.value;
    if (!std::isfinite(cycle_ns) || cycle_ns <= 0) {
        return fail({.where = fmt::format("chip '{}': network.cycle_ns", image.chip.name),
                     .found = fmt::format("{}", cycle_ns),
                     .allowed = "a time above 0"});
    }
    auto graph = router::Graph::build(image.chip.mesh, image.chip.network.parameters);
    if (!graph) {
        return tl::unexpected(std::move(graph.error()));
    }
    auto setup = std::make_shared<const TimingSetup>(image, costs, std::move(*graph));
    Diagnostics findings = check_times(*setup, costs);
    const Diagnostics far = check_addresses(*setup, image.chip.network.address_range);
    findings.insert(findings.end(), far.begin(), far.end());
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return StepTimer(std::make_unique<State>(std::move(setup), options));
}

StepTimer StepTimer::sibling() const {
    return StepTimer(std::make_unique<State>(state_->setup_, state_->options_));
}

StepTiming StepTimer::step(const StepEvents& events) {
    return state_->step(events);
}

std::span<const Counters> StepTimer::counts() const {
    return state_->counts_;
}
StepTime StepTimer::free_time(const CostTable& costs) const {
    return state_->free_time(costs);
}

void StepTimer::set_trace(bool on) {
    state_->options_.trace = on;
    state_->outcome_.passages.clear();
}

const router::Outcome& StepTimer::outcome() const {
    return state_->outcome_;
}
const router::Graph& StepTimer::graph() const {
    return state_->setup_->graph;
}
double StepTimer::cycle_ns() const {
    return state_->setup_->cycle_ns;
}
router::Model StepTimer::model() const {
    return state_->options_.model;
}
std::size_t StepTimer::resident_bytes() const {
    using core::bytes_of;
    const TimingSetup& setup = *state_->setup_;
    return setup.table.resident_bytes() + bytes_of(setup.place) + bytes_of(setup.by_place) + bytes_of(setup.service);
}

}  // namespace spikeloom::chip
