#pragma once
// The types of PostgreSQL that statements bind and read; each value is the type's fixed number (pg_type.oid).

#include <cstdint>

namespace turnpike {

enum class PgType : uint32_t {
  kBool = 16,
  kBytes = 17,
  kInt = 20,  // bigint
  kText = 25,
  kTime = 1184,  // timestamptz: microseconds since 2000-01-01T00:00:00Z
  kUuid = 2950,
  kBoolArray = 1000,
  kBytesArray = 1001,
  kTextArray = 1009,
  kIntArray = 1016,
  kTimeArray = 1185,
  kUuidArray = 2951,
};

}  // namespace turnpike
