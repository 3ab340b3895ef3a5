#pragma once
// turnpike project create, deposit and weight: for federation operators.

#include <string>

#include "cli/command_context.h"

namespace turnpike {

struct ProjectCreateOptions {
  std::string name;
  std::string unit;
  std::string request_id;
};

struct DepositOptions {
  std::string project;
  std::string amount;
  std::string description;
  std::string request_id;
};

struct ProjectWeightOptions {
  std::string project;
  int32_t weight = 1;
  std::string request_id;
};

Result<int> RunProjectCreate(const ProjectCreateOptions& options, CommandContext& context);
Result<int> RunDeposit(const DepositOptions& options, CommandContext& context);
Result<int> RunProjectWeight(const ProjectWeightOptions& options, CommandContext& context);

}  // namespace turnpike
