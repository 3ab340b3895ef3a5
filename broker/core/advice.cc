#include "broker/core/advice.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/money.h"
#include "broker/core/reason.h"
#include "broker/core/request_mend.h"

namespace turnpike {
namespace {

constexpr size_t kStepsMax = 6;   // changes of one advice
constexpr size_t kTriedMax = 20;  // advices tried out on all shares
constexpr size_t kLabelsMax = 3;  // shares named in one advice

// A request mended for one share, step by step.
struct Attempt {
  JobRequest changed;
  std::vector<std::string> steps;
};

struct TriedAdvice {
  Advice advice;
  bool runs_now = false;
  size_t steps = 0;
};

std::optional<RefusalReason> RefusalAt(uint32_t share, const JobRequest& request, const MatchSetting& setting) {
  return Filter(request, CandidateOf(request, share, setting), setting.policy).refusal;
}

// Another request would pass, whether waiting helps or not.
bool IsOfTheRequest(RefusalReason refusal) {
  return IsPermanent(refusal) || refusal == RefusalReason::kNodesTotal || refusal == RefusalReason::kRoundTrip ||
         refusal == RefusalReason::kMaintenance;
}

// nullopt: no change of the request makes this share take it.
std::optional<Attempt> MendFor(uint32_t share, const JobRequest& request, const MatchSetting& setting) {
  Attempt attempt{.changed = request, .steps = {}};
  std::optional<RefusalReason> refusal = RefusalAt(share, attempt.changed, setting);
  while (refusal && IsOfTheRequest(*refusal)) {
    const ShareCandidate candidate = CandidateOf(attempt.changed, share, setting);
    std::optional<std::string> step = MendRequest(*refusal, candidate, attempt.changed);
    if (!step && !IsPermanent(*refusal)) {
      break;  // It has to wait until the maintenance is over.
    }
    if (!step || attempt.steps.size() == kStepsMax) {
      return std::nullopt;
    }
    attempt.steps.push_back(*std::move(step));
    refusal = RefusalAt(share, attempt.changed, setting);
  }
  return refusal == RefusalReason::kNoPrice ? std::nullopt : std::optional(std::move(attempt));
}

// One for each way of asking, those with the fewest changes first.
std::vector<Attempt> Attempts(const JobRequest& request, const MatchSetting& setting) {
  std::vector<Attempt> attempts;
  for (uint32_t share = 0; share < setting.federation.shares.size(); ++share) {
    std::optional<Attempt> attempt = MendFor(share, request, setting);
    if (attempt && std::ranges::find(attempts, attempt->steps, &Attempt::steps) == attempts.end()) {
      attempts.push_back(*std::move(attempt));
    }
  }
  std::ranges::stable_sort(attempts, {}, [](const Attempt& attempt) { return attempt.steps.size(); });
  attempts.resize(std::min(attempts.size(), kTriedMax));
  return attempts;
}

// The shares that the change won: those that now take it, and where there is none of them, those that could later.
std::vector<std::string> Won(const Evaluation& changed, bool now, const FederationView& federation) {
  std::vector<std::string> labels;
  for (const ShareVerdict& verdict : changed.verdicts) {
    if (now ? !verdict.refusal : verdict.eligible) {
      labels.push_back(ShareLabel(federation.shares[verdict.share].info));
    }
  }
  if (labels.size() > kLabelsMax) {
    const size_t more = labels.size() - kLabelsMax;
    labels.resize(kLabelsMax);
    labels.push_back(fmt::format("{} more", more));
  }
  return labels;
}

std::string DepositText(const AdviceBasis& basis, const Evaluation& changed) {
  const int64_t missing = changed.ceiling_max_micros - basis.available_micros;
  return missing <= 0
             ? ""
             : fmt::format("; deposit {} first, as it would set aside {}", FormatMoney({missing, basis.request.unit}),
                           FormatMoney({changed.ceiling_max_micros, basis.request.unit}));
}

// Dearer shares stay out unless the job asks for the fastest.
Evaluation EvaluateWithPrice(Attempt& attempt, const AdviceBasis& basis, const MatchSetting& setting) {
  Evaluation evaluation = Evaluate(attempt.changed, setting, basis.project_id);
  const auto too_dear = std::ranges::find(evaluation.verdicts, RefusalReason::kPriceAboveObjective,
                                          [](const ShareVerdict& verdict) { return verdict.refusal; });
  if (evaluation.best || too_dear == evaluation.verdicts.end()) {
    return evaluation;
  }
  const ShareCandidate candidate = CandidateOf(attempt.changed, too_dear->share, setting);
  attempt.steps.push_back(*MendRequest(RefusalReason::kPriceAboveObjective, candidate, attempt.changed));
  return Evaluate(attempt.changed, setting, basis.project_id);
}

std::optional<TriedAdvice> TryOut(Attempt attempt, const AdviceBasis& basis, bool only_now,
                                  const MatchSetting& setting) {
  const Evaluation changed = EvaluateWithPrice(attempt, basis, setting);
  const bool now = changed.best.has_value();
  if (!(now || (!only_now && changed.any_eligible()))) {
    return std::nullopt;
  }
  const std::string change = attempt.steps.empty() ? "submit it again, by the prices that are in force today"
                                                   : fmt::format("{}", fmt::join(attempt.steps, " and "));
  std::string text =
      fmt::format("{}: then {} could run it {}{}", change, fmt::join(Won(changed, now, setting.federation), ", "),
                  now ? "now" : "later", DepositText(basis, changed));
  return TriedAdvice{.advice = {.text = std::move(text), .changed = std::move(attempt.changed)},
                     .runs_now = now,
                     .steps = attempt.steps.size()};
}

// A share that only lacks a price.
std::optional<Advice> AskForPrice(const JobRequest& request, const MatchSetting& setting) {
  for (uint32_t share = 0; share < setting.federation.shares.size(); ++share) {
    if (RefusalAt(share, request, setting) == RefusalReason::kNoPrice) {
      const ShareInfo& info = setting.federation.shares[share].info;
      return Advice{.text = fmt::format("ask the operators of {} to set a price for {} (turnpike site price set {})",
                                        info.site_name, ShareLabel(info), info.site_name),
                    .changed = std::nullopt};
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<Advice> AdviceFor(const AdviceBasis& basis, const Evaluation& standing, const MatchSetting& setting) {
  std::vector<Advice> advices;
  if (standing.best) {
    return advices;
  }
  std::vector<TriedAdvice> tried;
  for (Attempt& attempt : Attempts(basis.request, setting)) {
    if (auto one = TryOut(std::move(attempt), basis, standing.any_eligible(), setting)) {
      tried.push_back(*std::move(one));
    }
  }
  std::ranges::stable_sort(tried, {}, [](const TriedAdvice& one) { return std::pair(!one.runs_now, one.steps); });
  for (TriedAdvice& one : tried) {
    const bool said = std::ranges::find(advices, one.advice.text, &Advice::text) != advices.end();
    if (!said && advices.size() < kAdvicesMax) {
      advices.push_back(std::move(one.advice));
    }
  }
  if (std::optional<Advice> ask = AskForPrice(basis.request, setting)) {
    advices.push_back(*std::move(ask));
  }
  return advices;
}

}  // namespace turnpike
