#pragma once
// How much of the broker one project may have, and how many calls from one address may need a look into the database to
// know who calls.  Decided before a request is read and before any query, so that a flood costs little and hurts only
// who sends it.  Each replica counts for itself.  Thread-safe.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/time.h"
#include "broker/core/token_bucket.h"
#include "broker/ports/token_store.h"

namespace turnpike {

struct CallLimits {
  double calls_per_second = 1'000;    // of a project; 0: no limit; twice as many at once
  double jobs_per_second = 5'000;     // that a project submits; 0: no limit; ten times as many at once
  int calls_open_max = 500;           // of a project: waiting or under way
  int streams_open_max = 100;         // of a project: watches and followed output
  double strangers_per_second = 200;  // of an address: calls with tokens not seen lately; 0: no limit
};

enum class CallKind { kPlain, kSubmission, kStream };

class CallLimiter {
  struct Project;

 public:
  CallLimiter(const CallLimits& limits, const Clock& clock, Metrics& metrics)
      : limits_(limits), clock_(clock), metrics_(metrics) {}

  // Counts a call as open until it is gone.
  class Permit {
   public:
    Permit(CallLimiter& limiter, Project& project, CallKind kind) : limiter_(limiter), project_(project), kind_(kind) {}
    ~Permit() { limiter_.Leave(project_, kind_); }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

    // What a submission turned out to hold: paid off before the project's next one is read.
    void ChargeJobs(size_t jobs) { limiter_.ChargeJobs(project_, jobs); }

   private:
    CallLimiter& limiter_;
    Project& project_;
    const CallKind kind_;
  };

  // RESOURCE_EXHAUSTED (OVERLOADED), with when to try again.
  Result<std::shared_ptr<Permit>> Admit(const Principal& principal, CallKind kind) EXCLUDES(mutex_);
  // For a call of whom nobody knows yet; `peer` as gRPC names it.
  Status AdmitStranger(const std::string& peer) EXCLUDES(mutex_);
  // The queue of the workers is full.
  Status QueueIsFull();

 private:
  // Kept for good: there are as many as projects that ever called.
  struct Project {
    TokenBucket calls;
    TokenBucket jobs;
    int calls_open = 0;
    int streams_open = 0;
  };
  struct Refusal {
    std::string_view cause;  // as metrics name it
    std::chrono::milliseconds wait;
  };

  Project& FindProject(ProjectId project_id) REQUIRES(mutex_);
  std::optional<Refusal> Judge(Project& project, CallKind kind, MonotonicTime now) REQUIRES(mutex_);
  TokenBucket& FindAddress(const std::string& address, MonotonicTime now) REQUIRES(mutex_);
  void Leave(Project& project, CallKind kind) EXCLUDES(mutex_);
  void ChargeJobs(Project& project, size_t jobs) EXCLUDES(mutex_);
  Status Refuse(const Refusal& refusal);

  const CallLimits limits_;
  const Clock& clock_;
  Metrics& metrics_;
  Mutex mutex_;
  std::map<ProjectId, std::unique_ptr<Project>> projects_ GUARDED_BY(mutex_);
  std::map<std::string, TokenBucket> addresses_ GUARDED_BY(mutex_);
  MonotonicTime swept_ GUARDED_BY(mutex_){};
};

}  // namespace turnpike
