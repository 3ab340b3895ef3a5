#include "tests/e2e/chaos_load.h"

#include <map>
#include <random>

#include "tests/e2e/job_facts.h"

namespace turnpike {
namespace {

constexpr size_t kClients = 4;
constexpr int kLengthMax = 20;  // seconds of a job
constexpr int kCancelledOneIn = 8;
constexpr int kReadOneIn = 3;
constexpr std::chrono::milliseconds kCancelWithin{15'000};
constexpr std::chrono::minutes kAcceptTime{10};  // no outage of a run is as long
constexpr int kCancelTries = 200;
constexpr std::chrono::milliseconds kPause{200};

}  // namespace

ChaosLoad::ChaosLoad(Federation& federation, const Settings& settings) : federation_(federation) {
  for (std::vector<PlannedJob>& jobs : Plan(settings)) {
    threads_.emplace_back([this, jobs = std::move(jobs)] { RunClient(jobs); });
  }
}

ChaosLoad::~ChaosLoad() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) {
      thread.join();
    }
  }
}

std::vector<std::vector<ChaosLoad::PlannedJob>> ChaosLoad::Plan(const Settings& settings) {
  std::mt19937_64 engine(settings.seed * 7919 + 1);
  std::vector<std::vector<PlannedJob>> clients(kClients);
  const auto length = std::chrono::milliseconds(settings.length);
  for (int i = 0; i < settings.jobs; ++i) {
    PlannedJob job{.at = length * i / settings.jobs,
                   .name = fmt::format("chaos-{}-{}", settings.seed, i),
                   .length = std::chrono::seconds(engine() % kLengthMax),
                   .site = {},
                   .cancel_at = std::chrono::milliseconds(0),
                   .read_back = engine() % kReadOneIn == 0};
    const size_t choice = i % (settings.sites.size() + 1);
    if (choice < settings.sites.size()) {
      job.site = settings.sites[choice];
    }
    if (engine() % kCancelledOneIn == 0) {
      job.cancel_at = job.at + std::chrono::milliseconds(engine() % static_cast<uint64_t>(kCancelWithin.count()));
    }
    clients[static_cast<size_t>(i) % kClients].push_back(std::move(job));
  }
  return clients;
}

Status ChaosLoad::Finish() {
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
  const MutexLock lock(mutex_);
  return first_fault_;
}

void ChaosLoad::RunClient(const std::vector<PlannedJob>& jobs) {
  std::multimap<std::chrono::milliseconds, std::string> cancels;
  const auto cancel_due = [&](std::chrono::milliseconds until) {
    while (!cancels.empty() && cancels.begin()->first <= until) {
      WaitUntil(cancels.begin()->first);
      Cancel(cancels.begin()->second);
      cancels.erase(cancels.begin());
    }
  };
  for (const PlannedJob& job : jobs) {
    cancel_due(job.at);
    WaitUntil(job.at);
    std::string job_id;
    if (Status accepted = SubmitOne(job, job_id); !accepted.ok()) {
      const MutexLock lock(mutex_);
      first_fault_ = first_fault_.ok() ? std::move(accepted) : first_fault_;
      continue;
    }
    if (job.read_back) {
      ReadBack(job_id);
    }
    if (job.cancel_at.count() > 0) {
      cancels.emplace(job.cancel_at, job_id);
    }
  }
  cancel_due(std::chrono::milliseconds::max());
}

Status ChaosLoad::SubmitOne(const PlannedJob& job, std::string& job_id) {
  v1::JobSpec spec = federation_.payload().JobOf(job.name, job.length);
  if (!job.site.empty()) {
    spec.mutable_placement()->add_sites(job.site);
  }
  ASSIGN_OR_RETURN(job_id, federation_.Submit(spec, kAcceptTime));
  return OkStatus();
}

// Another broker than the one that accepted it, as likely as not.
void ChaosLoad::ReadBack(const std::string& job_id) {
  const CallRecord asked{.what = "invoke", .call = "read", .request = federation_.NewRequestId(), .subject = job_id};
  federation_.calls().Note(asked);
  federation_.calls().NoteOutcome(asked, federation_.GetJob(job_id).status(), job_id);
}

void ChaosLoad::Cancel(const std::string& job_id) {
  v1::CancelJobRequest request;
  request.set_request_id(federation_.NewRequestId());
  request.set_job_id(job_id);
  const CallRecord asked{.what = "invoke", .call = "cancel", .request = request.request_id(), .subject = job_id};
  for (int i = 0; i < kCancelTries; ++i) {
    federation_.calls().Note(asked);
    const Result<std::unique_ptr<Client>> client = federation_.MakeClient();
    const Result<v1::CancelJobResponse> done =
        client.ok() ? (*client)->CancelJob(request) : Result<v1::CancelJobResponse>(client.status());
    if (done.ok() && HasEnded(done->job()) && done->job().state() != v1::JOB_STATE_CANCELLED) {
      federation_.calls().Note({.what = "late", .call = "cancel", .request = asked.request, .subject = job_id});
    } else {
      federation_.calls().NoteOutcome(asked, done.status(), job_id);
    }
    if (!HasUnknownOutcome(done.status())) {
      return;
    }
    never_.WaitFor(kPause);
  }
}

void ChaosLoad::WaitUntil(std::chrono::milliseconds at) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(begin_ + at - std::chrono::steady_clock::now());
  if (left.count() > 0) {
    never_.WaitFor(left);
  }
}

}  // namespace turnpike
