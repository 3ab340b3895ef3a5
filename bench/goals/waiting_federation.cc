#include "bench/goals/waiting_federation.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "base/file_sync.h"
#include "bench/goals/submit_rounds.h"
#include "bench/harness/stored_jobs.h"

namespace turnpike {
namespace {

constexpr int kClasses = 1'000;
constexpr int64_t kBudgetFactor = 1'000'000;
constexpr std::chrono::minutes kPatience{5};

}  // namespace

Result<std::unique_ptr<EndingAgent>> EndingAgent::Make(LoadedFederation& federation) {
  auto agent = std::make_unique<EndingAgent>();
  EndingAgent& taker = *agent;
  ASSIGN_OR_RETURN(agent->link_, PlayedAgent::Make(federation, federation.site_ids().front(),
                                                   [&taker](const v1::DesiredAttempt& attempt,
                                                            PlayedAgent::SteadyTime at) { taker.Take(attempt, at); }));
  return agent;
}

void EndingAgent::Take(const v1::DesiredAttempt& attempt, PlayedAgent::SteadyTime at) {
  std::vector<v1::Report> life = ReportsOfWholeLife(attempt);
  MutexLock lock(mutex_);
  ++offers_;
  newest_ = at;
  std::ranges::move(life, std::back_inserter(to_send_));
  changed_.NotifyAll();
}

int64_t EndingAgent::offers() const {
  MutexLock lock(mutex_);
  return offers_;
}

Result<PlayedAgent::SteadyTime> EndingAgent::WaitForOffer(int64_t known) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  MutexLock lock(mutex_);
  while (offers_ <= known && changed_.WaitUntil(mutex_, until)) {
  }
  if (offers_ <= known) {
    return DeadlineExceeded("nothing was offered to the agent within {} minutes", kPatience.count());
  }
  return newest_;
}

Status EndingAgent::EndOffered() {
  std::vector<v1::Report> reports;
  {
    MutexLock lock(mutex_);
    reports.swap(to_send_);
  }
  RETURN_IF_ERROR(link_->Report(std::move(reports)));
  return link_->WaitUntilAcknowledged();
}

Status StoreWaiting(BenchRun& run, const WaitingCopies& jobs) {
  constexpr SubmitShape kModel{.jobs = 1, .jobs_per_call = 0, .width = 1};
  ASSIGN_OR_RETURN(const Submitted model, SubmitTimed(run, BrokerOf(run), kModel));
  const auto change = [&jobs](JobRequest& request, int number) {
    request.time_limit = std::chrono::seconds(3'600 + number);
    request.cpus_per_task = jobs.cpus_per_task;
    request.budget_micros = request.budget_micros.value_or(1) * kBudgetFactor;  // Money is not what they wait for.
  };
  ASSIGN_OR_RETURN(const std::vector<Uuid> classes, StoreClasses(run.federation, model.jobs.front(), kClasses, change));
  RETURN_IF_ERROR(run.federation.KillBroker());
  return StoreJobs(run.federation, model.jobs.front(),
                   {.count = jobs.count, .as = StoredAs::kWaiting, .classes = classes, .sites = {}});
}

Result<int64_t> ResidentBytes(int pid) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(fmt::format("/proc/{}/status", pid)));
  constexpr std::string_view kMark = "VmRSS:";
  constexpr int64_t kKibibyte = 1024;
  const size_t at = text.find(kMark);
  int64_t kibibytes = 0;
  if (at == std::string::npos || !(std::istringstream(text.substr(at + kMark.size())) >> kibibytes)) {
    return Internal("the system does not tell the memory of process {}", pid);
  }
  return kibibytes * kKibibyte;
}

}  // namespace turnpike
