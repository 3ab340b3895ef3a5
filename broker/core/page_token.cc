#include "broker/core/page_token.h"

#include <optional>

#include "base/byte_codec.h"
#include "base/digest.h"
#include "base/error_reason.h"
#include "broker/core/opaque_text.h"

namespace turnpike {
namespace {

constexpr char kKind = 'p';
constexpr size_t kRequestDigestBytes = 8;

std::string DigestOf(std::string_view request) {
  return std::string(AsBytes(Sha256(request)).substr(0, kRequestDigestBytes));
}

Status Refuse(std::string_view why) {
  return WithReason(InvalidArgument("the page token {}; start the list again without one", why),
                    ErrorReason::kPageTokenInvalid);
}

}  // namespace

std::string EncodePageToken(const PageKey& key, std::string_view request) {
  ByteWriter out;
  out.Time(key.time).Raw(key.id).Text(DigestOf(request));
  return ToOpaqueText(kKind, out.Take());
}

Result<PageKey> DecodePageToken(std::string_view text, std::string_view request) {
  const std::optional<std::string> bytes = FromOpaqueText(kKind, text);
  if (!bytes) {
    return Refuse("is not one of ours");
  }
  ByteReader in(*bytes);
  PageKey key;
  key.time = in.Time();
  key.id = in.Raw();
  const std::string digest = in.Text();
  if (!in.finished()) {
    return Refuse("is not one of ours");
  }
  if (digest != DigestOf(request)) {
    return Refuse("was made for another request");
  }
  return key;
}

}  // namespace turnpike
