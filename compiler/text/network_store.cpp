// A Network in Protobuf's binary form and back (network_store.proto). The bytes may come from anywhere: every enum,
// extent and row is checked here, and check_network decides whether the whole is sound.
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "chip/image/image_proto.hpp"
#include "chip/image/model_parameters_proto.hpp"
#include "compiler/passes/plastic_fit.hpp"
#include "compiler/text/network_store.pb.h"
#include "compiler/text/network_text.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t store_version = 1;
constexpr std::size_t max_store_bytes = std::numeric_limits<std::int32_t>::max();

struct StoredParameter {
    google::protobuf::RepeatedField<double>* (proto::StoredPopulationProto::*change)();
    const google::protobuf::RepeatedField<double>& (proto::StoredPopulationProto::*read)() const;
    Parameter Population::* member;
};

using Stored = proto::StoredPopulationProto;
const StoredParameter stored_parameters[] = {
    {&Stored::mutable_tau_syn_s, &Stored::tau_syn_s, &Population::tau_syn_s},
    {&Stored::mutable_tau_mem_s, &Stored::tau_mem_s, &Population::tau_mem_s},
    {&Stored::mutable_resistance, &Stored::resistance, &Population::resistance},
    {&Stored::mutable_v_leak, &Stored::v_leak, &Population::v_leak},
    {&Stored::mutable_v_threshold, &Stored::v_threshold, &Population::v_threshold},
    {&Stored::mutable_v_reset, &Stored::v_reset, &Population::v_reset},
    {&Stored::mutable_w_in, &Stored::w_in, &Population::w_in},
    {&Stored::mutable_bias, &Stored::bias, &Population::bias},
};

template <class Values, class Field>
void put(const Values& values, Field* field) {
    field->Assign(values.begin(), values.end());
}

void store(const ConvolutionWeights& weights, proto::StoredConvolutionProto& out) {
    put(weights.input, out.mutable_input());
    put(weights.output, out.mutable_output());
    put(weights.source, out.mutable_source());
    put(weights.kernel_size, out.mutable_kernel_size());
    put(weights.stride, out.mutable_stride());
    put(weights.padding, out.mutable_padding());
    put(weights.dilation, out.mutable_dilation());
    out.set_groups(weights.groups);
    put(weights.kernel, out.mutable_weight());
    if (weights.pooling) {
        put(weights.pooling->kernel, out.mutable_pooling()->mutable_kernel());
        put(weights.pooling->stride, out.mutable_pooling()->mutable_stride());
        put(weights.pooling->padding, out.mutable_pooling()->mutable_padding());
        out.mutable_pooling()->set_scale(weights.pooling->scale);
    }
}

void store(const Projection& projection, proto::StoredProjectionProto& out) {
    out.set_name(projection.name);
    out.set_source_is_input(projection.source.kind == Source::Kind::input);
    out.set_source(projection.source.index);
    out.set_target(projection.target.value());
    out.set_delay_steps(projection.delay_steps);
    out.set_aligned_steps(projection.aligned_steps);
    put(projection.bias.values, out.mutable_bias());
    out.set_bias_from_step(projection.bias_from_step);
    out.set_recurrent(projection.recurrent);
    if (const auto* dense = std::get_if<DenseWeights>(&projection.weights)) {
        put(dense->weights, out.mutable_dense()->mutable_weight());
    } else if (const auto* sparse = std::get_if<SparseWeights>(&projection.weights)) {
        put(sparse->row_begin, out.mutable_sparse()->mutable_row_begin());
        put(sparse->targets, out.mutable_sparse()->mutable_target());
        put(sparse->weights, out.mutable_sparse()->mutable_weight());
        out.mutable_sparse()->mutable_delay()->assign(sparse->delays.begin(), sparse->delays.end());
    } else if (const auto* convolution = std::get_if<ConvolutionWeights>(&projection.weights)) {
        store(*convolution, *out.mutable_convolution());
    } else if (const auto* one = std::get_if<OneToOneWeights>(&projection.weights)) {
        put(one->weights, out.mutable_one_to_one()->mutable_weight());
    }
}

