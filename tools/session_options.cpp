#include "tools/session_options.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "chip/learned_image.hpp"
#include "core/files/sha256.hpp"
#include "runtime/partial_file.hpp"
#include "runtime/stimulus.hpp"
#include "tools/console.hpp"
#include "tools/figures.hpp"

namespace spikeloom::tools {

namespace po = boost::program_options;

namespace {

/// Of an option that, if it is given, is at least 1; else 0.
std::uint64_t given_steps(const CommandLine& line, const char* name) {
    if (!line.has(name)) {
        return 0;
    }
    const auto value = line.value<std::uint64_t>(name);
    if (value == 0) {
        throw UsageError(fmt::format("--{}: at least 1 step", name));
    }
    return value;
}

/// What only a plastic image can do is refused for others, before the run; so is a name that can't be.
Result<void> check_learning_options(const chip::Image& image, const CommandLine& line) {
    Diagnostics findings;
    for (const char* name : {"save-image", "learning-every", "snapshot-every"}) {
        if (line.has(name) && image.learning.empty()) {
            findings.push_back({.where = fmt::format("--{}", name),
                                .found = "no projection of the image is plastic: nothing is learned",
                                .help = "give a projection a learning rule and compile again"});
        }
    }
    if (line.has("save-image")) {
        const std::string& path = line.value<std::string>("save-image");
        if (auto room = runtime::PartialFile::create(path, line.flag("force")); !room) {
            findings.insert(findings.end(), room.error().begin(), room.error().end());
        }
        if (path == line.value<std::string>("output")) {
            findings.push_back({.where = path, .found = "both --output and --save-image name this file"});
        }
    }
    return findings.empty() ? Result<void>{} : fail(std::move(findings));
}

}  // namespace

void add_session_options(CommandLine& line) {
    const auto steps = [] { return po::value<std::uint64_t>()->value_name("N"); };
    line.add()("output,o", word("RECORDING")->required(), "the recording to write (HDF5)")(
        "force,f", flag(), "replace an existing recording (or image of --save-image)")(
        "probe", po::value<std::vector<std::string>>()->value_name("WHAT")->composing(),
        "record a register: hidden.v, hidden[3].u, hidden[0:8].v; of a plastic projection: in_e[0:100].w, "
        "in_e[SOURCE,TARGET].w, .d, .t, in_e[0:4].x1, .y1, in_e.r1; may be given more than once")(
        "seed", po::value<std::uint64_t>()->default_value(0)->value_name("N"), "of noise and of random encoders")(
        "threads", po::value<int>()->default_value(1)->value_name("N"), "the spikes are the same for any number")(
        "freeze", flag(), "learning off: plastic weights stay as the image has them")(
        "learning-every", steps(), "steps from row to row of what is learned (default: some 250 rows in the run)")(
        "snapshot-every", steps(), "steps between snapshots of all plastic weights (default: start and end only)")(
        "save-image", word("IMAGE"), "write the image with the weights and delays that the run learned")(
        "json", flag(), "print the figures as JSON");
}

Result<runtime::Session> open_session(const chip::Image& image, const CommandLine& line) {
    const int threads = line.value<int>("threads");
    if (threads < 1 || threads > 1024) {
        throw UsageError("--threads: allowed are 1 to 1024");
    }
    if (auto possible = check_learning_options(image, line); !possible) {
        return tl::unexpected(possible.error());
    }
    auto session = runtime::Session::open(image, {.threads = threads, .seed = line.value<std::uint64_t>("seed")});
    if (!session) {
        return session;
    }
    session->chip().set_learning(!line.flag("freeze"));
    if (!line.has("probe")) {
        return session;
    }
    Diagnostics findings;
    for (const std::string& probe : line.value<std::vector<std::string>>("probe")) {
        if (const auto added = session->add_probe(probe); !added) {
            findings.insert(findings.end(), added.error().begin(), added.error().end());
        }
    }
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return session;
}

Result<std::unique_ptr<runtime::Recorder>> open_recorder(const runtime::Session& session, const CommandLine& line,
                                                         const std::string& stimulus, std::uint64_t planned_steps) {
    runtime::RecordingOptions options;
    options.path = line.value<std::string>("output");
    options.force = line.flag("force");
    options.options = line.given();
    options.stimulus = stimulus;
    options.seed = line.value<std::uint64_t>("seed");
    options.threads = line.value<int>("threads");
    options.learning = !line.flag("freeze");
    options.planned_steps = planned_steps;
    options.learning_every = given_steps(line, "learning-every");
    options.snapshot_every = given_steps(line, "snapshot-every");
    const std::string file = runtime::stimulus_file(stimulus);
    if (!file.empty()) {
        auto hash = files::sha256_file(file);
        if (!hash) {
            return fail(std::move(hash.error()));
        }
        options.stimulus = std::filesystem::path(stimulus).filename().string();
        options.stimulus_sha256 = *hash;
    }
    return runtime::Recorder::create(options, session);
}

Result<void> save_image(const runtime::Session& session, const CommandLine& line) {
    if (!line.has("save-image")) {
        return {};
    }
    chip::Image learned = chip::learned_image(session.image(), session.chip());
    learned.source_network.clear();  // its weights are those from before
    chip::Provenance& provenance = learned.provenance;
    const std::string recording = std::filesystem::path(line.value<std::string>("output")).filename().string();
    const std::string& image = line.operand();
    provenance.rules.push_back(fmt::format(
        "weights and delays of plastic projections are those after {} steps of the run recorded in {} by spikeloom {}, "
        "which began with {} (sha256 {})",
        session.steps_done(), recording, SPIKELOOM_VERSION, std::filesystem::path(image).filename().string(),
        files::sha256_file(image).value_or("unknown")));
    auto file = runtime::PartialFile::create(line.value<std::string>("save-image"), line.flag("force"));
    if (!file) {
        return fail(std::move(file.error()));
    }
    auto written = chip::write_image(learned, file->path());
    return written ? file->publish() : written;
}

ExitStatus run_image(const CommandLine& line,
                     const std::function<Result<void>(const chip::Image&, const CommandLine&)>& work) {
    const auto image = chip::read_image(line.operand());
    if (!image) {
        print(image.error());
        return ExitStatus::failed;
    }
    if (const auto done = work(*image, line); !done) {
        print(done.error());
        return ExitStatus::failed;
    }
    return print_figures(line.value<std::string>("output"), line.flag("json"), Interrupted::is_failure);
}

}  // namespace spikeloom::tools
