#pragma once
// The broker's picture of all live jobs and all sites, in memory: rebuilt from the database at start, kept current by
// the event tail.  Nothing in it is lost when the process dies.  Thread-safe; the matcher runs under its lock, the
// database is never asked under it.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "broker/core/matcher.h"
#include "broker/core/round_recorder.h"
#include "broker/core/waiting_index.h"
#include "broker/ports/event_log.h"
#include "broker/ports/placement_store.h"
#include "broker/ports/quote_basis.h"
#include "broker/ports/site_store.h"
#include "broker/ports/waiting_jobs.h"

namespace turnpike {

// Jobs that one round gives up: their end is one transaction, far shorter than the placement lease lasts.
constexpr size_t kHopelessMax = 1'000;

// What one round of placement decided.
struct RoundPlan {
  std::vector<PlannedAttempt> attempts;
  std::vector<HopelessJob> hopeless;  // at most kHopelessMax
  bool cut_short = false;             // the next round has more to do
  // Shares that were refused to classes of which jobs stayed.
  std::map<RefusalReason, int64_t> refusals;
  std::optional<RoundRecord> record;  // where the round is worth one
};

// How much the index holds, and the sites as last read.
struct IndexSizes {
  size_t waiting = 0;
  size_t classes = 0;
  size_t placed = 0;
};
struct SiteStanding {
  std::string name;
  bool connected = false;
  std::optional<Timestamp> last_seen;
};

class IndexFollower final : public QuoteBasisSource, public WaitingJobs {
 public:
  struct Parts {
    PlacementStore& placement;
    SiteStore& sites;
    IdSource& ids;
    const Clock& clock;
    MatchPolicy policy;
  };
  explicit IndexFollower(const Parts& parts) : parts_(parts) {}

  // Rebuild, RefreshSites and Apply are one thread's.
  // Everything anew from the database.
  Status Rebuild() EXCLUDES(mutex_);
  // Sites, capacities and prices anew; cheap.
  Status RefreshSites() EXCLUDES(mutex_);
  // Those that are QUARANTINED, as last read.
  std::vector<SiteId> SitesShutOut() const EXCLUDES(mutex_);
  // The next events of the log, in order.
  Status Apply(const std::vector<LoggedEvent>& events) EXCLUDES(mutex_);

  // Runs the matcher, and counts its plan as done: a line that the database refuses changed meanwhile, and its event is
  // on the way.
  RoundPlan PlanRound(int64_t lease_epoch = 0) EXCLUDES(mutex_);
  // The last round's record was not stored, or nobody knows: the next one is complete.
  void NoteRecordLost() EXCLUDES(mutex_);
  // Waiting jobs exist that a round could look at.
  bool HasWaiting() const EXCLUDES(mutex_);
  IndexSizes Sizes() const EXCLUDES(mutex_);
  std::vector<SiteStanding> Sites() const EXCLUDES(mutex_);

  std::shared_ptr<const QuoteBasis> Basis() const override EXCLUDES(mutex_);
  Result<std::shared_ptr<const QuoteBasis>> BasisWith(int64_t price_list) override EXCLUDES(mutex_);
  std::optional<WaitingStanding> StandingOf(JobId job_id) const override EXCLUDES(mutex_);
  // Why a job waits, as the last round saw it; where none looked at it, or another replica places, as the shares are
  // now. Empty: it does not wait.
  std::string WaitingReasonOf(JobId job_id) const EXCLUDES(mutex_);

 private:
  // A job that is at a site, or on its way there.
  struct Placed {
    Uuid class_id;
    ProjectId project_id;
    SiteId site_id;
    std::string share;
    int64_t version = 0;
    Timestamp offered_at{};
    std::optional<Timestamp> submitted_at;  // when we heard of it, as with the start
    std::optional<Timestamp> started_at;
  };
  struct SiteData {
    SiteRecord record;
    std::vector<ShareStatus> shares;
  };

