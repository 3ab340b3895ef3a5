#pragma once
// What one batch of a site's reports tells of its shares: breakers open, and are forgotten
// (broker/core/share_breaker.h). Made for one transaction; its rows are locked after the pauses.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/pg/transaction.h"
#include "broker/core/share_breaker.h"

namespace turnpike {

class BreakerWriter {
 public:
  BreakerWriter(Transaction& tx, SiteId site_id) : tx_(tx), site_id_(site_id) {}

  // In the order of the reports.
  void NoteFailed(const std::string& share, std::string why) { news_.emplace_back(share, std::move(why)); }
  void NoteSound(const std::string& share) { news_.emplace_back(share, std::nullopt); }
  Status Write();

 private:
  using Standings = std::map<std::string, BreakerStanding>;  // by share

  Result<Standings> Lock();
  Status Store(const Standings& standings);
  Status Forget(const std::vector<std::string>& shares);

  Transaction& tx_;
  const SiteId site_id_;
  std::vector<std::pair<std::string, std::optional<std::string>>> news_;  // a share, and how it failed
};

}  // namespace turnpike
