#include "broker/pg/data_error.h"

#include <algorithm>
#include <string>

#include "base/pg/sql_status.h"

namespace turnpike {
namespace {

constexpr std::string_view kDataException = "22";
constexpr std::string_view kConstraints[] = {"23502", "23514"};  // NOT NULL, CHECK

}  // namespace

bool IsDataError(const Status& status) {
  const std::string sqlstate = SqlStateOf(status);
  return sqlstate.starts_with(kDataException) || std::ranges::find(kConstraints, sqlstate) != std::end(kConstraints);
}

}  // namespace turnpike
