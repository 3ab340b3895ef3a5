#pragma once
// The word for a share's refusal, for programs: metrics count by it.

#include <string_view>

#include "broker/core/filter.h"

namespace turnpike {

std::string_view RefusalReasonName(RefusalReason reason);  // "SITE_OFFLINE"

}  // namespace turnpike
