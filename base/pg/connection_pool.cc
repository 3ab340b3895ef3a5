#include "base/pg/connection_pool.h"

#include <utility>

#include "base/error_reason.h"

namespace turnpike {

ConnectionPool::Lease::Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection, bool fresh)
    : pool_(&pool), connection_(std::move(connection)), fresh_(fresh) {}

ConnectionPool::Lease::~Lease() {
  if (connection_) {
    pool_->GiveBack(std::move(connection_));
  }
}

std::unique_ptr<Connection> ConnectionPool::Lease::Detach() {
  pool_->Forget();
  return std::move(connection_);
}

Result<ConnectionPool::Lease> ConnectionPool::Take() {
  {
    const auto until = std::chrono::steady_clock::now() + settings_.wait_max;
    const MutexLock lock(mutex_);
    DropOutdated();
    while (idle_.empty() && open_ >= settings_.connections_max) {
      if (!freed_.WaitUntil(mutex_, until) && idle_.empty() && open_ >= settings_.connections_max) {
        return WithReason(ResourceExhausted("all {} database connections are busy, and none came free in {} ms",
                                            settings_.connections_max, settings_.wait_max.count()),
                          ErrorReason::kOverloaded);
      }
    }
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(connection), false);
    }
    ++open_;
  }
  Result<std::unique_ptr<Connection>> opened = Connection::Open(settings_.connection);
  if (!opened.ok()) {
    Forget();
    return opened.status();
  }
  return Lease(*this, *std::move(opened), true);
}

int ConnectionPool::open_count() const {
  const MutexLock lock(mutex_);
  return open_;
}

void ConnectionPool::DropOutdated() {
  const DatabaseServers* servers = settings_.connection.servers;
  if (servers != nullptr) {
    open_ -= static_cast<int>(std::erase_if(idle_, [servers](const std::unique_ptr<Connection>& connection) {
      return !servers->IsCurrent(connection->standing());
    }));
  }
}

void ConnectionPool::GiveBack(std::unique_ptr<Connection> connection) {
  if (connection->broken() || connection->in_transaction()) {
    connection.reset();
    Forget();
    return;
  }
  const MutexLock lock(mutex_);
  idle_.push_back(std::move(connection));
  freed_.NotifyOne();
}

void ConnectionPool::Forget() {
  const MutexLock lock(mutex_);
  --open_;
  freed_.NotifyOne();
}

}  // namespace turnpike
