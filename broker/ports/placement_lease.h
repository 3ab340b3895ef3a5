#pragma once
// Which of several brokers commits plans.  All follow the event log; one at a time holds the lease.  A plan is fenced
// by the database itself: whoever lost the lease commits nothing more.

#include <cstdint>
#include <string>

#include "base/status.h"

namespace turnpike {

struct LeaseStanding {
  bool held = false;   // by this replica
  int64_t epoch = 0;   // rises with each change of holder
  std::string holder;  // the replica that has it
};

class PlacementLease {
 public:
  virtual ~PlacementLease() = default;
  // Takes the lease if nobody has it, keeps it fresh if we have it.  A holder that was silent for too long is cut off,
  // and its lease is free at the next call.
  virtual Result<LeaseStanding> Renew() = 0;
};

}  // namespace turnpike
