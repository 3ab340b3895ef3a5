#include "cli/cancel_command.h"

#include "cli/error_report.h"
#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/terminal_text.h"

namespace turnpike {

Result<int> RunCancel(const CancelOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  v1::ListJobsResponse cancelled;
  Status failure = OkStatus();
  for (const std::string& job_id : options.job_ids) {
    v1::CancelJobRequest request;
    request.set_job_id(job_id);
    const Result<v1::CancelJobResponse> response = session.client->CancelJob(request);
    if (!response.ok()) {
      if (!failure.ok()) {
        context.terminal.err << ErrorText(response.status());
      } else {
        failure = response.status();
      }
      continue;
    }
    *cancelled.add_jobs() = response->job();
    context.terminal.err << fmt::format("job {} is {}; its end is under way\n", EscapeLine(ShortJobId(response->job())),
                                        JobStateText(response->job().state()));
  }
  RETURN_IF_ERROR(failure);
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(cancelled, context.terminal.out));
  }
  return kExitOk;
}

}  // namespace turnpike
