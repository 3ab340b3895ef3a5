// G8: what agents report, made durable by the broker (the job's row, its event, the mark), against UPDATE by id of the
// same rows, a thousand a transaction, and nothing beside it.

#include <algorithm>
#include <map>
#include <random>

#include "base/mutex.h"
#include "base/stop_signal.h"
#include "bench/goals/submit_rounds.h"
#include "bench/harness/played_agent.h"
#include "bench/harness/stored_jobs.h"
#include "bench/reference/raw_update.h"

namespace turnpike {
namespace {

constexpr int kSites = 20;
constexpr int64_t kJobs = 20'000;
constexpr int kReportsPerJob = 2;  // in a round
constexpr double kHotShare = 0.95;
constexpr std::chrono::milliseconds kPause{50};
constexpr std::chrono::seconds kPatience{60};

// Backends hand in their counts when they end.
constexpr char kBackends[] = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'turnpike%'";
constexpr char kUpdates[] =
    "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'job_state' AND n_tup_upd > 0";

// Sites with their agents and what is offered to them, which goes on coming after an agent has connected.
class BusySites {
 public:
  using Fill = std::function<void(v1::Report& report, int time)>;

  // Returns once `offers` have come, to all sites together.
  static Result<std::unique_ptr<BusySites>> Connect(LoadedFederation& federation, int64_t offers) {
    auto sites = std::make_unique<BusySites>();
    for (const SiteId site_id : federation.site_ids()) {
      Site& site = *sites->all_.emplace_back(std::make_unique<Site>());
      const auto take = [&sites = *sites, &site](const v1::DesiredAttempt& offer, PlayedAgent::SteadyTime) {
        sites.Take(site, offer);
      };
      ASSIGN_OR_RETURN(site.agent, PlayedAgent::Make(federation, site_id, take));
      RETURN_IF_ERROR(site.agent->Connect());
    }
    RETURN_IF_ERROR(sites->WaitFor(offers));
    return sites;
  }

  // Every site at once, each job of it `times` times.  `fill` writes the fact.
  Status ReportAll(int times, const Fill& fill) EXCLUDES(mutex_) {
    std::vector<std::thread> threads;
    std::vector<Status> ends(all_.size());
    for (size_t i = 0; i < all_.size(); ++i) {
      threads.emplace_back([&, i] { ends[i] = ReportOf(*all_[i], times, fill); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    for (const Status& end : ends) {
      RETURN_IF_ERROR(end);
    }
    return OkStatus();
  }

 private:
  struct Site {
    std::unique_ptr<PlayedAgent> agent;
    std::vector<v1::Report> attempts;  // without a fact
  };

  void Take(Site& site, const v1::DesiredAttempt& offer) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    v1::Report& report = site.attempts.emplace_back();
    report.set_attempt_id(offer.attempt_id());
    report.set_fence(offer.fence());
    ++offers_;
    changed_.NotifyAll();
  }

  Status WaitFor(int64_t offers) EXCLUDES(mutex_) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    MutexLock lock(mutex_);
    while (offers_ < offers && changed_.WaitUntil(mutex_, until)) {
    }
    return offers_ >= offers ? OkStatus()
                             : DeadlineExceeded("{} of {} jobs were offered to their sites", offers_, offers);
  }

  Status ReportOf(const Site& site, int times, const Fill& fill) EXCLUDES(mutex_) {
    for (int time = 0; time < times; ++time) {
      std::vector<v1::Report> reports;
      {
        MutexLock lock(mutex_);
        reports = site.attempts;
      }
      std::ranges::shuffle(reports, std::minstd_rand(static_cast<unsigned>(time)));
      for (v1::Report& report : reports) {
        fill(report, time);
      }
      RETURN_IF_ERROR(site.agent->Report(std::move(reports)));
    }
    return site.agent->WaitUntilAcknowledged();
  }

  std::vector<std::unique_ptr<Site>> all_;
  Mutex mutex_;  // of all their attempts
  CondVar changed_;
  int64_t offers_ GUARDED_BY(mutex_) = 0;
};

// From the offer to running.
Status StartAll(BusySites& sites) {
  return sites.ReportAll(3, [](v1::Report& report, int time) {
    if (time == 0) {
      report.mutable_claimed();
    } else if (time == 1) {
      report.mutable_submitted()->set_cluster("bench");
      report.mutable_submitted()->set_local_job_id(report.attempt_id().substr(0, 8));
    } else {
      SetToNow(*report.mutable_started()->mutable_start_time());
    }
  });
}

Result<Round> MeasureRound(BenchRun& run, BusySites& sites, RawUpdate& reference, std::vector<JobId> jobs) {
  const int64_t mark = ++run.jobs_made;
  RETURN_IF_ERROR(Checkpoint(run));
  const SideTimer timer(run.federation, run.federation.broker_pid());
  RETURN_IF_ERROR(sites.ReportAll(kReportsPerJob, [mark](v1::Report& report, int time) {
    report.mutable_site_state()->set_site_state("RUNNING");
    report.mutable_site_state()->set_site_reason(fmt::format("phase {} of round {}", time, mark));
  }));
  const TimedSide ours = timer.Stop();
  RETURN_IF_ERROR(Checkpoint(run));
  const SideTimer reference_timer(run.federation, run.federation.broker_pid());
  for (int time = 0; time < kReportsPerJob; ++time) {
    std::ranges::shuffle(jobs, std::minstd_rand(static_cast<unsigned>(time)));
    RETURN_IF_ERROR(reference.Update(jobs, fmt::format("phase {} of round {}", time, mark)));
  }
  const TimedSide theirs = reference_timer.Stop();
  const auto reports = static_cast<double>(jobs.size()) * kReportsPerJob;
  return Round{.pair = {.measured = reports / ours.seconds, .reference = reports / theirs.seconds},
               .cpu = {.broker = ours.server_cpu / reports * 1e6,
                       .postgres = ours.postgres_cpu / reports * 1e6,
                       .reference_postgres = theirs.postgres_cpu / reports * 1e6}};
}

Result<Round> HotShare(BenchRun& run) {
  RETURN_IF_ERROR(run.federation.KillBroker());
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, run.federation.OpenDatabase());
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (StopSignal pause; std::chrono::steady_clock::now() < until; pause.WaitFor(kPause)) {
    ASSIGN_OR_RETURN(const Rows backends, database->Execute(kBackends));
    if (backends.Int(0, 0) == 0) {
      break;
    }
  }
  ASSIGN_OR_RETURN(const Rows rows, database->Execute(kUpdates));
  if (rows.empty()) {
    return Internal("PostgreSQL has counted no update of job_state");
  }
  return Round{
      .pair = {.measured = static_cast<double>(rows.Int(0, 1)), .reference = static_cast<double>(rows.Int(0, 0))},
      .cpu = {}};
}

Result<std::vector<JobId>> LiveJobs(const LoadedFederation& federation) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, federation.OpenDatabase());
  ASSIGN_OR_RETURN(const Rows rows, database->Execute("SELECT job_id FROM job_state WHERE state = 'RUNNING'"));
  std::vector<JobId> jobs;
  for (int row = 0; row < rows.size(); ++row) {
    jobs.push_back(rows.Id<JobId>(row, 0));
  }
  return jobs;
}

