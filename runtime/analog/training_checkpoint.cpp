#include "runtime/analog/training_checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "core/files/npy.hpp"
#include "runtime/partial_file.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::int64_t format_version = 1;
constexpr std::uint64_t most_bytes = std::uint64_t{2} << 30;
constexpr std::int64_t most_layers = 1000;

/// Places in the array "numbers".
enum Number : std::size_t { version, layers, epoch, bumped_layer, best_epoch, numbers };

files::Array text_array(const std::string& text) {
    return files::make_array({text.size()}, std::vector<std::uint8_t>(text.begin(), text.end()));
}

files::Array real_array(const std::vector<double>& values) {
    return files::make_array({values.size()}, values);
}

/// Takes arrays out of the file, and collects what is wrong with them.
class Reader {
public:
    Reader(const files::NamedArrays& arrays, std::string origin) : arrays_(arrays), origin_(std::move(origin)) {}

    std::vector<double> reals(const std::string& name) {
        const files::Array* array = find(name, files::ElementKind::floating, 8);
        std::vector<double> values = array == nullptr ? std::vector<double>{} : array->reals();
        if (!std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); })) {
            say(name, "a value that is not finite");
            values.clear();
        }
        return values;
    }
    std::vector<std::int64_t> integers(const std::string& name, std::size_t count) {
        const files::Array* array = find(name, files::ElementKind::signed_integer, 8);
        std::vector<std::int64_t> values = array == nullptr ? std::vector<std::int64_t>{} : array->integers();
        if (array != nullptr && values.size() != count) {
            say(name, fmt::format("{} numbers instead of {}", values.size(), count));
        }
        values.resize(count);
        return values;
    }
    std::string text(const std::string& name) {
        const files::Array* array = find(name, files::ElementKind::unsigned_integer, 1);
        std::string text;
        for (const std::int64_t byte : array == nullptr ? std::vector<std::int64_t>{} : array->integers()) {
            text += static_cast<char>(byte);
        }
        return text;
    }
    void say(const std::string& name, std::string found) {
        findings.push_back({.where = fmt::format("{}:{}", origin_, name),
                            .found = std::move(found),
                            .allowed = "a checkpoint that spikeloom train wrote"});
    }

    Diagnostics findings;

private:
    const files::Array* find(const std::string& name, files::ElementKind kind, int item_bytes) {
        const files::Array* array = files::find_array(arrays_, name);
        if (array == nullptr) {
            say(name, "no such array");
        } else if (array->kind != kind || array->item_bytes != item_bytes) {
            say(name, fmt::format("numbers of type {}", files::type_text(*array)));
            array = nullptr;
        }
        return array;
    }

    const files::NamedArrays& arrays_;
    std::string origin_;
};

void read_layers(Reader& reader, std::size_t count, bool has_best, TrainingCheckpoint& into) {
    const auto steps = reader.integers("adam_steps", count);
    for (std::size_t l = 0; l < count; ++l) {
        into.state.weights.push_back(reader.reals(fmt::format("W{}", l)));
        into.state.adam.push_back({.steps = static_cast<std::uint64_t>(std::max<std::int64_t>(0, steps[l])),
                                   .mean = reader.reals(fmt::format("adam_mean{}", l)),
                                   .variance = reader.reals(fmt::format("adam_variance{}", l))});
        if (has_best) {
            into.best->weights.push_back(reader.reals(fmt::format("best_W{}", l)));
            if (into.best->weights.back().size() != into.state.weights.back().size()) {
                reader.say(fmt::format("best_W{}", l), "it is not as large as the layer's weights");
            }
        }
    }
}

}  // namespace

Result<void> write_checkpoint(const TrainingCheckpoint& checkpoint, const std::string& path) {
    const TrainingState& state = checkpoint.state;
    files::NamedArrays arrays;
    arrays.emplace_back("settings", text_array(checkpoint.settings));
    arrays.emplace_back("log", text_array(checkpoint.log));
    const std::int64_t best_at = checkpoint.best ? static_cast<std::int64_t>(checkpoint.best->epoch) : -1;
    arrays.emplace_back(
        "numbers",
        files::make_array(
            {numbers}, std::vector<std::int64_t>{format_version, static_cast<std::int64_t>(state.weights.size()),
                                                 static_cast<std::int64_t>(state.epoch), state.bumped_layer, best_at}));
    arrays.emplace_back("next_bump", real_array({state.next_bump}));
    arrays.emplace_back("best_accuracy", real_array({checkpoint.best ? checkpoint.best->accuracy : 0}));
    std::vector<std::int64_t> steps;
    for (std::size_t l = 0; l < state.weights.size(); ++l) {
        arrays.emplace_back(fmt::format("W{}", l), real_array(state.weights[l]));
        arrays.emplace_back(fmt::format("adam_mean{}", l), real_array(state.adam[l].mean));
        arrays.emplace_back(fmt::format("adam_variance{}", l), real_array(state.adam[l].variance));
        steps.push_back(static_cast<std::int64_t>(state.adam[l].steps));
        if (checkpoint.best) {
            arrays.emplace_back(fmt::format("best_W{}", l), real_array(checkpoint.best->weights[l]));
        }
    }
    arrays.emplace_back("adam_steps", files::make_array({steps.size()}, steps));
    auto file = PartialFile::create(path, true);
    if (!file) {
        return fail(std::move(file.error()));
    }
    if (auto done = files::write_npz(arrays, file->path()); !done) {
        return done;
    }
    return file->publish();
}

Result<TrainingCheckpoint> read_checkpoint(const std::string& path) {
    const auto arrays = files::read_npz(path, most_bytes);
    if (!arrays) {
        return fail(arrays.error());
    }
    Reader reader(*arrays, path);
    TrainingCheckpoint checkpoint;
    checkpoint.settings = reader.text("settings");
    checkpoint.log = reader.text("log");
    const auto number = reader.integers("numbers", numbers);
    const auto bump = reader.reals("next_bump");
    const auto accuracy = reader.reals("best_accuracy");
    if (reader.findings.empty() &&
        (number[version] != format_version || number[layers] < 1 || number[layers] > most_layers || number[epoch] < 0 ||
         number[bumped_layer] < -1 || number[bumped_layer] >= number[layers] || number[best_epoch] < -1 ||
         bump.size() != 1 || accuracy.size() != 1)) {
        reader.say("numbers", "a number out of range");
    }
    if (reader.findings.empty()) {
        checkpoint.state.epoch = static_cast<std::uint64_t>(number[epoch]);
        checkpoint.state.bumped_layer = number[bumped_layer];
        checkpoint.state.next_bump = bump[0];
        if (number[best_epoch] >= 0) {
            checkpoint.best = {static_cast<std::uint64_t>(number[best_epoch]), accuracy[0], {}};
        }
        read_layers(reader, static_cast<std::size_t>(number[layers]), checkpoint.best.has_value(), checkpoint);
    }
    if (!reader.findings.empty()) {
        return fail(std::move(reader.findings));
    }
    return checkpoint;
}

Diagnostics compare_settings(const std::string& checkpoint, const std::string& now, const std::string& where) {
    Diagnostics out;
    std::istringstream old_lines(checkpoint), new_lines(now);
    while (old_lines && new_lines) {
        std::string before, here;
        std::getline(old_lines, before);
        std::getline(new_lines, here);
        if (before != here) {
            out.push_back({.where = where,
                           .found = fmt::format("the checkpoint was made with '{}', now it is '{}'", before, here),
                           .allowed = "the same settings (epochs and threads may differ)"});
        }
    }
    return out;
}

}  // namespace spikeloom::runtime
