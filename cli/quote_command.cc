#include "cli/quote_command.h"

#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/spec_builder.h"
#include "cli/terminal_text.h"
#include "cli/verdict_text.h"

namespace turnpike {
namespace {

constexpr char kHelp[] = R"(What a job would cost and when it would run, share by share.  Nothing is submitted.

  turnpike quote [FLAGS] SCRIPT [ARGUMENTS]
  turnpike quote [FLAGS] -- PROGRAM [ARGUMENTS]

Flags, script and environment are read as by `turnpike submit`; see its --help.  Each share that does not take the job
says what it lacks.  The prices hold for 15 minutes where the job is submitted with the quote:

  QUOTE=$(turnpike quote --json train.sh | jq -r .quote)
  turnpike submit --quote=$QUOTE train.sh

The exit code is 6 where no share can run the job.
)";

void PrintQuote(const v1::QuoteJobResponse& response, CommandContext& context) {
  std::ostream& out = context.terminal.out;
  out << VerdictsText(response.shares(), {.unit = response.unit(), .color = context.terminal.color});
  if (response.ceiling().empty()) {
    out << (response.shares().empty() ? "no site offers a share yet\n" : "\nno share can run this job\n");
    return;
  }
  out << fmt::format("\nsubmission sets aside {} {}; you pay for what is allocated until the job's end, never more\n",
                     EscapeLine(response.ceiling()), EscapeLine(response.unit()));
  context.terminal.err << fmt::format(
      "to keep these prices until {}: turnpike submit --quote=…, with the quote that "
      "`turnpike quote --json` prints\n",
      MomentText(response.expire_time()));
}

}  // namespace

Result<int> RunQuote(const QuoteOptions& options, CommandContext& context) {
  context.json = context.json || WantsJson(options.words);
  ASSIGN_OR_RETURN(const CommandLine line, ReadCommandLine(options.words));
  ASSIGN_OR_RETURN(const SubmitSwitches switches, ReadSwitches(line.settings));
  if (switches.help) {
    context.terminal.out << kHelp;
    return kExitOk;
  }
  ASSIGN_OR_RETURN(const SpecDraft draft, ReadJob(options.environment, line, context));
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  v1::QuoteJobRequest request;
  request.set_project_id(draft.switches.project.empty() ? session.project : draft.switches.project);
  *request.mutable_spec() = SpecFrom(draft, session.region);
  const Result<v1::QuoteJobResponse> response = session.client->QuoteJob(request);
  if (!response.ok()) {
    return WithOrigins(response.status(), draft);
  }
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(*response, context.terminal.out));
  } else {
    PrintQuote(*response, context);
  }
  return response->ceiling().empty() ? kExitNoSiteFits : kExitOk;
}

}  // namespace turnpike
