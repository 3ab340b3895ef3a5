#include "broker/identity/bearer_token.h"

#include <algorithm>
#include <array>

namespace turnpike {
namespace {

constexpr std::string_view kPrefix = "tp_";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr size_t kSecretBytes = 32;
constexpr size_t kSecretCharacters = 43;  // 256 bits, 6 a character

}  // namespace

std::string MakeBearerToken(RandomSource& random) {
  std::array<uint8_t, kSecretBytes> secret{};
  random.Fill(secret);
  std::string token(kPrefix);
  uint32_t bits = 0;
  unsigned count = 0;
  for (const uint8_t byte : secret) {
    bits = bits << 8U | byte;
    for (count += 8; count >= 6; count -= 6) {
      token += kAlphabet[bits >> (count - 6U) & 0x3FU];
    }
  }
  token += kAlphabet[bits << (6U - count) & 0x3FU];
  return token;
}

Sha256Digest HashBearerToken(std::string_view token) {
  return Sha256(token);
}

bool LooksLikeBearerToken(std::string_view text) {
  return text.size() == kPrefix.size() + kSecretCharacters && text.starts_with(kPrefix) &&
         std::ranges::all_of(text.substr(kPrefix.size()),
                             [](char c) { return kAlphabet.find(c) != std::string_view::npos; });
}

bool MatchesHash(std::string_view token, const Sha256Digest& hash) {
  return EqualInConstantTime(AsBytes(HashBearerToken(token)), AsBytes(hash));
}

}  // namespace turnpike
