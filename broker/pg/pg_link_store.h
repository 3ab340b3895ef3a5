#pragma once
// LinkStore on PostgreSQL, as role turnpike_link.

#include <chrono>
#include <functional>

#include "base/ids.h"
#include "base/pg/transaction_runner.h"
#include "broker/ports/link_store.h"

namespace turnpike {

class ReportWriter;

class PgLinkStore final : public LinkStore {
 public:
  // `usage_wait_max`: how long after its end an attempt's usage may come before it is settled from what is known.
  PgLinkStore(TransactionRunner& transactions, IdSource& ids, std::chrono::seconds usage_wait_max)
      : transactions_(transactions), ids_(ids), usage_wait_max_(usage_wait_max) {}

  Result<OpenedSession> OpenSession(const SessionRequest& request) override;
  Status CloseSession(SiteId site_id, int64_t epoch) override;
  Result<std::vector<DesiredAttempt>> DesiredWithoutOrders(SiteId site_id) override;
  Result<std::vector<DesiredAttempt>> Desired(SiteId site_id, const std::vector<AttemptId>& attempts) override;
  Result<AppliedReports> Apply(const ReportBatch& batch) override;
  Status StoreCapacity(SiteId site_id, int64_t epoch, int64_t number, const std::string& body) override;
  Result<std::vector<ProbeTarget>> StoreNetwork(const NetworkMeasured& measured) override;
  Result<StoredLog> StoreLog(SiteId site_id, const std::vector<LogPiece>& pieces) override;

 private:
  using WriteReports = std::function<Result<AppliedReports>(ReportWriter&)>;

  // In one transaction.
  Result<AppliedReports> ApplyAtOnce(const ReportBatch& batch, const WriteReports& write);
  Result<AppliedReports> ApplyHalves(const ReportBatch& batch);

  TransactionRunner& transactions_;
  IdSource& ids_;
  const std::chrono::seconds usage_wait_max_;
};

}  // namespace turnpike
