#include "base/pg/rows.h"

#include <libpq-fe.h>

#include <cstdlib>
#include <cstring>
#include <functional>

#include "base/check.h"
#include "base/pg/pg_type.h"
#include "base/pg/wire_format.h"

namespace turnpike {
namespace {

// Types that are read but never bound (pg_type.oid).
enum ReadOnlyType : uint32_t {
  kChar = 18,
  kName = 19,
  kSmallInt = 21,
  kInteger = 23,
  kOid = 26,
  kXid = 28,
  kJson = 114,
  kUnknown = 705,
  kBpChar = 1042,
  kVarChar = 1043,
  kXid8 = 5069,
};
constexpr uint32_t kFirstUserType = 16384;  // enums, whose binary form is their name

constexpr bool Is(uint32_t oid, PgType type) {
  return oid == static_cast<uint32_t>(type);
}

bool IsText(uint32_t oid) {
  return Is(oid, PgType::kText) || oid == kVarChar || oid == kBpChar || oid == kName || oid == kChar || oid == kJson ||
         oid == kUnknown || oid >= kFirstUserType;
}

template <class Unsigned>
Unsigned LoadExactly(std::string_view bytes) {
  CHECK(bytes.size() == sizeof(Unsigned));
  return LoadBigEndian<Unsigned>(bytes);
}

int64_t IntFrom(uint32_t oid, std::string_view bytes) {
  if (Is(oid, PgType::kInt)) {
    return static_cast<int64_t>(LoadExactly<uint64_t>(bytes));
  }
  if (oid == kInteger) {
    return static_cast<int32_t>(LoadExactly<uint32_t>(bytes));
  }
  if (oid == kSmallInt) {
    return static_cast<int16_t>(LoadExactly<uint16_t>(bytes));
  }
  if (oid == kXid8) {
    return static_cast<int64_t>(LoadExactly<uint64_t>(bytes));
  }
  CHECK(oid == kOid || oid == kXid);
  return LoadExactly<uint32_t>(bytes);
}

Uuid UuidFrom(std::string_view bytes) {
  Uuid uuid;
  CHECK(bytes.size() == uuid.bytes.size());
  std::memcpy(uuid.bytes.data(), bytes.data(), bytes.size());
  return uuid;
}

uint32_t TakeWord(std::string_view& bytes) {
  CHECK(bytes.size() >= sizeof(uint32_t));
  const uint32_t word = LoadBigEndian<uint32_t>(bytes);
  bytes.remove_prefix(sizeof(uint32_t));
  return word;
}

// Params::PutArray describes the form.
void ForEachElement(std::string_view array, const std::function<void(uint32_t type, std::string_view value)>& visit) {
  const uint32_t dimensions = TakeWord(array);
  TakeWord(array);  // whether there are NULLs
  const uint32_t type = TakeWord(array);
  CHECK(dimensions <= 1);
  if (dimensions == 0) {
    return;
  }
  const uint32_t count = TakeWord(array);
  TakeWord(array);  // the first index
  for (uint32_t index = 0; index < count; ++index) {
    const uint32_t length = TakeWord(array);
    CHECK(length <= array.size());  // also refuses NULL, whose length is the largest
    visit(type, array.substr(0, length));
    array.remove_prefix(length);
  }
}

}  // namespace

Rows::Rows(pg_result* result) : result_(result) {}

void Rows::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

int Rows::size() const {
  return result_ ? PQntuples(result_.get()) : 0;
}
int Rows::column_count() const {
  return result_ ? PQnfields(result_.get()) : 0;
}
int64_t Rows::affected() const {
  return result_ ? std::atoll(PQcmdTuples(result_.get())) : 0;
}

bool Rows::IsNull(int row, int column) const {
  CHECK(row >= 0 && row < size() && column >= 0 && column < column_count());
  return PQgetisnull(result_.get(), row, column) == 1;
}

bool Rows::Bool(int row, int column) const {
  const std::string_view value = Value(row, column);
  CHECK(Is(TypeOf(column), PgType::kBool) && value.size() == 1);
  return value[0] != '\0';
}

int64_t Rows::Int(int row, int column) const {
  const std::string_view value = Value(row, column);
  return IntFrom(TypeOf(column), value);
}

std::string_view Rows::Text(int row, int column) const {
  const std::string_view value = Value(row, column);
  CHECK(IsText(TypeOf(column)));
  return value;
}

std::string_view Rows::Bytes(int row, int column) const {
  const std::string_view value = Value(row, column);
  CHECK(Is(TypeOf(column), PgType::kBytes));
  return value;
}

Timestamp Rows::Time(int row, int column) const {
  const std::string_view value = Value(row, column);
  CHECK(Is(TypeOf(column), PgType::kTime));
  return FromPostgresMicros(static_cast<int64_t>(LoadExactly<uint64_t>(value)));
}

Uuid Rows::UuidAt(int row, int column) const {
  const std::string_view value = Value(row, column);
  CHECK(Is(TypeOf(column), PgType::kUuid));
  return UuidFrom(value);
}

std::optional<bool> Rows::OptionalBool(int row, int column) const {
  return IsNull(row, column) ? std::nullopt : std::optional(Bool(row, column));
}
std::optional<int64_t> Rows::OptionalInt(int row, int column) const {
  return IsNull(row, column) ? std::nullopt : std::optional(Int(row, column));
}
std::optional<std::string> Rows::OptionalText(int row, int column) const {
  return IsNull(row, column) ? std::nullopt : std::optional(std::string(Text(row, column)));
}
std::optional<std::string> Rows::OptionalBytes(int row, int column) const {
  return IsNull(row, column) ? std::nullopt : std::optional(std::string(Bytes(row, column)));
}
std::optional<Timestamp> Rows::OptionalTime(int row, int column) const {
  return IsNull(row, column) ? std::nullopt : std::optional(Time(row, column));
}
std::optional<Uuid> Rows::OptionalUuid(int row, int column) const {
  return IsNull(row, column) ? std::nullopt : std::optional(UuidAt(row, column));
}

std::vector<int64_t> Rows::IntArray(int row, int column) const {
  std::vector<int64_t> values;
  ForEachElement(Value(row, column),
                 [&](uint32_t type, std::string_view value) { values.push_back(IntFrom(type, value)); });
  return values;
}

std::vector<std::string> Rows::TextArray(int row, int column) const {
  std::vector<std::string> values;
  ForEachElement(Value(row, column), [&](uint32_t type, std::string_view value) {
    CHECK(IsText(type));
    values.emplace_back(value);
  });
  return values;
}

std::vector<Uuid> Rows::UuidArray(int row, int column) const {
  std::vector<Uuid> values;
  ForEachElement(Value(row, column), [&](uint32_t type, std::string_view value) {
    CHECK(Is(type, PgType::kUuid));
    values.push_back(UuidFrom(value));
  });
  return values;
}

uint32_t Rows::TypeOf(int column) const {
  return PQftype(result_.get(), column);
}

std::string_view Rows::Value(int row, int column) const {
  CHECK(!IsNull(row, column));
  return {PQgetvalue(result_.get(), row, column), static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

}  // namespace turnpike
