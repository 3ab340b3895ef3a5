#include "broker/rpc/log_stream.h"

#include "broker/rpc/convert_time.h"
#include "broker/rpc/find_job.h"

namespace turnpike {

LogStream::LogStream(Parts parts, grpc::CallbackServerContext& context, const v1::ReadLogRequest& request)
    : parts_(std::move(parts)), context_(context), request_(request) {
  if (!parts_.setting.pool.TryRun([this] { Begin(); })) {
    Finish(ToGrpc(PoolIsFull()));
  }
}

void LogStream::Begin() {
  if (const Status status = Read(); !status.ok()) {
    Finish(ToGrpc(status));
    return;
  }
  WriteNext();
}

Status LogStream::Read() {
  ASSIGN_OR_RETURN(const Principal principal, parts_.setting.authenticator.Authenticate(context_));
  ASSIGN_OR_RETURN(const ProjectId project_id, ProjectOf(principal, ""));
  FieldViolations violations;
  if (request_.follow()) {
    violations.AddUnsupported("follow", "does not work yet; the output comes when the job has ended");
  }
  if (request_.offset() != 0) {
    violations.AddUnsupported("offset", "does not work yet; leave it out");
  }
  if (request_.attempt() != 0) {
    violations.AddUnsupported("attempt", "does not work yet; leave it out");
  }
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const JobId job_id, FindJob(parts_.jobs, project_id, request_.job_id()));
  const bool error_stream = request_.stream() == v1::ReadLogRequest::STREAM_ERROR;
  ASSIGN_OR_RETURN(std::vector<LogChunk> chunks, parts_.jobs.ReadLog(project_id, job_id, error_stream));
  for (LogChunk& chunk : chunks) {
    v1::ReadLogResponse& piece = pieces_.emplace_back();
    piece.set_offset(chunk.offset);
    piece.set_data(std::move(chunk.bytes));
    *piece.mutable_time() = ToProto(chunk.at);
  }
  return OkStatus();
}

void LogStream::WriteNext() {
  if (next_ == pieces_.size()) {
    Finish(grpc::Status::OK);
    return;
  }
  StartWrite(&pieces_[next_++]);
}

void LogStream::OnWriteDone(bool ok) {
  ok ? WriteNext() : Finish(ToGrpc(Unavailable("the reader is gone")));
}

}  // namespace turnpike
