#include "cli/read_job.h"

#include <algorithm>

#include "base/error_reason.h"
#include "cli/directives.h"
#include "cli/flag_parser.h"
#include "cli/job_program.h"
#include "cli/spec_builder.h"
#include "cli/spec_text.h"
#include "cli/turnpike_flags.h"

namespace turnpike {
namespace {

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

}  // namespace

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

Result<SpecDraft> ReadJob(const JobEnvironment& environment, const CommandLine& line, const CommandContext& context) {
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
  ASSIGN_OR_RETURN(const std::vector<Setting> from_environment, EnvironmentSettings(environment));
  settings.insert(settings.end(), from_environment.begin(), from_environment.end());
  settings.insert(settings.end(), line.settings.begin(), line.settings.end());
  const EnvironmentLookup lookup = [&](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  ASSIGN_OR_RETURN(
      SpecDraft draft,
      BuildSpec({.settings = settings, .program = &program, .program_origin = origin, .environment = lookup}));
  draft.notes.insert(draft.notes.begin(), notes.begin(), notes.end());
  draft.environment = nullptr;
  return draft;
}

// "spec.resources.nodes" is the broker's name; the user wants to know which line it stands on.
v1::JobSpec SpecFrom(const SpecDraft& draft, const std::string& region) {
  v1::JobSpec spec = draft.spec;
  if (!region.empty() && spec.placement().user_region().empty()) {
    spec.mutable_placement()->set_user_region(region);
  }
  return spec;
}

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

bool WantsJson(const std::vector<std::string>& words) {
  if (const Result<CommandLine> line = ReadCommandLine(words); line.ok()) {
    return std::any_of(line->settings.begin(), line->settings.end(),
                       [](const Setting& setting) { return setting.option->name == "json"; });
  }
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), end, "--json") != end;
}

}  // namespace turnpike
