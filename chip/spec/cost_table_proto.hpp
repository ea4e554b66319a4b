// What a chip's events cost, between CostTable and its schema: quantities with their range, source and trust, and
// tables of them, in a chip's description or in a file of their own. Private to chip/spec and chip/image.
#pragma once

#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "chip/spec/chip_spec.pb.h"

namespace spikeloom::chip {

/// The schema's names count from 1, the enumerations from 0.
template <class Enum>
[[nodiscard]] constexpr int from_enum(Enum value) {
    return static_cast<int>(value) - 1;
}

[[nodiscard]] Quantity from_proto(const proto::QuantityProto& message);
void to_proto(const Quantity& quantity, proto::QuantityProto& message);

[[nodiscard]] CostTable from_proto(const proto::CostTableProto& message);
void to_proto(const CostTable& table, proto::CostTableProto& message);
[[nodiscard]] std::vector<CostTable> from_proto(const proto::CostTablesProto& message);

}  // namespace spikeloom::chip
