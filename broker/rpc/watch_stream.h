#pragma once
// One WatchJobs call.  It begins with the jobs there are, or with what was missed since a resume token, page after
// page: the next one is read when the last is written, so that neither the size of a project nor a slow reader matters.
// At the end of the event log it goes live: news waits in a bounded queue, and a reader that falls behind is cut off
// with UNAVAILABLE and comes back with its resume token.

#include <turnpike/v1/job_service.grpc.pb.h>

#include <deque>
#include <map>
#include <set>

#include "broker/core/resume_token.h"
#include "broker/live/watch_hub.h"
#include "broker/ports/job_store.h"
#include "broker/rpc/owned_stream.h"
#include "broker/rpc/unary_call.h"

namespace turnpike {

class WatchStream final : public OwnedStream<grpc::ServerWriteReactor<grpc::ByteBuffer>, grpc::ByteBuffer> {
 public:
  struct Parts {
    CallSetting setting;
    JobStore& jobs;
    EventLog& events;
    WatchHub& hub;
  };
  WatchStream(const Parts& parts, grpc::CallbackServerContext& context, const grpc::ByteBuffer& request);

 private:
  ~WatchStream() override;

  // The next page.
  Status Work() override EXCLUDES(mutex_);
  bool HasWork() const override REQUIRES(mutex_) { return !live_ && unwritten_.empty(); }
  // Who calls, and where to begin.
  Status Begin() EXCLUDES(mutex_);
  Status ReadJobIds();
  Status ResumeBehind(const ResumeToken& token);
  // Each job that was named once, or else each live one, all of them read behind the head of the log.  Only the last
  // one has a resume token: whoever is cut off before it begins anew.
  Status QueueJobs() EXCLUDES(mutex_);
  // What was committed behind `read_`.
  Status QueueEvents() EXCLUDES(mutex_);
  void GoLive() REQUIRES(mutex_);
  void Receive(const WatchHub::Batch& batch) EXCLUDES(mutex_);
  // Unless it was sent, or the snapshot showed it already.
  bool IsNew(const LoggedEvent& event) REQUIRES(mutex_);
  void Queue(const std::string& message) REQUIRES(mutex_);
  // With the resume token behind it.
  std::string MessageFor(const LoggedEvent& event) const;
  bool Wanted(const LoggedEvent& event) const;

  const Parts parts_;
  grpc::CallbackServerContext& context_;
  const grpc::ByteBuffer& request_bytes_;
  v1::WatchJobsRequest request_;
  std::shared_ptr<CallLimiter::Permit> permit_;  // for as long as it watches
  std::set<JobId> job_ids_;                      // empty: all of the project
  ProjectId project_id_;
  int64_t restore_epoch_ = 0;
  // The worker's alone.
  bool begun_ = false;
  WatchHub::Ticket ticket_ = 0;
  bool jobs_first_ = false;  // of `page_`
  JobListRequest page_;
  EventPosition read_;  // the log, up to here

  bool signs_of_life_ GUARDED_BY(mutex_) = false;      // since it has begun
  EventPosition sent_ GUARDED_BY(mutex_);              // queued up to here
  bool listening_ GUARDED_BY(mutex_) = false;          // `early_` has all that the hub told since
  std::deque<LoggedEvent> early_ GUARDED_BY(mutex_);   // came while a page was read
  std::map<JobId, int64_t> shown_ GUARDED_BY(mutex_);  // versions as first shown, until a newer one comes
  bool live_ GUARDED_BY(mutex_) = false;
};

}  // namespace turnpike
