#include "runtime/report/report_fixture.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/random.hpp"

namespace spikeloom::test {
namespace {

using runtime::Report;

std::uint64_t draw(std::uint32_t place, std::uint32_t number, std::uint64_t bound) {
    return random_below({.seed = 7, .step = 0, .core = place, .neuron = number}, bound);
}

chip::Quantity quantity(double value, double spread, chip::Trust trust, const std::string& source) {
    return {
        .value = value, .low = value * (1 - spread), .high = value * (1 + spread), .source = source, .trust = trust};
}

void add_cores(Report& report) {
    constexpr std::array<std::uint32_t, 6> places{0, 1, 2, 3, 4, 21};
    for (std::uint32_t i = 0; i < places.size(); ++i) {
        runtime::CoreOccupancy core{.place = places[i],
                                    .compartments = i == 5 ? 3U : 24U,
                                    .input_axons = 4 + draw(i, 1, 124),
                                    .output_axons = i == 5 ? 0U : 24U,
                                    .synapse_words = 300 + draw(i, 2, 1400),
                                    .synapses = 900 + draw(i, 3, 2000),
                                    .longest_list = 20,
                                    .compartment_profiles = 1,
                                    .threshold_profiles = 1,
                                    .synapse_formats = 2,
                                    .counters = {}};
        core.counters[Counter::updates_active] = 40'000 + draw(i, 4, 90'000);
        core.counters[Counter::updates_idle] = 20'000 + draw(i, 5, 9'000);
        core.counters[Counter::spikes] = i == 5 ? 0 : 1'000 + draw(i, 6, 3'000);
        core.counters[Counter::messages_out] = core.counters[Counter::spikes] * 5;
        core.counters[Counter::messages_in] = 9'000 + draw(i, 7, 2'000);
        core.counters[Counter::messages_local] = core.counters[Counter::spikes] * 3;
        core.counters[Counter::hops_ew] = core.counters[Counter::spikes];
        core.counters[Counter::hops_ns] = core.counters[Counter::spikes] / 2;
        core.counters[Counter::synaptic_events_sparse] = 50'000 + draw(i, 8, 150'000);
        core.counters[Counter::synaptic_events_dense] = i == 5 ? 22'000 : 0;
        core.counters[Counter::input_spikes] = i < 2 ? 2'400 : 0;
        report.totals += core.counters;
        report.cores.push_back(core);
    }
}

/// Counts of the fixture's items, in the order of CostItem.
std::array<std::uint64_t, chip::cost_items.size()> item_counts(const Counters& totals) {
    return {totals[Counter::updates_active],
            totals[Counter::updates_idle],
            totals[Counter::spikes],
            totals[Counter::messages_out],
            totals[Counter::messages_in],
            totals[Counter::messages_local],
            totals[Counter::hops_ew],
            totals[Counter::hops_ns],
            totals[Counter::synaptic_events_sparse],
            totals[Counter::synaptic_events_runlength],
            totals[Counter::synaptic_events_dense],
            totals[Counter::input_spikes],
            totals[Counter::learning_updates],
            totals[Counter::hops_vertical],
            totals[Counter::hops_chip],
            totals[Counter::output_spikes]};
}

