// The three models' makers, for make_model and for tests that want one in particular.
#pragma once

#include <memory>

#include "router/model.hpp"

namespace spikeloom::router {

[[nodiscard]] std::unique_ptr<NetworkModel> make_free_model(const Graph& graph);
[[nodiscard]] std::unique_ptr<NetworkModel> make_queued_model(const Graph& graph);
[[nodiscard]] std::unique_ptr<NetworkModel> make_flit_model(const Graph& graph);

}  // namespace spikeloom::router
