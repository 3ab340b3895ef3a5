#pragma once
// turnpike site maintenance: when a site is not to be used, for its operators.

#include <string>

#include "cli/command_context.h"

namespace turnpike {

// With `until`, a new window; with `cancel`, one less; else those that there are.
struct SiteMaintenanceOptions {
  std::string site = {};
  std::string share = {};  // empty: all
  std::string from = {};   // a moment; empty: now
  std::string until = {};  // a moment
  std::string reason = {};
  std::string cancel = {};  // a window's id
  bool header = true;
  std::string request_id = {};
};

Result<int> RunSiteMaintenance(const SiteMaintenanceOptions& options, CommandContext& context);

}  // namespace turnpike
