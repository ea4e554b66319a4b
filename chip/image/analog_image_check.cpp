#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "chip/image/analog_image.hpp"
#include "chip/image/image_findings.hpp"

namespace spikeloom::chip {
namespace {

/// Channels are not backed by bytes of the file where a chip's host does not send them all.
constexpr std::uint64_t most_elements = std::uint64_t{1} << 24;
constexpr double rounding = 1e-9;  // relative, of parameters that were computed

bool positive(double value) {
    return value > 0 && std::isfinite(value);
}

bool within(const RealRange& range, double value) {
    return range.least * (1 - rounding) <= value && value <= range.most * (1 + rounding);
}

class Checker {
public:
    explicit Checker(const AnalogImage& image) : image_(image), chip_(image.chip) {}

    Diagnostics check() {
        symbols();
        coding();
        for (std::size_t i = 0; i < image_.neurons.size() && !findings_.full(); ++i) {
            neuron(i);
        }
        if (!findings_.none()) {
            return findings_.take();  // what follows goes by these numbers
        }
        if (chip_.ideal) {
            ideal();
        } else {
            check_runs(image_, findings_);
        }
        return findings_.take();
    }

private:
    // What holds of every chip.

    template <class Symbol>
    std::uint64_t symbol(const Symbol& symbol, const std::string& where, std::uint32_t first, std::uint64_t expected) {
        if (first != expected) {
            findings_.add(where, fmt::format("starts at number {}", first),
                          fmt::format("{}, where the one before ends", expected));
        }
        std::uint64_t elements = 1;
        for (const std::uint32_t extent : symbol.shape) {
            elements = elements > most_elements ? elements : elements * extent;
        }
        if (elements != symbol.count) {
            findings_.add(where, fmt::format("has {} elements, and a shape of {}", symbol.count, elements),
                          "a shape of as many");
        }
        if (!names_.insert(symbol.name).second) {
            findings_.add(where, fmt::format("the name '{}' stands a second time", symbol.name), "names that differ");
        }
        return expected + symbol.count;
    }

    void symbols() {
        std::uint64_t next = 0;
        for (const AnalogInput& input : image_.inputs) {
            const std::string where = fmt::format("input '{}'", input.name);
            next = symbol(input, where, input.first_channel, next);
            for (const double time : input.constant_times) {
                if (!(time >= 0) || !std::isfinite(time)) {
                    findings_.add(where, fmt::format("a constant spike at {} s", time), "at 0 or later");
                }
            }
        }
        count("input channels", next);
        next = 0;
        for (const AnalogPopulation& population : image_.populations) {
            next = symbol(population, fmt::format("population '{}'", population.name), population.first_neuron, next);
        }
        count("neurons", next);
        if (next != image_.neurons.size()) {
            findings_.add("populations", fmt::format("{} neurons, and parameters of {}", next, image_.neurons.size()),
                          "parameters of every neuron");
        }
        std::set<std::uint32_t> seen;
        for (const std::uint32_t output : image_.outputs) {
            findings_.range("outputs", "the population", output,
                            {.least = 0, .most = static_cast<std::int64_t>(image_.populations.size()) - 1});
            if (!seen.insert(output).second) {
                findings_.add("outputs", fmt::format("population {} is named a second time", output), "once");
            }
        }
    }

    void count(const char* what, std::uint64_t found) {
        if (found > most_elements) {
            findings_.add(what, fmt::format("there are {}", found), fmt::format("at most {}", most_elements));
        }
    }

    void coding() {
        if (!image_.coding) {
            return;
        }
        const TtfsCoding& coding = *image_.coding;
        if (!positive(coding.time_unit_s) || !positive(coding.window_s)) {
            findings_.add("coding",
                          fmt::format("a unit of {} s and a window of {} s", coding.time_unit_s, coding.window_s),
                          "finite numbers above 0");
        }
        if (!(coding.earliest_s >= 0) || !(coding.earliest_s <= coding.latest_s) || !std::isfinite(coding.latest_s) ||
            !std::isfinite(coding.silent_below)) {
            findings_.add("coding",
                          fmt::format("values are times of {}..{} s, silent up to {}", coding.earliest_s,
                                      coding.latest_s, coding.silent_below),
                          "finite numbers, 0 <= earliest <= latest");
        }
    }

    void number(const std::string& where, const char* what, double found, bool sound, const char* allowed) {
        if (!sound) {
            findings_.add(where, fmt::format("{} is {}", what, found), allowed);
        }
    }

