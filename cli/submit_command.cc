#include "cli/submit_command.h"

#include <algorithm>

#include "base/error_reason.h"
#include "cli/directives.h"
#include "cli/exit_code.h"
#include "cli/flag_parser.h"
#include "cli/job_output.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/spec_builder.h"
#include "cli/spec_text.h"
#include "cli/submit_help.h"
#include "cli/terminal_text.h"
#include "cli/turnpike_flags.h"
#include "cli/version.h"
#include "cli/wait_for_job.h"

namespace turnpike {
namespace {

// The flags of the command line, and what stands after them.
struct CommandLine {
  std::vector<Setting> settings;
  ProgramWords program;
};

Result<CommandLine> ReadCommandLine(const std::vector<std::string>& words) {
  ASSIGN_OR_RETURN(const ParsedFlags parsed, ParseFlags(TurnpikeDialect(), words));
  CommandLine line;
  for (const Flag& flag : parsed.flags) {
    line.settings.push_back(
        {flag.option, flag.value, flag.has_value, {SettingLayer::kFlag, fmt::format("--{}", flag.option->name)}});
  }
  line.program.words.assign(words.begin() + static_cast<std::ptrdiff_t>(parsed.operands_begin), words.end());
  line.program.after_dashes = parsed.after_dashes;
  return line;
}

Result<JobProgram> ReadTheProgram(const CommandLine& line, const SubmitSwitches& switches, const Terminal& terminal) {
  if (switches.wrap) {
    if (!line.program.words.empty()) {
      return InvalidArgument("--wrap runs its own line, so '{}' would not run; give one of them",
                             line.program.words.front());
    }
    return WrapProgram(*switches.wrap);
  }
  const bool reads_input = !line.program.after_dashes && line.program.words.empty();
  if (reads_input && terminal.in_is_terminal) {
    return InvalidArgument(
        "nothing to run: give a script (turnpike submit job.sh), a line (--wrap='…') or a command (-- PROGRAM)");
  }
  return ReadProgram(line.program, terminal.in);
}

// #PBS and its like are not read: said always, and refused where nothing else tells what the job needs.
Status JudgeForeign(const ScriptHead& head, const std::string& file_name, std::vector<std::string>& notes) {
  if (head.foreign.empty()) {
    return OkStatus();
  }
  const ForeignDirective& first = head.foreign.front();
  const std::string text = fmt::format("{} line {}: {} is not read", file_name, first.line, first.word);
  if (head.directives.empty()) {
    return InvalidArgument("{}; say what the job needs with #SBATCH or #TP, or give --ignore-pbs to run it without",
                           text);
  }
  notes.push_back(text + "; the job needs what #SBATCH and #TP say");
  return OkStatus();
}

Result<SpecDraft> ReadJob(const SubmitOptions& options, const CommandLine& line, const CommandContext& context) {
  ASSIGN_OR_RETURN(const SubmitSwitches switches, ReadSwitches(line.settings));
  ASSIGN_OR_RETURN(const JobProgram program, ReadTheProgram(line, switches, context.terminal));
  std::vector<Setting> settings;
  std::vector<std::string> notes;
  std::string origin = "the command line";
  if (const auto* script = std::get_if<ScriptProgram>(&program)) {
    origin = script->file_name;
    ASSIGN_OR_RETURN(const ScriptHead head, ReadScriptHead(script->content, script->file_name));
    ASSIGN_OR_RETURN(settings, SettingsOf(head, script->file_name));
    ASSIGN_OR_RETURN(const SubmitSwitches of_script, ReadSwitches(settings));
    if (!switches.ignore_foreign_directives && !of_script.ignore_foreign_directives) {
      RETURN_IF_ERROR(JudgeForeign(head, script->file_name, notes));
    }
  }
  ASSIGN_OR_RETURN(const std::vector<Setting> from_environment, EnvironmentSettings(options.environment));
  settings.insert(settings.end(), from_environment.begin(), from_environment.end());
  settings.insert(settings.end(), line.settings.begin(), line.settings.end());
  const EnvironmentLookup lookup = [&](const std::string& name) {
    const auto found = options.environment.find(name);
    return found == options.environment.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  ASSIGN_OR_RETURN(
      SpecDraft draft,
      BuildSpec({.settings = settings, .program = &program, .program_origin = origin, .environment = lookup}));
  draft.notes.insert(draft.notes.begin(), notes.begin(), notes.end());
  draft.environment = nullptr;
  return draft;
}

// "spec.resources.nodes" is the broker's name; the user wants to know which line it stands on.
Status WithOrigins(const Status& status, const SpecDraft& draft) {
  constexpr std::string_view kPrefix = "spec.";
  ErrorDetails details = DetailsOf(status);
  for (FieldViolation& violation : details.violations) {
    if (violation.path.starts_with(kPrefix)) {
      violation.path = violation.path.substr(kPrefix.size());
      violation.path += fmt::format(" ({})", OriginOf(violation.path, draft.origins));
    }
  }
  return WithDetails(MakeStatus(status.code(), MessageOf(status)), details);
}

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
  *request.mutable_spec() = draft.spec;
  request.set_validate_only(draft.switches.dry_run);
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
  context.json = context.json || SubmitWantsJson(options.words);
  ASSIGN_OR_RETURN(const CommandLine line, ReadCommandLine(options.words));
  ASSIGN_OR_RETURN(const SubmitSwitches switches, ReadSwitches(line.settings));
  if (switches.help || switches.version) {
    context.terminal.out << (switches.help ? SubmitHelp() : VersionText());
    return kExitOk;
  }
  ASSIGN_OR_RETURN(const SpecDraft draft, ReadJob(options, line, context));
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

bool SubmitWantsJson(const std::vector<std::string>& words) {
  if (const Result<CommandLine> line = ReadCommandLine(words); line.ok()) {
    return std::any_of(line->settings.begin(), line->settings.end(),
                       [](const Setting& setting) { return setting.option->name == "json"; });
  }
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), end, "--json") != end;
}

}  // namespace turnpike
