#pragma once
// turnpike sites: every site and what it offers.

#include <string>

#include "cli/command_context.h"

namespace turnpike {

struct SitesOptions {
  std::string site;  // empty: all
  bool header = true;
};

Result<int> RunSites(const SitesOptions& options, CommandContext& context);

}  // namespace turnpike
