#pragma once
// Bytes as text for tokens that clients only carry: base64url without padding, with a check against damage and against
// tokens of another kind.

#include <optional>
#include <string>
#include <string_view>

namespace turnpike {

// `kind` is one letter: "r" for resume tokens, "p" for page tokens.
std::string ToOpaqueText(char kind, std::string_view bytes);
// nullopt: damaged, or of another kind.
std::optional<std::string> FromOpaqueText(char kind, std::string_view text);

}  // namespace turnpike
