// One description, two printings: what a subcommand has to say is a JSON object, printed as JSON for programs, or as
// an outline for people: members as "name: value", arrays of like objects as tables.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace spikeloom::tools {

[[nodiscard]] std::string outline(const boost::json::object& value);

}  // namespace spikeloom::tools