void store(const Network& network, const Projection& projection, proto::StoredLearningProto& out) {
    const Learning& learning = *projection.learning;
    *out.mutable_profile() = chip::learning_to_proto(learning_profile(network, projection, 1.0));
    out.set_sign(static_cast<std::uint32_t>(learning.sign));
    out.set_weight_max(learning.weight_max);
    out.set_weight_bits(learning.weight_bits);
}

void store(const FixedNeuron& fixed, proto::StoredFixedProto& out) {
    out.set_model(static_cast<std::uint32_t>(fixed.model));
    out.set_current_decay(fixed.current_decay);
    out.set_voltage_decay(fixed.voltage_decay);
    out.set_threshold(fixed.threshold);
    put(fixed.biases, out.mutable_bias());
    chip::parameters_to(fixed.parameters, out);
}

void store(const Population& population, proto::StoredPopulationProto& out) {
    out.set_name(population.name);
    put(population.shape, out.mutable_shape());
    out.set_kind(static_cast<std::uint32_t>(population.kind));
    out.set_reset(static_cast<std::uint32_t>(population.reset));
    out.set_refractory_steps(population.refractory_steps);
    for (const StoredParameter& parameter : stored_parameters) {
        put((population.*parameter.member).values, (out.*parameter.change)());
    }
    if (population.fixed) {
        store(*population.fixed, *out.mutable_fixed());
    }
}

/// What the stored form can't be: collected as one reason, the first that is met.
class Loader {
public:
    [[nodiscard]] const std::string& reason() const { return reason_; }

    Network load(const proto::StoredNetworkProto& stored) {
        Network network;
        network.name = stored.name();
        network.step_s = stored.step_s();
        for (const auto& input : stored.input()) {
            network.inputs.push_back(
                {input.name(), shape(input.shape(), "input '" + input.name() + "'"), input.graded()});
        }
        for (const auto& population : stored.population()) {
            network.populations.push_back(load(population));
        }
        for (const auto& projection : stored.projection()) {
            network.projections.push_back(load(projection));
            if (projection.has_learning()) {
                network.projections.back().learning =
                    load(projection.learning(), network, "projection '" + projection.name() + "'");
            }
        }
        for (const auto& output : stored.output()) {
            network.outputs.push_back({output.name(), PopulationId(output.population())});
        }
        return network;
    }

private:
    void refuse(const std::string& reason) {
        if (reason_.empty()) {
            reason_ = reason;
        }
    }

    template <std::size_t count, class Field>
    std::array<std::uint32_t, count> extents(const Field& field, const std::string& where) {
        std::array<std::uint32_t, count> result{};
        if (static_cast<std::size_t>(field.size()) != count) {
            refuse(fmt::format("{}: {} extents where {} belong", where, field.size(), count));
            return result;
        }
        std::copy(field.begin(), field.end(), result.begin());
        return result;
    }

    /// A shape whose product fits 32 bits.
    template <class Field>
    Shape shape(const Field& field, const std::string& where) {
        std::uint64_t product = 1;
        for (const std::uint32_t extent : field) {
            product *= extent;
            if (product > std::numeric_limits<std::uint32_t>::max()) {
                refuse(where + ": the shape has more than 2^32 neurons");
                return {};
            }
        }
        return Shape(field.begin(), field.end());
    }

    Population load(const proto::StoredPopulationProto& stored) {
        Population population;
        population.name = stored.name();
        const std::string where = "population '" + stored.name() + "'";
        population.shape = shape(stored.shape(), where);
        if (stored.kind() > static_cast<std::uint32_t>(NeuronKind::threshold) ||
            stored.reset() > static_cast<std::uint32_t>(ResetRule::subtract_threshold)) {
            refuse(fmt::format("{}: kind {} or reset {} is unknown", where, stored.kind(), stored.reset()));
            return population;
        }
        population.kind = static_cast<NeuronKind>(stored.kind());
        population.reset = static_cast<ResetRule>(stored.reset());
        population.refractory_steps = stored.refractory_steps();
        for (const StoredParameter& parameter : stored_parameters) {
            const auto& values = (stored.*parameter.read)();
            if (values.empty()) {
                refuse(where + ": a parameter is missing");
            }
            (population.*parameter.member).values.assign(values.begin(), values.end());
        }
        if (stored.has_fixed()) {
            population.fixed = load(stored.fixed(), where);
        }
        return population;
    }

