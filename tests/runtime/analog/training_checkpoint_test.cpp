#include "runtime/analog/training_checkpoint.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "core/files/npy.hpp"

namespace spikeloom::runtime {
namespace {

struct Folder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / "spikeloom_checkpoint_test";
    Folder() { std::filesystem::create_directories(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string file() const { return (path / "checkpoint.npz").string(); }
};

TrainingCheckpoint example() {
    TrainingCheckpoint checkpoint{
        .settings = "seed 3\nbatch 150\n", .log = "{}\n", .state = {.epoch = 12, .next_bump = 1e-3}, .best = {}};
    checkpoint.state.bumped_layer = 1;
    checkpoint.state.weights = {{0.1, -1.0 / 3}, {std::nextafter(2, 3)}};
    checkpoint.state.adam = {{.steps = 40, .mean = {1e-9, 0.25}, .variance = {1e-300, 3}}, {}};
    checkpoint.best = {.epoch = 7, .accuracy = 0.951, .weights = {{1, 2}, {3}}};
    return checkpoint;
}

}  // namespace

TEST_CASE("a checkpoint reads back to the bit") {
    const Folder folder;
    TrainingCheckpoint checkpoint = example();
    REQUIRE(write_checkpoint(checkpoint, folder.file()));
    CHECK(read_checkpoint(folder.file()).value() == checkpoint);
    checkpoint.best.reset();
    REQUIRE(write_checkpoint(checkpoint, folder.file()));
    CHECK(read_checkpoint(folder.file()).value() == checkpoint);
}

TEST_CASE("what is no checkpoint is refused by name") {
    const Folder folder;
    REQUIRE(write_checkpoint(example(), folder.file()));
    const files::NamedArrays sound = files::read_npz(folder.file()).value();
    const auto broken = [&](const std::string& name, const files::Array& array) {
        files::NamedArrays arrays = sound;
        for (auto& [held, value] : arrays) {
            value = held == name ? array : value;
        }
        REQUIRE(files::write_npz(arrays, folder.file()));
        const auto read = read_checkpoint(folder.file());
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error()[0].where.find(name) != std::string::npos);
    };
    broken("W1", files::make_array({1}, std::vector<double>{NAN}));
    broken("W0", files::make_array({2}, std::vector<float>{1, 2}));
    broken("best_W1", files::make_array({2}, std::vector<double>{1, 2}));
    broken("numbers", files::make_array({5}, std::vector<std::int64_t>{1, 1 << 30, 0, 0, 0}));
    broken("numbers", files::make_array({5}, std::vector<std::int64_t>{1, 2, -4, 0, 0}));
    broken("numbers", files::make_array({2}, std::vector<std::int64_t>{1, 2}));
    REQUIRE(files::write_npz({}, folder.file()));
    CHECK(read_checkpoint(folder.file()).error().size() == 5);
    CHECK_FALSE(read_checkpoint(folder.file() + ".none").has_value());
}

TEST_CASE("settings are compared line by line") {
    CHECK(compare_settings("a 1\nb 2\n", "a 1\nb 2\n", "x").empty());
    const Diagnostics found = compare_settings("a 1\nb 2\n", "a 1\nb 3\n", "x");
    REQUIRE(found.size() == 1);
    CHECK(found[0].found.find("b 3") != std::string::npos);
    CHECK(compare_settings("a 1\n", "a 1\nb 3\n", "x").size() == 1);
}

}  // namespace spikeloom::runtime