    void neuron(std::size_t index) {
        const std::string where = fmt::format("neuron {}", index);
        const NeuronTarget& target = image_.neurons[index];
        const Lif& lif = target.model.lif;
        number(where, "tau_mem", lif.tau_mem, positive(lif.tau_mem), "finite, above 0");
        number(where, "tau_syn", lif.tau_syn, positive(lif.tau_syn), "finite, above 0");
        number(where, "resistance", lif.resistance, positive(lif.resistance), "finite, above 0");
        number(where, "leak", lif.leak, std::isfinite(lif.leak), "finite");
        number(where, "reset", lif.reset, std::isfinite(lif.reset), "finite");
        number(where, "threshold", lif.threshold, lif.threshold > lif.reset, "above the reset, or infinite");
        number(where, "refractory", lif.refractory, lif.refractory >= 0, "at least 0, or infinite");
        number(where, "weight_unit", target.weight_unit, positive(target.weight_unit), "finite, above 0");
        adaptive(where, target.model, target.adaptive);
        if (!chip_.ideal) {
            settable(where, target);
        }
    }

    /// Where the neuron is not adaptive, its numbers have only to be numbers.
    void adaptive(const std::string& where, const AdEx& model, bool used) {
        number(where, "tau_syn_inhibitory", model.tau_syn_inhibitory,
               std::isfinite(model.tau_syn_inhibitory) && (!used || model.tau_syn_inhibitory >= 0),
               "finite, at least 0");
        number(where, "slope", model.slope, std::isfinite(model.slope) && (!used || model.slope > 0),
               "finite, above 0");
        number(where, "tau_w", model.tau_w, std::isfinite(model.tau_w) && (!used || model.tau_w > 0),
               "finite, above 0");
        for (const auto& [what, value] :
             {std::pair("exp_threshold", model.exp_threshold), std::pair("a", model.a), std::pair("b", model.b),
              std::pair("e_excitatory", model.e_excitatory), std::pair("e_inhibitory", model.e_inhibitory)}) {
            number(where, what, value, std::isfinite(value), "finite");
        }
    }

    void settable(const std::string& where, const NeuronTarget& target) {
        const auto range = [&](const char* what, double found, const RealRange& allowed) {
            if (!within(allowed, found)) {
                findings_.add(where, fmt::format("{} is {} s", what, found),
                              fmt::format("{}..{} s on this chip", allowed.least, allowed.most));
            }
        };
        const Lif& lif = target.model.lif;
        range("tau_mem", lif.tau_mem, chip_.ranges.tau_mem_s);
        range("tau_syn", lif.tau_syn, chip_.ranges.tau_syn_s);
        if (lif.refractory != never && lif.threshold != never) {
            range("refractory", lif.refractory, chip_.ranges.refractory_s);
        }
        if (target.adaptive && target.model.tau_syn_inhibitory > 0) {
            range("tau_syn_inhibitory", target.model.tau_syn_inhibitory, chip_.ranges.tau_syn_s);
        }
    }

    // An ideal chip.

    void ideal() {
        const IdealSynapses& synapses = image_.synapses;
        if (!image_.runs.empty()) {
            findings_.add("runs", fmt::format("an ideal chip with {} runs", image_.runs.size()), "none");
        }
        const std::size_t sources = image_.channels() + image_.neurons.size();
        const std::size_t all = synapses.targets.size();
        if (synapses.row_begin.size() != sources + 1 || synapses.row_begin.front() != 0 ||
            synapses.row_begin.back() != all || !std::ranges::is_sorted(synapses.row_begin)) {
            findings_.add("synapses", fmt::format("their rows are not those of {} sources", sources),
                          "offsets that ascend from 0 to the number of synapses, one more than sources");
        }
        if (synapses.weights.size() != all || (!synapses.delays.empty() && synapses.delays.size() != all)) {
            findings_.add(
                "synapses",
                fmt::format("{} targets, {} weights, {} delays", all, synapses.weights.size(), synapses.delays.size()),
                "a weight each, and a delay each or none at all");
            return;
        }
        for (std::size_t i = 0; i < all && !findings_.full(); ++i) {
            const double delay = synapses.delays.empty() ? 0 : synapses.delays[i];
            if (synapses.targets[i] >= image_.neurons.size() || !std::isfinite(synapses.weights[i]) || !(delay >= 0) ||
                !std::isfinite(delay)) {
                findings_.add(
                    fmt::format("synapse {}", i),
                    fmt::format("weight {} onto neuron {} after {} s", synapses.weights[i], synapses.targets[i], delay),
                    fmt::format("one of {} neurons, finite numbers, a delay of at least 0", image_.neurons.size()));
            }
        }
    }

    const AnalogImage& image_;
    const AnalogSpec& chip_;
    Findings findings_;
    std::set<std::string> names_;
};

}  // namespace

Diagnostics check_analog_image(const AnalogImage& image) {
    Diagnostics findings = check_analog_limits(image.chip);
    return findings.empty() ? Checker(image).check() : findings;
}

}  // namespace spikeloom::chip
