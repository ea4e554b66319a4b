// The readers behind open_stimulus and read_labelled_set: each takes a file's content and the image's ports and gives
// events, or says everything that is wrong with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chip/image/image.hpp"
#include "core/base/diagnostics.hpp"
#include "core/files/npy.hpp"
#include "runtime/stimulus.hpp"

namespace spikeloom::runtime {

/// Steps beyond this are taken for damage.
inline constexpr std::uint64_t most_steps = std::uint64_t{1} << 40;

struct EventList {
    std::vector<SpikeEvent> events;
    std::uint64_t steps = 0;
};

/// "port 'input' (12 channels)", for diagnostics.
[[nodiscard]] std::string port_text(const chip::InputSymbol& port);
[[nodiscard]] std::string ports_text(const chip::Image& image);

/// Rasters by port name; a single one serves a single port under any name (.npy: an empty name).
[[nodiscard]] Result<EventList> raster_events(const files::NamedArrays& arrays, const std::string& origin,
                                              std::optional<std::uint64_t> sample, const chip::Image& image);
[[nodiscard]] Result<EventList> parse_event_csv(std::string_view text, const std::string& origin,
                                                const chip::Image& image);
/// `population`: only that one, for the port of its name or the only port; "": all, each for the port of its name.
[[nodiscard]] Result<EventList> read_sonata_events(const std::string& path, const std::string& population,
                                                   const chip::Image& image);

/// The set in an archive's arrays (read_labelled_set says their names).
[[nodiscard]] Result<LabelledSet> labelled_set(const files::NamedArrays& archive, const std::string& origin);

}  // namespace spikeloom::runtime
