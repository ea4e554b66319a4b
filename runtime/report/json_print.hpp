// JSON for people: a member or entry a line, two blanks a level, arrays of plain numbers on one line, every number in
// the fewest digits that read back as it is.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace spikeloom::runtime {

/// Ends with a new line; numbers that are not finite become null.
[[nodiscard]] std::string indented(const boost::json::value& value);

}  // namespace spikeloom::runtime
