#pragma once
// What a site's agent reports of an attempt, as the broker's core sees it.  The contract's Report, decoded.

#include <cstdint>
#include <optional>
#include <string>

#include "base/end_cause.h"
#include "base/ids.h"
#include "base/resources.h"
#include "base/time.h"

namespace turnpike {

enum class ReportKind {
  kClaimed,
  kSubmitted,
  kAmbiguous,
  kStarted,
  kEnded,
  kNotStarted,
  kInterrupted,
  kUsage,
  kOrphan,
  kSiteState,
  kUnreadable,  // of a newer agent, or damaged: `detail` says what; nothing of it is applied
};
std::string_view ReportKindName(ReportKind kind);  // "claimed", …

// Why an attempt did not start.
enum class NotStartedKind { kRefused, kBackPressure, kFenced, kNotEligible };

struct UsageFigures {
  ResourceSeconds used;
  bool provisional = false;  // from the wrapper's own record
};

struct SiteReport {
  int64_t seq = 0;
  std::optional<AttemptId> attempt_id;  // absent: about the site
  int64_t fence = 0;
  Timestamp at{};  // the site's clock
  ReportKind kind = ReportKind::kSiteState;
  std::string cluster;                   // kSubmitted
  std::string local_job_id;              // kSubmitted, kOrphan
  std::optional<Timestamp> submit_time;  // kSubmitted
  std::optional<Timestamp> start_time;   // kStarted, kEnded, kInterrupted
  std::optional<Timestamp> end_time;     // kEnded; kInterrupted: last seen
  EndCause cause = EndCause::kNone;      // kEnded
  FaultClass fault = FaultClass::kNone;  // kEnded
  std::optional<int64_t> exit_code;      // kEnded
  int64_t exit_signal = 0;               // kEnded
  NotStartedKind not_started = NotStartedKind::kRefused;
  std::string site_state;  // the scheduler's own words
  std::string site_reason;
  std::string detail;
  std::optional<UsageFigures> usage;  // kEnded, kInterrupted, kUsage
};

}  // namespace turnpike
