// First spikes of feed-forward nets by the closed forms over causal sets (Goeltz et al. 2021; BRAINSCALES2_TTFS facts
// 1.2): inputs sorted by time, for each prefix of them the time at which it alone would reach the threshold, kept where
// that lies before the next input. Slow, and shares no code with core/analog but the Net. With Epsilons, to the
// authors' own times: their code adds them to the sums.
#pragma once

#include <vector>

#include "core/analog/net.hpp"

namespace spikeloom::test {

/// What is added to a1 = sum w e^(t/tau_syn), a2 = sum w e^(t/tau_mem), b = sum w t/tau_syn e^(t/tau_syn).
struct Epsilons {
    double a1 = 0;
    double a2 = 0;
    double b = 0;
};
inline constexpr Epsilons no_epsilons{};
/// fastAndDeep v1.0.0, equal time constants (facts 1.2); its main branch, both ratios.
inline constexpr Epsilons fast_and_deep_v1{.a1 = 0, .a2 = 0, .b = 1e-6};
inline constexpr Epsilons fast_and_deep_main{.a1 = 1e-6, .a2 = 1e-6, .b = 1e-6};

class ExactTtfs {
public:
    /// Neurons listen to inputs and to neurons of smaller numbers only (asserted); leak 0.
    explicit ExactTtfs(const core::analog::Net& net, const Epsilons& epsilons = no_epsilons);
    /// First spike of every neuron, inf where there is none. Sources spike once at most.
    [[nodiscard]] std::vector<double> run(const std::vector<core::analog::InputSpike>& inputs) const;

private:
    struct Incoming {
        std::uint32_t source;
        double weight;
        double delay;
    };
    struct Arrival {
        double time;
        double weight;
    };
    [[nodiscard]] double first_crossing(const Lif& lif, const std::vector<Arrival>& sorted) const;

    const core::analog::Net& net_;
    Epsilons epsilons_;
    std::vector<std::vector<Incoming>> incoming_;
};

}  // namespace spikeloom::test
