#include "cli/submit_command.h"

#include "cli/exit_code.h"
#include "cli/job_output.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/read_job.h"
#include "cli/spec_builder.h"
#include "cli/spec_text.h"
#include "cli/submit_help.h"
#include "cli/terminal_text.h"
#include "cli/version.h"
#include "cli/wait_for_job.h"

namespace turnpike {
namespace {

Status PrintSpec(const SpecDraft& draft, CommandContext& context) {
  if (!context.json) {
    context.terminal.out << SpecWithOrigins(draft);
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string text, SpecWithOriginsJson(draft));
  context.terminal.out << text;
  return OkStatus();
}

std::string ParsableText(const v1::Job& job) {
  return fmt::format("{};{};{}\n", EscapeLine(ShortJobId(job)), EscapeLine(job.site()), EscapeLine(job.local_job_id()));
}

Status PrintAccepted(const v1::SubmitJobResponse& response, const SubmitSwitches& switches, CommandContext& context) {
  const v1::Job& job = response.job();
  const std::string id = EscapeLine(ShortJobId(job));
  if (context.json) {
    return PrintJson(response, context.terminal.out);
  }
  if (switches.dry_run) {
    context.terminal.err << fmt::format("checked; nothing was stored.  It would hold {} {}\n",
                                        EscapeLine(job.money().reserved()), EscapeLine(job.money().unit()));
  } else if (switches.parsable) {
    context.terminal.out << ParsableText(job);
  } else if (!context.terminal.out_is_terminal) {
    context.terminal.out << id << "\n";
  } else {
    context.terminal.out << fmt::format("job {} \"{}\" accepted, {}\n", id, EscapeLine(job.name()),
                                        EscapeLine(CostText(job.money())));
    context.terminal.err << fmt::format("next: turnpike show {} · turnpike queue · turnpike cancel {}\n", id, id);
  }
  return OkStatus();
}

// What the job wrote, as far as it is kept; that it cannot be read does not change how the job ended.
void PrintOutputs(const std::string& job_id, Client& client, CommandContext& context) {
  const std::pair<v1::ReadLogRequest::Stream, std::ostream*> streams[] = {
      {v1::ReadLogRequest::STREAM_OUTPUT, &context.terminal.out},
      {v1::ReadLogRequest::STREAM_ERROR, &context.terminal.err}};
  for (const auto& [stream, target] : streams) {
    const bool to_err = target == &context.terminal.err;
    const JobOutputRequest request{
        .job_id = job_id, .stream = stream, .escape = to_err || context.terminal.out_is_terminal};
    if (const Status status = PrintJobOutput(request, *target, client, context); !status.ok()) {
      context.terminal.err << fmt::format("what the job wrote cannot be read: {}\n", EscapeLine(MessageOf(status)));
    }
  }
}

Result<int> WaitForEnd(const v1::Job& accepted, const SubmitSwitches& switches, const std::string& project,
                       Client& client, CommandContext& context) {
  const std::string id = EscapeLine(ShortJobId(accepted));
  if (switches.parsable) {
    context.terminal.out << ParsableText(accepted) << std::flush;
  }
  context.set_farewell(fmt::format(
      "\njob {} keeps running: see it with turnpike show {}, end it with turnpike cancel {}\n", id, id, id));
  const WaitRequest request{.job = accepted, .project = project, .wait_max = switches.wait_max};
  ASSIGN_OR_RETURN(const v1::Job job, WaitForJob(request, client, context));
  if (context.json) {
    v1::GetJobResponse document;
    *document.mutable_job() = job;
    RETURN_IF_ERROR(PrintJson(document, context.terminal.out));
  } else if (!switches.parsable) {
    PrintOutputs(job.job_id(), client, context);
  }
  context.terminal.err << fmt::format("job {}: {}\n", id, EscapeLine(BillText(job.money())));
  return ExitCodeOf(job);
}

Result<int> Send(const SpecDraft& draft, CommandContext& context) {
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  v1::SubmitJobRequest request;
  request.set_project_id(draft.switches.project.empty() ? session.project : draft.switches.project);
  request.set_request_id(draft.switches.request_id);
  *request.mutable_spec() = SpecFrom(draft, session.region);
  request.set_validate_only(draft.switches.dry_run);
  request.set_quote(draft.switches.quote);
  const Result<v1::SubmitJobResponse> response = session.client->SubmitJob(request);
  if (!response.ok()) {
    return WithOrigins(response.status(), draft);
  }
  if (draft.switches.wait && !draft.switches.dry_run) {
    return WaitForEnd(response->job(), draft.switches, request.project_id(), *session.client, context);
  }
  RETURN_IF_ERROR(PrintAccepted(*response, draft.switches, context));
  return kExitOk;
}

}  // namespace

Result<int> RunSubmit(const SubmitOptions& options, CommandContext& context) {
  context.json = context.json || WantsJson(options.words);
  ASSIGN_OR_RETURN(const CommandLine line, ReadCommandLine(options.words));
  ASSIGN_OR_RETURN(const SubmitSwitches switches, ReadSwitches(line.settings));
  if (switches.help || switches.version) {
    context.terminal.out << (switches.help ? SubmitHelp() : VersionText());
    return kExitOk;
  }
  ASSIGN_OR_RETURN(const SpecDraft draft, ReadJob(options.environment, line, context));
  if (!draft.switches.quiet) {
    for (const std::string& note : draft.notes) {
      context.terminal.err << "note: " << EscapeLine(note) << "\n";
    }
  }
  if (draft.switches.print_spec) {
    RETURN_IF_ERROR(PrintSpec(draft, context));
    return kExitOk;
  }
  return Send(draft, context);
}

}  // namespace turnpike
