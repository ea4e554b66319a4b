#include "tools/session_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <limits>
#include <tuple>
#include <utility>

#include "chip/learned_image.hpp"
#include "core/files/sha256.hpp"
#include "runtime/partial_file.hpp"
#include "runtime/stimulus.hpp"
#include "tools/console.hpp"
#include "tools/cost_options.hpp"
#include "tools/figures.hpp"
#include "tools/image_source.hpp"
#include "tools/network_source.hpp"

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
    }
    return findings.empty() ? Result<void>{} : fail(std::move(findings));
}

constexpr std::array<std::pair<std::string_view, router::Model>, 3> noc_words{
    {{"free", router::Model::free}, {"queued", router::Model::queued}, {"flit", router::Model::flit}}};

/// "3:8" is [3, 8), ":8" begins at 0, "3:" has no end, "3" is [3, 4).
std::pair<std::uint64_t, std::uint64_t> parse_range(const std::string& option, std::string_view text) {
    const auto number = [&](std::string_view digits, std::uint64_t otherwise) {
        std::uint64_t value = otherwise;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (!digits.empty() && (error != std::errc() || end != digits.data() + digits.size())) {
            throw UsageError(fmt::format("--{}: '{}' is no number; allowed are A:B, A:, :B, A", option, digits));
        }
        return value;
    };
    constexpr std::uint64_t no_end = std::numeric_limits<std::uint64_t>::max();
    const std::size_t colon = text.find(':');
    const std::uint64_t first = number(text.substr(0, colon), 0);
    const std::uint64_t last = colon == std::string_view::npos ? (text.empty() || first == no_end ? first : first + 1)
                                                               : number(text.substr(colon + 1), no_end);
    if (first >= last) {
        throw UsageError(fmt::format("--{}: '{}' is empty; A:B goes from A to before B", option, text));
    }
    return {first, last};
}

runtime::TraceFilter trace_filter(const CommandLine& line) {
    runtime::TraceFilter filter;
    filter.on = line.flag("trace");
    for (const char* option : {"trace-steps", "trace-cores", "trace-limit"}) {
        if (line.has(option) && !filter.on) {
            throw UsageError(fmt::format("--{} without --trace", option));
        }
    }
    filter.limit = line.optional<std::uint64_t>("trace-limit").value_or(filter.limit);
    if (line.has("trace-steps")) {
        std::tie(filter.first_step, filter.last_step) =
            parse_range("trace-steps", line.value<std::string>("trace-steps"));
    }
    if (line.has("trace-cores")) {
        std::string_view words = line.value<std::string>("trace-cores");
        while (true) {
            const std::size_t comma = words.find(',');
            const auto [first, last] = parse_range("trace-cores", words.substr(0, comma));
            const auto place = [](std::uint64_t value) {
                return static_cast<std::uint32_t>(
                    std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
            };
            filter.places.emplace_back(place(first), place(last));
            if (comma == std::string_view::npos) {
                break;
            }
            words.remove_prefix(comma + 1);
        }
    }
    return filter;
}

runtime::TimingOptions timing_options(const CommandLine& line) {
    return {.model = line.choice<router::Model>("noc", noc_words),
            .costs = line.has("costs") ? line.value<std::string>("costs") : "",
            .traffic = !line.flag("no-traffic"),
            .trace = trace_filter(line)};
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
        "noc", word("MODEL")->default_value("queued"),
        "how the spike network is timed: free (nobody waits), queued, flit (cycle by cycle); the spikes are the same")(
        "costs", word("TABLE"), "the cost table whose times count (default: the chip's first)")(
        "no-traffic", flag(), "record no use of links and no phases of steps")(
        "core-steps", flag(), "record every core's counters in every step")(
        "trace", flag(), "record messages one by one: when made, injected, arrived, worked off, where they waited")(
        "trace-steps", word("A:B"), "only of these steps")("trace-cores", word("A:B,..."),
                                                           "only from or to these places on the mesh")(
        "trace-limit", po::value<std::uint64_t>()->value_name("N"), "messages at most (default: 1000000)")(
        "json", flag(), "print the figures as JSON");
    line.add()("chip,c", word("CHIP"), "of a network that is not compiled yet: where to compile it to");
    add_nir_options(line);
    add_cost_options(line, "cost-tables", "price the run under the cost tables of this file instead of the chip's");
}

Result<runtime::Session> open_session(const chip::Image& image, const CommandLine& line) {
    const int threads = line.value<int>("threads");
    if (threads < 1 || threads > 1024) {
        throw UsageError("--threads: allowed are 1 to 1024");
    }
    if (auto possible = check_learning_options(image, line); !possible) {
        return tl::unexpected(possible.error());
    }
    auto session = runtime::Session::open(
        image, {.threads = threads, .seed = line.value<std::uint64_t>("seed"), .timing = timing_options(line)});
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
    options.core_steps = line.flag("core-steps");
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

Diagnostics check_trace(const runtime::Session& session) {
    const runtime::StepClock* clock = session.clock();
    if (clock == nullptr || !clock->trace_cut()) {
        return {};
    }
    return {{.severity = Severity::warning,
             .where = "--trace",
             .found = fmt::format("more than {} messages; only the first are recorded", clock->options().trace.limit),
             .help = "choose steps and cores (--trace-steps, --trace-cores), or a higher --trace-limit"}};
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
    auto image = image_of(line);
    if (!image) {
        print(image.error());
        return ExitStatus::failed;
    }
    if (const auto priced = apply_cost_options(line, image->chip); !priced) {
        print(priced.error());
        return ExitStatus::failed;
    }
    if (const auto done = work(*image, line); !done) {
        print(done.error());
        return ExitStatus::failed;
    }
    return print_figures(line.value<std::string>("output"), line.flag("json"), Interrupted::is_failure);
}

}  // namespace spikeloom::tools
