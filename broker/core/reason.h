#pragma once
// Job.reason: one sentence for a person, from what the shares said.

#include <optional>
#include <span>
#include <string>

#include "broker/core/matcher.h"

namespace turnpike {

constexpr size_t kReasonBytesMax = 400;

// "alpha/main is full; 2 shares cannot ever run it: gamma/cpu has 64 cores on a node, 128 are needed".  At most
// kReasonBytesMax bytes.  `project_id`: whose refusals they are, where a pause made them that project's own.
std::string WaitingReason(const JobRequest& request, std::span<const ShareRefusal> refusals,
                          const MatchSetting& setting, std::optional<ProjectId> project_id = {});

// The candidate that a refusal speaks of, for RefusalSentence.
ShareCandidate CandidateOf(const JobRequest& request, uint32_t share, const MatchSetting& setting,
                           std::optional<ProjectId> project_id = {});

}  // namespace turnpike
