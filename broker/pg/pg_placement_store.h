#pragma once
// PlacementStore on PostgreSQL, as role turnpike_placement.

#include "base/ids.h"
#include "base/pg/transaction_runner.h"
#include "broker/pg/late_charges.h"
#include "broker/ports/placement_store.h"

namespace turnpike {

class PgPlacementStore final : public PlacementStore {
 public:
  PgPlacementStore(TransactionRunner& transactions, IdSource& ids, const Retention& retention = {})
      : transactions_(transactions), ids_(ids), retention_(retention) {}

  Status LoadLive(const std::function<void(const JobView&)>& visit) override;
  Result<std::vector<std::pair<Uuid, std::string>>> LoadClasses(const std::vector<Uuid>& class_ids) override;
  Result<std::vector<StoredPause>> LoadPauses() override;
  Result<StoredUsage> LoadUsage(int64_t since_day) override;
  Result<size_t> CommitPlan(const std::vector<PlannedAttempt>& plan, std::chrono::seconds offer_lifetime,
                            const RoundRecord* record) override;
  Status RecordRound(const RoundRecord& record) override;
  Result<size_t> FailHopeless(const std::vector<HopelessJob>& jobs) override;
  Result<size_t> WithdrawExpired(size_t limit) override;
  Result<size_t> SettleOverdue(size_t limit) override;
  Status Maintain() override;
  Result<int64_t> DropOldRows(int64_t piece) override;

 private:
  // Whatever writes: nothing is committed while another replica has the placement lease.
  Status RunAsHolder(const std::function<Status(Transaction&)>& body);
  Result<std::vector<LateCharge>> OverdueCharges(size_t limit);
  Result<size_t> SettleAtOnce(const std::vector<LateCharge>& late);

  TransactionRunner& transactions_;
  IdSource& ids_;
  const Retention retention_;
};

}  // namespace turnpike
