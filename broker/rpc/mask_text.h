#pragma once
// Makes a message readable whose strings are not all UTF-8: the parser would refuse it whole, without a word about
// where.

#include <google/protobuf/descriptor.h>

#include <string>

namespace turnpike {

// In each string field that is not UTF-8, every byte beyond ASCII becomes NUL, which nobody may send either: CheckText
// then names the field.  No length changes.  Bytes that are no message of this type stay for the parser to refuse.
void MaskInvalidText(const google::protobuf::Descriptor& type, std::string& bytes);

}  // namespace turnpike
