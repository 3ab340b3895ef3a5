#include "adapters/link/sync_stream.h"

#include <utility>

#include "base/check.h"
#include "base/grpc/error_details.h"

namespace turnpike {
namespace {

// A broken call has its status at hand; one that has not is cut off.
constexpr auto kStatusWaitMax = std::chrono::seconds(2);

}  // namespace

SyncStream::SyncStream(v1::SiteLinkService::Stub& stub, v1::SynchronizeRequest hello, Wakeup& wakeup)
    : wakeup_(wakeup), outgoing_(std::move(hello)) {
  stub.async()->Synchronize(&context_, this);
  AddHold();  // Reads and writes start outside gRPC's reactions.
  StartWrite(&outgoing_);
  StartRead(&incoming_);
  StartCall();
}

SyncStream::~SyncStream() {
  CHECK(closed_);
}

std::optional<v1::SynchronizeResponse> SyncStream::Take() {
  {
    const MutexLock lock(mutex_);
    if (!std::exchange(has_message_, false)) {
      return std::nullopt;
    }
  }
  std::optional<v1::SynchronizeResponse> message(std::move(incoming_));
  incoming_.Clear();
  StartRead(&incoming_);
  return message;
}

bool SyncStream::CanWrite() const {
  const MutexLock lock(mutex_);
  return !writing_ && !broken_;
}

void SyncStream::Write(v1::SynchronizeRequest message) {
  {
    const MutexLock lock(mutex_);
    CHECK(!writing_);
    writing_ = true;
  }
  outgoing_ = std::move(message);
  StartWrite(&outgoing_);
}

bool SyncStream::broken() const {
  const MutexLock lock(mutex_);
  return broken_;
}

Status SyncStream::Close() {
  CHECK(!std::exchange(closed_, true));
  if (!broken()) {
    context_.TryCancel();
  }
  RemoveHold();
  if (!WaitForDone(std::chrono::steady_clock::now() + kStatusWaitMax)) {
    context_.TryCancel();
    WaitForDone(std::chrono::steady_clock::time_point::max());
  }
  const MutexLock lock(mutex_);
  return FromGrpc(*ended_);
}

bool SyncStream::WaitForDone(std::chrono::steady_clock::time_point until) {
  const MutexLock lock(mutex_);
  while (!ended_) {
    if (until == std::chrono::steady_clock::time_point::max()) {
      changed_.Wait(mutex_);
    } else if (!changed_.WaitUntil(mutex_, until)) {
      break;
    }
  }
  return ended_.has_value();
}

void SyncStream::OnReadDone(bool ok) {
  {
    const MutexLock lock(mutex_);
    has_message_ = ok;
    broken_ = broken_ || !ok;
  }
  wakeup_.Notify();
}

// After a failed write the read fails too, and knows the status; until then nothing more is written.
void SyncStream::OnWriteDone(bool ok) {
  {
    const MutexLock lock(mutex_);
    writing_ = !ok;
  }
  wakeup_.Notify();
}

void SyncStream::OnDone(const grpc::Status& status) {
  const MutexLock lock(mutex_);
  ended_ = status;
  changed_.NotifyAll();
}

}  // namespace turnpike
