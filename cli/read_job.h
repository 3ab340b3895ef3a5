#pragma once
// From the words of `turnpike submit` and `turnpike quote` to a job: flags, script or command, directives, environment.

#include <map>
#include <string>
#include <vector>

#include "cli/command_context.h"
#include "cli/job_program.h"
#include "cli/setting.h"
#include "cli/spec_draft.h"

namespace turnpike {

using JobEnvironment = std::map<std::string, std::string>;  // TURNPIKE_*, and what --export names

// The flags of the command line, and what stands after them.
struct CommandLine {
  std::vector<Setting> settings;
  ProgramWords program;
};

Result<CommandLine> ReadCommandLine(const std::vector<std::string>& words);

// Reads the script too.  INVALID_ARGUMENT names what is wrong, and where it was said.
Result<SpecDraft> ReadJob(const JobEnvironment& environment, const CommandLine& line, const CommandContext& context);

// What is sent: where the job does not say where its user is, their settings do.
v1::JobSpec SpecFrom(const SpecDraft& draft, const std::string& region);

// The broker's error about a spec, with where each field was said.
Status WithOrigins(const Status& status, const SpecDraft& draft);

// Whether --json is among the words, also where they are wrong in another way.
bool WantsJson(const std::vector<std::string>& words);

}  // namespace turnpike
