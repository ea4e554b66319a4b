#include "runtime/report/traffic_builder.hpp"

#include <span>

namespace spikeloom::test {
namespace {

template <class T>
void put(files::Hdf5Writer& file, const std::string& name, const std::vector<T>& values) {
    file.array<T>("/traffic/" + name, std::span<const T>(values), {values.size()});
}

}  // namespace

TrafficBuilder::TrafficBuilder() {
    columns = {"time", "spiking", "generation", "processing", "link", "learning", "barrier", "host"};
    bounds = {"generation", "processing", "network", "learning", "barrier", "host"};
    for (std::uint32_t step = 0; step < 40; ++step) {
        // Every fourth step waits for a link; the others for the second core's processing.
        const bool waits = step % 4 == 3;
        const float processing = 60.0F + static_cast<float>(step);
        const float spiking = waits ? 3 * processing : processing;
        for (const float time : {spiking + 25, spiking, 40.0F, processing, waits ? 150.0F : 30.0F, 0.0F, 20.0F, 5.0F}) {
            phases.push_back(time);
        }
        bound.push_back(waits ? 2 : 1);
        core.push_back(waits ? 0 : 1);
        link.push_back(waits ? 2 : 0);
    }
    link[0] = 4294967295;  // a step without messages
    // Tiles 0 and 1 of the first column, 2 and 3 of the second: each link in both directions.
    for (const auto& [a, b] : {std::pair{0, 1}, {1, 0}, {0, 2}, {2, 0}, {1, 3}, {3, 1}, {2, 3}, {3, 2}}) {
        names.push_back("tile " + std::to_string(a / 2) + "," + std::to_string(a % 2) + " -> " + std::to_string(b / 2) +
                        "," + std::to_string(b % 2));
        from.push_back(static_cast<std::uint32_t>(a));
        to.push_back(static_cast<std::uint32_t>(b));
        from_column.push_back(a / 2);
        from_row.push_back(a % 2);
        to_column.push_back(b / 2);
        to_row.push_back(b % 2);
        between_chips.push_back(0);
        interval.push_back(1);
        flits.push_back(0);
        waited.push_back(0);
        peak.push_back(0);
    }
    flits[0] = 100;
    flits[2] = 400;
    waited[2] = 900;
    peak[0] = 2;
    peak[2] = 8;
    for (std::uint32_t i = 0; i < 4; ++i) {
        window.push_back(i);
        window_link.push_back(2);
        window_flits.push_back(100);
        window_peak.push_back(5 + i);
    }
    window.insert(window.begin() + 1, 0);
    window_link.insert(window_link.begin() + 1, 0);
    window_flits.insert(window_flits.begin() + 1, 100);
    window_peak.insert(window_peak.begin() + 1, 2);
    out = {500, 0};
    in = {0, 500};
}

void TrafficBuilder::add_trace() {
    message_step = {0, 0, 3, 39};
    source = {0, 1, 0, 1};
    destination = {5, 4, 5, 4};
    made = {0, 10, 20, 30};
    injected = {0, 12, 25, 60};
    arrived = {10, 30, 50, 130};
    processed = {15, 45, 60, 200};
    hops = {1, 2, 3, 2};
    stalled_link = {4294967295, 0, 4294967295, 2};
    stalled = {0, 4, 0, 60};
}

void TrafficBuilder::write(files::Hdf5Writer& file) const {
    file.text("/traffic/model", model);
    file.text("/traffic/costs", costs);
    file.scalar<double>("/traffic/cycle", cycle);
    file.array<float>("/traffic/phases", std::span<const float>(phases), {phases.size() / 8, 8});
    file.attribute("/traffic/phases", "columns", std::span<const std::string>(columns));
    put(file, "bound", bound);
    file.attribute("/traffic/bound", "names", std::span<const std::string>(bounds));
    put(file, "core", core);
    put(file, "link", link);
    file.texts("/traffic/links/name", names, {names.size()});
    put(file, "links/from", from);
    put(file, "links/to", to);
    put(file, "links/from_column", from_column);
    put(file, "links/from_row", from_row);
    put(file, "links/to_column", to_column);
    put(file, "links/to_row", to_row);
    put(file, "links/between_chips", between_chips);
    put(file, "links/interval", interval);
    put(file, "links/flits", flits);
    put(file, "links/waited", waited);
    put(file, "links/peak", peak);
    file.scalar<std::uint64_t>("/traffic/windows/steps", window_steps);
    put(file, "windows/window", window);
    put(file, "windows/link", window_link);
    put(file, "windows/flits", window_flits);
    put(file, "windows/peak", window_peak);
    put(file, "cores/out", out);
    put(file, "cores/in", in);
    if (!message_step.empty()) {
        put(file, "trace/step", message_step);
        put(file, "trace/source", source);
        put(file, "trace/destination", destination);
        put(file, "trace/made", made);
        put(file, "trace/injected", injected);
        put(file, "trace/arrived", arrived);
        put(file, "trace/processed", processed);
        put(file, "trace/hops", hops);
        put(file, "trace/stalled_link", stalled_link);
        put(file, "trace/stalled", stalled);
    }
}

}  // namespace spikeloom::test
