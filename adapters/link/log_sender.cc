#include "adapters/link/log_sender.h"

#include <utility>

#include "base/grpc/error_details.h"
#include "base/log.h"

namespace turnpike {
namespace {

bool IsWorthARetry(const Status& status) {
  return status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kDeadlineExceeded ||
         status.code() == StatusCode::kResourceExhausted || status.code() == StatusCode::kCancelled;
}

v1::SendLogRequest ToRequest(const LogPiece& piece) {
  v1::SendLogRequest request;
  request.set_attempt_id(piece.attempt_id.ToString());
  request.set_stream(piece.stream == OutputStream::kStandardOutput ? v1::ReadLogRequest::STREAM_OUTPUT
                                                                   : v1::ReadLogRequest::STREAM_ERROR);
  request.set_offset(static_cast<int64_t>(piece.offset));
  request.set_data(piece.bytes);
  return request;
}

}  // namespace

LogSender::LogSender(Settings settings) : settings_(std::move(settings)), thread_([this] { Work(); }) {}

LogSender::~LogSender() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    if (call_ != nullptr) {
      call_->TryCancel();
    }
    changed_.NotifyAll();
  }
  thread_.join();
}

void LogSender::UseStub(std::shared_ptr<Stub> stub) {
  const MutexLock lock(mutex_);
  stub_ = std::move(stub);
  changed_.NotifyAll();
}

int64_t LogSender::Add(std::vector<LogPiece> pieces) {
  Batch batch;
  for (const LogPiece& piece : pieces) {
    batch.bytes += piece.bytes.size();
  }
  const MutexLock lock(mutex_);
  batch.ticket = ++last_ticket_;
  if (waiting_bytes_ + batch.bytes > settings_.waiting_bytes_max) {
    LogWarn("output is not sent, too much of it waits for the broker already",
            {{"pieces", std::to_string(pieces.size())}, {"waiting_bytes", std::to_string(waiting_bytes_)}});
    batch.bytes = 0;
  } else {
    batch.pieces = std::move(pieces);
  }
  waiting_bytes_ += batch.bytes;
  waiting_.push_back(std::move(batch));
  changed_.NotifyAll();
  return last_ticket_;
}

bool LogSender::IsDone(int64_t ticket) const {
  const MutexLock lock(mutex_);
  return done_ticket_ >= ticket;
}

void LogSender::Work() {
  Batch batch;
  while (WaitForBatch(batch)) {
    SendWithRetries(batch);
    Finish(batch);
    if (settings_.on_progress) {
      settings_.on_progress();
    }
  }
}

bool LogSender::WaitForBatch(Batch& batch) {
  const MutexLock lock(mutex_);
  while (!stopping_ && (waiting_.empty() || stub_ == nullptr)) {
    changed_.Wait(mutex_);
  }
  if (stopping_) {
    return false;
  }
  batch = std::move(waiting_.front());
  waiting_.pop_front();
  return true;
}

void LogSender::SendWithRetries(const Batch& batch) {
  if (batch.pieces.empty()) {
    return;
  }
  std::chrono::milliseconds delay = settings_.retry_delay;
  for (int tried = 1;; ++tried) {
    const Status status = Send(batch);
    if (status.ok()) {
      return;
    }
    if (!IsWorthARetry(status) || tried >= settings_.tries_max) {
      LogWarn("output could not be sent to the broker and is given up; it stays in the attempt's folder",
              {{"attempt", batch.pieces.front().attempt_id.ToString()},
               {"pieces", std::to_string(batch.pieces.size())},
               {"why", std::string(MessageOf(status))}});
      return;
    }
    if (!WaitFor(delay)) {
      return;
    }
    delay *= 2;
  }
}

Status LogSender::Send(const Batch& batch) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + settings_.call_timeout);
  std::shared_ptr<Stub> stub;
  {
    const MutexLock lock(mutex_);
    if (stopping_) {
      return Unavailable("the agent is stopping");
    }
    stub = stub_;
    call_ = &context;
  }
  v1::SendLogResponse response;
  const auto begin = std::chrono::steady_clock::now();
  const auto writer = stub->SendLog(&context, &response);
  for (const LogPiece& piece : batch.pieces) {
    if (!writer->Write(ToRequest(piece))) {
      break;  // Finish tells why.
    }
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (status.ok() && settings_.on_sent) {
    settings_.on_sent(batch.bytes,
                      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin));
  }
  const MutexLock lock(mutex_);
  call_ = nullptr;
  return FromGrpc(status);
}

bool LogSender::WaitFor(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  const MutexLock lock(mutex_);
  while (!stopping_ && std::chrono::steady_clock::now() < until) {
    changed_.WaitUntil(mutex_, until);
  }
  return !stopping_;
}

void LogSender::Finish(const Batch& batch) {
  const MutexLock lock(mutex_);
  waiting_bytes_ -= batch.bytes;
  done_ticket_ = batch.ticket;
}

}  // namespace turnpike
