#include "compiler/text/stored_legal.hpp"

#include <limits>
#include <utility>

#include "compiler/text/network_store.pb.h"

namespace spikeloom::compiler {

/// Protobuf reads messages that stand one behind the other as one message with the fields of both.
std::string serialise_legal(const StoredLegal& legal) {
    proto::StoredNetworkProto stored;
    for (const NeuronCopies& own : legal.copies) {
        auto* out = stored.add_copies();
        out->set_name(own.name);
        out->set_population(own.population.value());
        out->mutable_stand_for()->Assign(own.stand_for.begin(), own.stand_for.end());
    }
    stored.mutable_added_steps()->Assign(legal.added_steps.begin(), legal.added_steps.end());
    return stored.SerializeAsString();
}

Result<StoredLegal> deserialise_legal(const std::string& bytes, const std::string& origin) {
    proto::StoredNetworkProto stored;
    if (bytes.size() > std::numeric_limits<std::int32_t>::max() || !stored.ParseFromString(bytes)) {
        return fail({.where = origin, .found = "these bytes are no stored network", .allowed = {}, .help = {}});
    }
    StoredLegal legal;
    legal.added_steps.assign(stored.added_steps().begin(), stored.added_steps().end());
    for (const auto& own : stored.copies()) {
        legal.copies.push_back({.name = own.name(),
                                .population = PopulationId(own.population()),
                                .stand_for = {own.stand_for().begin(), own.stand_for().end()}});
    }
    return legal;
}

}  // namespace spikeloom::compiler
