// G8: what agents report, made durable by the broker (the job's row, its event, the mark), against UPDATE by id of the
// same rows, a thousand a transaction, and nothing beside it.

#include <algorithm>
#include <map>
#include <random>

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

// One site with its agent and what is offered to it.
struct BusySite {
  std::unique_ptr<PlayedAgent> agent;
  std::vector<v1::Report> attempts;  // without a fact
};

Result<std::vector<std::unique_ptr<BusySite>>> ConnectSites(LoadedFederation& federation) {
  std::vector<std::unique_ptr<BusySite>> sites;
  for (const SiteId site_id : federation.site_ids()) {
    BusySite& site = *sites.emplace_back(std::make_unique<BusySite>());
    const auto take = [&site](const v1::DesiredAttempt& offer, PlayedAgent::SteadyTime) {
      v1::Report& report = site.attempts.emplace_back();
      report.set_attempt_id(offer.attempt_id());
      report.set_fence(offer.fence());
    };
    ASSIGN_OR_RETURN(site.agent, PlayedAgent::Make(federation, site_id, take));
    RETURN_IF_ERROR(site.agent->Connect());
  }
  return sites;
}

// Every site at once, each job of it `times` times.  `fill` writes the fact.
Status ReportAll(std::vector<std::unique_ptr<BusySite>>& sites, int times,
                 const std::function<void(v1::Report& report, int time)>& fill) {
  std::vector<std::thread> threads;
  std::vector<Status> ends(sites.size());
  for (size_t i = 0; i < sites.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int time = 0; time < times && ends[i].ok(); ++time) {
        std::vector<v1::Report> reports = sites[i]->attempts;
        std::ranges::shuffle(reports, std::minstd_rand(static_cast<unsigned>(time)));
        for (v1::Report& report : reports) {
          fill(report, time);
        }
        ends[i] = sites[i]->agent->Report(std::move(reports));
      }
      ends[i].Update(sites[i]->agent->WaitUntilAcknowledged());
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const Status& end : ends) {
    RETURN_IF_ERROR(end);
  }
  return OkStatus();
}

// From the offer to running.
Status StartAll(std::vector<std::unique_ptr<BusySite>>& sites) {
  return ReportAll(sites, 3, [](v1::Report& report, int time) {
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

Result<Round> MeasureRound(BenchRun& run, std::vector<std::unique_ptr<BusySite>>& sites, RawUpdate& reference,
                           std::vector<JobId> jobs) {
  const int64_t mark = ++run.jobs_made;
  RETURN_IF_ERROR(Checkpoint(run));
  const SideTimer timer(run.federation, run.federation.broker_pid());
  RETURN_IF_ERROR(ReportAll(sites, kReportsPerJob, [mark](v1::Report& report, int time) {
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
  ASSIGN_OR_RETURN(std::vector<std::unique_ptr<BusySite>> sites, ConnectSites(*federation));
  RETURN_IF_ERROR(StartAll(sites));
  ASSIGN_OR_RETURN(const std::vector<JobId> jobs, LiveJobs(*federation));
  if (static_cast<int64_t>(jobs.size()) != run.size.Scaled(kJobs)) {
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
      ASSIGN_OR_RETURN(const Round measured, MeasureRound(run, sites, reference, jobs));
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
