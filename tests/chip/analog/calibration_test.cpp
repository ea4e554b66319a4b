#include "chip/analog/calibration.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>

#include "builders.hpp"
#include "chip/analog/tables.hpp"

using namespace spikeloom;
using namespace spikeloom::chip;
using namespace spikeloom::chip::analog;
using namespace spikeloom::test::emulated;

namespace {

const CalibrationTarget usual{};

}  // namespace

TEST_CASE("calibration brings every parameter of every instance closer to its target") {
    const AnalogSpec chip = whole_chip();
    for (std::uint32_t instance = 0; instance < 2; ++instance) {
        const InstanceOptions options{.seed = 11, .instance = instance};
        const Calibration calibration = calibrate(chip, options, usual);
        REQUIRE(calibration.circuits.size() == 512);
        for (const Residual& residual : residuals(chip, options, calibration)) {
            CAPTURE(name_of(residual.of));
            CHECK(residual.ratio() < 0.5);
            CHECK(residual.ratio() > 0.001);  // a lab's converters leave something
            CHECK(std::abs(residual.bias) < residual.before / 4);
            CHECK(residual.at_limit <= 2);
        }
    }
}

TEST_CASE("a calibration is a function of the instance, and its file is read back whole") {
    const AnalogSpec chip = whole_chip();
    const InstanceOptions options{.seed = 3, .instance = 7};
    const Calibration calibration = calibrate(chip, options, usual);
    CHECK(calibrate(chip, options, usual) == calibration);
    CHECK(calibrate(chip, {.seed = 3, .instance = 8}, usual).circuits != calibration.circuits);
    const auto read = parse_calibration(print_calibration(calibration), "text");
    REQUIRE_MESSAGE(read.has_value(), to_text(read.error()));
    CHECK(*read == calibration);
}

TEST_CASE("a calibration file that is not understood whole is refused with its place") {
    const AnalogSpec chip = whole_chip();
    std::string text = print_calibration(calibrate(chip, {}, usual));
    CHECK_FALSE(parse_calibration(text + "surplus: 1\n", "c").has_value());
    const auto huge = parse_calibration(text +
                                            "circuit { threshold: 70000 leak: 1 reset: 1 tau_mem: 1 tau_syn: 1 "
                                            "weight: 1 }\n",
                                        "c");
    REQUIRE_FALSE(huge.has_value());
    CHECK(to_text(huge.error()).find("70000") != std::string::npos);
    CHECK(to_text(huge.error()).starts_with("c:"));
    const std::size_t at = text.find("tau_mem_s");
    text.replace(at, std::string("tau_mem_s: 1e-05").size(), "tau_mem_s: nan  ");
    CHECK_FALSE(parse_calibration(text, "c").has_value());
    CHECK_FALSE(parse_calibration("", "c").has_value());
    Calibration named = calibrate(chip, {}, usual);
    named.chip = "two\" words";
    CHECK_FALSE(parse_calibration(print_calibration(named), "c").has_value());
}

TEST_CASE("a measured chip has the residue of its calibration, from the file as from the bench") {
    AnalogImage image = random_image(6, 8, 100);
    const InstanceOptions options{
        .seed = 2, .instance = 5, .mismatch = true, .calibration = CalibrationState::measured};
    const auto measured = AnalogChip::load(image, options);
    REQUIRE_MESSAGE(measured.has_value(), to_text(measured.error()));
    InstanceOptions with_trims = options;
    with_trims.trims = std::make_shared<const Calibration>(
        calibrate(image.chip, options, target_of(image.chip.ranges, image.neurons[0].model.lif)));
    const auto trimmed_chip = AnalogChip::load(image, with_trims);
    REQUIRE_MESSAGE(trimmed_chip.has_value(), to_text(trimmed_chip.error()));
    CHECK(trimmed_chip->nets()[0] == measured->nets()[0]);
    const auto spread = [&](CalibrationState state) {
        InstanceOptions other = options;
        other.calibration = state;
        const AnalogChip chip_of_state = AnalogChip::load(image, other).value();
        double squares = 0;
        for (const Lif& lif : chip_of_state.nets()[0].neurons) {
            squares += (lif.threshold - 1) * (lif.threshold - 1);
        }
        return std::sqrt(squares / 100);
    };
    CHECK(spread(CalibrationState::measured) < 0.4 * spread(CalibrationState::none));

    with_trims.instance = 6;
    const auto other_instance = AnalogChip::load(image, with_trims);
    REQUIRE_FALSE(other_instance.has_value());
    CHECK(to_text(other_instance.error()).find("instance 5") != std::string::npos);
    with_trims.instance = 5;
    image.neurons[3].model.lif.tau_mem = 11e-6;
    const auto other_target = AnalogChip::load(image, with_trims);
    REQUIRE_FALSE(other_target.has_value());
    CHECK(to_text(other_target.error()).find("tau_mem 11") != std::string::npos);
    CHECK(AnalogChip::load(image, options).has_value());
}
