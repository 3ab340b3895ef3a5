#include "broker/rpc/convert_job.h"

#include "base/grpc/valid_utf8.h"
#include "base/money.h"
#include "broker/rpc/convert_time.h"

namespace turnpike {
namespace {

v1::EndCause ToProto(EndCause cause) {
  return static_cast<v1::EndCause>(cause);
}
v1::FaultClass ToProto(FaultClass fault) {
  return static_cast<v1::FaultClass>(fault);
}

// The enums of core and contract stand in the same order.
static_assert(static_cast<int>(EndCause::kUnknown) == v1::END_CAUSE_UNKNOWN);
static_assert(static_cast<int>(EndCause::kSiteInterrupted) == v1::END_CAUSE_SITE_INTERRUPTED);
static_assert(static_cast<int>(FaultClass::kPolicy) == v1::FAULT_CLASS_POLICY);
static_assert(static_cast<int>(JobState::kCancelled) + 1 == v1::JOB_STATE_CANCELLED);

}  // namespace

v1::JobState ToProto(JobState state) {
  return static_cast<v1::JobState>(static_cast<int>(state) + 1);
}

std::optional<JobState> FromProto(v1::JobState state) {
  if (state < v1::JOB_STATE_PENDING || state > v1::JOB_STATE_CANCELLED) {
    return std::nullopt;
  }
  return static_cast<JobState>(static_cast<int>(state) - 1);
}

v1::Job ToProto(const JobView& view) {
  v1::Job job;
  job.set_job_id(view.job_id.ToString());
  job.set_number(view.number);
  job.set_project_id(view.project_id.ToString());
  job.set_name(view.name);
  job.set_state(ToProto(view.state));
  job.set_reason(ValidUtf8(view.reason));
  job.set_version(view.version);
  *job.mutable_create_time() = ToProto(view.created_at);
  if (view.started_at) {
    *job.mutable_start_time() = ToProto(*view.started_at);
  }
  if (view.ended_at) {
    *job.mutable_end_time() = ToProto(*view.ended_at);
  }
  job.set_site(view.site_name);
  job.set_share(ValidUtf8(view.share));
  job.set_local_job_id(ValidUtf8(view.local_job_id));
  job.set_site_state(ValidUtf8(view.site_state));
  if (view.exit_code) {
    job.set_exit_code(static_cast<int32_t>(*view.exit_code));
  }
  job.set_exit_signal(static_cast<int32_t>(view.exit_signal));
  job.set_cause(ToProto(view.cause));
  job.set_fault_class(ToProto(view.fault));
  job.set_attempt_count(static_cast<int32_t>(view.attempt_count));
  job.set_cancel_requested(view.cancel_requested);
  job.mutable_time_limit()->set_seconds(view.time_limit_seconds);
  v1::JobMoney& money = *job.mutable_money();
  money.set_unit(view.money.unit);
  money.set_reserved(FormatMicros(view.money.reserved_micros));
  money.set_charged(FormatMicros(view.money.charged_micros));
  money.set_released(FormatMicros(view.money.released_micros));
  money.set_provisional(view.money.provisional);
  money.set_settled(view.money.settled);
  return job;
}

}  // namespace turnpike
