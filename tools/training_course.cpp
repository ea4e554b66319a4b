#include "tools/training_course.hpp"

#include <fmt/format.h>

#include <span>
#include <string_view>
#include <utility>

#include "core/files/bytes.hpp"
#include "tools/console.hpp"
#include "tools/interrupt.hpp"

namespace spikeloom::tools {
namespace {

namespace json = boost::json;

json::object score_object(const runtime::Score& score) {
    return {{"accuracy", score.accuracy()}, {"loss", score.loss}, {"silent", score.silent}, {"samples", score.samples}};
}

}  // namespace

Result<void> TrainingCourse::resume() {
    auto checkpoint = runtime::read_checkpoint(checkpoint_path());
    if (!checkpoint) {
        return fail(std::move(checkpoint.error()));
    }
    if (auto findings = runtime::compare_settings(checkpoint->settings, job_->settings, checkpoint_path());
        !findings.empty()) {
        return fail(std::move(findings));
    }
    if (auto done = job_->trainer.restore(checkpoint->state); !done) {
        return done;
    }
    log_ = std::move(checkpoint->log);
    best_ = std::move(checkpoint->best);
    return {};
}

Result<void> TrainingCourse::run() {
    const InterruptGuard guard;
    if (log_.empty()) {
        if (auto done = measure({{"epoch", 0}}, "before training"); !done) {
            return done;
        }
    }
    held_ = job_->trainer.state();
    while (held_.epoch < job_->epochs && !interrupted_) {
        auto figures = job_->trainer.train_epoch(job_->sets.training, [] { return InterruptGuard::requested(); });
        if (!figures) {
            return fail(std::move(figures.error()));
        }
        if (!*figures) {
            interrupted_ = true;
            break;
        }
        if (auto done = note(**figures); !done) {
            return done;
        }
        held_ = job_->trainer.state();
        if (job_->checkpoint_every != 0 && held_.epoch % job_->checkpoint_every == 0) {
            if (auto done = save(); !done) {
                return done;
            }
        }
    }
    return save();
}

Result<void> TrainingCourse::measure(json::object line, std::string said) {
    const runtime::TrainingState state = job_->trainer.state();
    const auto add = [&](const std::optional<runtime::TimedSamples>& set, const char* name) -> Result<void> {
        if (!set) {
            return {};
        }
        auto score = job_->trainer.evaluate(*set);
        if (!score) {
            return fail(std::move(score.error()));
        }
        line[name] = score_object(*score);
        said += fmt::format(", {} {:.2f} %", name, 100 * score->accuracy());
        if (std::string_view(name) == "validation" && (!best_ || score->accuracy() > best_->accuracy)) {
            best_ = {.epoch = state.epoch, .accuracy = score->accuracy(), .weights = state.weights};
        }
        return {};
    };
    if (auto done = add(job_->sets.validation, "validation"); !done) {
        return done;
    }
    if (auto done = add(job_->sets.test, "test"); !done) {
        return done;
    }
    log_ += json::serialize(line) + "\n";
    remark(said);
    return {};
}

Result<void> TrainingCourse::note(const runtime::EpochFigures& figures) {
    json::object line{{"epoch", figures.epoch + 1},
                      {"rate", figures.rate},
                      {"training", score_object(figures.score)},
                      {"missing", json::array(figures.missing.begin(), figures.missing.end())},
                      {"steps", figures.steps},
                      {"bumps", figures.bumps},
                      {"cut", figures.cut},
                      {"underivable", figures.underivable}};
    return measure(std::move(line), fmt::format("epoch {}: loss {:.4f}, training {:.2f} %", figures.epoch + 1,
                                                figures.score.loss, 100 * figures.score.accuracy()));
}

Result<void> TrainingCourse::save() const {
    if (auto done = runtime::write_checkpoint({.settings = job_->settings, .log = log_, .state = held_, .best = best_},
                                              checkpoint_path());
        !done) {
        return done;
    }
    return files::write_bytes(job_->folder + "/training.jsonl", std::as_bytes(std::span(log_)));
}

json::value TrainingCourse::first_line() const {
    return json::parse(log_.substr(0, log_.find('\n')));
}

Result<json::object> finish_training(TrainingJob& job, const TrainingCourse& course, double seconds) {
    if (auto done = compiler::write_ttfs(job.setup.network(course.weights()), job.folder, job.name); !done) {
        return fail(std::move(done.error()));
    }
    const auto image = job.setup.image(course.weights());
    if (!image) {
        return fail(image.error());
    }
    const std::string image_path = fmt::format("{}/{}.loom", job.folder, job.name);
    if (auto done = chip::write_analog_image(*image, image_path); !done) {
        return fail(std::move(done.error()));
    }
    runtime::TrainingState state = job.trainer.state();
    state.weights = course.weights();
    if (auto done = job.trainer.restore(state); !done) {
        return fail(std::move(done.error()));
    }
    json::object figures{{"network", fmt::format("{}/{}.textproto", job.folder, job.name)},
                         {"image", image_path},
                         {"epochs", course.epoch()},
                         {"kept_epoch", course.best() ? course.best()->epoch : course.epoch()},
                         {"interrupted", course.interrupted()},
                         {"seconds", seconds},
                         {"before", course.first_line()}};
    json::object after;
    for (const auto& [name, set] : {std::pair{"validation", &job.sets.validation}, {"test", &job.sets.test}}) {
        if (*set) {
            const auto score = job.trainer.evaluate(**set);
            if (!score) {
                return fail(score.error());
            }
            after[name] = score_object(*score);
        }
    }
    figures["after"] = std::move(after);
    return figures;
}

std::string training_text(const json::object& figures) {
    std::string text = fmt::format("{} epochs; kept the weights after {}: {}\n", figures.at("epochs").as_uint64(),
                                   figures.at("kept_epoch").as_uint64(), figures.at("network").as_string().c_str());
    for (const auto& [name, score] : figures.at("after").as_object()) {
        const auto& before = figures.at("before").as_object().at(name).as_object();
        text +=
            fmt::format("{:<10} {:.2f} % (before training {:.2f} %)\n", std::string_view(name),
                        100 * score.as_object().at("accuracy").as_double(), 100 * before.at("accuracy").as_double());
    }
    return text;
}

}  // namespace spikeloom::tools
