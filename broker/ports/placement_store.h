#pragma once
// What placement reads and commits, over all projects and sites.  Thread-safe; every call is a transaction as role
// turnpike_placement.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/resources.h"
#include "base/status.h"
#include "broker/core/fair_share.h"
#include "broker/core/job_view.h"
#include "broker/core/round_record.h"
#include "broker/ports/event_log.h"

namespace turnpike {

// One line of a plan: an attempt to offer, if the job still is as it was planned.
struct PlannedAttempt {
  JobId job_id;
  int32_t task_index = 0;
  int64_t version = 0;  // of the job when it was planned
  AttemptId attempt_id;
  SiteId site_id;
  std::string share;
  int64_t price_version = 0;
  ResourceAmounts amounts;  // what the share will allocate
  int64_t time_limit_seconds = 0;
};

// A job that no share will ever take.
struct HopelessJob {
  JobId job_id;
  int64_t version = 0;
  std::string reason;
};

// A share that takes nothing more of a project for a while.
struct StoredPause {
  SiteId site_id;
  std::string share;
  ProjectId project_id;
  Timestamp until{};
  std::string limit;  // of the site's own, in its words
};

// What fair share goes by.
struct StoredUsage {
  std::vector<std::pair<ProjectId, DayCharge>> charges;
  std::vector<std::pair<ProjectId, int32_t>> weights;  // those that are not 1
};

class PlacementStore {
 public:
  virtual ~PlacementStore() = default;

  // Every live job.  Follow the event log from a head read before this: an older version of a job is no news.
  virtual Status LoadLive(const std::function<void(const JobView&)>& visit) = 0;
  // Encoded requests by class id; unknown ids are left out.
  virtual Result<std::vector<std::pair<Uuid, std::string>>> LoadClasses(const std::vector<Uuid>& class_ids) = 0;
  // Those that still run.  They are stored with the event RETURNED of the job that was turned away.
  virtual Result<std::vector<StoredPause>> LoadPauses() = 0;
  // Charges of this day and later, and every weight.
  virtual Result<StoredUsage> LoadUsage(int64_t since_day) = 0;
  // Offers the planned attempts; jobs that changed since, or whose cancel was asked for, are left out.  Returns how
  // many were placed.  With it, where it is not nullptr, the record of the round.
  virtual Result<size_t> CommitPlan(const std::vector<PlannedAttempt>& plan, std::chrono::seconds offer_lifetime,
                                    const RoundRecord* record) = 0;
  // By itself.
  virtual Status RecordRound(const RoundRecord& record) = 0;
  // Ends jobs that wait in vain; all their money goes back.
  virtual Result<size_t> FailHopeless(const std::vector<HopelessJob>& jobs) = 0;
  // Takes back offers that nobody claimed in time; their jobs wait again.
  virtual Result<size_t> WithdrawExpired(size_t limit) = 0;
  // Settles what ran and whose usage never came, from what is known.
  virtual Result<size_t> SettleOverdue(size_t limit) = 0;
  // Makes the coming partitions, drops recorded rounds, pauses, usage and wishes for output that no longer count.
  virtual Status Maintain() = 0;
  // Drops request keys that are too old, a piece of their table a call, so that no call takes long: from 0, then from
  // what the last call returned.  0: that was the last piece.
  virtual Result<int64_t> DropOldKeys(int64_t from) = 0;
};

}  // namespace turnpike
