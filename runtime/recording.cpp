#include "runtime/recording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "chip/cost.hpp"
#include "core/files/hdf5.hpp"
#include "runtime/partial_file.hpp"
#include "runtime/recording_learning.hpp"
#include "runtime/recording_parts.hpp"
#include "runtime/recording_populations.hpp"
#include "runtime/recording_traffic.hpp"

namespace spikeloom::runtime {
namespace {

/// What one cost table says of the run so far.
struct PricedSums {
    const chip::CostTable* costs = nullptr;
    std::string path;
    double time_ns = 0;
    std::vector<double> sample_times_ns{};  ///< from the sample's start to each step's end
    bool timed = false;                     ///< by the session's clock, and not by chip::step_time

    void add(double step_ns) {
        time_ns += step_ns;
        sample_times_ns.push_back(step_ns + (sample_times_ns.empty() ? 0 : sample_times_ns.back()));
    }
};

template <class T>
std::span<const T> one(const T& value) {
    return std::span<const T>(&value, 1);
}

/// By population: whether the neurons of its first tile send values, as then all of them do.
std::vector<bool> populations_with_values(const chip::Image& image) {
    std::vector<bool> values;
    for (const chip::PopulationSymbol& population : image.populations) {
        bool sends = false;
        if (!population.tiles.empty()) {
            const chip::PopulationTile& tile = population.tiles.front();
            const auto& groups = image.cores[tile.core.value()].groups;
            const auto after =
                std::ranges::upper_bound(groups, tile.first_compartment, {}, &chip::CompartmentGroup::first);
            sends = after != groups.begin() && sends_values(std::prev(after)->model);
        }
        values.push_back(sends);
    }
    return values;
}

}  // namespace

class Recorder::State {
public:
    State(const RecordingOptions& options, const Session& session, PartialFile partial, files::Hdf5Writer file)
        : options_(options),
          session_(session),
          image_(session.image()),
          partial_(std::move(partial)),
          writer_(std::move(file)),
          names_(recorded_names(image_)),
          values_(populations_with_values(image_)),
          probes_(session.probes().begin(), session.probes().end()),
          learning_(session, options),
          traffic_(session, options),
          populations_(image_),
          tiles_(tiles_in_use(image_)),
          totals_(image_.cores.size()) {}

    void start();
    Result<void> on_step(const StepView& view);
    Result<void> on_timing(const TimingView& view);
    void describe_samples(const SampleSchedule& schedule);
    Result<void> add_sample(const SampleOutcome& outcome);
    Result<void> add_document(const std::string& name, const std::string& json);
    Result<void> close(bool interrupted);

private:
    void append_spikes(const StepView& view);
    void append_costs(const StepView& view);
    void append_time(PricedSums& priced, double time_ns, std::uint32_t slowest);
    void start_samples(std::size_t classes);
    [[nodiscard]] std::string probe_path(const Probe& probe) const;
    void write_probe_mappings();
    /// The disk's failure, told with the final name; the unfinished file is removed.
    [[nodiscard]] Result<void> give_up();
    /// Why nothing more can be written.
    [[nodiscard]] Diagnostics failure() const;

    RecordingOptions options_;
    const Session& session_;
    const chip::Image& image_;
    PartialFile partial_;
    UnitWriter writer_;
    std::vector<std::string> names_;  ///< of populations, within the file
    std::vector<bool> values_;        ///< whether they send values
    std::vector<Probe> probes_;
    LearningLog learning_;
    TrafficLog traffic_;
    PopulationLog populations_;
    int tiles_;

    std::uint64_t steps_ = 0;
    std::vector<Counters> totals_;  ///< one a core
    Counters sample_counts_;
    std::vector<PricedSums> priced_;
    std::optional<std::size_t> classes_;  ///< once a sample has come
    bool closed_ = false;
    Diagnostics failure_;  ///< what made it give up

