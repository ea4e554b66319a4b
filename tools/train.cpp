// spikeloom train: a time-to-first-spike network, with the chip in the loop.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/timed/ttfs_text.hpp"
#include "core/files/bytes.hpp"
#include "core/files/sha256.hpp"
#include "runtime/analog/training.hpp"
#include "tools/analog_options.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/model_files.hpp"
#include "tools/network_source.hpp"
#include "tools/timed_data.hpp"
#include "tools/training_course.hpp"
#include "tools/training_setup.hpp"

namespace spikeloom::tools {

namespace {

namespace po = boost::program_options;
namespace json = boost::json;
using Clock = std::chrono::steady_clock;

runtime::TrainingOptions training_options(const CommandLine& line) {
    runtime::TrainingOptions options;
    options.loss = {
        .xi = line.value<double>("xi"), .alpha = line.value<double>("alpha"), .beta = line.value<double>("beta")};
    options.adam.rate = line.value<double>("rate");
    options.adam.decay = line.value<double>("rate-decay");
    options.adam.decay_epochs = line.value<std::uint32_t>("rate-decay-epochs");
    options.batch = line.value<std::uint32_t>("batch");
    options.seed = line.has("train-seed") ? line.value<std::uint64_t>("train-seed") : line.value<std::uint64_t>("seed");
    options.threads = thread_count(line);
    options.cutoff = line.value<double>("cutoff");
    options.bump = line.value<double>("bump");
    options.input_noise = line.value<double>("input-noise");
    return options;
}

/// "1.5,0.5"
std::pair<double, double> mean_and_deviation(const std::string& text) {
    std::size_t end = 0;
    try {
        const double mean = std::stod(text, &end);
        if (end < text.size() && text[end] == ',') {
            std::size_t rest = 0;
            const double deviation = std::stod(text.substr(end + 1), &rest);
            if (end + 1 + rest == text.size() && deviation >= 0) {
                return {mean, deviation};
            }
        }
    } catch (const std::exception&) {
        // said below
    }
    throw UsageError(fmt::format("--init {}: MEAN,DEVIATION, as in 1.5,0.5", text));
}

/// The network; with --init, a TTFS text's arrays need not be there.
Result<compiler::TimedNetwork> open_network(const CommandLine& line, std::uint64_t seed) {
    if (!line.has("init")) {
        auto loaded = load_timed_network(line.operand(), line);
        if (!loaded) {
            return fail(std::move(loaded.error()));
        }
        print(loaded->remarks);
        return std::move(loaded->network);
    }
    const auto bytes = files::read_bytes(line.operand(), std::uint64_t{16} << 20);
    if (!bytes) {
        return fail(bytes.error());
    }
    const std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    auto network = compiler::parse_ttfs_text(text, line.operand(), ".", {.files = false});
    if (!network) {
        return network;
    }
    auto chain = compiler::layer_chain(*network);
    if (!chain) {
        return fail(std::move(chain.error()));
    }
    const auto& words = line.value<std::vector<std::string>>("init");
    if (words.size() != chain->layers.size()) {
        throw UsageError(fmt::format("--init: {} given for {} layers", words.size(), chain->layers.size()));
    }
    for (std::size_t l = 0; l < words.size(); ++l) {
        runtime::TtfsLayer layer;
        layer.inputs = chain->layers[l].inputs;
        layer.bias_times = chain->layers[l].biases;
        layer.neurons = network->populations[l].size();
        const auto [mean, deviation] = mean_and_deviation(words[l]);
        draw_weights(layer, mean, deviation, seed, static_cast<std::uint32_t>(l));
        chain->layers[l].weights = std::move(layer.weights);
    }
    set_weights(*network, *chain);
    return network;
}

Result<chip::AnalogSpec> open_analog_chip(const std::string& name) {
    auto chip = open_any_chip(name);
    if (!chip) {
        return fail(std::move(chip.error()));
    }
    if (auto* analog = std::get_if<chip::AnalogSpec>(&*chip)) {
        return std::move(*analog);
    }
    return fail({.where = name,
                 .found = "a chip with steps",
                 .allowed = "a chip in continuous time: spike times have gradients there",
                 .help = "--chip ideal_analog or brainscales2"});
}

Result<std::optional<runtime::TimedSamples>> open_set(const CommandLine& line, const TrainingSetup& setup,
                                                      const char* option) {
    if (!line.has(option)) {
        return std::nullopt;
    }
    const auto set = open_timed_set(line.value<std::string>(option));
    if (!set) {
        return fail(set.error());
    }
    auto samples = setup.samples(*set);
    if (!samples) {
        return fail(std::move(samples.error()));
    }
    return std::move(*samples);
}

Result<TrainingSets> open_sets(const CommandLine& line, const TrainingSetup& setup) {
    TrainingSets sets;
    Diagnostics findings;
    const auto take = [&](const char* option, std::optional<runtime::TimedSamples>& into) {
        auto set = open_set(line, setup, option);
        if (!set) {
            findings.insert(findings.end(), set.error().begin(), set.error().end());
            return;
        }
        into = std::move(*set);
        if (into) {
            const Diagnostics more = check_samples(*into, setup.layers(), line.value<std::string>(option));
            findings.insert(findings.end(), more.begin(), more.end());
        }
    };
    std::optional<runtime::TimedSamples> training;
    take("data", training);
    take("validation", sets.validation);
    take("test", sets.test);
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    sets.training = std::move(*training);
    return sets;
}

std::string fingerprint(const std::optional<runtime::TimedSamples>& set) {
    if (!set) {
        return "none";
    }
    files::Bytes bytes;
    files::append(bytes, std::as_bytes(std::span(set->times)));
    files::append(bytes, std::as_bytes(std::span(set->labels)));
    return fmt::format("{} samples, {}", set->size(), files::sha256(bytes));
}

/// Everything that the result depends on, for checkpoints.
std::string settings_text(const CommandLine& line, const TrainingSetup& setup, const runtime::TrainingOptions& options,
                          const chip::AnalogSpec& chip, const TrainingSets& sets,
                          const std::vector<runtime::TtfsLayer>& layers) {
    std::string text = compiler::print_ttfs_text(setup.network({})).value();
    std::vector<double> weights;
    for (const runtime::TtfsLayer& layer : layers) {
        text += fmt::format("layer {}: most missing {}, weight unit {}\n", layer.name, layer.most_missing,
                            layer.weight_unit);
        weights.insert(weights.end(), layer.weights.begin(), layer.weights.end());
    }
    text += fmt::format("initial weights {}\n", files::sha256(std::as_bytes(std::span(weights))));
    const std::string description = chip::print_analog_spec(chip);
    text += fmt::format("chip {}, {}\n", chip.name, files::sha256(std::as_bytes(std::span(description))));
    text += fmt::format("instance {}, seed {}, exact times {}\n", instance_text(instance_options(line)),
                        line.value<std::uint64_t>("seed"), line.flag("exact-times"));
    text += fmt::format("loss xi {} alpha {} beta {}\n", options.loss.xi, options.loss.alpha, options.loss.beta);
    text += fmt::format("rate {} times {} every {} epochs, batch {}, seed {}\n", options.adam.rate, options.adam.decay,
                        options.adam.decay_epochs, options.batch, options.seed);
    text += fmt::format("cut-off {}, bump {}, input noise {}\n", options.cutoff, options.bump, options.input_noise);
    text += fmt::format("data {}\n", fingerprint(sets.training));
    text += fmt::format("validation {}\ntest {}\n", fingerprint(sets.validation), fingerprint(sets.test));
    return text;
}

/// An existing folder with something in it is only for --resume and --force.
Result<void> make_folder(const std::string& folder, const CommandLine& line) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        return fail({.where = folder, .found = error.message(), .allowed = "a folder to write to", .help = {}});
    }
    if (!std::filesystem::is_empty(folder, error) && !line.flag("force") && !line.flag("resume")) {
        return fail({.where = folder,
                     .found = "the folder isn't empty",
                     .allowed = "a new folder",
                     .help = "--resume goes on with the training in it, --force replaces its files"});
    }
    return {};
}

