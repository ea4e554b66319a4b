#include "tools/chip_comparison_prices.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace spikeloom::tools {

namespace {

constexpr double most_of_it = 0.9;  ///< share of an energy whose constants decide its trust
constexpr double ns_per_s = 1e9;

void sort_by_share(std::vector<chip::ConstantShare>& constants) {
    std::ranges::sort(constants, [](const chip::ConstantShare& a, const chip::ConstantShare& b) {
        return a.energy_pj.value != b.energy_pj.value ? a.energy_pj.value > b.energy_pj.value : a.constant < b.constant;
    });
}

/// The constant of time that takes most of the run: the barrier, or an event's. Events are summed over cores, which
/// work side by side; so this says which constant matters, not how long it took.
std::optional<chip::ConstantShare> slowest_of(const CountedRun& run, const chip::CostTable& costs) {
    std::optional<chip::ConstantShare> slowest;
    double most = 0;
    const auto consider = [&](std::string name, const chip::Quantity& quantity, double count) {
        if (quantity.value * count > most) {
            most = quantity.value * count;
            slowest = {
                .constant = std::move(name), .energy_pj = {}, .trust = quantity.trust, .source = quantity.source};
        }
    };
    const chip::BarrierPoint* barrier = nullptr;
    for (const chip::BarrierPoint& point : costs.barrier) {
        barrier = point.tiles <= std::max(run.tiles, 1) ? &point : barrier;
    }
    if (barrier != nullptr) {
        consider("barrier", barrier->time_ns, static_cast<double>(run.steps));
    }
    const double cores = std::max(1, run.usage.cores);
    for (const chip::EventCost& event : costs.events) {
        consider(std::string(name_of(event.item)) + ".time_ns", event.time_ns,
                 static_cast<double>(chip::count_of(run.counters, event.item)) / cores);
    }
    return slowest;
}

}  // namespace

chip::Estimate times(const chip::Estimate& estimate, double factor) {
    return {estimate.value * factor, estimate.low * factor, estimate.high * factor};
}

chip::Estimate InferencePrice::energy_pj() const {
    chip::Estimate sum = events_pj;
    sum += cores_pj;
    sum += chip_pj;
    return sum;
}

std::optional<chip::Trust> InferencePrice::energy_trust() const {
    std::optional<chip::Trust> weakest;
    const double whole = energy_pj().value;
    double told = 0;
    for (const chip::ConstantShare& share : constants) {
        if (told >= most_of_it * whole) {
            break;
        }
        told += share.energy_pj.value;
        weakest = std::max(weakest.value_or(share.trust), share.trust);
    }
    return weakest;
}

chip::Usage usage_of(const chip::Image& image, double time_ns) {
    std::set<int> chips;
    for (const chip::CoreImage& core : image.cores) {
        chips.insert(image.chip.mesh.chip(static_cast<int>(core.place)));
    }
    return {.cores = static_cast<int>(image.cores.size()),
            .chips = std::max(1, static_cast<int>(chips.size())),
            .time_ns = time_ns};
}

int idle_cores_of(const chip::Image& image) {
    const chip::Usage usage = usage_of(image, 0);
    return image.chip.mesh.cores() / std::max(1, image.chip.mesh.chips()) * usage.chips - usage.cores;
}

InferencePrice price_of(const CountedRun& run, const chip::CostTable& costs) {
    const double each = 1 / run.samples;
    const chip::StaticEnergy fixed = chip::static_energy(costs, run.usage.cores, run.usage.time_ns, run.usage.chips);
    InferencePrice price{
        .table = costs.name,
        .title = costs.title,
        .events_pj = times(chip::total(chip::dynamic_energy(run.counters, costs)), each),
        .cores_pj = times(fixed.cores_pj, each),
        .chip_pj = times(fixed.chip_pj, each),
        .processors_pj = times(fixed.host_pj, each),
        .idle_cores_pj = chip::scaled(costs.static_power_core_mw, run.idle_cores * run.usage.time_ns * each),
        .latency_ns = run.usage.time_ns * each,
        .slowest = slowest_of(run, costs)};
    for (chip::ConstantShare& share : chip::energy_shares(run.counters, costs, run.usage)) {
        if (share.constant != "host_power_mw") {
            share.energy_pj = times(share.energy_pj, each);
            price.constants.push_back(std::move(share));
        }
    }
    sort_by_share(price.constants);
    return price;
}

InferencePrice price_of(const chip::analog::AnalogCounts& counts, double samples, const chip::AnalogCostTable& costs) {
    const double each = 1 / samples;
    const chip::analog::AnalogEnergy energy = chip::analog::price(counts, costs);
    InferencePrice price{.table = costs.name,
                         .title = costs.title,
                         .chip_pj = times(energy.chip_pj, each),
                         .latency_ns = counts.duration_s * ns_per_s * each};
    price.constants.push_back({.constant = "chip_power_mw",
                               .energy_pj = price.chip_pj,
                               .trust = costs.chip_power_mw.trust,
                               .source = costs.chip_power_mw.source});
    for (const chip::analog::AnalogItemEnergy& item : energy.items) {
        const chip::Estimate share = times(item.energy_pj, each);
        price.events_pj += share;
        const chip::Quantity& quantity = *costs.find_event(item.item);
        price.constants.push_back({.constant = std::string(name_of(item.item)) + ".energy_pj",
                                   .energy_pj = share,
                                   .trust = quantity.trust,
                                   .source = quantity.source});
    }
    sort_by_share(price.constants);
    return price;
}

void take_prices(const chip::analog::AnalogCounts& counts, double samples, const chip::AnalogSpec& chip,
                 Inference& inference) {
    for (const chip::AnalogCostTable& table : chip.costs) {
        inference.prices.push_back(price_of(counts, samples, table));
    }
    if (chip.costs.empty() && !chip.ideal) {
        inference.prices.push_back({.latency_ns = counts.duration_s * ns_per_s / samples});
    }
}

}  // namespace spikeloom::tools
