#include "core/base/counters.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string_view>

using namespace spikeloom;

TEST_CASE("the counter table is in the order of the enumeration, with distinct names, units and sentences") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < counter_table.size(); ++i) {
        CHECK(static_cast<std::size_t>(counter_table[i].counter) == i);
        CHECK_FALSE(counter_table[i].unit.empty());
        CHECK_FALSE(counter_table[i].sentence.empty());
        names.insert(counter_table[i].name);
    }
    CHECK(names.size() == counter_count);
}

TEST_CASE("counters add up item by item") {
    Counters a;
    a[Counter::spikes] = 3;
    a[Counter::synaptic_events_dense] = 5;
    Counters b;
    b[Counter::spikes] = 4;
    b[Counter::synaptic_events_sparse] = 7;
    a += b;
    CHECK(a[Counter::spikes] == 7);
    CHECK(a.synaptic_events() == 12);
    CHECK(a.updates() == 0);
}
