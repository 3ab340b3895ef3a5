#pragma once
// The answer to a submission as it is stored with its request key, so that a repeat gets the same one.

#include <string>
#include <string_view>
#include <vector>

#include "broker/core/job_view.h"

namespace turnpike {

std::string EncodeAnswer(const std::vector<Result<JobView>>& results);
Result<std::vector<Result<JobView>>> DecodeAnswer(std::string_view bytes);

}  // namespace turnpike
