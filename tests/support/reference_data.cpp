#include "support/reference_data.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace spikeloom::test {

std::optional<std::string> reference_data(const std::string& relative_path) {
    const char* variable = std::getenv("SPIKELOOM_REFERENCE_DATA");
    const std::filesystem::path root =
        variable != nullptr ? variable : std::string(SPIKELOOM_SOURCE_DIR) + "/../shared/data";
    const std::filesystem::path path = root / relative_path;
    if (std::filesystem::exists(path)) {
        return path.string();
    }
    std::fprintf(stderr, "SKIPPED: reference data %s is absent (set SPIKELOOM_REFERENCE_DATA)\n",
                 path.string().c_str());
    return std::nullopt;
}

}  // namespace spikeloom::test