runtime::PricedRun priced(const Report& report, const chip::CostTable& costs, double scale) {
    runtime::PricedRun run;
    run.table = costs.name;
    run.title = costs.title;
    const auto counts = item_counts(report.totals);
    for (std::size_t i = 0; i < costs.events.size(); ++i) {
        const chip::Quantity& cost = costs.events[i].energy_pj;
        const auto count = static_cast<double>(counts[i]);
        run.items.push_back({.item = costs.events[i].item,
                             .count = counts[i],
                             .energy_pj = {cost.value * count, cost.low * count, cost.high * count}});
        run.dynamic_pj.value += cost.value * count;
        run.dynamic_pj.low += cost.low * count;
        run.dynamic_pj.high += cost.high * count;
    }
    run.step_time_mean_ns = 620 * scale;
    run.step_time_max_ns = 1490 * scale;
    run.time_ns = run.step_time_mean_ns * static_cast<double>(report.steps);
    run.static_pj = chip::StaticEnergy{.cores_pj = {0.8 * 6 * run.time_ns, 0.4 * 6 * run.time_ns, 6 * run.time_ns},
                                       .chip_pj = {30 * run.time_ns, 20 * run.time_ns, 40 * run.time_ns},
                                       .host_pj = {65 * run.time_ns, 65 * run.time_ns, 65 * run.time_ns}};
    for (std::uint32_t i = 0; i < report.cores.size(); ++i) {
        run.core_energy_pj.push_back(static_cast<double>(report.cores[i].counters.synaptic_events()) * 24 * scale +
                                     static_cast<double>(report.cores[i].counters.updates()) * 60);
        run.slowest_steps.push_back(i == 2 ? report.steps - 1700 : 340);
    }
    run.step_times_ns = {.first = 180 * scale, .width = 33 * scale, .counts = {}};
    for (std::uint32_t bin = 0; bin < 40; ++bin) {
        run.step_times_ns.counts.push_back(bin < 14 ? 20 + 22 * bin : 330 - std::min(330U, 12 * (bin - 14)));
    }
    if (report.samples > 0) {
        const auto samples = static_cast<double>(report.samples);
        const double each = run.dynamic_pj.value / samples;
        run.energy_per_sample_pj = each;
        run.latency_per_sample_ns = run.time_ns / samples;
        run.sample_energy_pj = {report.samples, each * 0.71, each, each * 1.4, each * 0.02};
        run.sample_latency_ns = {report.samples, run.latency_per_sample_ns * 0.8, run.latency_per_sample_ns,
                                 run.latency_per_sample_ns * 1.22, run.latency_per_sample_ns * 0.011};
    }
    return run;
}

void add_raster(Report& report, std::size_t samples) {
    for (std::size_t sample = 0; sample < samples; ++sample) {
        const auto label = static_cast<std::int32_t>(sample % 3);
        report.raster_samples.push_back({.start_ms = static_cast<double>(sample) * 32,
                                         .label = label,
                                         .predicted = sample == 4   ? -1
                                                      : sample == 3 ? 1
                                                                    : label});
        for (std::uint32_t step = 0; step < 32; ++step) {
            for (std::uint32_t neuron = 0; neuron < 123; ++neuron) {
                const std::uint64_t chance = neuron >= 120 ? (static_cast<std::int32_t>(neuron) - 120 == label ? 4 : 40)
                                                           : 14 + (neuron * 7) % 40;
                if (step > 2 && draw(static_cast<std::uint32_t>(sample) * 32 + step, neuron + 100, chance) == 0) {
                    report.raster.push_back({.time_ms = static_cast<double>(sample * 32 + step), .neuron = neuron});
                }
            }
        }
    }
    report.raster_end_ms = static_cast<double>(samples) * 32;
}

void add_gap(Report& report) {
    runtime::Gap gap;
    gap.samples = report.samples;
    gap.float_accuracy = 0.97;
    gap.chip_timed_accuracy = 0.965;
    gap.chip_accuracy = 0.95;
    gap.agreement = 0.965;
    gap.layers = {{.population = "hidden",
                   .float_spikes = 13'020,
                   .chip_spikes = 12'640,
                   .mismatched_spikes = 1'100,
                   .rate_cosine = 0.991,
                   .first_divergence = 6,
                   .first_sample = 1,
                   .first_neuron = 40,
                   .diverging_samples = 171},
                  {.population = "output",
                   .float_spikes = 905,
                   .chip_spikes = 930,
                   .mismatched_spikes = 60,
                   .rate_cosine = 0.998,
                   .first_divergence = 9,
                   .first_sample = 3,
                   .first_neuron = 2,
                   .diverging_samples = 38}};
    gap.steps = {{.name = "weights", .accuracy = 0.955, .spike_change = 0.062},
                 {.name = "decays", .accuracy = 0.97, .spike_change = 0.011},
                 {.name = "threshold", .accuracy = 0.97, .spike_change = 0.002},
                 {.name = "all", .accuracy = 0.955, .spike_change = 0.07},
                 {.name = "arithmetic", .accuracy = -1, .spike_change = 0.02}};
    gap.largest_step = "weights";
    report.gap = gap;
    report.gap_json = R"({"samples": 200, "float_accuracy": 0.97})";
}

}  // namespace

