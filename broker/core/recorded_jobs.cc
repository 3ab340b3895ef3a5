#include "broker/core/recorded_jobs.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {
namespace {

bool AreOneRun(const WaitingJob& one, const WaitingJob& other) {
  return one.class_index == other.class_index && one.project == other.project;
}

bool StandBeside(const WaitingJob* left, const WaitingJob* right) {
  return left->class_index != right->class_index ? left->class_index < right->class_index : QueueOrder()(*left, *right);
}

// `last`: what the times are counted from.  The class and the project stand before the run, and who is held back is not
// among them.
void PutJob(ByteWriter& out, const WaitingJob& job, Timestamp last) {
  const auto& [job_id, submit_time, not_before, version, class_index, project, priority, delayed] = job;
  out.AnyId(job_id).Int((submit_time - last).count()).Int(version).Int(priority);
}

bool TakeRun(ByteReader& in, int64_t size, const std::vector<NumberedClass>& classes, WaitingIndex& waiting) {
  const int64_t number = in.Int();
  const auto project_id = in.IdOf<ProjectId>();
  if (number < 0 || number >= static_cast<int64_t>(classes.size())) {
    return false;
  }
  const NumberedClass& job_class = classes[static_cast<size_t>(number)];
  Timestamp last{};
  for (int64_t left = size; left > 0 && in.ok(); --left) {
    WaitingIndex::NewJob job;
    job.job_id = in.IdOf<JobId>();
    job.project_id = project_id;
    job.submit_time = last += Duration(in.Int());
    job.version = in.Int();
    job.priority = static_cast<int32_t>(in.Int());
    waiting.Remove(job.job_id);
    waiting.Add(job, job_class.id, job_class.request);
  }
  return in.ok();
}

}  // namespace

JobChanges AllJobs(const WaitingIndex& waiting) {
  JobChanges all;
  all.present.reserve(waiting.size());
  for (ClassIndex i = 0; i < waiting.class_count(); ++i) {
    for (const WaitingJob& job : waiting.class_at(i).queue) {
      all.present.push_back(&job);
    }
  }
  return all;
}

JobChanges ChangedJobs(const WaitingIndex& waiting) {
  CHECK(waiting.changes() != nullptr);
  JobChanges changed;
  for (const JobId& job_id : *waiting.changes()) {
    const WaitingJob* job = waiting.Find(job_id);
    if (job == nullptr || job->delayed) {
      changed.gone.push_back(job_id);
    } else {
      changed.present.push_back(job);
    }
  }
  std::ranges::sort(changed.gone);
  std::ranges::sort(changed.present, StandBeside);
  return changed;
}

void PutJobs(ByteWriter& out, const JobChanges& changes, const JobNaming& naming) {
  out.Int(static_cast<int64_t>(changes.gone.size()));
  for (const JobId& job_id : changes.gone) {
    out.AnyId(job_id);
  }
  const std::vector<const WaitingJob*>& jobs = changes.present;
  for (auto run = jobs.begin(); run != jobs.end();) {
    const WaitingJob& first = **run;
    const auto end = std::find_if(run, jobs.end(), [&](const WaitingJob* job) { return !AreOneRun(first, *job); });
    out.Int(end - run);
    out.Int(naming.class_numbers.at(naming.waiting.class_at(first.class_index).id));
    out.AnyId(naming.waiting.project_at(first.project));
    Timestamp last{};
    for (; run != end; ++run) {
      PutJob(out, **run, last);
      last = (*run)->submit_time;
    }
  }
  out.Int(0);  // No further run.
}

bool TakeJobs(ByteReader& in, const std::vector<NumberedClass>& classes, WaitingIndex& waiting) {
  for (int64_t left = in.Int(); left > 0 && in.ok(); --left) {
    waiting.Remove(in.IdOf<JobId>());
  }
  while (const int64_t size = in.Int()) {
    if (!TakeRun(in, size, classes, waiting)) {
      return false;
    }
  }
  return in.ok();
}

}  // namespace turnpike
