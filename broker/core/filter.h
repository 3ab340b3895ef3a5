#pragma once
// Why a share will not do for a request.  Pure and cheap: the reason is an enum; the sentence is made only when
// somebody asks.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "billing/core/price_book.h"
#include "broker/core/federation.h"
#include "broker/core/job_request.h"
#include "broker/core/match_policy.h"
#include "broker/core/network.h"
#include "broker/core/share_pause.h"

namespace turnpike {

enum class RefusalReason {
  // Never, as the request and the share are.
  kSiteNotChosen,
  kSiteExcluded,
  kRegion,
  kShareAvoided,
  kArchitecture,
  kAcceleratorModel,
  kAcceleratorsPerNode,
  kCoresPerNode,
  kMemoryPerNode,
  kNodesMax,
  kCoresMax,
  kTimeLimitMax,
  kTimeLimitMissing,
  kNotGuarded,
  kUnit,
  kBudget,
  kDeadline,
  // Not now.  A job that the first three speak against is not even taken on, one that waits already goes on waiting.
  kNodesTotal,  // of those in service: a drained node comes back
  kNoPrice,
  kRoundTrip,  // it is measured again
  kSiteNotActive,
  kSiteDraining,
  kSiteOffline,
  kSiteSilent,
  kLoadStale,
  kShareClosed,
  kShareFailing,
  kMaintenance,
  kStartTooLate,
  kFailedHere,
  kProjectPaused,
  kPriceAboveObjective,
  kFull,
  kOfferLimit,
};
constexpr RefusalReason kRefusalReasons[] = {RefusalReason::kSiteNotChosen,
                                             RefusalReason::kSiteExcluded,
                                             RefusalReason::kRegion,
                                             RefusalReason::kShareAvoided,
                                             RefusalReason::kArchitecture,
                                             RefusalReason::kAcceleratorModel,
                                             RefusalReason::kAcceleratorsPerNode,
                                             RefusalReason::kCoresPerNode,
                                             RefusalReason::kMemoryPerNode,
                                             RefusalReason::kNodesMax,
                                             RefusalReason::kCoresMax,
                                             RefusalReason::kTimeLimitMax,
                                             RefusalReason::kTimeLimitMissing,
                                             RefusalReason::kNotGuarded,
                                             RefusalReason::kUnit,
                                             RefusalReason::kBudget,
                                             RefusalReason::kDeadline,
                                             RefusalReason::kNodesTotal,
                                             RefusalReason::kNoPrice,
                                             RefusalReason::kRoundTrip,
                                             RefusalReason::kSiteNotActive,
                                             RefusalReason::kSiteDraining,
                                             RefusalReason::kSiteOffline,
                                             RefusalReason::kSiteSilent,
                                             RefusalReason::kLoadStale,
                                             RefusalReason::kShareClosed,
                                             RefusalReason::kShareFailing,
                                             RefusalReason::kMaintenance,
                                             RefusalReason::kStartTooLate,
                                             RefusalReason::kFailedHere,
                                             RefusalReason::kProjectPaused,
                                             RefusalReason::kPriceAboveObjective,
                                             RefusalReason::kFull,
                                             RefusalReason::kOfferLimit};

std::string_view RefusalReasonName(RefusalReason reason);  // "CORES_PER_NODE"
// Waiting will not help: only another request or another share will.
bool IsPermanent(RefusalReason reason);

// One share, seen for one request.
struct ShareCandidate {
  const SiteInfo& site;
  const ShareView& share;
  const PoolLoad& pool;
  const RateSet* rates = nullptr;        // by the job's price list; nullptr: no price
  const NetworkView* network = nullptr;  // nullptr: nothing was measured
  const SharePause* pause = nullptr;     // of the job's project there, for the sentence; nullptr: none
  Timestamp now{};
};

// What the filter worked out on the way, for the score and the hold.
struct Fit {
  CapacityNeed need;
  std::chrono::seconds time_limit{0};
  int64_t ceiling_micros = 0;
  std::chrono::seconds wait{0};  // before this round took anything
  // Waiting longer, it would run into maintenance or miss its deadline.
  Duration wait_max = Duration::max();
  RefusalReason late = RefusalReason::kMaintenance;
};

// `eligible`: the share could run it, now or at another time, and `fit` is complete; a refusal then is one of "not
// now".
struct FilterVerdict {
  std::optional<RefusalReason> refusal;  // nullopt: nothing against it
  bool eligible = false;
  Fit fit;
};

// Everything but free capacity, pauses and comparison with other shares.
FilterVerdict Filter(const JobRequest& request, const ShareCandidate& candidate, const MatchPolicy& policy);

// "needs 128 cores on one node, alpha/main has 64".
std::string RefusalSentence(RefusalReason reason, const JobRequest& request, const ShareCandidate& candidate);

}  // namespace turnpike
