#pragma once
// From settings and a program to a job spec.  A flag overrides the environment's TURNPIKE_*, that overrides a
// directive, and what nobody says stays the broker's default.  Pure: the environment and files have been read.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "cli/job_program.h"
#include "cli/setting.h"
#include "cli/spec_draft.h"

namespace turnpike {

struct SpecSources {
  std::span<const Setting> settings;  // of all layers, each in its order
  const JobProgram* program = nullptr;
  std::string program_origin;  // "job.sh", "--wrap", "the command line"
  EnvironmentLookup environment;
};

// INVALID_ARGUMENT names every wrong or refused setting, with where it was said.
Result<SpecDraft> BuildSpec(const SpecSources& sources);

// Only the switches of the command (--help, --wrap …), before a program is known.
Result<SubmitSwitches> ReadSwitches(std::span<const Setting> settings);

// The environment's settings: TURNPIKE_TIME=10 is --time=10, TURNPIKE_EXCLUSIVE=1 is --exclusive.
Result<std::vector<Setting>> EnvironmentSettings(const std::map<std::string, std::string>& environment);

}  // namespace turnpike
