#pragma once
// A job as everybody sees it: the fixed facts and where it stands.  Stored with each event, so that watching needs no
// look-up.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/end_cause.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "broker/core/job_state.h"

namespace turnpike {

// The money of one job, micro-units of one unit.
struct JobMoney {
  std::string unit;
  int64_t reserved_micros = 0;
  int64_t charged_micros = 0;
  int64_t released_micros = 0;
  bool provisional = false;
  bool settled = false;

  friend bool operator==(const JobMoney&, const JobMoney&) = default;
};

struct JobView {
  JobId job_id;
  int32_t task_index = 0;
  int64_t number = 0;
  ProjectId project_id;
  std::string name;
  Uuid class_id;  // what it asks for, for matching (broker/core/stored_request.h)
  int64_t priority = 0;
  JobState state = JobState::kPending;
  std::string reason;
  int64_t version = 0;
  Timestamp created_at{};
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> ended_at;
  std::optional<AttemptId> attempt_id;
  std::optional<SiteId> site_id;
  std::string site_name;
  std::string share;
  std::string local_job_id;
  std::string site_state;
  std::optional<int64_t> exit_code;
  int64_t exit_signal = 0;
  EndCause cause = EndCause::kNone;
  FaultClass fault = FaultClass::kNone;
  int64_t attempt_count = 0;
  bool cancel_requested = false;
  int64_t time_limit_seconds = 0;
  JobMoney money;

  friend bool operator==(const JobView&, const JobView&) = default;
};

std::string EncodeJobView(const JobView& view);
Result<JobView> DecodeJobView(std::string_view bytes);

}  // namespace turnpike
