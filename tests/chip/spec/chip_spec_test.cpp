#include "chip/spec/chip_spec.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>
#include <string>

#include "chip/spec/random_chip.hpp"
#include "router/ways.hpp"

namespace spikeloom::chip {
namespace {

std::string bundled(const std::string& name) {
    return std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + name + ".textproto";
}

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    REQUIRE(file.good());
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string reasons(const Result<ChipSpec>& spec) {
    return spec ? "" : to_text(spec.error());
}

ChipSpec load(const std::string& name) {
    const auto spec = read_chip_spec(bundled(name));
    REQUIRE_MESSAGE(spec.has_value(), reasons(spec));
    return *spec;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    return text.replace(at, from.size(), to);
}

/// The 1-based line on which the text first stands.
int line_of(const std::string& text, const std::string& what) {
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) + 1;
}

Diagnostics findings_of(const std::string& text) {
    const auto spec = parse_chip_spec(text, "chip");
    return spec ? Diagnostics{} : spec.error();
}

bool says(const Diagnostics& findings, const std::string& what) {
    return std::ranges::any_of(findings,
                               [&](const Diagnostic& d) { return to_text(d).find(what) != std::string::npos; });
}

TEST_CASE("loihi1 carries every limit of Loihi 1") {
    const ChipSpec loihi = load("loihi1");
    CHECK(loihi.mesh.cores() == 128);
    CHECK(loihi.mesh.columns * loihi.mesh.rows == 32);
    // The defaults of the value are Loihi's, so that other tests may start from them.
    const ChipSpec defaults;
    CHECK(loihi.mesh == defaults.mesh);
    CHECK(loihi.limits == defaults.limits);
    CHECK(loihi.neuron == defaults.neuron);
    CHECK(loihi.synapses == defaults.synapses);
    CHECK(loihi.conventions == defaults.conventions);
    CHECK(loihi.limits.compartments == 1024);
    CHECK(loihi.limits.input_axons == 4096);
    CHECK(loihi.limits.output_axons == 4096);
    CHECK(loihi.synapses.words * loihi.synapses.word_bits == 128 * 1024 * 8);
    CHECK(loihi.synapses.words_per_axon == 256);
    CHECK(loihi.synapses.max_delay == 62);
}

TEST_CASE("loihi1 prices events from silicon and from before silicon") {
    const ChipSpec loihi = load("loihi1");
    REQUIRE(loihi.costs.size() == 2);
    CHECK(loihi.costs.front().name == "silicon");
    const CostTable* silicon = loihi.find_costs("silicon");
    const CostTable* davies = loihi.find_costs("davies2018");
    REQUIRE(silicon != nullptr);
    REQUIRE(davies != nullptr);
    CHECK(loihi.find_costs("none") == nullptr);
    CHECK(silicon->event(CostItem::update_idle).energy_pj.value == 72.8);
    CHECK(silicon->event(CostItem::synaptic_event_dense).energy_pj.value == 35.5);
    CHECK(silicon->event(CostItem::hop_ns).energy_pj.value == 4.2);
    CHECK(silicon->event(CostItem::hop_ns).energy_pj.low == 4.0);
    CHECK(davies->event(CostItem::update_active).energy_pj.value == 81);
    CHECK(davies->event(CostItem::synaptic_event_sparse).time_ns.value == 3.5);
    CHECK(davies->barrier.back().time_ns.value == 465);
    for (const CostTable& table : loihi.costs) {
        CHECK(table.host_power_mw.value == 65);
        CHECK(table.static_power_core_mw.value * 128 == doctest::Approx(104.4).epsilon(0.001));
        for (const EventCost& cost : table.events) {
            CHECK_FALSE(cost.energy_pj.source.empty());
            CHECK(cost.energy_pj.low <= cost.energy_pj.value);
            CHECK(cost.energy_pj.value <= cost.energy_pj.high);
        }
    }
}

TEST_CASE("loihi1 learns, at Davies' price") {
    const ChipSpec loihi = load("loihi1");
    REQUIRE(loihi.learning.present);
    LearningFormat defaults;
    defaults.present = true;
    CHECK(loihi.learning == defaults);
    const CostTable& davies = *loihi.find_costs("davies2018");
    const CostTable& silicon = *loihi.find_costs("silicon");
    CHECK(davies.event(CostItem::learning_update).energy_pj.value == 120);
    CHECK(davies.event(CostItem::learning_update).time_ns.value == 6.1);
    CHECK(davies.event(CostItem::learning_update).energy_pj.trust == Trust::simulated);
    CHECK(silicon.event(CostItem::learning_update).energy_pj.trust == Trust::inferred);
    CHECK(silicon.event(CostItem::learning_update).energy_pj.high >= 240);
    CHECK(load("generic").learning.present);
}

TEST_CASE("a chip without a learning engine needs no price for it, one with it does") {
    ChipSpec chip = load("generic");
    CHECK(chip.costs[0].events.back().item == CostItem::learning_update);
    chip.costs[0].events.pop_back();
    CHECK(says(check_chip_spec(chip), "the cost table 'guess' has no price for learning"));
    CHECK(says(findings_of(print_chip_spec(chip)), "no price for learning"));
    chip.learning = {};
    CHECK(check_chip_spec(chip).empty());
    const auto again = parse_chip_spec(print_chip_spec(chip), "printed");
    REQUIRE_MESSAGE(again.has_value(), reasons(again));
    CHECK(*again == chip);
    CHECK_FALSE(again->learning.present);
}

TEST_CASE("a learning engine's widths have to agree with each other and with the synapses' fields") {
    const ChipSpec good = load("loihi1");
    const auto finding = [&](const std::function<void(LearningFormat&)>& change) {
        ChipSpec chip = good;
        change(chip.learning);
        CHECK_FALSE(findings_of(print_chip_spec(chip)).empty());
        return to_text(check_chip_spec(chip));
    };
    CHECK(finding([](auto& l) { l.arithmetic.delay_most = 64; }).find("delay_most' is 64; allowed: at most 63") !=
          std::string::npos);
    CHECK(finding([](auto& l) { l.arithmetic.trace_bits = 16; }).find("trace_bits") != std::string::npos);
    CHECK(finding([](auto& l) { l.epoch = {.least = 1, .most = 64}; }).find("epoch") != std::string::npos);
    CHECK(finding([](auto& l) { l.epoch = {.least = 9, .most = 8}; }).find("9..8") != std::string::npos);
    CHECK(finding([](auto& l) { l.profiles_per_core = 256; }).find("1..255") != std::string::npos);
    CHECK(finding([](auto& l) { l.rule.mantissa_least = 1; }).find("a range that holds 0 and 1") != std::string::npos);
}

TEST_CASE("a learning engine's conventions are those of one tool, or one by one, not both") {
    const std::string good = text_of(bundled("loihi1"));
    const std::size_t begin = good.find("    trace_decay: EXP");
    const std::size_t end = good.find("first_epoch_is_due: false\n") + 26;
    const auto with = [&](const std::string& lines) { return good.substr(0, begin) + lines + good.substr(end); };
    for (const auto& [tool, name] : {std::pair("LAVA", "lava"), {"NENGO", "nengo"}, {"BRIAN2", "brian2"}}) {
        const auto chip = parse_chip_spec(with(std::string("all: ") + tool + "\n"), "chip");
        REQUIRE_MESSAGE(chip.has_value(), reasons(chip));
        const rules::LearningArithmetic& wanted = *rules::find_convention(name);
        CHECK(chip->learning.arithmetic.trace_decay == wanted.trace_decay);
        CHECK(chip->learning.arithmetic.impulse_fraction == wanted.impulse_fraction);
        CHECK(chip->learning.arithmetic.products == wanted.products);
        CHECK(chip->learning.arithmetic.lava_tag_floor == wanted.lava_tag_floor);
        CHECK(chip->learning.arithmetic.first_epoch_is_due == wanted.first_epoch_is_due);
        CHECK(*parse_chip_spec(print_chip_spec(*chip), "printed") == *chip);
    }
    CHECK(says(findings_of(with("all: LAVA products: SHIFT_NENGO\n")), "'products' beside 'all'"));
    CHECK(says(findings_of(with("products: SHIFT_NENGO\n")), "nothing chooses 'trace_decay'"));
    CHECK(says(findings_of(with("")), "nothing chooses 'lava_tag_floor'"));
    CHECK(says(findings_of(with("")), "nothing chooses 'first_epoch_is_due'"));
    CHECK(says(findings_of(with("all: LAWA\n")), "did you mean 'LAVA'?"));
}

TEST_CASE("the teaching chip reads, and owns up to its guesses") {
    const ChipSpec generic = load("generic");
    CHECK(generic.limits.compartments < 1024);
    for (const EventCost& cost : generic.costs.front().events) {
        CHECK(cost.energy_pj.trust == Trust::guessed);
    }
}

TEST_CASE("what a chip may leave out has the value that Loihi 1 has") {
    const std::string text = print_chip_spec(load("loihi1"));
    for (const char* field : {"current_decay {", "voltage_decay {", "models:", "soft_reset_compartments",
                              "payload_bits", "shared_lists", "crossbar_types", "destinations_per_compartment"}) {
        CAPTURE(field);
        CHECK(text.find(field) == std::string::npos);
    }
    ChipSpec narrow = load("loihi1");
    narrow.neuron.decay_bits = 8;
    narrow.neuron.current_decay.most = narrow.neuron.voltage_decay.most = 255;
    const auto again = parse_chip_spec(print_chip_spec(narrow), "printed");
    REQUIRE_MESSAGE(again.has_value(), reasons(again));
    CHECK(again->neuron.voltage_decay == IntRange{0, 255});
    CHECK(print_chip_spec(narrow).find("voltage_decay {") == std::string::npos);
}

TEST_CASE("decays, models, shared lists and crossbars: one refusal a rule") {
    const ChipSpec good = load("loihi2");
    const auto finding = [&](const std::function<void(ChipSpec&)>& change) {
        ChipSpec chip = good;
        change(chip);
        CHECK_FALSE(findings_of(print_chip_spec(chip)).empty());
        return to_text(check_chip_spec(chip));
    };
    const auto crossbar = [](ChipSpec& chip) {
        chip.learning = {};
        chip.synapses.shared_lists = false;
        chip.synapses.encodings = {SynapseEncoding::sparse};
        chip.synapses.weight_bits = {1, 2, 3, 4};
        chip.synapses.crossbar_types = 4;
    };
    ChipSpec crossed = good;
    crossbar(crossed);
    CHECK_MESSAGE(check_chip_spec(crossed).empty(), to_text(check_chip_spec(crossed)));
    const auto has = [](const std::string& text, const char* what) { return text.find(what) != std::string::npos; };
    CHECK(has(finding([](ChipSpec& c) { c.neuron.voltage_decay.most = 4097; }), "allowed: at most 4096"));
    CHECK(has(finding([](ChipSpec& c) { c.neuron.current_decay_offset = 1; }), "forgets more than all"));
    CHECK(has(finding([](ChipSpec& c) { c.neuron.current_decay = {5, 4}; }), "ends before it starts"));
    CHECK(has(finding([](ChipSpec& c) { c.neuron.current_decay.least = -1; }), "0..65536"));
    CHECK(has(finding([](ChipSpec& c) { c.neuron.models.push_back(NeuronModel::delta); }), "a second time"));
    CHECK(has(finding([](ChipSpec& c) { c.neuron.models.erase(c.neuron.models.begin()); }), "lacks LEAKY"));
    CHECK(has(finding([](ChipSpec& c) { c.neuron.payload_bits = 0; }), "spikes have no payload"));
    CHECK(has(finding([](ChipSpec& c) { c.neuron.payload_bits = 33; }), "1..32"));
    CHECK(has(finding([](ChipSpec& c) { c.neuron.soft_reset_compartments = 17; }), "1..16"));
    CHECK(has(finding([](ChipSpec& c) { c.limits.destinations_per_compartment = -1; }), "1..16777216"));
    CHECK(has(finding([](ChipSpec& c) { c.synapses.shared_base_most = 8192; }), "at most 8191"));
    CHECK(has(finding([](ChipSpec& c) { c.synapses.shared_base_multiple = 0; }), "1..65535"));
    CHECK(has(finding([](ChipSpec& c) { c.synapses.count_bits = 12; }), "2^count_bits"));
    CHECK(has(finding([&](ChipSpec& c) { crossbar(c), c.synapses.crossbar_types = 9; }), "1..8"));
    CHECK(has(finding([&](ChipSpec& c) { crossbar(c), c.synapses.weight_bits = {5}; }), "crossbar_types"));
    CHECK(has(finding([&](ChipSpec& c) { crossbar(c), c.synapses.encodings = good.synapses.encodings; }), "SPARSE"));
    CHECK(has(finding([&](ChipSpec& c) { crossbar(c), c.synapses.shared_lists = true; }), "no lists to share"));
    CHECK(has(finding([&](ChipSpec& c) { crossbar(c), c.learning = good.learning; }), "beside a learning engine"));
    const std::string text = print_chip_spec(good);
    CHECK(says(findings_of(replaced(text, "TERNARY_LEAKY", "TERNARY")), "TERNARY"));
    CHECK(says(findings_of(replaced(text, "base_most: 8191", "")), "lacks the field 'base_most'"));
}

TEST_CASE("loihi2 holds what Intel's compiler printed") {
    const ChipSpec loihi = load("loihi2");
    CHECK(loihi.mesh.cores() == 128);
    CHECK(loihi.limits.compartments == 8192);
    CHECK(loihi.limits.input_axons == 16000);
    CHECK(loihi.synapses.words == 12000);
    CHECK(loihi.neuron.models.size() == neuron_model_names.size());
    CHECK(loihi.neuron.voltage_decay == IntRange{0, 4096});
    CHECK(loihi.learning.present);
    CHECK(loihi.costs.size() == 1);
    const auto derived = read_cost_tables(std::string(SPIKELOOM_SOURCE_DIR) + "/models/costs/loihi2_derived.textproto");
    REQUIRE(derived.has_value());
    CHECK(loihi.costs.front() == derived->front());
}

TEST_CASE("printing and reading again gives the same value") {
    for (const char* name : {"loihi1", "loihi2", "generic"}) {
        const ChipSpec spec = load(name);
        const std::string text = print_chip_spec(spec);
        const auto again = parse_chip_spec(text, "printed");
        REQUIRE(again.has_value());
        CHECK(*again == spec);
        CHECK(print_chip_spec(*again) == text);
    }
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        CAPTURE(seed);
        const ChipSpec spec = test::random_chip(seed);
        REQUIRE_MESSAGE(check_chip_spec(spec).empty(), to_text(check_chip_spec(spec)));
        const auto again = parse_chip_spec(print_chip_spec(spec), "printed");
        REQUIRE_MESSAGE(again.has_value(), reasons(again));
        CHECK(*again == spec);
    }
}

