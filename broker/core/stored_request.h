#pragma once
// A JobRequest as the database keeps it, once per class, and the id of the class.

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "broker/core/job_request.h"

namespace turnpike {

std::string EncodeJobRequest(const JobRequest& request);
Result<JobRequest> DecodeJobRequest(std::string_view bytes);
// The first 16 bytes of SHA-256 over the encoded request: equal requests, equal class.
Uuid ClassIdOf(std::string_view encoded_request);

}  // namespace turnpike
