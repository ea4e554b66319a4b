#include "runtime/stimulus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "core/base/random.hpp"
#include "core/files/npy.hpp"
#include "runtime/decimal.hpp"
#include "runtime/stimulus_files.hpp"

namespace spikeloom::runtime {
namespace {

class EventStimulus : public Stimulus {
public:
    EventStimulus(std::vector<SpikeEvent> events, std::uint64_t steps) : events_(std::move(events)), steps_(steps) {
        std::sort(events_.begin(), events_.end());
        events_.erase(std::unique(events_.begin(), events_.end()), events_.end());
    }

    void spikes(Step step, std::vector<chip::InputSpike>& out) override {
        const bool follows = next_ == 0 || events_[next_ - 1].step < step.value();
        const bool not_passed = next_ == events_.size() || events_[next_].step >= step.value();
        if (!follows || !not_passed) {
            next_ = static_cast<std::size_t>(
                std::lower_bound(events_.begin(), events_.end(), SpikeEvent{.step = step.value()}) - events_.begin());
        }
        for (; next_ < events_.size() && events_[next_].step == step.value(); ++next_) {
            const SpikeEvent& event = events_[next_];
            out.push_back({.port = event.port, .channel = event.channel, .payload = event.payload});
        }
    }
    [[nodiscard]] std::uint64_t steps() const override { return steps_; }

private:
    std::vector<SpikeEvent> events_;
    std::uint64_t steps_;
    std::size_t next_ = 0;  ///< where the search goes on; any step may be asked for
};

class PoissonStimulus : public Stimulus {
public:
    PoissonStimulus(const chip::Image& image, const PoissonOptions& options)
        : seed_(options.seed),
          threshold_(
              static_cast<std::uint64_t>(std::llround(std::clamp(options.rate_hz * image.step_s, 0.0, 1.0) * 0x1p32))) {
        for (const chip::InputSymbol& port : image.inputs) {
            channels_.push_back(port.size());
        }
    }

    void spikes(Step step, std::vector<chip::InputSpike>& out) override {
        for (std::uint32_t port = 0; port < channels_.size(); ++port) {
            std::array<std::uint32_t, 4> words{};
            for (std::uint32_t channel = 0; channel < channels_[port]; ++channel) {
                if (channel % 4 == 0) {
                    words = random_block({.seed = seed_,
                                          .purpose = RandomPurpose::poisson_source,
                                          .step = step.value(),
                                          .core = port,
                                          .neuron = channel / 4});
                }
                if (words[channel % 4] < threshold_) {
                    out.push_back({.port = port, .channel = channel});
                }
            }
        }
    }
    [[nodiscard]] std::uint64_t steps() const override { return 0; }

private:
    std::uint64_t seed_;
    std::uint64_t threshold_;  ///< of a 32-bit word
    std::vector<std::uint32_t> channels_;
};

constexpr std::string_view poisson_prefix = "poisson:";

Result<std::unique_ptr<Stimulus>> open_poisson(const std::string& specification, const chip::Image& image,
                                               std::uint64_t seed) {
    const auto rate = parse_decimal(std::string_view(specification).substr(poisson_prefix.size()));
    if (!rate || *rate < 0 || *rate * image.step_s > 1) {
        return fail({.where = fmt::format("stimulus '{}'", specification),
                     .found = "not a rate in Hz that the step can express",
                     .allowed = fmt::format("0 to {} Hz (one spike a step of {} s)", 1 / image.step_s, image.step_s),
                     .help = "write poisson:20"});
    }
    return make_poisson_stimulus(image, {.rate_hz = *rate, .seed = seed});
}

bool is_sonata(std::string_view path) {
    return path.ends_with(".h5") || path.ends_with(".hdf5") || path.ends_with(".sonata");
}

/// "FILE.npy#3" and "FILE.h5#hidden" taken apart; any other '#' belongs to the file's name.
struct FileText {
    std::string path;
    std::optional<std::uint64_t> sample;
    std::string population;
};

FileText split_file(const std::string& specification) {
    const std::size_t hash = specification.rfind('#');
    if (hash != std::string::npos && hash + 1 < specification.size()) {
        const std::string path = specification.substr(0, hash);
        const std::string rest = specification.substr(hash + 1);
        if (is_sonata(path)) {
            return {path, std::nullopt, rest};
        }
        if (const auto sample = parse_unsigned(rest)) {
            return {path, sample, ""};
        }
    }
    return {specification, std::nullopt, ""};
}

Result<EventList> read_events(const FileText& file, const chip::Image& image) {
    if (file.path.ends_with(".npz")) {
        const auto arrays = files::read_npz(file.path);
        return arrays ? raster_events(*arrays, file.path, file.sample, image) : tl::unexpected(arrays.error());
    }
    if (file.path.ends_with(".npy")) {
        auto array = files::read_npy(file.path);
        if (!array) {
            return tl::unexpected(array.error());
        }
        files::NamedArrays arrays;
        arrays.emplace_back("", std::move(*array));
        return raster_events(arrays, file.path, file.sample, image);
    }
    if (file.path.ends_with(".csv")) {
        const auto bytes = files::read_bytes(file.path);
        return bytes ? parse_event_csv({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, file.path, image)
                     : tl::unexpected(bytes.error());
    }
    if (is_sonata(file.path)) {
        return read_sonata_events(file.path, file.population, image);
    }
    const bool idx = file.path.find("idx") != std::string::npos;
    return fail({.where = file.path,
                 .found = "not a kind of stimulus that is known by its name",
                 .allowed = "FILE.h5 (SONATA), FILE.npy, FILE.npz, FILE.csv, poisson:RATE",
                 .help = idx ? "idx images are a labelled set: run them with `spikeloom eval --data`" : ""});
}

}  // namespace

std::unique_ptr<Stimulus> make_event_stimulus(std::vector<SpikeEvent> events, std::uint64_t steps) {
    return std::make_unique<EventStimulus>(std::move(events), steps);
}

std::unique_ptr<Stimulus> make_poisson_stimulus(const chip::Image& image, const PoissonOptions& options) {
    return std::make_unique<PoissonStimulus>(image, options);
}

Result<std::unique_ptr<Stimulus>> open_stimulus(const std::string& specification, const chip::Image& image,
                                                std::uint64_t seed) {
    if (specification.starts_with(poisson_prefix)) {
        return open_poisson(specification, image, seed);
    }
    if (image.inputs.empty()) {
        return fail({.where = fmt::format("stimulus '{}'", specification),
                     .found = "the network has no input port",
                     .allowed = {},
                     .help = "run it without --input"});
    }
    auto list = read_events(split_file(specification), image);
    if (!list) {
        return tl::unexpected(list.error());
    }
    return make_event_stimulus(std::move(list->events), list->steps);
}

std::string stimulus_file(const std::string& specification) {
    return specification.starts_with(poisson_prefix) ? "" : split_file(specification).path;
}

Diagnostics check_stimulus_length(const Stimulus& stimulus, std::uint64_t steps) {
    if (stimulus.steps() <= steps) {
        return {};
    }
    return {{.severity = Severity::warning,
             .where = "stimulus",
             .found = fmt::format("it lasts {} steps and the run {}: what comes later is never delivered",
                                  stimulus.steps(), steps),
             .allowed = {},
             .help = fmt::format("run {} steps", stimulus.steps())}};
}

}  // namespace spikeloom::runtime
