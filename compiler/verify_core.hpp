// The part of the verifier that looks at one core by itself: registers, formats, lists, within what the chip can hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chip/image/image.hpp"

namespace spikeloom::compiler {

/// Collects what the verifier finds, so much that a broken image stays readable.
class VerifierFindings {
public:
    void add(const std::string& where, const std::string& found, const std::string& allowed = "") {
        if (all_.size() < most) {
            all_.push_back({Severity::error, where, found, allowed, ""});
        }
    }
    [[nodiscard]] bool full() const { return all_.size() >= most; }
    [[nodiscard]] bool empty() const { return all_.empty(); }
    [[nodiscard]] Diagnostics take() { return std::move(all_); }

private:
    static constexpr std::size_t most = 100;
    Diagnostics all_;
};

/// Offsets from 0, never falling, to `end`: one for each of the items, and one behind.
[[nodiscard]] bool offsets_sound(const std::vector<std::uint32_t>& offsets, std::size_t items, std::size_t end);

/// The core of this index, against the limits of the image's chip but those that count what it uses.
void verify_core(const chip::Image& image, std::size_t index, VerifierFindings& findings);

}  // namespace spikeloom::compiler
