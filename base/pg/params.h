#pragma once
// The bound parameters of one statement, in PostgreSQL's binary form and in the order of $1, $2, …  Each call adds one
// and fixes its type: bigint, text, bytea, uuid, timestamptz, boolean, or an array of these.  A column of another width
// is reached through the statement's own cast ($1::smallint).  Not shared by threads.
//
//   Params().Id(project).IntArray(versions).Time(now)

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/ids.h"
#include "base/pg/pg_type.h"
#include "base/time.h"

namespace turnpike {

// An Id<…> of base/ids.h.
template <class T>
concept StrongId = requires(const T& id) { T(id.uuid()); };

class Params {
 public:
  Params& Bool(bool value);
  Params& Int(int64_t value);
  Params& Text(std::string_view value);
  Params& Bytes(std::string_view value);
  Params& Id(const Uuid& value);
  template <StrongId AnyId>
  Params& Id(const AnyId& value) {
    return Id(value.uuid());
  }
  Params& Time(Timestamp value);
  Params& Null(PgType type);

  Params& OptionalBool(std::optional<bool> value);
  Params& OptionalInt(std::optional<int64_t> value);
  Params& OptionalText(const std::optional<std::string>& value);
  Params& OptionalBytes(const std::optional<std::string>& value);
  Params& OptionalId(const std::optional<Uuid>& value);
  template <StrongId AnyId>
  Params& OptionalId(const std::optional<AnyId>& value) {
    return value ? Id(value->uuid()) : Null(PgType::kUuid);
  }
  Params& OptionalTime(std::optional<Timestamp> value);

  Params& BoolArray(const std::vector<bool>& values);
  Params& IntArray(std::span<const int64_t> values);
  Params& TextArray(std::span<const std::string> values);
  Params& TextArray(std::span<const std::string_view> values);
  Params& BytesArray(std::span<const std::string> values);
  Params& BytesArray(std::span<const std::string_view> values);
  Params& IdArray(std::span<const Uuid> values);
  template <StrongId AnyId>
  Params& IdArray(const std::vector<AnyId>& values) {
    return IdArray(std::span<const Uuid>(UuidsOf(values)));
  }
  Params& TimeArray(std::span<const Timestamp> values);

  // With NULL for an element that is not there.
  Params& OptionalBoolArray(std::span<const std::optional<bool>> values);
  Params& OptionalIntArray(std::span<const std::optional<int64_t>> values);
  Params& OptionalTextArray(std::span<const std::optional<std::string>> values);
  Params& OptionalBytesArray(std::span<const std::optional<std::string>> values);
  Params& OptionalIdArray(std::span<const std::optional<Uuid>> values);
  template <StrongId AnyId>
  Params& OptionalIdArray(const std::vector<std::optional<AnyId>>& values) {
    return OptionalIdArray(std::span<const std::optional<Uuid>>(OptionalUuidsOf(values)));
  }
  Params& OptionalTimeArray(std::span<const std::optional<Timestamp>> values);

  int size() const { return static_cast<int>(parts_.size()); }
  // As libpq wants them; the pointers hold while this object is neither changed nor moved.
  std::vector<uint32_t> Types() const;
  std::vector<const char*> Values() const;
  std::vector<int> Lengths() const;

 private:
  struct Part {
    PgType type;
    size_t begin = 0;
    int length = 0;
    bool is_null = false;
  };

  template <StrongId AnyId>
  static std::vector<Uuid> UuidsOf(const std::vector<AnyId>& ids) {
    std::vector<Uuid> uuids;
    uuids.reserve(ids.size());
    for (const AnyId& id : ids) {
      uuids.push_back(id.uuid());
    }
    return uuids;
  }
  template <StrongId AnyId>
  static std::vector<std::optional<Uuid>> OptionalUuidsOf(const std::vector<std::optional<AnyId>>& ids) {
    std::vector<std::optional<Uuid>> uuids;
    uuids.reserve(ids.size());
    for (const std::optional<AnyId>& id : ids) {
      uuids.push_back(id ? std::optional<Uuid>(id->uuid()) : std::nullopt);
    }
    return uuids;
  }

  template <class Value>
  Params& PutOne(PgType type, const Value& value);
  template <class Value>
  Params& PutOptional(PgType type, const std::optional<Value>& value);
  template <class Elements>
  Params& PutArray(PgType element, const Elements& values);
  Params& Close(PgType type, size_t begin);

  std::string bytes_;
  std::vector<Part> parts_;
};

}  // namespace turnpike
