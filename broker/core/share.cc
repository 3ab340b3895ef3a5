#include "broker/core/share.h"

#include <fmt/format.h>

#include "broker/core/enum_names.h"

namespace turnpike {
namespace {

constexpr EnumName<SiteState> kSiteStateNames[] = {
    {SiteState::kRegistered, "REGISTERED"},
    {SiteState::kActive, "ACTIVE"},
    {SiteState::kDraining, "DRAINING"},
    {SiteState::kQuarantined, "QUARANTINED"},
};

constexpr EnumName<AccountMode> kAccountModeNames[] = {
    {AccountMode::kOwnAccount, "OWN_ACCOUNT"},
    {AccountMode::kHelper, "HELPER"},
    {AccountMode::kCommunityAccount, "COMMUNITY_ACCOUNT"},
};

}  // namespace

std::string_view SiteStateName(SiteState state) {
  return NameIn(kSiteStateNames, state);
}
std::optional<SiteState> ParseSiteState(std::string_view name) {
  return ValueIn(kSiteStateNames, name);
}
std::string_view AccountModeName(AccountMode mode) {
  return NameIn(kAccountModeNames, mode);
}
std::optional<AccountMode> ParseAccountMode(std::string_view name) {
  return ValueIn(kAccountModeNames, name);
}

std::string ShareLabel(const ShareInfo& share) {
  return fmt::format("{}/{}", share.site_name, share.name);
}

AllocationRule RuleOf(const ShareInfo& share) {
  return {.whole_nodes = share.whole_nodes,
          .cores_per_node = share.node.cores,
          .accelerators_per_node = share.node.accelerators,
          .memory_per_node_mib = share.node.memory_mib,
          .memory_per_core_mib = share.memory_per_core_mib,
          .overrun = share.overrun};
}

}  // namespace turnpike
