#pragma once
// One class of jobs in one round: the shares that may take it, each with a packed key of its score, kept up to date
// with what the round takes away.  Belongs to the round.

#include <cstdint>
#include <vector>

#include "broker/core/class_shares.h"

namespace turnpike {

class RankedClass {
 public:
  RankedClass(const JobRequest& request, const MatchSetting& setting);

  // The best share that has room and is not barred (by share index; nullptr: none is barred); nullptr: there is none.
  const ClassShare* Best(const RoundCapacity& capacity, const std::vector<bool>* barred);
  Score ScoreFor(const ClassShare& candidate, const RoundCapacity& capacity) const;
  // Why no share would do: one reason for every share, in share order.
  std::vector<ShareRefusal> Refusals(const RoundCapacity& capacity) const;

 private:
  RankedClass(Objective objective, const ClassShares& shares, const MatchPolicy& policy);
  void Refresh(const RoundCapacity& capacity);

  Objective objective_;
  const MatchPolicy& policy_;
  int64_t cheapest_micros_;
  ClassScore score_;
  std::vector<ShareRefusal> refusals_;  // by the filter
  // One entry for each candidate, by share; apart, since most passes need only one of them.
  std::vector<ClassShare> candidates_;
  std::vector<uint32_t> share_;
  std::vector<int64_t> price_points_;
  std::vector<int64_t> keys_;  // packed score and share; kNoKey: no room
  uint64_t seen_ = 0;          // the round's change up to which the keys are true
};

}  // namespace turnpike
