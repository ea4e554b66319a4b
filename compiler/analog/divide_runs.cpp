#include "compiler/analog/divide_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "compiler/analog/dependency_order.hpp"
#include "compiler/analog/place_circuits.hpp"
#include "compiler/analog/route_spikes.hpp"

namespace spikeloom::compiler::analog {
namespace {

class Divider {
public:
    explicit Divider(const DivideInput& input)
        : in_(input), numbering_(input.network), units_(dependency_order(input.fan_in)) {}

    Result<std::vector<chip::AnalogRun>> divide() {
        std::vector<chip::AnalogRun> runs;
        for (std::size_t first = 0; first < units_.size();) {
            if (static_cast<int>(runs.size()) == in_.max_runs) {
                return fail(too_many_runs(first));
            }
            const std::size_t count = fill(first);
            if (!run_) {
                return fail(no_room(units_[first]));
            }
            runs.push_back(std::move(*run_));
            first += count;
        }
        return runs;
    }

private:
    /// Sets run_ (if even the first unit does not fit: shortage_) and says how many units it computes.
    std::size_t fill(std::size_t first) {
        run_.reset();
        const std::size_t most = fitting(first);
        if (attempt(first, most)) {
            return most;
        }
        std::size_t failed = most;
        std::size_t same_level = most;
        while (same_level > 0 && units_[first + same_level - 1].level == units_[first + most - 1].level) {
            --same_level;
        }
        if (same_level > 0) {
            if (attempt(first, same_level)) {
                return same_level;
            }
            failed = same_level;
        }
        std::size_t done = 0;
        while (failed - done > 1) {
            const std::size_t middle = done + (failed - done) / 2;
            (attempt(first, middle) ? done : failed) = middle;
        }
        return done;
    }

    /// Units from `first` on whose circuits there are, at least one.
    [[nodiscard]] std::size_t fitting(std::size_t first) const {
        std::vector<int> circuits;
        std::size_t count = 0;
        while (first + count < units_.size()) {
            for (const std::uint32_t neuron : units_[first + count].neurons) {
                circuits.push_back(circuits_for(in_.fan_in.size(neuron), in_.fabric));
            }
            if (count > 0 && columns_for(circuits, in_.fabric) > in_.fabric.columns) {
                break;
            }
            ++count;
        }
        return count;
    }

    /// Neurons whose sources crowd on one bus get more circuits, as long as there are any.
    bool attempt(std::size_t first, std::size_t count) {
        std::vector<std::uint32_t> neurons;
        for (std::size_t u = first; u < first + count; ++u) {
            neurons.insert(neurons.end(), units_[u].neurons.begin(), units_[u].neurons.end());
        }
        RunDemand demand = run_demand(in_.fan_in, std::move(neurons));
        for (const std::uint32_t neuron : demand.neurons) {
            demand.circuits.push_back(circuits_for(in_.fan_in.size(neuron), in_.fabric));
        }
        if (columns_for(demand.circuits, in_.fabric) > in_.fabric.columns) {
            shortage_ = {.limit = "neuron circuits",
                         .need = std::accumulate(demand.circuits.begin(), demand.circuits.end(), std::int64_t{0}),
                         .room = in_.fabric.circuits(),
                         .crowded = {}};
            return false;
        }
        while (true) {
            auto run = route_spikes(demand, place_circuits(demand, in_.fabric), in_.fan_in, in_.registers, in_.fabric);
            if (run) {
                run_ = std::move(*run);
                return true;
            }
            shortage_ = std::move(run.error());
            if (shortage_.crowded.empty() || !widen(demand, shortage_.crowded)) {
                return false;
            }
        }
    }

    bool widen(RunDemand& demand, const std::vector<std::uint32_t>& crowded) const {
        for (const std::uint32_t neuron : crowded) {
            demand.circuits[neuron] *= 2;
            if (demand.circuits[neuron] > std::min(in_.joined_circuits, in_.fabric.circuits())) {
                return false;
            }
        }
        return columns_for(demand.circuits, in_.fabric) <= in_.fabric.columns;
    }

    [[nodiscard]] std::string populations_of(const Unit& unit) const {
        std::string names;
        std::uint32_t last = static_cast<std::uint32_t>(in_.network.populations.size());
        for (const std::uint32_t neuron : unit.neurons) {
            if (const std::uint32_t population = numbering_.population_of(neuron); population != last) {
                names += fmt::format("{}'{}'", names.empty() ? "" : ", ", in_.network.populations[population].name);
                last = population;
            }
        }
        return names;
    }

    [[nodiscard]] Diagnostic no_room(const Unit& unit) const {
        const bool one = unit.neurons.size() == 1;
        std::size_t inputs = 0;
        for (const std::uint32_t neuron : unit.neurons) {
            inputs = std::max(inputs, in_.fan_in.size(neuron));
        }
        const std::string what =
            one ? fmt::format("a neuron of {} inputs", inputs)
                : fmt::format("a recurrent part of {} neurons with up to {} inputs each", unit.neurons.size(), inputs);
        return {
            .where = fmt::format("population {}", populations_of(unit)),
            .found = fmt::format("{} needs {} {}", what, shortage_.need, shortage_.limit),
            .allowed = fmt::format("{} in one run; a circuit takes {} signed inputs, and a neuron with more joins a "
                                   "power of two of circuits",
                                   shortage_.room, in_.fabric.signed_inputs()),
            .help = one ? "fewer inputs to a neuron"
                        : "only feed-forward parts can be divided into runs: fewer neurons on cycles, or fewer inputs "
                          "to each (ideal_analog has no limits)"};
    }

    [[nodiscard]] Diagnostic too_many_runs(std::size_t computed) const {
        std::int64_t circuits = 0;
        std::size_t left = 0;
        for (std::size_t u = 0; u < units_.size(); ++u) {
            left += u >= computed ? units_[u].neurons.size() : 0;
            for (const std::uint32_t neuron : units_[u].neurons) {
                circuits += circuits_for(in_.fan_in.size(neuron), in_.fabric);
            }
        }
        const std::int64_t bound = (circuits + in_.fabric.circuits() - 1) / in_.fabric.circuits();
        return {
            .where = fmt::format("population {}", populations_of(units_[computed])),
            .found = fmt::format("{} runs leave {} neurons uncomputed; the network needs {} circuits, that is {} runs "
                                 "of {} at least",
                                 in_.max_runs, left, circuits, bound, in_.fabric.circuits()),
            .allowed = fmt::format("{} runs", in_.max_runs),
            .help = fmt::format("allow more runs, or fewer inputs to a neuron: a circuit takes {}",
                                in_.fabric.signed_inputs())};
    }

    DivideInput in_;
    Numbering numbering_;
    std::vector<Unit> units_;
    std::optional<chip::AnalogRun> run_;
    Shortage shortage_;
};

}  // namespace

Result<std::vector<chip::AnalogRun>> divide_runs(const DivideInput& input) {
    return Divider(input).divide();
}

}  // namespace spikeloom::compiler::analog