    FixedNeuron load(const proto::StoredFixedProto& stored, const std::string& where) {
        FixedNeuron fixed;
        if (stored.model() >= neuron_model_names.size()) {
            refuse(fmt::format("{}: neuron model {} is unknown", where, stored.model()));
            return fixed;
        }
        fixed.model = static_cast<NeuronModel>(stored.model());
        fixed.current_decay = stored.current_decay();
        fixed.voltage_decay = stored.voltage_decay();
        fixed.threshold = stored.threshold();
        fixed.biases.assign(stored.bias().begin(), stored.bias().end());
        fixed.parameters = chip::parameters_from(stored);
        return fixed;
    }

    Projection load(const proto::StoredProjectionProto& stored) {
        Projection projection;
        projection.name = stored.name();
        projection.source = {stored.source_is_input() ? Source::Kind::input : Source::Kind::population,
                             stored.source()};
        projection.target = PopulationId(stored.target());
        projection.delay_steps = stored.delay_steps();
        projection.bias.values.assign(stored.bias().begin(), stored.bias().end());
        projection.bias_from_step = stored.bias_from_step();
        projection.aligned_steps = stored.aligned_steps();
        projection.recurrent = stored.recurrent();
        const std::string where = "projection '" + stored.name() + "'";
        switch (stored.weights_case()) {
        case proto::StoredProjectionProto::kDense:
            projection.weights = DenseWeights{{stored.dense().weight().begin(), stored.dense().weight().end()}};
            break;
        case proto::StoredProjectionProto::kSparse:
            projection.weights = load(stored.sparse(), where);
            break;
        case proto::StoredProjectionProto::kConvolution:
            projection.weights = load(stored.convolution(), where);
            break;
        case proto::StoredProjectionProto::kOneToOne:
            projection.weights =
                OneToOneWeights{{stored.one_to_one().weight().begin(), stored.one_to_one().weight().end()}};
            break;
        case proto::StoredProjectionProto::WEIGHTS_NOT_SET:
            refuse(where + " has no weights");
            break;
        }
        if (projection.bias.values.empty()) {
            refuse(where + " has no bias");
        }
        return projection;
    }

    std::string port_name(const Network& network, std::uint32_t port, const std::string& where) {
        if (port >= network.inputs.size()) {
            refuse(fmt::format("{}: its learning listens to input {} of {}", where, port, network.inputs.size()));
            return {};
        }
        return network.inputs[port].name;
    }

    Learning load(const proto::StoredLearningProto& stored, const Network& network, const std::string& where) {
        Learning learning;
        chip::LearningProfile profile;
        if (const std::string wrong = chip::learning_from_proto(stored.profile(), profile); !wrong.empty()) {
            refuse(fmt::format("{}: of its learning, {}", where, wrong));
            return learning;
        }
        if (stored.sign() > static_cast<std::uint32_t>(Learning::Sign::inhibitory)) {
            refuse(fmt::format("{}: its learning has the unknown sign {}", where, stored.sign()));
            return learning;
        }
        learning.rule = std::move(profile.rule);
        learning.sign = static_cast<Learning::Sign>(stored.sign());
        learning.weight_max = stored.weight_max();
        learning.weight_bits = stored.weight_bits();
        if (profile.reward) {
            learning.reward_input = port_name(network, profile.reward->port, where);
            learning.reward_values = std::move(profile.reward->values);
        }
        for (std::size_t i = 0; i < learning.third_factors.size(); ++i) {
            const chip::ThirdFactor& factor = profile.third_factors[i];
            learning.third_factors[i].from = static_cast<Learning::ThirdFactor::From>(factor.from);
            learning.third_factors[i].shift = factor.shift;
            if (factor.from == chip::ThirdFactor::From::input) {
                learning.third_factors[i].input = port_name(network, factor.port, where);
            }
        }
        return learning;
    }

