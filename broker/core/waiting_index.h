#pragma once
// Every waiting job, in memory: by id, and by class and project in the order in which they should be placed.  Rebuilt
// from the database at start and kept current from the event tail.  At most 250 bytes a job.  Not thread-safe: its
// follower owns it.

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "broker/core/job_request.h"

namespace turnpike {

using ClassIndex = uint32_t;
using ProjectIndex = uint32_t;

struct WaitingJob {
  JobId job_id;
  Timestamp submit_time{};
  Timestamp not_before{};       // held back until then
  mutable int64_t version = 0;  // no part of the order
  ClassIndex class_index = 0;
  ProjectIndex project = 0;
  int32_t priority = 0;
  bool delayed = false;  // in the queue of those held back
};

// Within a project: higher priority first, then the earlier, then the smaller id.
struct PlacementOrder {
  bool operator()(const WaitingJob& left, const WaitingJob& right) const;
};
// Behind the last job of a project in a queue.
struct LastOf {
  ProjectIndex project = 0;
};
// One project's jobs after the other's, each in the order of placement; who comes first of projects is turn_order.h's.
struct QueueOrder {
  using is_transparent = void;
  bool operator()(const WaitingJob& left, const WaitingJob& right) const;
  bool operator()(const LastOf& left, const WaitingJob& right) const { return left.project < right.project; }
  bool operator()(const WaitingJob& left, const LastOf& right) const { return left.project <= right.project; }
};
struct WakeOrder {
  bool operator()(const WaitingJob& left, const WaitingJob& right) const;
};

using ClassQueue = std::set<WaitingJob, QueueOrder>;

// Jobs whose requests are equal in all that matters.
struct JobClass {
  Uuid id;
  JobRequest request;    // without `priority`, which is each job's own
  ClassQueue queue;      // ready to be placed
  size_t job_count = 0;  // with those held back
};

class WaitingIndex {
 public:
  struct NewJob {
    JobId job_id;
    int64_t version = 0;
    ProjectId project_id;
    int32_t priority = 0;
    Timestamp submit_time{};
    Timestamp not_before{};  // default: at once
  };

  // A job that is there already is replaced, unless the version is not newer: then nothing happens.  True when it was
  // taken.  A class comes with its first job and goes with its last; another one may then have its index.
  bool Add(const NewJob& job, const Uuid& class_id, const JobRequest& request);
  bool Add(const NewJob& job, const JobRequest& request);
  bool Remove(JobId job_id);
  bool UpdateVersion(JobId job_id, int64_t version);
  bool Delay(JobId job_id, Timestamp not_before);
  // Jobs whose time has come join their class's queue.
  size_t Wake(Timestamp now);
  std::optional<Timestamp> NextWake() const;

  const WaitingJob* Find(JobId job_id) const;  // valid until the index changes
  size_t size() const { return jobs_.size(); }
  size_t class_count() const { return classes_.size(); }  // with empty ones, which wait for another class
  const JobClass& class_at(ClassIndex index) const { return classes_[index]; }
  std::optional<ClassIndex> FindClass(const Uuid& id) const;
  std::optional<ClassIndex> FindClass(const JobRequest& request) const;
  ProjectId project_at(ProjectIndex index) const { return projects_[index]; }
  std::optional<ProjectIndex> FindProject(ProjectId project_id) const;

  // Jobs that came, went or changed since ForgetChanges was called last; nullptr: it never was, or there were more than
  // are remembered.
  const absl::flat_hash_set<JobId>* changes() const { return changes_ ? &*changes_ : nullptr; }
  void ForgetChanges() { changes_.emplace(); }

 private:
  ClassIndex ClassFor(const Uuid& id, const JobRequest& request);
  void LeaveClass(ClassIndex index);
  ProjectIndex Intern(ProjectId project_id);
  void Insert(WaitingJob job);
  WaitingJob Extract(const WaitingJob& job);
  void NoteChange(JobId job_id);

  std::deque<JobClass> classes_;
  std::vector<ClassIndex> empty_classes_;
  absl::flat_hash_map<Uuid, ClassIndex> class_by_id_;
  std::vector<ProjectId> projects_;
  absl::flat_hash_map<ProjectId, ProjectIndex> project_by_id_;
  std::set<WaitingJob, WakeOrder> delayed_;
  absl::flat_hash_map<JobId, const WaitingJob*> jobs_;
  std::optional<absl::flat_hash_set<JobId>> changes_;
};

}  // namespace turnpike
