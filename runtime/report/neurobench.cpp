// The NeuroBench table: figures of the algorithm track as the chip has them, and those of the system track.
#include <fmt/format.h>

#include "runtime/report/findings.hpp"

namespace spikeloom::runtime {
namespace {

void add_algorithm(const Report& report, Script script, std::vector<Figure>& table) {
    const NeuroBench& figures = report.neurobench;
    const std::string unit = per(report).noun;
    const auto each = [&](double value, const std::string& what) {
        return fmt::format("{} {} per {}", amount(value), what, unit);
    };
    const bool weights = figures.footprint_float_bytes > 0;
    table.push_back({"Footprint",
                     weights ? fmt::format("{} (float32: {})", bytes(figures.footprint_bytes, script),
                                           bytes(figures.footprint_float_bytes, script))
                             : bytes(figures.footprint_bytes, script),
                     "synaptic memory words in use on the chip, axon lists and formats in them included; registers of "
                     "the compartments not. Float32: every weight, zeros and each use of a shared weight included"});
    table.push_back(
        {"Connection sparsity",
         weights ? fmt::format("{:.4f} (float: {:.4f})", figures.connection_sparsity, figures.connection_sparsity_float)
                 : "not known",
         "zeros over weights of all projections, after quantisation (before)"});
    table.push_back({"Activation sparsity", fmt::format("{:.4f}", figures.activation_sparsity),
                     "1 - spikes over neurons x steps, spiking populations, inputs not counted"});
    table.push_back(
        {"Effective MACs", each(figures.effective_macs, "MACs"),
         figures.effective_macs > 0
             ? "synapses that a message read, multiplied by what it carries, and added; all of them, though messages "
               "of "
               "some populations or inputs may be binary; zero-weight fillers of dense and run-length entries count"
             : "none: every message is binary, input spikes too"});
    table.push_back({"Effective ACs", each(figures.effective_acs, "ACs"),
                     "synapses that a message read and added; zero-weight fillers of dense and run-length entries "
                     "are read too and count"});
    table.push_back({"Dense", weights ? each(figures.dense_operations, "operations") : "not known",
                     "weights (zeros included) x steps, as if every input fired in every step; biases not counted"});
    table.push_back({"Membrane updates", each(figures.membrane_updates, "updates"),
                     "compartment updates whose current, voltage or bias was not zero; an upper bound of the updates "
                     "that change the voltage"});
}

void add_system(const Report& report, Script script, std::vector<Figure>& table) {
    const std::string unit = per(report).noun;
    for (const PricedRun& run : report.priced) {
        const std::string under = " (" + shortened(run.table, 24, script) + ")";
        std::string spread;
        if (run.sample_latency_ns.count > 1) {
            spread = (script == Script::plain ? " +- " : " ± ") + time(run.sample_latency_ns.standard_error, script);
        }
        table.push_back({"Time per " + unit + under, time(time_per(report, run), script) + spread,
                         "chip time, batch 1: the sum of its steps, no loading, no host input or output; mean and "
                         "standard error"});
        table.push_back({"Dynamic energy per " + unit + under, energy(dynamic_per(report, run).value, script),
                         "counts x costs of the cores and the mesh; what the host spends is not in it"});
        if (run.time_ns > 0) {
            const auto mw = [&](double pj) { return pj / run.time_ns; };  // pJ / ns = mW
            table.push_back({"Dynamic power" + under, power(mw(run.dynamic_pj.value), script),
                             "dynamic energy over chip time, steps back to back"});
            if (run.static_pj) {
                table.push_back({"Idle power" + under, power(mw(sum(*run.static_pj).value), script),
                                 "cores in use, the chip's rest and its embedded processors, from the cost table"});
            }
        }
    }
}

}  // namespace

std::vector<Figure> neurobench_table(const Report& report, Script script) {
    std::vector<Figure> table;
    if (report.samples > 0) {
        table.push_back({"Accuracy", percent(accuracy(report), script, 2),
                         fmt::format("{} of {} samples; samples without a decision count as wrong",
                                     grouped(report.correct), grouped(report.samples))});
    }
    add_algorithm(report, script, table);
    add_system(report, script, table);
    return table;
}

}  // namespace spikeloom::runtime
