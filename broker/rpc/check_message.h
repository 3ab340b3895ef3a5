#pragma once
// What is wrong with any message of the contract, whatever its fields mean.

#include <google/protobuf/message.h>

#include <string>

#include "base/error_reason.h"

namespace turnpike {

// NUL bytes, fields that this broker does not know, enum values that the contract does not have.  `path` is where the
// message stands in the request ("spec", "specs[3]"; empty: it is the request), and begins the path of each violation.
void CheckMessage(const google::protobuf::Message& message, const std::string& path, FieldViolations& violations);

// NUL bytes alone, in a whole request; the JobSpecs inside are left to DecodeSpec.
void CheckText(const google::protobuf::Message& request, FieldViolations& violations);

}  // namespace turnpike
