#include "base/grpc/grpc_log.h"

#include <grpc/support/log.h>

#include "base/log.h"

namespace turnpike {

void RouteGrpcLog() {
  gpr_set_log_function([](gpr_log_func_args* line) {
    const bool is_error = line->severity == GPR_LOG_SEVERITY_ERROR;
    (is_error ? LogWarn : LogDebug)("grpc", {{"said", line->message}});
  });
}

}  // namespace turnpike
