#include "base/pg/params.h"

#include <limits>

#include "base/pg/wire_format.h"

namespace turnpike {
namespace {

constexpr int32_t kNullLength = -1;

void Append(std::string& out, bool value) {
  out.push_back(value ? '\1' : '\0');
}
void Append(std::string& out, int64_t value) {
  AppendBigEndian(out, static_cast<uint64_t>(value));
}
void Append(std::string& out, std::string_view value) {
  out.append(value);
}
void Append(std::string& out, const std::string& value) {
  out.append(value);
}
void Append(std::string& out, Timestamp value) {
  Append(out, ToPostgresMicros(value));
}
void Append(std::string& out, const Uuid& value) {
  out.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
}

void AppendLength(std::string& out, int32_t length) {
  AppendBigEndian(out, static_cast<uint32_t>(length));
}

int32_t CheckedLength(size_t length) {
  CHECK(length <= static_cast<size_t>(std::numeric_limits<int32_t>::max()));
  return static_cast<int32_t>(length);
}

// An element of an array is its length, then itself; the length is filled in once it is known.
template <class Value>
void AppendElement(std::string& out, const Value& value) {
  const size_t begin = out.size();
  AppendLength(out, 0);
  Append(out, value);
  const uint32_t length = SwapBytes(static_cast<uint32_t>(CheckedLength(out.size() - begin - sizeof(uint32_t))));
  std::memcpy(out.data() + begin, &length, sizeof(length));
}

template <class Value>
void AppendElement(std::string& out, const std::optional<Value>& value) {
  if (value) {
    AppendElement(out, *value);
  } else {
    AppendLength(out, kNullLength);
  }
}

PgType ArrayOf(PgType element) {
  switch (element) {
    case PgType::kBool:
      return PgType::kBoolArray;
    case PgType::kBytes:
      return PgType::kBytesArray;
    case PgType::kInt:
      return PgType::kIntArray;
    case PgType::kText:
      return PgType::kTextArray;
    case PgType::kTime:
      return PgType::kTimeArray;
    case PgType::kUuid:
      return PgType::kUuidArray;
    case PgType::kBoolArray:
    case PgType::kBytesArray:
    case PgType::kTextArray:
    case PgType::kIntArray:
    case PgType::kTimeArray:
    case PgType::kUuidArray:
      break;
  }
  CHECK(!"an array of arrays has no type of its own");
}

}  // namespace

Params& Params::Bool(bool value) {
  return PutOne(PgType::kBool, value);
}
Params& Params::Int(int64_t value) {
  return PutOne(PgType::kInt, value);
}
Params& Params::Text(std::string_view value) {
  return PutOne(PgType::kText, value);
}
Params& Params::Bytes(std::string_view value) {
  return PutOne(PgType::kBytes, value);
}
Params& Params::Id(const Uuid& value) {
  return PutOne(PgType::kUuid, value);
}
Params& Params::Time(Timestamp value) {
  return PutOne(PgType::kTime, value);
}

Params& Params::Null(PgType type) {
  parts_.push_back({.type = type, .begin = bytes_.size(), .length = 0, .is_null = true});
  return *this;
}

Params& Params::OptionalBool(std::optional<bool> value) {
  return PutOptional(PgType::kBool, value);
}
Params& Params::OptionalInt(std::optional<int64_t> value) {
  return PutOptional(PgType::kInt, value);
}
Params& Params::OptionalText(const std::optional<std::string>& value) {
  return PutOptional(PgType::kText, value);
}
Params& Params::OptionalBytes(const std::optional<std::string>& value) {
  return PutOptional(PgType::kBytes, value);
}
Params& Params::OptionalId(const std::optional<Uuid>& value) {
  return PutOptional(PgType::kUuid, value);
}
Params& Params::OptionalTime(std::optional<Timestamp> value) {
  return PutOptional(PgType::kTime, value);
}

Params& Params::BoolArray(const std::vector<bool>& values) {
  return PutArray(PgType::kBool, values);
}
Params& Params::IntArray(std::span<const int64_t> values) {
  return PutArray(PgType::kInt, values);
}
Params& Params::TextArray(std::span<const std::string> values) {
  return PutArray(PgType::kText, values);
}
Params& Params::TextArray(std::span<const std::string_view> values) {
  return PutArray(PgType::kText, values);
}
Params& Params::BytesArray(std::span<const std::string> values) {
  return PutArray(PgType::kBytes, values);
}
Params& Params::BytesArray(std::span<const std::string_view> values) {
  return PutArray(PgType::kBytes, values);
}
Params& Params::IdArray(std::span<const Uuid> values) {
  return PutArray(PgType::kUuid, values);
}
Params& Params::TimeArray(std::span<const Timestamp> values) {
  return PutArray(PgType::kTime, values);
}

Params& Params::OptionalBoolArray(std::span<const std::optional<bool>> values) {
  return PutArray(PgType::kBool, values);
}
Params& Params::OptionalIntArray(std::span<const std::optional<int64_t>> values) {
  return PutArray(PgType::kInt, values);
}
Params& Params::OptionalTextArray(std::span<const std::optional<std::string>> values) {
  return PutArray(PgType::kText, values);
}
Params& Params::OptionalBytesArray(std::span<const std::optional<std::string>> values) {
  return PutArray(PgType::kBytes, values);
}
Params& Params::OptionalIdArray(std::span<const std::optional<Uuid>> values) {
  return PutArray(PgType::kUuid, values);
}
Params& Params::OptionalTimeArray(std::span<const std::optional<Timestamp>> values) {
  return PutArray(PgType::kTime, values);
}

template <class Value>
Params& Params::PutOne(PgType type, const Value& value) {
  const size_t begin = bytes_.size();
  Append(bytes_, value);
  return Close(type, begin);
}

template <class Value>
Params& Params::PutOptional(PgType type, const std::optional<Value>& value) {
  return value ? PutOne(type, *value) : Null(type);
}

// The head of an array: dimensions, whether there are NULLs (the server ignores it), the type of an element; then, for
// each dimension, its size and its first index.
template <class Elements>
Params& Params::PutArray(PgType element, const Elements& values) {
  const size_t begin = bytes_.size();
  const bool empty = values.begin() == values.end();
  AppendLength(bytes_, empty ? 0 : 1);
  AppendLength(bytes_, 1);
  AppendBigEndian(bytes_, static_cast<uint32_t>(element));
  if (!empty) {
    AppendLength(bytes_, CheckedLength(values.size()));
    AppendLength(bytes_, 1);
  }
  for (const auto& value : values) {
    AppendElement(bytes_, value);
  }
  return Close(ArrayOf(element), begin);
}

Params& Params::Close(PgType type, size_t begin) {
  parts_.push_back({.type = type, .begin = begin, .length = CheckedLength(bytes_.size() - begin)});
  return *this;
}

std::vector<uint32_t> Params::Types() const {
  std::vector<uint32_t> types;
  types.reserve(parts_.size());
  for (const Part& part : parts_) {
    types.push_back(static_cast<uint32_t>(part.type));
  }
  return types;
}

std::vector<const char*> Params::Values() const {
  std::vector<const char*> values;
  values.reserve(parts_.size());
  for (const Part& part : parts_) {
    values.push_back(part.is_null ? nullptr : bytes_.data() + part.begin);
  }
  return values;
}

std::vector<int> Params::Lengths() const {
  std::vector<int> lengths;
  lengths.reserve(parts_.size());
  for (const Part& part : parts_) {
    lengths.push_back(part.length);
  }
  return lengths;
}

}  // namespace turnpike
