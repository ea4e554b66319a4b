#include "chip/load_neurons.hpp"

#include <algorithm>
#include <limits>

#include "chip/registers.hpp"

namespace spikeloom::chip {
namespace {

/// Whether compartments of both groups can be updated by one call: all that differs lies in arrays by slot.
bool same_kernel(const CompartmentGroup& a, const CompartmentGroup& b) {
    return a.model == b.model && a.parameters == b.parameters && integrates(a.model);
}

/// As the kernels take them: no mantissas, nothing of another model.
ModelParameters own_parameters(const CompartmentGroup& group, const NeuronFormat& format) {
    const auto in_units = [&](std::int32_t mantissa) {
        constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
        const std::int64_t value = std::int64_t{mantissa} * (std::int64_t{1} << format.threshold_exponent);
        return static_cast<std::int32_t>(std::clamp(value, -most, most));
    };
    ModelParameters own = group.parameters;
    own.threshold_low = in_units(own.threshold_low);
    own.adaptation_step = in_units(own.adaptation_step);
    own.soft_reset = own.soft_reset && group.model == NeuronModel::leaky;
    own.reset_interval =
        group.model == NeuronModel::adaptive_threshold || !integrates(group.model) ? 0 : own.reset_interval;
    return own;
}

/// Short groups that follow each other become one run whose parameters lie in arrays; long ones stay runs.
class BlockWriter {
public:
    BlockWriter(const Image& image, const Block& block, core::Shard& shard)
        : image_(image),
          core_(image.cores[block.core]),
          block_(block),
          shard_(shard),
          base_(shard.slot(block.index, 0)) {}

    void write() {
        constexpr std::size_t long_group = 64;
        for (const CompartmentGroup& group : core_.groups) {
            const std::uint32_t begin = std::max(group.first, block_.first_compartment);
            const std::uint32_t end =
                std::min(group.first + group.count, block_.first_compartment + block_.compartments);
            if (begin >= end) {
                continue;
            }
            if (end - begin >= long_group || (pending_ != nullptr && !same_kernel(*pending_, group))) {
                flush();
            }
            pending_ = &group;
            parameters_.insert(parameters_.end(), end - begin, parameters_of(group, image_.chip.neuron));
            if (end - begin >= long_group) {
                flush();
            }
        }
        flush();
        for (std::uint32_t i = 0; i < block_.compartments && !core_.biases.empty(); ++i) {
            shard_.set_bias(base_ + i, bias_value(core_.biases[block_.first_compartment + i]));
        }
        for (std::uint32_t i = 0; i < block_.compartments && !core_.initial_currents.empty(); ++i) {
            shard_.set_initial_current(base_ + i, core_.initial_currents[block_.first_compartment + i]);
        }
    }

private:
    void flush() {
        if (parameters_.empty()) {
            return;
        }
        const auto count = static_cast<std::uint32_t>(parameters_.size());
        shard_.add_run({.first = base_ + first_,
                        .count = count,
                        .model = pending_->model,
                        .own = own_parameters(*pending_, image_.chip.neuron),
                        .payload_bits = std::clamp(image_.chip.neuron.payload_bits, 1, 32),
                        .voltage_floor = voltage_floor_of(core_, image_.chip.neuron),
                        .voltage_ceiling = voltage_ceiling_of(core_, image_.chip.neuron),
                        .noise = noise_of(core_.noise),
                        .core = block_.core,
                        .compartment = block_.first_compartment + first_},
                       parameters_);
        first_ += count;
        parameters_.clear();
    }

    const Image& image_;
    const CoreImage& core_;
    const Block& block_;
    core::Shard& shard_;
    std::uint32_t base_;
    std::uint32_t first_ = 0;  ///< compartment of the block that the pending parameters begin with
    const CompartmentGroup* pending_ = nullptr;
    std::vector<core::NeuronParameters> parameters_;
};

}  // namespace

void add_neurons(const Image& image, Tables& tables) {
    for (const Block& block : tables.blocks) {
        BlockWriter(image, block, tables.shards[block.shard]).write();
    }
}

}  // namespace spikeloom::chip
