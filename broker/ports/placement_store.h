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

// How long what nothing needs any more is kept.
struct Retention {
  std::chrono::days other_request_ids{90};  // those that are no UUIDv7, from their first use
  std::chrono::days output{90};             // of jobs, from their end
  std::chrono::days refusals{400};          // requests that no share could run or funds did not cover
  std::chrono::days rounds{14};             // records of placement's rounds
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
  // Drops what is kept no longer, a piece of its tables a call, so that no call takes long: from 0, then what the last
  // call returned.  0: that was the last piece.
  virtual Result<int64_t> DropOldRows(int64_t piece) = 0;
};

}  // namespace turnpike
