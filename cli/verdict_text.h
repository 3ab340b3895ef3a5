#pragma once
// What the shares say to a job, for a person.  Pure.

#include <google/protobuf/repeated_ptr_field.h>

#include <string>

#include "turnpike/v1/quote.pb.h"

namespace turnpike {

struct VerdictFormat {
  std::string unit;
  bool color = false;
};

// One line a share; then, for those that do not take it, what they lack.
std::string VerdictsText(const google::protobuf::RepeatedPtrField<v1::ShareVerdict>& shares,
                         const VerdictFormat& format);

}  // namespace turnpike
