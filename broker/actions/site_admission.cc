#include "broker/actions/site_admission.h"

namespace turnpike {

Result<SiteRecord> QuarantineSite(SiteStore& sites, const Quarantine& quarantine) {
  ASSIGN_OR_RETURN(const SiteRecord site, sites.Find(quarantine.site));
  const std::vector<SiteState> any = {SiteState::kRegistered, SiteState::kActive, SiteState::kDraining,
                                      SiteState::kQuarantined};
  return sites.ChangeState(site.site_id, any, SiteState::kQuarantined, quarantine.reason);
}

Result<SiteRecord> ReleaseSite(SiteStore& sites, std::string_view name_or_id) {
  ASSIGN_OR_RETURN(const SiteRecord site, sites.Find(name_or_id));
  const SiteState to = site.agent == 0 ? SiteState::kRegistered : SiteState::kActive;
  return sites.ChangeState(site.site_id, {SiteState::kQuarantined}, to, "");
}

}  // namespace turnpike
