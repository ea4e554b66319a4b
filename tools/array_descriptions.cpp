// What inspect says of files that hold arrays and spikes.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/files/hdf5.hpp"
#include "core/files/idx.hpp"
#include "core/files/npy.hpp"
#include "tools/descriptions.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

json::object array_row(const std::string& name, const files::Array& array) {
    double least = 0;
    double most = 0;
    for (std::size_t i = 0; i < array.size(); ++i) {
        const double value = array.real(i);
        least = i == 0 ? value : std::min(least, value);
        most = i == 0 ? value : std::max(most, value);
    }
    return {{"array", name},
            {"type", files::type_text(array)},
            {"shape", files::shape_text(array.shape)},
            {"least", least},
            {"most", most}};
}

json::object one_array(std::string_view kind, const files::Array& array) {
    return {{"kind", kind}, {"arrays", json::array{array_row("data", array)}}};
}

}  // namespace

Result<json::object> describe_npy(const std::string& path) {
    return files::read_npy(path).map([](const files::Array& array) { return one_array("numpy array", array); });
}

Result<json::object> describe_idx(const std::string& path) {
    return files::read_idx(path).map([](const files::Array& array) { return one_array("idx array", array); });
}

Result<json::object> describe_npz(const std::string& path) {
    const auto arrays = files::read_npz(path);
    if (!arrays) {
        return fail(arrays.error());
    }
    json::array rows;
    for (const auto& [name, array] : *arrays) {
        rows.push_back(array_row(name, array));
    }
    return json::object{{"kind", "numpy arrays"}, {"arrays", std::move(rows)}};
}

Result<json::object> describe_spikes(const std::string& path) {
    const auto file = files::Hdf5Reader::open(path);
    if (!file) {
        return fail(file.error());
    }
    const auto members = file->members("/spikes");
    if (!members) {
        return fail(members.error());
    }
    json::array rows;
    for (const files::Hdf5Member& member : *members) {
        if (member.kind != files::Hdf5Kind::group) {
            continue;
        }
        const auto times = file->describe("/spikes/" + member.name + "/timestamps");
        if (!times) {
            return fail(times.error());
        }
        rows.push_back(json::object{{"population", member.name}, {"spikes", times->count}});
    }
    return json::object{{"kind", "SONATA spikes"}, {"populations", std::move(rows)}};
}

}  // namespace spikeloom::tools
