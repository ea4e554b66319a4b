// From the layers of a netx file to populations and projections, one layer after the other. netx knows no graph: a
// layer hears the one before, unless a concat layer names more. So the lowerer carries what the next layer will hear:
// an ordered list of sources, joined as if they were one.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/netx/netx_neuron.hpp"
#include "compiler/netx/netx_notes.hpp"
#include "compiler/netx/netx_reader.hpp"
#include "compiler/netx/netx_shapes.hpp"

namespace spikeloom::compiler {

/// A part of what a layer hears. Of a layer that comes later (a recurrent concat) only number and shape are known.
struct NetxSegment {
    Source source{};
    Shape shape{};
    std::optional<std::uint64_t> later{};
};

class NetxLowerer {
public:
    NetxLowerer(const NetxFile& file, const NetxOptions& options);
    [[nodiscard]] Result<NetxImport> run();

private:
    void read_simulation();
    [[nodiscard]] bool choose_layers();
    void lower(const NetxLayer& layer);
    void begin_here(const NetxLayer& layer);
    void tell_unread(const NetxLayer& layer, std::initializer_list<std::string_view> read);
    void resolve_later_sources();

    void open_port(Shape wanted, const std::string& reason, bool graded = false);
    void lower_input(const NetxLayer& layer);
    [[nodiscard]] bool stands_backwards(const NetxLayer& layer, const Shape& shape) const;
    void tell_transform(const NetxLayer& layer);
    void add_input_neurons(const NetxLayer& layer);

    void refuse_complex(const NetxLayer& layer);
    void lower_dense(const NetxLayer& layer);
    void add_dense(const NetxLayer& layer, const std::vector<float>& weights, const std::vector<std::uint8_t>& delays,
                   std::size_t sources);
    void add_recurrence(const NetxLayer& layer, std::vector<float> weights, const std::vector<std::uint8_t>& delays,
                        std::size_t sources);
    void lower_convolution(const NetxLayer& layer);
    void lower_pool(const NetxLayer& layer);
    void lower_average(const NetxLayer& layer);
    void lower_concat(const NetxLayer& layer);
    [[nodiscard]] bool concat_segments(const NetxLayer& layer, std::vector<NetxSegment>& segments);
    [[nodiscard]] bool open_image(const NetxLayer& layer, std::uint32_t channels);

    void add_population(const NetxLayer& layer, NetxNeuron neuron, Shape shape, std::vector<std::int32_t> biases);
    void set_reset(FixedNeuron& fixed);
    void add_projection(const NetxLayer& layer, const NetxSegment& from, Weights weights, int delay_steps,
                        std::string name = "weight");
    /// The newest population is what the next layer hears.
    void step_to_last();
    void hear(const NetxSegment& segment);
    [[nodiscard]] PopulationId last_population() const {
        return PopulationId(static_cast<std::uint32_t>(network_.populations.size() - 1));
    }
    [[nodiscard]] bool hears_port() const {
        return heard_.size() == 1 && !heard_[0].later && heard_[0].source.kind == Source::Kind::input;
    }

    const NetxFile& file_;
    const NetxOptions& options_;
    NetxNotes notes_;
    Network network_;
    std::uint64_t first_layer_ = 0;
    std::uint64_t end_layer_ = 0;
    std::size_t kept_resolutions_ = 0;  ///< those that hold whichever layers are skipped
    std::vector<NetxSegment> heard_;
    Shape shape_;  ///< of all that is heard: (channels, height, width), or (neurons)
    bool flat_ = false;
    bool sums_only_ = false;          ///< what is heard sends nothing: an average
    std::uint64_t reset_layers_ = 0;  ///< layers of neurons so far, as netx counts them for its resets
    bool input_on_chip_ = false;
    std::map<std::uint64_t, std::vector<NetxSegment>> heard_behind_;  ///< of each layer done
    std::vector<std::pair<std::size_t, std::uint64_t>> waiting_;      ///< projections, layers that they come from
};

}  // namespace spikeloom::compiler
