// spikeloom run: one stimulus through an image.

#include <fmt/format.h>

#include <algorithm>

#include "chip/image/image.hpp"
#include "runtime/recording.hpp"
#include "runtime/session.hpp"
#include "runtime/stimulus.hpp"
#include "tools/analog_options.hpp"
#include "tools/analog_run.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/interrupt.hpp"
#include "tools/session_options.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;

/// Moves the bar as steps go by.
class ProgressSink : public runtime::Sink {
public:
    explicit ProgressSink(std::uint64_t steps) : bar_("run"), steps_(static_cast<double>(steps)) {}
    Result<void> on_step(const runtime::StepView& view) override {
        const auto done = view.step.value() + 1;
        if (done % 16 == 0) {
            bar_.update(static_cast<double>(done) / steps_, fmt::format("step {}", done));
        }
        return {};
    }

private:
    ProgressBar bar_;
    double steps_;
};

Result<std::uint64_t> steps_to_run(const CommandLine& line, const runtime::Stimulus& stimulus) {
    if (line.has("steps")) {
        return line.value<std::uint64_t>("steps");
    }
    if (stimulus.steps() == 0) {
        return fail(Diagnostic{.where = fmt::format("--input {}", line.value<std::string>("input")),
                               .found = "a stimulus that never ends",
                               .help = "say how long to run: --steps N"});
    }
    return stimulus.steps();
}

/// Readouts are of use by their values only, so that these are recorded even where nobody asks.
void probe_readouts(runtime::Session& session) {
    constexpr std::size_t most_neurons = 4096;  ///< larger ones by --probe
    for (const chip::PopulationSymbol& population : session.image().populations) {
        if (population.output && !population.spikes && population.size() <= most_neurons) {
            static_cast<void>(session.add_probe(population.name + ".v"));  // a name that no probe can say
        }
    }
}

Result<void> simulate(const chip::Image& image, const CommandLine& line) {
    const std::string& input = line.value<std::string>("input");
    auto stimulus = runtime::open_stimulus(input, image, line.value<std::uint64_t>("seed"));
    if (!stimulus) {
        return fail(std::move(stimulus.error()));
    }
    const auto steps = steps_to_run(line, **stimulus);
    if (!steps) {
        return fail(steps.error());
    }
    auto session = open_session(image, line);
    if (!session) {
        return fail(std::move(session.error()));
    }
    probe_readouts(*session);
    print(runtime::check_stimulus_length(**stimulus, *steps));
    auto recorder = open_recorder(*session, line, input, *steps);
    if (!recorder) {
        return fail(std::move(recorder.error()));
    }
    const InterruptGuard interrupt;
    Result<std::uint64_t> done = [&] {
        ProgressSink progress(*steps);
        const std::array<runtime::Sink*, 2> sinks{recorder->get(), &progress};
        return session->run(*steps, **stimulus, sinks, InterruptGuard::requested);
    }();
    if (!done) {
        return fail(std::move(done.error()));
    }
    print(check_trace(*session));
    if (auto closed = (*recorder)->close(*done < *steps); !closed) {
        return closed;
    }
    return save_image(*session, line);
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    if (const Diagnostics missing = missing_image(arguments); !missing.empty()) {
        print(missing);
        return ExitStatus::failed;
    }
    if (names_analog_image(arguments)) {
        return run_analog_run(analog_run_subcommand, arguments);
    }
    CommandLine line(self);
    line.positional("IMAGE");
    line.add()("input,i", word("SPIKES")->required(),
               "SONATA .h5, .npy or .npz raster (T x N), .csv (step,channel), or poisson:RATE")(
        "steps,n", po::value<std::uint64_t>()->value_name("N"), "steps to run (default: as long as the input)");
    add_session_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    return run_image(line, simulate);
}

}  // namespace

const Subcommand run_subcommand{
    .name = "run",
    .summary = "one stimulus through an image, recorded",
    .synopsis = "IMAGE|NET --input SPIKES -o RECORDING [options]",
    .text =
        "Runs the image on its virtual chip and records spikes (SONATA), probes, counters, time and energy, and what\n"
        "plastic projections learn. Of outputs that never spike (readouts, sums of sigma-delta nets), v is recorded\n"
        "in every step.\n"
        "A step's time follows from its spikes: each core's work, the messages through the spike network (--noc), the\n"
        "barrier. Links and phases are recorded with it; report shows what bounds the steps.\n"
        "Ctrl-C ends the run after the current step and closes the recording; a second Ctrl-C kills the program.\n"
        "A network (NIR, netx, text) instead of an image is compiled on the way, to the chip of --chip.\n"
        "An image for an analog chip has other options: spikeloom run ANALOG-IMAGE --help shows them.",
    .example = "  spikeloom run yinyang.loom --input poisson:50 --steps 1000 -o run.h5 --probe hidden[0:4].v",
    .run = run,
};

}  // namespace spikeloom::tools
