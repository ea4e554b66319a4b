#include "tools/model_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "chip/spec/board.hpp"
#include "chip/spec/chip_text.hpp"
#include "compiler/text/network_text.hpp"
#include "core/files/hdf5.hpp"

namespace spikeloom::tools {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t head_bytes = 1 << 16;

Result<std::string> read_head(const std::string& path) {
    const auto close = [](std::FILE* file) { static_cast<void>(std::fclose(file)); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
    if (file == nullptr) {
        return fail(Diagnostic{.where = path, .found = fmt::format("cannot be opened: {}", std::strerror(errno))});
    }
    std::string head(head_bytes, '\0');
    head.resize(std::fread(head.data(), 1, head.size(), file.get()));
    if (std::ferror(file.get()) != 0) {
        return fail(Diagnostic{.where = path, .found = fmt::format("cannot be read: {}", std::strerror(errno))});
    }
    return head;
}

FileKind hdf5_kind(const std::string& path) {
    const auto file = files::Hdf5Reader::open(path);
    if (!file) {
        return FileKind::hdf5;
    }
    if (file->has("/node")) {
        return FileKind::nir;
    }
    if (file->has("/layer")) {
        return FileKind::netx;
    }
    if (file->has("/provenance") && file->has("/counters")) {
        return FileKind::recording;
    }
    if (file->has("/provenance") && file->has("/analog/counts")) {
        return FileKind::analog_recording;
    }
    return file->has("/spikes") ? FileKind::spikes : FileKind::hdf5;
}

bool is_text(std::string_view head) {
    return !head.empty() && std::none_of(head.begin(), head.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t';
    });
}

/// Whether some line starts with the field: "populations {", "name: ...".
bool has_field(std::string_view text, std::string_view field) {
    std::size_t at = 0;
    while ((at = text.find(field, at)) != std::string_view::npos) {
        const std::size_t line = text.rfind('\n', at);
        const std::string_view before = text.substr(line + 1, at - line - 1);
        const std::size_t after = text.find_first_not_of(" \t", at + field.size());
        if (before.find_first_not_of(" \t") == std::string_view::npos && after != std::string_view::npos &&
            (text[after] == '{' || text[after] == ':')) {
            return true;
        }
        at += field.size();
    }
    return false;
}

/// Whether some line starts as a kernel of a plasticity rule does: "kernel stdp {".
bool has_kernel(std::string_view text) {
    constexpr std::string_view word = "kernel ";
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        const std::size_t name = text.find_first_not_of(" \t", at + word.size());
        const std::size_t after = text.find_first_of(" \t{:\n", name);
        const std::size_t brace = text.find_first_not_of(" \t", after);
        if ((at == 0 || text[at - 1] == '\n') && brace != std::string_view::npos && text[brace] == '{') {
            return true;
        }
    }
    return false;
}

FileKind text_kind(std::string_view head) {
    if (chip::is_analog_spec(std::string(head))) {
        return FileKind::analog_chip_text;
    }
    if (has_field(head, "task") && has_field(head, "rule")) {
        return FileKind::ppu_experiment;
    }
    if (has_kernel(head)) {
        return FileKind::ppu_rule;
    }
    if (has_field(head, "time_unit_s") || (has_field(head, "layer") && !has_field(head, "population"))) {
        return FileKind::ttfs_text;
    }
    if (has_field(head, "population") || has_field(head, "projection") || has_field(head, "input")) {
        return FileKind::network_text;
    }
    const std::array<std::string_view, 6> of_chip{"mesh", "limits", "neuron", "synapses", "costs", "board"};
    const bool chip = std::any_of(of_chip.begin(), of_chip.end(), [&](auto field) { return has_field(head, field); });
    if (chip) {
        return FileKind::chip_text;
    }
    const bool rule = has_field(head, "dw") || has_field(head, "dd") || has_field(head, "dt");
    return rule ? FileKind::rule_text : FileKind::unknown;
}

std::vector<fs::path> model_roots() {
    const char* chosen = std::getenv("SPIKELOOM_MODELS");
    if (chosen != nullptr && *chosen != '\0') {
        return {fs::path(chosen)};
    }
    std::vector<fs::path> roots;
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        roots.push_back(program.parent_path().parent_path() / SPIKELOOM_INSTALLED_MODELS);
    }
    roots.emplace_back(SPIKELOOM_SOURCE_MODELS);
    return roots;
}

}  // namespace

std::string find_model(const std::string& file) {
    for (const fs::path& root : model_roots()) {
        std::error_code error;
        if (fs::is_regular_file(root / file, error)) {
            return (root / file).string();
        }
    }
    return {};
}

