#pragma once
// Failpoints: places where a test makes the process die, stop or fail, to prove that every crash is survived
// (docs/faults.md). Compiled in only with TURNPIKE_FAILPOINTS; a release has none.
//
//   TURNPIKE_FAILPOINT("submit.pre_commit");
//   TURNPIKE_FAILPOINT_STATUS("journal.sync");      // returns an error from the enclosing function
//   if (TURNPIKE_RULE_IS_BROKEN("submit.hold")) {   // leaves a safety rule out, to prove that the checker of runs sees
//   it
//
// The environment variable TURNPIKE_FAILPOINTS arms them: "name=action[@n]" separated by commas; actions are kill
// (SIGKILL to the own process), stop (SIGSTOP to the own process), error (only where one can be returned) and break (a
// safety rule is left out, at every passage); @n acts at the n-th passage only (1 without it).  Where
// TURNPIKE_FAILPOINT_LOG names a file, each armed failpoint appends a line to it before it acts, so that a test can
// tell that it was reached.  An unknown name in the environment is no error: one variable serves several processes.

#include <string_view>

#include "base/status.h"

namespace turnpike {

// Does what the environment says for this name.  Thread-safe.
void PassFailpoint(std::string_view name);
Status PassFailpointStatus(std::string_view name);
bool RuleIsBroken(std::string_view name);

}  // namespace turnpike

#if defined(TURNPIKE_FAILPOINTS)
#define TURNPIKE_FAILPOINT(name) ::turnpike::PassFailpoint(name)
#define TURNPIKE_FAILPOINT_STATUS(name) RETURN_IF_ERROR(::turnpike::PassFailpointStatus(name))
#define TURNPIKE_RULE_IS_BROKEN(name) ::turnpike::RuleIsBroken(name)
#else
#define TURNPIKE_FAILPOINT(name) static_cast<void>(0)
#define TURNPIKE_FAILPOINT_STATUS(name) static_cast<void>(0)
#define TURNPIKE_RULE_IS_BROKEN(name) false
#endif
