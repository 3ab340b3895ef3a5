#include "adapters/host/journal_frame.h"

#include <algorithm>

#include "base/digest.h"

namespace turnpike {
namespace {

constexpr std::string_view kHeaderMagic = "TPJOURN1";
constexpr std::string_view kFrameMagic = "TPJ1";
constexpr size_t kHashBytes = 32;
constexpr size_t kBodyAt = 4 + 4 + 8 + kHashBytes;
constexpr size_t kCrcBytes = 4;
// Larger than any batch: an order is 1 MiB at most, a round takes some hundreds.
constexpr uint64_t kBodyBytesMax = uint64_t{1} << 30U;

std::string LittleEndian(uint64_t value, size_t byte_count) {
  std::string bytes;
  for (size_t byte = 0; byte < byte_count; ++byte) {
    bytes += static_cast<char>((value >> (8 * byte)) & 0xFFU);
  }
  return bytes;
}

uint64_t FromLittleEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t byte = bytes.size(); byte > 0; --byte) {
    value = (value << 8U) | static_cast<uint8_t>(bytes[byte - 1]);
  }
  return value;
}

bool HasGoodCrc(std::string_view bytes_with_crc) {
  const size_t size = bytes_with_crc.size() - kCrcBytes;
  return Crc32c(bytes_with_crc.substr(0, size)) == FromLittleEndian(bytes_with_crc.substr(size));
}

std::string WithCrc(std::string bytes) {
  bytes += LittleEndian(Crc32c(bytes), kCrcBytes);
  return bytes;
}

// The frame at the first byte, whatever its number; nullopt: none, or not whole.
std::optional<std::string_view> WholeFrame(std::string_view bytes) {
  if (bytes.size() < kBodyAt + kCrcBytes || !bytes.starts_with(kFrameMagic)) {
    return std::nullopt;
  }
  const uint64_t body_bytes = FromLittleEndian(bytes.substr(4, 4));
  if (body_bytes > kBodyBytesMax || bytes.size() - kBodyAt - kCrcBytes < body_bytes) {
    return std::nullopt;
  }
  const std::string_view whole = bytes.substr(0, kBodyAt + body_bytes + kCrcBytes);
  return HasGoodCrc(whole) ? std::optional(whole) : std::nullopt;
}

}  // namespace

std::string EncodeJournalHeader(const JournalHeader& header) {
  std::string bytes(kHeaderMagic);
  bytes.append(reinterpret_cast<const char*>(header.id.uuid().bytes.data()), header.id.uuid().bytes.size());
  bytes += LittleEndian(header.first_frame, 8) + header.previous_hash;
  return WithCrc(std::move(bytes));
}

Result<JournalHeader> DecodeJournalHeader(std::string_view bytes) {
  if (bytes.size() < kJournalHeaderBytes || !bytes.starts_with(kHeaderMagic) ||
      !HasGoodCrc(bytes.substr(0, kJournalHeaderBytes))) {
    return DataLoss("the journal's header is damaged");
  }
  Uuid id;
  std::copy_n(bytes.data() + kHeaderMagic.size(), id.bytes.size(), reinterpret_cast<char*>(id.bytes.data()));
  return JournalHeader{.id = JournalId(id),
                       .first_frame = FromLittleEndian(bytes.substr(24, 8)),
                       .previous_hash = std::string(bytes.substr(32, kHashBytes))};
}

std::string EncodeJournalFrame(uint64_t number, std::string_view previous_hash, std::string_view body) {
  std::string bytes(kFrameMagic);
  bytes += LittleEndian(body.size(), 4) + LittleEndian(number, 8);
  bytes.append(previous_hash).append(body);
  return WithCrc(std::move(bytes));
}

std::string HashOfFrame(std::string_view frame) {
  return std::string(AsBytes(Sha256(frame)));
}

std::optional<JournalFrame> ReadJournalFrame(std::string_view bytes, uint64_t number, std::string_view previous_hash) {
  const std::optional<std::string_view> whole = WholeFrame(bytes);
  if (!whole || FromLittleEndian(whole->substr(8, 8)) != number || whole->substr(16, kHashBytes) != previous_hash) {
    return std::nullopt;
  }
  return JournalFrame{.whole = *whole, .body = whole->substr(kBodyAt, whole->size() - kBodyAt - kCrcBytes)};
}

bool HoldsAnyFrame(std::string_view bytes) {
  for (size_t at = bytes.find(kFrameMagic); at != std::string_view::npos; at = bytes.find(kFrameMagic, at + 1)) {
    if (WholeFrame(bytes.substr(at))) {
      return true;
    }
  }
  return false;
}

}  // namespace turnpike
