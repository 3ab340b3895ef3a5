#pragma once
// What one batch of a site's reports tells of its limits: pauses begin, grow and end (broker/core/share_pause.h).  Made
// for one transaction that sees the projects; its rows are locked after the attempts.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/pg/transaction.h"
#include "broker/core/share_pause.h"

namespace turnpike {

class PauseWriter {
 public:
  PauseWriter(Transaction& tx, SiteId site_id) : tx_(tx), site_id_(site_id) {}

  // In the order of the reports.
  void NoteTurnedAway(ProjectId project_id, const std::string& share, std::string limit);
  void NoteTaken(ProjectId project_id, const std::string& share);
  Status Write();

 private:
  using Place = std::pair<ProjectId, std::string>;  // a project at a share
  using Standings = std::map<Place, PauseStanding>;
  struct News {
    Place place;
    std::optional<std::string> limit;  // absent: the site took a job
  };

  Result<Standings> Lock();
  void Take(const News& news, Standings& standings) const;
  Status Store(const Standings& before, const Standings& after);
  Status End(const Standings& before, const Standings& after);

  Transaction& tx_;
  const SiteId site_id_;
  std::vector<News> news_;
};

}  // namespace turnpike