TEST_CASE("all findings come at once, each with its place, what is allowed and what was meant") {
    const std::string good = text_of(bundled("loihi1"));
    std::string text = replaced(good, "compartments: 1024", "compartmnts: 1024");  // unknown, and so missing
    text = replaced(text, "rows: 4", "rows: 0");                                   // out of range
    text = replaced(text, "input_axons: 4096", "input_axons: \"many\"");           // wrong type
    text = replaced(text, "sum_bits: 22", "sum_bits: 22\n  sum_bits: 23");         // twice
    text = replaced(text, "max_delay: 62", "max_delay: 64");                       // beyond what 6 bits hold
    text = replaced(text, "sum_overflow: SUM_WRAPS", "sum_overflow: SUM_WRAP");    // unknown name
    text = replaced(text, "trust: FITTED", "trust: FITED");
    text = replaced(text, "SPARSE", "sparse");
    text = replaced(text, "value: 81", "value: -81");
    text = replaced(text, "  threshold_exponent: 6\n", "");                         // missing
    text = replaced(text, "bias_exponent { least: 0", "bias_exponent { least: 9");  // ends before it starts
    text = replaced(text, "name: \"davies2018\"", "name: \"silicon\"");             // two of one name
    text = replaced(text, "tiles: 4 ", "tiles: 2 ");                                // not ascending
    text = replaced(text, "low: 98.0", "low: 198.0");                               // above the value
    const Diagnostics findings = findings_of(text);
    CHECK(says(findings, "did you mean 'compartments'?"));
    CHECK(says(findings, "lacks the field 'compartments'"));
    CHECK(says(findings, "'mesh.rows' is 0; allowed: 1..1024"));
    CHECK(says(findings, "input_axons"));
    CHECK(says(findings, "'sum_bits' is given a second time"));
    CHECK(says(findings, "'synapses.max_delay' is 64; allowed: at most 63"));
    CHECK(says(findings, "did you mean 'SUM_WRAPS'?"));
    CHECK(says(findings, "did you mean 'FITTED'?"));
    CHECK(says(findings, "did you mean 'SPARSE'?"));
    CHECK(says(findings, "is -81; allowed: 0.."));
    CHECK(says(findings, "lacks the field 'threshold_exponent'"));
    CHECK(says(findings, "ends before it starts: 9..7"));
    CHECK(says(findings, "a second cost table 'silicon'"));
    CHECK(says(findings, "a barrier point at 2 tiles after one at 2"));
    CHECK(says(findings, "low is 198, above the value 111"));
    for (const Diagnostic& finding : findings) {
        CHECK(finding.where.starts_with("chip:"));
        CHECK_FALSE(finding.allowed.empty());
    }
    const auto rows = std::ranges::find_if(
        findings, [](const Diagnostic& d) { return d.found.find("mesh.rows") != std::string::npos; });
    REQUIRE(rows != findings.end());
    CHECK(rows->where == "chip:" + std::to_string(line_of(text, "rows: 0")) + ":25");
}

