// What drives a network: spikes from a file, from an encoder, or from a source, one step at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chip/chip.hpp"
#include "chip/image/image.hpp"
#include "core/base/diagnostics.hpp"
#include "core/base/ids.hpp"

namespace spikeloom::runtime {

/// Produces the input spikes of each step. A pure function of the step where it can be.
class Stimulus {
public:
    virtual ~Stimulus() = default;
    /// Appends the spikes of the step, ascending by port and channel, each at most once.
    virtual void spikes(Step step, std::vector<chip::InputSpike>& out) = 0;
    /// Steps that the stimulus lasts; 0 if it never ends.
    [[nodiscard]] virtual std::uint64_t steps() const = 0;
};

/// Spikes as (step, port, channel), sorted.
struct SpikeEvent {
    std::uint64_t step = 0;
    std::uint32_t port = 0;
    std::uint32_t channel = 0;
    friend auto operator<=>(const SpikeEvent&, const SpikeEvent&) = default;
};
[[nodiscard]] std::unique_ptr<Stimulus> make_event_stimulus(std::vector<SpikeEvent> events, std::uint64_t steps);

/// Independent Poisson (Bernoulli per step) sources on every channel of every port.
struct PoissonOptions {
    double rate_hz = 10;
    std::uint64_t seed = 0;
};
[[nodiscard]] std::unique_ptr<Stimulus> make_poisson_stimulus(const chip::Image& image, const PoissonOptions& options);

/// A file of spikes for one run: SONATA .h5 (/spikes/<population> = input port; times in ms over the image's step),
/// .npy / .npz raster (T x N; non-zero = spike; one array a port in .npz), .csv (step,channel), or "poisson:RATE".
/// Sizes are checked against the ports; a mismatch says what the port wants.
[[nodiscard]] Result<std::unique_ptr<Stimulus>> open_stimulus(const std::string& specification,
                                                              const chip::Image& image, std::uint64_t seed);

enum class Encoding : std::uint8_t {
    latency,   ///< one spike a channel: value 1 first, value 0 last (none below the cut-off)
    rate,      ///< Bernoulli with probability value * max_rate a step, seeded
    constant,  ///< the value as a constant current: an integrate-and-fire encoder a channel, v += value, spike at v >
               ///< 1, v = 0
    events,    ///< the data are spikes already (S x T x N)
};

struct EncoderOptions {
    Encoding encoding = Encoding::latency;
    std::uint32_t steps = 32;  ///< a sample's length
    std::uint32_t window = 0;  ///< latency: steps over which values spread; 0 = steps / 2 (at least 1)
    double cutoff = 0.0;       ///< latency: values at or below give no spike
    double max_rate = 1.0;     ///< rate: spike probability a step at value 1
    std::uint64_t seed = 0;
};

/// A labelled set: .npz with inputs (S x N in 0..1, or S x T x N spikes) and labels (S), or an idx image file with
/// its labels beside it (gz too). Values are kept as float in 0..1.
struct LabelledSet {
    std::string name;
    std::size_t samples = 0;
    std::size_t channels = 0;
    std::size_t steps = 0;             ///< of event data; 0 for static values
    std::vector<float> values;         ///< S x N, or S x T x N
    std::vector<std::int32_t> labels;  ///< S
};
[[nodiscard]] Result<LabelledSet> read_labelled_set(const std::string& path, const std::string& labels_path = "");

/// The spikes of one sample (port 0), steps 0..options.steps-1.
[[nodiscard]] std::vector<SpikeEvent> encode_sample(const LabelledSet& set, std::size_t sample,
                                                    const EncoderOptions& options);

}  // namespace spikeloom::runtime
