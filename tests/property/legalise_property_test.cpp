// A neuron that no core holds, made of several, computes what it would on one large core: random networks on boards
// whose cores take in few sources, run beside the same network, unsplit, on one core without limits. Spikes and states
// are equal, as many steps later as the compiler says; and what a split could get wrong, its verifier notices.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chip/chip.hpp"
#include "compiler/compile.hpp"
#include "compiler/text/network_text.hpp"
#include "property/random_chips.hpp"
#include "property/random_networks.hpp"
#include "support/networks.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::compiler {
namespace {

/// The neurons of the first populations of an image, step by step.
class Machine {
public:
    Machine(const chip::Image& image, std::size_t populations)
        : image_(image), populations_(populations), chip_(load(image)) {}

    struct Neuron {
        std::int32_t sent = 0;
        std::int32_t voltage = 0;
        friend bool operator==(const Neuron&, const Neuron&) = default;
    };
    /// By population and neuron, after the step.
    std::vector<std::vector<Neuron>> step(const std::vector<chip::InputSpike>& inputs) {
        chip_.step(inputs);
        std::vector<std::vector<std::int32_t>> sent;
        for (const chip::CoreImage& core : image_.cores) {
            sent.emplace_back(core.compartments, 0);
        }
        for (const chip::CoreSpike& spike : chip_.spikes()) {
            sent[spike.core.value()][spike.compartment.value()] = spike.payload;
        }
        std::vector<std::vector<Neuron>> all;
        for (std::size_t p = 0; p < populations_; ++p) {
            std::vector<Neuron>& own = all.emplace_back();
            const chip::PopulationSymbol& symbol = image_.populations[p];
            for (const chip::PopulationTile& tile : symbol.tiles) {
                for (std::uint32_t i = 0; i < tile.count; ++i) {
                    const std::uint32_t compartment = symbol.compartment(tile, i);
                    own.push_back({.sent = sent[tile.core.value()][compartment],
                                   .voltage = chip_.voltage(tile.core, CompartmentId(compartment))});
                }
            }
        }
        return all;
    }

private:
    static chip::Chip load(const chip::Image& image) {
        auto chip = chip::Chip::load(image, {});
        REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
        return std::move(*chip);
    }
    const chip::Image& image_;
    std::size_t populations_;
    chip::Chip chip_;
};

constexpr int steps = 30;

std::vector<std::vector<chip::InputSpike>> draw_stimulus(const Network& network, std::uint64_t seed) {
    test::Draws draws(seed);
    const double probability = draws.uniform(0.05, 0.4);
    std::vector<std::vector<chip::InputSpike>> stimulus(steps);
    for (std::vector<chip::InputSpike>& spikes : stimulus) {
        for (std::uint32_t port = 0; port < network.inputs.size(); ++port) {
            for (std::uint32_t channel = 0; channel < network.inputs[port].size(); ++channel) {
                if (draws.chance(probability)) {
                    const auto payload = static_cast<std::int32_t>(draws.integer(-3, 9));
                    spikes.push_back({.port = port, .channel = channel, .payload = payload});
                }
            }
        }
    }
    return stimulus;
}

using Run = std::vector<std::vector<std::vector<Machine::Neuron>>>;  ///< [step][population][neuron]

/// `more` steps without input behind the stimulus.
Run run(const chip::Image& image, std::size_t populations, const std::vector<std::vector<chip::InputSpike>>& stimulus,
        int more) {
    Machine machine(image, populations);
    Run steps_done;
    for (const auto& spikes : stimulus) {
        steps_done.push_back(machine.step(spikes));
    }
    for (int i = 0; i < more; ++i) {
        steps_done.push_back(machine.step({}));
    }
    return steps_done;
}

std::uint64_t count_spikes(const Run& run) {
    std::uint64_t spikes = 0;
    for (const auto& step : run) {
        for (const auto& population : step) {
            spikes += static_cast<std::uint64_t>(
                std::ranges::count_if(population, [](const Machine::Neuron& neuron) { return neuron.sent != 0; }));
        }
    }
    return spikes;
}

/// How much later the populations are, from what the compiler says of delays.
std::vector<int> added_steps(const Network& network, const Network& reference) {
    std::vector<int> added(network.populations.size(), 0);
    for (std::size_t round = 0; round <= added.size(); ++round) {
        for (std::size_t p = 0; p < network.projections.size(); ++p) {
            const Projection& projection = network.projections[p];
            const int from = projection.source.kind == Source::Kind::population ? added[projection.source.index] : 0;
            added[projection.target.value()] = from + reference.projections[p].delay_steps - projection.delay_steps;
        }
    }
    return added;
}

bool acts_alone(const Network& network) {
    const auto moves = [](const Parameter& parameter) {
        return std::ranges::any_of(parameter.values, [](double value) { return value != 0; });
    };
    return std::ranges::any_of(network.populations,
                               [&](const Population& p) {
                                   return moves(p.bias) || moves(p.v_leak) || (p.fixed && !p.fixed->biases.empty());
                               }) ||
           std::ranges::any_of(network.projections, [&](const Projection& p) { return moves(p.bias); });
}

Network without_biases(Network network) {
    for (Population& population : network.populations) {
        population.bias = population.v_leak = 0.0;
        if (population.fixed) {
            population.fixed->biases.clear();
        }
    }
    for (Projection& projection : network.projections) {
        projection.bias = 0.0;
    }
    return network;
}

/// What the compiler says of biases that it can't make late.
bool starts_early(const Diagnostic& remark) {
    return remark.found.find("move by a bias or leak from the start") != std::string::npos;
}

struct Tally {
    int split = 0, refused = 0, whole = 0, rounded_otherwise = 0, shifted = 0, later = 0, early = 0, late_biases = 0;
    std::uint64_t spikes = 0;
};

chip::ChipSpec narrow(const chip::ChipSpec& formats, std::int64_t input_axons) {
    chip::ChipSpec chip = formats;
    chip.mesh = {.columns = 8, .rows = 8, .cores_per_tile = 4};
    chip.limits.input_axons = input_axons;
    chip.limits.compartments = 32;
    return chip;
}

/// Split on `chip`, beside one core of the same formats.
void compare(const Network& network, const chip::ChipSpec& chip, std::uint64_t seed, int effort, Tally& tally,
             std::vector<MappingOverrides::FanInParts> wishes = {}) {
    CompileOptions options;
    options.seed = seed;
    options.effort = effort;
    CompileOptions as_wished = options;
    as_wished.overrides.fan_in_parts = std::move(wishes);
    const auto many = compile(network, chip, as_wished);
    if (!many) {
        for (const Diagnostic& reason : many.error()) {
            CAPTURE(to_text(reason));
            CHECK(reason.found.find("internal") == std::string::npos);
        }
        ++tally.refused;
        return;
    }
    if (many->image.populations.size() == network.populations.size()) {
        ++tally.whole;
        return;
    }
    ++tally.split;
    const auto read = deserialise_network(many->image.source_network, "image");
    REQUIRE_MESSAGE(read, to_text(read.error()));
    const Network& reference = *read;
    const std::vector<int> added = added_steps(network, reference);
    tally.later += std::ranges::any_of(added, [](int steps_added) { return steps_added > 0; });
    const auto on_one = compile(reference, test::one_core(chip), options);
    const auto given = compile(network, test::one_core(chip), options);
    REQUIRE_MESSAGE(on_one, to_text(on_one.error()));
    REQUIRE_MESSAGE(given, to_text(given.error()));
    if (on_one->image.losses != many->image.losses || given->image.losses != many->image.losses) {
        ++tally.rounded_otherwise;
        return;
    }
    const auto stimulus = draw_stimulus(network, seed);
    const std::size_t populations = network.populations.size();
    const int most = std::ranges::max(added);
    const Run found = run(many->image, populations, stimulus, most);
    tally.spikes += count_spikes(found);
    if (!acts_alone(network)) {
        REQUIRE(found == run(on_one->image, populations, stimulus, most));
    } else if (std::ranges::any_of(many->remarks, starts_early)) {
        ++tally.early;
        return;
    }
    ++tally.shifted;
    tally.late_biases += acts_alone(network) && most > 0;
    const Run early = run(given->image, populations, stimulus, 0);
    for (std::size_t step = 0; step < early.size(); ++step) {
        for (std::size_t p = 0; p < populations; ++p) {
            CAPTURE(step);
            CAPTURE(p);
            REQUIRE(found[step + static_cast<std::size_t>(added[p])][p] == early[step][p]);
        }
    }
}

chip::ChipSpec graded_formats(std::uint64_t seed) {
    chip::ChipSpec chip = test::random_formats(seed);
    chip.neuron.models = {
        NeuronModel::leaky,         NeuronModel::ternary_leaky, NeuronModel::sigma_delta,       NeuronModel::delta,
        NeuronModel::graded_vector, NeuronModel::graded_relu,   NeuronModel::adaptive_threshold};
    chip.neuron.payload_bits = 24;
    return chip;
}

TEST_CASE("a dense layer on cores of 16 input axons spikes as on one large core, a step later; a very wide one two") {
    for (const std::uint32_t inputs : {16U, 17U, 100U, 300U}) {
        CAPTURE(inputs);
        test::NetworkBuilder builder;
        const Source in = builder.input("in", inputs);
        const Source out = builder.population("out", {10});
        builder[out].v_threshold = 0.1;
        builder.connect(in, out, test::dense_uniform(10, inputs, -0.4, 0.5, 3));
        const Source next = builder.population("next", {5}, NeuronKind::current_based);
        builder.connect(out, next, test::dense_uniform(5, 10, 0.5, 2, 4));
        builder.output("out", next);
        Tally tally;
        compare(builder.network(), narrow(graded_formats(4), 16), inputs, 0, tally);
        CHECK(tally.split == (inputs > 16 ? 1 : 0));
        CHECK(tally.shifted == tally.split);
        CHECK((tally.split == 0 || tally.spikes > 50));
    }
}

/// in (60) -> mixed (60) -> out (10): neuron i of the middle hears i + 1 channels, some of them late, and itself.
Network growing_fan_in(bool rounded) {
    test::NetworkBuilder builder("growing");
    const Source in = builder.input("in", 60);
    const Source mixed = builder.population("mixed", {60});
    builder[mixed].v_threshold = 0.5;
    SparseWeights weights{.row_begin = {0}, .targets = {}, .weights = {}, .delays = {}};
    test::Draws draws(5);
    for (std::uint32_t source = 0; source < 60; ++source) {
        for (std::uint32_t target = source; target < 60; ++target) {
            weights.targets.push_back(target);
            weights.weights.push_back(static_cast<float>(rounded
                                                             ? draws.uniform(-0.7, 1.3) * (draws.chance(0.1) ? 1e-5 : 1)
                                                             : std::ldexp(draws.integer(-20, 58), -6)));
            weights.delays.push_back(static_cast<std::uint8_t>(draws.integer(0, 2)));
        }
        weights.row_begin.push_back(weights.targets.size());
    }
    builder.connect(in, mixed, std::move(weights)).bias = Parameter(0.0);
    builder.connect(mixed, mixed, OneToOneWeights{{-0.5F}}).delay_steps = 1;
    const Source out = builder.population("out", {10}, NeuronKind::current_based);
    builder.connect(mixed, out, test::dense_uniform(10, 60, -0.5, 1, 8));
    builder.output("out", out);
    return std::move(builder.network());
}

TEST_CASE("of a population only the neurons that fit no core get helpers, and the others wait for them") {
    for (const bool rounded : {false, true}) {
        CAPTURE(rounded);
        const Network network = growing_fan_in(rounded);
        const chip::ChipSpec chip = narrow(graded_formats(4), 40);
        Tally tally;
        compare(network, chip, 3, 0, tally);
        CHECK(tally.split == 1);
        CHECK(tally.shifted == 1);
        CHECK(tally.spikes > 200);
        CompileOptions options;
        options.effort = 0;
        const auto compiled = compile(network, chip, options);
        REQUIRE(compiled);
        const auto helpers =
            std::ranges::find(compiled->image.populations, "mixed.sums", &chip::PopulationSymbol::name);
        REQUIRE(helpers != compiled->image.populations.end());
        // Neuron 39 hears 40 channels and itself; fewer where weights were rounded to nothing.
        CHECK((rounded ? helpers->size() < 40 : helpers->size() == 2 * (60 - 39)));
    }
}

TEST_CASE("biases begin as much later as spikes come, layer by layer") {
    test::NetworkBuilder builder("biased");
    Source before = builder.input("in", 30);
    const NeuronKind kinds[] = {NeuronKind::leaky, NeuronKind::integrate_fire, NeuronKind::leaky};
    for (std::uint32_t layer = 0; layer < 3; ++layer) {
        const Source own = builder.population("layer" + std::to_string(layer), {30}, kinds[layer]);
        builder[own].tau_mem_s = 8e-3;
        builder[own].resistance = kinds[layer] == NeuronKind::leaky ? 8 : 1000;
        builder[own].v_threshold = 4;
        builder[own].bias = 0.3 + 0.1 * layer;
        builder.connect(before, own, test::dense_uniform(30, 30, -0.5, 0.9, layer)).bias = Parameter(0.25);
        before = own;
    }
    builder.output("out", before);
    Tally tally;
    compare(builder.network(), narrow(graded_formats(4), 16), 5, 0, tally);
    CHECK(tally.split == 1);
    CHECK(tally.late_biases == 1);
    CHECK(tally.early == 0);
    CHECK(tally.spikes > 300);
}

/// in (20) -> a (20) -> b (20) -> a, and a to itself: every loop has synapses with delays, here and there without.
Network loops(std::uint64_t seed) {
    test::Draws draws(seed);
    test::NetworkBuilder builder("loops");
    builder.network().step_s = 1;
    const Source in = builder.input("in", 20);
    const Source a = builder.population("a", {20}, NeuronKind::integrate_fire);
    const Source b = builder.population("b", {20}, NeuronKind::leaky);
    builder[a].v_threshold = 8;
    builder[b].v_threshold = 5;
    builder[b].tau_mem_s = builder[b].resistance = 4;
    const auto connect = [&](Source from, Source to, int longest_delay, int delay) {
        SparseWeights weights = test::sparse_random(20, 20,
                                                    {.probability = draws.uniform(0.4, 0.9),
                                                     .least = -4,
                                                     .most = 6,
                                                     .longest_delay = longest_delay,
                                                     .seed = seed * 5 + builder.network().projections.size()});
        for (float& weight : weights.weights) {
            weight = std::round(weight);
        }
        builder.connect(from, to, std::move(weights)).delay_steps = delay;
    };
    connect(in, a, 0, 0);
    connect(a, b, 0, static_cast<int>(draws.integer(0, 2)));
    connect(b, a, draws.chance(0.5) ? 3 : 0, static_cast<int>(draws.integer(0, 1)));
    connect(a, a, draws.chance(0.7) ? 3 : 0, draws.chance(0.3) ? 1 : 0);
    builder.output("b", b);
    return std::move(builder.network());
}

TEST_CASE("in loops, the delays that are there make room for helpers, wherever they lie") {
    constexpr std::uint64_t networks = test::sanitized ? 6 : 24;
    Tally tally;
    for (std::uint64_t seed = 0; seed < networks; ++seed) {
        CAPTURE(seed);
        test::Draws draws(seed + 77);
        compare(loops(seed), narrow(graded_formats(seed), draws.integer(12, 24)), seed, 0, tally);
    }
    MESSAGE(tally.split << " split, " << tally.refused << " refused; " << tally.spikes << " spikes");
    CHECK(tally.shifted == tally.split);
    if (!test::sanitized) {
        CHECK(tally.split > 12);
        CHECK(tally.spikes > 3000);
    }
}

/// Layers one behind the other, and some over the next; loops would grow with every copy.
Network random_layers(std::uint64_t seed) {
    test::Draws draws(seed);
    test::NetworkBuilder builder("layers");
    builder.network().step_s = 1;
    std::vector<Source> sources{builder.input("in", static_cast<std::uint32_t>(draws.integer(5, 20)))};
    const std::int64_t layers = draws.integer(2, 3);
    for (std::int64_t i = 0; i < layers; ++i) {
        const auto size = static_cast<std::uint32_t>(draws.integer(10, 60));
        const Source layer = builder.population("layer" + std::to_string(i), {size}, NeuronKind::integrate_fire);
        builder[layer].v_threshold = static_cast<double>(draws.integer(3, 12));
        builder[layer].bias = draws.chance(0.4) ? 1 : 0;
        builder[layer].refractory_steps = static_cast<int>(draws.integer(1, 3));
        for (std::size_t from = sources.size(); from-- > 0 && from + 2 >= sources.size();) {
            test::SparseRule rule{.probability = draws.uniform(0.3, 1), .least = -4, .most = 7, .seed = seed + from};
            rule.longest_delay = draws.chance(0.4) ? 5 : 0;
            SparseWeights weights = test::sparse_random(
                size, static_cast<std::uint32_t>(builder.network().source_size(sources[from])), rule);
            for (float& weight : weights.weights) {
                weight = seed % 3 == 0 ? weight : std::round(weight);  // else some round to nothing
            }
            builder.connect(sources[from], layer, std::move(weights)).delay_steps =
                static_cast<int>(draws.integer(0, 2));
        }
        sources.push_back(layer);
    }
    builder.output("out", sources.back());
    return std::move(builder.network());
}

TEST_CASE("neurons that reach more cores than one can send to have copies, and spike as on one large core") {
    constexpr std::uint64_t networks = test::sanitized ? 10 : 40;
    Tally tally;
    for (std::uint64_t seed = 0; seed < networks; ++seed) {
        CAPTURE(seed);
        chip::ChipSpec chip = test::random_formats(seed);
        test::Draws draws(seed + 1000);
        chip.mesh = {.columns = 8, .rows = 8, .cores_per_tile = 4};
        chip.limits.compartments = draws.integer(4, 10);
        chip.limits.output_axons = draws.integer(4, 10);
        compare(random_layers(seed), chip, seed, seed % 8 == 7 ? 1 : 0, tally);
    }
    MESSAGE(tally.split << " with copies, " << tally.whole << " whole, " << tally.refused << " refused, "
                        << tally.rounded_otherwise << " with weights rounded otherwise; " << tally.spikes << " spikes");
    CHECK(tally.later == 0);
    if (!test::sanitized) {
        CHECK(tally.split > 15);
        CHECK(tally.spikes > 3000);
    }
}

TEST_CASE("neurons that would take more compartments for their destinations than a core has are copied as well") {
    constexpr std::uint64_t networks = test::sanitized ? 4 : 16;
    Tally tally;
    for (std::uint64_t seed = 0; seed < networks; ++seed) {
        CAPTURE(seed);
        chip::ChipSpec chip = test::random_formats(seed);
        test::Draws draws(seed + 2000);
        chip.mesh = {.columns = 10, .rows = 10, .cores_per_tile = 4};
        chip.limits.compartments = draws.integer(3, 6);
        chip.limits.destinations_per_compartment = 1;
        compare(random_layers(seed), chip, seed, 0, tally);
    }
    MESSAGE(tally.split << " with copies, " << tally.whole << " whole, " << tally.refused << " refused; "
                        << tally.spikes << " spikes");
    CHECK(tally.later == 0);
    if (!test::sanitized) {
        CHECK(tally.split > 3);
    }
}

TEST_CASE("random networks split where cores take in little spike as on one core without limits") {
    constexpr std::uint64_t networks = test::sanitized ? 20 : 80;
    Tally tally;
    for (std::uint64_t seed = 0; seed < networks; ++seed) {
        CAPTURE(seed);
        chip::ChipSpec formats = graded_formats(seed);
        if (seed % 5 == 2) {
            formats.neuron.payload_bits = test::Draws(seed + 3000).integer(0, 1) == 0 ? 9 : 18;
        }
        test::NetworkTraits traits{.subtracting_resets = seed % 6 == 0 && formats.neuron.soft_reset_compartments > 0};
        if (seed % 4 == 1) {
            traits.models = {NeuronModel::leaky, NeuronModel::ternary_leaky, NeuronModel::graded_vector};
            traits.graded_inputs = true;
        }
        Network network = test::random_network(seed, traits);
        if (seed % 2 == 1) {
            network = without_biases(std::move(network));
        }
        test::Draws draws(seed);
        compare(network, narrow(formats, draws.integer(8, 40)), seed, seed % 8 == 7 ? 1 : 0, tally);
    }
    MESSAGE(tally.split << " split, " << tally.whole << " whole, " << tally.refused << " refused, "
                        << tally.rounded_otherwise << " with weights rounded otherwise; " << tally.later
                        << " with added steps; " << tally.shifted << " compared with the network as given, "
                        << tally.late_biases << " with biases that begin late; " << tally.early
                        << " with some that don't; " << tally.spikes << " spikes");
    if (!test::sanitized) {
        CHECK(tally.split > 30);
        CHECK(tally.shifted > 25);
        CHECK(tally.late_biases > 8);
        CHECK(tally.spikes > 3000);
    }
}

TEST_CASE("neurons that fit cores have their sums made in parts where the user wants it, and spike as they would") {
    constexpr std::uint64_t networks = test::sanitized ? 8 : 30;
    Tally tally;
    for (std::uint64_t seed = 100; seed < 100 + networks; ++seed) {
        CAPTURE(seed);
        const Network network = without_biases(test::random_network(seed, {}));
        test::Draws draws(seed);
        std::vector<MappingOverrides::FanInParts> wishes;
        for (const Population& population : network.populations) {
            if (draws.chance(0.5)) {
                wishes.push_back(
                    {.population = population.name, .parts = static_cast<std::uint32_t>(draws.integer(2, 6))});
            }
        }
        compare(network, narrow(graded_formats(seed), 4096), seed, 0, tally, wishes);
    }
    MESSAGE(tally.split << " split, " << tally.refused << " refused, " << tally.shifted << " compared; " << tally.spikes
                        << " spikes");
    CHECK(tally.split > (test::sanitized ? 2 : 10));
    CHECK(tally.shifted > (test::sanitized ? 1 : 8));
}

}  // namespace
}  // namespace spikeloom::compiler
