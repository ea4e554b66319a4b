#include "runtime/recording_traffic.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace spikeloom::runtime {
namespace {

const std::vector<std::string> phase_names{"time", "spiking",  "generation", "processing",
                                           "link", "learning", "barrier",    "host"};

template <class T>
std::span<const T> one(const T& value) {
    return std::span<const T>(&value, 1);
}

std::uint32_t saturating_sum(std::uint32_t a, std::uint32_t b) {
    const std::uint64_t sum = std::uint64_t{a} + b;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, std::numeric_limits<std::uint32_t>::max()));
}

/// Column and row of a router on the board; -1, -1 of a tree's switch.
std::pair<std::int32_t, std::int32_t> position(const router::Graph& graph, std::uint32_t router) {
    const router::Mesh& mesh = graph.mesh();
    if (router >= static_cast<std::uint32_t>(mesh.tiles())) {
        return {-1, -1};
    }
    const int tile = static_cast<int>(router);
    return {mesh.tile_column(tile), mesh.tile_row(tile)};
}

}  // namespace

TrafficLog::TrafficLog(const Session& session, const RecordingOptions& options)
    : clock_(session.clock()), on_(clock_ != nullptr && clock_->options().traffic), core_steps_(options.core_steps) {
    if (clock_ != nullptr) {
        links_ = clock_->timer().graph().inject_link(0);
        totals_.resize(on_ ? links_ : 0);
        open_.resize(totals_.size());
    }
}

void TrafficLog::start(UnitWriter& writer) {
    if (core_steps_) {
        writer.extendable<std::uint64_t>("/traffic/core_steps/step", "1");
        writer.extendable<std::uint32_t>("/traffic/core_steps/core", "1");
        writer.extendable<std::uint64_t>("/traffic/core_steps/counters", "1", counter_count);
        std::vector<std::string> columns;
        for (const CounterInfo& info : counter_table) {
            columns.emplace_back(info.name);
        }
        writer.file().attribute("/traffic/core_steps/counters", "columns", columns);
    }
    if (clock_ == nullptr) {
        return;
    }
    if (clock_->options().trace.on) {
        start_trace(writer);
    }
    if (!on_) {
        return;
    }
    writer.text("/traffic/model", std::string(router::name_of(clock_->timer().model())));
    writer.text("/traffic/costs", clock_->costs().name);
    writer.scalar("/traffic/cycle", "ns", clock_->timer().cycle_ns());
    writer.extendable<float>("/traffic/phases", "ns", phase_names.size());
    writer.file().attribute("/traffic/phases", "columns", phase_names);
    writer.extendable<std::uint8_t>("/traffic/bound", "1");
    std::vector<std::string> bounds;
    for (auto bound = chip::StepBound::generation; bound <= chip::StepBound::host;
         bound = static_cast<chip::StepBound>(static_cast<int>(bound) + 1)) {
        bounds.emplace_back(chip::name_of(bound));
    }
    writer.file().attribute("/traffic/bound", "names", bounds);
    writer.extendable<std::uint32_t>("/traffic/core", "1");
    writer.extendable<std::uint32_t>("/traffic/link", "1");
}

void TrafficLog::start_trace(UnitWriter& writer) const {
    writer.extendable<std::uint64_t>("/traffic/trace/step", "1");
    for (const char* name : {"source", "destination", "hops", "stalled_link"}) {
        writer.extendable<std::uint32_t>(std::string("/traffic/trace/") + name, "1");
    }
    for (const char* name : {"made", "injected", "arrived", "processed", "stalled"}) {
        writer.extendable<float>(std::string("/traffic/trace/") + name, "ns");
    }
}

void TrafficLog::after_step(UnitWriter& writer, const StepView& view) {
    if (core_steps_ && clock_ == nullptr) {
        append_core_steps(writer, view.step, view.core_counts);
    }
}

