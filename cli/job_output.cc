#include "cli/job_output.h"

#include "cli/terminal_text.h"

namespace turnpike {

Status PrintJobOutput(const JobOutputRequest& request, std::ostream& target, Client& client, CommandContext& context) {
  v1::ReadLogRequest read;
  read.set_job_id(request.job_id);
  read.set_stream(request.stream);
  std::string text;  // at most the 64 KiB that are kept, and whole so that no character is cut in two
  bool first = true;
  RETURN_IF_ERROR(client.ReadLog(read, context.stop, [&](const v1::ReadLogResponse& piece) {
    if (first && piece.offset() > 0) {
      context.terminal.err << fmt::format("(only the end is kept: {} bytes before it are left out)\n", piece.offset());
    }
    first = false;
    text += piece.data();
    return true;
  }));
  target << (request.escape ? EscapeLines(text) : text);
  return OkStatus();
}

}  // namespace turnpike
