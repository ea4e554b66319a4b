// Work that can be stopped at points of its own and goes on when its owner says so: a coroutine for code that recurses.
// A thread runs it, but owner and work never run at the same time, so nothing that they share needs a lock, and the
// order of things is the owner's. Internal to chip/analog: two processors side by side.
#pragma once

#include <functional>
#include <memory>

namespace spikeloom::chip::analog {

class Lane {
public:
    Lane();
    ~Lane();  ///< what still runs is run to its end
    Lane(Lane&&) noexcept;
    Lane& operator=(Lane&&) noexcept;

    /// Runs the work to its first stop, or to its end. Nothing may be running.
    void start(std::function<void()> work);
    /// On to the next stop, or to the end.
    void resume();
    [[nodiscard]] bool running() const;
    /// The time (s) that the stopped work waits for.
    [[nodiscard]] double time() const;
    /// Called by the work: it wants to go on at that time.
    void stop(double time);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace spikeloom::chip::analog
