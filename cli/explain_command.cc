#include "cli/explain_command.h"

#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/terminal_text.h"
#include "cli/verdict_text.h"

namespace turnpike {
namespace {

void PrintExplanation(const v1::ExplainJobResponse& response, CommandContext& context) {
  std::ostream& out = context.terminal.out;
  out << fmt::format("job {} {}\n", EscapeLine(ShortJobId(response.job())), EscapeLine(response.summary()));
  if (!response.shares().empty()) {
    out << "\n"
        << VerdictsText(response.shares(), {.unit = response.job().money().unit(), .color = context.terminal.color});
  }
  if (response.advice().empty()) {
    return;
  }
  out << "\nwhat would help (a job that was submitted is not changed: cancel it, and submit it anew)\n";
  for (const std::string& advice : response.advice()) {
    out << fmt::format("  - {}\n", EscapeLine(advice));
  }
}

}  // namespace

Result<int> RunExplain(const ExplainOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  v1::ExplainJobRequest request;
  request.set_job_id(options.job_id);
  ASSIGN_OR_RETURN(const v1::ExplainJobResponse response, session.client->ExplainJob(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
  } else {
    PrintExplanation(response, context);
  }
  return kExitOk;
}

}  // namespace turnpike
