// The three models' makers, for make_model and for tests that want one in particular; and what the models share.
#pragma once

#include <memory>

#include "router/model.hpp"

namespace spikeloom::router {

[[nodiscard]] std::unique_ptr<NetworkModel> make_free_model(const Graph& graph);
[[nodiscard]] std::unique_ptr<NetworkModel> make_queued_model(const Graph& graph);
[[nodiscard]] std::unique_ptr<NetworkModel> make_flit_model(const Graph& graph);

/// A step's outcome before anything has happened: every moment is `start`.
void clear(Outcome& outcome, const Graph& graph, Cycle start);

}  // namespace spikeloom::router
