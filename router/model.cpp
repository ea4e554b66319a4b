#include "router/model.hpp"

#include "router/models.hpp"

namespace spikeloom::router {

std::string_view name_of(Model model) {
    switch (model) {
    case Model::free:
        return "free";
    case Model::queued:
        return "queued";
    case Model::flit:
        return "flit";
    }
    return "?";
}

std::unique_ptr<NetworkModel> make_model(Model model, const Graph& graph) {
    switch (model) {
    case Model::free:
        return make_free_model(graph);
    case Model::queued:
        return make_queued_model(graph);
    case Model::flit:
        return make_flit_model(graph);
    }
    return nullptr;
}

void clear(Outcome& outcome, const Graph& graph, Cycle start) {
    outcome.end = start;
    outcome.last_arrival = start;
    outcome.sent.assign(graph.endpoints(), start);
    outcome.processed.assign(graph.endpoints(), start);
    outcome.links.assign(graph.links().size(), LinkUse{});
    outcome.arrivals = 0;
    outcome.latency_sum = 0;
    outcome.passages.clear();
}

}  // namespace spikeloom::router