Result<FileKind> identify(const std::string& path) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
        return fail(Diagnostic{.where = path, .found = "is a folder", .allowed = "a file"});
    }
    const auto head = read_head(path);
    if (!head) {
        return fail(head.error());
    }
    const std::string_view bytes = *head;
    using namespace std::string_view_literals;
    if (bytes.starts_with("\x89HDF\r\n\x1a\n"sv)) {
        return hdf5_kind(path);
    }
    if (bytes.starts_with("SPIKELOOM-IMAGE"sv)) {
        return FileKind::image;
    }
    if (bytes.starts_with("SPIKELOOM-ANALOG"sv)) {
        return FileKind::analog_image;
    }
    if (bytes.starts_with("\x93NUMPY"sv)) {
        return FileKind::npy;
    }
    if (bytes.starts_with("PK\x03\x04"sv)) {
        return FileKind::npz;
    }
    if (bytes.starts_with("\x1f\x8b"sv)) {
        return FileKind::gzip;
    }
    if (bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] >= 8 && bytes[2] <= 14 && bytes[3] >= 1) {
        return FileKind::idx;
    }
    return is_text(bytes) ? text_kind(bytes) : FileKind::unknown;
}

std::string describe(FileKind kind) {
    switch (kind) {
    case FileKind::nir:
        return "NIR network";
    case FileKind::netx:
        return "netx network of lava-dl";
    case FileKind::recording:
        return "recording of a run";
    case FileKind::analog_recording:
        return "recording of an evaluation on an analog chip";
    case FileKind::spikes:
        return "SONATA spikes";
    case FileKind::hdf5:
        return "HDF5 file";
    case FileKind::image:
        return "image (compiled network)";
    case FileKind::analog_image:
        return "image (network compiled for an analog chip)";
    case FileKind::chip_text:
        return "chip description";
    case FileKind::analog_chip_text:
        return "analog chip description";
    case FileKind::network_text:
        return "network in text form";
    case FileKind::ttfs_text:
        return "time-to-first-spike network in text form";
    case FileKind::rule_text:
        return "learning rule";
    case FileKind::ppu_rule:
        return "plasticity rule of an embedded processor";
    case FileKind::ppu_experiment:
        return "experiment with a plasticity rule of an embedded processor";
    case FileKind::npy:
        return "numpy array";
    case FileKind::npz:
        return "numpy arrays";
    case FileKind::idx:
        return "idx array";
    case FileKind::gzip:
        return "compressed idx array";
    case FileKind::unknown:
        break;
    }
    return "unknown";
}

std::vector<BundledChip> bundled_chips() {
    std::vector<BundledChip> chips;
    for (const fs::path& root : model_roots()) {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(root / "chips", error)) {
            if (entry.path().extension() == ".textproto") {
                chips.push_back({entry.path().stem().string(), entry.path().string()});
            }
        }
        if (!chips.empty()) {
            break;
        }
    }
    std::sort(chips.begin(), chips.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return chips;
}

namespace {

/// Where a board looks for its chip.
chip::ChipFinder beside_or_bundled(const std::string& path) {
    return [beside = chip::chips_beside(path)](const std::string& name) {
        auto found = beside(name);
        const std::string bundled = found ? std::string() : find_model("chips/" + name + ".textproto");
        return bundled.empty() ? found : chip::read_chip_text(bundled).map([&](std::string text) {
            return chip::ChipSource{.text = std::move(text), .origin = bundled};
        });
    };
}

}  // namespace

Result<AnyChip> read_any_chip(const std::string& path) {
    const auto text = chip::read_chip_text(path);
    if (!text) {
        return fail(text.error());
    }
    if (chip::is_analog_spec(*text)) {
        return chip::parse_analog_spec(*text, path).map([](chip::AnalogSpec spec) { return AnyChip(std::move(spec)); });
    }
    return chip::parse_chip_or_board(*text, path, beside_or_bundled(path)).map([](chip::ChipSpec spec) {
        return AnyChip(std::move(spec));
    });
}

Result<AnyChip> open_any_chip(const std::string& name_or_path) {
    std::vector<std::string> names;
    for (const BundledChip& chip : bundled_chips()) {
        if (chip.name == name_or_path) {
            return read_any_chip(chip.path);
        }
        names.push_back(chip.name);
    }
    std::error_code error;
    if (fs::exists(name_or_path, error)) {
        return read_any_chip(name_or_path);
    }
    return fail(Diagnostic{.where = fmt::format("chip '{}'", name_or_path),
                           .found = "neither a bundled chip nor a file",
                           .allowed = names.empty() ? "no chip is bundled here; $SPIKELOOM_MODELS says where models lie"
                                                    : fmt::format("{}, or a path", fmt::join(names, ", ")),
                           .help = "spikeloom chips lists the bundled chips"});
}

Result<chip::ChipSpec> open_chip(const std::string& name_or_path) {
    auto chip = open_any_chip(name_or_path);
    if (!chip) {
        return fail(std::move(chip.error()));
    }
    if (auto* stepped = std::get_if<chip::ChipSpec>(&*chip)) {
        return std::move(*stepped);
    }
    return fail(Diagnostic{.where = fmt::format("chip '{}'", name_or_path),
                           .found = "is an analog chip, in continuous time; this command works on chips with steps",
                           .allowed = "a chip whose description has no time_base",
                           .help = "spikeloom chips says of every bundled chip which kind it is"});
}

}  // namespace spikeloom::tools
