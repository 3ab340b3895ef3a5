#include "broker/live/index_follower.h"

#include <algorithm>

#include "base/log.h"
#include "broker/core/explain.h"
#include "broker/core/reason.h"
#include "broker/core/turn_order.h"

namespace turnpike {
namespace {

bool AllPermanent(const ClassRefusal& refusal) {
  return !refusal.refusals.empty() &&
         std::ranges::all_of(refusal.refusals, [](const ShareRefusal& one) { return IsPermanent(one.reason); });
}

// A share that turned the job away may be closed to its project now: to be known before the next round.
bool MayHavePaused(const LoggedEvent& event) {
  return event.kind == JobEventName(JobEvent::kReturned);
}

SiteInfo InfoOf(const SiteRecord& record, int32_t offers_open) {
  return {.site_id = record.site_id,
          .name = record.name,
          .region = record.region,
          .state = record.state,
          .connected = record.connected,
          .last_seen = record.last_seen_at,
          .price_book_version = record.price_book_version,
          .offer_room = std::max(0, kOffersMax - offers_open)};
}

}  // namespace

Status IndexFollower::Rebuild() {
  std::vector<JobView> live;
  RETURN_IF_ERROR(parts_.placement.LoadLive([&](const JobView& job) { live.push_back(job); }));
  std::vector<Uuid> classes;
  for (const JobView& job : live) {
    classes.push_back(job.class_id);
  }
  RETURN_IF_ERROR(LearnClasses(classes));
  {
    MutexLock lock(mutex_);
    waiting_ = WaitingIndex();
    placed_.clear();
    reasons_.clear();
    for (const JobView& job : live) {
      TakeJob(job, std::nullopt);
    }
  }
  round_trips_.clear();  // Another server may not have them all.
  round_trips_stored_.reset();
  return RefreshSites();
}

Status IndexFollower::Apply(const std::vector<LoggedEvent>& events) {
  std::vector<Uuid> classes;
  for (const LoggedEvent& event : events) {
    if (!IsFinal(event.job.state)) {
      classes.push_back(event.job.class_id);
    }
  }
  RETURN_IF_ERROR(LearnClasses(classes));
  const bool may_have_paused = std::ranges::any_of(events, MayHavePaused);
  if (may_have_paused) {
    RETURN_IF_ERROR(LearnPauses());
  }
  MutexLock lock(mutex_);
  for (const LoggedEvent& event : events) {
    TakeJob(event.job, event.at);
  }
  if (may_have_paused) {
    RebuildBasis();
  }
  return OkStatus();
}

void IndexFollower::TakeJob(const JobView& job, std::optional<Timestamp> at) {
  const auto placed = placed_.find(job.job_id);
  if (placed != placed_.end() && placed->second.version > job.version) {
    return;  // Older than what is known.
  }
  if (IsFinal(job.state)) {
    waiting_.Remove(job.job_id);
    placed_.erase(job.job_id);
    return;
  }
  const auto known_class = classes_.find(job.class_id);
  if (known_class == classes_.end()) {
    LogError("a live job is of a class that is not stored",
             {{"job", job.job_id.ToString()}, {"class", job.class_id.ToString()}});
    return;
  }
  if (job.state == JobState::kPending) {
    if (placed != placed_.end()) {
      placed_.erase(placed);
    }
    waiting_.Add({.job_id = job.job_id,
                  .version = job.version,
                  .project_id = job.project_id,
                  .priority = static_cast<int32_t>(job.priority),
                  .submit_time = job.created_at},
                 job.class_id, known_class->second);
    return;
  }
  waiting_.Remove(job.job_id);
  Placed& entry = placed_[job.job_id];
  const bool known = entry.version > 0;
  const Timestamp seen = at.value_or(Timestamp{});  // What a site has had for an unknown while is in its figures.
  entry = {.class_id = job.class_id,
           .project_id = job.project_id,
           .site_id = job.site_id.value_or(SiteId{}),
           .share = job.share,
           .version = job.version,
           .offered_at = known ? entry.offered_at : seen,
           .submitted_at = entry.submitted_at,
           .started_at = entry.started_at};
  if (job.state == JobState::kQueued && !entry.submitted_at) {
    entry.submitted_at = seen;
  }
  if (job.started_at && !entry.started_at) {  // Its own time is the site's clock, good enough where there is no other.
    entry.started_at = at.value_or(std::min(*job.started_at, parts_.clock.Now()));
  }
}

FederationView IndexFollower::BuildView() const {
  std::vector<SiteInfo> sites;
  std::vector<ShareStatus> shares;
  std::map<SiteId, int32_t> offers_open;
  for (const auto& [job_id, placed] : placed_) {
    offers_open[placed.site_id] += placed.submitted_at || placed.started_at ? 0 : 1;
  }
  for (const SiteData& site : sites_) {
    sites.push_back(InfoOf(site.record, offers_open[site.record.site_id]));
    shares.insert(shares.end(), site.shares.begin(), site.shares.end());
  }
  std::map<std::pair<SiteId, std::string_view>, const ShareInfo*> info_of;
  for (const ShareStatus& share : shares) {
    info_of[{share.info.site_id, share.info.name}] = &share.info;
  }
  std::vector<OwnAttempt> own;
  for (const auto& [job_id, placed] : placed_) {
    const auto share = info_of.find({placed.site_id, placed.share});
    const auto known_class = classes_.find(placed.class_id);
    if (share == info_of.end() || known_class == classes_.end()) {
      continue;
    }
    const JobRequest& request = known_class->second;
    own.push_back({.site_id = placed.site_id,
                   .share = placed.share,
                   .amounts = Allocate(ShapeOf(request), RuleOf(*share->second)),
                   .time_limit = request.time_limit.value_or(share->second->limits.time_limit_default),
                   .offered_at = placed.offered_at,
                   .started_at = placed.started_at,
                   .submitted_at = placed.submitted_at});
  }
  return BuildFederation(std::move(sites), std::move(shares), std::move(own));
}

std::vector<SharePause> IndexFollower::PausesAt(const FederationView& federation) const {
  std::vector<SharePause> pauses;
  for (const StoredPause& pause : pauses_) {
    if (const std::optional<uint32_t> share = federation.FindShare(pause.site_id, pause.share)) {
      pauses.push_back({.share = *share, .project_id = pause.project_id, .until = pause.until, .limit = pause.limit});
    }
  }
  return pauses;
}

std::vector<ProjectStanding> IndexFollower::Standings() const {
  std::map<ProjectId, ProjectStanding> standings = faded_;
  for (const auto& [job_id, placed] : placed_) {
    if (const auto known_class = classes_.find(placed.class_id); known_class != classes_.end()) {
      ProjectStanding& standing = standings[placed.project_id];
      standing.project_id = placed.project_id;
      standing.used_micros += TurnCostOf(known_class->second);
    }
  }
  std::vector<ProjectStanding> all;
  for (const auto& [project_id, standing] : standings) {
    all.push_back(standing);
  }
  return all;
}

std::vector<PriceList> IndexFollower::BuildLists(const FederationView& federation) const {
  std::vector<PriceList> lists;
  for (const auto& [id, versions] : price_lists_) {
    PriceList list{.id = id, .rates = {}};
    for (const ShareView& share : federation.shares) {
      const auto version = versions.find(share.info.site_id);
      const auto book = version == versions.end() ? books_.end() : books_.find({share.info.site_id, version->second});
      list.rates.push_back(book == books_.end() ? std::nullopt : RatesFor(book->second, share.info.name));
    }
    lists.push_back(std::move(list));
  }
  return lists;
}

void IndexFollower::RebuildBasis() {
  auto basis = std::make_shared<QuoteBasis>();
  basis->federation = BuildView();
  basis->price_lists = BuildLists(basis->federation);
  basis->price_list_newest = price_list_newest_;
  basis->policy = parts_.policy;
  basis->pauses = PausesAt(basis->federation);
  basis->standings = Standings();
  basis->network = network_;
  basis_ = std::move(basis);
  reasons_.clear();
}

RoundPlan IndexFollower::PlanRound(int64_t lease_epoch) {
  const Timestamp now = parts_.clock.Now();
  RoundPlan round;
  MutexLock lock(mutex_);
  waiting_.Wake(now);
  RebuildBasis();
  const std::shared_ptr<const QuoteBasis> basis = basis_;
  MatchSetting setting = SettingAt(*basis, now);
  if (!std::ranges::any_of(classes_, [](const auto& known) { return known.second.round_trip_max.has_value(); })) {
    setting.network = nullptr;  // Nor is it recorded.
  }
  const Plan plan = Match(waiting_, setting);
  round.cut_short = plan.cut_short;
  NoteRefusals(plan, setting, round);
  round.record = recorder_.Note({.waiting = waiting_,
                                 .setting = setting,
                                 .plan = plan,
                                 .lease_epoch = lease_epoch,
                                 .gives_up = !round.hopeless.empty()});
  NotePlan(plan, setting, round);
  if (round.record) {
    waiting_.ForgetChanges();
  }
  return round;
}

void IndexFollower::NoteRecordLost() {
  MutexLock lock(mutex_);
  recorder_.StartChain();
}

void IndexFollower::NotePlan(const Plan& plan, const MatchSetting& setting, RoundPlan& round) {
  for (const Assignment& assignment : plan.assignments) {
    const WaitingJob* job = waiting_.Find(assignment.job_id);
    const JobClass& job_class = waiting_.class_at(job->class_index);
    const ShareInfo& share = setting.federation.shares[assignment.share].info;
    round.attempts.push_back({.job_id = assignment.job_id,
                              .task_index = 0,
                              .version = assignment.version,
                              .attempt_id = parts_.ids.Random<AttemptId>(),
                              .site_id = share.site_id,
                              .share = share.name,
                              .price_version = price_lists_[job_class.request.price_list][share.site_id],
                              .amounts = assignment.amounts,
                              .time_limit_seconds = assignment.time_limit.count()});
    placed_[assignment.job_id] = {.class_id = job_class.id,
                                  .project_id = waiting_.project_at(job->project),
                                  .site_id = share.site_id,
                                  .share = share.name,
                                  .version = assignment.version,
                                  .offered_at = setting.now,
                                  .submitted_at = {},
                                  .started_at = {}};
    waiting_.Remove(assignment.job_id);
  }
}

void IndexFollower::NoteRefusals(const Plan& plan, const MatchSetting& setting, RoundPlan& round) {
  for (const ClassRefusal& refusal : plan.refusals) {
    for (const ShareRefusal& share : refusal.refusals) {
      ++round.refusals[share.reason];
    }
    const JobClass& job_class = waiting_.class_at(refusal.class_index);
    const std::string reason = WaitingReason(job_class.request, refusal.refusals, setting, refusal.project_id);
    reasons_[{job_class.id, refusal.project_id}] = reason;
    const bool may_end_so = !job_class.request.avoided_shares.empty() || job_class.request.deadline;
    if (!may_end_so || !AllPermanent(refusal)) {
      continue;
    }
    for (const WaitingJob& job : job_class.queue) {
      if (round.hopeless.size() == kHopelessMax) {
        round.cut_short = true;
        break;
      }
      round.hopeless.push_back({.job_id = job.job_id, .version = job.version, .reason = reason});
    }
  }
}

bool IndexFollower::HasWaiting() const {
  MutexLock lock(mutex_);
  return waiting_.size() > 0;
}

std::shared_ptr<const QuoteBasis> IndexFollower::Basis() const {
  MutexLock lock(mutex_);
  return basis_;
}

Result<std::shared_ptr<const QuoteBasis>> IndexFollower::BasisWith(int64_t price_list) {
  const auto holds = [&](const QuoteBasis& basis) {
    return std::ranges::find(basis.price_lists, price_list, &PriceList::id) != basis.price_lists.end();
  };
  std::shared_ptr<const QuoteBasis> basis = Basis();
  if (!holds(*basis)) {
    ASSIGN_OR_RETURN(basis, LearnPrices(price_list));
  }
  return holds(*basis) ? Result<std::shared_ptr<const QuoteBasis>>(basis)
                       : FailedPrecondition("price list {} is not known; ask for a new quote", price_list);
}

std::optional<WaitingStanding> IndexFollower::StandingOf(JobId job_id) const {
  MutexLock lock(mutex_);
  const WaitingJob* job = waiting_.Find(job_id);
  if (job == nullptr) {
    return std::nullopt;
  }
  return WaitingStanding{
      .request = waiting_.class_at(job->class_index).request,
      .jobs_ahead = static_cast<int64_t>(CountBefore(waiting_, basis_->standings, *job, kJobsAheadMax)),
      .basis = basis_};
}

std::string IndexFollower::WaitingReasonOf(JobId job_id) const {
  const Timestamp now = parts_.clock.Now();
  MutexLock lock(mutex_);
  const WaitingJob* job = waiting_.Find(job_id);
  if (job == nullptr) {
    return {};
  }
  const JobClass& job_class = waiting_.class_at(job->class_index);
  const ProjectId project_id = waiting_.project_at(job->project);
  for (const std::optional<ProjectId>& whose : {std::optional(project_id), std::optional<ProjectId>()}) {
    if (const auto reason = reasons_.find({job_class.id, whose}); reason != reasons_.end()) {
      return reason->second;
    }
  }
  const MatchSetting setting = SettingAt(*basis_, now);
  const Evaluation evaluation = Evaluate(job_class.request, setting, project_id);
  return reasons_[{job_class.id, project_id}] = EvaluatedReason(job_class.request, evaluation, setting, project_id);
}

}  // namespace turnpike