chip::CostTable made_up_costs(const std::string& name, double scale) {
    constexpr std::array<double, chip::cost_items.size()> energies{81,   52,   69.3, 0, 0,   1.7, 3, 4,
                                                                   23.6, 23.6, 23.6, 0, 120, 0,   0, 0};
    chip::CostTable costs;
    costs.name = name;
    costs.title = "made up for the tests";
    for (std::size_t i = 0; i < energies.size(); ++i) {
        costs.events.push_back(
            {.item = static_cast<chip::CostItem>(i),
             .energy_pj = quantity(energies[i] * scale, i == 8 ? 0.3 : 0.1,
                                   i % 2 == 0 ? chip::Trust::simulated : chip::Trust::guessed, "made up, table 2"),
             .time_ns = quantity(3.5, 0, chip::Trust::fitted, "made up, figure 3")});
    }
    costs.barrier = {{.tiles = 1, .time_ns = quantity(113, 0, chip::Trust::simulated, "made up")},
                     {.tiles = 32, .time_ns = quantity(465, 0, chip::Trust::simulated, "made up")}};
    costs.static_power_core_mw = quantity(0.8, 0.5, chip::Trust::measured, "made up");
    costs.static_power_chip_mw = quantity(30, 0.3, chip::Trust::inferred, "made up");
    costs.host_power_mw = quantity(65, 0, chip::Trust::measured, "made up");
    return costs;
}

