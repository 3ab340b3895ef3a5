#pragma once
// A job spec, field by field, for --print-spec and `turnpike show`.

#include <string>
#include <vector>

#include "base/status.h"
#include "cli/spec_draft.h"

namespace turnpike {

struct SpecLine {
  std::string path;  // "resources.nodes", "environment.OMP_NUM_THREADS"
  std::string value;
  friend bool operator==(const SpecLine&, const SpecLine&) = default;
};

// Every field that is set, in the order of the contract; a script as its size.
std::vector<SpecLine> SpecLines(const v1::JobSpec& spec);

// Where a field was said: the origin of the longest path that it lies under; "resources.memory" covers
// "resources.memory_per_node_mib".  "derived" where nobody said it.
std::string OriginOf(const std::string& path, const std::map<std::string, std::string>& origins);

// A table of field, value and where it was said.
std::string SpecWithOrigins(const SpecDraft& draft);
// {"spec": …, "origins": {path: where}, "notes": […]}.
Result<std::string> SpecWithOriginsJson(const SpecDraft& draft);

}  // namespace turnpike
