#include "broker/core/opaque_text.h"

#include <cstdint>

#include "base/digest.h"

namespace turnpike {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned kBitsOfCharacter = 6;
constexpr unsigned kBitsOfByte = 8;
constexpr size_t kCheckBytes = 4;

std::string ToBase64(std::string_view bytes) {
  std::string text;
  uint32_t window = 0;
  unsigned bits = 0;
  for (const char byte : bytes) {
    window = (window << kBitsOfByte) | static_cast<uint8_t>(byte);
    bits += kBitsOfByte;
    while (bits >= kBitsOfCharacter) {
      bits -= kBitsOfCharacter;
      text += kAlphabet[(window >> bits) & 0x3FU];
    }
  }
  if (bits > 0) {
    text += kAlphabet[(window << (kBitsOfCharacter - bits)) & 0x3FU];
  }
  return text;
}

std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  uint32_t window = 0;
  unsigned bits = 0;
  for (const char character : text) {
    const size_t value = kAlphabet.find(character);
    if (value == std::string_view::npos) {
      return std::nullopt;
    }
    window = (window << kBitsOfCharacter) | static_cast<uint32_t>(value);
    bits += kBitsOfCharacter;
    if (bits >= kBitsOfByte) {
      bits -= kBitsOfByte;
      bytes += static_cast<char>((window >> bits) & 0xFFU);
    }
  }
  return bytes;
}

std::string CheckOf(char kind, std::string_view bytes) {
  const uint32_t check = Crc32c(bytes, static_cast<uint8_t>(kind));
  std::string text;
  for (unsigned shift = 0; shift < kCheckBytes * kBitsOfByte; shift += kBitsOfByte) {
    text += static_cast<char>((check >> shift) & 0xFFU);
  }
  return text;
}

}  // namespace

std::string ToOpaqueText(char kind, std::string_view bytes) {
  return kind + ToBase64(std::string(bytes) + CheckOf(kind, bytes));
}

std::optional<std::string> FromOpaqueText(char kind, std::string_view text) {
  if (text.empty() || text.front() != kind) {
    return std::nullopt;
  }
  const std::optional<std::string> bytes = FromBase64(text.substr(1));
  if (!bytes || bytes->size() < kCheckBytes) {
    return std::nullopt;
  }
  const std::string body = bytes->substr(0, bytes->size() - kCheckBytes);
  // One text for each token: spare bits in the last character must be clear.
  return ToOpaqueText(kind, body) == text ? std::optional(body) : std::nullopt;
}

}  // namespace turnpike
