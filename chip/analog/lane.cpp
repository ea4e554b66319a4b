#include "chip/analog/lane.hpp"

#include <semaphore>
#include <thread>
#include <utility>

#include "core/base/diagnostics.hpp"

namespace spikeloom::chip::analog {

struct Lane::State {
    std::thread thread;
    std::binary_semaphore to_work{0};
    std::binary_semaphore to_owner{0};
    bool running = false;
    double time = 0;
};

Lane::Lane() : state_(std::make_unique<State>()) {}

Lane::~Lane() {
    while (state_ && state_->running) {
        resume();
    }
}

Lane::Lane(Lane&&) noexcept = default;
Lane& Lane::operator=(Lane&&) noexcept = default;

void Lane::start(std::function<void()> work) {
    SPIKELOOM_ASSERT(!state_->running, "a lane that is taken");
    state_->running = true;
    state_->thread = std::thread([state = state_.get(), work = std::move(work)] {
        state->to_work.acquire();
        work();
        state->running = false;
        state->to_owner.release();
    });
    resume();
}

void Lane::resume() {
    state_->to_work.release();
    state_->to_owner.acquire();
    if (!state_->running) {
        state_->thread.join();
    }
}

bool Lane::running() const {
    return state_->running;
}

double Lane::time() const {
    return state_->time;
}

void Lane::stop(double time) {
    state_->time = time;
    state_->to_owner.release();
    state_->to_work.acquire();
}

}  // namespace spikeloom::chip::analog
