#pragma once
// turnpike balance and turnpike transfers: a project's account, or a site's, and what moved in it.

#include <string>

#include "cli/command_context.h"

namespace turnpike {

// Whose account; both empty: the settings' project, else the token's only one.
struct AccountOwner {
  std::string project;
  std::string site;
};

struct BalanceOptions {
  AccountOwner owner;
  std::string unit;  // of a site that earned in several
};

struct TransfersOptions {
  AccountOwner owner;
  bool header = true;
  int limit = 100;
};

Result<int> RunBalance(const BalanceOptions& options, CommandContext& context);
Result<int> RunTransfers(const TransfersOptions& options, CommandContext& context);

}  // namespace turnpike