std::vector<double> most_missing(const CommandLine& line, std::size_t layers) {
    std::vector<double> shares(layers, 0.3);
    shares.back() = 0.05;
    if (line.has("missing")) {
        shares = line.value<std::vector<double>>("missing");
        if (shares.size() != layers) {
            throw UsageError(fmt::format("--missing: {} given for {} layers", shares.size(), layers));
        }
    }
    return shares;
}

Result<TrainingJob> prepare(const CommandLine& line) {
    const runtime::TrainingOptions options = training_options(line);
    auto network = open_network(line, options.seed);
    if (!network) {
        return fail(std::move(network.error()));
    }
    const auto chip = open_analog_chip(line.value<std::string>("chip"));
    if (!chip) {
        return fail(chip.error());
    }
    const double headroom = line.value<double>("headroom");
    if (!(headroom > 0 && headroom < 1e6)) {
        throw UsageError("--headroom: more than 0");
    }
    std::string name = network->name;
    auto setup =
        TrainingSetup::create(std::move(*network), *chip,
                              {.instance = instance_options(line), .headroom = headroom, .threads = options.threads});
    if (!setup) {
        return fail(std::move(setup.error()));
    }
    print(setup->remarks());
    auto sets = open_sets(line, *setup);
    if (!sets) {
        return fail(std::move(sets.error()));
    }
    std::vector<runtime::TtfsLayer> layers = setup->layers();
    const std::vector<double> missing = most_missing(line, layers.size());
    for (std::size_t l = 0; l < layers.size(); ++l) {
        layers[l].most_missing = missing[l];
    }
    std::string settings = settings_text(line, *setup, options, *chip, *sets, layers);
    auto trainer = runtime::Trainer::create(std::move(layers), setup->forward(), options);
    if (!trainer) {
        return fail(std::move(trainer.error()));
    }
    return TrainingJob{.setup = std::move(*setup),
                       .trainer = std::move(*trainer),
                       .sets = std::move(*sets),
                       .folder = line.value<std::string>("output"),
                       .settings = std::move(settings),
                       .name = std::move(name),
                       .epochs = line.value<std::uint64_t>("epochs"),
                       .checkpoint_every = line.value<std::uint64_t>("checkpoint-every")};
}

