#pragma once
// EventLog on PostgreSQL, as role turnpike_placement.  Readers never look past the oldest transaction that still runs,
// so no event can appear behind them.  A commit of this process pokes the reader; one of another process is seen at the
// next look.

#include "base/mutex.h"
#include "base/pg/transaction_runner.h"
#include "broker/ports/event_log.h"

namespace turnpike {

class PgEventLog final : public EventLog {
 public:
  explicit PgEventLog(TransactionRunner& transactions) : transactions_(transactions) {}

  Result<EventPosition> Head() override;
  Result<std::vector<LoggedEvent>> ReadAfter(EventPosition after, size_t limit) override;
  Result<std::optional<Duration>> AgeOfNext(EventPosition after) override;
  void WaitForHint(std::chrono::milliseconds time) override;
  void Poke() override;
  Result<int64_t> RestoreEpoch() override;
  int64_t Timeline() const override { return transactions_.timeline(); }

 private:
  TransactionRunner& transactions_;
  Mutex mutex_;
  CondVar poked_;
  bool poke_pending_ GUARDED_BY(mutex_) = false;
};

}  // namespace turnpike
