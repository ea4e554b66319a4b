#include "runtime/recording.hpp"

#include <doctest/doctest.h>
#include <hdf5.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <numeric>

#include "chip/cost.hpp"
#include "core/files/bytes.hpp"
#include "core/files/hdf5.hpp"
#include "runtime/evaluation.hpp"
#include "runtime/partial_file.hpp"
#include "runtime/report.hpp"
#include "runtime/small_image.hpp"
#include "support/temporary_folder.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;
using files::Hdf5Reader;
using test::small_image;
using test::SmallImageOptions;

namespace {

chip::Image busy_image() {
    SmallImageOptions options{.channels = 20, .layers = {30, 10}, .cores_per_layer = 3, .threshold = 200};
    options.voltage_decay = 300;
    options.weight = [](std::uint32_t l, std::uint32_t s, std::uint32_t n) {
        return static_cast<int>((s * 31 + n * 13 + l * 7) % 61) - 20;
    };
    return small_image(options);
}

/// Records a run of Poisson input; gives the session for comparison.
void record(const chip::Image& image, const RecordingOptions& options, std::uint64_t steps, int threads = 1,
            const std::function<void(Session&, Recorder&)>& check = {}) {
    auto session = Session::open(image, {.threads = threads, .least_parallel_work = 0});
    REQUIRE(session.has_value());
    REQUIRE(session->add_probe("layer0[0:5].v").has_value());
    REQUIRE(session->add_probe("layer1.u").has_value());
    auto recorder = Recorder::create(options, *session);
    REQUIRE(recorder.has_value());
    const auto stimulus = make_poisson_stimulus(image, {.rate_hz = 300, .seed = 1});
    Sink* const sinks[] = {recorder->get()};
    REQUIRE(session->run(steps, *stimulus, sinks) == steps);
    if (check) {
        check(*session, **recorder);
    }
    const auto closed = (*recorder)->close(false);
    if (!closed) {
        FAIL(to_text(closed.error()));
    }
}

template <class T>
std::vector<T> read(const Hdf5Reader& file, const std::string& path) {
    auto array = file.read<T>(path);
    REQUIRE_MESSAGE(array.has_value(), path);
    return array->values;
}

Hdf5Reader open(const std::string& path) {
    auto file = Hdf5Reader::open(path);
    REQUIRE(file.has_value());
    return std::move(*file);
}

/// Calls `visit` with the path of every dataset of the file.
void each_dataset(const Hdf5Reader& file, const std::string& group,
                  const std::function<void(const std::string&)>& visit) {
    const auto members = file.members(group);
    REQUIRE(members.has_value());
    for (const files::Hdf5Member& member : *members) {
        const std::string path = (group == "/" ? "" : group) + "/" + member.name;
        member.kind == files::Hdf5Kind::group ? each_dataset(file, path, visit) : visit(path);
    }
}

std::size_t files_in(const test::TemporaryFolder& folder) {
    const std::filesystem::directory_iterator entries(folder.path());
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what spikes carry is recorded, of populations that send values") {
    chip::Image image = small_image();
    image.chip.neuron.models.push_back(NeuronModel::graded_vector);
    image.chip.neuron.payload_bits = 24;
    image.inputs[0].graded = true;
    for (chip::CoreImage& core : image.cores) {
        for (chip::CompartmentGroup& group : core.groups) {
            const bool first = core.place == image.cores[image.populations[0].tiles[0].core.value()].place;
            group.model = first ? NeuronModel::graded_vector : NeuronModel::leaky;
        }
    }
    const test::TemporaryFolder folder;
    const std::string path = folder("graded.h5");
    auto session = Session::open(image, {});
    REQUIRE_MESSAGE(session.has_value(), to_text(session.error()));
    auto recorder = Recorder::create({.path = path}, *session);
    REQUIRE(recorder.has_value());
    const auto stimulus = make_event_stimulus(
        {{.step = 1, .port = 0, .channel = 0, .payload = -3}, {.step = 3, .port = 0, .channel = 1, .payload = 5}}, 6);
    Sink* const sinks[] = {recorder->get()};
    REQUIRE(session->run(6, *stimulus, sinks) == 6);
    REQUIRE((*recorder)->close(false).has_value());
    const Hdf5Reader file = open(path);
    CHECK(read<std::int32_t>(file, "/spikes/layer0/payloads") == std::vector<std::int32_t>{-3 * 64, 5 * 64});
    CHECK(read<std::uint64_t>(file, "/spikes/layer0/node_ids") == std::vector<std::uint64_t>{0, 1});
    CHECK(!file.read<std::int32_t>("/spikes/layer1/payloads").has_value());
}

TEST_CASE("spikes are SONATA as libsonata, bmtk and NEST read it") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    record(image, {.path = folder("run.h5")}, 100);
    CHECK(files_in(folder) == 1);
    {
        const Hdf5Reader file = open(folder("run.h5"));
        CHECK(file.attribute_numbers("/", "magic").value() == std::vector<double>{0x0A7A});
        CHECK(file.attribute_numbers("/", "version").value() == std::vector<double>{0, 1});
        const auto times = read<double>(file, "/spikes/layer0/timestamps");
        CHECK(times.size() > 100);
        CHECK(std::is_sorted(times.begin(), times.end()));
        CHECK(times.size() == read<std::uint64_t>(file, "/spikes/layer0/node_ids").size());
        CHECK(file.attribute_text("/spikes/layer0/timestamps", "units") == "ms");
    }
    const hid_t file = H5Fopen(folder("run.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t group = H5Gopen2(file, "/spikes/layer0", H5P_DEFAULT);
    const hid_t attribute = H5Aopen(group, "sorting", H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute);
    CHECK(H5Tget_class(type) == H5T_ENUM);
    CHECK(H5Tget_size(type) == 1);
    std::uint8_t value = 0;
    CHECK(H5Aread(attribute, type, &value) >= 0);
    std::array<char, 16> name{};
    H5Tenum_nameof(type, &value, name.data(), name.size());
    CHECK(std::string(name.data()) == "by_time");
    const hid_t ids = H5Dopen2(group, "node_ids", H5P_DEFAULT);
    const hid_t id_type = H5Dget_type(ids);
    CHECK(H5Tequal(id_type, H5T_STD_U64LE) > 0);
    const hid_t units = H5Aopen_by_name(group, "timestamps", "units", H5P_DEFAULT, H5P_DEFAULT);
    const hid_t units_type = H5Aget_type(units);
    CHECK(H5Tis_variable_str(units_type) > 0);
    CHECK(H5Tget_cset(units_type) == H5T_CSET_UTF8);
    for (const hid_t id : {units_type, id_type, type}) {
        H5Tclose(id);
    }
    H5Aclose(units);
    H5Dclose(ids);
    H5Aclose(attribute);
    H5Gclose(group);
    H5Fclose(file);
}

TEST_CASE("the recorded run is the run: it drives a network as its input did") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    record(image, {.path = folder("run.h5")}, 80);
    const Hdf5Reader file = open(folder("run.h5"));
    chip::Image listener;
    listener.step_s = image.step_s;
    listener.inputs.push_back(
        {.name = "layer1", .shape = {10}, .output_first = std::vector<std::uint32_t>(11, 0), .outputs = {}});
    const auto times = read<double>(file, "/spikes/layer1/timestamps");
    CHECK(has(to_text(open_stimulus(folder("run.h5"), listener, 0).error()), "FILE.h5#POPULATION"));
    CHECK(has(to_text(open_stimulus(folder("run.h5#x"), listener, 0).error()), "'x'; allowed: layer0, layer1"));
    const auto stimulus = open_stimulus(folder("run.h5#layer1"), listener, 0);
    REQUIRE(stimulus.has_value());
    CHECK(stimulus_file(folder("run.h5#layer1")) == folder("run.h5"));
    std::size_t spikes = 0;
    for (std::uint64_t step = 0; step < 80; ++step) {
        std::vector<chip::InputSpike> inputs;
        (*stimulus)->spikes(Step{step}, inputs);
        spikes += inputs.size();
        const double time_ms = static_cast<double>(step) * image.step_s * 1000;
        CHECK(inputs.size() == static_cast<std::size_t>(std::count(times.begin(), times.end(), time_ms)));
    }
    CHECK(spikes == times.size());
}

TEST_CASE("counters and costs agree with the chip and with each other") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    constexpr std::uint64_t steps = 120;
    std::vector<std::uint64_t> totals;
    record(image, {.path = folder("run.h5")}, steps, 1, [&](Session& session, Recorder&) {
        for (const Counters& core : session.chip().counters()) {
            for (const CounterInfo& info : counter_table) {
                totals.push_back(core[info.counter]);
            }
        }
    });
    const Hdf5Reader file = open(folder("run.h5"));
    CHECK(read<std::uint64_t>(file, "/counters/total") == totals);
    CHECK(file.attribute_texts("/counters/total", "columns")->at(2) == "spikes");
    const auto per_step = file.read<std::uint64_t>("/counters/per_step");
    REQUIRE(per_step.has_value());
    CHECK(per_step->shape == std::vector<std::uint64_t>{steps, counter_count});
    for (std::size_t column = 0; column < counter_count; ++column) {
        std::uint64_t by_step = 0;
        std::uint64_t by_core = 0;
        for (std::size_t row = 0; row < steps; ++row) {
            by_step += per_step->values[row * counter_count + column];
        }
        for (std::size_t core = 0; core < image.cores.size(); ++core) {
            by_core += totals[core * counter_count + column];
        }
        CHECK(by_step == by_core);
    }
    CHECK(image.chip.costs.size() == 2);
    for (const chip::CostTable& costs : image.chip.costs) {
        const std::string path = "/energy/" + costs.name;
        const auto step_times = read<float>(file, path + "/step_time");
        CHECK(step_times.size() == steps);
        const double time = read<double>(file, path + "/time").at(0);
        CHECK(std::accumulate(step_times.begin(), step_times.end(), 0.0) == doctest::Approx(time));
        const auto items = read<double>(file, path + "/items");
        double by_item = 0;
        for (std::size_t i = 0; i < items.size(); i += 3) {
            by_item += items[i];
        }
        const auto by_core = read<double>(file, path + "/core_dynamic");
        CHECK(by_item > 0);
        CHECK(std::accumulate(by_core.begin(), by_core.end(), 0.0) == doctest::Approx(by_item));
        CHECK(file.attribute_texts(path + "/items", "items")->size() * 3 == items.size());
    }
}

