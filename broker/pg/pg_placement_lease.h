#pragma once
// PlacementLease as a session's advisory lock and a row that tells how fresh its holder is.  It must stand on the same
// single connection as the store of placement: with the session the lock is gone, and with the lock the right to
// commit.

#include <chrono>

#include "base/pg/transaction_runner.h"
#include "broker/ports/placement_lease.h"

namespace turnpike {

class PgPlacementLease final : public PlacementLease {
 public:
  struct Settings {
    std::string replica;
    std::chrono::milliseconds silence_max{3'000};
  };
  PgPlacementLease(TransactionRunner& transactions, Settings settings)
      : transactions_(transactions), settings_(std::move(settings)) {}

  Result<LeaseStanding> Renew() override;

 private:
  TransactionRunner& transactions_;
  const Settings settings_;
};

// The first step of every transaction that places, withdraws or settles: UNAVAILABLE when another session has the
// lease.
Status HoldPlacement(Transaction& tx);

}  // namespace turnpike
