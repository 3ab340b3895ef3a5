#pragma once
// One ReadLog call: what a job wrote, in order, page by page; and where the caller follows, what it goes on to write,
// attempt after attempt, until the job has ended.  One page is in memory at a time: a slow reader holds up itself
// alone.

#include <turnpike/v1/job_service.grpc.pb.h>

#include <deque>
#include <optional>
#include <string>

#include "broker/live/index_follower.h"
#include "broker/live/log_hub.h"
#include "broker/live/watch_hub.h"
#include "broker/ports/job_store.h"
#include "broker/ports/log_store.h"
#include "broker/rpc/owned_stream.h"
#include "broker/rpc/unary_call.h"

namespace turnpike {

class LogStream final : public OwnedStream<grpc::ServerWriteReactor<v1::ReadLogResponse>, v1::ReadLogResponse> {
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

  ~LogStream() override;

  // The next page, if there is one.
  Status Work() override EXCLUDES(mutex_);
  bool HasWork() const override REQUIRES(mutex_) { return news_ && unwritten_.empty(); }
  Status Begin();
  void Subscribe();
  Status Read(Page& page, bool& ended);
  Status Follow(const LogPage& read);
  // Nothing more can be read for now, or ever.
  Status Pause(const JobView& job, const LogPage& read, Page& page, bool& ended);
  void Wait(const JobView& job, const LogPage& read, Page& page);

  void TakeNote() EXCLUDES(mutex_);

  const Parts parts_;
  grpc::CallbackServerContext& context_;
  const v1::ReadLogRequest& request_;

  // The worker's alone.
  bool begun_ = false;
  std::shared_ptr<CallLimiter::Permit> permit_;  // for as long as it reads
  LogPlace place_;
  std::optional<AttemptId> followed_;
  std::string said_;  // what it waits for
  LogHub::Ticket log_ticket_ = 0;
  WatchHub::Ticket job_ticket_ = 0;

  bool news_ GUARDED_BY(mutex_) = true;  // there may be something to read
};

}  // namespace turnpike
