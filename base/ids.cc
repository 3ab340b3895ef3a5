#include "base/ids.h"

namespace turnpike {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase32Digits = "abcdefghijklmnopqrstuvwxyz234567";
constexpr size_t kBase32Length = 26;

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

bool IsDashPlace(size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

void SetVersion(Uuid& uuid, uint8_t version) {
  uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0f) | (version << 4));
  uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
}

}  // namespace

std::optional<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  size_t nibble = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDashPlace(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return std::nullopt;
    uint8_t& byte = uuid.bytes[nibble / 2];
    byte = static_cast<uint8_t>(byte | (nibble % 2 == 0 ? value << 4 : value));
    ++nibble;
  }
  return uuid;
}

std::string Uuid::ToString() const {
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (IsDashPlace(text.size())) text.push_back('-');
    text.push_back(kHexDigits[bytes[i] >> 4]);
    text.push_back(kHexDigits[bytes[i] & 0x0f]);
  }
  return text;
}

Uuid IdSource::NewRandom() {
  Uuid uuid;
  random_.Fill(uuid.bytes);
  SetVersion(uuid, 4);
  return uuid;
}

Uuid IdSource::NewTimeOrdered() {
  Uuid uuid = NewRandom();
  const int64_t millis = MicrosOf(clock_.Now()) / 1000;
  for (int i = 0; i < 6; ++i) {
    uuid.bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(millis >> (8 * (5 - i)));
  }
  SetVersion(uuid, 7);
  return uuid;
}

std::optional<Timestamp> TimeOf(const Uuid& uuid) {
  if ((uuid.bytes[6] >> 4) != 7) return std::nullopt;
  int64_t millis = 0;
  for (size_t i = 0; i < 6; ++i) millis = (millis << 8) | uuid.bytes[i];
  return TimestampFromMicros(millis * 1000);
}

std::string ToBase32(const Uuid& uuid) {
  std::string text;
  text.reserve(kBase32Length);
  uint32_t buffer = 0;
  int bits = 0;
  for (const uint8_t byte : uuid.bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text.push_back(kBase32Digits[(buffer >> bits) & 31]);
    }
  }
  text.push_back(kBase32Digits[(buffer << (5 - bits)) & 31]);
  return text;
}

std::optional<Uuid> UuidFromBase32(std::string_view text) {
  if (text.size() != kBase32Length) return std::nullopt;
  Uuid uuid;
  uint32_t buffer = 0;
  int bits = 0;
  size_t filled = 0;
  for (const char digit : text) {
    const size_t value = kBase32Digits.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    buffer = (buffer << 5) | static_cast<uint32_t>(value);
    bits += 5;
    if (bits >= 8 && filled < uuid.bytes.size()) {
      bits -= 8;
      uuid.bytes[filled++] = static_cast<uint8_t>(buffer >> bits);
    }
  }
  // The last two bits are padding: only one spelling is ours.
  return ToBase32(uuid) == text ? std::optional<Uuid>(uuid) : std::nullopt;
}

}  // namespace turnpike
