#include "broker/live/placement_loop.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "broker/core/filter.h"

namespace turnpike {
namespace {

constexpr size_t kEventsPerRead = 5'000;
constexpr size_t kSweepMax = 500;
constexpr std::chrono::minutes kMaintenanceRetry{1};
constexpr std::chrono::seconds kSayAgain{30};
// A record of a round that is larger, as one with every job of a long queue, is stored behind the plan and not with it.
constexpr size_t kRecordWithPlanMax = size_t{1} << 20U;

}  // namespace

PlacementLoop::PlacementLoop(const Parts& parts, Pace pace)
    : parts_(parts),
      pace_(pace),
      instruments_{.round_seconds = parts.metrics.HistogramOf(Metric::kPlacementSeconds),
                   .planned = parts.metrics.CounterOf(Metric::kPlacementPlanned),
                   .placed = parts.metrics.CounterOf(Metric::kPlacementPlaced),
                   .hopeless = parts.metrics.CounterOf(Metric::kPlacementHopeless),
                   .offers_expired = parts.metrics.CounterOf(Metric::kOffersExpired),
                   .charges_provisional = parts.metrics.CounterOf(Metric::kChargesProvisional),
                   .lease_held = parts.metrics.GaugeOf(Metric::kLeaseHeld),
                   .lease_epoch = parts.metrics.GaugeOf(Metric::kLeaseEpoch)} {}

Status PlacementLoop::Start() {
  timeline_ = parts_.log.Timeline();
  ASSIGN_OR_RETURN(position_, parts_.log.Head());
  RETURN_IF_ERROR(parts_.index.Rebuild());
  followed_ = parts_.clock.Monotonic();
  thread_ = std::thread([this] { Run(); });
  return OkStatus();
}

void PlacementLoop::Stop() {
  stop_.Stop();
  parts_.log.Poke();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void PlacementLoop::NoteSiteChange() {
  sites_changed_ = true;
  parts_.log.Poke();
}

void PlacementLoop::Run() {
  while (!stop_.stopped()) {
    SayWhatFailed(Turn());
    parts_.log.WaitForHint(pace_.look_interval);
  }
}

void PlacementLoop::SayWhatFailed(const Status& status) {
  if (!status.ok() && (MessageOf(status) != last_failure_ || Due(said_, kSayAgain))) {
    last_failure_ = MessageOf(status);
    said_ = parts_.clock.Monotonic();
    LogWarn("placement waits for the database", {{"error", last_failure_}});
  }
}

Status PlacementLoop::Turn() {
  bool news = false;
  RETURN_IF_ERROR(MeetServer());
  if (index_stale_) {
    RETURN_IF_ERROR(parts_.index.Rebuild());
    index_stale_ = false;
    news = true;
  }
  ASSIGN_OR_RETURN(const bool followed, Follow());
  news = news || followed;
  if (Due(looked_for_unread_, pace_.site_refresh)) {
    RETURN_IF_ERROR(NoteUnread());
  }
  bool refreshed = sites_changed_.exchange(false);
  if (refreshed || Due(refreshed_, pace_.site_refresh)) {
    RETURN_IF_ERROR(parts_.index.RefreshSites());
    parts_.sessions.ShutOut(parts_.index.SitesShutOut());
    refreshed = true;
  }
  if (Due(signalled_, pace_.sign_of_life)) {
    Tell({});
  }
  RETURN_IF_ERROR(parts_.logs.Look(parts_.clock.Monotonic()));
  ASSIGN_OR_RETURN(const bool just_taken, RenewLease());
  if (!lease_.held) {
    return OkStatus();
  }
  if ((news || refreshed || just_taken || rounds_go_on_) && parts_.index.HasWaiting()) {
    RETURN_IF_ERROR(PlaceWaiting());
  }
  if (Due(swept_, pace_.sweep_interval)) {
    RETURN_IF_ERROR(Sweep());
  }
  return OkStatus();
}

// A transaction that the standby never had leaves its number to another one, and a plan that nobody confirmed may be
// gone.
Status PlacementLoop::MeetServer() {
  const int64_t timeline = parts_.log.Timeline();
  if (timeline == timeline_) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const EventPosition head, parts_.log.Head());
  position_ = std::min(position_, head);
  index_stale_ = true;
  timeline_ = timeline;
  return OkStatus();
}

Result<bool> PlacementLoop::RenewLease() {
  if (!Due(renewed_, pace_.lease_renewal)) {
    return false;
  }
  const LeaseStanding before = std::exchange(lease_, {});  // Not held, should this fail.
  instruments_.lease_held.Set(0);
  ASSIGN_OR_RETURN(lease_, parts_.lease.Renew());
  instruments_.lease_held.Set(lease_.held ? 1 : 0);
  instruments_.lease_epoch.Set(static_cast<double>(lease_.epoch));
  const bool just_taken = lease_.held && !before.held;
  if (just_taken || lease_.holder != before.holder) {
    LogInfo(lease_.held ? "this replica places jobs" : "another replica places jobs",
            {{"replica", lease_.holder}, {"epoch", std::to_string(lease_.epoch)}});
  }
  return just_taken;
}

Result<bool> PlacementLoop::Follow() {
  bool any = false;
  while (!stop_.stopped()) {
    ASSIGN_OR_RETURN(const std::vector<LoggedEvent> events, parts_.log.ReadAfter(position_, kEventsPerRead));
    if (events.empty()) {
      followed_ = parts_.clock.Monotonic();
      return any;
    }
    RETURN_IF_ERROR(parts_.index.Apply(events));
    CountEvents(events);
    Tell(events);
    position_ = events.back().position;
    unread_since_ = MonotonicTime::max();
    any = true;
    if (events.size() < kEventsPerRead) {
      followed_ = parts_.clock.Monotonic();
      return any;
    }
  }
  return any;
}

Status PlacementLoop::NoteUnread() {
  ASSIGN_OR_RETURN(const std::optional<Duration> age, parts_.log.AgeOfNext(position_));
  unread_since_ = age ? parts_.clock.Monotonic() - *age : MonotonicTime::max();
  return OkStatus();
}

void PlacementLoop::Tell(const std::vector<LoggedEvent>& events) {
  for (EventListener* listener : parts_.listeners) {
    listener->OnEvents(events);
  }
}

void PlacementLoop::CountEvents(const std::vector<LoggedEvent>& events) {
  std::map<std::string_view, int64_t> kinds;
  for (const LoggedEvent& event : events) {
    ++kinds[event.kind];
  }
  for (const auto& [kind, count] : kinds) {
    parts_.metrics.CounterOf(Metric::kLoggedEvents, {std::string(kind)}).Add(count);
  }
}

double PlacementLoop::LagSeconds() const {
  const MonotonicTime since = std::min(followed_.load(), unread_since_.load());
  return std::chrono::duration<double>(parts_.clock.Monotonic() - since).count();
}

Status PlacementLoop::PlaceWaiting() {
  const RoundPlan round = PlanRound();
  rounds_go_on_ = round.cut_short;
  if (!round.attempts.empty()) {
    RETURN_IF_ERROR(CommitPlan(round));
  } else if (round.record) {
    RETURN_IF_ERROR(Record(*round.record));
  }
  size_t failed = 0;
  if (!round.hopeless.empty()) {
    ASSIGN_OR_RETURN(failed, parts_.store.FailHopeless(round.hopeless));
    instruments_.hopeless.Add(static_cast<int64_t>(failed));
  }
  // At once, where something was done; what was given up before stays in the index until its event can be read.
  if (!round.attempts.empty() || failed > 0) {
    parts_.log.Poke();
  }
  return OkStatus();
}

RoundPlan PlacementLoop::PlanRound() {
  const SecondsTimer timer(instruments_.round_seconds);
  RoundPlan round = parts_.index.PlanRound(lease_.epoch);
  instruments_.planned.Add(static_cast<int64_t>(round.attempts.size()));
  for (const auto& [reason, count] : round.refusals) {
    parts_.metrics.CounterOf(Metric::kPlacementRefusals, {std::string(RefusalReasonName(reason))}).Add(count);
  }
  return round;
}

Status PlacementLoop::CommitPlan(const RoundPlan& round) {
  TURNPIKE_FAILPOINT("offer.planned");
  const bool record_apart = round.record && round.record->bytes() > kRecordWithPlanMax;
  const Result<size_t> placed = parts_.store.CommitPlan(round.attempts, pace_.offer_lifetime,
                                                        round.record && !record_apart ? &*round.record : nullptr);
  if (!placed.ok()) {
    index_stale_ = true;  // Nobody knows what was stored, and the planned jobs are out of the index.
    parts_.index.NoteRecordLost();
    return placed.status();
  }
  instruments_.placed.Add(static_cast<int64_t>(*placed));
  LogInfo("round of placement",
          {{"planned", std::to_string(round.attempts.size())}, {"placed", std::to_string(*placed)}});
  return record_apart ? Record(*round.record) : OkStatus();
}

Status PlacementLoop::Record(const RoundRecord& record) {
  Status recorded = parts_.store.RecordRound(record);
  if (!recorded.ok()) {
    parts_.index.NoteRecordLost();
  }
  return recorded;
}

Status PlacementLoop::Sweep() {
  ASSIGN_OR_RETURN(const size_t withdrawn, parts_.store.WithdrawExpired(kSweepMax));
  ASSIGN_OR_RETURN(const size_t settled, parts_.store.SettleOverdue(kSweepMax));
  instruments_.offers_expired.Add(static_cast<int64_t>(withdrawn));
  instruments_.charges_provisional.Add(static_cast<int64_t>(settled));
  if (withdrawn + settled > 0) {
    LogInfo("swept", {{"offers_withdrawn", std::to_string(withdrawn)}, {"charges_settled", std::to_string(settled)}});
    parts_.log.Poke();
  }
  return Maintain();
}

// Old rows in pieces, one each sweep: a table of months is more than the lease waits for.
Status PlacementLoop::Maintain() {
  const bool due = Due(maintained_, pace_.maintenance_interval);
  if (due) {
    Status maintained = parts_.store.Maintain();
    if (!maintained.ok()) {
      maintained_ -= pace_.maintenance_interval - kMaintenanceRetry;
      return maintained;
    }
  }
  if (due || old_rows_piece_ > 0) {
    ASSIGN_OR_RETURN(old_rows_piece_, parts_.store.DropOldRows(old_rows_piece_));
  }
  return OkStatus();
}

bool PlacementLoop::Due(MonotonicTime& last, std::chrono::steady_clock::duration interval) const {
  const MonotonicTime now = parts_.clock.Monotonic();
  if (last != MonotonicTime{} && now - last < interval) {
    return false;
  }
  last = now;
  return true;
}

}  // namespace turnpike