  // `at`: when the change was stored, by the clock that all sites are compared by; absent: nobody here saw it.
  void TakeJob(const JobView& job, std::optional<Timestamp> at) REQUIRES(mutex_);
  // Classes of which no job waits or is placed.  On the placement loop's thread: it learns them before their jobs.
  void ForgetClasses() REQUIRES(mutex_);
  // Loads requests of classes that are not known yet.
  Status LearnClasses(const std::vector<Uuid>& wanted) EXCLUDES(mutex_);
  Status LearnPauses() EXCLUDES(mutex_);
  // What was measured between sites since the last look, and what it says now.
  Status LearnNetwork() EXCLUDES(mutex_);
  // What projects were charged; the first time from long ago, then what may have changed.
  Status LearnUsage() EXCLUDES(mutex_);
  // Loads the price lists that known classes were quoted by, and this one.
  Result<std::shared_ptr<const QuoteBasis>> LearnPrices(std::optional<int64_t> also = {}) EXCLUDES(mutex_);
  void AddListsInUse(std::set<int64_t>& lists) const REQUIRES(mutex_);
  FederationView BuildView() const REQUIRES(mutex_);
  std::vector<SharePause> PausesAt(const FederationView& federation) const REQUIRES(mutex_);
  std::vector<ProjectStanding> Standings() const REQUIRES(mutex_);
  std::vector<PriceList> BuildLists(const FederationView& federation) const REQUIRES(mutex_);
  void RebuildBasis() REQUIRES(mutex_);
  void NotePlan(const Plan& plan, const MatchSetting& setting, RoundPlan& round) REQUIRES(mutex_);
  void NoteRefusals(const Plan& plan, const MatchSetting& setting, RoundPlan& round) REQUIRES(mutex_);

  // Its shares, or none where what is stored of them cannot be read; that is logged once.
  std::vector<ShareStatus> SharesOf(const SiteRecord& record);

  const Parts parts_;
  std::set<SiteId> unreadable_;   // sites whose capacity is so; RefreshSites' alone
  bool shares_left_out_ = false;  // there are more than a round can tell apart; RefreshSites' alone
  mutable Mutex mutex_;
  WaitingIndex waiting_ GUARDED_BY(mutex_);
  RoundRecorder recorder_ GUARDED_BY(mutex_);
  std::map<JobId, Placed> placed_ GUARDED_BY(mutex_);
  std::map<Uuid, JobRequest> classes_ GUARDED_BY(mutex_);
  std::vector<SiteData> sites_ GUARDED_BY(mutex_);
  std::map<int64_t, std::map<SiteId, int64_t>> price_lists_ GUARDED_BY(mutex_);  // list -> site -> version
  std::map<std::pair<SiteId, int64_t>, PriceBook> books_ GUARDED_BY(mutex_);
  int64_t price_list_newest_ GUARDED_BY(mutex_) = 0;
  std::vector<StoredPause> pauses_ GUARDED_BY(mutex_);
  std::map<std::pair<SiteId, SiteId>, PairRoundTrip> round_trips_;  // RefreshSites' alone, as is the next
  std::optional<Timestamp> round_trips_stored_;                     // the newest of them
  std::shared_ptr<const NetworkView> network_ GUARDED_BY(mutex_);
  std::map<ProjectId, std::map<int64_t, int64_t>> charges_ GUARDED_BY(mutex_);  // project -> day -> micros
  std::optional<int64_t> charges_read_day_ GUARDED_BY(mutex_);                  // when they were read last
  std::map<ProjectId, ProjectStanding> faded_ GUARDED_BY(mutex_);               // by the charges alone
  // Of a class; of one project of it where a pause stopped that project alone, or where it was asked for.
  mutable std::map<std::pair<Uuid, std::optional<ProjectId>>, std::string> reasons_ GUARDED_BY(mutex_);
  std::shared_ptr<const QuoteBasis> basis_ GUARDED_BY(mutex_) = std::make_shared<QuoteBasis>();
};

}  // namespace turnpike
