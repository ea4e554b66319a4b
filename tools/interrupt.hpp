// Ctrl-C: the first one asks the work to stop at the end of a step, so that recordings are closed cleanly; the
// second one kills the program as if nothing had been caught.
#pragma once

namespace spikeloom::tools {

/// Catches SIGINT and SIGTERM while it lives. One at a time.
class InterruptGuard {
public:
    InterruptGuard();
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

    [[nodiscard]] static bool requested();
};

}  // namespace spikeloom::tools
