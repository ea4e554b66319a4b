#include "compiler/analog/check_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace spikeloom::compiler::analog {
namespace {

constexpr const char* no_limits = "run it on ideal_analog, which has no limits";

class FitChecker {
public:
    FitChecker(const TimedNetwork& network, const FanIn& fan_in, const chip::AnalogSpec& chip)
        : network_(network), fan_in_(fan_in), chip_(chip) {}

    Diagnostics check() {
        check_delays();
        const Numbering numbering(network_);
        for (std::size_t p = 0; p < network_.populations.size(); ++p) {
            const TimedPopulation& population = network_.populations[p];
            where_ = fmt::format("population '{}'", population.name);
            check_times(population);
            check_refractory(population);
            check_potentials(population);
            check_inputs(population, numbering.first_neuron(p));
        }
        return std::move(findings_);
    }

private:
    void refuse(const std::string& found, const std::string& allowed, const std::string& help) {
        findings_.push_back({.where = where_, .found = found, .allowed = allowed, .help = help});
    }

    void check_delays() {
        for (const TimedProjection& projection : network_.projections) {
            const double longest = projection.delays.empty() ? 0 : std::ranges::max(projection.delays);
            if (longest > 0) {
                const auto delayed = std::ranges::count_if(projection.delays, [](double delay) { return delay > 0; });
                where_ = fmt::format("projection '{}'", projection.name);
                refuse(fmt::format("{} of {} synapses have a delay, up to {:.4g} us", delayed, projection.delays.size(),
                                   1e6 * longest),
                       fmt::format("chip '{}' has no synaptic delays", chip_.name),
                       "run it on ideal_analog, or train it without delays");
            }
        }
    }

    template <class Value>
    static std::pair<double, double> span_of(const TimedPopulation& population, Value value) {
        double least = value(population.neurons.front());
        double most = least;
        for (const AdEx& neuron : population.neurons) {
            least = std::min(least, value(neuron));
            most = std::max(most, value(neuron));
        }
        return {least, most};
    }

    void check_time(const std::string& name, std::pair<double, double> times, const chip::RealRange& range) {
        if (range.contains(times.first) && range.contains(times.second)) {
            return;
        }
        refuse(
            fmt::format("{} of {}", name,
                        times.first == times.second
                            ? fmt::format("{:.4g} us", 1e6 * times.first)
                            : fmt::format("{:.4g} to {:.4g} us", 1e6 * times.first, 1e6 * times.second)),
            fmt::format("{:.4g} to {:.4g} us on chip '{}'", 1e6 * range.least, 1e6 * range.most, chip_.name),
            fmt::format("scale all times of the network (compile --time-scale {:.4g}: the chip is {:.0f} times faster "
                        "than biology), or run it on ideal_analog, which has no limits",
                        1 / chip_.speed_up, chip_.speed_up));
    }

    void check_times(const TimedPopulation& population) {
        check_time("tau_mem", span_of(population, [](const AdEx& n) { return n.lif.tau_mem; }), chip_.ranges.tau_mem_s);
        check_time("tau_syn", span_of(population, [](const AdEx& n) { return n.lif.tau_syn; }), chip_.ranges.tau_syn_s);
        if (population.adaptive) {
            check_time(
                "inhibitory tau_syn",
                span_of(population,
                        [](const AdEx& n) { return n.tau_syn_inhibitory > 0 ? n.tau_syn_inhibitory : n.lif.tau_syn; }),
                chip_.ranges.tau_syn_s);
        }
    }

    void check_refractory(const TimedPopulation& population) {
        const chip::RealRange& range = chip_.ranges.refractory_s;
        double longest = 0;
        bool raised = false;
        for (const AdEx& neuron : population.neurons) {
            if (neuron.lif.threshold == never) {
                continue;
            }
            raised = raised || neuron.lif.refractory < range.least;
            longest = std::isfinite(neuron.lif.refractory) ? std::max(longest, neuron.lif.refractory) : longest;
        }
        if (longest > range.most) {
            refuse(fmt::format("a refractory time of {:.4g} us", 1e6 * longest),
                   fmt::format("{:.4g} to {:.4g} us on chip '{}', or never (one spike a sample)", 1e6 * range.least,
                               1e6 * range.most, chip_.name),
                   "a shorter one, or never");
        }
        if (raised) {
            findings_.push_back(
                {.severity = Severity::note,
                 .where = where_,
                 .found = fmt::format("refractory times below the chip's least are raised to it, {:.4g} us",
                                      1e6 * range.least)});
        }
    }

    void check_potentials(const TimedPopulation& population) {
        const chip::RealRange& range = chip_.ranges.potential_lsb;
        for (const AdEx& neuron : population.neurons) {
            if (neuron.lif.threshold == never) {
                continue;
            }
            if (neuron.lif.threshold <= neuron.lif.leak) {
                refuse(fmt::format("threshold {:.4g} is not above the leak potential {:.4g}", neuron.lif.threshold,
                                   neuron.lif.leak),
                       "a neuron that rests below its threshold", no_limits);
                return;
            }
            const double reset = potential_lsb(neuron.lif.reset, neuron.lif, chip_);
            if (!range.contains(reset)) {
                refuse(
                    fmt::format("reset potential {:.4g} would lie at {:.1f} LSB, with leak at {:.0f} and threshold at "
                                "{:.0f}",
                                neuron.lif.reset, reset, chip_.ranges.leak_lsb, chip_.ranges.threshold_lsb),
                    fmt::format("{:.0f} to {:.0f} LSB on chip '{}'", range.least, range.most, chip_.name),
                    "a reset nearer to the leak potential");
                return;
            }
        }
    }

    void check_inputs(const TimedPopulation& population, std::uint32_t first) {
        std::size_t most = 0;
        for (std::uint32_t n = first; n < first + population.size(); ++n) {
            most = std::max(most, fan_in_.size(n));
        }
        const int circuits = std::min(chip_.array.joined_circuits, chip_.array.circuits());
        const std::size_t room =
            static_cast<std::size_t>(circuits) * static_cast<std::size_t>(chip_.array.signed_inputs());
        if (most > room) {
            refuse(fmt::format("a neuron has {} inputs", most),
                   fmt::format("{}: {} circuits joined, {} signed inputs each", room, circuits,
                               chip_.array.signed_inputs()),
                   "fewer inputs a neuron, or a layer between");
        }
    }

    const TimedNetwork& network_;
    const FanIn& fan_in_;
    const chip::AnalogSpec& chip_;
    std::string where_;
    Diagnostics findings_;
};

}  // namespace

double chip_refractory(double refractory, const chip::AnalogSpec& chip) {
    return std::max(refractory, chip.ranges.refractory_s.least);
}

double potential_lsb(double potential, const Lif& neuron, const chip::AnalogSpec& chip) {
    const double width = std::isfinite(neuron.threshold) ? neuron.threshold - neuron.leak : 1;
    const chip::AnalogRanges& ranges = chip.ranges;
    return ranges.leak_lsb + (potential - neuron.leak) / width * (ranges.threshold_lsb - ranges.leak_lsb);
}

Diagnostics check_fit(const TimedNetwork& network, const FanIn& fan_in, const chip::AnalogSpec& chip) {
    return FitChecker(network, fan_in, chip).check();
}

}  // namespace spikeloom::compiler::analog
