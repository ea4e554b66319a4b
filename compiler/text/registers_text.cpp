#include "compiler/text/registers_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "compiler/text/projection_text.hpp"
#include "compiler/text/text_reader.hpp"

namespace spikeloom::compiler::text {
namespace {

using Block = proto::RegistersProto;

constexpr std::int32_t whole_decay = 4096;
constexpr std::int32_t any_number = std::numeric_limits<std::int32_t>::max();

struct NumberField {
    const char* name;
    std::int32_t (Block::*given)() const;
    std::int32_t& (*place)(FixedNeuron&);
    std::int32_t least;
    std::int32_t most;
};

const std::array number_fields{
    NumberField{"current_decay", &Block::current_decay,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.current_decay; }, 0, whole_decay},
    NumberField{"voltage_decay", &Block::voltage_decay,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.voltage_decay; }, 0, whole_decay},
    NumberField{"threshold", &Block::threshold, [](FixedNeuron& fixed) -> std::int32_t& { return fixed.threshold; }, 0,
                any_number},
    NumberField{"threshold_low", &Block::threshold_low,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.parameters.threshold_low; }, -any_number,
                any_number},
    NumberField{"sin_decay", &Block::sin_decay,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.parameters.sin_decay; }, -whole_decay,
                whole_decay},
    NumberField{"cos_decay", &Block::cos_decay,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.parameters.cos_decay; }, -whole_decay,
                whole_decay},
    NumberField{"state_exponent", &Block::state_exponent,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.parameters.state_exponent; }, 0, 24},
    NumberField{"reset_interval", &Block::reset_interval,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.parameters.reset_interval; }, 0, any_number},
    NumberField{"reset_offset", &Block::reset_offset,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.parameters.reset_offset; }, 0, any_number},
    NumberField{"adaptation_decay", &Block::adaptation_decay,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.parameters.adaptation_decay; }, 0, whole_decay},
    NumberField{"adaptation_step", &Block::adaptation_step,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.parameters.adaptation_step; }, -any_number,
                any_number},
    NumberField{"refractory_decay", &Block::refractory_decay,
                [](FixedNeuron& fixed) -> std::int32_t& { return fixed.parameters.refractory_decay; }, 0, whole_decay},
};

struct FlagField {
    const char* name;
    bool (Block::*given)() const;
    bool ModelParameters::* member;
};

constexpr std::array flag_fields{
    FlagField{"soft_reset", &Block::soft_reset, &ModelParameters::soft_reset},
    FlagField{"relu", &Block::relu, &ModelParameters::relu},
    FlagField{"cumulative_error", &Block::cumulative_error, &ModelParameters::cumulative_error},
    FlagField{"corrected", &Block::corrected, &ModelParameters::corrected},
};

void read_biases(TextReader& reader, const std::string& path, const Block& block, const Population& population,
                 std::vector<std::int32_t>& biases) {
    biases.assign(block.bias().begin(), block.bias().end());
    std::string place = element(path + ".bias", 0);
    if (block.has_bias_file()) {
        place = path + ".bias_file";
        if (!biases.empty()) {
            reader.say(place, "'bias_file' beside 'bias'", "one of the two");
            return;
        }
        const auto numbers = read_numbers(reader, place, block.bias_file());
        if (!numbers) {
            return;
        }
        for (const double value : *numbers) {
            if (!(std::floor(value) == value && std::abs(value) <= any_number)) {
                reader.say(place, fmt::format("a bias of {}", value), "whole numbers of 32 bits");
                return;
            }
            biases.push_back(static_cast<std::int32_t>(value));
        }
    }
    const std::size_t size = population.shape.empty() ? 0 : population.size();
    if (biases.size() > 1 && size != 0 && biases.size() != size) {
        reader.say(place, fmt::format("{} biases", biases.size()), fmt::format("1, or {}: one a neuron", size));
    }
}

}  // namespace

void read_registers(TextReader& reader, const std::string& path, const Block& block, Population& population) {
    FixedNeuron fixed;
    fixed.model = static_cast<NeuronModel>(block.model());
    for (const NumberField& field : number_fields) {
        const std::int32_t value = (block.*field.given)();
        reader.in_range(fmt::format("{}.{}", path, field.name), value, field.least, field.most);
        field.place(fixed) = value;
    }
    for (const FlagField& field : flag_fields) {
        fixed.parameters.*field.member = (block.*field.given)();
    }
    const ModelParameters& parameters = fixed.parameters;
    if (parameters.reset_offset != 0 && parameters.reset_offset >= parameters.reset_interval) {
        reader.say(path + ".reset_offset", fmt::format("an offset of {}", parameters.reset_offset),
                   fmt::format("below reset_interval = {}", parameters.reset_interval));
    }
    if (population.kind == NeuronKind::threshold) {
        reader.say(path, "registers of the kind threshold, which has none", "a kind with memory");
    }
    read_biases(reader, path, block, population, fixed.biases);
    population.fixed = std::move(fixed);
}

std::string registers_text(const FixedNeuron& fixed) {
    FixedNeuron usual;
    FixedNeuron given = fixed;
    std::string text;
    if (fixed.model != usual.model) {
        text += fmt::format(" model: {}", name_of(fixed.model));
    }
    for (const NumberField& field : number_fields) {
        if (field.place(given) != field.place(usual)) {
            text += fmt::format(" {}: {}", field.name, field.place(given));
        }
    }
    for (const FlagField& field : flag_fields) {
        if (given.parameters.*field.member != usual.parameters.*field.member) {
            text += fmt::format(" {}: {}", field.name, given.parameters.*field.member);
        }
    }
    return text;
}

}  // namespace spikeloom::compiler::text
