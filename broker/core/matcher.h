#pragma once
// The matcher: waiting jobs, shares and prices in; a plan and the reasons out.  Pure, and the same bits each time: live
// placement, quotes, explanations and replays all run this code.  Greedy, projects taking turns (turn_order.h), with
// capacity taken after each assignment. Late binding: a job is placed only where it fits what is idle now or where the
// share's small buffer has room; else it stays. Costs classes x shares + placed jobs: the first job of a class that
// finds no share speaks for the whole class in that round.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/resources.h"
#include "base/time.h"
#include "billing/core/price_book.h"
#include "broker/core/fair_share.h"
#include "broker/core/federation.h"
#include "broker/core/filter.h"
#include "broker/core/match_policy.h"
#include "broker/core/network.h"
#include "broker/core/score.h"
#include "broker/core/share_pause.h"
#include "broker/core/waiting_index.h"

namespace turnpike {

// The rates of every share, in the order of FederationView::shares, by one set of price book versions.
struct PriceList {
  int64_t id = 0;  // JobRequest::price_list
  std::vector<std::optional<RateSet>> rates;
};

// nullptr: no such list, or no price for the share in it.
const RateSet* RatesIn(std::span<const PriceList> lists, int64_t id, uint32_t share);

struct MatchSetting {
  const FederationView& federation;
  std::span<const PriceList> price_lists;
  const MatchPolicy& policy;
  Timestamp now{};
  std::span<const SharePause> pauses = {};
  std::span<const ProjectStanding> standings = {};  // of projects, for whose turn it is
  const NetworkView* network = nullptr;             // nullptr: nothing was measured, or no job asks for it
};

struct Assignment {
  JobId job_id;
  int64_t version = 0;      // of the job when it was planned
  uint32_t share = 0;       // index into FederationView::shares
  ResourceAmounts amounts;  // what the site will hold
  std::chrono::seconds time_limit{0};
  int64_t ceiling_micros = 0;
  Timestamp expected_start{};
  Timestamp expected_end{};
  bool fits_now = false;  // else it goes into the share's buffer
  Score score;
  friend bool operator==(const Assignment&, const Assignment&) = default;
};

struct ShareRefusal {
  uint32_t share = 0;
  RefusalReason reason = RefusalReason::kFull;
  friend bool operator==(const ShareRefusal&, const ShareRefusal&) = default;
};

// A class of which jobs stay: why each share would not do, for the first one that stayed.
struct ClassRefusal {
  ClassIndex class_index = 0;
  std::optional<ProjectId> project_id;  // set: of this project only, which is paused at some share
  std::vector<ShareRefusal> refusals;   // one for every share, in share order
  friend bool operator==(const ClassRefusal&, const ClassRefusal&) = default;
};

struct Plan {
  std::vector<Assignment> assignments;  // in the order of turns
  std::vector<ClassRefusal> refusals;   // by class index
  bool cut_short = false;               // assignments_max was reached: run another round
  friend bool operator==(const Plan&, const Plan&) = default;
};

Plan Match(const WaitingIndex& waiting, const MatchSetting& setting);

// A round over these classes alone: after a full round that found no room for the others, while nothing came free, the
// new arrivals are all there is to look at.
Plan MatchClasses(const WaitingIndex& waiting, std::span<const ClassIndex> classes, const MatchSetting& setting);

}  // namespace turnpike
