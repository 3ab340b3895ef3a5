// turnpike-stream-server: what gRPC can stream at best.  Each WatchJobs call gets one and the same message so many
// times, as fast as it is taken: no database, no authentication, no TLS, nothing looked up.

#include <turnpike/v1/job_service.grpc.pb.h>

#include <iostream>

#include "base/file_sync.h"
#include "base/stop_signal.h"
#include "bench/reference/plain_server.h"

namespace turnpike {
namespace {

class Repeat final : public grpc::ServerWriteReactor<v1::WatchJobsResponse> {
 public:
  Repeat(const v1::WatchJobsResponse& message, int64_t times) : message_(message), left_(times) { Next(); }

 private:
  void Next() { left_-- > 0 ? StartWrite(&message_) : Finish(grpc::Status::OK); }
  void OnWriteDone(bool ok) override { ok ? Next() : Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

  const v1::WatchJobsResponse& message_;
  int64_t left_;
};

class StreamServer final : public v1::JobService::CallbackService {
 public:
  StreamServer(const std::string& message, int64_t times) : times_(times) { message_.ParseFromString(message); }

  grpc::ServerWriteReactor<v1::WatchJobsResponse>* WatchJobs(grpc::CallbackServerContext* /*context*/,
                                                             const v1::WatchJobsRequest* /*request*/) override {
    return new Repeat(message_, times_);
  }

 private:
  v1::WatchJobsResponse message_;
  const int64_t times_;
};

// FILE TIMES PORT
int Main(const std::vector<std::string>& arguments) {
  const Result<std::string> message = arguments.size() == 3 ? ReadFile(arguments[0]) : NotFound("no file");
  if (!message.ok()) {
    std::cerr << "usage: turnpike-stream-server FILE TIMES PORT\n";
    return 2;
  }
  StreamServer service(*message, std::stoll(arguments[1]));
  return ServeUntilTold(service, arguments[2]);
}

}  // namespace
}  // namespace turnpike

int main(int argc, char** argv) {
  turnpike::BlockTerminationSignals();
  return turnpike::Main(std::vector<std::string>(argv + 1, argv + argc));
}
