#pragma once
// The start guard, agent's side.  One name in the attempt's folder decides for ever whether the attempt may start:
// whoever takes it. Taken by writing a private file that names its maker, linking it to the guard's name, and reading
// the guard back: only its content is believed, because a network file system may answer a repeated link request with
// "exists" to its own maker.

#include <string>
#include <string_view>

#include "adapters/core/evidence.h"
#include "adapters/host/attempt_directory.h"
#include "base/status.h"

namespace turnpike {

inline constexpr char kGuardPrefix[] = "guard-";
// With the secret part.
std::string GuardName(const AttemptId& attempt_id, std::string_view site_key);

// kUnknown with a folder that cannot be read, a content that nobody of ours wrote, or a guard of another name: then the
// attempt was made under another key, and whoever took that guard decides.
GuardState ReadGuard(const AttemptDirectory& directory, const std::string& guard_name);

// Tries to take it and tells who has it now: kTakenByAgent (also where an earlier agent took it) or kTakenByWrapper.
Result<GuardState> TakeGuard(const AttemptDirectory& directory, const std::string& guard_name,
                             const std::string& private_suffix);

}  // namespace turnpike
