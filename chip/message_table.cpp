#include "chip/message_table.hpp"

#include <map>

#include "core/shard.hpp"

namespace spikeloom::chip {
namespace {

/// Of each core and axon, the class of its list's work.
std::vector<std::vector<std::uint32_t>> classify(const Image& image, std::vector<MessageWork>& works) {
    std::map<MessageWork, std::uint32_t> known;
    std::vector<std::vector<std::uint32_t>> work_of_axon(image.cores.size());
    for (std::size_t c = 0; c < image.cores.size(); ++c) {
        const CoreImage& core = image.cores[c];
        work_of_axon[c].reserve(core.axons());
        for (std::size_t axon = 0; axon < core.axons(); ++axon) {
            MessageWork work{};
            for (const SynapseEntry& entry : core.entries_of(axon)) {
                work[static_cast<std::size_t>(entry.encoding)] += entry.count;
            }
            const auto [place, is_new] = known.try_emplace(work, static_cast<std::uint32_t>(works.size()));
            if (is_new) {
                works.push_back(work);
            }
            work_of_axon[c].push_back(place->second);
        }
    }
    return work_of_axon;
}

/// Of the numbers below n; at least 1.
std::uint32_t bits_below(std::size_t n) {
    return n < 2 ? 1 : static_cast<std::uint32_t>(std::bit_width(n - 1));
}

std::uint64_t all_messages(const Image& image) {
    std::uint64_t messages = 0;
    for (const CoreImage& core : image.cores) {
        messages += core.outputs.size();
    }
    for (const InputSymbol& input : image.inputs) {
        messages += input.outputs.size();
    }
    return messages;
}

std::span<const OutputAxon> outputs_of(const std::vector<std::uint32_t>& first, const std::vector<OutputAxon>& outputs,
                                       std::size_t i) {
    return first.empty() ? std::span<const OutputAxon>{}
                         : std::span(outputs).subspan(first[i], first[i + 1] - first[i]);
}

}  // namespace

MessageTable::MessageTable(const Image& image) {
    const auto work_of_axon = classify(image, works_);
    core_bits_ = bits_below(image.cores.size());
    core_mask_ = (std::uint64_t{1} << core_bits_) - 1;
    stride_ = (core_bits_ + bits_below(works_.size()) + 7) / 8;
    mask_ = stride_ == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * stride_) - 1;
    words_.reserve(all_messages(image) * stride_ + sizeof(std::uint64_t));
    for (const CoreImage& core : image.cores) {
        core_first_.push_back(static_cast<std::uint32_t>(first_.size() - 1));
        for (std::uint32_t i = 0; i < core.compartments; ++i) {
            add(outputs_of(core.output_first, core.outputs, i), work_of_axon);
        }
    }
    core_first_.push_back(static_cast<std::uint32_t>(first_.size() - 1));
    for (const InputSymbol& input : image.inputs) {
        port_first_.push_back(static_cast<std::uint32_t>(first_.size() - 1));
        for (std::uint32_t channel = 0; channel < input.size(); ++channel) {
            add(outputs_of(input.output_first, input.outputs, channel), work_of_axon);
        }
    }
    port_first_.push_back(static_cast<std::uint32_t>(first_.size() - 1));
    words_.resize(words_.size() + sizeof(std::uint64_t));
    first_.shrink_to_fit();
}

void MessageTable::add(std::span<const OutputAxon> outputs,
                       const std::vector<std::vector<std::uint32_t>>& work_of_axon) {
    for (const OutputAxon& output : outputs) {
        const std::uint64_t bits =
            output.core.value() | std::uint64_t{work_of_axon[output.core.value()][output.axon.value()]} << core_bits_;
        for (std::size_t byte = 0; byte < stride_; ++byte) {
            words_.push_back(static_cast<std::uint8_t>(bits >> 8 * byte));
        }
    }
    first_.push_back(first_.back() + outputs.size());
}

std::size_t MessageTable::resident_bytes() const {
    using core::bytes_of;
    return bytes_of(core_first_) + bytes_of(port_first_) + bytes_of(first_) + bytes_of(words_) + bytes_of(works_);
}

}  // namespace spikeloom::chip
