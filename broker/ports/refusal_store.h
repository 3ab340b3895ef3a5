#pragma once
// Jobs that no share could run or that funds did not cover: they are demand, kept for those who plan capacity.
// Thread-safe; every call is a transaction.

#include <string>

#include "base/error_reason.h"
#include "base/ids.h"

namespace turnpike {

struct QuoteRefusal {
  ErrorReason reason = ErrorReason::kNoSiteFits;
  std::string request;  // what was asked for, encoded (broker/core/stored_request.h)
  std::string detail;   // the sentence that its user got
};

class RefusalStore {
 public:
  virtual ~RefusalStore() = default;
  virtual Status Keep(ProjectId project_id, const QuoteRefusal& refusal) = 0;
};

}  // namespace turnpike
