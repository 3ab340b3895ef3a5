#pragma once
// A few sessions with one database, opened when first needed, discarded when broken.  Whoever wants one waits for a
// bounded time. Thread-safe; a leased connection belongs to one thread.

#include <chrono>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/pg/connection.h"
#include "base/status.h"

namespace turnpike {

struct ConnectionPoolSettings {
  ConnectionSettings connection = {};
  int connections_max = 4;
  std::chrono::milliseconds wait_max{5'000};  // then RESOURCE_EXHAUSTED
  bool standby_required = false;              // nothing is written where the server would not wait for a standby
};

class ConnectionPool {
 public:
  // A connection on loan: goes back when the lease ends, unless it is broken or left inside a transaction.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection, bool fresh);
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }
    // Just opened; a used one may have died unnoticed.
    bool fresh() const { return fresh_; }
    // Out of the pool, which may open another one in its place.
    std::unique_ptr<Connection> Detach();

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Connection> connection_;
    bool fresh_;
  };

  explicit ConnectionPool(ConnectionPoolSettings settings) : settings_(std::move(settings)) {}

  Result<Lease> Take() EXCLUDES(mutex_);
  int open_count() const EXCLUDES(mutex_);
  const ConnectionPoolSettings& settings() const { return settings_; }

 private:
  // Sessions with a server that was left behind end.
  void DropOutdated() REQUIRES(mutex_);
  void GiveBack(std::unique_ptr<Connection> connection) EXCLUDES(mutex_);
  void Forget() EXCLUDES(mutex_);

  const ConnectionPoolSettings settings_;
  mutable Mutex mutex_;
  CondVar freed_;
  std::vector<std::unique_ptr<Connection>> idle_ GUARDED_BY(mutex_);
  int open_ GUARDED_BY(mutex_) = 0;  // idle and on loan
};

}  // namespace turnpike
