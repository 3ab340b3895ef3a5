#pragma once
// The idempotency key of one call: the same key with the same hash is the same call, with another hash a mistake.

#include <string>

#include "base/digest.h"
#include "base/ids.h"

namespace turnpike {

struct RequestKey {
  ProjectId project_id;  // nil: a call of no project
  std::string method;    // "SubmitJob"
  RequestId request_id;
  Sha256Digest request_hash{};  // over the canonical request without its id
};

}  // namespace turnpike
