#pragma once
// The federation as matching sees it at one moment: what submissions are quoted by.  Every replica has one in memory.

#include <memory>
#include <vector>

#include "broker/core/matcher.h"

namespace turnpike {

struct QuoteBasis {
  FederationView federation;
  std::vector<PriceList> price_lists;  // the newest, and those that waiting jobs were quoted by
  int64_t price_list_newest = 0;       // 0: nobody has set a price yet
  MatchPolicy policy;
  std::vector<SharePause> pauses;
  std::vector<ProjectStanding> standings;
  std::shared_ptr<const NetworkView> network;  // nullptr: nothing was measured
};

inline MatchSetting SettingAt(const QuoteBasis& basis, Timestamp now) {
  return {.federation = basis.federation,
          .price_lists = basis.price_lists,
          .policy = basis.policy,
          .now = now,
          .pauses = basis.pauses,
          .standings = basis.standings,
          .network = basis.network.get()};
}

class QuoteBasisSource {
 public:
  virtual ~QuoteBasisSource() = default;
  virtual std::shared_ptr<const QuoteBasis> Basis() const = 0;
  // With this price list in it; asks the database where it is not known here.  FAILED_PRECONDITION: there is none.
  virtual Result<std::shared_ptr<const QuoteBasis>> BasisWith(int64_t price_list) = 0;
};

}  // namespace turnpike