Status FillSites(BenchRun& run) {
  constexpr SubmitShape kModel{.jobs = 1, .jobs_per_call = 0, .width = 1};
  ASSIGN_OR_RETURN(const Submitted model, SubmitTimed(run, BrokerOf(run), kModel));
  RETURN_IF_ERROR(run.federation.KillBroker());
  RETURN_IF_ERROR(
      StoreJobs(run.federation, model.jobs.front(),
                {.count = run.size.Scaled(kJobs), .as = StoredAs::kOffered, .sites = run.federation.site_ids()}));
  return run.federation.StartBroker();
}

}  // namespace

Status BenchStatus(BenchRun& whole) {
  ASSIGN_OR_RETURN(const std::unique_ptr<LoadedFederation> federation,
                   whole.start_federation({.name = "status", .sites = kSites}));
  BenchRun run = RunIn(whole, *federation);
  RETURN_IF_ERROR(FillSites(run));
  ASSIGN_OR_RETURN(const std::unique_ptr<BusySites> sites, BusySites::Connect(*federation, run.size.Scaled(kJobs)));
  RETURN_IF_ERROR(StartAll(*sites));
  ASSIGN_OR_RETURN(const std::vector<JobId> jobs, LiveJobs(*federation));
  // The model may be among them.
  if (static_cast<int64_t>(jobs.size()) < run.size.Scaled(kJobs)) {
    return Internal("{} jobs run after their agents reported it, {} should", jobs.size(), run.size.Scaled(kJobs));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<RawCopy> from, RawCopy::Open(federation->database()));
  ASSIGN_OR_RETURN(const std::unique_ptr<RawCopy> into, RawCopy::Open(federation->reference()));
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, federation->OpenReference());
  ASSIGN_OR_RETURN(RawUpdate reference, RawUpdate::Make(*from, *into, std::move(connection)));
  for (const Disk& disk : run.disks) {
    RETURN_IF_ERROR(federation->sync_delay().Set(disk.delay));
    GoalResult result{.goal = {.name = fmt::format("reports of {} sites", kSites),
                               .unit = "reports/s",
                               .reference = "UPDATE by the thousand",
                               .target = 0.40},
                      .disk = disk.name};
    ASSIGN_OR_RETURN(result.sync_micros, federation->sync_delay().MedianMicros());
    for (int round = 0; round < run.size.rounds; ++round) {
      ASSIGN_OR_RETURN(const Round measured, MeasureRound(run, *sites, reference, jobs));
      result.rounds.push_back(measured);
    }
    run.report(result);
  }
  RETURN_IF_ERROR(federation->sync_delay().Set(std::chrono::microseconds(0)));
  ASSIGN_OR_RETURN(const Round hot, HotShare(run));
  run.report({.goal = {.name = "updates of job_state within the page",
                       .unit = "updates",
                       .reference = "of all",
                       .target = kHotShare},
              .disk = "all",
              .rounds = {hot}});
  return OkStatus();
}

}  // namespace turnpike
