#include "cli/site_commands.h"

#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/slurm_values.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

// Of every call that answers with the changed site.
template <typename Response>
Result<int> PrintChanged(const Result<Response>& response, CommandContext& context) {
  RETURN_IF_ERROR(response.status());
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(*response, context.terminal.out));
    return kExitOk;
  }
  context.terminal.out << fmt::format("{} {}\n", EscapeLine(response->site().name()),
                                      SiteStateText(response->site().state()));
  return kExitOk;
}

// Of every call that answers with a token.
template <typename Response>
Result<int> PrintToken(const Response& response, const std::string& site, CommandContext& context) {
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  context.terminal.out << fmt::format(
      "site            {}\ntoken           {}\nca fingerprint  {}\ntoken ends      {}\n", EscapeLine(site),
      EscapeLine(response.enrollment_token()), EscapeLine(response.ca_fingerprint()),
      MomentText(response.token_expire_time()));
  context.terminal.err
      << "the token is shown this once; at the site, give it and the fingerprint to turnpike-agent enroll\n";
  return kExitOk;
}

// Empty: as long as the broker allows.
template <typename Request>
Status SetLifetime(const std::string& text, Request& request) {
  if (!text.empty()) {
    ASSIGN_OR_RETURN(const std::chrono::seconds lifetime, ParseTimeLimit(text));
    request.mutable_token_lifetime()->set_seconds(lifetime.count());
  }
  return OkStatus();
}

}  // namespace

Result<int> RunSiteRegister(const SiteRegisterOptions& options, CommandContext& context) {
  v1::RegisterSiteRequest request;
  request.set_request_id(options.request_id);
  request.set_name(options.name);
  request.set_display_name(options.display_name);
  request.set_region(options.region);
  request.set_time_zone(options.time_zone);
  RETURN_IF_ERROR(SetLifetime(options.token_lifetime, request));
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::RegisterSiteResponse response, session.client->RegisterSite(request));
  return PrintToken(response, response.site().name(), context);
}

Result<int> RunSiteToken(const SiteTokenOptions& options, CommandContext& context) {
  v1::CreateEnrollmentTokenRequest request;
  request.set_request_id(options.request_id);
  request.set_site(options.site);
  RETURN_IF_ERROR(SetLifetime(options.lifetime, request));
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::CreateEnrollmentTokenResponse response, session.client->CreateEnrollmentToken(request));
  return PrintToken(response, options.site, context);
}

Result<int> RunSiteDrain(const SiteDrainOptions& options, CommandContext& context) {
  v1::DrainSiteRequest request;
  request.set_site(options.site);
  request.set_reason(options.reason);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  return PrintChanged(session.client->DrainSite(request), context);
}

Result<int> RunSiteResume(const SiteResumeOptions& options, CommandContext& context) {
  v1::ResumeSiteRequest request;
  request.set_site(options.site);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  return PrintChanged(session.client->ResumeSite(request), context);
}

Result<int> RunSiteQuarantine(const SiteQuarantineOptions& options, CommandContext& context) {
  v1::QuarantineSiteRequest request;
  request.set_site(options.site);
  request.set_reason(options.reason);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  return PrintChanged(session.client->QuarantineSite(request), context);
}

Result<int> RunSiteRelease(const SiteReleaseOptions& options, CommandContext& context) {
  v1::ReleaseSiteRequest request;
  request.set_site(options.site);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  return PrintChanged(session.client->ReleaseSite(request), context);
}

}  // namespace turnpike
