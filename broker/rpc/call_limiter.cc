#include "broker/rpc/call_limiter.h"

#include <algorithm>

#include "base/error_reason.h"

namespace turnpike {
namespace {

constexpr double kCallsBurst = 2;  // seconds' worth
constexpr double kJobsBurst = 10;  // the same
constexpr double kStrangersBurst = 4;
constexpr size_t kAddressesMax = 10'000;
constexpr std::chrono::seconds kSweepInterval{1};
constexpr char kAllOthers[] = "";                    // addresses beyond those
constexpr std::chrono::milliseconds kOpenWait{200};  // until some of the open calls may have ended
constexpr std::chrono::milliseconds kQueueWait{1'000};

constexpr std::string_view kProjectCalls = "project-calls";
constexpr std::string_view kProjectJobs = "project-jobs";
constexpr std::string_view kProjectOpen = "project-open";
constexpr std::string_view kProjectStreams = "project-streams";
constexpr std::string_view kStranger = "stranger";
constexpr std::string_view kQueue = "queue";

TokenBucket::Rate RateOf(double per_second, double burst_seconds) {
  return {.per_second = per_second, .burst = std::max(1.0, per_second * burst_seconds)};
}

// "ipv4:192.0.2.7:52110" without the port.
std::string AddressOf(const std::string& peer) {
  return peer.substr(0, peer.rfind(':'));
}

std::string_view SentenceOf(std::string_view cause) {
  if (cause == kProjectCalls) {
    return "the project makes more calls than it may";
  }
  if (cause == kProjectJobs) {
    return "the project submits more jobs than it may; batches count as their jobs";
  }
  if (cause == kProjectOpen) {
    return "too many calls of the project are under way";
  }
  if (cause == kProjectStreams) {
    return "too many watches of the project are open; end some";
  }
  return cause == kStranger ? "too many calls with tokens not seen lately come from this address"
                            : "too many calls wait already";
}

}  // namespace

Result<std::shared_ptr<CallLimiter::Permit>> CallLimiter::Admit(const Principal& principal, CallKind kind) {
  const MonotonicTime now = clock_.Monotonic();
  std::optional<Refusal> refusal;
  {
    MutexLock lock(mutex_);
    Project& project = FindProject(principal.project_id.value_or(ProjectId()));
    refusal = Judge(project, kind, now);
    if (!refusal) {
      ++(kind == CallKind::kStream ? project.streams_open : project.calls_open);
      return std::make_shared<Permit>(*this, project, kind);
    }
  }
  return Refuse(*refusal);
}

std::optional<CallLimiter::Refusal> CallLimiter::Judge(Project& project, CallKind kind, MonotonicTime now) {
  if (kind == CallKind::kStream ? project.streams_open >= limits_.streams_open_max
                                : project.calls_open >= limits_.calls_open_max) {
    return Refusal{kind == CallKind::kStream ? kProjectStreams : kProjectOpen, kOpenWait};
  }
  if (kind == CallKind::kSubmission) {
    if (const auto wait = project.jobs.Wait(now)) {
      return Refusal{kProjectJobs, *wait};
    }
  }
  if (const auto wait = project.calls.TryTake(now)) {
    return Refusal{kProjectCalls, *wait};
  }
  return std::nullopt;
}

Status CallLimiter::AdmitStranger(const std::string& peer) {
  const MonotonicTime now = clock_.Monotonic();
  std::optional<std::chrono::milliseconds> wait;
  {
    MutexLock lock(mutex_);
    wait = FindAddress(AddressOf(peer), now).TryTake(now);
  }
  return wait ? Refuse({kStranger, *wait}) : OkStatus();
}

Status CallLimiter::QueueIsFull() {
  return Refuse({kQueue, kQueueWait});
}

CallLimiter::Project& CallLimiter::FindProject(ProjectId project_id) {
  std::unique_ptr<Project>& project = projects_[project_id];
  if (project == nullptr) {
    project = std::make_unique<Project>(Project{.calls = TokenBucket(RateOf(limits_.calls_per_second, kCallsBurst)),
                                                .jobs = TokenBucket(RateOf(limits_.jobs_per_second, kJobsBurst)),
                                                .calls_open = 0,
                                                .streams_open = 0});
  }
  return *project;
}

// Whoever may choose addresses (IPv6) must not fill the memory: beyond a number all share one budget.
TokenBucket& CallLimiter::FindAddress(const std::string& address, MonotonicTime now) {
  const auto known = addresses_.find(address);
  if (known != addresses_.end()) {
    return known->second;
  }
  const TokenBucket fresh(RateOf(limits_.strangers_per_second, kStrangersBurst));
  if (addresses_.size() >= kAddressesMax && now - swept_ >= kSweepInterval) {
    swept_ = now;
    std::erase_if(addresses_, [now](auto& one) { return one.second.IsFull(now); });
  }
  const bool full = addresses_.size() >= kAddressesMax;
  return addresses_.try_emplace(full ? kAllOthers : address, fresh).first->second;
}

void CallLimiter::Leave(Project& project, CallKind kind) {
  MutexLock lock(mutex_);
  --(kind == CallKind::kStream ? project.streams_open : project.calls_open);
}

void CallLimiter::ChargeJobs(Project& project, size_t jobs) {
  MutexLock lock(mutex_);
  project.jobs.Charge(static_cast<int64_t>(jobs), clock_.Monotonic());
}

Status CallLimiter::Refuse(const Refusal& refusal) {
  metrics_.CounterOf(Metric::kCallsRefused, {std::string(refusal.cause)}).Add();
  const Status status = ResourceExhausted("{}; try again in {} ms", SentenceOf(refusal.cause), refusal.wait.count());
  return WithDetails(status, {.reason = ErrorReason::kOverloaded,
                              .metadata = {{"limit", std::string(refusal.cause)}},
                              .violations = {},
                              .retry_after = refusal.wait});
}

}  // namespace turnpike
