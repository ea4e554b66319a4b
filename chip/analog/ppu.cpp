#include "chip/analog/ppu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "chip/analog/earliest_deadline.hpp"
#include "chip/analog/lane.hpp"
#include "chip/analog/plastic_array.hpp"

namespace spikeloom::chip::analog {

using core::analog::InputSpike;
using core::analog::Spike;

namespace {

/// A hemisphere as a kernel sees it, from its begin on. On a lane, it lets the other processor go first to what lies
/// earlier.
class KernelView final : public ppu::Surroundings {
public:
    KernelView(PlasticArray& array, const PlasticTask& task, double begin_s, double clock_hz, Lane* lane)
        : array_(array), task_(task), begin_s_(begin_s), clock_hz_(clock_hz), lane_(lane) {}

    void advance(std::uint64_t cycle) override {
        const double time = begin_s_ + static_cast<double>(cycle) / clock_hz_;
        if (lane_ != nullptr) {
            lane_->stop(time);
        }
        array_.advance(time);
    }
    void weights(int row, ppu::Bytes& values) override { values = array_.weights(task_.hemisphere, at(row)); }
    void set_weights(int row, const ppu::Bytes& values) override {
        array_.set_weights(task_.hemisphere, at(row), values);
    }
    void causal(int row, ppu::Bytes& values) override {
        values = array_.codes(CorrelationKind::causal, task_.hemisphere, at(row));
    }
    void acausal(int row, ppu::Bytes& values) override {
        values = array_.codes(CorrelationKind::acausal, task_.hemisphere, at(row));
    }
    void rates(ppu::Bytes& values) override { values = array_.rates(task_.hemisphere); }
    void membranes(ppu::Bytes& values) override { values = array_.membranes(task_.hemisphere); }
    void reset_correlation(int row) override { array_.reset_correlation(task_.hemisphere, at(row)); }
    void reset_rates() override { array_.reset_rates(task_.hemisphere); }
    void reset_neurons() override { array_.reset_neurons(task_.hemisphere); }

private:
    [[nodiscard]] std::uint16_t at(int row) const { return task_.rows[static_cast<std::size_t>(row)]; }

