#include "adapters/core/local_tag.h"

#include "base/digest.h"

namespace turnpike {
namespace {

constexpr char kTagPrefix = 'b';
constexpr size_t kTagSize = 27;
constexpr size_t kChecksumBytes = 8;
constexpr size_t kSecretBytes = 16;

std::string KeyedChecksum(std::string_view purpose, std::string_view text, std::string_view site_key,
                          size_t byte_count) {
  const Sha256Digest digest = HmacSha256(site_key, std::string(purpose) + ":" + std::string(text));
  return ToHex(AsBytes(digest).substr(0, byte_count));
}

}  // namespace

std::string LocalTag(const AttemptId& attempt_id) {
  return kTagPrefix + ToBase32(attempt_id.uuid());
}

std::optional<AttemptId> AttemptOfTag(std::string_view tag) {
  if (tag.size() != kTagSize || tag.front() != kTagPrefix) {
    return std::nullopt;
  }
  const std::optional<Uuid> uuid = UuidFromBase32(tag.substr(1));
  return uuid ? std::optional<AttemptId>(AttemptId(*uuid)) : std::nullopt;
}

std::string LocalComment(std::string_view tag, std::string_view site_key) {
  return std::string(tag) + ":" + KeyedChecksum("comment", tag, site_key, kChecksumBytes);
}

bool IsGenuineComment(std::string_view comment, std::string_view tag, std::string_view site_key) {
  return EqualInConstantTime(comment, LocalComment(tag, site_key));
}

std::string GuardSecret(const AttemptId& attempt_id, std::string_view site_key) {
  return KeyedChecksum("guard", LocalTag(attempt_id), site_key, kSecretBytes);
}

}  // namespace turnpike
