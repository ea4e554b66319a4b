#include "core/synapse_stream.hpp"

#include <algorithm>

namespace spikeloom::core {
namespace {

using Form = SegmentHeader::Form;
using Synapses = std::span<const RowSynapse>;

/// Length of the line of consecutive slots of one block that `synapses` begins with.
std::size_t line_length(Synapses synapses, unsigned block_shift) {
    std::size_t length = 1;
    while (length < synapses.size() && synapses[length].slot() == synapses[length - 1].slot() + 1 &&
           synapses[length].slot() >> block_shift == synapses[0].slot() >> block_shift) {
        ++length;
    }
    return length;
}

class RowWriter {
public:
    RowWriter(AlignedVector<std::uint32_t>& stream, unsigned block_shift)
        : stream_(stream), block_shift_(block_shift), begin_(static_cast<std::uint32_t>(stream.size())) {}

    /// Synapses of one delay and kind, by slot.
    void add(Synapses synapses) {
        scattered_.clear();
        while (!synapses.empty()) {
            const std::size_t line = line_length(synapses, block_shift_);
            if (line >= dense_run) {
                add_dense(synapses.first(line));
            } else {
                scattered_.insert(scattered_.end(), synapses.begin(), synapses.begin() + static_cast<long>(line));
            }
            synapses = synapses.subspan(line);
        }
        for (Synapses rest = scattered_; !rest.empty();) {
            const std::size_t count = std::min<std::size_t>(rest.size(), SegmentHeader::max_count);
            add_sparse(rest.first(count));
            rest = rest.subspan(count);
        }
    }

    void add(const BareMessages& bare) {
        for (std::uint32_t left = bare.count; left > 0;) {
            const std::uint32_t count = std::min(left, SegmentHeader::max_count);
            open({.count = count, .form = Form::messages});
            stream_.push_back(bare.block);
            left -= count;
        }
    }

    void add(const SharedRow& row) {
        open({.count = row.slots, .form = Form::shared});
        stream_.push_back(row.begin);
    }

    std::uint32_t finish() {
        if (header_ == none) {
            open({.count = 0, .form = Form::sparse});
        }
        stream_[header_] |= SegmentHeader::last_bit;
        return begin_;
    }

private:
    static constexpr std::size_t none = ~std::size_t{0};

    void open(const SegmentHeader& header) {
        header_ = stream_.size();
        stream_.push_back(header.word());
    }

    void add_sparse(Synapses synapses) {
        open({.count = static_cast<std::uint32_t>(synapses.size()),
              .delay = synapses[0].delay(),
              .kind = synapses[0].kind(),
              .form = Form::sparse});
        for (const RowSynapse synapse : synapses) {
            stream_.push_back(synapse.weight_bits() << 16 | (synapse.opens_message() ? 1U << 15 : 0U) | synapse.slot());
        }
    }

    void add_dense(Synapses synapses) {
        open({.count = static_cast<std::uint32_t>(synapses.size()),
              .delay = synapses[0].delay(),
              .kind = synapses[0].kind(),
              .form = Form::dense});
        const auto messages = static_cast<std::uint32_t>(
            std::count_if(synapses.begin(), synapses.end(), [](RowSynapse s) { return s.opens_message(); }));
        stream_.push_back(messages << 16 | synapses[0].slot());
        for (std::size_t i = 0; i < synapses.size(); i += 2) {
            const std::uint32_t upper = i + 1 < synapses.size() ? synapses[i + 1].weight_bits() : 0;
            stream_.push_back(upper << 16 | synapses[i].weight_bits());
        }
    }

    AlignedVector<std::uint32_t>& stream_;
    unsigned block_shift_;
    std::uint32_t begin_;
    std::size_t header_ = none;
    std::vector<RowSynapse> scattered_;
};

}  // namespace

std::uint32_t append_row(std::span<RowSynapse> synapses, std::span<const BareMessages> bare,
                         std::span<const SharedRow> shared, unsigned block_shift,
                         AlignedVector<std::uint32_t>& stream) {
    if (!std::is_sorted(synapses.begin(), synapses.end())) {
        std::sort(synapses.begin(), synapses.end());
    }
    RowWriter writer(stream, block_shift);
    for (auto first = synapses.begin(); first != synapses.end();) {
        const auto last = std::find_if(first, synapses.end(), [&](RowSynapse s) { return !s.same_segment(*first); });
        writer.add(Synapses(first, last));
        first = last;
    }
    for (const BareMessages& messages : bare) {
        writer.add(messages);
    }
    for (const SharedRow& row : shared) {
        writer.add(row);
    }
    return writer.finish();
}

}  // namespace spikeloom::core
