#pragma once
// What a statement returned: rows of binary columns, read by row and column number.  Reading a column as what it is not
// is our own bug and ends the process (CHECK); so is reading NULL without an Optional.  Views hold as long as the
// object.  Not shared by threads.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

struct pg_result;

namespace turnpike {

class Rows {
 public:
  Rows() = default;                  // none
  explicit Rows(pg_result* result);  // takes it over

  int size() const;
  bool empty() const { return size() == 0; }
  int column_count() const;
  // How many rows INSERT, UPDATE or DELETE touched.
  int64_t affected() const;

  bool IsNull(int row, int column) const;
  bool Bool(int row, int column) const;
  int64_t Int(int row, int column) const;            // smallint, integer, bigint, oid, xid, xid8
  std::string_view Text(int row, int column) const;  // text, varchar, name, json, enums
  std::string_view Bytes(int row, int column) const;
  Timestamp Time(int row, int column) const;
  Uuid UuidAt(int row, int column) const;
  template <class AnyId>
  AnyId Id(int row, int column) const {
    return AnyId(UuidAt(row, column));
  }

  std::optional<bool> OptionalBool(int row, int column) const;
  std::optional<int64_t> OptionalInt(int row, int column) const;
  std::optional<std::string> OptionalText(int row, int column) const;
  std::optional<std::string> OptionalBytes(int row, int column) const;
  std::optional<Timestamp> OptionalTime(int row, int column) const;
  std::optional<Uuid> OptionalUuid(int row, int column) const;
  template <class AnyId>
  std::optional<AnyId> OptionalId(int row, int column) const {
    return IsNull(row, column) ? std::nullopt : std::optional<AnyId>(Id<AnyId>(row, column));
  }

  // Arrays of one dimension without NULLs.
  std::vector<int64_t> IntArray(int row, int column) const;
  std::vector<std::string> TextArray(int row, int column) const;
  std::vector<Uuid> UuidArray(int row, int column) const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  uint32_t TypeOf(int column) const;
  // The bytes of a value that is not NULL.
  std::string_view Value(int row, int column) const;

  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace turnpike
