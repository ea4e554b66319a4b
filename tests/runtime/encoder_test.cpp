#include <doctest/doctest.h>

#include <cmath>

#include "runtime/stimulus.hpp"
#include "support/reference_data.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;

namespace {

LabelledSet values(std::vector<float> of_one_sample) {
    LabelledSet set;
    set.samples = 1;
    set.channels = of_one_sample.size();
    set.labels = {0};
    set.values = std::move(of_one_sample);
    return set;
}

using Events = std::vector<SpikeEvent>;

}  // namespace

TEST_CASE("latency: value 1 first, the window's end last, nothing at or below the cut-off") {
    const LabelledSet set = values({1.0F, 0.5F, 0.001F, 0.0F});
    const EncoderOptions options{.encoding = Encoding::latency, .steps = 20, .window = 11};
    CHECK(encode_sample(set, 0, options) == Events{{0, 0, 0}, {5, 0, 1}, {10, 0, 2}});
    CHECK(encode_sample(set, 0, {.steps = 20, .window = 11, .cutoff = 0.5}) == Events{{0, 0, 0}});
    CHECK(encode_sample(set, 0, {.steps = 20}).back() == SpikeEvent{9, 0, 2});  // window = steps / 2
    CHECK(encode_sample(set, 0, {.steps = 1}).size() == 3);
}

TEST_CASE("rate: probability by value, a function of seed and sample") {
    LabelledSet set = values({0.0F, 0.25F, 1.0F});
    set.samples = 2;
    set.values.insert(set.values.end(), set.values.begin(), set.values.begin() + 3);
    const EncoderOptions options{.encoding = Encoding::rate, .steps = 4000, .max_rate = 0.8, .seed = 3};
    const Events events = encode_sample(set, 0, options);
    std::array<int, 3> counts{};
    for (const SpikeEvent& event : events) {
        ++counts[event.channel];
    }
    CHECK(counts[0] == 0);
    CHECK(std::abs(counts[1] - 800) < 4 * std::sqrt(4000 * 0.2 * 0.8));
    CHECK(std::abs(counts[2] - 3200) < 4 * std::sqrt(4000 * 0.8 * 0.2));
    CHECK(encode_sample(set, 0, options) == events);
    CHECK(encode_sample(set, 1, options) != events);
    CHECK(encode_sample(set, 0, {.encoding = Encoding::rate, .steps = 4000, .max_rate = 0.8, .seed = 4}) != events);
}

TEST_CASE("constant: v += value, a spike above 1, back to 0") {
    const LabelledSet set = values({1.0F, 0.6F, 0.0F});
    const Events expected{{1, 0, 0}, {1, 0, 1}, {3, 0, 0}, {3, 0, 1}, {5, 0, 0}, {5, 0, 1}};
    CHECK(encode_sample(set, 0, {.encoding = Encoding::constant, .steps = 6}) == expected);
}

TEST_CASE("regular: evenly spaced, the count rounded and never off by more than half a spike") {
    const LabelledSet set = values({1.0F, 0.25F, 0.0F});
    const Events expected{{0, 0, 0}, {1, 0, 0}, {1, 0, 1}, {2, 0, 0}, {3, 0, 0}, {4, 0, 0}, {5, 0, 0}, {5, 0, 1}};
    CHECK(encode_sample(set, 0, {.encoding = Encoding::regular, .steps = 6}) == expected);
    for (const float value : {0.01F, 0.3F, 0.577F, 0.99F}) {
        const auto events = encode_sample(values({value}), 0, {.encoding = Encoding::regular, .steps = 97});
        CHECK(std::abs(static_cast<double>(events.size()) - 97 * double{value}) <= 0.5 + 1e-9);
    }
}

TEST_CASE("constant: 1202.7 spikes an MNIST image in 20 steps (ECOSYSTEM facts 2.2)" *
          doctest::description("reference data")) {
    const auto path = test::reference_data("mnist/t10k-images-idx3-ubyte.gz");
    if (!path) {
        return;
    }
    const auto set = read_labelled_set(*path);
    REQUIRE(set.has_value());
    CHECK(set->samples == 10000);
    CHECK(set->channels == 784);
    CHECK(set->classes() == 10);
    CHECK(set->labels[0] == 7);
    std::size_t spikes = 0;
    for (std::size_t sample = 0; sample < set->samples; ++sample) {
        spikes += encode_sample(*set, sample, {.encoding = Encoding::constant, .steps = 20}).size();
    }
    CHECK(spikes == 12027333);
}

TEST_CASE("events: the data are the spikes") {
    LabelledSet set = values({0, 1, 0, 0, 1, 1});
    set.steps = 3;
    set.channels = 2;
    const EncoderOptions options{.encoding = Encoding::events, .steps = 99};
    CHECK(encode_sample(set, 0, options) == Events{{0, 0, 1}, {2, 0, 0}, {2, 0, 1}});
    CHECK(sample_steps(set, options) == 3);
}

TEST_CASE("values: what spikes carry in every step, cut towards zero; a value of 0 is no spike") {
    const LabelledSet set = values({0.0F, 0.25F, 0.5F, 1.0F});
    const EncoderOptions options{.encoding = Encoding::values, .steps = 2, .value_scale = 7, .value_offset = -3.5};
    CHECK(encode_sample(set, 0, options) ==
          Events{{0, 0, 0, -3}, {0, 0, 1, -1}, {0, 0, 3, 3}, {1, 0, 0, -3}, {1, 0, 1, -1}, {1, 0, 3, 3}});
    CHECK(check_encoder(set, options).empty());
    EncoderOptions large = options;
    large.value_scale = 1e7;
    CHECK(to_text(check_encoder(set, large)).find("at most 8388607") != std::string::npos);
    large.value_scale = std::nan("");
    CHECK(check_encoder(set, large).size() == 1);
}

TEST_CASE("options that don't fit the set are all reported") {
    const LabelledSet set = values({0.5F});
    CHECK(check_encoder(set, {}).empty());
    CHECK(check_encoder(set, {.encoding = Encoding::events}).size() == 1);
    CHECK(check_encoder(set, {.steps = 4, .window = 5}).size() == 1);
    CHECK(check_encoder(set, {.steps = 0}).size() == 1);
    CHECK(check_encoder(set, {.cutoff = -1, .max_rate = 2}).size() == 2);
    CHECK(check_encoder(set, {.cutoff = NAN, .max_rate = NAN}).size() == 2);
    for (const Encoding encoding :
         {Encoding::latency, Encoding::rate, Encoding::constant, Encoding::regular, Encoding::events}) {
        CHECK(parse_encoding(encoding_name(encoding)) == encoding);
    }
    CHECK_FALSE(parse_encoding("Latency").has_value());
}
