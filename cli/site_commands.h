#pragma once
// turnpike site register, token, drain, resume, quarantine and release: for the operators of sites and federation.

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

struct SiteTokenOptions {
  std::string site;
  std::string lifetime;  // as --time of submit; empty: one hour
  std::string request_id;
};

struct SiteDrainOptions {
  std::string site;
  std::string reason;
};

struct SiteResumeOptions {
  std::string site;
};

struct SiteQuarantineOptions {
  std::string site;
  std::string reason;
};

struct SiteReleaseOptions {
  std::string site;
};

Result<int> RunSiteRegister(const SiteRegisterOptions& options, CommandContext& context);
Result<int> RunSiteToken(const SiteTokenOptions& options, CommandContext& context);
Result<int> RunSiteDrain(const SiteDrainOptions& options, CommandContext& context);
Result<int> RunSiteResume(const SiteResumeOptions& options, CommandContext& context);
Result<int> RunSiteQuarantine(const SiteQuarantineOptions& options, CommandContext& context);
Result<int> RunSiteRelease(const SiteReleaseOptions& options, CommandContext& context);

}  // namespace turnpike