TEST_CASE("each field of the schema is needed") {
    const std::string text = print_chip_spec(test::random_chip(1));
    std::istringstream lines(text);
    std::string line;
    std::size_t offset = 0;
    int fields = 0;
    while (std::getline(lines, line)) {
        const bool scalar = line.find(": ") != std::string::npos && line.find(": [") == std::string::npos;
        const bool optional = std::ranges::any_of(
            std::array{
                " low:", " high:", " chip_columns:", " chip_rows:", " address_range:", " destinations_per_compartment:",
                " soft_reset_compartments:", " payload_bits:", " crossbar_types:", " in_part:"},
            [&](const char* field) { return line.find(field) != std::string::npos; });
        if (scalar && !optional) {
            std::string without = text;
            without.erase(offset, line.size() + 1);
            CHECK_MESSAGE(!findings_of(without).empty(), line);
            ++fields;
        }
        offset += line.size() + 1;
    }
    CHECK(fields > 100);
}

TEST_CASE("rules that relate fields") {
    const ChipSpec good = test::random_chip(3);
    const auto refused = [&](const std::function<void(ChipSpec&)>& change) {
        ChipSpec spec = good;
        change(spec);
        return !check_chip_spec(spec).empty() && !findings_of(print_chip_spec(spec)).empty();
    };
    CHECK(check_chip_spec(good).empty());
    CHECK(refused([](ChipSpec& s) { s.name = "a b"; }));
    CHECK(refused([](ChipSpec& s) { s.title.clear(); }));
    for (const char* wrong : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
        CHECK(refused([&](ChipSpec& s) { s.title = wrong; }));
    }
    for (const char* right : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\xa7\xa0", "\xf4\x8f\xbf\xbf"}) {
        CHECK_FALSE(refused([&](ChipSpec& s) { s.title = right; }));
    }
    CHECK(refused([](ChipSpec& s) { s.mesh = {.columns = 1024, .rows = 1024, .cores_per_tile = 2}; }));
    CHECK(refused([](ChipSpec& s) { s.mesh.chip_columns = 0; }));
    CHECK(refused([](ChipSpec& s) { s.mesh = {.columns = 256, .rows = 256, .cores_per_tile = 16, .chip_rows = 2}; }));
    CHECK(refused([](ChipSpec& s) { s.synapses.index_bits = {1}, s.limits.compartments = 3; }));
    CHECK(refused([](ChipSpec& s) { s.synapses.words_per_axon = s.synapses.words + 1; }));
    CHECK(refused([](ChipSpec& s) { s.synapses.encodings.clear(); }));
    CHECK(refused([](ChipSpec& s) { s.synapses.encodings.assign(2, SynapseEncoding::dense); }));
    CHECK(refused([](ChipSpec& s) { s.synapses.weight_bits = {3, 3}; }));
    CHECK(refused([](ChipSpec& s) { s.synapses.delay_bits.clear(); }));
    CHECK(refused([](ChipSpec& s) { s.neuron.threshold_exponent = 30, s.neuron.threshold_mantissa_max = 9; }));
    CHECK(refused([](ChipSpec& s) { s.neuron.voltage_floor_exponent.most = s.neuron.state_bits; }));
    CHECK(refused([](ChipSpec& s) { s.costs.clear(); }));
    CHECK(refused([](ChipSpec& s) { s.costs[0].barrier.clear(); }));
    CHECK(refused([](ChipSpec& s) { s.costs[0].barrier[0].tiles = 2; }));
    CHECK(refused([](ChipSpec& s) { s.costs[0].host_power_mw.source.clear(); }));
    CHECK(refused([](ChipSpec& s) { s.costs[0].host_power_mw.value = std::numeric_limits<double>::infinity(); }));
    CHECK(refused([](ChipSpec& s) { s.costs[0].events[2].time_ns.high = std::numeric_limits<double>::quiet_NaN(); }));
    ChipSpec swapped = good;
    std::swap(swapped.costs[0].events[0], swapped.costs[0].events[1]);
    CHECK_FALSE(check_chip_spec(swapped).empty());
}

