#include "cli/logs_command.h"

#include "cli/exit_code.h"
#include "cli/log_printer.h"

namespace turnpike {
namespace {

v1::ReadLogRequest RequestOf(const LogsOptions& options) {
  v1::ReadLogRequest request;
  request.set_job_id(options.job_id);
  request.set_stream(options.error ? v1::ReadLogRequest::STREAM_ERROR : v1::ReadLogRequest::STREAM_OUTPUT);
  request.set_follow(options.follow);
  request.set_attempt(options.attempt);
  request.set_offset(options.offset);
  return request;
}

Status ReadAll(const v1::ReadLogRequest& request, Client& client, CommandContext& context, LogPrinter& printer) {
  return client.ReadLog(request, context.stop,
                        [&printer](const v1::ReadLogResponse& piece) { return printer.Take(piece); });
}

}  // namespace

Result<int> RunLogs(const LogsOptions& options, CommandContext& context) {
  if (context.json) {
    return InvalidArgument("--json does not go with logs, which prints what the job wrote as it is");
  }
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  if (options.follow) {
    context.set_farewell(
        fmt::format("the job goes on: read on with turnpike logs -f {}, end it with turnpike cancel {}", options.job_id,
                    options.job_id));
  }
  v1::ReadLogRequest request = RequestOf(options);
  LogPrinter printer({.out = context.terminal.out,
                      .notes = context.terminal.err,
                      .escape = context.terminal.out_is_terminal,
                      .offset = options.offset,
                      .tail = options.tail});
  if (options.tail) {
    request.set_follow(false);
    RETURN_IF_ERROR(ReadAll(request, *session.client, context, printer));
    printer.ReleaseTail();
    request.set_follow(options.follow);
    request.set_offset(printer.next_offset());
  }
  if (!options.tail || options.follow) {
    RETURN_IF_ERROR(ReadAll(request, *session.client, context, printer));
  }
  printer.PrintRest();
  return kExitOk;
}

}  // namespace turnpike
