#pragma once
// JobStore on PostgreSQL, as role turnpike_api.

#include "base/ids.h"
#include "base/pg/transaction_runner.h"
#include "broker/ports/job_store.h"

namespace turnpike {

class PgJobStore final : public JobStore {
 public:
  PgJobStore(TransactionRunner& transactions, IdSource& ids) : transactions_(transactions), ids_(ids) {}

  Result<std::vector<SubmitVerdict>> Submit(const std::vector<SubmitCall>& calls) override;
  Result<StoredJob> Get(ProjectId project_id, JobId job_id) override;
  Result<JobId> FindByNumber(ProjectId project_id, int64_t number) override;
  Result<std::vector<JobView>> List(const JobListRequest& request) override;
  Result<JobView> Cancel(const RequestKey& key, JobId job_id) override;

 private:
  TransactionRunner& transactions_;
  IdSource& ids_;
};

}  // namespace turnpike
