#include "compiler/passes/quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <map>

#include "chip/image/rule_number.hpp"
#include "chip/image/synapse_size.hpp"
#include "compiler/passes/neuron_model.hpp"
#include "compiler/passes/plastic_fit.hpp"
#include "compiler/passes/scale.hpp"

namespace spikeloom::compiler {
namespace {

void number_nodes(const Network& network, MappedNetwork& mapped) {
    mapped.population_first.push_back(0);
    for (const Population& population : network.populations) {
        mapped.population_first.push_back(mapped.population_first.back() +
                                          static_cast<std::uint32_t>(population.size()));
    }
    mapped.input_first.push_back(mapped.population_first.back());
    for (const InputPort& port : network.inputs) {
        mapped.input_first.push_back(mapped.input_first.back() + static_cast<std::uint32_t>(port.size()));
    }
}

std::int32_t initial_current(double wanted, const chip::NeuronFormat& format) {
    const double most = std::ldexp(1.0, format.state_bits - 1) - 1;
    return static_cast<std::int32_t>(std::lround(std::clamp(wanted, -most, most)));
}

/// `given`: registers of the network, not of our derivation.
MappedPopulation program_population(const PopulationModel& model, const PopulationScale& scale, bool given,
                                    const chip::ChipSpec& chip) {
    MappedPopulation population;
    population.voltage_per_unit = scale.voltage_per_unit;
    population.current_per_unit = model.neurons.empty() ? 1 : model.neurons[0].current_gain * scale.voltage_per_unit;
    bool any_bias = false;
    for (const DerivedNeuron& neuron : model.neurons) {
        NeuronRegisters registers = neuron.registers;
        registers.threshold_mantissa =
            given ? registers.threshold_mantissa
                  : static_cast<std::int32_t>(
                        registers.spikes ? threshold_mantissa(neuron.threshold, scale.voltage_per_unit, chip.neuron)
                                         : chip.neuron.threshold_mantissa_max);
        population.registers.push_back(registers);
        population.biases.push_back(bias_register(neuron.bias * scale.voltage_per_unit, chip.neuron));
        any_bias = any_bias || population.biases.back().mantissa != 0;
        population.initial_currents.push_back(
            initial_current(neuron.initial_current * scale.voltage_per_unit, chip.neuron));
    }
    if (std::ranges::adjacent_find(population.registers, std::ranges::not_equal_to{}) == population.registers.end() &&
        !population.registers.empty()) {
        population.registers.resize(1);
    }
    if (!any_bias) {
        population.biases.clear();
    }
    if (std::ranges::all_of(population.initial_currents, [](std::int32_t current) { return current == 0; })) {
        population.initial_currents.clear();
    }
    return population;
}

/// The longest delay of a projection, synapse delays included.
int longest_delay(const Projection& projection) {
    int longest = 0;
    if (const auto* sparse = std::get_if<SparseWeights>(&projection.weights); sparse != nullptr) {
        for (const std::uint8_t delay : sparse->delays) {
            longest = std::max<int>(longest, delay);
        }
    }
    return projection.delay_steps + longest;
}

int narrowest_delay(const chip::SynapseMemory& memory, int delay) {
    int best = 64;
    for (const int bits : memory.delay_bits) {
        if (delay < (1 << bits)) {
            best = std::min(best, bits);
        }
    }
    return best;
}

/// Taps of one axis that lie inside, over all outputs.
std::uint64_t inner_taps(const ConvolutionWeights& conv, std::size_t axis) {
    std::uint64_t taps = 0;
    for (std::uint32_t out = 0; out < conv.output[axis + 1]; ++out) {
        for (std::uint32_t tap = 0; tap < conv.kernel_size[axis]; ++tap) {
            const std::int64_t position =
                std::int64_t{out} * conv.stride[axis] + std::int64_t{tap} * conv.dilation[axis] - conv.padding[axis];
            taps += position >= 0 && position < conv.input[axis + 1] ? 1U : 0U;
        }
    }
    return taps;
}

std::uint64_t weight_count(const Projection& projection, std::size_t targets) {
    if (const auto* dense = std::get_if<DenseWeights>(&projection.weights)) {
        return dense->weights.size();
    }
    if (const auto* sparse = std::get_if<SparseWeights>(&projection.weights)) {
        return sparse->weights.size();
    }
    if (const auto* conv = std::get_if<ConvolutionWeights>(&projection.weights)) {
        return std::uint64_t{conv->output[0]} * (conv->input[0] / conv->groups) * inner_taps(*conv, 0) *
               inner_taps(*conv, 1);
    }
    return targets;
}

/// Expands projections into rows of synapses, and keeps the account of what rounding does.
class Expander {
public:
    Expander(const Network& network, const std::vector<PopulationModel>& models, const Scaling& scaling,
             const chip::ChipSpec& chip, const QuantiseOptions& options, MappedNetwork& mapped)
        : network_(network), models_(models), scaling_(scaling), chip_(chip), options_(options), mapped_(mapped) {
        for (std::size_t p = 0; p < network.projections.size(); ++p) {
            accounts_.emplace_back();
            const FormatPair& formats = scaling.projections[p];
            accounts_[p].one_sign_mode = formats.positive == formats.negative;
            const ExactFormats& exact = scaling.exact[p];
            accounts_[p].exact = !exact.positive.empty();
            accounts_[p].positive = accounts_[p].exact ? rungs_of(exact.positive) : ladder(formats.positive);
            accounts_[p].negative = accounts_[p].exact ? rungs_of(exact.negative) : ladder(formats.negative);
            classes_ = std::max({classes_, accounts_[p].positive.size(), accounts_[p].negative.size()});
            if (network.projections[p].learning) {
                mapped.learning.push_back(
                    learning_profile(network, network.projections[p], weight_per_unit(p, formats.positive)));
                accounts_[p].profile = static_cast<std::uint8_t>(mapped.learning.size());
            }
            (network.projections[p].source.kind == Source::Kind::input ? by_input_ : by_population_)
                .emplace(network.projections[p].source.index, p);
        }
    }