TEST_CASE("every dataset has units, and the fixed parts say what ran") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    RecordingOptions options{.path = folder("run.h5"), .options = {"steps=50"}, .stimulus = "poisson:300"};
    options.seed = 9;
    record(image, options, 50, 1,
           [](Session&, Recorder& recorder) { REQUIRE(recorder.add_document("gap", "{\"a\": 1}").has_value()); });
    const Hdf5Reader file = open(folder("run.h5"));
    std::size_t datasets = 0;
    each_dataset(file, "/", [&](const std::string& path) {
        ++datasets;
        CHECK_MESSAGE(file.attribute_text(path, "units").has_value(), path);
    });
    CHECK(datasets > 40);
    CHECK(file.read_texts("/network/names")->values == std::vector<std::string>{"layer0", "layer1"});
    CHECK(file.read_texts("/network/shapes")->values == std::vector<std::string>{"30", "10"});
    CHECK(read<std::uint8_t>(file, "/network/outputs") == std::vector<std::uint8_t>{0, 1});
    CHECK(read<double>(file, "/network/step") == std::vector<double>{1e-3});
    CHECK(read<std::uint64_t>(file, "/cores/compartments").size() == 6);
    CHECK(read<std::uint64_t>(file, "/provenance/seed").at(0) == 9);
    CHECK(read<std::uint8_t>(file, "/provenance/interrupted").at(0) == 0);
    CHECK(file.read_text("/provenance/stimulus") == "poisson:300");
    CHECK(file.read_text("/extra/gap") == "{\"a\": 1}");
    const auto spec = chip::parse_chip_spec(file.read_text("/chip/spec").value(), "recording");
    REQUIRE(spec.has_value());
    CHECK(*spec == image.chip);
}

