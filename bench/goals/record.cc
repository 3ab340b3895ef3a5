// What it costs to record a round of placement, beside the round itself: no database, no sites, the matcher and the
// recorder alone.  10,000 jobs wait for 100 shares of 20 sites; before each round 100 more come, places for about as
// many come free, and a fifth of the shares report other figures.

#include <fmt/format.h>
#include <sys/resource.h>

#include <random>

#include "bench/goals/bench_run.h"
#include "broker/core/round_recorder.h"

namespace turnpike {
namespace {

constexpr int kSites = 20;
constexpr int kSharesOfSite = 5;
constexpr int kClasses = 100;
constexpr int64_t kWaiting = 10'000;
constexpr int kArriving = 100;
constexpr int64_t kRoundsTimed = 100;
constexpr Timestamp kStart = TimestampFromSeconds(1'800'000'000);
constexpr int64_t kNodeCores = 64;

struct RoundCost {
  std::chrono::nanoseconds match{0};
  std::chrono::nanoseconds record{0};
  size_t bytes = 0;
  size_t complete_bytes = 0;  // of the last complete record
  int64_t placed = 0;
};

// Processor time of this thread: neither side waits for anything.
std::chrono::nanoseconds ThreadTime() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  return std::chrono::seconds(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         std::chrono::microseconds(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

template <class Call>
auto Timed(std::chrono::nanoseconds& sum, Call call) {
  const std::chrono::nanoseconds start = ThreadTime();
  auto result = call();
  sum += ThreadTime() - start;
  return result;
}

class PlacedFederation {
 public:
  PlacedFederation() {
    AddShares();
    for (int i = 0; i < kClasses; ++i) {
      classes_.push_back(RequestOf(i));
    }
    AddJobs(kWaiting);
  }

  void RunRound(RoundCost& cost) {
    AddJobs(kArriving);
    ChangeFigures();
    now_ += std::chrono::seconds(1);
    const MatchSetting setting{federation_, prices_, policy_, now_, {}, standings_};
    const Plan plan = Timed(cost.match, [&] { return Match(waiting_, setting); });
    const std::optional<RoundRecord> record = Timed(cost.record, [&] {
      return recorder_.Note({.waiting = waiting_, .setting = setting, .plan = plan, .lease_epoch = 1});
    });
    for (const Assignment& assignment : plan.assignments) {
      waiting_.Remove(assignment.job_id);
    }
    cost.placed += static_cast<int64_t>(plan.assignments.size());
    if (record) {
      waiting_.ForgetChanges();
      cost.bytes += record->bytes();
      cost.complete_bytes = record->is_complete() ? record->bytes() : cost.complete_bytes;
    }
  }

 private:
  template <class AnyId>
  AnyId NewId() {
    Uuid uuid;
    for (uint8_t& byte : uuid.bytes) {
      byte = static_cast<uint8_t>(random_());
    }
    return AnyId(uuid);
  }

  static JobRequest RequestOf(int number) {
    JobRequest request;
    request.nodes = request.tasks = 1 + number % 4;
    request.exclusive = true;
    request.time_limit = std::chrono::minutes(10 + number);
    request.unit = "EUR";
    request.budget_micros = 100'000'000;
    return request;
  }

  void AddShares() {
    std::vector<SiteInfo> sites;
    std::vector<ShareStatus> shares;
    for (int site = 0; site < kSites; ++site) {
      sites.push_back({.site_id = NewId<SiteId>(),
                       .name = fmt::format("site-{:02}", site),
                       .region = "eu",
                       .connected = true,
                       .last_seen = kStart,
                       .price_book_version = 1});
      for (int share = 0; share < kSharesOfSite; ++share) {
        ShareStatus status;
        status.info.site_id = sites.back().site_id;
        status.info.name = fmt::format("share-{}", share);
        status.info.node = {.cpu_architecture = "x86_64",
                            .cores = kNodeCores,
                            .memory_mib = 256'000,
                            .accelerator_model = {},
                            .accelerators = 0};
        status.info.guarded = true;
        status.load.pool = {.nodes_total = 500, .cores_total = 500 * kNodeCores};
        status.load.observed_at = kStart;
        shares.push_back(std::move(status));
      }
    }
    federation_ = BuildFederation(std::move(sites), std::move(shares), {});
    for (ShareView& share : federation_.shares) {
      share.buffered = 29;  // What waits at the site is all that may.
    }
    const RateSet rates{.unit = "EUR", .core_hour_micros = 20'000};
    prices_.push_back({.id = 0, .rates = {federation_.shares.size(), rates}});
    for (int i = 0; i < 20; ++i) {
      standings_.push_back({.project_id = NewId<ProjectId>(), .used_micros = i * 1'000'000});
    }
  }

  void AddJobs(int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      ++added_;
      waiting_.Add({.job_id = NewId<JobId>(),
                    .version = 1,
                    .project_id = standings_[random_() % standings_.size()].project_id,
                    .priority = 0,
                    .submit_time = kStart + std::chrono::milliseconds(added_)},
                   classes_[random_() % classes_.size()]);
    }
  }

  // About 250 nodes come free, for jobs of 1 to 4 of them.
  void ChangeFigures() {
    for (size_t i = 0; i < federation_.shares.size(); ++i) {
      PoolLoad& pool = federation_.pools[federation_.shares[i].pool].load;
      const bool reports = i % 5 == static_cast<size_t>(MicrosOf(now_) / 1'000'000 % 5);
      pool.nodes_idle = reports ? 12 : 0;
      pool.cores_idle = pool.nodes_idle * kNodeCores;
      if (reports) {
        federation_.shares[i].load.observed_at = now_;
        federation_.shares[i].load.jobs_waiting = static_cast<int32_t>(random_() % 30);
        pool.core_seconds_running = static_cast<int64_t>(random_() % 100'000'000);
      }
    }
    for (SiteInfo& site : federation_.sites) {
      site.last_seen = now_;
      site.offer_room = static_cast<int32_t>(kOffersMax - random_() % 100);
    }
    for (ProjectStanding& standing : standings_) {
      standing.used_micros += static_cast<int64_t>(random_() % 1'000'000);
    }
  }

  std::mt19937_64 random_{1};
  FederationView federation_;
  std::vector<PriceList> prices_;
  const MatchPolicy policy_;
  std::vector<ProjectStanding> standings_;
  std::vector<JobRequest> classes_;
  WaitingIndex waiting_;
  RoundRecorder recorder_;
  Timestamp now_ = kStart;
  int64_t added_ = 0;
};

}  // namespace

Status BenchRecord(BenchRun& run) {
  GoalResult result{.goal = {.name = "record a round",
                             .unit = "us",
                             .reference = "the round itself",
                             .target = 0.2,
                             .better = Better::kLower},
                    .disk = "none"};
  RoundCost all;
  const auto timed = static_cast<int>(std::max<int64_t>(10, run.size.Scaled(kRoundsTimed)));
  PlacedFederation federation;
  RoundCost first;
  federation.RunRound(first);
  for (int i = 0; i < run.size.rounds; ++i) {
    RoundCost cost;
    for (int round = 0; round < timed; ++round) {
      federation.RunRound(cost);
    }
    const auto micros_each = [&](std::chrono::nanoseconds sum) {
      return static_cast<double>(sum.count()) / 1'000 / timed;
    };
    result.rounds.push_back(
        {.pair = {.measured = micros_each(cost.record), .reference = micros_each(cost.match)}, .cpu = {}});
    all.bytes += cost.bytes;
    all.placed += cost.placed;
  }
  const int64_t rounds = int64_t{timed} * run.size.rounds;
  result.note = fmt::format("{} bytes a round of {} placed jobs; the first, with {} jobs, {} bytes in {} us",
                            static_cast<int64_t>(all.bytes) / rounds, all.placed / rounds, kWaiting + kArriving,
                            first.complete_bytes, first.record.count() / 1'000);
  run.report(result);
  return OkStatus();
}

}  // namespace turnpike
