#include "compiler/timed/ttfs_neuron.hpp"

#include <cmath>
#include <utility>

namespace spikeloom::compiler::ttfs {

void check(Findings& findings, const std::string& path, const proto::TtfsNeuronProto& block) {
    const std::pair<const char*, std::optional<double>> above_zero[] = {
        {"tau_mem", block.has_tau_mem() ? std::optional(block.tau_mem()) : std::nullopt},
        {"tau_syn", block.has_tau_syn() ? std::optional(block.tau_syn()) : std::nullopt},
        {"g_leak", block.has_g_leak() ? std::optional(block.g_leak()) : std::nullopt},
        {"tau_syn_inhibitory",
         block.has_tau_syn_inhibitory() ? std::optional(block.tau_syn_inhibitory()) : std::nullopt},
        {"exponential.slope", block.has_exponential() && block.exponential().has_slope()
                                  ? std::optional(block.exponential().slope())
                                  : std::nullopt},
        {"adaptation.tau_w", block.has_adaptation() && block.adaptation().has_tau_w()
                                 ? std::optional(block.adaptation().tau_w())
                                 : std::nullopt}};
    for (const auto& [field, value] : above_zero) {
        if (value) {
            findings.positive(path + "." + field, *value);
        }
    }
    if (block.has_leak()) {
        findings.finite(path + ".leak", block.leak());
    }
    if (block.has_reset()) {
        findings.finite(path + ".reset", block.reset());
    }
    if (block.has_refractory()) {
        findings.require(block.refractory() >= 0 && std::isfinite(block.refractory()), path + ".refractory",
                         block.refractory(), "0 or more");
        if (block.has_one_spike() && block.one_spike()) {
            findings.say(path + ".refractory", "a refractory time of neurons that spike once", "one_spike: false");
        }
    }
    if (block.has_exponential()) {
        findings.finite(path + ".exponential.threshold", block.exponential().threshold());
    }
    if (block.has_adaptation()) {
        findings.finite(path + ".adaptation.a", block.adaptation().a());
        findings.finite(path + ".adaptation.b", block.adaptation().b());
    }
    if (block.has_conductance()) {
        findings.finite(path + ".conductance.e_excitatory", block.conductance().e_excitatory());
        findings.finite(path + ".conductance.e_inhibitory", block.conductance().e_inhibitory());
    }
}

void merge(proto::TtfsNeuronProto& base, const proto::TtfsNeuronProto& over) {
    if (over.has_refractory() && !over.has_one_spike()) {
        base.clear_one_spike();
    }
    if (over.has_one_spike() && over.one_spike() && !over.has_refractory()) {
        base.clear_refractory();
    }
    base.MergeFrom(over);
}

Units units_of(const proto::TtfsNeuronProto& block) {
    Units units;
    units.tau_mem = block.has_tau_mem() ? block.tau_mem() : 1;
    units.tau_syn = block.has_tau_syn() ? block.tau_syn() : 1;
    units.threshold = block.has_threshold() ? block.threshold() : 1;
    units.leak = block.leak();
    units.g_leak = block.has_g_leak() ? block.g_leak() : 1;
    if (block.has_reset()) {
        units.reset = block.reset();
    }
    units.one_spike = block.has_one_spike() ? block.one_spike() : !block.has_refractory();
    units.refractory = block.refractory();
    return units;
}

AdEx model_of(const Units& units, const proto::TtfsNeuronProto& block, double unit_s) {
    AdEx model;
    model.lif = {.tau_mem = units.tau_mem * unit_s,
                 .tau_syn = units.tau_syn * unit_s,
                 .resistance = 1 / units.g_leak,
                 .leak = units.leak,
                 .threshold = units.threshold,
                 .reset = units.reset.value_or(units.leak),
                 .refractory = units.one_spike ? never : units.refractory * unit_s};
    model.tau_syn_inhibitory = block.tau_syn_inhibitory() * unit_s;
    if (block.has_exponential()) {
        model.exponential = true;
        model.slope = block.exponential().slope();
        model.exp_threshold = block.exponential().threshold();
    }
    if (block.has_adaptation()) {
        model.adaptation = true;
        model.tau_w = block.adaptation().tau_w() * unit_s;
        model.a = block.adaptation().a();
        model.b = block.adaptation().b();
    }
    if (block.has_conductance()) {
        model.conductance = true;
        model.e_excitatory = block.conductance().e_excitatory();
        model.e_inhibitory = block.conductance().e_inhibitory();
    }
    return model;
}

double& field_of(Units& units, proto::TtfsPerNeuronProto::Parameter parameter) {
    switch (parameter) {
    case proto::TtfsPerNeuronProto::tau_mem:
        return units.tau_mem;
    case proto::TtfsPerNeuronProto::tau_syn:
        return units.tau_syn;
    case proto::TtfsPerNeuronProto::threshold:
        return units.threshold;
    case proto::TtfsPerNeuronProto::leak:
        return units.leak;
    case proto::TtfsPerNeuronProto::g_leak:
        return units.g_leak;
    case proto::TtfsPerNeuronProto::reset:
        return units.reset.emplace(0);
    case proto::TtfsPerNeuronProto::refractory:
        break;
    }
    units.one_spike = false;
    return units.refractory;
}

}  // namespace spikeloom::compiler::ttfs