TEST_CASE("what execution rests on can be checked without texts and costs") {
    ChipSpec spec;
    CHECK(check_chip_limits(spec).empty());
    CHECK_FALSE(check_chip_spec(spec).empty());
    spec.neuron.threshold_exponent = 31;
    CHECK_FALSE(check_chip_limits(spec).empty());
}

TEST_CASE("a file that can't be read is named, with the reason") {
    for (const std::string path : {"/nonexistent/chip.textproto", "/tmp"}) {
        const auto spec = read_chip_spec(path);
        REQUIRE_FALSE(spec.has_value());
        CHECK(spec.error().front().where == path);
    }
    CHECK_FALSE(parse_chip_spec("", "empty").has_value());
    CHECK_FALSE(parse_chip_spec(std::string(100000, '{'), "deep").has_value());
}

// ---- the spike network ----

const std::string links = " east_west { latency: 5 interval: 1 } north_south { latency: 9 interval: 1 } order: X_FIRST";

/// A network block of what every topology needs, and `more`.
std::string network_block(const std::string& more) {
    return "network { cast: UNICAST planes: 3 virtual_channels: 1 packet_flits: 2 buffer_flits: 4 source_queue: 0 "
           "allocation: ONE_CYCLE router_cycles: 2 credit_cycles: 2 local { latency: 1 interval: 1 } "
           "cycle_ns { value: 0.5 source: \"test\" trust: GUESSED } " +
           more + " }\n";
}

