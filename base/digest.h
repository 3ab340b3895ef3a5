#pragma once
// Digests: SHA-256 and HMAC (OpenSSL), CRC32C for records on disk.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace turnpike {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest Sha256(std::string_view bytes);
Sha256Digest HmacSha256(std::string_view key, std::string_view bytes);
uint32_t Crc32c(std::string_view bytes, uint32_t seed = 0);
std::string ToHex(std::string_view bytes);
inline std::string_view AsBytes(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
bool EqualInConstantTime(std::string_view left, std::string_view right);

}  // namespace turnpike
