// Learning profiles to and from their messages.
#include <utility>

#include "chip/image/image_proto.hpp"

namespace spikeloom::chip {
namespace {

using Message = proto::LearningProfileProto;

template <class Enum>
bool to_enum(std::uint32_t number, Enum last, Enum& value) {
    if (number > static_cast<std::uint32_t>(last)) {
        return false;
    }
    value = static_cast<Enum>(number);
    return true;
}

template <class Enum>
std::uint32_t number(Enum value) {
    return static_cast<std::uint32_t>(value);
}

void to(const rules::ProductSeries& series, Message::Series& message) {
    for (const rules::Product& product : series.products) {
        Message::Product& added = *message.add_products();
        added.set_dependency(number(product.dependency));
        added.set_mantissa(product.mantissa);
        added.set_exponent(product.exponent);
        for (const rules::Factor& factor : product.factors) {
            Message::Factor& one = *added.add_factors();
            one.set_operand(number(factor.operand));
            one.set_constant(factor.constant);
            one.set_sign(factor.sign);
        }
    }
    if (series.decimation) {
        message.set_decimation(*series.decimation);
    }
}

bool from(const Message::Series& message, rules::ProductSeries& series) {
    for (const Message::Product& product : message.products()) {
        rules::Product& added = series.products.emplace_back();
        added.mantissa = product.mantissa();
        added.exponent = product.exponent();
        if (!to_enum(product.dependency(), rules::Dependency::u, added.dependency)) {
            return false;
        }
        for (const Message::Factor& factor : product.factors()) {
            rules::Factor& one = added.factors.emplace_back();
            one.constant = factor.constant();
            one.sign = factor.sign();
            if (!to_enum(factor.operand(), rules::Operand::constant, one.operand)) {
                return false;
            }
        }
    }
    if (message.has_decimation()) {
        series.decimation = message.decimation();
    }
    return true;
}

template <class Traces, class Repeated>
void traces_to(const Traces& traces, Repeated& messages) {
    for (const rules::TraceParameters& trace : traces) {
        Message::Trace& added = *messages.Add();
        added.set_impulse(trace.impulse);
        added.set_tau(trace.tau);
    }
}

template <class Repeated, class Traces>
bool traces_from(const Repeated& messages, Traces& traces) {
    if (!std::cmp_equal(messages.size(), traces.size())) {
        return false;
    }
    for (int i = 0; i < messages.size(); ++i) {
        traces[static_cast<std::size_t>(i)] = {.impulse = messages[i].impulse(), .tau = messages[i].tau()};
    }
    return true;
}

bool third_factors_from(const Message& message, LearningProfile& profile) {
    if (!std::cmp_equal(message.third_factors_size(), profile.third_factors.size())) {
        return false;
    }
    for (int i = 0; i < message.third_factors_size(); ++i) {
        ThirdFactor& factor = profile.third_factors[static_cast<std::size_t>(i)];
        factor.port = message.third_factors(i).port();
        factor.shift = message.third_factors(i).shift();
        if (!to_enum(message.third_factors(i).from(), ThirdFactor::From::voltage, factor.from)) {
            return false;
        }
    }
    return true;
}

}  // namespace

proto::LearningProfileProto learning_to_proto(const LearningProfile& profile) {
    Message message;
    const rules::Rule& rule = profile.rule;
    message.set_projection(profile.projection);
    message.set_rule_name(rule.name);
    to(rule.dw, *message.mutable_dw());
    to(rule.dd, *message.mutable_dd());
    to(rule.dt, *message.mutable_dt());
    message.set_epoch(rule.epoch);
    traces_to(rule.x, *message.mutable_x());
    traces_to(rule.y, *message.mutable_y());
    message.set_post_traces(number(rule.post_traces));
    message.set_graded(number(rule.graded));
    message.set_reward_tau(rule.reward_tau);
    if (profile.reward) {
        message.set_reward_port(profile.reward->port);
        message.mutable_reward_value()->Add(profile.reward->values.begin(), profile.reward->values.end());
    }
    for (const ThirdFactor& factor : profile.third_factors) {
        Message::ThirdFactor& added = *message.add_third_factors();
        added.set_from(number(factor.from));
        added.set_port(factor.port);
        added.set_shift(factor.shift);
    }
    message.set_weight_per_unit(profile.weight_per_unit);
    return message;
}

std::string learning_from_proto(const proto::LearningProfileProto& message, LearningProfile& profile) {
    rules::Rule& rule = profile.rule;
    profile.projection = message.projection();
    rule.name = message.rule_name();
    if (!from(message.dw(), rule.dw) || !from(message.dd(), rule.dd) || !from(message.dt(), rule.dt)) {
        return "a product reads an unknown operand";
    }
    rule.epoch = message.epoch();
    if (!traces_from(message.x(), rule.x) || !traces_from(message.y(), rule.y)) {
        return "the traces are not x1, x2 and y1 to y3";
    }
    if (!to_enum(message.post_traces(), rules::PostTraces::neuron, rule.post_traces) ||
        !to_enum(message.graded(), rules::GradedMode::add_without_saturation, rule.graded)) {
        return "the traces are moved in an unknown way";
    }
    rule.reward_tau = message.reward_tau();
    if (message.has_reward_port()) {
        profile.reward = RewardPort{.port = message.reward_port(),
                                    .values = {message.reward_value().begin(), message.reward_value().end()}};
    } else if (message.reward_value_size() > 0) {
        return "rewards come from no port";
    }
    if (!third_factors_from(message, profile)) {
        return "the third factors are not three of a known kind";
    }
    profile.weight_per_unit = message.weight_per_unit();
    return {};
}

}  // namespace spikeloom::chip
