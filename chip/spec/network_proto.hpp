// The spike network of a chip description: conversion between SpikeNetwork and its schema, and the rules that relate
// its fields. Private to chip/spec.
#pragma once

#include "chip/spec/chip_spec.hpp"
#include "chip/spec/chip_spec.pb.h"
#include "chip/spec/schema_check.hpp"

namespace spikeloom::chip {

[[nodiscard]] Mesh from_proto(const proto::MeshProto& message);
void to_proto(const Mesh& mesh, proto::MeshProto& message);

[[nodiscard]] SpikeNetwork from_proto(const proto::SpikeNetworkProto& message);
/// Leaves out what the topology and the mesh do not need, where it has its default.
void to_proto(const SpikeNetwork& network, const Mesh& mesh, proto::SpikeNetworkProto& message);

/// Of a mesh without findings.
void check_network(SchemaCheck& check, const proto::MeshProto& mesh, const proto::SpikeNetworkProto& network);

}  // namespace spikeloom::chip
