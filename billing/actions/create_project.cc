#include "billing/actions/create_project.h"

#include <algorithm>

#include "base/error_reason.h"

namespace turnpike {
namespace {

constexpr size_t kNameCharactersMax = 40;

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsNameCharacter(char c) {
  return IsLower(c) || (c >= '0' && c <= '9') || c == '-';
}

Status Validate(const CreateProjectCall& call) {
  FieldViolations violations;
  if (call.name.empty() || call.name.size() > kNameCharactersMax || !IsLower(call.name.front()) ||
      !std::ranges::all_of(call.name, IsNameCharacter)) {
    violations.Add("name", fmt::format("starts with a letter, has a-z, 0-9 and dashes only, and at most {} characters",
                                       kNameCharactersMax));
  } else if (ProjectId::Parse(call.name)) {
    violations.Add("name", "looks like an id; choose a name that does not");
  }
  if (const Status unit = ValidateUnit(call.unit); !unit.ok()) {
    violations.Add("unit", std::string(MessageOf(unit)));
  }
  return violations.ToStatus();
}

}  // namespace

Result<ProjectView> CreateProject::Run(const CreateProjectCall& call) {
  RETURN_IF_ERROR(Validate(call));
  return ledger_.CreateProject(call.key,
                               {.project_id = ids_.Random<ProjectId>(), .name = call.name, .unit = call.unit});
}

}  // namespace turnpike
