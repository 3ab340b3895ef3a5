#pragma once
// turnpike site register, drain and resume: for a site's operator.

#include <string>

#include "cli/command_context.h"

namespace turnpike {

struct SiteRegisterOptions {
  std::string name;
  std::string display_name;
  std::string region;
  std::string time_zone;
  std::string token_lifetime;  // as --time of submit; empty: one hour
  std::string request_id;
};

struct SiteDrainOptions {
  std::string site;
  std::string reason;
};

struct SiteResumeOptions {
  std::string site;
};

Result<int> RunSiteRegister(const SiteRegisterOptions& options, CommandContext& context);
Result<int> RunSiteDrain(const SiteDrainOptions& options, CommandContext& context);
Result<int> RunSiteResume(const SiteResumeOptions& options, CommandContext& context);

}  // namespace turnpike
