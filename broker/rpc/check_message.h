#pragma once
// What is wrong with any message of the contract, whatever its fields mean: NUL bytes, fields that this broker does not
// know, enum values that the contract does not have.

#include <google/protobuf/message.h>

#include <string>

#include "base/error_reason.h"

namespace turnpike {

// Walks the whole message; `path` is where it stands in the request ("spec", "specs[3]"), and begins the path of each
// violation.
void CheckMessage(const google::protobuf::Message& message, const std::string& path, FieldViolations& violations);

}  // namespace turnpike
