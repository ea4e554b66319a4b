// The JSON documents in a recording. Tolerant: a member that is absent or of another type keeps its default.
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "runtime/report/source.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {
namespace {

namespace json = boost::json;

constexpr std::size_t most_entries = 10'000;

std::optional<json::value> parsed(const std::string& text) {
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 32;
    json::value value = json::parse(text, error, {}, options);
    return error ? std::nullopt : std::optional(std::move(value));
}

double real(const json::object& object, std::string_view key, double otherwise) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_number()) {
        return otherwise;
    }
    const double number = value->to_number<double>();
    return std::isfinite(number) ? number : otherwise;
}

std::int64_t integer(const json::object& object, std::string_view key, std::int64_t otherwise) {
    const double value = real(object, key, static_cast<double>(otherwise));
    return std::abs(value) < 9e15 ? static_cast<std::int64_t>(value) : otherwise;
}

std::uint64_t count(const json::object& object, std::string_view key) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(integer(object, key, 0), 0));
}

std::string text(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? printable(std::string_view(value->get_string())) : std::string();
}

/// Calls `use` with every object of the array at the key.
template <class Use>
void for_each_object(const json::object& object, std::string_view key, Use use) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_array()) {
        return;
    }
    std::size_t taken = 0;
    for (const json::value& entry : value->get_array()) {
        if (entry.is_object() && taken++ < most_entries) {
            use(entry.get_object());
        }
    }
}

}  // namespace

std::vector<chip::ProjectionLoss> parse_losses(const std::string& document) {
    std::vector<chip::ProjectionLoss> losses;
    const auto value = parsed(document);
    if (!value || !value->is_array()) {
        return losses;
    }
    for (const json::value& entry : value->get_array()) {
        if (!entry.is_object() || losses.size() >= most_entries) {
            continue;
        }
        const json::object& object = entry.get_object();
        losses.push_back(
            {.name = text(object, "name"),
             .weights = count(object, "weights"),
             .synapses = count(object, "synapses"),
             .zeroed = count(object, "zeroed"),
             .clipped = count(object, "clipped"),
             .rms_error = real(object, "rms_error", 0),
             .max_error = real(object, "max_error", 0),
             .weight_exponent =
                 static_cast<int>(std::clamp<std::int64_t>(integer(object, "weight_exponent", 0), -1000, 1000)),
             .weight_bits = static_cast<int>(std::clamp<std::int64_t>(integer(object, "weight_bits", 0), 0, 1000))});
    }
    return losses;
}

std::optional<Gap> parse_gap(const std::string& document) {
    const auto value = parsed(document);
    if (!value || !value->is_object()) {
        return std::nullopt;
    }
    const json::object& object = value->get_object();
    Gap gap{.samples = count(object, "samples"),
            .float_accuracy = real(object, "float_accuracy", -1),
            .chip_timed_accuracy = real(object, "chip_timed_accuracy", -1),
            .chip_accuracy = real(object, "chip_accuracy", -1),
            .agreement = real(object, "agreement", -1),
            .layers = {},
            .steps = {},
            .largest_step = text(object, "largest_step"),
            .timing = text(object, "timing")};
    for_each_object(object, "layers", [&](const json::object& layer) {
        gap.layers.push_back({.population = text(layer, "population"),
                              .float_spikes = std::max(real(layer, "float_spikes", 0), 0.0),
                              .chip_spikes = std::max(real(layer, "chip_spikes", 0), 0.0),
                              .mismatched_spikes = real(layer, "mismatched_spikes", -1),
                              .rate_cosine = real(layer, "rate_cosine", -1),
                              .first_divergence = integer(layer, "first_divergence", -1),
                              .first_sample = integer(layer, "first_divergence_sample", -1),
                              .first_neuron = integer(layer, "first_divergence_neuron", -1),
                              .diverging_samples = integer(layer, "diverging_samples", -1)});
    });
    for_each_object(object, "steps", [&](const json::object& step) {
        gap.steps.push_back({.name = text(step, "name"),
                             .accuracy = real(step, "accuracy", -1),
                             .spike_change = real(step, "spike_change", -1)});
    });
    return gap;
}

}  // namespace spikeloom::runtime