void TrafficLog::append_core_steps(UnitWriter& writer, Step step, std::span<const Counters> cores) {
    for (std::uint32_t core = 0; core < cores.size(); ++core) {
        const Counters& counts = cores[core];
        if (counts == Counters{}) {
            continue;
        }
        std::array<std::uint64_t, counter_count> row{};
        for (std::size_t i = 0; i < counter_count; ++i) {
            row[i] = counts[counter_table[i].counter];
        }
        writer.append<std::uint64_t>("/traffic/core_steps/step", one(step.value()));
        writer.append<std::uint32_t>("/traffic/core_steps/core", one(core));
        writer.append<std::uint64_t>("/traffic/core_steps/counters", row);
    }
}

void TrafficLog::after_timing(UnitWriter& writer, const TimingView& view) {
    if (core_steps_) {
        append_core_steps(writer, view.step, view.core_counts);
    }
    if (!view.passages.empty()) {
        append_trace(writer, view);
    }
    if (on_) {
        append_phases(writer, view);
        add_links(view.outcome);
    }
}

void TrafficLog::append_phases(UnitWriter& writer, const TimingView& view) const {
    const chip::StepTiming& timing = view.timing;
    std::array<float, 8> row{};
    const std::array<double, 8> phases{timing.time_ns, timing.spiking_ns,  timing.generation_ns, timing.processing_ns,
                                       timing.link_ns, timing.learning_ns, timing.barrier_ns,    timing.host_ns};
    std::transform(phases.begin(), phases.end(), row.begin(), [](double ns) { return static_cast<float>(ns); });
    writer.append<float>("/traffic/phases", row);
    writer.append<std::uint8_t>("/traffic/bound", one(static_cast<std::uint8_t>(timing.bound)));
    writer.append<std::uint32_t>("/traffic/core", one(timing.core));
    writer.append<std::uint32_t>("/traffic/link", one(timing.link));
}

void TrafficLog::append_trace(UnitWriter& writer, const TimingView& view) {
    const double cycle_ns = clock_->timer().cycle_ns();
    const auto append = [&]<class T>(const char* name, const auto& value) {
        std::vector<T> values;
        values.reserve(view.passages.size());
        for (const router::Passage& passage : view.passages) {
            values.push_back(static_cast<T>(value(passage)));
        }
        writer.append<T>(std::string("/traffic/trace/") + name, values);
    };
    using P = const router::Passage&;
    const auto ns = [cycle_ns](router::Cycle cycles) { return static_cast<double>(cycles) * cycle_ns; };
    append.operator()<std::uint64_t>("step", [&](P) { return view.step.value(); });
    append.operator()<std::uint32_t>("source", [](P p) { return p.source; });
    append.operator()<std::uint32_t>("destination", [](P p) { return p.destination; });
    append.operator()<std::uint32_t>("hops", [](P p) { return p.hops; });
    append.operator()<std::uint32_t>("stalled_link", [](P p) { return p.stalled_link; });
    append.operator()<float>("made", [&](P p) { return ns(p.made); });
    append.operator()<float>("injected", [&](P p) { return ns(p.injected); });
    append.operator()<float>("arrived", [&](P p) { return ns(p.arrived); });
    append.operator()<float>("processed", [&](P p) { return ns(p.processed); });
    append.operator()<float>("stalled", [&](P p) { return ns(p.stalled); });
}

void TrafficLog::add_links(const router::Outcome& outcome) {
    for (std::uint32_t link = 0; link < links_; ++link) {
        const router::LinkUse& use = outcome.links[link];
        totals_[link].flits += use.flits;
        totals_[link].waited += use.waited;
        totals_[link].peak = std::max(totals_[link].peak, use.peak);
        open_[link].flits = saturating_sum(open_[link].flits, use.flits);
        open_[link].peak = std::max(open_[link].peak, use.peak);
    }
    if (++open_steps_ == window_steps_) {
        end_window();
    }
}

void TrafficLog::end_window() {
    for (std::uint32_t link = 0; link < links_; ++link) {
        if (open_[link].flits > 0) {
            rows_.push_back({.window = windows_, .link = link, .flits = open_[link].flits, .peak = open_[link].peak});
        }
        open_[link] = {};
    }
    ++windows_;
    open_steps_ = 0;
    // Odd numbers of windows wait for one more, so that a merged window is whole.
    if ((windows_ >= most_recorded_windows || rows_.size() > most_rows) && windows_ % 2 == 0) {
        merge_windows();
    }
}

