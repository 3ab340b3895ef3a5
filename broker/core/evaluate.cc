#include "broker/core/evaluate.h"

#include <algorithm>

#include "broker/core/class_shares.h"

namespace turnpike {
namespace {

bool IsPaused(uint32_t share, const MatchSetting& setting, std::optional<ProjectId> project_id) {
  return project_id && std::ranges::any_of(setting.pauses, [&](const SharePause& pause) {
           return pause.share == share && pause.project_id == *project_id && pause.until > setting.now;
         });
}

// What stands in the way now is over by then.
Timestamp StartAt(const ShareView& share, const RunSpan& run) {
  RunSpan free = run;
  if (share.breaker && share.breaker->open_until) {
    free.start = std::max(free.start, *share.breaker->open_until);
  }
  return StartAround(share.load.windows, free);
}

ShareVerdict VerdictFor(const ClassShare& candidate, const FilterVerdict& filtered, const RoundCapacity& capacity,
                        const MatchSetting& setting) {
  ShareVerdict verdict;
  verdict.share = candidate.share;
  verdict.refusal = filtered.refusal;
  verdict.eligible = filtered.eligible;
  if (!filtered.eligible) {
    return verdict;
  }
  verdict.fit = filtered.fit;
  verdict.wait = capacity.Wait(candidate);
  verdict.expected_start = StartAt(setting.federation.shares[candidate.share],
                                   {.start = setting.now + verdict.wait, .time_limit = filtered.fit.time_limit});
  verdict.expected_end = verdict.expected_start + filtered.fit.time_limit;
  if (!verdict.refusal) {
    verdict.refusal = capacity.Refusal(candidate);
  }
  return verdict;
}

void TakeCeiling(const ShareVerdict& verdict, bool first, Evaluation& evaluation) {
  const int64_t ceiling = verdict.fit.ceiling_micros;
  evaluation.ceiling_max_micros = first ? ceiling : std::max(evaluation.ceiling_max_micros, ceiling);
  evaluation.ceiling_min_micros = first ? ceiling : std::min(evaluation.ceiling_min_micros, ceiling);
}

}  // namespace

bool Evaluation::any_eligible() const {
  return std::ranges::any_of(verdicts, &ShareVerdict::eligible);
}

bool Evaluation::can_ever_run() const {
  return std::ranges::any_of(
      verdicts, [](const ShareVerdict& verdict) { return !verdict.refusal || !IsPermanent(*verdict.refusal); });
}

std::vector<ShareRefusal> Evaluation::refusals() const {
  std::vector<ShareRefusal> refusals;
  for (const ShareVerdict& verdict : verdicts) {
    if (verdict.refusal) {
      refusals.push_back({.share = verdict.share, .reason = *verdict.refusal});
    }
  }
  return refusals;
}

Evaluation Evaluate(const JobRequest& request, const MatchSetting& setting, std::optional<ProjectId> project_id) {
  const ClassShares shares = FilterShares(request, setting);
  const RoundCapacity capacity(setting);
  Evaluation evaluation;
  bool first = true;
  std::optional<int64_t> best_key;
  for (uint32_t i = 0; i < shares.verdicts.size(); ++i) {
    const ClassShare candidate{.share = i, .fit = shares.verdicts[i].fit};
    ShareVerdict verdict = VerdictFor(candidate, shares.verdicts[i], capacity, setting);
    if (!verdict.refusal && IsPaused(i, setting, project_id)) {
      verdict.refusal = RefusalReason::kProjectPaused;
    }
    if (verdict.eligible) {
      TakeCeiling(verdict, first, evaluation);
      first = false;
      verdict.score = ScoreOf({.objective = ObjectiveOf(request),
                               .wait = verdict.wait,
                               .time_limit = verdict.fit.time_limit,
                               .ceiling_micros = verdict.fit.ceiling_micros,
                               .cheapest_micros = shares.cheapest_micros},
                              setting.policy);
      if (!verdict.refusal) {
        const int64_t key = PackKey(verdict.score.total(), i);
        best_key = std::min(best_key.value_or(key), key);
      }
    }
    evaluation.verdicts.push_back(verdict);
  }
  if (best_key) {
    evaluation.best = ShareOfKey(*best_key);
  }
  return evaluation;
}

}  // namespace turnpike
