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
    : OwnedStream(parts.setting.pool), parts_(parts), context_(context), request_(request) {
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
    Queue({.position = read_, .at = job.created_at, .kind = kSnapshot, .job = job});
    shown_[job.job_id] = job.version;
    page_.before = job.job_id;
  }
  if (!jobs_first_ && !unwritten_.empty() && unwritten_.back().has_event()) {
    unwritten_.back().mutable_event()->set_resume_token(TokenAt(read_));
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
    if (Wanted(event)) {
      QueueNew(event);
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
    QueueNew(event);
  }
  early_.clear();
}

void WatchStream::Receive(const WatchHub::Batch& batch) {
  MutexLock lock(mutex_);
  if (ended()) {
    return;
  }
  if (batch->empty() && signs_of_life_ && unwritten_.empty()) {
    unwritten_.emplace_back();
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
  if (unwritten_.size() >= kQueueMax) {
    parts_.hub.cut().Add(ended() ? 0 : 1);
    End(TooSlow());
    return;
  }
  v1::JobEvent& out = *unwritten_.emplace_back().mutable_event();
  if (event.kind != kSnapshot) {
    out.set_resume_token(TokenAt(event.position));
  }
  *out.mutable_job() = ToProto(event.job);
  *out.mutable_time() = ToProto(event.at);
  out.set_description(event.kind);
}

}  // namespace turnpike
