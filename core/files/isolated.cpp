#include "core/files/isolated.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string_view>

// Of the sanitizers' runtime, where there is one.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*)());  // NOLINT

namespace spikeloom::files {
namespace {

constexpr int threw = 3;  ///< exit status of a child whose work ended in an exception

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// Sanitizers reserve address space without bound, which no limit can go with.
constexpr bool sanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

void limit_memory(std::uint64_t more_bytes) {
    std::uint64_t pages = 0;
    if (sanitized || !(std::ifstream("/proc/self/statm") >> pages)) {
        return;
    }
    const rlimit limit{pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + more_bytes, RLIM_INFINITY};
    ::setrlimit(RLIMIT_AS, &limit);
}

[[noreturn]] void be_the_child(const std::function<std::string()>& work, const IsolationLimits& limits, int answer) {
    for (const int number : {SIGINT, SIGTERM, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGPIPE}) {
        std::signal(number, SIG_DFL);
    }
    if (__sanitizer_set_death_callback != nullptr) {
        __sanitizer_set_death_callback([] {});  // a fuzzer's: the child's fall is no finding
    }
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const rlimit cpu{limits.cpu_seconds, limits.cpu_seconds};
    ::setrlimit(RLIMIT_CPU, &cpu);
    limit_memory(limits.memory_bytes);
    if (const int nowhere = ::open("/dev/null", O_WRONLY); nowhere >= 0) {
        ::dup2(nowhere, STDERR_FILENO);  // "malloc(): corrupted ..." is not for the user
    }
    try {
        ::_exit(write_all(answer, work()) ? 0 : threw);
    } catch (...) {
        ::_exit(threw);
    }
}

std::string read_all(int descriptor) {
    std::string bytes;
    std::array<char, 1 << 16> part{};
    for (;;) {
        const ssize_t count = ::read(descriptor, part.data(), part.size());
        if (count > 0) {
            bytes.append(part.data(), static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            return bytes;
        }
    }
}

}  // namespace

tl::expected<std::string, std::string> run_isolated(const std::function<std::string()>& work,
                                                    const IsolationLimits& limits) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return tl::unexpected(fmt::format("could not be started ({})", std::strerror(errno)));
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        be_the_child(work, limits, ends[1]);
    }
    const int error = errno;
    ::close(ends[1]);
    if (child < 0) {
        ::close(ends[0]);
        return tl::unexpected(fmt::format("could not be started ({})", std::strerror(error)));
    }
    std::string answer = read_all(ends[0]);
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return answer;
    }
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
        return tl::unexpected(fmt::format("did not end within {} s", limits.cpu_seconds));
    }
    if (WIFSIGNALED(status)) {
        return tl::unexpected(fmt::format("crashed ({})", strsignal(WTERMSIG(status))));
    }
    return tl::unexpected(WEXITSTATUS(status) == threw ? std::string("ran out of memory") : std::string("crashed"));
}

}  // namespace spikeloom::files
