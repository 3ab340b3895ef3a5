#include "broker/rpc/log_stream.h"

#include <algorithm>
#include <utility>

#include "broker/rpc/convert_time.h"
#include "broker/rpc/find_job.h"

namespace turnpike {
namespace {

v1::ReadLogResponse ToPiece(LogChunk chunk, int64_t attempt) {
  v1::ReadLogResponse piece;
  piece.set_offset(chunk.offset);
  piece.set_data(std::move(chunk.bytes));
  *piece.mutable_time() = ToProto(chunk.at);
  piece.set_attempt(static_cast<int32_t>(attempt));
  return piece;
}

std::string AddReason(std::string text, const std::string& reason) {
  return reason.empty() ? text : fmt::format("{}: {}", text, reason);
}

std::string WaitText(const JobView& job, const LogPage& read, const std::string& reason) {
  switch (job.state) {
    case JobState::kPending:
      return AddReason("waiting for a site", reason);
    case JobState::kPlaced:
      return fmt::format("placed at {}", job.site_name);
    case JobState::kQueued:
      return AddReason(fmt::format("queued at {}", job.site_name), reason);
    case JobState::kRunning:
      return read.full ? fmt::format(
                             "running at {}: what comes now is too much to be sent while it runs, its end "
                             "follows when it has ended",
                             job.site_name)
                       : fmt::format("running at {}", job.site_name);
    case JobState::kCompleted:
    case JobState::kFailed:
    case JobState::kCancelled:
      return "ended, the rest of its output is on its way";
  }
  return "";
}

Status CheckRequest(const v1::ReadLogRequest& request) {
  FieldViolations violations;
  if (request.attempt() < 0) {
    violations.Add("attempt", "must be 1 or more, or 0 for the latest");
  }
  if (request.stream() < v1::ReadLogRequest::STREAM_UNSPECIFIED ||
      request.stream() > v1::ReadLogRequest::STREAM_ERROR) {
    violations.Add("stream", "is not a stream that this broker knows");
  }
  return violations.ToStatus();
}

}  // namespace

LogStream::LogStream(const Parts& parts, grpc::CallbackServerContext& context, const v1::ReadLogRequest& request)
    : OwnedStream(parts.setting.pool), parts_(parts), context_(context), request_(request) {
  MutexLock lock(mutex_);
  if (!TryWork()) {
    End(parts_.setting.limiter.QueueIsFull());
  }
}

LogStream::~LogStream() {
  parts_.hub.Unsubscribe(log_ticket_);
  parts_.watch.Unsubscribe(job_ticket_);
}

Status LogStream::Work() {
  if (!begun_) {
    RETURN_IF_ERROR(Begin());
    begun_ = true;
  }
  {
    MutexLock lock(mutex_);
    news_ = false;
  }
  Page page;
  bool ended = false;
  RETURN_IF_ERROR(Read(page, ended));
  MutexLock lock(mutex_);
  if (ended) {
    End(OkStatus());
  }
  news_ = news_ || !page.empty();  // After a whole page there may be another.
  unwritten_ = std::move(page);
  return OkStatus();
}

Status LogStream::Begin() {
  ASSIGN_OR_RETURN(Caller caller, AdmitCall(parts_.setting, context_, CallKind::kStream));
  permit_ = std::move(caller.permit);
  ASSIGN_OR_RETURN(place_.project_id, ProjectOf(caller.principal, ""));
  RETURN_IF_ERROR(CheckRequest(request_));
  ASSIGN_OR_RETURN(place_.job_id, FindJob(parts_.jobs, place_.project_id, request_.job_id()));
  place_.attempt = request_.attempt();
  place_.error_stream = request_.stream() == v1::ReadLogRequest::STREAM_ERROR;
  place_.offset = request_.offset();
  if (request_.follow()) {
    Subscribe();
  }
  return OkStatus();
}

// Before anything is read: nothing can fall between the two.
void LogStream::Subscribe() {
  log_ticket_ = parts_.hub.Subscribe([this] { TakeNote(); });
  job_ticket_ = parts_.watch.Subscribe([this](const WatchHub::Batch& batch) {
    const auto is_ours = [this](const LoggedEvent& event) { return event.job.job_id == place_.job_id; };
    if (std::ranges::any_of(batch->events, is_ours)) {
      TakeNote();
    }
  });
}

Status LogStream::Read(Page& page, bool& ended) {
  // The job first: whatever it had written when it ended is then seen.
  ASSIGN_OR_RETURN(
      const std::vector<JobView> jobs,
      parts_.jobs.List(
          {.project_id = place_.project_id, .before = {}, .limit = 1, .states = {}, .only = {place_.job_id}}));
  if (jobs.empty()) {
    return NoSuchJob(request_.job_id());
  }
  ASSIGN_OR_RETURN(LogPage read, parts_.logs.Read(place_, request_.follow()));
  if (read.attempt_id) {
    place_.attempt = read.attempt;
    place_.offset = read.next_offset;
  }
  if (request_.follow() && read.attempt_id) {
    RETURN_IF_ERROR(Follow(read));
  }
  for (LogChunk& chunk : read.chunks) {
    page.push_back(ToPiece(std::move(chunk), read.attempt));
  }
  return page.empty() ? Pause(jobs.front(), read, page, ended) : OkStatus();
}

Status LogStream::Follow(const LogPage& read) {
  if (followed_ != read.attempt_id) {
    followed_ = read.attempt_id;
    TakeNote();  // What came before the hub knew the attempt was told to nobody.
    parts_.hub.Follow(log_ticket_, *followed_);
  }
  if (read.renew_due) {
    RETURN_IF_ERROR(parts_.logs.Renew(place_.project_id, *read.attempt_id, place_.error_stream));
    parts_.hub.NoteWishes();
  }
  return OkStatus();
}

Status LogStream::Pause(const JobView& job, const LogPage& read, Page& page, bool& ended) {
  const bool job_over = IsFinal(job.state);
  const bool is_one = request_.attempt() > 0;  // no attempt after it is asked for
  if (is_one && !read.attempt_id && (job_over || !request_.follow())) {
    return NotFound("job {} has no attempt {}", job.number, request_.attempt());
  }
  if (request_.follow() && read.complete && !is_one && read.attempts > read.attempt) {
    place_.attempt = read.attempt + 1;
    place_.offset = 0;
    TakeNote();
    return OkStatus();
  }
  const bool attempt_over = !read.attempt_id || read.complete;
  ended = !request_.follow() || (attempt_over && (job_over || (is_one && read.complete)));
  if (!ended) {
    if (!read.attempt_id && place_.attempt == 0) {
      place_.attempt = 1;  // Not the latest, should there be two when it looks again.
      place_.offset = std::max<int64_t>(0, place_.offset);
    }
    Wait(job, read, page);
  }
  return OkStatus();
}

void LogStream::Wait(const JobView& job, const LogPage& read, Page& page) {
  std::string reason = job.reason;
  if (job.state == JobState::kPending) {
    const std::string waiting = parts_.index.WaitingReasonOf(job.job_id);
    reason = waiting.empty() ? reason : waiting;
  }
  std::string text = WaitText(job, read, reason);
  if (text != said_) {
    said_ = std::move(text);
    v1::ReadLogResponse& piece = page.emplace_back();
    piece.set_offset(place_.offset);
    piece.set_attempt(static_cast<int32_t>(place_.attempt));
    piece.set_waiting_for(said_);
  }
}

void LogStream::TakeNote() {
  MutexLock lock(mutex_);
  news_ = true;
  WorkOn();
}

}  // namespace turnpike