TEST_CASE("probes are SONATA reports") {
    const test::TemporaryFolder folder;
    record(busy_image(), {.path = folder("run.h5")}, 40);
    const Hdf5Reader file = open(folder("run.h5"));
    const auto data = file.read<float>("/report/layer0_v/data");
    REQUIRE(data.has_value());
    CHECK(data->shape == std::vector<std::uint64_t>{40, 5});
    CHECK(std::any_of(data->values.begin(), data->values.end(), [](float v) { return v != 0; }));
    CHECK(read<std::uint64_t>(file, "/report/layer0_v/mapping/node_ids") == std::vector<std::uint64_t>{0, 1, 2, 3, 4});
    CHECK(read<std::uint64_t>(file, "/report/layer0_v/mapping/index_pointers") ==
          std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5});
    CHECK(read<std::uint32_t>(file, "/report/layer0_v/mapping/element_ids") == std::vector<std::uint32_t>(5, 0));
    CHECK(read<double>(file, "/report/layer0_v/mapping/time") == std::vector<double>{0, 40, 1});
    CHECK(file.attribute_text("/report/layer0_v/data", "units") == "register");
    CHECK(file.describe("/report/layer1_u/data")->shape == std::vector<std::uint64_t>{40, 10});
}

TEST_CASE("labelled runs: outcomes, and time and energy a sample that sum to the run's") {
    const test::TemporaryFolder folder;
    const chip::Image image = small_image({.channels = 2, .layers = {2}});
    auto session = Session::open(image, {});
    REQUIRE(session.has_value());
    auto recorder = Recorder::create({.path = folder("eval.h5")}, *session);
    REQUIRE(recorder.has_value());
    LabelledSet set;
    set.samples = 3;
    set.channels = 2;
    set.values = {1, 0, 0, 1, 0, 0};
    set.labels = {0, 0, 1};
    EvaluationOptions options;
    options.encoder.steps = 4;
    REQUIRE(evaluate(*session, set, options, recorder->get()).has_value());
    REQUIRE((*recorder)->close(false).has_value());
    const Hdf5Reader file = open(folder("eval.h5"));
    CHECK(read<std::int32_t>(file, "/eval/label") == set.labels);
    CHECK(read<std::int32_t>(file, "/eval/predicted") == std::vector<std::int32_t>{0, 1, -1});
    CHECK(read<std::uint32_t>(file, "/eval/steps") == std::vector<std::uint32_t>{4, 4, 4});
    CHECK(read<std::int32_t>(file, "/eval/first_spike_step") == std::vector<std::int32_t>{0, 0, -1});
    CHECK(read<std::uint32_t>(file, "/eval/output_spikes") == std::vector<std::uint32_t>{1, 0, 0, 1, 0, 0});
    CHECK(read<double>(file, "/spikes/layer0/timestamps") == std::vector<double>{0, 4});  // one axis over all samples
    for (const chip::CostTable& costs : image.chip.costs) {
        const auto times = read<double>(file, "/eval/time_" + costs.name);
        const auto energies = read<double>(file, "/eval/energy_" + costs.name);
        const auto items = read<double>(file, "/energy/" + costs.name + "/items");
        double energy = 0;
        for (std::size_t i = 0; i < items.size(); i += 3) {
            energy += items[i];
        }
        CHECK(std::accumulate(times.begin(), times.end(), 0.0) ==
              doctest::Approx(read<double>(file, "/energy/" + costs.name + "/time").at(0)));
        CHECK(std::accumulate(energies.begin(), energies.end(), 0.0) == doctest::Approx(energy));
        CHECK(energies[0] > energies[2]);
    }
}

