#include "adapters/host/site_map.h"

namespace turnpike {
namespace {

constexpr std::string_view kAny = "*";

bool Fits(const std::string& wanted, const std::string& value) {
  return wanted == kAny || wanted == value;
}

bool Fits(const AccountRow& row, const AccountQuestion& question) {
  return (Fits(row.project, question.project_name) || Fits(row.project, question.project_id)) &&
         Fits(row.user, question.user) && Fits(row.share, question.share);
}

void FillFrom(const std::string& share_value, std::string& value) {
  if (value.empty()) {
    value = share_value;
  }
}

}  // namespace

const ShareRow* SiteMap::FindShare(const std::string& name) const {
  for (const ShareRow& share : shares) {
    if (share.name == name) {
      return &share;
    }
  }
  return nullptr;
}

Result<LocalAccount> MapAccount(const SiteMap& map, const AccountQuestion& question) {
  const ShareRow* share = map.FindShare(question.share);
  if (share == nullptr) {
    return NotFound("this site has no share '{}'", question.share);
  }
  for (const AccountRow& row : map.accounts) {
    if (!Fits(row, question)) {
      continue;
    }
    LocalAccount account = row.local;
    FillFrom(share->partition, account.partition);
    FillFrom(share->account, account.account);
    FillFrom(share->qos, account.qos);
    FillFrom(share->reservation, account.reservation);
    return account;
  }
  return NotFound("this site has no local account for user '{}' of project '{}' in share '{}'; ask its operators",
                  question.user, question.project_name, question.share);
}

}  // namespace turnpike
