#pragma once
// What one report does to its attempt and to the job: the broker's half of the dispatch protocol (docs/dispatch.md), as
// a pure function. Applied in the journal's order; each report once; an old or repeated one changes nothing; one that
// contradicts what is known is refused and kept for a person.

#include <optional>
#include <string>

#include "base/resources.h"
#include "base/status.h"
#include "broker/core/attempt_state.h"
#include "broker/core/job_view.h"
#include "broker/core/retry_policy.h"
#include "broker/core/site_report.h"

namespace turnpike {

// An attempt and its job, as they stand; changed in place by each report.
struct AttemptStanding {
  AttemptId attempt_id;
  AttemptState state = AttemptState::kOffered;
  int64_t fence = 0;
  int64_t price_version = 0;
  ResourceAmounts amounts;  // what the share allocates to it
  bool cancel_wanted = false;
  Timestamp offered_at{};  // by our own clock
  std::string cluster;
  std::string local_job_id;
  std::optional<Timestamp> submitted_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> ended_at;
  std::string detail;  // how it ended, in the site's words
  JobView job;
  int64_t start_count = 0;  // attempts of the job that started, this one included once it has
  int64_t attempts_max = 0;
  bool rerun_safe = false;
};

// What the agent is told at once, in the same transaction's wake.
enum class ClaimAnswer { kNone, kGo, kGone };

// What is to be done about money when the attempt has ended.
enum class ChargeStep {
  kNone,       // the attempt goes on
  kNothing,    // it never started: nothing is charged
  kNow,        // the usage is known
  kWhenKnown,  // it ran; the usage comes later, or is settled from what we know
};

// What the end of an attempt says of its share.
enum class SiteProof {
  kNone,
  kSound,   // the job ran as far as it could
  kFailed,  // it was the site's fault
};

struct ReportEffect {
  std::optional<std::string> refused;  // why; nothing has changed
  ClaimAnswer answer = ClaimAnswer::kNone;
  bool attempt_changed = false;
  std::optional<JobEvent> job_event;  // the job's state changed by this event
  bool job_changed = false;           // the job's view changed, with or without its state
  bool refused_for_ever = false;      // this share will never take the job: avoid it
  SiteProof proof = SiteProof::kNone;
  bool back_pressure = false;  // this share takes nothing more of the project for a while
  ChargeStep charge = ChargeStep::kNone;
  std::optional<UsageFigures> usage;  // with kNow
};

// Why such a report cannot be true of an attempt in this state, final or not.  A claim never is refused: it is
// answered.
std::optional<std::string> Contradiction(AttemptState state, const SiteReport& report);

ReportEffect ApplyReport(AttemptStanding& standing, const SiteReport& report, Timestamp now);

// An attempt that is over must not stay open because of how its end was told: of a report that is refused, this much is
// applied.  nullopt: it tells of no end.
std::optional<SiteReport> EndAlone(const SiteReport& report);

// The broker takes an offer back that nobody claimed: an older claim finds a higher fence, the job waits again.
// INTERNAL: it is no offer any more.
Status Withdraw(AttemptStanding& standing, std::string why);

// A charge, or the end of a hold, may follow from it: whoever applies it holds the locks of the account and the hold.
bool MayMoveMoney(ReportKind kind);

}  // namespace turnpike
