// The stepped mode on trained nets: its times approach the recorded exact ones with the first order of the step.
#include "core/analog/stepped.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "conformance/ttfs_reference.hpp"

namespace spikeloom::test {
namespace {

struct Distance {
    double median = 0;   ///< tau, over label spikes that both have
    double missing = 0;  ///< share of label spikes that one has and the other not
    double same = 0;     ///< share of samples that get the class of the exact times
};

Distance distance(const TtfsCase& net, const core::analog::SteppedOptions& options, std::size_t samples) {
    const core::analog::SteppedRunner runner(net.net, options);
    Distance found;
    std::vector<double> distances;
    for (std::size_t sample = 0; sample < samples; ++sample) {
        std::vector<double> labels(net.labels, never);
        for (const core::analog::SteppedSpike& spike : runner.run(net.samples[sample]).spikes) {
            if (spike.neuron >= net.hidden) {
                double& time = labels[spike.neuron - net.hidden];
                time = std::min(time, spike.time);
            }
        }
        std::vector<double> exact;
        for (std::uint32_t label = 0; label < net.labels; ++label) {
            exact.push_back(net.exact.at(sample, label));
            if ((exact[label] == never) != (labels[label] == never)) {
                ++found.missing;
            } else if (exact[label] != never) {
                distances.push_back(std::abs(labels[label] - exact[label]));
            }
        }
        found.same += answer(labels) == answer(exact) ? 1 : 0;
    }
    const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
    std::nth_element(distances.begin(), middle, distances.end());
    found.median = *middle;
    found.missing /= static_cast<double>(samples * net.labels);
    found.same /= static_cast<double>(samples);
    return found;
}

void check_first_order(const std::string& name, std::size_t samples) {
    const auto net = ttfs_case(name);
    if (!net) {
        return;
    }
    const auto at = [&](double dt) {
        core::analog::SteppedOptions options = core::analog::fast_and_deep(dt, static_cast<std::uint32_t>(8 / dt));
        options.drive = core::analog::StepDrive::one_minus_decay;
        const Distance found = distance(*net, options, samples);
        MESSAGE(name << ", dt " << dt << " tau: median distance " << found.median << " tau, missing " << found.missing
                     << ", same class " << found.same);
        return found;
    };
    const Distance coarse = at(0.008);
    const Distance middle = at(0.002);
    const Distance fine = at(0.0005);
    CHECK(coarse.median < 2 * 0.008);
    CHECK(coarse.median > 3 * middle.median);
    CHECK(coarse.median < 6 * middle.median);
    CHECK(middle.median > 3 * fine.median);
    CHECK(middle.median < 6 * fine.median);
    CHECK(fine.missing < 0.003);
}

}  // namespace

TEST_CASE("stepped times approach the exact ones of trained nets with the first order of the step") {
    check_first_order("yin_yang_v1", 200);
    check_first_order("yin_yang_H30_W", 200);
    check_first_order("mnist16_v1", 100);
}

}  // namespace spikeloom::test
