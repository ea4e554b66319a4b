// One projection of a written network under construction, and what the readers of its rules share.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/text/text_reader.hpp"

namespace spikeloom::compiler::text {

constexpr double max_weight = std::numeric_limits<float>::max();
constexpr std::uint32_t max_delay = 255;

/// One projection under construction.
struct Item {
    const proto::ProjectionProto& block;
    std::string path;       ///< of the block, "projection[3]"
    std::size_t index = 0;  ///< in network.projections
    Source source = {};
    std::uint32_t target = 0;
    std::uint32_t sources = 0;
    std::uint32_t targets = 0;
    bool to_itself = false;
    NumberRule weight = 0.0;
    bool listed = false;                                    ///< weights come from `list` or `file`
    std::shared_ptr<const std::vector<double>> filed = {};  ///< those of `file`
    DelayRule delay = {};
};

[[nodiscard]] Projection& projection(TextReader& reader, const Item& item);
[[nodiscard]] RuleRandom random_of(const TextReader& reader, const Item& item);

/// A finding unless the value is finite and a 32-bit float can hold it.
bool weight_in_range(TextReader& reader, const std::string& path, double value);
/// A finding unless a list of weights has `count` values; `what` says how they are arranged.
void check_list(TextReader& reader, const Item& item, std::uint64_t count, const std::string& what);
/// `count` weights by rule or list; `width` of them belong to one neuron or kernel plane (the key of the draws).
[[nodiscard]] std::vector<float> weights_of(const TextReader& reader, const Item& item, std::size_t count,
                                            std::size_t width);

/// The numbers of a .npy file beside the network file, in C order, that 32-bit floats can hold; else a finding at
/// `field`.
[[nodiscard]] std::optional<std::vector<double>> read_numbers(TextReader& reader, const std::string& field,
                                                              const std::string& path);

/// The block `learning` of a projection, whose target is known.
void read_learning(TextReader& reader, const Item& item);

/// The stored weights that are left for the projections to come.
class Budget {
public:
    explicit Budget(TextReader& reader) : reader_(reader), left_(reader.limits.synapses) {}
    /// A finding, and false, when fewer than `count` are left.
    bool spend(const std::string& path, std::uint64_t count);

private:
    TextReader& reader_;
    std::uint64_t left_;
};

// The rules: checks, findings, and the draw put off.
void read_dense(TextReader& reader, Budget& budget, const Item& item);
void read_dense_file(TextReader& reader, Budget& budget, const Item& item);
void read_fixed_in_degree(TextReader& reader, Budget& budget, const Item& item);
void read_fixed_out_degree(TextReader& reader, Budget& budget, const Item& item);
void read_pairwise(TextReader& reader, Budget& budget, const Item& item);
void read_one_to_one(TextReader& reader, Budget& budget, const Item& item);
void read_convolution(TextReader& reader, Budget& budget, const Item& item);
void read_synapses(TextReader& reader, Budget& budget, const Item& item);

}  // namespace spikeloom::compiler::text