    void run();

private:
    /// One synapse format of a projection while it is filled.
    struct Rung {
        chip::WeightFormat format;
        WeightLattice lattice;
        unsigned mantissas = 0;  ///< all magnitudes, ored
    };
    /// What became of one projection. Rungs from coarse to fine.
    struct Account {
        std::vector<Rung> positive;
        std::vector<Rung> negative;
        bool one_sign_mode = false;  ///< weights of both signs share the positive rungs
        bool exact = false;          ///< each weight has a rung that holds it, or is rounded knowingly
        std::uint8_t profile = 0;    ///< of the learning that its synapses follow; 0: none
        std::uint64_t synapses = 0, zeroed = 0, clipped = 0;
        double squared_error = 0, squared_weight = 0, largest_error = 0, largest_weight = 0;
    };
    using BySource = std::multimap<std::uint32_t, std::size_t>;

    [[nodiscard]] std::vector<Rung> ladder(chip::WeightFormat format) const;
    [[nodiscard]] static std::vector<Rung> rungs_of(const std::vector<chip::WeightFormat>& formats);
    [[nodiscard]] static std::size_t rung_for(double wanted, const Account& account, const std::vector<Rung>& rungs);
    void append_row(const BySource& projections, std::uint32_t source_index, std::uint32_t neuron);
    /// Contribution to u, in units of 2^6, of a weight of 1 to a neuron of the projection's target.
    [[nodiscard]] double unit(std::size_t p, std::uint32_t neuron) const {
        const std::uint32_t population = network_.projections[p].target.value();
        return models_[population].neurons[neuron].gain * scaling_.populations[population].voltage_per_unit / 64.0;
    }
    [[nodiscard]] double weight_per_unit(std::size_t p, const chip::WeightFormat& format) const;
    void append(std::size_t p, const Connection& connection);
    void append_plastic(std::size_t p, const Connection& connection);
    void count(Account& account, double weight, double error);
    [[nodiscard]] FormatLearning learning_of(std::uint8_t profile) const;
    void settle_formats();
    [[nodiscard]] std::uint16_t format_id(std::size_t p, bool positive, std::size_t rung) const {
        return static_cast<std::uint16_t>((2 * p + (positive ? 0 : 1)) * classes_ + rung);
    }
    [[nodiscard]] chip::ProjectionLoss loss(std::size_t p) const;

