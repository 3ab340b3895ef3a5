#pragma once
// Why a run ended, and who caused a failure.  Sites report these words and the broker stores them; the contract has the
// same ones.

#include <optional>
#include <string_view>

namespace turnpike {

enum class EndCause {
  kNone,          // it has not ended
  kProgramEnded,  // by itself, with any code or by a signal
  kTimeLimit,
  kOutOfMemory,
  kSiteInterrupted,  // a node or the site failed under it
  kPreempted,
  kCancelledByUser,
  kCancelledBySite,
  kRefused,  // every site that could run it refused it
  kUnknown,  // the scheduler did not tell
};

// Decides about retry and refund.
enum class FaultClass { kNone, kUser, kSite, kBroker, kData, kPolicy };

std::string_view EndCauseName(EndCause cause);  // "PROGRAM_ENDED"; "" for kNone
std::optional<EndCause> ParseEndCause(std::string_view name);
std::string_view FaultClassName(FaultClass fault);  // "USER"; "" for kNone
std::optional<FaultClass> ParseFaultClass(std::string_view name);

}  // namespace turnpike