std::string with_network(const std::string& block, const std::string& mesh) {
    const std::string good = text_of(bundled("generic"));
    const std::size_t from = good.find("network {");
    const std::size_t to = good.find("limits {");
    std::string text = from == std::string::npos ? good : good.substr(0, from) + good.substr(to);
    return replaced(text, "mesh { columns: 4 rows: 4 cores_per_tile: 1 }", "mesh { " + mesh + " }\n" + block);
}

TEST_CASE("a board of torus chips with three planes") {
    const auto spec = parse_chip_spec(
        with_network(network_block("topology: TORUS between_chips { latency: 40 interval: 30 }" + links),
                     "columns: 4 rows: 8 cores_per_tile: 1 chip_columns: 2 chip_rows: 1"),
        "chip");
    REQUIRE_MESSAGE(spec.has_value(), reasons(spec));
    CHECK(spec->mesh.cores() == 64);
    CHECK(spec->mesh.chips() == 2);
    CHECK(spec->network.parameters.topology == router::Topology::torus);
    CHECK(spec->network.parameters.planes == 3);
    CHECK(spec->network.parameters.between_chips == router::LinkTiming{.latency = 40, .interval = 30});
    CHECK(spec->network.cycle_ns.value == 0.5);
    CHECK(spec->network.address_range == 0);
    const auto again = parse_chip_spec(print_chip_spec(*spec), "again");
    REQUIRE_MESSAGE(again.has_value(), reasons(again));
    CHECK(*again == *spec);
}