    SparseWeights load(const proto::StoredSparseProto& stored, const std::string& where) {
        SparseWeights sparse;
        sparse.row_begin.assign(stored.row_begin().begin(), stored.row_begin().end());
        sparse.targets.assign(stored.target().begin(), stored.target().end());
        sparse.weights.assign(stored.weight().begin(), stored.weight().end());
        sparse.delays.assign(stored.delay().begin(), stored.delay().end());
        std::uint64_t before = 0;
        for (const std::uint64_t row : sparse.row_begin) {
            if (row < before || row > sparse.targets.size()) {
                refuse(where + ": its rows are not in order");
            }
            before = row;
        }
        return sparse;
    }

    ConvolutionWeights load(const proto::StoredConvolutionProto& stored, const std::string& where) {
        ConvolutionWeights weights;
        weights.input = extents<3>(stored.input(), where);
        weights.output = extents<3>(stored.output(), where);
        weights.source = extents<3>(stored.source(), where);
        weights.kernel_size = extents<2>(stored.kernel_size(), where);
        weights.stride = extents<2>(stored.stride(), where);
        weights.padding = extents<2>(stored.padding(), where);
        weights.dilation = extents<2>(stored.dilation(), where);
        weights.groups = stored.groups();
        weights.kernel.assign(stored.weight().begin(), stored.weight().end());
        if (stored.has_pooling()) {
            weights.pooling =
                Pooling{extents<2>(stored.pooling().kernel(), where), extents<2>(stored.pooling().stride(), where),
                        extents<2>(stored.pooling().padding(), where), stored.pooling().scale()};
        }
        return weights;
    }

    std::string reason_;
};

}  // namespace

std::string serialise_network(const Network& network) {
    proto::StoredNetworkProto stored;
    stored.set_version(store_version);
    stored.set_name(network.name);
    stored.set_step_s(network.step_s);
    for (const InputPort& input : network.inputs) {
        auto* out = stored.add_input();
        out->set_name(input.name);
        put(input.shape, out->mutable_shape());
        if (input.graded) {
            out->set_graded(true);
        }
    }
    for (const Population& population : network.populations) {
        store(population, *stored.add_population());
    }
    for (const Projection& projection : network.projections) {
        store(projection, *stored.add_projection());
        if (projection.learning) {
            store(network, projection, *stored.mutable_projection()->rbegin()->mutable_learning());
        }
    }
    for (const OutputPort& output : network.outputs) {
        auto* out = stored.add_output();
        out->set_name(output.name);
        out->set_population(output.population.value());
    }
    std::string bytes;
    if (stored.ByteSizeLong() > max_store_bytes || !stored.SerializeToString(&bytes)) {
        return {};
    }
    return bytes;
}

Result<Network> deserialise_network(const std::string& bytes, const std::string& origin) {
    proto::StoredNetworkProto stored;
    if (bytes.size() > max_store_bytes || !stored.ParseFromString(bytes)) {
        return fail({Severity::error, origin, "these bytes are no stored network", {}, {}});
    }
    if (stored.version() != store_version) {
        return fail({Severity::error,
                     origin,
                     fmt::format("a stored network of version {}", stored.version()),
                     fmt::format("version {}", store_version),
                     {}});
    }
    Loader loader;
    Network network = loader.load(stored);
    if (!loader.reason().empty()) {
        return fail({Severity::error, origin, loader.reason(), {}, {}});
    }
    Diagnostics findings = check_network(network);
    if (has_error(findings)) {
        for (Diagnostic& finding : findings) {
            finding.where = origin + ": " + finding.where;
        }
        return fail(std::move(findings));
    }
    return network;
}

}  // namespace spikeloom::compiler
