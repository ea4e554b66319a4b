// The spike raster: populations as bands in network order, samples marked off, one tick a spike.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "runtime/report/charts.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double chart_width = 1040;
constexpr double left = 150;
constexpr double right = 1030;
constexpr double most_bands_height = 480;
constexpr std::size_t most_bands = 24;

struct Band {
    const PopulationActivity* population = nullptr;
    std::uint64_t first_neuron = 0;
    double top = 0;
    double height = 0;
    std::string path;
};

std::vector<Band> lay_bands(const Report& report, double top) {
    std::vector<Band> bands;
    std::uint64_t first = 0;
    double wanted = 0;
    for (const PopulationActivity& population : report.populations) {
        if (population.spiking && population.neurons > 0 && bands.size() < most_bands) {
            const double height = std::clamp(3.5 * static_cast<double>(population.neurons), 36.0, 240.0);
            bands.push_back({&population, first, 0, height, {}});
            wanted += height;
        }
        first += population.neurons;
    }
    const double shrink = std::min(1.0, most_bands_height / std::max(wanted, 1.0));
    for (Band& band : bands) {
        band.height = std::max(18.0, band.height * shrink);
        band.top = top;
        top += band.height + 10;
    }
    return bands;
}

void draw_samples(const Report& report, const Scale& x, double top, double bottom, Svg& svg) {
    for (std::size_t i = 0; i < report.raster_samples.size(); ++i) {
        const RasterSample& sample = report.raster_samples[i];
        const double begin = x(sample.start_ms);
        const double end =
            i + 1 < report.raster_samples.size() ? x(report.raster_samples[i + 1].start_ms) : x(report.raster_end_ms);
        if (i % 2 == 1) {
            svg.rect({begin, top, end - begin, bottom - top}, "stripe");
        }
        if (i > 0) {
            svg.line(begin, top - 4, begin, bottom, "boundary");
        }
        const bool right_answer = sample.label == sample.predicted;
        const std::string answer = sample.predicted < 0 ? "none" : std::to_string(sample.predicted);
        const std::string text =
            end - begin > 70 ? fmt::format("{} → {}", sample.label, answer) : std::to_string(sample.label);
        if (end - begin > 14) {
            svg.text((begin + end) / 2, top - 8, text, right_answer ? "t small good" : "t small wrong", Anchor::middle);
        }
    }
}

/// Appends the spikes to the paths of their bands: "M x y v h" each.
void draw_spikes(const Report& report, const Scale& x, std::vector<Band>& bands) {
    for (const RasterSpike& spike : report.raster) {
        const auto after = std::upper_bound(bands.begin(), bands.end(), spike.neuron,
                                            [](std::uint32_t n, const Band& band) { return n < band.first_neuron; });
        if (after == bands.begin()) {
            continue;
        }
        Band& band = *(after - 1);
        const std::uint64_t neuron = spike.neuron - band.first_neuron;
        if (neuron >= band.population->neurons) {
            continue;
        }
        const double row = band.height / static_cast<double>(band.population->neurons);
        const double height = std::max(2.0, row * 0.8);
        const double y = band.top + (static_cast<double>(neuron) + 0.5) * row - height / 2;
        band.path += fmt::format("M{:.1f} {:.1f}v{:.1f}", x(spike.time_ms), y, height);
    }
}

}  // namespace

std::string raster_chart(const Report& report) {
    if (report.raster.empty() || !(report.raster_end_ms > 0)) {
        return {};
    }
    const double top = report.raster_samples.empty() ? 12 : 30;
    std::vector<Band> bands = lay_bands(report, top);
    if (bands.empty()) {
        return {};
    }
    const double bottom = bands.back().top + bands.back().height;
    const double half_step = report.step_s * 500;
    const Scale x{-half_step, report.raster_end_ms, left, right};
    draw_spikes(report, x, bands);

    Svg svg(chart_width, bottom + 44, "Spike raster: time against neuron, one band a population", true);
    for (const Band& band : bands) {
        const PopulationActivity& population = *band.population;
        svg.rect({left, band.top, right - left, band.height}, "band");
        svg.text(left - 10, band.top + 13, shortened(population.name, 18, Script::unicode), "t strong", Anchor::end);
        if (band.height >= 34) {
            svg.text(left - 10, band.top + 30,
                     fmt::format("{} {}", grouped(population.neurons), population.neurons == 1 ? "neuron" : "neurons"),
                     "t small muted", Anchor::end);
        }
    }
    draw_samples(report, x, top, bottom, svg);
    const bool some_hidden =
        std::any_of(bands.begin(), bands.end(), [](const Band& band) { return !band.population->output; });
    for (const Band& band : bands) {
        svg.path(band.path, some_hidden && band.population->output ? "spike output" : "spike");
    }
    const Scale axis{0, report.raster_end_ms * 1e-3, x(0), right};
    svg.axis_below(axis, bottom + 6, bottom + 2, "s", "time", 10);
    return svg.finish();
}

}  // namespace spikeloom::runtime
