#include "cli/job_output.h"

#include "cli/log_printer.h"

namespace turnpike {

Status PrintJobOutput(const JobOutputRequest& request, std::ostream& target, Client& client, CommandContext& context) {
  v1::ReadLogRequest read;
  read.set_job_id(request.job_id);
  read.set_stream(request.stream);
  LogPrinter printer({.out = target, .notes = context.terminal.err, .escape = request.escape});
  RETURN_IF_ERROR(
      client.ReadLog(read, context.stop, [&printer](const v1::ReadLogResponse& piece) { return printer.Take(piece); }));
  printer.PrintRest();
  return OkStatus();
}

}  // namespace turnpike
