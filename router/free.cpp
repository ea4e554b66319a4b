#include "router/models.hpp"

namespace spikeloom::router {

std::unique_ptr<NetworkModel> make_free_model(const Graph& graph) {
    return make_flit_model(graph);  // until it has its own
}

}  // namespace spikeloom::router