    const Network& network_;
    const std::vector<PopulationModel>& models_;
    const Scaling& scaling_;
    const chip::ChipSpec& chip_;
    const QuantiseOptions& options_;
    MappedNetwork& mapped_;
    std::vector<Account> accounts_;
    std::size_t classes_ = 1;  ///< most rungs that weights of one sign have
    BySource by_population_;
    BySource by_input_;
    std::vector<Connection> connections_;
    std::vector<MappedSynapse> synapses_;  ///< of the table, in the making
};

std::vector<Expander::Rung> Expander::ladder(chip::WeightFormat format) const {
    constexpr int octaves = 2;
    std::vector<Rung> rungs{{.format = format, .lattice = WeightLattice(format)}};
    for (int i = 1; i < options_.magnitude_classes && rungs.back().lattice.step > 1; ++i) {
        format.weight_exponent -= octaves;
        if (format.weight_exponent < chip_.synapses.weight_exponent.least) {
            break;
        }
        rungs.push_back({.format = format, .lattice = WeightLattice(format)});
    }
    return rungs;
}

std::vector<Expander::Rung> Expander::rungs_of(const std::vector<chip::WeightFormat>& formats) {
    std::vector<Rung> rungs;
    for (const chip::WeightFormat& format : formats) {
        rungs.push_back({.format = format, .lattice = WeightLattice(format)});
    }
    return rungs;
}

/// The finest that reaches the weight; exactly, where one does.
std::size_t Expander::rung_for(double wanted, const Account& account, const std::vector<Rung>& rungs) {
    if (account.exact) {
        const auto holds = [&](const Rung& rung) { return rung.lattice.nearest(wanted) == wanted; };
        const auto found = std::ranges::find_if(rungs, holds);
        if (found != rungs.end()) {
            return static_cast<std::size_t>(found - rungs.begin());
        }
    }
    std::size_t rung = rungs.size() - 1;
    while (rung > 0 && !rungs[rung].lattice.reaches(wanted)) {
        --rung;
    }
    return rung;
}

/// The targets' gains may differ, and with them what a unit stands for: it is that of the largest gain.
double Expander::weight_per_unit(std::size_t p, const chip::WeightFormat& format) const {
    double most = 0;
    const std::size_t targets = network_.populations[network_.projections[p].target.value()].size();
    for (std::uint32_t neuron = 0; neuron < targets; ++neuron) {
        most = std::max(most, unit(p, neuron));
    }
    return std::ldexp(1.0, unit_exponent(format, chip_)) / most;
}

void Expander::count(Account& account, double weight, double error) {
    ++account.synapses;
    account.squared_error += error * error;
    account.squared_weight += weight * weight;
    account.largest_error = std::max(account.largest_error, std::abs(error));
    account.largest_weight = std::max(account.largest_weight, std::abs(weight));
}

/// As stored: to the last bit of the register, zero included.
void Expander::append_plastic(std::size_t p, const Connection& connection) {
    Account& account = accounts_[p];
    Rung& rung = account.positive.front();
    const double scale = unit(p, connection.target);
    const double wanted = scale * connection.weight;
    const PlasticMantissa mantissa = plastic_mantissa(wanted, rung.format, chip_);
    count(account, connection.weight, (std::ldexp(mantissa.value, unit_exponent(rung.format, chip_)) - wanted) / scale);
    account.clipped += mantissa.clipped ? 1U : 0U;
    rung.mantissas = 1;  // the narrowest weight would do for now, but not for what is learned
    synapses_.push_back({.target = mapped_.population_first[network_.projections[p].target.value()] + connection.target,
                         .weight = mantissa.value,
                         .format = format_id(p, true, 0),
                         .delay = static_cast<std::uint8_t>(connection.delay_steps)});
}

void Expander::append(std::size_t p, const Connection& connection) {
    if (accounts_[p].profile > 0) {
        append_plastic(p, connection);
        return;
    }
    const Projection& projection = network_.projections[p];
    Account& account = accounts_[p];
    const std::uint32_t population = projection.target.value();
    const double scale = unit(p, connection.target);
    const double wanted = scale * connection.weight;
    const bool positive = wanted >= 0 || account.one_sign_mode;
    std::vector<Rung>& rungs = positive ? account.positive : account.negative;
    const std::size_t rung = rung_for(wanted, account, rungs);
    const WeightLattice& lattice = rungs[rung].lattice;
    const std::int32_t held = lattice.nearest(wanted);

    const double weight = connection.weight;
    count(account, weight, scale != 0 ? (held - wanted) / scale : -weight);
    account.clipped += lattice.reaches(wanted) ? 0U : 1U;
    if (held == 0) {
        ++account.zeroed;
        return;
    }
    const std::int16_t mantissa = lattice.mantissa(held);
    rungs[rung].mantissas |= static_cast<unsigned>(std::abs(mantissa));
    synapses_.push_back({.target = mapped_.population_first[population] + connection.target,
                         .weight = mantissa,
                         .format = format_id(p, positive, rung),
                         .delay = static_cast<std::uint8_t>(connection.delay_steps)});
}

void Expander::append_row(const BySource& projections, std::uint32_t source_index, std::uint32_t neuron) {
    const auto first = static_cast<std::ptrdiff_t>(synapses_.size());
    const auto [begin, end] = projections.equal_range(source_index);
    for (auto it = begin; it != end; ++it) {
        connections_.clear();
        append_connections(network_, network_.projections[it->second], neuron, connections_);
        for (const Connection& connection : connections_) {
            append(it->second, connection);
        }
    }
    const auto by_target = [](const MappedSynapse& a, const MappedSynapse& b) { return a.target < b.target; };
    const auto row = synapses_.begin() + first;
    if (!std::is_sorted(row, synapses_.end(), by_target)) {
        std::stable_sort(row, synapses_.end(), by_target);
    }
    mapped_.table.row_begin.push_back(synapses_.size());
}

FormatLearning Expander::learning_of(std::uint8_t profile) const {
    if (profile == 0) {
        return {};
    }
    const rules::Rule& rule = mapped_.learning[profile - 1U].rule;
    return {.profile = profile,
            .rule = chip::rule_number(mapped_.learning, profile - 1U),
            .tag_bits = chip::tag_bits_of(rule, chip_.learning),
            .longest_delay = rule.dd.empty() ? 0 : chip_.learning.arithmetic.delay_most};
}

/// Narrows widths that hold more bits than any mantissa needs, and merges equal formats.
void Expander::settle_formats() {
    std::map<std::pair<chip::WeightFormat, std::uint8_t>, std::uint16_t> known;  // by format and learning
    std::vector<std::uint16_t> renumber(format_id(accounts_.size(), true, 0), 0);
    for (std::size_t p = 0; p < accounts_.size(); ++p) {
        const std::uint8_t profile = accounts_[p].profile;
        const int delay_bits = narrowest_delay(
            chip_.synapses, std::max(longest_delay(network_.projections[p]), learning_of(profile).longest_delay));
        int widest = 0;
        for (const bool positive : {true, false}) {
            const std::vector<Rung>& rungs = positive ? accounts_[p].positive : accounts_[p].negative;
            for (std::size_t i = 0; i < rungs.size(); ++i) {
                if (rungs[i].mantissas == 0) {
                    continue;
                }
                chip::WeightFormat format = rungs[i].format;
                if (profile == 0) {
                    format.weight_bits = narrowest_weight(chip_.synapses, format.sign_mode,
                                                          std::countr_zero(rungs[i].mantissas), format.weight_bits);
                }
                format.delay_bits = delay_bits;
                renumber[format_id(p, positive, i)] =
                    known.emplace(std::pair(format, profile), static_cast<std::uint16_t>(known.size())).first->second;
                widest = std::max(widest, format.weight_bits);
            }
        }
        mapped_.losses[p].weight_bits = widest > 0 ? widest : mapped_.losses[p].weight_bits;
    }
    mapped_.table.formats.resize(known.size());
    if (!mapped_.learning.empty()) {
        mapped_.table.learning.resize(known.size());
    }
    for (const auto& [format, id] : known) {
        mapped_.table.formats[id] = format.first;
        if (!mapped_.learning.empty()) {
            mapped_.table.learning[id] = learning_of(format.second);
        }
    }
    for (MappedSynapse& synapse : synapses_) {
        synapse.format = renumber[synapse.format];
    }
    mapped_.table.synapses = std::move(synapses_);
}

chip::ProjectionLoss Expander::loss(std::size_t p) const {
    const Projection& projection = network_.projections[p];
    const Account& account = accounts_[p];
    const FormatPair& formats = scaling_.projections[p];
    return {.name = projection.name,
            .weights = weight_count(projection, network_.populations[projection.target.value()].size()),
            .synapses = account.synapses,
            .zeroed = account.zeroed,
            .clipped = account.clipped,
            .rms_error = account.squared_weight > 0 ? std::sqrt(account.squared_error / account.squared_weight) : 0,
            .max_error = account.largest_weight > 0 ? account.largest_error / account.largest_weight : 0,
            .weight_exponent = std::max(formats.positive.weight_exponent, formats.negative.weight_exponent),
            .weight_bits = formats.positive.weight_bits};
}

void Expander::run() {
    std::uint64_t expected = 0;
    for (const Projection& projection : network_.projections) {
        const auto* sparse = std::get_if<SparseWeights>(&projection.weights);
        const auto* dense = std::get_if<DenseWeights>(&projection.weights);
        expected += sparse != nullptr ? sparse->targets.size() : dense != nullptr ? dense->weights.size() : 0;
    }
    synapses_.reserve(expected);  // growth by doubling would hold twice the table
    mapped_.table.row_begin.push_back(0);
    for (std::uint32_t i = 0; i < network_.populations.size(); ++i) {
        for (std::uint32_t neuron = 0; neuron < network_.populations[i].size(); ++neuron) {
            append_row(by_population_, i, neuron);
        }
    }
    for (std::uint32_t i = 0; i < network_.inputs.size(); ++i) {
        for (std::uint32_t channel = 0; channel < network_.inputs[i].size(); ++channel) {
            append_row(by_input_, i, channel);
        }
    }
    for (std::size_t p = 0; p < accounts_.size(); ++p) {
        mapped_.losses.push_back(loss(p));
    }
    settle_formats();
}

/// What the compiler itself can number.
void check_size(const Network& network, int magnitude_classes, Diagnostics& findings) {
    std::uint64_t neurons = 0;
    for (const Population& population : network.populations) {
        neurons += population.size();
    }
    if (neurons > most_mapped_neurons) {
        findings.push_back(
            {Severity::error, fmt::format("network '{}'", network.name), fmt::format("{} neurons", neurons),
             fmt::format("at most {} (the compiler's own limit)", most_mapped_neurons), "compile it in parts"});
    }
    const std::size_t formats =
        2 * network.projections.size() * static_cast<std::size_t>(std::max(magnitude_classes, 1));
    if (formats > most_mapped_formats) {
        findings.push_back(
            {Severity::error, fmt::format("network '{}'", network.name),
             fmt::format("{} projections", network.projections.size()),
             fmt::format("at most {} (the compiler's own limit)",
                         most_mapped_formats / static_cast<std::size_t>(2 * std::max(magnitude_classes, 1))),
             "join projections between the same populations"});
    }
}

void check_projections(const Network& network, const chip::ChipSpec& chip, Diagnostics& findings) {
    for (const InputPort& port : network.inputs) {
        if (port.graded && chip.neuron.payload_bits <= 0) {
            findings.push_back({Severity::error, fmt::format("input '{}'", port.name), "its spikes carry values",
                                fmt::format("spikes without value (chip '{}')", chip.name),
                                "compute what the port feeds outside the chip (netx: --netx-input spikes)"});
        }
    }
    for (const Projection& projection : network.projections) {
        const std::string where = fmt::format("projection '{}'", projection.name);
        const int delay = longest_delay(projection);
        const bool representable = narrowest_delay(chip.synapses, delay) <= 8;
        if (delay > chip.synapses.max_delay || !representable) {
            findings.push_back({Severity::error, where, fmt::format("delay of {} steps", delay),
                                fmt::format("at most {} (chip '{}')", chip.synapses.max_delay, chip.name),
                                "use a longer step or shorter delays"});
        }
        if (projection.source.kind == Source::Kind::population &&
            !spikes(network.populations[projection.source.index].kind)) {
            findings.push_back({Severity::error, where,
                                fmt::format("its source, population '{}', never spikes",
                                            network.populations[projection.source.index].name),
                                "spiking sources: the chip's messages are spikes", "add a spiking layer between them"});
        }
    }
}

/// Weights into given registers that no synapse delivers.
void check_exact(const Network& network, const Scaling& scaling, const chip::ChipSpec& chip, bool approximate,
                 Diagnostics& findings) {
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
        const std::vector<std::int32_t>& lost = scaling.exact[p].lost;
        if (!lost.empty()) {
            findings.push_back(
                {.severity = approximate ? Severity::warning : Severity::error,
                 .where = fmt::format("projection '{}'", network.projections[p].name),
                 .found = fmt::format("{} different weights that no synapse format of chip '{}' holds exactly, {} for "
                                      "one",
                                      lost.size(), chip.name, lost.front()),
                 .allowed = "0..255 times a power of two, of either sign",
                 .help = approximate ? "" : "--approximate-weights rounds them"});
        }
    }
}

void remark_losses(const Network& network, const MappedNetwork& mapped, const Scaling& scaling,
                   const chip::ChipSpec& chip, Diagnostics& remarks) {
    for (const chip::ProjectionLoss& loss : mapped.losses) {
        if (loss.synapses > 0 && loss.zeroed * 5 > loss.synapses) {
            remarks.push_back({Severity::warning, fmt::format("projection '{}'", loss.name),
                               fmt::format("{} of {} weights are zero on the chip (weight error {:.1f} % rms)",
                                           loss.zeroed, loss.synapses, 100 * loss.rms_error),
                               "", "a few large weights set the scale: clip them, or split the projection"});
        }
    }
    for (std::size_t p = 0, profile = 0; p < network.projections.size(); ++p) {
        if (network.projections[p].learning) {
            remark_reach(network.projections[p], mapped.learning[profile++], chip, remarks);
        }
    }
    for (std::size_t i = 0; i < scaling.populations.size(); ++i) {
        if (scaling.populations[i].simultaneous < 1) {
            const auto severity = scaling.populations[i].simultaneous < 0.1 ? Severity::warning : Severity::note;
            remarks.push_back({severity, fmt::format("population '{}'", network.populations[i].name),
                               fmt::format("if more than {:.1f} % of a neuron's sources of one sign spike together, "
                                           "its registers may overflow",
                                           100 * scaling.populations[i].simultaneous),
                               "", ""});
        }
    }
}

}  // namespace

