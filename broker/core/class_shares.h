#pragma once
// What every share says to one request before free capacity is looked at: done once for a class of jobs, and for a
// quote.

#include <cstdint>
#include <vector>

#include "broker/core/matcher.h"

namespace turnpike {

// A share that may be chosen as soon as it has room.
struct ClassShare {
  uint32_t share = 0;
  Fit fit;
};

struct ClassShares {
  std::vector<FilterVerdict> verdicts;  // one for every share, in share order, the price rule of the objective included
  int64_t cheapest_micros = 0;          // of the shares that nothing speaks against; INT64_MAX: there is none
};

ClassShares FilterShares(const JobRequest& request, const MatchSetting& setting);
// Those without a refusal.
std::vector<ClassShare> Choosable(const ClassShares& shares);

// What a round takes away from the shares: free capacity, buffer room, offers.  Only ever less until the round ends.
class RoundCapacity {
 public:
  explicit RoundCapacity(const MatchSetting& setting);

  // Why nothing more can go there now.
  std::optional<RefusalReason> Refusal(const ClassShare& candidate) const;
  std::chrono::seconds Wait(const ClassShare& candidate) const;
  // Takes the room; true: it fits what is idle, else it went into the buffer.
  bool Take(const ClassShare& candidate);
  // When anything about this share changed last; change() rises with every change.
  uint64_t ChangeOf(uint32_t share) const { return share_change_[share]; }
  uint64_t change() const { return change_; }

 private:
  struct ShareRoom {
    int64_t core_seconds_waiting = 0;
    int64_t queue_ahead_seconds = 0;
    int32_t buffer_room = 0;
    bool on_trial = false;   // it fails lately: one job, to see
    bool trial_room = true;  // the job on trial has not been placed yet
    uint32_t pool = 0;
    uint32_t site = 0;
  };

  void MarkChanged(const std::vector<uint32_t>& shares);

  const MatchPolicy& policy_;
  std::vector<PoolLoad> pools_;
  std::vector<ShareRoom> shares_;
  std::vector<int32_t> offer_room_;  // by site
  std::vector<std::vector<uint32_t>> shares_of_pool_;
  std::vector<std::vector<uint32_t>> shares_of_site_;
  std::vector<uint64_t> share_change_;
  uint64_t change_ = 1;
};

}  // namespace turnpike
