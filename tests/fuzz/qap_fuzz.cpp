// Quadratic assignment problems in QAPLIB's form from hostile hands. The first two bytes are a grid that the problem
// must lie on, or none. What is accepted becomes a problem of the searches that costs what the matrices say.
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string_view>

#include "compiler/placement/qap_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace spikeloom;
    using namespace spikeloom::compiler;
    if (size < 2) {
        return 0;
    }
    std::optional<QapGrid> grid;
    if (data[0] % 4 == 0) {
        grid = QapGrid{.columns = data[0] / 4U, .rows = data[1]};
    }
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto instance = parse_qap(text, "fuzz", grid);
    if (!instance) {
        SPIKELOOM_ASSERT(has_error(instance.error()), "refused without an error");
        return 0;
    }
    const std::size_t entries = std::size_t{instance->size} * instance->size;
    SPIKELOOM_ASSERT(instance->flows.size() == entries && instance->distances.size() == entries, "matrices");
    SPIKELOOM_ASSERT(!grid || instance->grid == grid, "another grid");
    Arrangement as_it_is(instance->size);
    std::iota(as_it_is.begin(), as_it_is.end(), 0U);
    const std::int64_t cost = qap_cost(*instance, as_it_is);
    SPIKELOOM_ASSERT(cost >= 0 && cost_of(problem_of(*instance), as_it_is) == cost, "another cost");
    return 0;
}