TEST_CASE("what is recorded can be reported, an interrupted labelled run too") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    record(image, {.path = folder("run.h5")}, 100);
    const auto run = read_report(folder("run.h5"));
    if (!run) {
        FAIL(to_text(run.error()));
    }
    CHECK_MESSAGE(run->remarks.empty(), run->remarks.front());
    CHECK(run->steps == 100);
    CHECK(run->priced.size() == image.chip.costs.size());

    auto session = Session::open(image, {});
    REQUIRE(session.has_value());
    auto recorder = Recorder::create({.path = folder("eval.h5")}, *session);
    REQUIRE(recorder.has_value());
    LabelledSet set;
    set.samples = 4;
    set.channels = 20;
    set.values.assign(80, 0.5F);
    set.labels = {0, 1, 2, 3};
    EvaluationOptions options;
    options.encoder.steps = 10;
    EvaluationCallbacks callbacks;
    callbacks.stop = [&] { return session->steps_done() == 25; };
    const auto evaluation = evaluate(*session, set, options, recorder->get(), callbacks);
    REQUIRE(evaluation.has_value());
    CHECK(evaluation->samples() == 2);
    REQUIRE((*recorder)->close(evaluation->interrupted).has_value());
    const auto report = read_report(folder("eval.h5"));
    if (!report) {
        FAIL(to_text(report.error()));
    }
    CHECK(report->interrupted);
    CHECK(report->samples == 2);
    CHECK(report->steps == 25);
}