    PlasticArray& array_;
    const PlasticTask& task_;
    double begin_s_;
    double clock_hz_;
    Lane* lane_;
};

bool resets_neurons(const std::vector<ppu::Statement>& body) {
    return std::ranges::any_of(body, [](const ppu::Statement& statement) {
        return statement.kind == ppu::Statement::Kind::reset_neurons || resets_neurons(statement.body) ||
               resets_neurons(statement.otherwise);
    });
}

bool reads_acausal(const ppu::Program& program) {
    return std::ranges::any_of(program.nodes, [](const ppu::Node& node) { return node.op == ppu::Op::acausal; });
}

void check_task(const PlasticTask& task, std::size_t index, const AnalogImage& image, const ppu::Program& program,
                Diagnostics& findings) {
    const AnalogSpec& chip = image.chip;
    const std::string where = fmt::format("kernel task {}", index);
    const auto say = [&](std::string found, std::string allowed, std::string help = {}) {
        findings.push_back({Severity::error, where, std::move(found), std::move(allowed), std::move(help)});
    };
    if (task.kernel < 0 || static_cast<std::size_t>(task.kernel) >= program.kernels.size()) {
        say(fmt::format("kernel {}", task.kernel), fmt::format("0 to {}", program.kernels.size() - 1));
        return;
    }
    const bool resets = resets_neurons(program.kernels[static_cast<std::size_t>(task.kernel)].body);
    if (resets && std::ranges::any_of(image.neurons, &NeuronTarget::adaptive)) {
        say("a kernel with `reset neurons` beside AdEx or conductance-based neurons", "LIF neurons",
            "leave some membrane time constants between trials instead");
    }
    if (task.hemisphere >= chip.array.hemispheres || task.hemisphere >= chip.plasticity.processors) {
        say(fmt::format("hemisphere {}", task.hemisphere), fmt::format("0 to {}", chip.array.hemispheres - 1));
    }
    if (task.rows.size() > static_cast<std::size_t>(ppu::most_rows) ||
        std::ranges::any_of(task.rows, [&](int row) { return row >= chip.array.rows; })) {
        say("rows beyond the array", fmt::format("at most {} rows, 0 to {}", ppu::most_rows, chip.array.rows - 1));
    }
    const auto rows = static_cast<int>(task.rows.size());
    if (program.external_bytes(rows) > ppu::external_memory_bytes) {
        say(fmt::format("row states of {} bytes for {} rows", program.external_bytes(rows), rows),
            fmt::format("{} bytes of external memory", ppu::external_memory_bytes), "fewer rows, or states of 8 bits");
    }
    const Timer& timer = task.timer;
    if (!(timer.start_s >= 0 && timer.period_s > 0) || !std::isfinite(timer.start_s + timer.period_s)) {
        say(fmt::format("a timer from {} s every {} s", timer.start_s, timer.period_s),
            "a start at 0 or later, a period above 0");
    }
}

Diagnostics check(const AnalogChip& chip, const ppu::Program& program, const PlasticOptions& options) {
    const AnalogSpec& spec = chip.image().chip;
    Diagnostics findings;
    const auto say = [&](std::string found, std::string allowed, std::string help = {}) {
        findings.push_back({Severity::error, spec.name, std::move(found), std::move(allowed), std::move(help)});
    };
    if (!spec.plasticity.present || spec.ideal) {
        say("a chip without a plasticity processor", "a chip that has one", "brainscales2 has two");
        return findings;
    }
    if (chip.options().frozen_weights) {
        say("a chip loaded with frozen weights", "frozen_weights = false");
    }
    if (chip.image().runs.size() != 1) {
        say(fmt::format("a network that takes {} runs", chip.image().runs.size()), "one run",
            "plasticity happens while neurons run; make the network fit the chip at once");
    }
    if (spec.array.columns != ppu::columns || spec.array.rows > ppu::most_rows || spec.plasticity.vector_bytes != 128) {
        say(fmt::format("{} columns of {} rows, vectors of {} bytes", spec.array.columns, spec.array.rows,
                        spec.plasticity.vector_bytes),
            fmt::format("{} columns, at most {} rows, 128 bytes", ppu::columns, ppu::most_rows));
    }
    for (std::size_t i = 0; i < options.tasks.size(); ++i) {
        check_task(options.tasks[i], i, chip.image(), program, findings);
    }
    const Diagnostics sensors = check_correlation(options.correlation, spec.plasticity);
    findings.insert(findings.end(), sensors.begin(), sensors.end());
    return findings;
}

}  // namespace

struct PlasticChip::State {
    State(const AnalogChip& chip, const ppu::Program& of, const PlasticOptions& given,
          const CorrelationParameters& correlation)
        : program(of), options(given), array(chip, correlation) {
        const AnalogSpec& spec = chip.image().chip;
        clock_hz = spec.plasticity.clock_hz;
        for (int h = 0; h < spec.array.hemispheres; ++h) {
            std::size_t rows = 0;
            for (const PlasticTask& task : options.tasks) {
                rows = task.hemisphere == h ? std::max(rows, task.rows.size()) : rows;
            }
            machines.emplace_back(program, ppu::MachineOptions{.rows = static_cast<int>(rows),
                                                               .random_seed = options.random_seed,
                                                               .random_discarded = options.random_discarded + h});
            queues.emplace_back(options.tasks, static_cast<std::uint8_t>(h));
            free_s.push_back(0);
            lanes.emplace_back();
        }
        for (const ppu::Variable& variable : program.variables) {
            if (variable.storage == ppu::Storage::record) {
                record_names.push_back(variable.name);
            }
        }
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    Result<void> advance(double until) { return both_busy() ? advance_both(until) : advance_one(until); }

    [[nodiscard]] bool both_busy() const {
        return std::ranges::any_of(options.tasks, [&](const PlasticTask& task) {
            return task.hemisphere != options.tasks.front().hemisphere;
        });
    }

    /// Kernels of one processor, one after the other.
    Result<void> advance_one(double until) {
        const std::uint8_t h = options.tasks.empty() ? std::uint8_t{0} : options.tasks.front().hemisphere;
        for (auto next = queues[h].next(free_s[h]); next && next->begin_s <= until; next = queues[h].next(free_s[h])) {
            execute(begin(*next), nullptr);
            if (fault) {
                return fail(*fault);
            }
        }
        return {};
    }

    /// Kernels of several processors: the one goes on whose next access, or beginning, is the earliest.
    Result<void> advance_both(double until) {
        for (;;) {
            std::optional<std::size_t> first;
            std::optional<Execution> beginning;
            bool running = false;
            double least = never;
            for (std::size_t h = 0; h < lanes.size(); ++h) {
                running = running || lanes[h].running();
                const auto next = lanes[h].running() || fault ? std::nullopt : queues[h].next(free_s[h]);
                const double time = lanes[h].running() ? lanes[h].time() : next ? next->begin_s : never;
                if (time < least) {
                    least = time;
                    first = h;
                    beginning = next;
                }
            }
            if (!first || (!running && least > until)) {
                break;
            }
            if (beginning) {
                Lane* lane = &lanes[*first];
                const std::size_t index = begin(*beginning);
                lane->start([this, index, lane] { execute(index, lane); });
            } else {
                lanes[*first].resume();
            }
        }
        return fault ? Result<void>(fail(*fault)) : Result<void>();
    }

    /// Notes that a run begins; its index.
    std::size_t begin(const Execution& execution) {
        queues[options.tasks[execution.task].hemisphere].begin(execution);
        executions.push_back(execution);
        records.resize(records.size() + record_names.size(), 0);
        return executions.size() - 1;
    }

    void execute(std::size_t index, Lane* lane) {
        const Execution execution = executions[index];
        const PlasticTask& task = options.tasks[execution.task];
        ppu::Machine& machine = machines[task.hemisphere];
        KernelView view(array, task, execution.begin_s, clock_hz, lane);
        const auto counts = machine.call(task.kernel, static_cast<int>(task.rows.size()), view);
        if (!counts) {
            fault = fault ? fault : counts.error();
            return;
        }
        instructions += *counts;
        const double end_s = execution.begin_s + static_cast<double>(counts->cycles()) / clock_hz;
        executions[index].end_s = end_s;
        free_s[task.hemisphere] = end_s;
        for (std::size_t r = 0; r < record_names.size(); ++r) {
            records[index * record_names.size() + r] = machine.value(record_names[r]);
        }
    }

    ppu::Program program;
    PlasticOptions options;
    PlasticArray array;
    double clock_hz = 0;
    std::vector<ppu::Machine> machines;    ///< by hemisphere
    std::vector<EarliestDeadline> queues;  ///< by hemisphere
    std::vector<double> free_s;
    std::vector<Execution> executions;
    std::vector<std::string> record_names;
    std::vector<double> records;
    ppu::Counts instructions;
    std::optional<Diagnostics> fault;
    std::vector<Lane> lanes;  ///< by hemisphere; the last member: what runs on them is ended first
};

PlasticChip::PlasticChip(std::unique_ptr<State> state) : state_(std::move(state)) {}
PlasticChip::~PlasticChip() = default;
PlasticChip::PlasticChip(PlasticChip&&) noexcept = default;
PlasticChip& PlasticChip::operator=(PlasticChip&&) noexcept = default;

Result<PlasticChip> PlasticChip::make(const AnalogChip& chip, const ppu::Program& program,
                                      const PlasticOptions& options) {
    Diagnostics findings = check(chip, program, options);
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    CorrelationParameters correlation = options.correlation;
    correlation.acausal = correlation.acausal && reads_acausal(program);
    return PlasticChip(std::make_unique<State>(chip, program, options, correlation));
}

void PlasticChip::add(std::span<const InputSpike> spikes) {
    state_->array.add(spikes);
}

Result<void> PlasticChip::advance(double until) {
    auto advanced = state_->advance(until);
    if (advanced) {
        state_->array.advance(until);
    }
    return advanced;
}

double PlasticChip::time() const {
    return state_->array.time();
}

std::span<const Spike> PlasticChip::spikes() const {
    return state_->array.spikes();
}

void PlasticChip::clear_spikes() {
    state_->array.clear_spikes();
}

ppu::Bytes PlasticChip::weights(std::uint8_t hemisphere, std::uint16_t row) const {
    return state_->array.weights(hemisphere, row);
}

void PlasticChip::set_weights(std::uint8_t hemisphere, std::uint16_t row, const ppu::Bytes& values) {
    state_->array.set_weights(hemisphere, row, values);
}

ppu::Machine& PlasticChip::processor(std::uint8_t hemisphere) {
    return state_->machines[hemisphere];
}

std::span<const Execution> PlasticChip::executions() const {
    return state_->executions;
}

std::span<const double> PlasticChip::records() const {
    return state_->records;
}

const ppu::Counts& PlasticChip::instructions() const {
    return state_->instructions;
}

const core::analog::EngineCounts& PlasticChip::counts() const {
    return state_->array.counts();
}

}  // namespace spikeloom::chip::analog