    std::vector<double> times_;  ///< scratch of a step
    std::vector<std::uint64_t> ids_;
    std::vector<std::int32_t> payloads_;
    std::vector<float> registers_;
};

void Recorder::State::start() {
    write_root(writer_);
    write_network(writer_, image_, names_);
    write_cores(writer_, image_);
    write_mapping(writer_, image_);
    write_provenance(writer_, image_, options_, utc_now());
    if (options_.spikes) {
        for (std::size_t p = 0; p < names_.size(); ++p) {
            const std::string path = "/spikes/" + names_[p];
            writer_.extendable<double>(path + "/timestamps", "ms");
            writer_.extendable<std::uint64_t>(path + "/node_ids", "1");
            if (values_[p]) {
                writer_.extendable<std::int32_t>(path + "/payloads", "1");
            }
            writer_.file().sonata_sorted_by_time(path);
        }
    }
    for (const Probe& probe : probes_) {
        writer_.extendable<float>(probe_path(probe) + "/data", "register", probe.neurons.size());
        if (values_[probe.population.value()]) {  // registers of 32 bits, of which a float keeps 24
            writer_.extendable<std::int32_t>(probe_path(probe) + "/exact", "register", probe.neurons.size());
        }
    }
    learning_.start(writer_);
    writer_.extendable<std::uint64_t>("/counters/per_step", "1", counter_count);
    for (const chip::CostTable& costs : image_.chip.costs) {
        const StepClock* clock = session_.clock();
        const bool timed = clock != nullptr && &clock->costs() == &costs;
        const std::string path = energy_path(costs);
        writer_.extendable<float>(path + "/step_time", "ns");
        writer_.extendable<std::uint32_t>(path + "/slowest_core", "1");
        const router::Model model = timed ? clock->timer().model() : router::Model::free;
        writer_.file().attribute(path + "/step_time", "model", std::string(router::name_of(model)));
        priced_.push_back({.costs = &costs, .path = path, .timed = timed});
    }
    traffic_.start(writer_);
}

Result<void> Recorder::State::on_step(const StepView& view) {
    if (closed_) {
        return fail(failure());
    }
    SPIKELOOM_ASSERT(view.core_counts.size() == totals_.size(), options_.path);
    if (options_.spikes) {
        append_spikes(view);
    }
    for (std::size_t p = 0; p < probes_.size(); ++p) {
        registers_.assign(view.probes[p].begin(), view.probes[p].end());
        writer_.append<float>(probe_path(probes_[p]) + "/data", registers_);
        if (values_[probes_[p].population.value()]) {
            writer_.append<std::int32_t>(probe_path(probes_[p]) + "/exact", view.probes[p]);
        }
    }
    populations_.count(view.spikes);
    append_costs(view);
    traffic_.after_step(writer_, view);
    ++steps_;
    learning_.after_step(writer_, steps_);
    return writer_.file().failed() ? give_up() : Result<void>{};
}

void Recorder::State::append_spikes(const StepView& view) {
    const double time_ms = static_cast<double>(view.step.value()) * image_.step_s * 1000;
    for (auto first = view.spikes.begin(); first != view.spikes.end();) {
        const auto last = std::find_if(
            first, view.spikes.end(), [&](const NetworkSpike& spike) { return spike.population != first->population; });
        ids_.clear();
        payloads_.clear();
        for (auto spike = first; spike != last; ++spike) {
            ids_.push_back(spike->neuron.value());
            payloads_.push_back(spike->payload);
        }
        times_.assign(ids_.size(), time_ms);
        const std::string path = "/spikes/" + names_[first->population.value()];
        writer_.append<double>(path + "/timestamps", times_);
        writer_.append<std::uint64_t>(path + "/node_ids", ids_);
        if (values_[first->population.value()]) {
            writer_.append<std::int32_t>(path + "/payloads", payloads_);
        }
        first = last;
    }
}

void Recorder::State::append_costs(const StepView& view) {
    Counters step_total;
    for (std::size_t core = 0; core < totals_.size(); ++core) {
        totals_[core] += view.core_counts[core];
        step_total += view.core_counts[core];
    }
    sample_counts_ += step_total;
    std::array<std::uint64_t, counter_count> row{};
    for (std::size_t i = 0; i < counter_count; ++i) {
        row[i] = step_total[counter_table[i].counter];
    }
    writer_.append<std::uint64_t>("/counters/per_step", row);
    for (PricedSums& priced : priced_) {
        if (session_.clock() == nullptr) {
            const chip::StepTime time = chip::step_time(view.core_counts, *priced.costs, tiles_);
            append_time(priced, time.time_ns, time.slowest);
        }
    }
}

void Recorder::State::append_time(PricedSums& priced, double time_ns, std::uint32_t slowest) {
    priced.add(time_ns);
    writer_.append<float>(priced.path + "/step_time", one(static_cast<float>(time_ns)));
    writer_.append<std::uint32_t>(priced.path + "/slowest_core", one(slowest));
}

Result<void> Recorder::State::on_timing(const TimingView& view) {
    if (closed_) {
        return fail(failure());
    }
    for (std::size_t table = 0; table < priced_.size(); ++table) {
        PricedSums& priced = priced_[table];
        if (priced.timed) {
            append_time(priced, view.timing.time_ns, view.timing.core);
        } else {
            append_time(priced, view.free_times[table].time_ns, view.free_times[table].slowest);
        }
    }
    traffic_.after_timing(writer_, view);
    return writer_.file().failed() ? give_up() : Result<void>{};
}

void Recorder::State::describe_samples(const SampleSchedule& schedule) {
    if (!closed_) {
        writer_.scalar("/eval/input_steps", "steps", schedule.input_steps);
        writer_.scalar<std::uint8_t>("/eval/feed_forward", "1", schedule.feed_forward ? 1 : 0);
    }
}

void Recorder::State::start_samples(std::size_t classes) {
    classes_ = classes;
    writer_.extendable<std::int32_t>("/eval/label", "1");
    writer_.extendable<std::int32_t>("/eval/predicted", "1");
    writer_.extendable<std::uint32_t>("/eval/steps", "steps");
    writer_.extendable<std::int32_t>("/eval/first_spike_step", "steps");
    writer_.extendable<std::uint32_t>("/eval/output_spikes", "spikes", std::max<std::size_t>(classes, 1));
    for (const PricedSums& priced : priced_) {
        const std::string name = priced.path.substr(priced.path.rfind('/') + 1);
        writer_.extendable<double>("/eval/time_" + name, "ns");
        writer_.extendable<double>("/eval/first_spike_" + name, "ns");
        writer_.extendable<double>("/eval/energy_" + name, "pJ");
    }
}

Result<void> Recorder::State::add_sample(const SampleOutcome& outcome) {
    if (closed_) {
        return fail(failure());
    }
    if (!classes_) {
        start_samples(outcome.output_spikes.size());
        if (!outcome.output_values.empty()) {
            writer_.extendable<double>("/eval/output_values", "register", outcome.output_values.size());
        }
    }
    SPIKELOOM_ASSERT(classes_ == outcome.output_spikes.size(), options_.path);
    writer_.append<std::int32_t>("/eval/label", one(outcome.label));
    writer_.append<std::int32_t>("/eval/predicted", one(outcome.predicted));
    writer_.append<std::uint32_t>("/eval/steps", one(outcome.steps));
    writer_.append<std::int32_t>("/eval/first_spike_step", one(outcome.first_spike_step));
    if (*classes_ > 0) {
        writer_.append<std::uint32_t>("/eval/output_spikes", outcome.output_spikes);
    }
    if (!outcome.output_values.empty()) {
        writer_.append<double>("/eval/output_values", outcome.output_values);
    }
    for (PricedSums& priced : priced_) {
        const std::string name = priced.path.substr(priced.path.rfind('/') + 1);
        const double energy_pj = chip::total(chip::dynamic_energy(sample_counts_, *priced.costs)).value;
        const std::vector<double>& ends = priced.sample_times_ns;
        const auto first = static_cast<std::size_t>(outcome.first_spike_step);
        const double first_spike = outcome.first_spike_step >= 0 && first < ends.size() ? ends[first] : -1;
        writer_.append<double>("/eval/time_" + name, one(ends.empty() ? 0.0 : ends.back()));
        writer_.append<double>("/eval/first_spike_" + name, one(first_spike));
        writer_.append<double>("/eval/energy_" + name, one(energy_pj));
        priced.sample_times_ns.clear();
    }
    sample_counts_ = {};
    return writer_.file().failed() ? give_up() : Result<void>{};
}

Result<void> Recorder::State::add_document(const std::string& name, const std::string& json) {
    SPIKELOOM_ASSERT(!name.empty() && name.find('/') == std::string::npos, name);
    if (closed_) {
        return fail(failure());
    }
    writer_.text("/extra/" + name, json);
    return writer_.file().failed() ? give_up() : Result<void>{};
}

Result<void> Recorder::State::close(bool interrupted) {
    if (closed_) {
        return fail(failure());
    }
    learning_.finish(writer_, steps_);
    writer_.file().flush();
    write_probe_mappings();
    write_totals(writer_, totals_);
    populations_.write(writer_);
    for (const PricedSums& priced : priced_) {
        write_energy(writer_, *priced.costs, totals_, priced.time_ns);
    }
    traffic_.finish(writer_, totals_);
    const EmulationTimes times = session_.emulation_times();
    writer_.scalar("/provenance/wall", "s", times.wall_s);
    writer_.scalar("/provenance/chip_wall", "s", times.chip_s);
    writer_.scalar("/provenance/timing_cpu", "s", times.timing_cpu_s);
    writer_.text("/provenance/finished_at", utc_now());
    writer_.scalar<std::uint8_t>("/provenance/interrupted", "1", interrupted ? 1 : 0);
    if (auto written = writer_.file().close(); !written) {
        return give_up();
    }
    closed_ = true;
    return partial_.publish();
}

std::string Recorder::State::probe_path(const Probe& probe) const {
    return fmt::format("/report/{}_{}", names_[probe.population.value()],
                       probe.variable == Variable::voltage ? 'v' : 'u');
}

void Recorder::State::write_probe_mappings() {
    const double step_ms = image_.step_s * 1000;
    for (const Probe& probe : probes_) {
        const std::string path = probe_path(probe) + "/mapping";
        std::vector<std::uint64_t> pointers(probe.neurons.size() + 1);
        for (std::size_t i = 0; i < pointers.size(); ++i) {
            pointers[i] = i;
        }
        writer_.array(path + "/node_ids", "1", std::vector<std::uint64_t>(probe.neurons.begin(), probe.neurons.end()));
        writer_.file().attribute<std::uint8_t>(path + "/node_ids", "sorted", 1);
        writer_.array(path + "/index_pointers", "1", pointers);
        writer_.array(path + "/element_ids", "1", std::vector<std::uint32_t>(probe.neurons.size(), 0));
        writer_.array(path + "/time", "ms", std::vector<double>{0, static_cast<double>(steps_) * step_ms, step_ms});
    }
}

Result<void> Recorder::State::give_up() {
    closed_ = true;
    auto closed = writer_.file().close();
    partial_ = PartialFile();
    Diagnostics reasons = closed ? Diagnostics{} : closed.error();
    for (Diagnostic& reason : reasons) {
        reason.where = options_.path;
        reason.help = fmt::format("free space or choose another place; nothing was left under '{}'", options_.path);
    }
    failure_ = reasons;
    return fail(std::move(reasons));
}

Diagnostics Recorder::State::failure() const {
    return !failure_.empty()
               ? failure_
               : Diagnostics{{.where = options_.path, .found = "the recording is closed", .allowed = {}, .help = {}}};
}

Recorder::Recorder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Recorder::~Recorder() = default;

Result<std::unique_ptr<Recorder>> Recorder::create(const RecordingOptions& options, const Session& session) {
    auto partial = PartialFile::create(options.path, options.force);
    if (!partial) {
        return tl::unexpected(partial.error());
    }
    auto file = files::Hdf5Writer::create(partial->path());
    if (!file) {
        return tl::unexpected(file.error());
    }
    auto state = std::make_unique<State>(options, session, std::move(*partial), std::move(*file));
    state->start();
    return std::unique_ptr<Recorder>(new Recorder(std::move(state)));
}

Result<void> Recorder::on_step(const StepView& view) {
    return state_->on_step(view);
}
Result<void> Recorder::on_timing(const TimingView& view) {
    return state_->on_timing(view);
}
void Recorder::describe_samples(const SampleSchedule& schedule) {
    state_->describe_samples(schedule);
}
Result<void> Recorder::add_sample(const SampleOutcome& outcome) {
    return state_->add_sample(outcome);
}
Result<void> Recorder::add_document(const std::string& name, const std::string& json) {
    return state_->add_document(name, json);
}
Result<void> Recorder::close(bool interrupted) {
    return state_->close(interrupted);
}

}  // namespace spikeloom::runtime
