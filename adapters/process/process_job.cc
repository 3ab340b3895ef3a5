#include "adapters/process/process_job.h"

#include <algorithm>

#include "base/byte_codec.h"

namespace turnpike {
namespace {

constexpr int64_t kFormat = 2;
constexpr int64_t kFormatWithoutBoot = 1;  // still read

void PutSignal(ByteWriter& out, const std::optional<LocalSignal>& signal) {
  out.Bool(signal.has_value());
  if (signal) {
    out.Text(signal->name).Int(signal->before_end.count()).Bool(signal->batch_shell_only);
  }
}

std::optional<LocalSignal> GetSignal(ByteReader& in) {
  if (!in.Bool()) {
    return std::nullopt;
  }
  LocalSignal signal;
  signal.name = in.Text();
  signal.before_end = std::chrono::seconds(in.Int());
  signal.batch_shell_only = in.Bool();
  return signal;
}

std::string_view StateWord(const ProcessJob& job) {
  switch (job.state) {
    case ProcessJobState::kWaiting:
    case ProcessJobState::kStarting:
      return "PENDING";
    case ProcessJobState::kRunning:
      return "RUNNING";
    case ProcessJobState::kEnded:
      break;
  }
  switch (job.cause) {
    case EndCause::kProgramEnded:
      return job.exit_code == 0 ? "COMPLETED" : "FAILED";
    case EndCause::kTimeLimit:
      return "TIMEOUT";
    case EndCause::kOutOfMemory:
      return "OUT_OF_MEMORY";
    case EndCause::kCancelledByUser:
    case EndCause::kCancelledBySite:
      return "CANCELLED";
    case EndCause::kNone:
    case EndCause::kSiteInterrupted:
    case EndCause::kPreempted:
    case EndCause::kRefused:
    case EndCause::kUnknown:
      return "NODE_FAIL";
  }
  return "NODE_FAIL";
}

LocalState StateOf(const ProcessJob& job) {
  switch (job.state) {
    case ProcessJobState::kWaiting:
    case ProcessJobState::kStarting:
      return LocalState::kPending;
    case ProcessJobState::kRunning:
      return job.stop_since ? LocalState::kCompleting : LocalState::kRunning;
    case ProcessJobState::kEnded:
      return LocalState::kEnded;
  }
  return LocalState::kUnknown;
}

}  // namespace

std::string EncodeProcessJob(const ProcessJob& job) {
  ByteWriter out;
  out.Int(kFormat).Int(job.id).Text(job.tag).Text(job.comment).Text(job.display_name).Text(job.user);
  out.Text(job.directory).Text(job.output_path).Text(job.error_path).Int(job.cores).Int(job.memory_mib);
  out.Int(job.time_limit.count());
  PutSignal(out, job.signal);
  out.Time(job.submit_time).Int(static_cast<int64_t>(job.state)).Int(job.runner.pid);
  out.Int(static_cast<int64_t>(job.runner.start_ticks)).Time(job.start_time);
  out.Int(job.start_monotonic.time_since_epoch().count()).Bool(job.warned);
  out.Int(static_cast<int64_t>(job.stop_cause));
  out.OptionalInt(job.stop_since ? std::optional<int64_t>(job.stop_since->time_since_epoch().count()) : std::nullopt);
  out.Time(job.end_time).Int(static_cast<int64_t>(job.cause)).OptionalInt(job.exit_code).Int(job.exit_signal);
  out.Text(job.boot_id);
  return out.Take();
}

Result<ProcessJob> DecodeProcessJob(std::string_view bytes) {
  ByteReader in(bytes);
  const int64_t format = in.Int();
  if (format != kFormat && format != kFormatWithoutBoot) {
    return DataLoss("the job's record is of another format");
  }
  ProcessJob job;
  job.id = in.Int();
  job.tag = in.Text();
  job.comment = in.Text();
  job.display_name = in.Text();
  job.user = in.Text();
  job.directory = in.Text();
  job.output_path = in.Text();
  job.error_path = in.Text();
  job.cores = in.Int();
  job.memory_mib = in.Int();
  job.time_limit = std::chrono::seconds(in.Int());
  job.signal = GetSignal(in);
  job.submit_time = in.Time();
  job.state = static_cast<ProcessJobState>(in.Int());
  job.runner.pid = static_cast<int>(in.Int());
  job.runner.start_ticks = static_cast<unsigned long long>(in.Int());
  job.start_time = in.Time();
  job.start_monotonic = MonotonicTime(MonotonicTime::duration(in.Int()));
  job.warned = in.Bool();
  job.stop_cause = static_cast<EndCause>(in.Int());
  if (const std::optional<int64_t> since = in.OptionalInt()) {
    job.stop_since = MonotonicTime(MonotonicTime::duration(*since));
  }
  job.end_time = in.Time();
  job.cause = static_cast<EndCause>(in.Int());
  if (const std::optional<int64_t> code = in.OptionalInt()) {
    job.exit_code = static_cast<int>(*code);
  }
  job.exit_signal = static_cast<int>(in.Int());
  job.boot_id = format == kFormatWithoutBoot ? "" : in.Text();
  if (!in.finished()) {
    return DataLoss("the job's record is damaged");
  }
  return job;
}

LocalJobView ViewOf(const ProcessJob& job, const std::string& cluster, Timestamp now) {
  LocalJobView view;
  view.cluster = cluster;
  view.local_job_id = std::to_string(job.id);
  view.tag = job.tag;
  view.comment = job.comment;
  view.local_user = job.user;
  view.submit_time = job.submit_time;
  view.state = StateOf(job);
  view.raw_state = StateWord(job);
  view.raw_reason = view.state == LocalState::kPending ? "Resources" : "";
  view.allocated = ResourceAmounts{.nodes = 1, .cores = job.cores, .accelerators = 0, .memory_mib = job.memory_mib};
  const bool has_started = job.start_time != Timestamp{};
  const bool is_over = job.state == ProcessJobState::kEnded;
  if (has_started) {
    view.start_time = job.start_time;
  }
  if (is_over) {
    view.end_time = job.end_time;
    view.cause = job.cause;
    view.exit_code = job.exit_code;
    view.exit_signal = job.exit_signal;
  }
  const Duration elapsed = has_started ? (is_over ? job.end_time : now) - job.start_time : Duration(0);
  view.elapsed = std::chrono::ceil<std::chrono::seconds>(std::max(elapsed, Duration(0)));
  return view;
}

}  // namespace turnpike
