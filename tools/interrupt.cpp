#include "tools/interrupt.hpp"

#include <csignal>

namespace spikeloom::tools {

namespace {

// A signal handler has no other way to speak.
volatile std::sig_atomic_t interrupted = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

extern "C" void note_interrupt(int signal_number) {
    interrupted = 1;
    std::signal(signal_number, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
    interrupted = 0;
    std::signal(SIGINT, note_interrupt);
    std::signal(SIGTERM, note_interrupt);
}

InterruptGuard::~InterruptGuard() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
}

bool InterruptGuard::requested() {
    return interrupted != 0;
}

}  // namespace spikeloom::tools
