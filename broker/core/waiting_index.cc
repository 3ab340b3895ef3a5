#include "broker/core/waiting_index.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "broker/core/stored_request.h"

namespace turnpike {
namespace {

constexpr size_t kChangesMin = 10'000;  // remembered in any case; more only up to the number of jobs

}  // namespace

bool PlacementOrder::operator()(const WaitingJob& left, const WaitingJob& right) const {
  return std::tie(right.priority, left.submit_time, left.job_id) <
         std::tie(left.priority, right.submit_time, right.job_id);
}

bool QueueOrder::operator()(const WaitingJob& left, const WaitingJob& right) const {
  return left.project != right.project ? left.project < right.project : PlacementOrder()(left, right);
}

bool WakeOrder::operator()(const WaitingJob& left, const WaitingJob& right) const {
  return std::tie(left.not_before, left.job_id) < std::tie(right.not_before, right.job_id);
}

bool WaitingIndex::Add(const NewJob& job, const JobRequest& request) {
  return Add(job, ClassIdOf(EncodeJobRequest(request)), request);
}

bool WaitingIndex::Add(const NewJob& job, const Uuid& class_id, const JobRequest& request) {
  if (const WaitingJob* known = Find(job.job_id)) {
    if (job.version <= known->version) {
      return false;
    }
    Remove(job.job_id);
  }
  const ClassIndex class_index = ClassFor(class_id, request);
  ++classes_[class_index].job_count;
  Insert({.job_id = job.job_id,
          .submit_time = job.submit_time,
          .not_before = job.not_before,
          .version = job.version,
          .class_index = class_index,
          .project = Intern(job.project_id),
          .priority = job.priority,
          .delayed = job.not_before > Timestamp{}});
  return true;
}

bool WaitingIndex::Remove(JobId job_id) {
  const WaitingJob* job = Find(job_id);
  if (job == nullptr) {
    return false;
  }
  LeaveClass(Extract(*job).class_index);
  return true;
}

bool WaitingIndex::UpdateVersion(JobId job_id, int64_t version) {
  const WaitingJob* job = Find(job_id);
  if (job == nullptr || version <= job->version) {
    return false;
  }
  job->version = version;
  NoteChange(job_id);
  return true;
}

bool WaitingIndex::Delay(JobId job_id, Timestamp not_before) {
  const WaitingJob* known = Find(job_id);
  if (known == nullptr) {
    return false;
  }
  WaitingJob job = Extract(*known);
  job.not_before = not_before;
  job.delayed = not_before > Timestamp{};
  Insert(job);
  return true;
}

size_t WaitingIndex::Wake(Timestamp now) {
  size_t woken = 0;
  while (!delayed_.empty() && delayed_.begin()->not_before <= now) {
    WaitingJob job = Extract(*delayed_.begin());
    job.delayed = false;
    Insert(job);
    ++woken;
  }
  return woken;
}

std::optional<Timestamp> WaitingIndex::NextWake() const {
  return delayed_.empty() ? std::nullopt : std::optional(delayed_.begin()->not_before);
}

const WaitingJob* WaitingIndex::Find(JobId job_id) const {
  const auto found = jobs_.find(job_id);
  return found == jobs_.end() ? nullptr : found->second;
}

std::optional<ClassIndex> WaitingIndex::FindClass(const JobRequest& request) const {
  return FindClass(ClassIdOf(EncodeJobRequest(request)));
}

std::optional<ClassIndex> WaitingIndex::FindClass(const Uuid& id) const {
  const auto found = class_by_id_.find(id);
  return found == class_by_id_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<ProjectIndex> WaitingIndex::FindProject(ProjectId project_id) const {
  const auto found = project_by_id_.find(project_id);
  return found == project_by_id_.end() ? std::nullopt : std::optional(found->second);
}

ClassIndex WaitingIndex::ClassFor(const Uuid& id, const JobRequest& request) {
  if (const auto known = class_by_id_.find(id); known != class_by_id_.end()) {
    return known->second;
  }
  if (empty_classes_.empty()) {
    empty_classes_.push_back(static_cast<ClassIndex>(classes_.size()));
    classes_.emplace_back();
  }
  const ClassIndex index = empty_classes_.back();
  empty_classes_.pop_back();
  classes_[index].id = id;
  classes_[index].request = request;
  classes_[index].request.priority = 0;
  class_by_id_.emplace(id, index);
  return index;
}

void WaitingIndex::LeaveClass(ClassIndex index) {
  if (--classes_[index].job_count > 0) {
    return;
  }
  class_by_id_.erase(classes_[index].id);
  classes_[index] = JobClass();
  empty_classes_.push_back(index);
}

ProjectIndex WaitingIndex::Intern(ProjectId project_id) {
  const auto [entry, is_new] = project_by_id_.try_emplace(project_id, static_cast<ProjectIndex>(projects_.size()));
  if (is_new) {
    projects_.push_back(project_id);
  }
  return entry->second;
}

void WaitingIndex::Insert(WaitingJob job) {
  ClassQueue& queue = classes_[job.class_index].queue;
  // Most jobs come in the order of their time, so the end is the place to look first.
  const WaitingJob* place = job.delayed ? &*delayed_.insert(job).first : &*queue.insert(queue.end(), job);
  CHECK(jobs_.emplace(job.job_id, place).second);
  NoteChange(job.job_id);
}

WaitingJob WaitingIndex::Extract(const WaitingJob& job) {
  WaitingJob copy = job;
  const size_t erased = copy.delayed ? delayed_.erase(copy) : classes_[copy.class_index].queue.erase(copy);
  CHECK(erased == 1 && jobs_.erase(copy.job_id) == 1);
  NoteChange(copy.job_id);
  return copy;
}

void WaitingIndex::NoteChange(JobId job_id) {
  if (changes_) {
    changes_->insert(job_id);
    if (changes_->size() > std::max(kChangesMin, jobs_.size())) {
      changes_.reset();
    }
  }
}

}  // namespace turnpike
