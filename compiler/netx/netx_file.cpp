#include "compiler/netx/netx_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace spikeloom::compiler {
namespace {

constexpr std::size_t most_layers = 1U << 12;
constexpr std::uint64_t most_elements = 1U << 27;  ///< of one dataset
constexpr std::size_t most_members = 64;           ///< of one layer; files of lava-dl have a dozen

/// The number of "/layer/<name>", or nothing where the name is no plain decimal number.
std::optional<std::uint64_t> layer_number(const std::string& name) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size() || (name.size() > 1 && name.front() == '0')) {
        return std::nullopt;
    }
    return number;
}

class Parser {
public:
    Parser(const files::Hdf5Reader& file, const std::string& origin) : file_(file) { result_.origin = origin; }

    Result<NetxFile> run() {
        if (file_.kind("/layer") != files::Hdf5Kind::group) {
            return fail({.where = file_.where("/"),
                         .found = "this HDF5 file is not a netx file: it has no group /layer",
                         .help = file_.has("/node") ? "it looks like a NIR file" : ""});
        }
        read_layers();
        result_.simulation.path = "/simulation";
        if (file_.kind("/simulation") == files::Hdf5Kind::group) {
            read_members(result_.simulation, "", {});
        }
        if (has_error(findings_)) {
            return fail(std::move(findings_));
        }
        return std::move(result_);
    }

private:
    void complain(const std::string& path, std::string found, std::string allowed = "") {
        findings_.push_back({.where = file_.where(path), .found = std::move(found), .allowed = std::move(allowed)});
    }
    void complain(const Diagnostics& all) { findings_.insert(findings_.end(), all.begin(), all.end()); }
    void remark(const std::string& path, std::string found) {
        result_.remarks.push_back(
            {.severity = Severity::warning, .where = file_.where(path), .found = std::move(found)});
    }

    void read_layers() {
        const auto members = file_.members("/layer");
        if (!members) {
            complain(members.error());
            return;
        }
        if (members->empty() || members->size() > most_layers) {
            complain("/layer", fmt::format("there are {} layers", members->size()),
                     fmt::format("1 to {}", most_layers));
            return;
        }
        for (const files::Hdf5Member& member : *members) {
            const std::string path = "/layer/" + member.name;
            const auto number = layer_number(member.name);
            if (!number || member.kind != files::Hdf5Kind::group) {
                complain(path, number ? "a layer is a group" : fmt::format("'{}' is no number of a layer", member.name),
                         "groups named 0, 1, 2, ...");
            } else if (!seen_.insert(member.object).second) {
                complain(path, "the group is linked from more than one place", "one place for every layer");
            } else {
                result_.layers.push_back(read_layer(*number, path));
            }
        }
        std::ranges::sort(result_.layers, {}, &NetxLayer::number);
        for (std::size_t index = 0; index < result_.layers.size(); ++index) {
            if (result_.layers[index].number != index && !has_error(findings_)) {
                complain("/layer", fmt::format("layer {} is missing", index), "numbers from 0 on, without gaps");
            }
        }
    }

    NetxLayer read_layer(std::uint64_t number, const std::string& path) {
        NetxLayer layer{.number = number, .type = {}, .group = {.path = path, .arrays = {}, .texts = {}}, .neuron = {}};
        if (auto type = file_.read_text(path + "/type")) {
            layer.type = std::move(*type);
        } else {
            complain(type.error());
        }
        read_members(layer.group, "", {"neuron", "type"});
        if (file_.kind(path + "/neuron") == files::Hdf5Kind::group) {
            layer.neuron = NetxGroup{.path = path + "/neuron", .arrays = {}, .texts = {}};
            read_members(*layer.neuron, "", {});
        } else if (file_.has(path + "/neuron")) {
            complain(path + "/neuron", "the neuron is no group", "a group of parameters");
        }
        return layer;
    }

    /// All datasets of the group, those of its groups as "group/dataset".
    void read_members(NetxGroup& group, const std::string& inner, const std::set<std::string>& but) {
        const std::string path = group.path + (inner.empty() ? "" : "/" + inner);
        const auto members = file_.members(path);
        if (!members) {
            complain(members.error());
            return;
        }
        if (members->size() > most_members) {
            complain(path, fmt::format("the group has {} members", members->size()),
                     fmt::format("at most {}", most_members));
            return;
        }
        for (const files::Hdf5Member& member : *members) {
            const std::string name = inner.empty() ? member.name : inner + "/" + member.name;
            if (but.contains(name)) {
                continue;
            }
            if (member.kind == files::Hdf5Kind::dataset) {
                read_dataset(group, name);
            } else if (member.kind == files::Hdf5Kind::group && inner.empty()) {
                if (seen_.insert(member.object).second) {
                    read_members(group, name, {});
                }
            } else {
                remark(group.path + "/" + name, "this is neither numbers nor text: it is ignored");
            }
        }
    }

    void read_dataset(NetxGroup& group, const std::string& name) {
        const std::string path = group.path + "/" + name;
        const auto info = file_.describe(path);
        if (!info) {
            complain(info.error());
        } else if (info->type == files::Hdf5Class::text) {
            if (auto text = file_.read_text(path)) {
                group.texts.emplace(name, std::move(*text));
            } else {
                complain(text.error());
            }
        } else if (info->type == files::Hdf5Class::other) {
            remark(path, "this is neither numbers nor text: it is ignored");
        } else if (auto read = file_.read<double>(path, most_elements)) {
            if (!std::ranges::all_of(read->values, [](double value) { return std::isfinite(value); })) {
                complain(path, fmt::format("{} holds a value that is not finite", name));
            }
            group.arrays.emplace(name, NetxArray{std::move(read->shape), std::move(read->values)});
        } else {
            complain(read.error());
        }
    }

    const files::Hdf5Reader& file_;
    std::set<std::uint64_t> seen_;
    NetxFile result_;
    Diagnostics findings_;
};

}  // namespace

Result<NetxFile> parse_netx(const files::Hdf5Reader& file, const std::string& origin) {
    return Parser(file, origin).run();
}

}  // namespace spikeloom::compiler
