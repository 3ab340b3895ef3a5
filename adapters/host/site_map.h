#pragma once
// The site's own map: which local account a (project, user, share) runs under, and what each share is.  The broker
// never names a local user; no row means not eligible, with the reason.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/core/local_job.h"
#include "base/status.h"

namespace turnpike {

struct AcceleratorRow {
  std::string model;  // the class as the federation names it: "a100"
  std::string gres;   // as the scheduler names it: "gpu:a100"
};

struct ShareRow {
  std::string name;
  std::string partition;
  std::string account;
  std::string qos;
  std::string reservation;
  std::vector<AcceleratorRow> accelerators;
  bool whole_nodes = false;
  EnvironmentMode environment = EnvironmentMode::kLogin;
  std::string init_file;        // with EnvironmentMode::kInitFile
  std::set<std::string> flags;  // "--constraint": allowed in orders
};

struct AccountRow {
  std::string project = "*";  // name or id; "*": any
  std::string user = "*";
  std::string share = "*";
  LocalAccount local;
};

struct SiteMap {
  std::vector<ShareRow> shares;
  std::vector<AccountRow> accounts;  // the first row that fits counts

  const ShareRow* FindShare(const std::string& name) const;
};

struct AccountQuestion {
  std::string project_id;
  std::string project_name;
  std::string user;
  std::string share;
};
// NOT_FOUND: no such share, or no row; the message is fit for the job's owner.  What the row leaves empty comes from
// the share.
Result<LocalAccount> MapAccount(const SiteMap& map, const AccountQuestion& question);

}  // namespace turnpike
