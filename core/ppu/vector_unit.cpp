#include "core/ppu/vector_unit.hpp"

#include <algorithm>
#include <functional>
#include <string>

#include "core/base/diagnostics.hpp"

namespace spikeloom::ppu {

namespace {

/// Calls `function` with the vector type as a constant.
template <class Function>
void with_type(Type type, const Function& function) {
    switch (type) {
    case Type::mod8:
        return function.template operator()<Type::mod8>();
    case Type::mod16:
        return function.template operator()<Type::mod16>();
    case Type::fracsat8:
        return function.template operator()<Type::fracsat8>();
    case Type::fracsat16:
        return function.template operator()<Type::fracsat16>();
    case Type::integer:
    case Type::real:
    case Type::mask8:
    case Type::mask16:
    case Type::truth:
        break;
    }
    SPIKELOOM_ASSERT(is_vector(type), std::string(name_of(type)));
}

template <class Function>
void each(const Row& a, Row& out, const Function& function) {
    std::transform(a.begin(), a.end(), out.begin(), function);
}
template <class Function>
void both(const Row& a, const Row& b, Row& out, const Function& function) {
    std::transform(a.begin(), a.end(), b.begin(), out.begin(), function);
}

template <Type type>
void compute(Op op, int bits, const Row& a, const Row& b, Row& out) {
    constexpr Lane offset = is_saturating(type) ? least_of(type) : (most_of(type) + 1) / 2;
    switch (op) {
    case Op::add:
        return both(a, b, out, [](Lane x, Lane y) { return settled<type>(x + y); });
    case Op::subtract:
        return both(a, b, out, [](Lane x, Lane y) { return settled<type>(x - y); });
    case Op::multiply:
        return both(a, b, out, [](Lane x, Lane y) { return multiplied<type>(x, y); });
    case Op::negate:
        return each(a, out, [](Lane x) { return settled<type>(-x); });
    case Op::shift_left:
        return each(a, out, [bits](Lane x) { return shifted_left<type>(x, bits); });
    case Op::shift_right:
        return each(a, out, [bits](Lane x) { return x >> bits; });
    case Op::convert:
        return each(a, out, [](Lane x) { return wrapped<type>(x); });
    case Op::contiguous:
        return each(a, out, [](Lane x) { return x + offset; });
    case Op::constant:
    case Op::variable:
    case Op::element:
    case Op::lane:
    case Op::weights:
    case Op::causal:
    case Op::acausal:
    case Op::rates:
    case Op::membranes:
    case Op::random:
    case Op::row:
    case Op::divide:
    case Op::compare:
    case Op::select:
    case Op::clip:
    case Op::round_stochastic:
        break;
    }
    SPIKELOOM_ASSERT(false, "no arithmetic of lanes");
}

}  // namespace

void compute_lanes(Op op, Type type, int bits, const Row& a, const Row& b, Row& out) {
    with_type(type, [&]<Type of>() { compute<of>(op, bits, a, b, out); });
}

void compare_lanes(Condition condition, const Row& a, const Row& b, Row& out) {
    switch (condition) {
    case Condition::less:
        return both(a, b, out, std::less<>());
    case Condition::less_equal:
        return both(a, b, out, std::less_equal<>());
    case Condition::greater:
        return both(a, b, out, std::greater<>());
    case Condition::greater_equal:
        return both(a, b, out, std::greater_equal<>());
    case Condition::equal:
        return both(a, b, out, std::equal_to<>());
    case Condition::unequal:
        return both(a, b, out, std::not_equal_to<>());
    }
}

void select_lanes(const Row& condition, const Row& a, const Row& b, Row& out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = condition[i] != 0 ? a[i] : b[i];
    }
}

void clip_lanes(const Row& a, const Row& least, const Row& most, Row& out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = std::min(std::max(a[i], least[i]), most[i]);
    }
}

void round_lanes(Type type, int bits, const Row& a, const Row& noise, Row& out) {
    with_type(type, [&]<Type of>() {
        both(a, noise, out, [bits](Lane x, Lane random) { return rounded<of>(x, random, bits); });
    });
}

void draw_noise(Type type, RandomGenerators& generators, Row& noise) {
    std::array<std::uint8_t, columns> bytes{};
    if (bits_of(type) == 8) {
        generators.draw(bytes);
        std::copy(bytes.begin(), bytes.end(), noise.begin());
        return;
    }
    constexpr std::size_t quarter = columns / 4;
    for (std::size_t odd = 0; odd < 2; ++odd) {
        generators.draw(bytes);
        for (std::size_t lane = 0; lane < columns / 2; ++lane) {
            const std::size_t first = 4 * (lane % quarter) + lane / quarter;
            noise[2 * lane + odd] = bytes[first] << 8 | bytes[first + 2];
        }
    }
}

Lane cast_lane(Type type, Lane value) {
    Lane cast = 0;
    with_type(type, [&]<Type of>() { cast = wrapped<of>(value); });
    return cast;
}

}  // namespace spikeloom::ppu
