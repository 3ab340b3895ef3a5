#pragma once
// What --json prints: exactly one document on standard output, protobuf's own JSON mapping (lowerCamel names, int64 as
// text), every field that has no presence of its own written out, so that a reader finds the same keys each time.

#include <google/protobuf/message.h>

#include <ostream>
#include <string>

#include "base/status.h"

namespace turnpike {

Result<std::string> ToJson(const google::protobuf::Message& message);
Status PrintJson(const google::protobuf::Message& message, std::ostream& out);

// {"error": {"code", "reason", "message", "violations", "metadata", "retryAfter", "exitCode"}}.
std::string ErrorToJson(const Status& status);

}  // namespace turnpike