void TrafficLog::merge_windows() {
    for (Row& row : rows_) {
        row.window /= 2;
    }
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
        return std::pair(a.window, a.link) < std::pair(b.window, b.link);
    });
    std::size_t kept = 0;
    for (const Row& row : rows_) {
        if (kept > 0 && rows_[kept - 1].window == row.window && rows_[kept - 1].link == row.link) {
            Row& last = rows_[kept - 1];
            last.flits = saturating_sum(last.flits, row.flits);
            last.peak = std::max(last.peak, row.peak);
        } else {
            rows_[kept++] = row;
        }
    }
    rows_.resize(kept);
    windows_ /= 2;
    window_steps_ *= 2;
}

void TrafficLog::finish(UnitWriter& writer, const std::vector<Counters>& totals) {
    if (clock_ == nullptr) {
        return;
    }
    if (clock_->options().trace.on) {
        writer.scalar<std::uint8_t>("/traffic/trace/cut", "1", clock_->trace_cut() ? 1 : 0);
    }
    if (!on_) {
        return;
    }
    if (open_steps_ > 0) {
        end_window();
    }
    write_links(writer);
    write_windows(writer);
    std::vector<std::uint64_t> out;
    std::vector<std::uint64_t> in;
    for (const Counters& counts : totals) {
        out.push_back(counts[Counter::messages_out]);
        in.push_back(counts[Counter::messages_in]);
    }
    writer.array("/traffic/cores/out", "messages", out);
    writer.array("/traffic/cores/in", "messages", in);
}

void TrafficLog::write_links(UnitWriter& writer) const {
    const router::Graph& graph = clock_->timer().graph();
    std::vector<std::string> names;
    std::vector<std::uint32_t> from, to, intervals, peak;
    std::vector<std::int32_t> from_column, from_row, to_column, to_row;
    std::vector<std::uint8_t> between_chips;
    std::vector<std::uint64_t> flits, waited;
    for (std::uint32_t index = 0; index < links_; ++index) {
        const router::Link& link = graph.links()[index];
        names.push_back(graph.name(index));
        from.push_back(link.from);
        to.push_back(link.to);
        const auto [x, y] = position(graph, link.from);
        from_column.push_back(x);
        from_row.push_back(y);
        const auto [to_x, to_y] = position(graph, link.to);
        to_column.push_back(to_x);
        to_row.push_back(to_y);
        between_chips.push_back(link.between_chips ? 1 : 0);
        intervals.push_back(static_cast<std::uint32_t>(link.timing.interval));
        flits.push_back(totals_[index].flits);
        waited.push_back(totals_[index].waited);
        peak.push_back(totals_[index].peak);
    }
    writer.texts("/traffic/links/name", names);
    writer.array("/traffic/links/from", "1", from);
    writer.array("/traffic/links/to", "1", to);
    writer.array("/traffic/links/from_column", "tiles", from_column);
    writer.array("/traffic/links/from_row", "tiles", from_row);
    writer.array("/traffic/links/to_column", "tiles", to_column);
    writer.array("/traffic/links/to_row", "tiles", to_row);
    writer.array("/traffic/links/between_chips", "1", between_chips);
    writer.array("/traffic/links/interval", "cycles", intervals);
    writer.array("/traffic/links/flits", "flits", flits);
    writer.array("/traffic/links/waited", "flit-cycles", waited);
    writer.array("/traffic/links/peak", "flits", peak);
}

void TrafficLog::write_windows(UnitWriter& writer) const {
    const auto write = [&](const char* name, const char* units, std::uint32_t Row::* field) {
        std::vector<std::uint32_t> values;
        values.reserve(rows_.size());
        for (const Row& row : rows_) {
            values.push_back(row.*field);
        }
        writer.array(std::string("/traffic/windows/") + name, units, values);
    };
    writer.scalar<std::uint64_t>("/traffic/windows/steps", "steps", window_steps_);
    write("window", "1", &Row::window);
    write("link", "1", &Row::link);
    write("flits", "flits", &Row::flits);
    write("peak", "flits", &Row::peak);
}

}  // namespace spikeloom::runtime