Result<MappedNetwork> quantise(const Network& network, const chip::ChipSpec& chip, const QuantiseOptions& options,
                               Diagnostics& remarks) {
    Diagnostics findings;
    const int weight_bits = widest_weight(chip.synapses, options.weight_bits);
    if (weight_bits < 1) {
        findings.push_back({Severity::error, "options", fmt::format("weights of at most {} bits", options.weight_bits),
                            fmt::format("a width of chip '{}'", chip.name), ""});
    }
    std::vector<PopulationModel> models;
    for (std::size_t i = 0; i < network.populations.size(); ++i) {
        models.push_back(
            derive_neuron_model(network, i, chip, {.approximate_reset = options.approximate_reset}, findings));
    }
    check_size(network, options.magnitude_classes, findings);
    check_projections(network, chip, findings);
    check_plastic(network, chip, findings);
    check_gains(network, models, findings);
    if (has_error(findings)) {
        return fail(std::move(findings));
    }

    const DriveSurvey survey = survey_drive(network, models);
    const Scaling scaling = choose_scales(network, models, survey, chip, weight_bits, options.split);
    check_exact(network, scaling, chip, options.approximate_weights, findings);
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    remarks.insert(remarks.end(), findings.begin(), findings.end());
    MappedNetwork mapped;
    number_nodes(network, mapped);
    for (std::size_t i = 0; i < models.size(); ++i) {
        mapped.populations.push_back(
            program_population(models[i], scaling.populations[i], network.populations[i].fixed.has_value(), chip));
    }
    Expander(network, models, scaling, chip, options, mapped).run();
    remark_losses(network, mapped, scaling, chip, remarks);
    return mapped;
}

}  // namespace spikeloom::compiler
