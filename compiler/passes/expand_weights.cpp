#include "compiler/passes/expand_weights.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>

#include "chip/image/rule_number.hpp"
#include "chip/image/synapse_size.hpp"
#include "compiler/fan_in.hpp"
#include "compiler/passes/plastic_fit.hpp"

namespace spikeloom::compiler {
namespace {

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
        : network_(network),
          models_(models),
          scaling_(scaling),
          chip_(chip),
          options_(options),
          mapped_(mapped),
          into_(network.populations.size()) {
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
            into_[network.projections[p].target.value()].push_back(p);
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

    [[nodiscard]] std::vector<Rung> ladder(chip::WeightFormat format) const;
    [[nodiscard]] static std::vector<Rung> rungs_of(const std::vector<chip::WeightFormat>& formats);
    [[nodiscard]] static std::size_t rung_for(double wanted, const Account& account, const std::vector<Rung>& rungs);
    void append_population(std::uint32_t population);
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
    std::size_t classes_ = 1;                     ///< most rungs that weights of one sign have
    std::vector<std::vector<std::size_t>> into_;  ///< by population: projections
    std::vector<Connection> connections_;
    std::vector<FanInSynapse> row_;  ///< of one neuron
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
    row_.push_back({.source = mapped_.source_first(network_.projections[p].source) + connection.source,
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
    row_.push_back({.source = mapped_.source_first(projection.source) + connection.source,
                    .weight = mantissa,
                    .format = format_id(p, positive, rung),
                    .delay = static_cast<std::uint8_t>(connection.delay_steps)});
}

void Expander::append_population(std::uint32_t population) {
    std::vector<FanIn> fan_ins;
    for (const std::size_t p : into_[population]) {
        fan_ins.emplace_back(network_, network_.projections[p]);
    }
    const auto by_source = [](const FanInSynapse& a, const FanInSynapse& b) { return a.source < b.source; };
    for (std::uint32_t neuron = 0; neuron < network_.populations[population].size(); ++neuron) {
        row_.clear();
        for (std::size_t i = 0; i < fan_ins.size(); ++i) {
            connections_.clear();
            fan_ins[i].append(neuron, connections_);
            for (const Connection& connection : connections_) {
                append(into_[population][i], connection);
            }
        }
        if (!std::ranges::is_sorted(row_, by_source)) {
            std::ranges::stable_sort(row_, by_source);
        }
        mapped_.table.add(row_);
    }
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
    mapped_.table.renumber(renumber);
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
    mapped_.table.reserve(expected);
    for (std::uint32_t population = 0; population < network_.populations.size(); ++population) {
        append_population(population);
    }
    for (std::size_t p = 0; p < accounts_.size(); ++p) {
        mapped_.losses.push_back(loss(p));
    }
    settle_formats();
}

}  // namespace

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

void expand_weights(const Network& network, const std::vector<PopulationModel>& models, const Scaling& scaling,
                    const chip::ChipSpec& chip, const QuantiseOptions& options, MappedNetwork& mapped) {
    Expander(network, models, scaling, chip, options, mapped).run();
}

}  // namespace spikeloom::compiler
