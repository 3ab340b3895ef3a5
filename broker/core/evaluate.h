#pragma once
// One request against every share, without placing anything: the table behind quotes, explanations and the hold at
// submission.

#include <cstdint>
#include <optional>
#include <vector>

#include "broker/core/matcher.h"

namespace turnpike {

// What one share says to the request.
struct ShareVerdict {
  uint32_t share = 0;
  std::optional<RefusalReason> refusal;  // kFull, kPriceAboveObjective and other "not now": the fit below still holds
  bool eligible = false;                 // could run it, now or later: fit is complete
  Fit fit;
  std::chrono::seconds wait{0};  // with eligible
  Timestamp expected_start{};
  Timestamp expected_end{};
  Score score;
};

struct Evaluation {
  std::vector<ShareVerdict> verdicts;  // in share order
  std::optional<uint32_t> best;        // the share that the matcher would take now
  int64_t ceiling_max_micros = 0;      // over the eligible shares: what a hold must cover
  int64_t ceiling_min_micros = 0;

  bool any_eligible() const;
  bool can_ever_run() const;  // not every refusal is permanent
  std::vector<ShareRefusal> refusals() const;
};

// `project_id`: whose pauses count; nullopt: nobody's.
Evaluation Evaluate(const JobRequest& request, const MatchSetting& setting, std::optional<ProjectId> project_id = {});

}  // namespace turnpike