TEST_CASE("a chip without a network block has the defaults") {
    const auto spec = parse_chip_spec(with_network("", "columns: 4 rows: 4 cores_per_tile: 1"), "chip");
    REQUIRE_MESSAGE(spec.has_value(), reasons(spec));
    CHECK(spec->network == SpikeNetwork{});
    CHECK(print_chip_spec(*spec).find("network") == std::string::npos);
}

TEST_CASE("a network that lacks what its topology needs, or can't be built, is refused") {
    const std::string one = "columns: 4 rows: 4 cores_per_tile: 1";
    const auto findings = [&](const std::string& more, const std::string& mesh) {
        return findings_of(with_network(network_block(more), mesh));
    };
    CHECK(findings("topology: MESH" + links, one).empty());
    CHECK(says(findings("topology: MESH", one), "the network lacks 'north_south'"));
    CHECK(says(findings("topology: MESH", one), "the network lacks 'order'"));
    CHECK(says(findings("topology: TREE", one), "the network lacks 'tree_arity'"));
    CHECK(says(findings("topology: TREE tree_arity: 4", one), "the network lacks 'vertical'"));
    CHECK(says(findings("topology: TREE tree_arity: 1 vertical { latency: 1 interval: 1 }", one), "allowed: 2..256"));
    CHECK(says(findings("topology: TREE tree_arity: 2 vertical { latency: 1 interval: 1 } address_range: 4", one),
               "relative addresses in a tree"));
    CHECK(says(findings("topology: MESH" + links, one + " chip_rows: 2"), "the network lacks 'between_chips'"));
    CHECK(says(findings("topology: RING" + links, one), "RING"));
    CHECK(says(findings("topology: MESH hops: 3" + links, one), "hops"));
    CHECK(says(findings_of(with_network("", one + " chip_rows: 0")), "'mesh.chip_rows' is 0; allowed: 1..1024"));
    const auto changed = [&](const std::string& from, const std::string& to) {
        return findings_of(replaced(with_network(network_block("topology: MESH" + links), one), from, to));
    };
    CHECK(changed("packet_flits: 2 buffer_flits: 4", "packet_flits: 5 buffer_flits: 4").empty());
    CHECK(says(changed("cast: UNICAST planes: 3 virtual_channels: 1 packet_flits: 2",
                       "cast: MULTICAST planes: 3 virtual_channels: 1 packet_flits: 5"),
               "packets of 5 flits and buffers of 4"));
    CHECK(says(changed("value: 0.5", "value: 0"), "a cycle takes no time"));
    CHECK(says(changed("value: 0.5", "value: 0.5 low: 0.75"), "low is 0.75, above the value 0.5"));
    CHECK(says(changed("east_west { latency: 5", "east_west { latency: 0"), "'network.east_west.latency' is 0"));
}

