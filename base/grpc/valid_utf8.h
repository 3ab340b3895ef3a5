#pragma once
// Text for a protobuf string field, which must be UTF-8: a scheduler's or user's words may not be.

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace turnpike {

// Every byte that does not belong to a well-formed character becomes '?'; at most `bytes_max` bytes, cut between
// characters.
std::string ValidUtf8(std::string_view text, size_t bytes_max = std::numeric_limits<size_t>::max());

}  // namespace turnpike
