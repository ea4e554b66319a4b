#include "runtime/neuron_labels.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/files/hdf5.hpp"
#include "support/temporary_folder.hpp"

using namespace spikeloom::runtime;

TEST_CASE("a neuron stands for the class under which it spiked most a sample") {
    const std::vector<std::int32_t> labels{0, 1, 1, 2};
    const std::vector<std::uint32_t> spikes{
        3, 0, 1, 0,  // class 0
        2, 4, 1, 0,  // class 1, twice: 2 and 3 spikes a sample
        2, 2, 1, 0,  //
        0, 1, 0, 0,  // class 2
    };
    SUBCASE("means, not sums, are compared; of equals the lower class; silence is no class") {
        CHECK(assign_labels(labels, spikes, 4) == std::vector<std::int32_t>{0, 1, 0, -1});
    }
    SUBCASE("no samples, no classes") {
        CHECK(assign_labels({}, {}, 2) == std::vector<std::int32_t>{-1, -1});
    }
}

TEST_CASE("a recorded evaluation names the neurons; what is none is refused") {
    const spikeloom::test::TemporaryFolder folder;
    const auto written = [&](const std::vector<std::int32_t>& labels, const std::vector<std::uint32_t>& spikes) {
        const std::string path = folder("run.h5");
        auto file = spikeloom::files::Hdf5Writer::create(path);
        REQUIRE(file.has_value());
        file->array<std::int32_t>("/eval/label", labels);
        file->array<std::uint32_t>("/eval/output_spikes", spikes, {spikes.size() / 2, 2});
        REQUIRE(file->close().has_value());
        return path;
    };
    CHECK(*read_neuron_labels(written({9, 4}, {0, 3, 2, 1})) == std::vector<std::int32_t>{4, 9});
    const auto refused = [&](const std::string& path, const std::string& part) {
        const auto labels = read_neuron_labels(path);
        REQUIRE_FALSE(labels.has_value());
        CHECK(spikeloom::to_text(labels.error()).find(part) != std::string::npos);
    };
    refused(written({9, 4, 1}, {0, 3, 2, 1}), "4 numbers for 3 labels");
    refused(written({9, -1}, {0, 3, 2, 1}), "label -1");
    refused(written({9, 70000}, {0, 3, 2, 1}), "label 70000");
    refused(written({9, 4}, {0, 0, 0, 0}), "no output spike");
    refused(folder("nowhere.h5"), "nowhere.h5");
    auto empty = spikeloom::files::Hdf5Writer::create(folder("empty.h5"));
    REQUIRE(empty->close().has_value());
    refused(folder("empty.h5"), "no labelled samples");
}