TEST_CASE("ranges of the schema are those that the router checks") {
    ChipSpec spec = load("generic");
    spec.network.cycle_ns = {.value = 1, .low = 1, .high = 1, .source = "test", .trust = Trust::guessed};
    const auto agree = [&](int router::NetworkParameters::* field, int least, int most) {
        for (const int value : {least - 1, least, most, most + 1}) {
            ChipSpec changed = spec;
            changed.network.parameters.*field = value;
            const bool allowed = least <= value && value <= most;
            CHECK(check_chip_spec(changed).empty() == allowed);
            CHECK(router::check_network(changed.mesh, changed.network.parameters).empty() == allowed);
        }
    };
    agree(&router::NetworkParameters::tree_arity, 2, 256);
    agree(&router::NetworkParameters::planes, 1, 64);
    agree(&router::NetworkParameters::virtual_channels, 1, 64);
    agree(&router::NetworkParameters::packet_flits, 1, 1024);
    agree(&router::NetworkParameters::buffer_flits, 1, 65536);
    agree(&router::NetworkParameters::source_queue, 0, 1 << 20);
    agree(&router::NetworkParameters::router_cycles, 0, 4096);
    agree(&router::NetworkParameters::credit_cycles, 0, 4096);
}

}  // namespace
}  // namespace spikeloom::chip
