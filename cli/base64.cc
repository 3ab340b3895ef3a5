#include "cli/base64.h"

#include <absl/strings/escaping.h>

namespace turnpike {

std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  const bool right = absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes);
  return right ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace turnpike
