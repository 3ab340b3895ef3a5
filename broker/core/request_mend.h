#pragma once
// The smallest change of a request after which a share no longer refuses it for a reason.  Pure.

#include <optional>
#include <string>

#include "broker/core/filter.h"

namespace turnpike {

// Changes the request, and says to its user what was changed, with the flag of `turnpike submit`.  nullopt: no change
// of the request helps, and it is as it was.
std::optional<std::string> MendRequest(RefusalReason reason, const ShareCandidate& candidate, JobRequest& request);

}  // namespace turnpike
