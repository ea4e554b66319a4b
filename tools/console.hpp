// What a person sees besides the results: diagnostics, remarks and a progress bar, all on stderr, in colour and
// moving only where stderr is a terminal (and NO_COLOR is not set).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/diagnostics.hpp"

namespace spikeloom::tools {

/// Prints one diagnostic a line, severity in colour.
void print(const Diagnostics& diagnostics);
/// A line of remark on stderr: "spikeloom: text".
void remark(std::string_view text);

/// A bar on one line of stderr, redrawn at most ten times a second and wiped when it ends.
class ProgressBar {
public:
    explicit ProgressBar(std::string label);
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    /// `fraction` in 0..1; `phase` says what is being done.
    void update(double fraction, std::string_view phase = {});

private:
    std::string label_;
    bool shown_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point last_;
    std::chrono::steady_clock::time_point started_;
};

}  // namespace spikeloom::tools