Result<json::object> train(const CommandLine& line) {
    auto job = prepare(line);
    if (!job) {
        return fail(std::move(job.error()));
    }
    if (auto done = make_folder(job->folder, line); !done) {
        return fail(std::move(done.error()));
    }
    const auto begin = Clock::now();
    TrainingCourse course(*job);
    if (line.flag("resume")) {
        if (auto done = course.resume(); !done) {
            return fail(std::move(done.error()));
        }
    }
    if (auto done = course.run(); !done) {
        return fail(std::move(done.error()));
    }
    return finish_training(*job, course, std::chrono::duration<double>(Clock::now() - begin).count());
}

void add_options(CommandLine& line) {
    const auto number = [](double value) {
        return po::value<double>()->default_value(value, fmt::format("{}", value))->value_name("X");
    };
    const auto count = [](std::uint32_t value) {
        return po::value<std::uint32_t>()->default_value(value)->value_name("N");
    };
    const auto whole = [](std::uint64_t value) {
        return po::value<std::uint64_t>()->default_value(value)->value_name("N");
    };
    line.add()("chip", word("CHIP")->required(), "a chip in continuous time: a bundled name or a description")(
        "data", word("SET")->required(), "what is learned: .npz, .npy, idx, or yin-yang:SAMPLES:SEED")(
        "validation", word("SET"), "after every epoch; the weights that do best on it are kept")(
        "test", word("SET"), "after every epoch, and of the weights that are kept")(
        "output,o", word("FOLDER")->required(), "network, weights, image, log and checkpoint")(
        "force,f", flag(), "replace files of an existing folder")(
        "resume", flag(), "go on from the folder's checkpoint, to the same bits as without the stop")(
        "epochs", whole(300), "passes over the data, of all runs together")(
        "checkpoint-every", whole(10), "epochs between checkpoints (0: only at the end)")(
        "init", po::value<std::vector<std::string>>()->value_name("MEAN,STD")->composing(),
        "draw a layer's weights instead of reading them; once for each layer, in order")(
        "train-seed", po::value<std::uint64_t>()->value_name("N"),
        "of initial weights, order of samples and input noise (default: --seed)")(
        "batch", count(150), "samples a step")("rate", number(0.005), "learning rate of Adam")(
        "rate-decay", number(0.95), "its factor")("rate-decay-epochs", count(20), "every so many epochs")(
        "xi", number(0.2), "loss: temperature of the label times")(
        "alpha", number(0.005), "loss: weight of early true labels")("beta", number(1), "loss: their time scale")(
        "cutoff", number(0.2), "gradients of a spike above it are left out (0: none)")(
        "bump", number(5e-4), "added to the weights of neurons that miss spikes, doubled when repeated")(
        "missing", po::value<std::vector<double>>()->value_name("SHARE")->composing(),
        "share of a layer's spikes that may be missing before its weights are bumped; once for each layer "
        "(default: 0.3, of the last 0.05)")("input-noise", number(0), "deviation of input times, in time units")(
        "headroom", number(1), "largest register over the largest initial |weight| of a layer")(
        "json", flag(), "print the figures as JSON");
    add_instance_options(line);
    add_nir_options(line);
}

ExitStatus run(const Subcommand& self, std::span<const std::string> arguments) {
    CommandLine line(self);
    line.positional("NET");
    add_options(line);
    if (!line.parse(arguments)) {
        return ExitStatus::done;
    }
    const auto figures = train(line);
    if (!figures) {
        print(figures.error());
        return ExitStatus::failed;
    }
    if (line.flag("json")) {
        fmt::print("{}\n", json::serialize(*figures));
    } else {
        fmt::print("{}", training_text(*figures));
    }
    return figures->at("interrupted").as_bool() ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

const Subcommand train_subcommand{
    .name = "train",
    .summary = "train a time-to-first-spike network with the chip in the loop",
    .synopsis = "NET --chip CHIP --data SET -o FOLDER [options]",
    .text =
        "Every sample runs on the emulated chip, with its mismatch, its rounded weights and the spikes that it misses; "
        "the\nweights follow the gradient of the spike times that came out. Ctrl-C ends it between two batches; "
        "--resume goes on.\nFOLDER gets NAME.textproto with W0.npy, W1.npy, ..., NAME.loom (the weights as the chip "
        "has them: spikeloom eval),\ntraining.jsonl (a line an epoch), checkpoint.npz.",
    .example =
        "  spikeloom train models/networks/yinyang_ttfs/yinyang_ttfs.textproto --chip brainscales2 --mismatch "
        "chip --instance 7 \\\n    --data yin-yang:5000:101 --validation yin-yang:1000:102 --test "
        "yin-yang:1000:103 --epochs 20 -o trained",
    .run = run,
};

}  // namespace spikeloom::tools
