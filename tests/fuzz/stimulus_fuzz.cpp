// Events as text, rasters and labelled sets. The first byte chooses. Arrays come as two .npy files, the second where
// the next two bytes say: an archive's checksums would keep the fuzzer out. What is accepted must lie within the
// ports, and its samples must encode.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>

#include "core/files/npy.hpp"
#include "runtime/stimulus.hpp"
#include "runtime/stimulus_files.hpp"

namespace {

using namespace spikeloom;
using namespace spikeloom::runtime;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

chip::Image ports(std::initializer_list<std::uint32_t> sizes) {
    chip::Image image;
    for (const std::uint32_t size : sizes) {
        image.inputs.push_back({.name = image.inputs.empty() ? "a" : "b",
                                .shape = {size},
                                .output_first = std::vector<std::uint32_t>(size + 1, 0),
                                .outputs = {}});
    }
    return image;
}

void check_events(const Result<EventList>& list, const chip::Image& image) {
    if (!list) {
        require(has_error(list.error()));
        return;
    }
    for (const SpikeEvent& event : list->events) {
        require(event.step < list->steps && event.port < image.inputs.size() &&
                event.channel < image.inputs[event.port].size());
    }
    const auto stimulus = make_event_stimulus(list->events, list->steps);
    std::vector<chip::InputSpike> spikes;
    stimulus->spikes(Step{0}, spikes);
}

void check_set(const Result<LabelledSet>& set) {
    if (!set) {
        require(has_error(set.error()));
        return;
    }
    for (const Encoding encoding : {Encoding::latency, Encoding::rate, Encoding::constant, Encoding::events}) {
        const EncoderOptions options{.encoding = encoding, .steps = 4};
        if (!check_encoder(*set, options).empty()) {
            continue;
        }
        for (const SpikeEvent& event : encode_sample(*set, set->samples - 1, options)) {
            require(event.step < sample_steps(*set, options) && event.channel < set->channels);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const chip::Image one = ports({3});
    static const chip::Image two = ports({3, 2});
    if (size < 3) {
        return 0;
    }
    const chip::Image& image = data[0] % 2 == 0 ? one : two;
    const auto rest = std::span(data + 3, size - 3);
    if (data[0] % 8 < 2) {
        check_events(parse_event_csv({reinterpret_cast<const char*>(rest.data()), rest.size()}, "fuzz", image), image);
        return 0;
    }
    const std::size_t split = std::min<std::size_t>(data[1] + std::size_t{256} * data[2], rest.size());
    constexpr std::array<std::pair<const char*, const char*>, 3> names{{{"a", "b"}, {"x", "y"}, {"images", "labels"}}};
    const auto [first, second] = names[data[0] % 8 / 2 - 1];
    files::NamedArrays arrays;
    if (auto array = files::parse_npy(std::as_bytes(rest.first(split)), "fuzz")) {
        arrays.emplace_back(first, std::move(*array));
    }
    if (auto array = files::parse_npy(std::as_bytes(rest.subspan(split)), "fuzz")) {
        arrays.emplace_back(second, std::move(*array));
    }
    check_events(raster_events(arrays, "fuzz", std::nullopt, image), image);
    check_events(raster_events(arrays, "fuzz", 1, image), image);
    check_set(labelled_set(arrays, "fuzz"));
    return 0;
}
