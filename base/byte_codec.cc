#include "base/byte_codec.h"

#include <algorithm>

namespace turnpike {
namespace {

constexpr int kVarintBytesMax = 10;

uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

}  // namespace

ByteWriter& ByteWriter::Int(int64_t value) {
  uint64_t rest = ZigZag(value);
  while (rest >= 0x80) {
    bytes_.push_back(static_cast<char>(rest | 0x80));
    rest >>= 7;
  }
  bytes_.push_back(static_cast<char>(rest));
  return *this;
}

ByteWriter& ByteWriter::Text(std::string_view value) {
  Int(static_cast<int64_t>(value.size()));
  bytes_.append(value);
  return *this;
}

ByteWriter& ByteWriter::Raw(const Uuid& value) {
  bytes_.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
  return *this;
}

ByteWriter& ByteWriter::OptionalInt(std::optional<int64_t> value) {
  Bool(value.has_value());
  return value ? Int(*value) : *this;
}

ByteWriter& ByteWriter::OptionalTime(std::optional<Timestamp> value) {
  Bool(value.has_value());
  return value ? Time(*value) : *this;
}

int64_t ByteReader::Int() {
  uint64_t value = 0;
  for (int i = 0; i < kVarintBytesMax && !rest_.empty(); ++i) {
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) {
      return ok_ ? UnZigZag(value) : 0;
    }
  }
  ok_ = false;
  rest_ = {};
  return 0;
}

std::string ByteReader::Text() {
  const int64_t size = Int();
  if (size < 0 || static_cast<uint64_t>(size) > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  std::string value(rest_.substr(0, static_cast<size_t>(size)));
  rest_.remove_prefix(static_cast<size_t>(size));
  return value;
}

Uuid ByteReader::Raw() {
  Uuid value;
  if (rest_.size() < value.bytes.size()) {
    ok_ = false;
    rest_ = {};
    return value;
  }
  std::copy_n(rest_.begin(), value.bytes.size(), reinterpret_cast<char*>(value.bytes.data()));
  rest_.remove_prefix(value.bytes.size());
  return value;
}

std::optional<int64_t> ByteReader::OptionalInt() {
  return Bool() ? std::optional<int64_t>(Int()) : std::nullopt;
}

std::optional<Timestamp> ByteReader::OptionalTime() {
  return Bool() ? std::optional<Timestamp>(Time()) : std::nullopt;
}

}  // namespace turnpike
