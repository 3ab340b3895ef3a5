#pragma once
// Bytes in flags, as protobuf's JSON writes them.

#include <optional>
#include <string>
#include <string_view>

namespace turnpike {

std::optional<std::string> FromBase64(std::string_view text);

}  // namespace turnpike
