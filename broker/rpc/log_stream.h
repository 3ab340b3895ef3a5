#pragma once
// One ReadLog call: what is kept of a job's output, in order.  Owns itself: deleted when gRPC is done with it.

#include <turnpike/v1/job_service.grpc.pb.h>

#include <vector>

#include "broker/ports/job_store.h"
#include "broker/rpc/unary_call.h"

namespace turnpike {

class LogStream final : public grpc::ServerWriteReactor<v1::ReadLogResponse> {
 public:
  struct Parts {
    CallSetting setting;
    JobStore& jobs;
  };
  LogStream(Parts parts, grpc::CallbackServerContext& context, const v1::ReadLogRequest& request);

 private:
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }
  // On the pool; writing begins after it.
  void Begin();
  Status Read();
  void WriteNext();

  const Parts parts_;
  grpc::CallbackServerContext& context_;
  const v1::ReadLogRequest& request_;
  std::vector<v1::ReadLogResponse> pieces_;
  size_t next_ = 0;
};

}  // namespace turnpike