TEST_CASE("the same datasets on 1 and 2 threads") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    record(image, {.path = folder("1.h5")}, 500, 1);
    record(image, {.path = folder("2.h5")}, 500, 2);
    const Hdf5Reader one = open(folder("1.h5"));
    const Hdf5Reader two = open(folder("2.h5"));
    std::size_t compared = 0;
    each_dataset(one, "/", [&](const std::string& path) {
        constexpr std::array own{"/provenance/started_at", "/provenance/finished_at", "/provenance/wall",
                                 "/provenance/chip_wall", "/provenance/timing_cpu"};
        if (std::find(own.begin(), own.end(), path) != own.end()) {
            return;
        }
        CAPTURE(path);
        REQUIRE(one.describe(path) == two.describe(path));
        const files::Hdf5Info info = one.describe(path).value();
        if (info.type == files::Hdf5Class::text) {
            CHECK(one.read_texts(path)->values == two.read_texts(path)->values);
        } else if (info.type == files::Hdf5Class::real) {
            CHECK(read<double>(one, path) == read<double>(two, path));
        } else {
            CHECK(read<std::int64_t>(one, path) == read<std::int64_t>(two, path));
        }
        ++compared;
    });
    CHECK(compared > 40);
}

TEST_CASE("memory does not grow with the run") {
    const test::TemporaryFolder folder;
    const chip::Image image = small_image({.channels = 4, .layers = {4, 2}});
    auto session = Session::open(image, {});
    REQUIRE(session.has_value());
    REQUIRE(session->add_probe("layer0.v").has_value());
    auto recorder = Recorder::create({.path = folder("run.h5")}, *session);
    REQUIRE(recorder.has_value());
    const auto stimulus = make_poisson_stimulus(image, {.rate_hz = 500, .seed = 1});
    Sink* const sinks[] = {recorder->get()};
    REQUIRE(session->run(150000, *stimulus, sinks).has_value());  // every dataset's buffers are full by then
    const std::size_t early = mallinfo2().uordblks;
    REQUIRE(session->run(100000, *stimulus, sinks).has_value());
    const std::size_t late = mallinfo2().uordblks;
    CHECK(late < early + (std::size_t{1} << 20));  // the spikes alone are over 4 MiB
    REQUIRE((*recorder)->close(true).has_value());
    const Hdf5Reader file = open(folder("run.h5"));
    CHECK(file.describe("/spikes/layer0/timestamps")->count > 400000);
    CHECK(read<std::uint8_t>(file, "/provenance/interrupted").at(0) == 1);
}

