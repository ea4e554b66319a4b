#include "router/dimension_order.hpp"

#include <doctest/doctest.h>

namespace spikeloom::router {

TEST_CASE("hops are the distance along each dimension, either way") {
    CHECK(dimension_order_hops({2, 1}, {2, 1}) == Hops{0, 0});
    CHECK(dimension_order_hops({0, 0}, {7, 3}) == Hops{7, 3});
    CHECK(dimension_order_hops({7, 3}, {0, 0}) == Hops{7, 3});
    CHECK(dimension_order_hops({4, 0}, {1, 2}) == Hops{3, 2});
}

}  // namespace spikeloom::router
