#pragma once
// What every share says to a request, and why a job is where it is, for people.  Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/job_view.h"
#include "broker/core/share_check.h"

namespace turnpike {

// One share's verdict in words.
struct ExplainedShare {
  ShareVerdict verdict;
  std::string site;
  std::string share;
  bool chosen = false;      // the matcher would take it now
  std::string refusal;      // "CORES_PER_NODE"; empty: nothing is against it
  std::string explanation;  // the same in a sentence
  bool permanent = false;   // waiting will not help
  std::vector<ShareCheck> checks;
};

// Best first: what could take it now, then what could later, each by score, then those that cannot.
std::vector<ExplainedShare> ExplainShares(const JobRequest& request, const Evaluation& evaluation,
                                          const MatchSetting& setting, std::optional<ProjectId> project_id = {});

// Job.reason of one that waits, where no round has said it.
std::string EvaluatedReason(const JobRequest& request, const Evaluation& evaluation, const MatchSetting& setting,
                            std::optional<ProjectId> project_id);

// In one sentence, for a job that waits …
std::string WaitingSummary(const std::string& reason, int64_t jobs_ahead);
// … and for one that a site has, or that has ended.  `time_limit`: what is in force there; 0: unknown.
std::string JobSummary(const JobView& job, std::chrono::seconds time_limit);

}  // namespace turnpike
