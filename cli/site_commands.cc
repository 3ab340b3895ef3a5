#include "cli/site_commands.h"

#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/slurm_values.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

void PrintState(const v1::Site& site, CommandContext& context) {
  context.terminal.out << fmt::format("{} {}\n", EscapeLine(site.name()), SiteStateText(site.state()));
}

}  // namespace

Result<int> RunSiteRegister(const SiteRegisterOptions& options, CommandContext& context) {
  v1::RegisterSiteRequest request;
  request.set_request_id(options.request_id);
  request.set_name(options.name);
  request.set_display_name(options.display_name);
  request.set_region(options.region);
  request.set_time_zone(options.time_zone);
  if (!options.token_lifetime.empty()) {
    ASSIGN_OR_RETURN(const std::chrono::seconds lifetime, ParseTimeLimit(options.token_lifetime));
    request.mutable_token_lifetime()->set_seconds(lifetime.count());
  }
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::RegisterSiteResponse response, session.client->RegisterSite(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  context.terminal.out << fmt::format(
      "site            {}\ntoken           {}\nca fingerprint  {}\ntoken ends      {}\n",
      EscapeLine(response.site().name()), EscapeLine(response.enrollment_token()),
      EscapeLine(response.ca_fingerprint()), MomentText(response.token_expire_time()));
  context.terminal.err
      << "the token is shown this once; at the site, give it and the fingerprint to turnpike-agent enroll\n";
  return kExitOk;
}

Result<int> RunSiteDrain(const SiteDrainOptions& options, CommandContext& context) {
  v1::DrainSiteRequest request;
  request.set_site(options.site);
  request.set_reason(options.reason);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::DrainSiteResponse response, session.client->DrainSite(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  PrintState(response.site(), context);
  return kExitOk;
}

Result<int> RunSiteResume(const SiteResumeOptions& options, CommandContext& context) {
  v1::ResumeSiteRequest request;
  request.set_site(options.site);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::ResumeSiteResponse response, session.client->ResumeSite(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  PrintState(response.site(), context);
  return kExitOk;
}

}  // namespace turnpike
