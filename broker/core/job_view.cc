#include "broker/core/job_view.h"

#include "base/byte_codec.h"

namespace turnpike {
namespace {

// Rises with every change.  Only this one is read: events of another are refused, so a change has to read both.
constexpr int64_t kFormat = 1;

}  // namespace

std::string EncodeJobView(const JobView& view) {
  ByteWriter out;
  out.Int(kFormat).AnyId(view.job_id).Int(view.task_index).Int(view.number).AnyId(view.project_id).Text(view.name);
  out.Raw(view.class_id).Int(view.priority);
  out.Int(static_cast<int64_t>(view.state)).Text(view.reason).Int(view.version);
  out.Time(view.created_at).OptionalTime(view.started_at).OptionalTime(view.ended_at);
  out.OptionalId(view.attempt_id).OptionalId(view.site_id).Text(view.site_name).Text(view.share);
  out.Text(view.local_job_id).Text(view.site_state);
  out.OptionalInt(view.exit_code).Int(view.exit_signal);
  out.Int(static_cast<int64_t>(view.cause)).Int(static_cast<int64_t>(view.fault));
  out.Int(view.attempt_count).Bool(view.cancel_requested).Int(view.time_limit_seconds);
  out.Text(view.money.unit).Int(view.money.reserved_micros).Int(view.money.charged_micros);
  out.Int(view.money.released_micros).Bool(view.money.provisional).Bool(view.money.settled);
  return out.Take();
}

Result<JobView> DecodeJobView(std::string_view bytes) {
  ByteReader in(bytes);
  if (const int64_t format = in.Int(); format != kFormat) {
    return DataLoss("a stored job event has format {}, this broker reads format {}", format, kFormat);
  }
  JobView view;
  view.job_id = in.IdOf<JobId>();
  view.task_index = static_cast<int32_t>(in.Int());
  view.number = in.Int();
  view.project_id = in.IdOf<ProjectId>();
  view.name = in.Text();
  view.class_id = in.Raw();
  view.priority = in.Int();
  view.state = static_cast<JobState>(in.Int());
  view.reason = in.Text();
  view.version = in.Int();
  view.created_at = in.Time();
  view.started_at = in.OptionalTime();
  view.ended_at = in.OptionalTime();
  view.attempt_id = in.OptionalId<AttemptId>();
  view.site_id = in.OptionalId<SiteId>();
  view.site_name = in.Text();
  view.share = in.Text();
  view.local_job_id = in.Text();
  view.site_state = in.Text();
  view.exit_code = in.OptionalInt();
  view.exit_signal = in.Int();
  view.cause = static_cast<EndCause>(in.Int());
  view.fault = static_cast<FaultClass>(in.Int());
  view.attempt_count = in.Int();
  view.cancel_requested = in.Bool();
  view.time_limit_seconds = in.Int();
  view.money.unit = in.Text();
  view.money.reserved_micros = in.Int();
  view.money.charged_micros = in.Int();
  view.money.released_micros = in.Int();
  view.money.provisional = in.Bool();
  view.money.settled = in.Bool();
  if (!in.finished()) {
    return DataLoss("a stored job event of {} bytes is damaged", bytes.size());
  }
  return view;
}

}  // namespace turnpike
