#include "broker/ports/token_store.h"

#include "broker/core/enum_names.h"

namespace turnpike {
namespace {

constexpr EnumName<Role> kRoleNames[] = {
    {Role::kUser, "user"},
    {Role::kSiteOperator, "site-operator"},
    {Role::kFederationOperator, "federation-operator"},
};

}  // namespace

std::string_view RoleName(Role role) {
  return NameIn(kRoleNames, role);
}
std::optional<Role> ParseRole(std::string_view name) {
  return ValueIn(kRoleNames, name);
}

}  // namespace turnpike
