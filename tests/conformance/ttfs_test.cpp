// Trained time-to-first-spike nets on the event-driven engine, against the label times that their authors recorded and
// those of an independent exact solver. The authors' code adds 1e-6 to a sum, which moves their times by up to 6e-5
// tau.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "conformance/ttfs_reference.hpp"
#include "core/analog/engine.hpp"

namespace spikeloom::test {

namespace {

struct Agreement {
    std::size_t samples = 0;
    std::size_t other_class = 0;  ///< than the recorded times give
    std::size_t correct = 0;
    std::size_t missing_recorded = 0;  ///< spikes that one side has and the other hasn't
    std::size_t missing_exact = 0;
    double worst_recorded = 0;  ///< tau
    double worst_exact = 0;
};

void compare(double time, double reference, std::size_t& missing, double& worst) {
    if ((time == never) != (reference == never)) {
        ++missing;
    } else if (time != never) {
        worst = std::max(worst, std::abs(time - reference));
    }
}

Agreement agreement(const TtfsCase& net) {
    Agreement result;
    core::analog::Engine engine(net.net);
    for (std::size_t sample = 0; sample < net.samples.size(); ++sample) {
        engine.reset();
        engine.add(net.samples[sample]);
        engine.advance(never);
        const auto spikes = engine.spikes();
        const std::vector<double> first = first_spikes(net.net, {spikes.begin(), spikes.end()});
        const std::vector<double> labels(first.begin() + net.hidden, first.end());
        std::vector<double> recorded;
        for (std::uint32_t label = 0; label < net.labels; ++label) {
            recorded.push_back(net.recorded.at(sample, label));
            compare(labels[label], recorded.back(), result.missing_recorded, result.worst_recorded);
            compare(labels[label], net.exact.at(sample, label), result.missing_exact, result.worst_exact);
        }
        result.other_class += answer(labels) != answer(recorded) ? 1 : 0;
        result.correct += answer(labels) == net.targets[sample] ? 1 : 0;
    }
    result.samples = net.samples.size();
    return result;
}

void check_case(const std::string& name, std::size_t samples, double accuracy) {
    const auto net = ttfs_case(name);
    if (!net) {
        return;
    }
    const Agreement found = agreement(*net);
    MESSAGE(name << ": worst against recorded " << found.worst_recorded << " tau, against exact " << found.worst_exact
                 << " tau");
    CHECK(found.samples == samples);
    CHECK(found.other_class == 0);
    CHECK(found.missing_recorded == 0);
    CHECK(found.missing_exact == 0);
    CHECK(found.worst_recorded <= 1e-4);
    CHECK(found.worst_exact <= 1e-9);
    CHECK(static_cast<double>(found.correct) / static_cast<double>(samples) == doctest::Approx(accuracy).epsilon(1e-9));
}

}  // namespace

TEST_CASE("Yin-Yang with equal time constants gives the recorded label times") {
    check_case("yin_yang_v1", 1000, 0.960);
}

TEST_CASE("Yin-Yang with a membrane twice as slow gives the recorded label times") {
    check_case("yin_yang_H30_W", 1000, 0.967);
}

TEST_CASE("MNIST in 16 x 16 pixels gives the recorded label times") {
    check_case("mnist16_v1", 10000, 0.9681);
}

}  // namespace spikeloom::test
