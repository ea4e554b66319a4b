// Which file is which, by content and not by name; and where the bundled models lie.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "chip/spec/analog_spec.hpp"
#include "chip/spec/chip_spec.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::tools {

enum class FileKind : std::uint8_t {
    nir,               ///< HDF5 with /node
    netx,              ///< HDF5 with /layer: lava-dl
    recording,         ///< HDF5 with /provenance and /counters: a run of ours
    analog_recording,  ///< HDF5 with /provenance and /analog: an evaluation on an analog chip
    spikes,            ///< HDF5 with /spikes: SONATA, by whomever
    hdf5,              ///< some other HDF5
    image,             ///< .loom
    analog_image,      ///< .loom of an analog chip
    chip_text,         ///< chip description
    analog_chip_text,
    network_text,    ///< network in text form
    ttfs_text,       ///< time-to-first-spike network: text beside arrays
    rule_text,       ///< learning rule
    ppu_rule,        ///< plasticity rule of an embedded processor (.ppu)
    ppu_experiment,  ///< and an experiment with one
    npy,
    npz,
    idx,   ///< plain
    gzip,  ///< most likely a compressed idx
    unknown,
};

/// Fails where the file can't be opened or read; whatever can be read has a kind.
[[nodiscard]] Result<FileKind> identify(const std::string& path);
[[nodiscard]] std::string describe(FileKind kind);

struct BundledChip {
    std::string name;
    std::string path;
};

/// Chip descriptions of the bundled models, by name. Models lie in $SPIKELOOM_MODELS, else beside the installed
/// program (../share/spikeloom/models), else in the source tree.
[[nodiscard]] std::vector<BundledChip> bundled_chips();
/// Path of a bundled model, "ppu/pong.textproto"; empty: it is not bundled.
[[nodiscard]] std::string find_model(const std::string& file);
/// A bundled name, or the path of a description; analog chips are refused.
[[nodiscard]] Result<chip::ChipSpec> open_chip(const std::string& name_or_path);

/// A chip with steps, or one in continuous time.
using AnyChip = std::variant<chip::ChipSpec, chip::AnalogSpec>;
[[nodiscard]] Result<AnyChip> open_any_chip(const std::string& name_or_path);
/// Of a description's path.
[[nodiscard]] Result<AnyChip> read_any_chip(const std::string& path);

}  // namespace spikeloom::tools
