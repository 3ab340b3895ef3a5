#pragma once
// Runs transactions: takes a connection, begins, lets the body work, commits; runs the body again after a deadlock or a
// serialization failure.  The one place that decides whether a commit is known to have happened.  Thread-safe.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/metrics.h"
#include "base/pg/connection_pool.h"
#include "base/pg/database_clock.h"
#include "base/pg/transaction.h"
#include "base/status.h"

namespace turnpike {

enum class Isolation { kReadCommitted, kRepeatableRead, kSerializable };

// Whose rows the transaction may see (row-level security), and how it ends.
struct TransactionSettings {
  std::vector<ProjectId> projects = {};  // turnpike.projects, for this transaction only
  std::optional<SiteId> site = {};       // turnpike.site
  bool read_only = false;
  Isolation isolation = Isolation::kReadCommitted;
  int retries_max = 8;  // after 40001 and 40P01, at once
  std::chrono::milliseconds commit_timeout{5'000};
};

class TransactionRunner {
 public:
  TransactionRunner(ConnectionPoolSettings pool, DatabaseClock& clock) : pool_(std::move(pool)), clock_(clock) {}

  // The body may run several times: it resets what it fills.  Its error rolls back and is returned unchanged.
  // An error for which CommitOutcomeUnknown() (base/pg/sql_status.h) holds: the commit was sent and nobody knows.
  Status Run(const TransactionSettings& settings, const std::function<Status(Transaction&)>& body);

  // How transactions have ended, and how often one was run again.
  struct Counts {
    Counter ok;
    Counter refused;
    Counter unknown;
    Counter retries;
  };
  const Counts& counts() const { return counts_; }
  int open_connections() const { return pool_.open_count(); }
  // Of the newest server that is known, here or in another runner of the same servers; 0: not known.
  int64_t timeline() const { return servers() == nullptr ? 0 : servers()->timeline(); }

 private:
  struct Begun {
    ConnectionPool::Lease lease;
    Timestamp now{};
    bool replicated = false;  // a commit would wait for a standby
  };
  // One pass of the body, from BEGIN to COMMIT or ROLLBACK.
  Status RunOnce(const TransactionSettings& settings, const std::function<Status(Transaction&)>& body);
  Result<Begun> Begin(const TransactionSettings& settings);
  Status BeginOn(Begun& begun, const TransactionSettings& settings);
  // UNAVAILABLE where a write would not be answered, or would not be safe.
  Status MayWrite();
  Status MayWriteOn(const Begun& begun) const;
  Status Commit(Begun& begun, std::chrono::milliseconds timeout);
  // A statement that waited for the locks of a commit that is stalled.
  Status BehindStall(const Status& status) const;
  DatabaseServers* servers() const { return pool_.settings().connection.servers; }

  ConnectionPool pool_;
  DatabaseClock& clock_;
  Counts counts_;
};

}  // namespace turnpike
