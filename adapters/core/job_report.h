#pragma once
// The facts that an agent tells the broker, as plain values; adapters/link turns them into the Report of
// site_link.proto.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "adapters/core/local_job.h"
#include "base/ids.h"
#include "base/resources.h"
#include "base/time.h"

namespace turnpike {

struct UsageFact {
  ResourceSeconds used{};
  bool provisional = false;  // from the wrapper's own record: the scheduler's accounting does not have it
  friend bool operator==(const UsageFact&, const UsageFact&) = default;
};

struct ClaimedFact {
  friend bool operator==(const ClaimedFact&, const ClaimedFact&) = default;
};
struct SubmittedFact {
  std::string cluster{};
  std::string local_job_id{};
  Timestamp submit_time{};
  friend bool operator==(const SubmittedFact&, const SubmittedFact&) = default;
};
struct AmbiguousFact {
  std::string detail{};
  friend bool operator==(const AmbiguousFact&, const AmbiguousFact&) = default;
};
struct StartedFact {
  Timestamp start_time{};
  friend bool operator==(const StartedFact&, const StartedFact&) = default;
};
struct EndedFact {
  EndCause cause = EndCause::kUnknown;
  FaultClass fault = FaultClass::kNone;
  std::optional<int> exit_code{};  // only where the program ended by itself
  int exit_signal = 0;
  Timestamp start_time{};
  Timestamp end_time{};
  std::string site_state{};
  std::string site_reason{};
  std::optional<UsageFact> usage{};  // absent: a UsageFact follows
  friend bool operator==(const EndedFact&, const EndedFact&) = default;
};
enum class NotStartedKind { kRefused, kBackPressure, kFenced, kNotEligible };
struct NotStartedFact {
  NotStartedKind kind = NotStartedKind::kFenced;
  std::string detail{};
  friend bool operator==(const NotStartedFact&, const NotStartedFact&) = default;
};
struct InterruptedFact {
  std::string detail{};
  std::optional<Timestamp> start_time{};
  std::optional<Timestamp> last_seen_time{};
  std::optional<UsageFact> usage{};
  friend bool operator==(const InterruptedFact&, const InterruptedFact&) = default;
};
struct OrphanFact {
  std::string tag{};
  std::string local_job_id{};
  friend bool operator==(const OrphanFact&, const OrphanFact&) = default;
};
struct SiteStateChangedFact {
  std::string site_state{};
  std::string site_reason{};
  friend bool operator==(const SiteStateChangedFact&, const SiteStateChangedFact&) = default;
};

// In the order of the contract's `oneof fact`; the journal stores the index, so new ones go to the end.
using Fact = std::variant<ClaimedFact, SubmittedFact, AmbiguousFact, StartedFact, EndedFact, NotStartedFact,
                          InterruptedFact, UsageFact, OrphanFact, SiteStateChangedFact>;

struct JobReport {
  int64_t seq = 0;       // given by the journal: 1, 2, 3 … without gaps
  AttemptId attempt_id;  // nil: a fact about the site (OrphanFact)
  int64_t fence = 0;
  Timestamp time{};
  Fact fact;
  friend bool operator==(const JobReport&, const JobReport&) = default;
};

// "ENDED": for logs and tools.
std::string_view FactName(const Fact& fact);

}  // namespace turnpike
