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
    std::int32_t payload = 0;  ///< of a graded spike (Loihi 2), for traces and third factors; 0: none
    friend auto operator<=>(const SpikeEvent&, const SpikeEvent&) = default;
};
/// Events in any order; several of one step, port, channel and payload are one.
[[nodiscard]] std::unique_ptr<Stimulus> make_event_stimulus(std::vector<SpikeEvent> events, std::uint64_t steps);

/// Independent Poisson (Bernoulli per step, probability rate * step) sources on every channel of every port. A pure
/// function of seed, step, port and channel; probabilities have 32 bits.
struct PoissonOptions {
    double rate_hz = 10;
    std::uint64_t seed = 0;
};
[[nodiscard]] std::unique_ptr<Stimulus> make_poisson_stimulus(const chip::Image& image, const PoissonOptions& options);

/// What drives one run, by specification:
/// - SONATA .h5: /spikes/<population> = the input port of that name (one population and one port match under any
///   name; FILE.h5#hidden takes one of several); /spikes/{gids,timestamps} of the old dialect and
///   /spikes/{node_ids,timestamps} for a single port. A spike at time t acts in step floor(t / the image's step).
/// - .npy: raster T x N of 0 and 1 for the only port (N may be its shape), into a graded port of whole numbers, which
///   its spikes carry; .npz: one raster a port, by its name.
///   S x T x N holds many samples: FILE#3 takes the fourth.
/// - .csv: lines "step,channel", "step,port,channel" or, for graded spikes, "step,port,channel,payload" (port by name
/// or
///   number, payload 0 .. 2^24 - 1), a header and '#' comments allowed.
/// - "poisson:RATE": independent sources of RATE Hz on every channel of every port, seeded.
/// Sizes are checked against the ports; a mismatch says what the port wants. Ids out of range and times that are
/// negative, NaN or beyond 2^40 steps are errors.
[[nodiscard]] Result<std::unique_ptr<Stimulus>> open_stimulus(const std::string& specification,
                                                              const chip::Image& image, std::uint64_t seed);
/// The file that the specification names, for its hash; empty where it names none.
[[nodiscard]] std::string stimulus_file(const std::string& specification);
/// A warning where the run is shorter than the stimulus: what comes later is never delivered.
[[nodiscard]] Diagnostics check_stimulus_length(const Stimulus& stimulus, std::uint64_t steps);

enum class Encoding : std::uint8_t {
    latency,   ///< one spike a channel at step floor((1 - value) * (window - 1) + 0.5); none at or below the cut-off
    rate,      ///< Bernoulli with probability value * max_rate a step, seeded
    constant,  ///< the value as a constant current: an integrate-and-fire encoder a channel (float): v += value, spike
               ///< at v > 1, then v = 0 (ECOSYSTEM facts 2.2)
    regular,   ///< evenly spaced: value * t, rounded, spikes until step t (0.5 + sum of the value, a spike at each
               ///< whole number passed), so that the count is never off by more than half a spike
    events,    ///< the data are spikes already (S x T x N)
    values,    ///< for a graded port: in every step a spike with value_scale * value + value_offset, cut towards zero
};

struct EncoderOptions {
    Encoding encoding = Encoding::latency;
    std::uint32_t steps = 32;  ///< a sample's length; events: the data say it
    std::uint32_t window = 0;  ///< latency: steps over which values spread; 0 = steps / 2 (at least 1)
    double cutoff = 0.0;       ///< latency: values at or below give no spike
    double max_rate = 1.0;     ///< rate: spike probability a step at value 1
    double value_scale = 64;   ///< values: of a value of 1
    double value_offset = 0;   ///< values: of a value of 0
    std::uint64_t seed = 0;
};

/// "latency", "rate", "constant", "regular", "events", "values".
[[nodiscard]] Result<Encoding> parse_encoding(const std::string& text);
[[nodiscard]] std::string encoding_name(Encoding encoding);

/// A labelled set, from
/// - .npz with an array named inputs, x, data or images and one named labels, y or targets (S integers). S x N are
///   values, S x T x N spikes (0 or 1); images of any rank are values, flattened;
/// - an idx image file (gz too); its labels are labels_path, or the same name with images-idx3 replaced by labels-idx1;
/// - .npy with labels_path.
/// A .npz may say how long its samples last and over which window they are coded (integers `steps` and `window`).
/// Values are kept as float in 0..1: bytes are divided by 255 (unless none is above 1), other values must lie there.
struct LabelledSet {
    std::string name;
    std::size_t samples = 0;
    std::size_t channels = 0;
    std::size_t steps = 0;             ///< of event data; 0 for static values
    std::uint32_t coded_steps = 0;     ///< length of a coded sample that the set asks for; 0: it doesn't say
    std::uint32_t coded_window = 0;    ///< the same of the latency window
    std::vector<float> values;         ///< S x N, or S x T x N
    std::vector<std::int32_t> labels;  ///< S; of an unlabelled set none

    /// Largest label + 1.
    [[nodiscard]] std::size_t classes() const;
};
[[nodiscard]] Result<LabelledSet> read_labelled_set(const std::string& path, const std::string& labels_path = "");
/// The same without labels, even where the file has some. A .npy of any rank holds values, flattened by sample.
[[nodiscard]] Result<LabelledSet> read_unlabelled_set(const std::string& path);

/// Everything that is wrong with the options for this set: no steps, a window longer than the sample, events for
/// values and the other way round, rates outside 0..1.
[[nodiscard]] Diagnostics check_encoder(const LabelledSet& set, const EncoderOptions& options);
/// Steps of one sample: options.steps, or the data's for events.
[[nodiscard]] std::uint32_t sample_steps(const LabelledSet& set, const EncoderOptions& options);
/// The spikes of one sample (port 0), steps 0..sample_steps-1, sorted. Needs options that check_encoder passes.
[[nodiscard]] std::vector<SpikeEvent> encode_sample(const LabelledSet& set, std::size_t sample,
                                                    const EncoderOptions& options);

}  // namespace spikeloom::runtime
