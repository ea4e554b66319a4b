#include "tools/session_options.hpp"

#include <filesystem>

#include "core/files/sha256.hpp"
#include "runtime/stimulus.hpp"
#include "tools/console.hpp"
#include "tools/figures.hpp"

namespace spikeloom::tools {

namespace po = boost::program_options;

void add_session_options(CommandLine& line) {
    line.add()("output,o", word("RECORDING")->required(), "the recording to write (HDF5)")(
        "force,f", flag(), "replace an existing recording")(
        "probe", po::value<std::vector<std::string>>()->value_name("WHAT")->composing(),
        "record a register: hidden.v, hidden[3].u, hidden[0:8].v; may be given more than once")(
        "seed", po::value<std::uint64_t>()->default_value(0)->value_name("N"), "of noise and of random encoders")(
        "threads", po::value<int>()->default_value(1)->value_name("N"), "the spikes are the same for any number")(
        "json", flag(), "print the figures as JSON");
}

Result<runtime::Session> open_session(const chip::Image& image, const CommandLine& line) {
    const int threads = line.value<int>("threads");
    if (threads < 1 || threads > 1024) {
        throw UsageError("--threads: allowed are 1 to 1024");
    }
    auto session = runtime::Session::open(image, {.threads = threads, .seed = line.value<std::uint64_t>("seed")});
    if (!session || !line.has("probe")) {
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
                                                         const std::string& stimulus) {
    runtime::RecordingOptions options;
    options.path = line.value<std::string>("output");
    options.force = line.flag("force");
    options.options = line.given();
    options.stimulus = stimulus;
    options.seed = line.value<std::uint64_t>("seed");
    options.threads = line.value<int>("threads");
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
