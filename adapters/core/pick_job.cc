#include "adapters/core/pick_job.h"

#include <algorithm>
#include <tuple>

namespace turnpike {
namespace {

constexpr Duration kSubmitTimeRounding = std::chrono::seconds(2);

int Rank(const LocalJobView& job) {
  switch (job.state) {
    case LocalState::kRunning:
      return 0;
    case LocalState::kCompleting:
      return 1;
    case LocalState::kPending:
      return 2;
    case LocalState::kUnknown:
      return 3;
    case LocalState::kEnded:
      return EndCounts(job) ? 4 : 5;
  }
  return 6;
}

bool IsBetter(const LocalJobView& left, const LocalJobView& right) {
  return std::tuple(Rank(left), left.submit_time, left.local_job_id) <
         std::tuple(Rank(right), right.submit_time, right.local_job_id);
}

const LocalJobView* FindBest(const std::vector<LocalJobView>& jobs, bool alive_only) {
  const LocalJobView* best = nullptr;
  for (const LocalJobView& job : jobs) {
    if ((!alive_only || IsAlive(job)) && (best == nullptr || IsBetter(job, *best))) {
      best = &job;
    }
  }
  return best;
}

// The job that the wrapper's start record names.
const LocalJobView* FindStarter(const AttemptRecord& record, const Evidence& evidence) {
  if (!evidence.directory.start || evidence.directory.start->local_job_id.empty()) {
    return nullptr;
  }
  const std::string& id = evidence.directory.start->local_job_id;
  const LocalJobView* starter = nullptr;
  for (const LocalJobView& job : evidence.jobs) {
    const bool contradicts =
        record.identity && record.identity->local_job_id == id && !IsNamedBy(job, *record.identity);
    if (job.local_job_id == id && !contradicts) {
      starter = &job;
    }
  }
  return starter;
}

}  // namespace

bool IsSameSubmitTime(Timestamp left, Timestamp right) {
  if (left == Timestamp{} || right == Timestamp{}) {
    return true;
  }
  return (left > right ? left - right : right - left) < kSubmitTimeRounding;
}

bool IsNamedBy(const LocalJobView& job, const LocalJobIdentity& identity) {
  const bool same_cluster = job.cluster.empty() || identity.cluster.empty() || job.cluster == identity.cluster;
  return same_cluster && job.local_job_id == identity.local_job_id && job.tag == identity.tag &&
         IsSameSubmitTime(job.submit_time, identity.submit_time);
}

LocalJobIdentity NameOf(const LocalJobView& job) {
  return {.cluster = job.cluster, .local_job_id = job.local_job_id, .submit_time = job.submit_time, .tag = job.tag};
}

bool EndCounts(const LocalJobView& job) {
  return job.state == LocalState::kEnded && job.exit_code != kExitDuplicateStart && job.exit_code != kExitNoDirectory;
}

const LocalJobView* PickJob(const AttemptRecord& record, const Evidence& evidence) {
  if (const LocalJobView* starter = FindStarter(record, evidence)) {
    return starter;
  }
  if (!record.identity) {
    return FindBest(evidence.jobs, /*alive_only=*/false);
  }
  for (const LocalJobView& job : evidence.jobs) {
    if (IsNamedBy(job, *record.identity)) {
      return &job;
    }
  }
  return evidence.directory.guard == GuardState::kFree ? FindBest(evidence.jobs, /*alive_only=*/true) : nullptr;
}

}  // namespace turnpike
