#pragma once
// The writing half and the life of a server stream that owns itself.  Messages are written one at a time, in their
// order; work that blocks runs on the pool, one task at a time; the first reason to end is the call's status.  The end
// waits for the work, since gRPC frees the request and the context after Finish: so nothing is left on the pool when
// gRPC is done, and the stream is deleted.

#include <grpcpp/support/server_callback.h>

#include <deque>
#include <optional>

#include "base/grpc/error_details.h"
#include "base/mutex.h"
#include "base/worker_pool.h"

namespace turnpike {

// `Reactor`: grpc's ServerWriteReactor or ServerBidiReactor, writing `Message`.
template <class Reactor, class Message>
class OwnedStream : public Reactor {
 protected:
  explicit OwnedStream(WorkerPool& pool) : pool_(pool) {}
  ~OwnedStream() override = default;

  // On the pool: the next piece of what there is to do.  An error ends the stream.
  virtual Status Work() EXCLUDES(mutex_) = 0;
  virtual bool HasWork() const REQUIRES(mutex_) = 0;
  virtual void NoteWritten(const Message& /*message*/) REQUIRES(mutex_) {}
  // gRPC is done, and so is the pool.
  virtual void Close() { delete this; }

  // For the constructor of the whole stream.  False: the pool is full.
  bool TryWork() REQUIRES(mutex_) {
    working_ = pool_.TryRun([this] { RunWork(); });
    return working_;
  }
  // After each change of what HasWork looks at, but for a message that was written.
  void WorkOn() REQUIRES(mutex_) {
    if (!working_ && !end_ && HasWork()) {
      working_ = true;
      pool_.Run([this] { RunWork(); });
    }
  }
  // After each change of `unwritten_`, but for what Work leaves there.
  void WriteNext() REQUIRES(mutex_) {
    if (!writing_ && !end_ && !unwritten_.empty()) {
      writing_ = true;
      this->StartWrite(&unwritten_.front());
    }
  }
  void End(const Status& status) REQUIRES(mutex_) {
    if (!end_) {
      end_ = status;
    }
    if (!working_ && !finished_) {
      finished_ = true;
      this->Finish(ToGrpc(*end_));
    }
  }
  bool ended() const REQUIRES(mutex_) { return end_.has_value(); }

  mutable Mutex mutex_;
  std::deque<Message> unwritten_ GUARDED_BY(mutex_);  // the first may be with gRPC: it stays as it is

 private:
  void RunWork() EXCLUDES(mutex_) {
    const Status status = Work();
    MutexLock lock(mutex_);
    working_ = false;
    if (end_ || !status.ok()) {
      End(status);
      return;
    }
    WriteNext();
    WorkOn();
  }

  void OnWriteDone(bool ok) final EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    writing_ = false;
    NoteWritten(unwritten_.front());
    unwritten_.pop_front();
    if (!ok) {
      End(Unavailable("the reader is gone"));
      return;
    }
    WriteNext();
    WorkOn();
  }
  void OnCancel() final EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    End(MakeStatus(StatusCode::kCancelled, "cancelled by the caller"));
  }
  void OnDone() final EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);  // Whoever finished it has let go.
    }
    Close();
  }

  WorkerPool& pool_;
  bool working_ GUARDED_BY(mutex_) = false;
  bool writing_ GUARDED_BY(mutex_) = false;
  std::optional<Status> end_ GUARDED_BY(mutex_);
  bool finished_ GUARDED_BY(mutex_) = false;
};

}  // namespace turnpike
