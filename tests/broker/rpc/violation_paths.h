#pragma once
// Which fields a refusal names.

#include <string>
#include <vector>

#include "base/error_reason.h"

namespace turnpike {

inline std::vector<std::string> PathsOf(const Status& status) {
  std::vector<std::string> paths;
  for (const FieldViolation& violation : DetailsOf(status).violations) {
    paths.push_back(violation.path);
  }
  return paths;
}

}  // namespace turnpike
