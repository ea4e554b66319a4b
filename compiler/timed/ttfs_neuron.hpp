// The neuron blocks of a TTFS text: checked, merged, with their defaults, and as parameters of the core's equations.
#pragma once

#include <optional>
#include <string>

#include "compiler/timed/ttfs.pb.h"
#include "compiler/timed/ttfs_findings.hpp"
#include "core/base/analog_neuron.hpp"

namespace spikeloom::compiler::ttfs {

/// A layer's parameters in time units, for one neuron.
struct Units {
    double tau_mem = 1;
    double tau_syn = 1;
    double threshold = 1;
    double leak = 0;
    double g_leak = 1;
    std::optional<double> reset;
    bool one_spike = true;
    double refractory = 0;
};

/// The numbers that a block gives, each checked where it stands; `path` is the block's.
void check(Findings& findings, const std::string& path, const proto::TtfsNeuronProto& block);
/// What a layer says over what the file says. A refractory time means several spikes, unless that is said otherwise.
void merge(proto::TtfsNeuronProto& base, const proto::TtfsNeuronProto& over);
/// With the defaults that ttfs.proto names.
[[nodiscard]] Units units_of(const proto::TtfsNeuronProto& block);
/// Times in seconds (a time unit is `unit_s`), g_leak as resistance.
[[nodiscard]] AdEx model_of(const Units& units, const proto::TtfsNeuronProto& block, double unit_s);
/// What a per_neuron file sets.
[[nodiscard]] double& field_of(Units& units, proto::TtfsPerNeuronProto::Parameter parameter);

}  // namespace spikeloom::compiler::ttfs
