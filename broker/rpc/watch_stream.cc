#include "broker/rpc/watch_stream.h"

#include <algorithm>

#include "broker/core/resume_token.h"
#include "broker/rpc/convert_job.h"
#include "broker/rpc/convert_time.h"
#include "broker/rpc/raw_message.h"

namespace turnpike {
namespace {

constexpr size_t kQueueMax = 20'000;
constexpr size_t kEarlyMax = 10'000;  // with a page of events they fit the queue
constexpr size_t kSnapshotPage = 1'000;
constexpr size_t kMissedPage = 5'000;
// The log is everybody's, and is read through for each who resumes: after more than this the jobs anew are cheaper.
constexpr std::chrono::hours kMissedAgeMax{24};
constexpr char kSnapshot[] = "SNAPSHOT";
const std::vector<JobState> kLiveStates = {JobState::kPending, JobState::kPlaced, JobState::kQueued,
                                           JobState::kRunning};

Status TooSlow() {
  return WithDetails(
      Unavailable("this watcher reads more slowly than jobs change; watch again with the last resume token"),
      {.reason = ErrorReason::kOverloaded, .metadata = {}, .violations = {}, .retry_after = std::chrono::seconds(1)});
}

Status TokenTooOld(std::string_view why) {
  return WithReason(OutOfRange("the resume token is {}; watch again without one", why),
                    ErrorReason::kResumeTokenTooOld);
}

std::string EncodeMessage(const LoggedEvent& event, const std::string& resume_token) {
  v1::WatchJobsResponse message;
  v1::JobEvent& out = *message.mutable_event();
  out.set_resume_token(resume_token);
  *out.mutable_job() = ToProto(event.job);
  *out.mutable_time() = ToProto(event.at);
  out.set_description(event.kind);
  return message.SerializeAsString();
}

grpc::ByteBuffer BufferOf(const std::string& message) {
  const grpc::Slice slice(message);
  return {&slice, 1};
}

}  // namespace

WatchStream::WatchStream(const Parts& parts, grpc::CallbackServerContext& context, const grpc::ByteBuffer& request)
    : OwnedStream(parts.setting.pool), parts_(parts), context_(context), request_bytes_(request) {
  MutexLock lock(mutex_);
  if (!TryWork()) {
    End(parts_.setting.limiter.QueueIsFull());
  }
}

WatchStream::~WatchStream() {
  parts_.hub.Unsubscribe(ticket_);
}

Status WatchStream::Work() {
  if (!begun_) {
    RETURN_IF_ERROR(Begin());
    begun_ = true;
  }
  return jobs_first_ ? QueueJobs() : QueueEvents();
}

Status WatchStream::Begin() {
  ASSIGN_OR_RETURN(Caller caller, AdmitCall(parts_.setting, context_, CallKind::kStream));
  permit_ = std::move(caller.permit);
  RETURN_IF_ERROR(ReadRequest(request_bytes_, request_));
  ASSIGN_OR_RETURN(project_id_, ProjectOf(caller.principal, request_.project_id()));
  RETURN_IF_ERROR(ReadJobIds());
  ASSIGN_OR_RETURN(restore_epoch_, parts_.events.RestoreEpoch());
  // Listen first, then read what is there: nothing can fall between the two.
  ticket_ = parts_.hub.Subscribe([this](const WatchHub::Batch& batch) { Receive(batch); });
  if (!request_.resume_token().empty()) {
    ASSIGN_OR_RETURN(const ResumeToken token, DecodeResumeToken(request_.resume_token()));
    RETURN_IF_ERROR(ResumeBehind(token));
  } else {
    ASSIGN_OR_RETURN(read_, parts_.events.Head());
    // Whoever names a job also wants to know that it has ended already.
    jobs_first_ = true;
    page_ = {.project_id = project_id_,
             .before = {},
             .limit = kSnapshotPage + 1,
             .states = job_ids_.empty() ? kLiveStates : std::vector<JobState>(),
             .only = {job_ids_.begin(), job_ids_.end()}};
  }
  MutexLock lock(mutex_);
  sent_ = read_;
  signs_of_life_ = true;
  return OkStatus();
}

Status WatchStream::ResumeBehind(const ResumeToken& token) {
  if (token.restore_epoch != restore_epoch_) {
    return TokenTooOld("from before the database was restored");
  }
  read_ = {.xid = static_cast<int64_t>(token.xid), .seq = token.seq};
  ASSIGN_OR_RETURN(const std::optional<Duration> missed, parts_.events.AgeOfNext(read_));
  return missed && *missed > kMissedAgeMax ? TokenTooOld(fmt::format("more than {} hours old", kMissedAgeMax.count()))
                                           : OkStatus();
}

Status WatchStream::ReadJobIds() {
  FieldViolations violations;
  for (int i = 0; i < request_.job_ids_size(); ++i) {
    if (const std::optional<JobId> job_id = JobId::Parse(request_.job_ids(i))) {
      job_ids_.insert(*job_id);
    } else {
      violations.Add(fmt::format("job_ids[{}]", i), "is not the id of a job");
    }
  }
  return violations.ToStatus();
}

// One more than a page is asked for, to know which job is the last.
Status WatchStream::QueueJobs() {
  ASSIGN_OR_RETURN(std::vector<JobView> jobs, parts_.jobs.List(page_));
  jobs_first_ = jobs.size() > kSnapshotPage;
  jobs.resize(std::min(jobs.size(), kSnapshotPage));
  MutexLock lock(mutex_);
  for (const JobView& job : jobs) {
    const bool is_last = !jobs_first_ && &job == &jobs.back();
    const LoggedEvent shown{.position = read_, .at = job.created_at, .kind = kSnapshot, .job = job};
    Queue(is_last ? MessageFor(shown) : EncodeMessage(shown, ""));
    shown_[job.job_id] = job.version;
    page_.before = job.job_id;
  }
  return OkStatus();
}

// Listens first, then reads: what was told before is in the log by now, what comes later is heard.
Status WatchStream::QueueEvents() {
  {
    MutexLock lock(mutex_);
    listening_ = true;
  }
  ASSIGN_OR_RETURN(const std::vector<LoggedEvent> events, parts_.events.ReadAfter(read_, kMissedPage));
  MutexLock lock(mutex_);
  for (const LoggedEvent& event : events) {
    if (Wanted(event) && IsNew(event)) {
      Queue(MessageFor(event));
    }
    read_ = event.position;
  }
  if (events.size() < kMissedPage && listening_) {
    GoLive();
  }
  return OkStatus();
}

void WatchStream::GoLive() {
  live_ = true;
  for (const LoggedEvent& event : early_) {
    if (IsNew(event)) {
      Queue(MessageFor(event));
    }
  }
  early_.clear();
}

void WatchStream::Receive(const WatchHub::Batch& batch) {
  MutexLock lock(mutex_);
  if (ended()) {
    return;
  }
  if (batch->events.empty() && signs_of_life_ && unwritten_.empty()) {
    Queue("");
  }
  for (size_t i = 0; i < batch->events.size(); ++i) {
    const LoggedEvent& event = batch->events[i];
    if (!Wanted(event)) {
      continue;
    }
    if (live_) {
      if (IsNew(event)) {
        std::string& message = batch->messages[i];
        message = message.empty() ? MessageFor(event) : std::move(message);
        Queue(message);
      }
    } else if (listening_ && early_.size() < kEarlyMax) {
      early_.push_back(event);
    } else {
      listening_ = false;  // The log has it as well.
      early_.clear();
    }
  }
  WriteNext();
}

bool WatchStream::Wanted(const LoggedEvent& event) const {
  return event.job.project_id == project_id_ && (job_ids_.empty() || job_ids_.contains(event.job.job_id));
}

bool WatchStream::IsNew(const LoggedEvent& event) {
  if (event.position <= sent_) {
    return false;
  }
  sent_ = event.position;
  if (const auto shown = shown_.find(event.job.job_id); shown != shown_.end()) {
    if (event.job.version <= shown->second) {
      return false;
    }
    shown_.erase(shown);
  }
  return true;
}

std::string WatchStream::MessageFor(const LoggedEvent& event) const {
  return EncodeMessage(event, EncodeResumeToken({.restore_epoch = restore_epoch_,
                                                 .xid = static_cast<uint64_t>(event.position.xid),
                                                 .seq = event.position.seq}));
}

void WatchStream::Queue(const std::string& message) {
  if (unwritten_.size() >= kQueueMax) {
    parts_.hub.cut().Add(ended() ? 0 : 1);
    End(TooSlow());
    return;
  }
  unwritten_.push_back(BufferOf(message));
}

}  // namespace turnpike
