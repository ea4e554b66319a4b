// Between the ChipSpec and its schema: conversion both ways, and the checks that the text reader, the image reader
// and callers with a value of their own share. Ranges stand in the schema (option `allowed`) and are enforced by a
// walk over it; what relates several fields is a list of rules. Private to chip/spec and chip/image.
#pragma once

#include <functional>
#include <string>

#include "chip/spec/chip_spec.hpp"
#include "chip/spec/chip_spec.pb.h"
#include "core/base/diagnostics.hpp"

namespace spikeloom::chip {

[[nodiscard]] ChipSpec from_proto(const proto::ChipSpecProto& message);
[[nodiscard]] proto::ChipSpecProto to_proto(const ChipSpec& spec);

/// Makes a place of a field's path, "costs[1].spike.energy_pj".
using Where = std::function<std::string(const std::string& path)>;

enum class ChipSpecPart : std::uint8_t { everything, limits };

/// All that is wrong with the fields that are present; a rule is left out where one of its fields is missing or out of
/// range (which is a finding already).
[[nodiscard]] Diagnostics check_chip_spec_proto(const proto::ChipSpecProto& message, const Where& where,
                                                ChipSpecPart part);
/// Of a board by itself: whether it goes with its chip, only that says.
[[nodiscard]] Diagnostics check_board_proto(const proto::BoardFileProto& message, const Where& where);
[[nodiscard]] Diagnostics check_cost_tables_proto(const proto::CostTablesProto& message, const Where& where);

}  // namespace spikeloom::chip