TEST_CASE("names that are taken, wrong or not writable are told before the run") {
    const test::TemporaryFolder folder;
    const chip::Image image = small_image();
    auto session = Session::open(image, {});
    REQUIRE(session.has_value());
    const auto text = [&](const RecordingOptions& options) {
        const auto recorder = Recorder::create(options, *session);
        REQUIRE_FALSE(recorder.has_value());
        return to_text(recorder.error());
    };
    files::Bytes old;
    files::append_text(old, "mine");
    REQUIRE(files::write_bytes(folder("taken.h5"), old).has_value());
    CHECK(has(text({.path = folder("taken.h5")}), "the file exists; help: choose another name, or replace it"));
    CHECK(has(text({.path = folder("no/run.h5")}), "No such file or directory; help: make its folder first"));
    CHECK(has(text({.path = folder.path().string(), .force = true}), "not a regular file"));
    CHECK(has(text({.path = "/dev/full", .force = true}), "not a regular file"));
    CHECK_FALSE(Recorder::create({.path = "/proc/run.h5"}, *session).has_value());
    CHECK(files::read_bytes(folder("taken.h5")) == old);
    CHECK(files_in(folder) == 1);

    auto replacing = Recorder::create({.path = folder("taken.h5"), .force = true}, *session);
    REQUIRE(replacing.has_value());
    CHECK(files::read_bytes(folder("taken.h5")) == old);  // until it is closed
    REQUIRE((*replacing)->close(false).has_value());
    CHECK(Hdf5Reader::open(folder("taken.h5")).has_value());
    CHECK(files_in(folder) == 1);
}

TEST_CASE("what isn't closed leaves nothing; a name that was taken meanwhile is not overwritten") {
    const test::TemporaryFolder folder;
    const chip::Image image = small_image();
    auto session = Session::open(image, {});
    REQUIRE(session.has_value());
    {
        auto recorder = Recorder::create({.path = folder("run.h5")}, *session);
        REQUIRE(recorder.has_value());
        CHECK(files_in(folder) == 1);
    }
    CHECK(files_in(folder) == 0);
    auto recorder = Recorder::create({.path = folder("run.h5")}, *session);
    REQUIRE(recorder.has_value());
    REQUIRE(files::write_bytes(folder("run.h5"), {}).has_value());
    const auto closed = (*recorder)->close(false);
    REQUIRE_FALSE(closed.has_value());
    CHECK(has(to_text(closed.error()), "it is kept as " + folder("run.h5.")));
    CHECK(std::filesystem::file_size(folder("run.h5")) == 0);
    CHECK(files_in(folder) == 2);
    CHECK_FALSE((*recorder)->close(false).has_value());
}

TEST_CASE("a full disk ends the run with an error and leaves nothing") {
    const test::TemporaryFolder folder;
    const chip::Image image = small_image({.channels = 4, .layers = {4}});
    auto session = Session::open(image, {});
    REQUIRE(session.has_value());
    auto recorder = Recorder::create({.path = folder("run.h5")}, *session);
    REQUIRE(recorder.has_value());
    const auto stimulus = make_poisson_stimulus(image, {.rate_hz = 500, .seed = 1});
    Sink* const sinks[] = {recorder->get()};

    const auto before = std::signal(SIGXFSZ, SIG_IGN);  // a write over the limit then fails with EFBIG
    rlimit old{};
    getrlimit(RLIMIT_FSIZE, &old);
    rlimit small = old;
    small.rlim_cur = 200000;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto ran = session->run(2000000, *stimulus, sinks);
    const auto closed = (*recorder)->close(false);
    setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, before);

    REQUIRE_FALSE(ran.has_value());
    CHECK(has(to_text(ran.error()), folder("run.h5") + ": error: writing failed: File too large"));
    REQUIRE_FALSE(closed.has_value());
    CHECK(closed.error() == ran.error());
    CHECK(session->steps_done() < 2000000);
    CHECK(files_in(folder) == 0);
}

TEST_CASE("population names that HDF5 would nest are recorded without slashes, and apart") {
    chip::Image image;
    for (const char* name : {"a/b", "a.b", "", ".", ".."}) {
        image.populations.push_back({.name = name, .shape = {1}, .tiles = {}});
    }
    CHECK(recorded_names(image) ==
          std::vector<std::string>{"a.b", "a.b~2", "population", "population.", "population.."});
}
