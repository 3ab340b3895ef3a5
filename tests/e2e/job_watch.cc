#include "tests/e2e/job_watch.h"

#include "tests/e2e/job_facts.h"

namespace turnpike {

JobWatch::JobWatch(std::unique_ptr<Client> client) : client_(std::move(client)) {
  thread_ = std::thread([this] {
    const Status status = client_->WatchJobs({}, stop_, [this](const v1::WatchJobsResponse& response) {
      if (response.has_event()) {
        Take(response.event());
      }
      return true;
    });
    const MutexLock lock(mutex_);
    status_ = status;
  });
}

JobWatch::~JobWatch() {
  Stop();
  thread_.join();
}

std::optional<v1::Job> JobWatch::Find(const std::string& job_id) const {
  const MutexLock lock(mutex_);
  const auto found = jobs_.find(job_id);
  return found == jobs_.end() ? std::nullopt : std::optional(found->second);
}

Status JobWatch::status() const {
  const MutexLock lock(mutex_);
  return status_;
}

std::string JobWatch::fault() const {
  const MutexLock lock(mutex_);
  return fault_;
}

void JobWatch::Take(const v1::JobEvent& event) {
  const v1::Job& job = event.job();
  const MutexLock lock(mutex_);
  if (event.description() == "SNAPSHOT") {
    first_look_.insert(job.job_id());
  }
  const auto [known, is_new] = jobs_.try_emplace(job.job_id(), job);
  if (is_new) {
    return;
  }
  // A watch that begins anew, before its first event, shows each job as it stands once more; one that goes on right
  // behind that look may bring what it showed already.
  if (job.version() < known->second.version() && !first_look_.contains(job.job_id()) && fault_.empty()) {
    fault_ =
        fmt::format("job {}: version {} came after version {}", job.job_id(), job.version(), known->second.version());
  }
  if (HasEnded(known->second) && job.state() != known->second.state() && fault_.empty()) {
    fault_ = fmt::format("job {} left its final state {} for {}", job.job_id(),
                         v1::JobState_Name(known->second.state()), v1::JobState_Name(job.state()));
  }
  known->second = job;
}

}  // namespace turnpike
