#pragma once
// turnpike-broker replay: runs recorded rounds of placement again and prints what comes out.

#include <string>

#include "base/status.h"
#include "broker/pg/round_rows.h"

namespace turnpike {

// `database` as role turnpike_placement; nothing is changed.  True: every round of the range came out as it is
// recorded.
Result<bool> RunReplay(const std::string& database, const RoundRange& range);

}  // namespace turnpike
