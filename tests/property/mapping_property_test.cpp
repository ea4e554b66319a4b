// Where neurons lie changes no spike: 200 random networks, each compiled for a random board of small cores and for one
// core of the same formats that holds anything, verified, and run side by side, spike by spike and voltage by voltage.
// And what a pass could get wrong, the verifier notices.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chip/chip.hpp"
#include "compiler/compile.hpp"
#include "compiler/verify.hpp"
#include "property/random_chips.hpp"
#include "property/random_damage.hpp"
#include "property/random_networks.hpp"
#include "support/networks.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::compiler {
namespace {

/// Every error says where, what is allowed and what would help, and none is a bug's.
void check_reasons(const Diagnostics& reasons) {
    CHECK(has_error(reasons));
    for (const Diagnostic& reason : reasons) {
        if (reason.severity != Severity::error) {
            continue;
        }
        CAPTURE(to_text(reason));
        CHECK_FALSE(reason.where.empty());
        CHECK_FALSE(reason.found.empty());
        CHECK_FALSE(reason.allowed.empty());
        CHECK(reason.found.find("internal") == std::string::npos);
    }
}

/// A loaded image, seen through its symbols.
class Machine {
public:
    explicit Machine(const chip::Image& image) : image_(image), chip_(load(image)) {
        for (const chip::CoreImage& core : image.cores) {
            fired_.emplace_back(core.compartments, 0);
        }
    }

    void step(std::span<const chip::InputSpike> inputs) {
        chip_.step(inputs);
        for (auto& core : fired_) {
            core.assign(core.size(), 0);
        }
        for (const chip::CoreSpike& spike : chip_.spikes()) {
            fired_[spike.core.value()][spike.compartment.value()] = spike.payload;
        }
    }

