// spikeloom_network_bench agreement      how far `queued` is from `flit`: traffic x load x depth, packets, planes
// spikeloom_network_bench nets           likewise on what mapped networks send, and nanoseconds a message
// spikeloom_network_bench speed          nanoseconds a message of each model, and how they grow with messages
#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "bench/network_traffic.hpp"
#include "router/network_cases.hpp"

namespace spikeloom::bench {

using namespace test;

namespace {

double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void agreement(bool all) {
    struct Row {
        double sum = 0, worst = 0;
        int cases = 0;
        std::string where;
    };
    std::map<std::string, Row> rows;
    for (const NetworkCase& one : agreement_cases()) {
        const Agreement a = compare(one);
        if (all) {
            fmt::print("{:40} flit {:8} queued {:8} {:+6.1f} % sent {:+6.1f} processed {:+6.1f}\n", one.name,
                       a.flit_end, a.queued_end, 100 * a.end, 100 * a.sent, 100 * a.processed);
        }
        for (const std::string& key :
             {one.traffic + (one.saturated ? " beyond" : " below"), fmt::format("depth {}", one.depth),
              fmt::format("flits {}", one.flits), fmt::format("planes {}", one.planes)}) {
            Row& row = rows[key];
            row.sum += std::abs(a.end);
            ++row.cases;
            if (std::abs(a.end) > std::abs(row.worst)) {
                row.worst = a.end;
                row.where = one.name;
            }
        }
    }
    for (const auto& [name, row] : rows) {
        fmt::print("| {} | {} | {:.1f} | {:+.1f} | {} |\n", name, row.cases, 100 * row.sum / row.cases, 100 * row.worst,
                   row.where);
    }
}

void speed(std::string_view only) {
    for (const NetworkCase& one : speed_cases()) {
        const router::Graph graph = graph_of(one);
        const router::Workload workload = workload_of(one);
        std::string line;
        for (const router::Model model : {router::Model::free, router::Model::queued, router::Model::flit}) {
            if (!only.empty() && only != router::name_of(model)) {
                continue;
            }
            const auto network = router::make_model(model, graph);
            router::Outcome outcome;
            double best = 1e9;
            for (int repeat = 0; repeat < 7; ++repeat) {
                const double begin = processor_seconds();
                network->run(workload, false, outcome);
                best = std::min(best, processor_seconds() - begin);
            }
            line += fmt::format(" {} {:.1f} ns", router::name_of(model),
                                1e9 * best / static_cast<double>(workload.messages.size()));
        }
        fmt::print("{:30} {:8} messages {}\n", one.name, workload.messages.size(), line);
    }
}

/// Mapped networks: how far step times are apart, and what a message costs.
void nets(std::string_view only) {
    for (const std::string net : {"A32", "B128", "W1", "W4"}) {
        if (!only.empty() && only != net) {
            continue;
        }
        for (const double speed : {1.0, 10.0, 100.0}) {
            const NetworkTraffic traffic = network_traffic(net, 20, net == "B128" ? 10 : 50, speed);
            auto graph = router::Graph::build(traffic.mesh, traffic.parameters);
            std::map<router::Model, std::vector<double>> ends;
            std::string line;
            for (const router::Model model : {router::Model::flit, router::Model::queued, router::Model::free}) {
                const auto network = router::make_model(model, *graph);
                router::Outcome outcome;
                const double begin = processor_seconds();
                for (const router::Workload& step : traffic.steps) {
                    network->run(step, false, outcome);
                    ends[model].push_back(static_cast<double>(outcome.end));
                }
                line += fmt::format(" {} {:.0f} ns", router::name_of(model),
                                    1e9 * (processor_seconds() - begin) / static_cast<double>(traffic.messages()));
            }
            for (const router::Model model : {router::Model::queued, router::Model::free}) {
                double sum = 0;
                double worst = 0;
                for (std::size_t i = 0; i < ends[model].size(); ++i) {
                    const double error = ends[model][i] / ends[router::Model::flit][i] - 1;
                    sum += std::abs(error);
                    worst = std::abs(error) > std::abs(worst) ? error : worst;
                }
                line += fmt::format(" | {}: mean {:.2f} %, worst {:+.2f} %", router::name_of(model),
                                    100 * sum / static_cast<double>(ends[model].size()), 100 * worst);
            }
            fmt::print("{:5} cores x {:3}: {:7} messages, step {:7} cycles:{}\n", net, speed, traffic.messages(),
                       ends[router::Model::flit].back(), line);
        }
    }
}

}  // namespace
}  // namespace spikeloom::bench

int main(int count, char** arguments) {
    const std::string_view what = count > 1 ? arguments[1] : "";
    if (what == "agreement") {
        spikeloom::bench::agreement(count > 2);
    } else if (what == "speed") {
        spikeloom::bench::speed(count > 2 ? arguments[2] : "");
    } else if (what == "nets") {
        spikeloom::bench::nets(count > 2 ? arguments[2] : "");
    } else {
        fmt::print(stderr, "spikeloom_network_bench agreement [all] | speed [MODEL] | nets [NET]\n");
        return 2;
    }
    return 0;
}
