// Links between routers and what crossed them: of the run, and window by window.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "runtime/report/read_traffic.hpp"
#include "runtime/report/slabs.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {

bool read_links(Source& source, TrafficReport& traffic) {
    const std::string folder = "/traffic/links/";
    const auto count = length_of(source, folder + "from", link_limit);
    if (!count) {
        return false;
    }
    const auto names = source.keep(source.file.read_texts(folder + "name", *count));
    if (names && names->values.size() != *count) {
        source.wrong(folder + "name", fmt::format("{} names", names->values.size()),
                     fmt::format("one a link: {}", *count));
        return false;
    }
    const auto from = source.column<std::uint32_t>(folder + "from", *count);
    const auto to = source.column<std::uint32_t>(folder + "to", *count);
    const auto from_column = source.column<std::int32_t>(folder + "from_column", *count);
    const auto from_row = source.column<std::int32_t>(folder + "from_row", *count);
    const auto to_column = source.column<std::int32_t>(folder + "to_column", *count);
    const auto to_row = source.column<std::int32_t>(folder + "to_row", *count);
    const auto between = source.column<std::uint8_t>(folder + "between_chips", *count);
    const auto interval = source.column<std::uint32_t>(folder + "interval", *count);
    const auto flits = source.column<std::uint64_t>(folder + "flits", *count);
    const auto waited = source.column<std::uint64_t>(folder + "waited", *count);
    const auto peak = source.column<std::uint32_t>(folder + "peak", *count);
    if (!names || !from || !to || !from_column || !from_row || !to_column || !to_row || !between || !interval ||
        !flits || !waited || !peak) {
        return false;
    }
    traffic.links.resize(*count);
    for (std::size_t i = 0; i < *count; ++i) {
        traffic.links[i] = {.name = printable(names->values[i]),
                            .from = (*from)[i],
                            .to = (*to)[i],
                            .from_column = (*from_column)[i],
                            .from_row = (*from_row)[i],
                            .to_column = (*to_column)[i],
                            .to_row = (*to_row)[i],
                            .between_chips = (*between)[i] != 0,
                            .interval = (*interval)[i],
                            .flits = (*flits)[i],
                            .waited = (*waited)[i],
                            .peak = (*peak)[i]};
    }
    return true;
}

namespace {

/// Rows of the sparse windows, merged into as many windows as the report keeps.
class WindowMerger {
public:
    explicit WindowMerger(TrafficReport& traffic)
        : traffic_(traffic),
          recorded_((traffic.steps + traffic.window_steps - 1) / traffic.window_steps),
          merged_(merged_windows(traffic)),
          sum_(traffic.links.size()),
          all_(traffic.links.size()) {}

    [[nodiscard]] std::uint64_t recorded() const { return recorded_; }
    void add(std::uint64_t window, std::uint32_t link, std::uint64_t flits, std::uint32_t peak) {
        if (window / merged_ != current_) {
            finish();
            current_ = window / merged_;
        }
        if (!sum_[link].listed) {
            sum_[link].listed = true;
            touched_.push_back(link);
        }
        sum_[link].flits += flits;
        sum_[link].peak = std::max(sum_[link].peak, peak);
        all_[link] += flits;
    }
    /// The window in hand is complete.
    void finish() {
        std::sort(touched_.begin(), touched_.end());
        for (const std::uint32_t link : touched_) {
            traffic_.windows[current_].links.push_back(
                {.link = link, .peak = sum_[link].peak, .flits = sum_[link].flits});
            sum_[link] = {};
        }
        touched_.clear();
    }
    /// Links whose windows don't add up to what they carried in the run.
    [[nodiscard]] std::size_t disagreeing() const {
        std::size_t links = 0;
        for (std::size_t i = 0; i < all_.size(); ++i) {
            links += all_[i] != traffic_.links[i].flits ? 1 : 0;
        }
        return links;
    }

private:
    struct Sum {
        std::uint64_t flits = 0;
        std::uint32_t peak = 0;
        bool listed = false;
    };
    TrafficReport& traffic_;
    std::uint64_t recorded_;
    std::uint64_t merged_;  ///< windows of the recording in one of the report
    std::uint64_t current_ = 0;
    std::vector<Sum> sum_;
    std::vector<std::uint32_t> touched_;
    std::vector<std::uint64_t> all_;
};

}  // namespace

std::uint64_t merged_windows(const TrafficReport& traffic) {
    const std::uint64_t recorded = traffic.steps / traffic.window_steps + (traffic.steps % traffic.window_steps != 0);
    const std::uint64_t room = std::clamp<std::uint64_t>(
        most_window_links / std::max<std::uint64_t>(traffic.links.size(), 1), 1, most_drawn_windows);
    return std::max<std::uint64_t>((recorded + room - 1) / room, 1);
}

void read_windows(Source& source, TrafficReport& traffic) {
    const std::string folder = "/traffic/windows/";
    const auto rows = length_of(source, folder + "window", std::numeric_limits<std::uint64_t>::max());
    if (!rows || !has_shape(source, folder + "link", *rows) || !has_shape(source, folder + "flits", *rows) ||
        !has_shape(source, folder + "peak", *rows)) {
        return;
    }
    Slabs<std::uint32_t> windows(source, folder + "window", *rows);
    Slabs<std::uint32_t> links(source, folder + "link", *rows);
    Slabs<std::uint32_t> flits(source, folder + "flits", *rows);
    Slabs<std::uint32_t> peaks(source, folder + "peak", *rows);
    WindowMerger merger(traffic);
    std::uint32_t last = 0;
    for (std::uint64_t row = 0; row < *rows; ++row) {
        const std::uint32_t* window = windows.row(row);
        const std::uint32_t* link = links.row(row);
        const std::uint32_t* crossed = flits.row(row);
        const std::uint32_t* peak = peaks.row(row);
        if (window == nullptr || link == nullptr || crossed == nullptr || peak == nullptr) {
            return;
        }
        if (*window < last || *window >= merger.recorded()) {
            source.wrong(folder + "window", fmt::format("window {} after window {}", *window, last),
                         fmt::format("ascending windows, 0..{}", merger.recorded() - 1));
            return;
        }
        if (*link >= traffic.links.size()) {
            source.wrong(folder + "link", fmt::format("link {}", *link),
                         fmt::format("links below {}", traffic.links.size()));
            return;
        }
        last = *window;
        merger.add(*window, *link, *crossed, *peak);
    }
    if (*rows > 0) {
        merger.finish();
    }
    if (const std::size_t links_off = merger.disagreeing(); links_off > 0) {
        source.remark(fmt::format("On {} of {} links, the windows of /traffic don't add up to the flits of the run.",
                                  grouped(links_off), grouped(traffic.links.size())));
    }
}

}  // namespace spikeloom::runtime
