#pragma once
// Counts and times the calls of one server, by method and status, and logs those that failed inside with what ties them
// to the caller's own log.  gRPC makes one interceptor a call; what it needs is made when the server starts, so a call
// takes no lock.

#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"

namespace turnpike {

// `services` as "turnpike.v1.JobService"; calls of others (health, reflection) are counted as "other".
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallMeter(
    const std::vector<std::string>& services, Metrics& metrics);

}  // namespace turnpike
