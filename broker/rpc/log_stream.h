#pragma once
// One ReadLog call: what a job wrote, in order, page by page; and where the caller follows, what it goes on to write,
// attempt after attempt, until the job has ended.  One page is in memory at a time: a slow reader holds up itself
// alone. Owns itself: deleted when gRPC is done with it.

#include <turnpike/v1/job_service.grpc.pb.h>

#include <deque>
#include <optional>
#include <string>

#include "broker/live/index_follower.h"
#include "broker/live/log_hub.h"
#include "broker/live/watch_hub.h"
#include "broker/ports/job_store.h"
#include "broker/ports/log_store.h"
#include "broker/rpc/unary_call.h"

namespace turnpike {

class LogStream final : public grpc::ServerWriteReactor<v1::ReadLogResponse> {
 public:
  struct Parts {
    CallSetting setting;
    JobStore& jobs;
    LogStore& logs;
    LogHub& hub;
    WatchHub& watch;
    IndexFollower& index;
  };
  LogStream(const Parts& parts, grpc::CallbackServerContext& context, const v1::ReadLogRequest& request);

 private:
  using Page = std::deque<v1::ReadLogResponse>;

  void OnWriteDone(bool ok) override EXCLUDES(mutex_);
  void OnCancel() override EXCLUDES(mutex_);
  void OnDone() override EXCLUDES(mutex_);

  // On the pool, one at a time: the next page, if there is one.
  void Work() EXCLUDES(mutex_);
  Status Begin() EXCLUDES(mutex_);
  Status Subscribe() EXCLUDES(mutex_);
  Status Read(Page& page, bool& ended);
  Status Follow(const LogPage& read);
  // Nothing more can be read for now, or ever.
  Status Pause(const JobView& job, const LogPage& read, Page& page, bool& ended);
  void Wait(const JobView& job, const LogPage& read, Page& page);

  void TakeNote() EXCLUDES(mutex_);
  void WorkOn() REQUIRES(mutex_);
  void WriteNext() REQUIRES(mutex_);
  void FinishOnce(const Status& status) REQUIRES(mutex_);
  void Unpin() EXCLUDES(mutex_);

  const Parts parts_;
  grpc::CallbackServerContext& context_;
  const v1::ReadLogRequest& request_;

  // The worker's alone.
  bool begun_ = false;
  std::shared_ptr<CallLimiter::Permit> permit_;  // for as long as it reads
  LogPlace place_;
  std::optional<AttemptId> followed_;
  std::string said_;  // what it waits for

  Mutex mutex_;
  Page page_ GUARDED_BY(mutex_);
  LogHub::Ticket log_ticket_ GUARDED_BY(mutex_) = 0;
  WatchHub::Ticket job_ticket_ GUARDED_BY(mutex_) = 0;
  bool news_ GUARDED_BY(mutex_) = true;  // there may be something to read
  bool working_ GUARDED_BY(mutex_) = false;
  bool writing_ GUARDED_BY(mutex_) = false;
  std::optional<Status> end_ GUARDED_BY(mutex_);  // came while the worker was at work
  bool finished_ GUARDED_BY(mutex_) = false;
  int pins_ GUARDED_BY(mutex_) = 1;  // who still may touch this: gRPC, the pool
};

}  // namespace turnpike
