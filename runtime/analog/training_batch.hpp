// A batch's samples, forward and backward, over threads. Samples are dealt into portions by their number alone, each
// portion sums its samples in order, and the portions are added in order: the same bits on any number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/thread_pool.hpp"
#include "runtime/analog/training.hpp"

namespace spikeloom::runtime {

struct BatchInput {
    std::span<const double> times{};  ///< of the channels
    std::uint32_t label = 0;
    std::uint64_t trial = 0;
};

struct BatchResult {
    Score score;
    std::uint64_t cut = 0;
    std::uint64_t underivable = 0;
    std::vector<std::vector<double>> gradient;        ///< of the mean loss; a layer's is neurons x sources
    std::vector<std::vector<std::uint64_t>> missing;  ///< samples in which a neuron of a layer didn't spike
    BatchResult() = default;
    explicit BatchResult(std::span<const TtfsLayer> layers, bool backward);
    void add(const BatchResult& other);
};

class BatchRunner {
public:
    BatchRunner(std::span<const TtfsLayer> layers, const TrainingOptions& options, TtfsForward& forward);
    /// The weights that gradients are taken at, when they have changed.
    void set_weights(std::span<const TtfsLayer> layers);
    [[nodiscard]] BatchResult run(std::span<const BatchInput> samples, bool backward);

private:
    struct Workspace {
        std::vector<double> spikes;                ///< of all neurons
        std::vector<std::vector<double>> sources;  ///< times of each layer's sources
        std::vector<SpikeTimeDerivative> derivatives;
        std::vector<double> error;       ///< dL/dt of the layer at hand
        std::vector<double> next_error;  ///< of its sources
    };
    void run_sample(Workspace& space, std::size_t worker, const BatchInput& sample, double share, bool backward,
                    BatchResult& result);
    void go_back(Workspace& space, double share, BatchResult& result);

    std::vector<TtfsLayer> layers_;               ///< shapes and kernels; their weights stand in by_target_
    std::vector<std::vector<double>> by_target_;  ///< as the chip has them, neurons x sources
    std::vector<std::size_t> first_neuron_;
    TtfsLoss loss_;
    double cutoff_;
    TtfsForward* forward_;
    chip::ThreadPool pool_;
    std::vector<Workspace> spaces_;
};

}  // namespace spikeloom::runtime
