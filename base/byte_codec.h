#pragma once
// Writes and reads plain records as bytes: what we keep in files and bytea columns where no protobuf may go (core, pg,
// host). Integers are zig-zag varints, texts carry their length.  A reader never runs past the end: the first damage
// makes it !ok(), and from then on it yields zeros and empty texts, so that a decoder checks once, at its end.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace turnpike {

class ByteWriter {
 public:
  ByteWriter& Int(int64_t value);
  ByteWriter& Text(std::string_view value);
  ByteWriter& Bool(bool value) { return Int(value ? 1 : 0); }
  ByteWriter& Time(Timestamp value) { return Int(MicrosOf(value)); }
  ByteWriter& Raw(const Uuid& value);
  template <class Tag>
  ByteWriter& AnyId(const Id<Tag>& value) {
    return Raw(value.uuid());
  }
  ByteWriter& OptionalInt(std::optional<int64_t> value);
  ByteWriter& OptionalTime(std::optional<Timestamp> value);
  template <class Tag>
  ByteWriter& OptionalId(const std::optional<Id<Tag>>& value) {
    Bool(value.has_value());
    return value ? AnyId(*value) : *this;
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  int64_t Int();
  std::string Text();
  bool Bool() { return Int() != 0; }
  Timestamp Time() { return TimestampFromMicros(Int()); }
  Uuid Raw();
  template <class AnyId>
  AnyId IdOf() {
    return AnyId(Raw());
  }
  std::optional<int64_t> OptionalInt();
  std::optional<Timestamp> OptionalTime();
  template <class AnyId>
  std::optional<AnyId> OptionalId() {
    return Bool() ? std::optional<AnyId>(IdOf<AnyId>()) : std::nullopt;
  }

  bool ok() const { return ok_; }
  // Everything was read, and nothing was damaged.
  bool finished() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace turnpike
