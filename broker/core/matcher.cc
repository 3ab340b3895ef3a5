#include "broker/core/matcher.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "broker/core/ranked_class.h"
#include "broker/core/turn_order.h"

namespace turnpike {
namespace {

class Round {
 public:
  Round(const WaitingIndex& waiting, const MatchSetting& setting)
      : waiting_(waiting),
        setting_(setting),
        capacity_(setting),
        classes_(waiting.class_count()),
        order_(waiting, setting.standings) {
    for (const SharePause& pause : setting.pauses) {
      Bar(pause);
    }
  }

  void TakeIn(ClassIndex index) { order_.TakeIn(index); }

  Plan Run() {
    while (const std::optional<TurnOrder::Turn> turn = order_.Next()) {
      if (plan_.assignments.size() >= static_cast<size_t>(setting_.policy.assignments_max)) {
        plan_.cut_short = true;
        break;
      }
      PlaceOrRefuse(*turn);
    }
    std::ranges::sort(plan_.refusals, {},
                      [](const ClassRefusal& refusal) { return std::pair(refusal.class_index, refusal.project_id); });
    return std::move(plan_);
  }

 private:
  void Bar(const SharePause& pause) {
    const std::optional<ProjectIndex> project = waiting_.FindProject(pause.project_id);
    if (project && pause.until > setting_.now) {
      std::vector<bool>& barred = barred_[*project];
      barred.resize(setting_.federation.shares.size());
      barred.at(pause.share) = true;
    }
  }

  // A job that stays speaks for those of its project behind it in its class; without pauses, for the whole class.
  void PlaceOrRefuse(const TurnOrder::Turn& turn) {
    const auto found = barred_.find(turn.job->project);
    const std::vector<bool>* barred = found == barred_.end() ? nullptr : &found->second;
    RankedClass& ranked = RankedOf(turn.class_index);
    if (const ClassShare* best = ranked.Best(capacity_, barred)) {
      Assign(*turn.job, ranked, *best);
      order_.NotePlaced(turn);
      return;
    }
    ClassRefusal refusal{.class_index = turn.class_index, .project_id = {}, .refusals = ranked.Refusals(capacity_)};
    if (barred == nullptr || ranked.Best(capacity_, nullptr) == nullptr) {
      order_.Close(turn.class_index);
    } else {
      refusal.project_id = waiting_.project_at(turn.job->project);
    }
    plan_.refusals.push_back(std::move(refusal));
  }

  RankedClass& RankedOf(ClassIndex index) {
    std::unique_ptr<RankedClass>& ranked = classes_[index];
    if (ranked == nullptr) {
      ranked = std::make_unique<RankedClass>(waiting_.class_at(index).request, setting_);
    }
    return *ranked;
  }

  void Assign(const WaitingJob& job, const RankedClass& ranked, const ClassShare& chosen) {
    const std::chrono::seconds wait = capacity_.Wait(chosen);
    const Score score = ranked.ScoreFor(chosen, capacity_);
    const bool fits_now = capacity_.Take(chosen);
    plan_.assignments.push_back({.job_id = job.job_id,
                                 .version = job.version,
                                 .share = chosen.share,
                                 .amounts = chosen.fit.need.amounts,
                                 .time_limit = chosen.fit.time_limit,
                                 .ceiling_micros = chosen.fit.ceiling_micros,
                                 .expected_start = setting_.now + wait,
                                 .expected_end = setting_.now + wait + chosen.fit.time_limit,
                                 .fits_now = fits_now,
                                 .score = score});
  }

  const WaitingIndex& waiting_;
  const MatchSetting& setting_;
  RoundCapacity capacity_;
  std::vector<std::unique_ptr<RankedClass>> classes_;  // those that were looked at
  std::map<ProjectIndex, std::vector<bool>> barred_;   // by share
  TurnOrder order_;
  Plan plan_;
};

}  // namespace

const RateSet* RatesIn(std::span<const PriceList> lists, int64_t id, uint32_t share) {
  for (const PriceList& list : lists) {
    if (list.id == id) {
      return share < list.rates.size() && list.rates[share] ? &*list.rates[share] : nullptr;
    }
  }
  return nullptr;
}

Plan Match(const WaitingIndex& waiting, const MatchSetting& setting) {
  Round round(waiting, setting);
  for (ClassIndex i = 0; i < waiting.class_count(); ++i) {
    round.TakeIn(i);
  }
  return round.Run();
}

Plan MatchClasses(const WaitingIndex& waiting, std::span<const ClassIndex> classes, const MatchSetting& setting) {
  Round round(waiting, setting);
  for (const ClassIndex index : std::set<ClassIndex>(classes.begin(), classes.end())) {
    round.TakeIn(index);
  }
  return round.Run();
}

}  // namespace turnpike
