#include "broker/rpc/watch_stream.h"

#include <algorithm>

#include "broker/core/resume_token.h"
#include "broker/rpc/convert_job.h"
#include "broker/rpc/convert_time.h"

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

}  // namespace

WatchStream::WatchStream(const Parts& parts, grpc::CallbackServerContext& context, const v1::WatchJobsRequest& request)
    : parts_(parts), context_(context), request_(request) {
  {
    MutexLock lock(mutex_);
    ++pins_;
  }
  const bool taken = parts_.setting.pool.TryRun([this] {
    Begin();
    Unpin();
  });
  if (!taken) {
    {
      MutexLock lock(mutex_);
      beginning_ = false;
      FinishOnce(parts_.setting.limiter.QueueIsFull());
    }
    Unpin();
  }
}

void WatchStream::Begin() {
  const Status status = Prepare();
  MutexLock lock(mutex_);
  beginning_ = false;
  if (end_ || !status.ok()) {
    FinishOnce(end_.value_or(status));
    return;
  }
  ScheduleRead();
}

Status WatchStream::Prepare() {
  ASSIGN_OR_RETURN(Caller caller, AdmitCall(parts_.setting, context_, CallKind::kStream));
  permit_ = std::move(caller.permit);
  ASSIGN_OR_RETURN(project_id_, ProjectOf(caller.principal, request_.project_id()));
  RETURN_IF_ERROR(ReadJobIds());
  ASSIGN_OR_RETURN(restore_epoch_, parts_.events.RestoreEpoch());
  // Listen first, then read what is there: nothing can fall between the two.
  const WatchHub::Ticket ticket = parts_.hub.Subscribe([this](const WatchHub::Batch& batch) { Receive(batch); });
  {
    MutexLock lock(mutex_);
    ticket_ = ticket;
  }
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

void WatchStream::ReadPage() {
  const Result<bool> at_end = QueuePage();
  MutexLock lock(mutex_);
  reading_ = false;
  if (!at_end.ok()) {
    FinishOnce(at_end.status());
    return;
  }
  if (*at_end && listening_) {
    GoLive();
  }
  WriteNext();
  ScheduleRead();
}

Result<bool> WatchStream::QueuePage() {
  if (jobs_first_) {
    RETURN_IF_ERROR(QueueJobs());
    return false;
  }
  return QueueEvents();
}

// One more than a page is asked for, to know which job is the last.
Status WatchStream::QueueJobs() {
  ASSIGN_OR_RETURN(std::vector<JobView> jobs, parts_.jobs.List(page_));
  jobs_first_ = jobs.size() > kSnapshotPage;
  jobs.resize(std::min(jobs.size(), kSnapshotPage));
  MutexLock lock(mutex_);
  for (const JobView& job : jobs) {
    Queue({.position = read_, .at = job.created_at, .kind = kSnapshot, .job = job});
    shown_[job.job_id] = job.version;
    page_.before = job.job_id;
  }
  if (!jobs_first_ && !queue_.empty() && queue_.back().has_event()) {
    queue_.back().mutable_event()->set_resume_token(TokenAt(read_));
  }
  return OkStatus();
}

// Listens first, then reads: what was told before is in the log by now, what comes later is heard.
Result<bool> WatchStream::QueueEvents() {
  {
    MutexLock lock(mutex_);
    listening_ = true;
  }
  ASSIGN_OR_RETURN(const std::vector<LoggedEvent> events, parts_.events.ReadAfter(read_, kMissedPage));
  MutexLock lock(mutex_);
  for (const LoggedEvent& event : events) {
    if (Wanted(event)) {
      QueueNew(event);
    }
    read_ = event.position;
  }
  return events.size() < kMissedPage;
}

void WatchStream::GoLive() {
  live_ = true;
  for (const LoggedEvent& event : early_) {
    QueueNew(event);
  }
  early_.clear();
}

void WatchStream::ScheduleRead() {
  if (live_ || reading_ || finished_ || !queue_.empty()) {
    return;
  }
  reading_ = true;
  ++pins_;
  const bool taken = parts_.setting.pool.TryRun([this] {
    ReadPage();
    Unpin();
  });
  if (!taken) {
    reading_ = false;
    --pins_;  // gRPC's own is left.
    FinishOnce(parts_.setting.limiter.QueueIsFull());
  }
}

void WatchStream::Receive(const WatchHub::Batch& batch) {
  MutexLock lock(mutex_);
  if (batch->empty() && !beginning_ && queue_.empty()) {
    queue_.emplace_back();  // A sign of life.
  }
  for (const LoggedEvent& event : *batch) {
    if (!Wanted(event)) {
      continue;
    }
    if (live_) {
      QueueNew(event);
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

void WatchStream::QueueNew(const LoggedEvent& event) {
  if (event.position <= sent_) {
    return;
  }
  sent_ = event.position;
  if (const auto shown = shown_.find(event.job.job_id); shown != shown_.end()) {
    if (event.job.version <= shown->second) {
      return;
    }
    shown_.erase(shown);
  }
  Queue(event);
}

std::string WatchStream::TokenAt(EventPosition position) const {
  return EncodeResumeToken(
      {.restore_epoch = restore_epoch_, .xid = static_cast<uint64_t>(position.xid), .seq = position.seq});
}

void WatchStream::Queue(const LoggedEvent& event) {
  if (queue_.size() >= kQueueMax) {
    parts_.hub.cut().Add(finished_ ? 0 : 1);
    FinishOnce(TooSlow());
    return;
  }
  v1::JobEvent& out = *queue_.emplace_back().mutable_event();
  if (event.kind != kSnapshot) {
    out.set_resume_token(TokenAt(event.position));
  }
  *out.mutable_job() = ToProto(event.job);
  *out.mutable_time() = ToProto(event.at);
  out.set_description(event.kind);
}

void WatchStream::WriteNext() {
  if (!writing_ && !finished_ && !queue_.empty()) {
    writing_ = true;
    StartWrite(&queue_.front());
  }
}

void WatchStream::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  writing_ = false;
  queue_.pop_front();
  if (!ok) {
    FinishOnce(Unavailable("the watcher is gone"));
    return;
  }
  WriteNext();
  ScheduleRead();
}

void WatchStream::OnCancel() {
  MutexLock lock(mutex_);
  FinishOnce(MakeStatus(StatusCode::kCancelled, "cancelled by the caller"));
}

// gRPC frees the request and the context after Finish: not while Begin reads them.  Pages are read without.
void WatchStream::FinishOnce(const Status& status) {
  if (beginning_) {
    end_ = end_.value_or(status);
  } else if (!finished_) {
    finished_ = true;
    Finish(ToGrpc(status));
  }
}

void WatchStream::OnDone() {
  {
    MutexLock lock(mutex_);
    finished_ = true;
  }
  Unpin();
}

// The last one leaves the hub too: before, the pool may just be entering it for a call that is over already.
void WatchStream::Unpin() {
  WatchHub::Ticket ticket = 0;
  {
    MutexLock lock(mutex_);
    if (--pins_ > 0) {
      return;
    }
    ticket = ticket_;
  }
  parts_.hub.Unsubscribe(ticket);
  delete this;
}

}  // namespace turnpike