    struct Neuron {
        std::int32_t sent = 0;  ///< 0: no spike
        std::int32_t voltage = 0;
        std::int32_t current = 0;
        friend bool operator==(const Neuron&, const Neuron&) = default;
    };
    /// Of all populations, neuron by neuron.
    [[nodiscard]] std::vector<Neuron> neurons() const {
        std::vector<Neuron> all;
        for (const chip::PopulationSymbol& population : image_.populations) {
            for (const chip::PopulationTile& tile : population.tiles) {
                for (std::uint32_t i = 0; i < tile.count; ++i) {
                    const CompartmentId compartment(tile.first_compartment + i);
                    all.push_back({.sent = fired_[tile.core.value()][compartment.value()],
                                   .voltage = chip_.voltage(tile.core, compartment),
                                   .current = chip_.current(tile.core, compartment)});
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
    chip::Chip chip_;
    std::vector<std::vector<std::int32_t>> fired_;  ///< what each compartment sent
};

std::vector<chip::InputSpike> draw_inputs(const Network& network, test::Draws& draws, double probability) {
    std::vector<chip::InputSpike> spikes;
    for (std::uint32_t port = 0; port < network.inputs.size(); ++port) {
        for (std::uint32_t channel = 0; channel < network.inputs[port].size(); ++channel) {
            if (draws.chance(probability)) {
                const auto payload = static_cast<std::int32_t>(draws.integer(-3, 9));
                spikes.push_back({.port = port, .channel = channel, .payload = payload});
            }
        }
    }
    return spikes;
}

/// Runs both for some steps; the number of spikes, which are the same.
std::uint64_t run_alike(const Network& network, const chip::Image& one, const chip::Image& many, std::uint64_t seed) {
    Machine on_one(one);
    Machine on_many(many);
    test::Draws draws(seed);
    const double probability = draws.uniform(0.05, 0.4);
    std::uint64_t spikes = 0;
    for (int step = 0; step < 40; ++step) {
        CAPTURE(step);
        const auto inputs = draw_inputs(network, draws, probability);
        on_one.step(inputs);
        on_many.step(inputs);
        const auto expected = on_one.neurons();
        REQUIRE(on_many.neurons() == expected);
        for (const Machine::Neuron& neuron : expected) {
            spikes += neuron.sent != 0 ? 1 : 0;
        }
    }
    return spikes;
}

struct Tally {
    int compiled = 0, refused_formats = 0, refused_limits = 0, rounded_otherwise = 0, silent = 0, damages = 0,
        shared = 0;
    std::uint64_t spikes = 0, cores = 0;
};

/// The same network on one core without limits, and on many with little room.
struct Pair {
    CompileResult one;
    CompileResult many;

    /// Whether both hold the same weights: what better formats cost decides whether they are taken, so small cores may
    /// hold weights that were rounded otherwise.
    [[nodiscard]] bool same_weights() const { return one.image.losses == many.image.losses; }
};

/// Now and then cores that stay empty, a population pinned to a few, two that lie together, rates of the spikes.
void draw_choices(const Network& network, const chip::ChipSpec& chip, std::uint64_t seed, CompileOptions& options) {
    test::Draws draws(seed * 7 + 3);
    const auto core = [&] { return static_cast<std::uint32_t>(draws.integer(0, chip.mesh.cores() - 1)); };
    const auto population = [&] {
        return network
            .populations[static_cast<std::size_t>(
                draws.integer(0, static_cast<std::int64_t>(network.populations.size()) - 1))]
            .name;
    };
    if (draws.chance(0.2)) {
        for (int i = 0; i < chip.mesh.cores() / 4; ++i) {
            options.overrides.forbidden_cores.push_back(core());
        }
    }
    if (draws.chance(0.15)) {
        MappingOverrides::Pin& pin = options.overrides.pins.emplace_back();
        pin.population = population();
        for (int i = 0; i < chip.mesh.cores() / 3; ++i) {
            pin.cores.push_back(core());
        }
    }
    if (draws.chance(0.15) && network.populations.size() > 1) {
        options.overrides.together = {{network.populations.front().name, network.populations.back().name}};
    }
    if (draws.chance(0.2)) {
        const auto rates = [&](const auto& ports, std::vector<std::vector<float>>& all) {
            for (const auto& port : ports) {
                std::ranges::generate(all.emplace_back(port.size()),
                                      [&] { return static_cast<float>(draws.uniform(0, 0.5)); });
            }
        };
        rates(network.populations, options.rates.populations);
        rates(network.inputs, options.rates.inputs);
    }
}

/// What is pinned or forbidden is where it should be.
void check_choices(const chip::Image& image, const MappingOverrides& overrides) {
    for (const chip::CoreImage& core : image.cores) {
        CHECK(std::ranges::find(overrides.forbidden_cores, core.place) == overrides.forbidden_cores.end());
    }
    for (const MappingOverrides::Pin& pin : overrides.pins) {
        for (const chip::PopulationSymbol& population : image.populations) {
            for (const chip::PopulationTile& tile : population.tiles) {
                const std::uint32_t place = image.cores[tile.core.value()].place;
                CHECK((population.name != pin.population || std::ranges::find(pin.cores, place) != pin.cores.end()));
            }
        }
    }
}

std::optional<Pair> compile_pair(const Network& network, std::uint64_t seed, Tally& tally) {
    const chip::ChipSpec formats = test::random_formats(seed);
    CompileOptions options;
    options.seed = seed;
    options.effort = static_cast<int>(seed % 3);
    options.split_fan_in = false;  // legalise_property_test.cpp
    options.weight_bits = seed % 13 == 0 ? 1 + static_cast<int>(seed / 13 % 4) : 8;
    auto one = compile(network, test::one_core(formats), options);
    if (!one) {
        check_reasons(one.error());
        ++tally.refused_formats;
        return std::nullopt;
    }
    REQUIRE(one->image.cores.size() == 1);
    const MeasuredCost whole = measure_cost(one->image);
    const chip::ChipSpec small = test::small_cores(seed, formats, whole.cores[0]);
    draw_choices(network, small, seed, options);
    auto many = compile(network, small, options);
    if (!many) {
        check_reasons(many.error());
        ++tally.refused_limits;
        return std::nullopt;
    }
    check_choices(many->image, options.overrides);
    if (many->image.populations.size() != network.populations.size()) {  // copies: legalise_property_test.cpp
        ++tally.refused_limits;
        return std::nullopt;
    }
    return Pair{*std::move(one), *std::move(many)};
}

/// Damaged at three places, each time the verifier speaks up.
void check_damages(const Network& network, const chip::Image& sound, std::uint64_t seed, Tally& tally) {
    test::Draws draws(seed * 3 + 2);
    for (int i = 0; i < 3; ++i) {
        chip::Image image = sound;
        const std::string damage = test::damage(image, draws);
        CAPTURE(damage);
        if (!damage.empty()) {
            ++tally.damages;
            CHECK_FALSE(verify(image, network).empty());
        }
    }
}

void compare(std::uint64_t seed, Tally& tally) {
    test::NetworkTraits traits{.subtracting_resets = seed % 6 == 0};
    if (const chip::NeuronFormat& neuron = test::random_formats(seed).neuron; seed % 5 == 1) {
        traits.models = neuron.models;
        traits.graded_inputs = neuron.payload_bits > 0;
    }
    const Network network = test::random_network(seed, traits);
    REQUIRE(check_network(network).empty());
    const auto pair = compile_pair(network, seed, tally);
    if (!pair) {
        return;
    }
    ++tally.compiled;
    tally.cores += pair->many.image.cores.size();
    tally.shared +=
        std::ranges::any_of(pair->many.image.cores, [](const auto& core) { return !core.shared_axons.empty(); });
    CHECK(verify(pair->many.image, network).empty());
    CHECK(chip::check_image(pair->many.image).empty());
    check_damages(network, pair->many.image, seed, tally);
    if (!pair->same_weights()) {
        ++tally.rounded_otherwise;
        return;
    }
    const std::uint64_t spikes = run_alike(network, pair->one.image, pair->many.image, seed);
    tally.spikes += spikes;
    tally.silent += spikes == 0 ? 1 : 0;
}

TEST_CASE("200 random networks spike on random boards as on one core without limits") {
    constexpr std::uint64_t networks = test::sanitized ? 60 : 200;  // a sanitizer sees its kinds of fault in fewer
    Tally tally;
    for (std::uint64_t seed = 0; seed < networks; ++seed) {
        CAPTURE(seed);
        compare(seed, tally);
    }
    MESSAGE(tally.compiled << " compiled, onto " << tally.cores << " cores; refused for formats "
                           << tally.refused_formats << ", for limits " << tally.refused_limits << "; "
                           << tally.rounded_otherwise << " with weights rounded otherwise; " << tally.spikes
                           << " spikes, " << tally.silent << " networks silent; " << tally.damages << " damages; "
                           << tally.shared << " with shared lists");
    CHECK(tally.compiled * 3 >= static_cast<int>(networks) * 2);
    if (test::sanitized) {
        return;
    }
    CHECK(tally.cores > 4 * static_cast<std::uint64_t>(tally.compiled));
    CHECK(tally.rounded_otherwise < 25);
    CHECK(tally.silent < 30);
    CHECK(tally.damages > 200);
    CHECK(tally.shared > 10);
    CHECK(tally.spikes > 50'000);
}

}  // namespace
}  // namespace spikeloom::compiler