Report labelled_report(std::size_t raster_samples) {
    Report report;
    report.network = "yinyang";
    report.chip = "loihi1";
    report.program = "spikeloom 0.1.0";
    report.recorded_at = "2026-11-22T11:00:00Z";
    report.provenance = {{"program", "spikeloom 0.1.0"}, {"network_file", "yinyang.nir"}, {"seed", "0"}};
    report.rules = {"time unit: seconds, because tau_mem = 0.0025 .. 0.02 lies in the usual range (--nir-time-unit)"};
    report.options = {"encode=latency", "limit=200"};
    report.samples = 200;
    report.steps = 6400;
    report.step_s = 1e-3;
    report.synapse_words = 16384;
    report.words_per_axon = 256;
    report.synapse_formats = 15;
    report.correct = 190;
    report.silent = 2;
    report.confusion = {{62, 1, 2}, {0, 66, 1}, {3, 1, 62}};
    report.silent_by_label = {1, 0, 1};
    report.mean_first_spike_step = 9.5;
    report.populations = {{.name = "hidden", .shape = {5, 24}, .neurons = 120, .spikes = 12'640},
                          {.name = "output", .shape = {3}, .neurons = 3, .spikes = 930, .output = true}};
    add_cores(report);
    report.totals[Counter::spikes] = 13'570;
    report.cost_tables = {made_up_costs("davies2018", 1), made_up_costs("silicon", 1.6)};
    report.priced = {priced(report, report.cost_tables[0], 1), priced(report, report.cost_tables[1], 2.4)};
    report.losses = {{.name = "fc1",
                      .weights = 480,
                      .synapses = 470,
                      .zeroed = 3,
                      .clipped = 0,
                      .rms_error = 0.0041,
                      .max_error = 0.0039,
                      .weight_exponent = -2,
                      .weight_bits = 8},
                     {.name = "fc2",
                      .weights = 360,
                      .synapses = 360,
                      .zeroed = 11,
                      .clipped = 2,
                      .rms_error = 0.0123,
                      .max_error = 0.0052,
                      .weight_exponent = 0,
                      .weight_bits = 8}};
    report.neurobench = {.footprint_bytes = 36'000,
                         .footprint_float_bytes = 3'360,
                         .connection_sparsity = 0.0286,
                         .connection_sparsity_float = 0.0119,
                         .activation_sparsity = 0.9828,
                         .effective_macs = 0,
                         .effective_acs = 3'876.5,
                         .dense_operations = 26'880,
                         .membrane_updates = 2'911};
    report.mapping_report = "core 0: hidden[0:24]\ncore 21: output[0:3]\n";
    add_gap(report);
    add_raster(report, raster_samples);
    return report;
}

Report bare_report() {
    Report report;
    report.network = "chain";
    report.chip = "loihi1";
    report.steps = 100;
    report.step_s = 1e-3;
    report.synapse_words = 16384;
    report.every_limit_recorded = false;
    report.spikes_recorded = false;
    report.populations = {{.name = "n", .shape = {2}, .neurons = 2}};
    report.cores.push_back({.place = 0,
                            .compartments = 2,
                            .input_axons = 1,
                            .output_axons = 1,
                            .synapse_words = 4,
                            .synapses = 2,
                            .longest_list = 0,
                            .compartment_profiles = 0,
                            .threshold_profiles = 0,
                            .synapse_formats = 0,
                            .counters = {}});
    report.remarks = {"The run was recorded without spikes: no raster, no counts by population."};
    return report;
}

Report learned_report() {
    Report report = bare_report();
    report.totals[Counter::learning_updates] = 10'000;
    report.totals[Counter::synaptic_events_sparse] = 5'000;
    report.cost_tables = {made_up_costs("davies2018", 1)};
    report.priced = {priced(report, report.cost_tables[0], 1)};
    runtime::ProjectionLearning learning;
    learning.name = "in_e";
    learning.rule = "dw = 2^-2*x1*y0 - 2^-2*y1*x0*w\ndt = x1*y0 - 2^-4*t*u3";
    learning.traces = "x1: impulse 16, tau 20 steps; y1: impulse 16, tau 20 steps";
    learning.epoch = 2;
    learning.weight_per_unit = 1.0 / 256;
    learning.synapses = 3136;
    learning.changed = 3000;
    learning.limit_most = 255;
    learning.at_least = 1500;
    learning.at_most = 500;
    learning.before = {.first = 0, .width = 7, .counts = std::vector<std::uint64_t>(37, 0)};
    learning.after = learning.before;
    for (std::uint64_t bin = 0; bin < 37; ++bin) {
        learning.before.counts[bin] = 3136 / 37 + (bin < 3136 % 37 ? 1 : 0);
        learning.after.counts[bin] = bin == 0 ? 1500 : bin == 36 ? 500 : 1136 / 35 + (bin <= 1136 % 35 ? 1 : 0);
    }
    learning.snapshots = 3;
    runtime::LearningSeries weights{"w", 40, {}, {}, {}};
    runtime::LearningSeries traces{"x1", 2, {"source 0", "source 5"}, {}, {}};
    weights.values.resize(4);
    traces.values.resize(2);
    for (std::uint32_t moment = 0; moment <= 100; ++moment) {
        const double done = moment / 100.0;
        learning.time_ms.push_back(moment);
        learning.weight_mean.push_back(128 - 30 * done * (2 - done));
        learning.share_at_limits.push_back(done * 2000 / 3136);
        for (std::uint32_t line = 0; line < 4; ++line) {
            const double end = line % 2 == 0 ? 255 : 0;
            weights.values[line].push_back(128 + (end - 128) * std::min(1.0, done * (1 + line)));
        }
        for (std::uint32_t line = 0; line < 2; ++line) {
            const std::uint32_t since = (moment + 11 * line) % 23;
            traces.values[line].push_back(std::floor(16 * std::exp(-static_cast<double>(since) / 20)));
        }
    }
    for (std::uint32_t line = 0; line < 4; ++line) {
        weights.lines.push_back(std::to_string(10 * line) + " to " + std::to_string(line));
    }
    learning.mean_before = learning.weight_mean.front();
    learning.mean_after = learning.weight_mean.back();
    weights.time_ms = traces.time_ms = learning.time_ms;
    learning.series = {weights, traces};
    report.learning = {learning};
    return report;
}

}  // namespace spikeloom::test
