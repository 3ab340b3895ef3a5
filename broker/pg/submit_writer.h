#pragma once
// One group commit of submissions, inside one transaction: keys, funds, jobs, events.  Made for one pass of one
// transaction.

#include <map>
#include <vector>

#include "base/pg/request_keys.h"
#include "billing/pg/ledger_writer.h"
#include "broker/pg/pg_refusal_store.h"
#include "broker/ports/job_store.h"

namespace turnpike {

class SubmitWriter {
 public:
  SubmitWriter(Transaction& tx, IdSource& ids, const std::vector<SubmitCall>& calls)
      : tx_(tx), ids_(ids), calls_(calls), verdicts_(calls.size()) {}

  // In the order of the calls.
  Result<std::vector<SubmitVerdict>> Run();

 private:
  struct Accepted {
    const NewJob* job;
    const JobView* view;  // in the verdict
  };

  Status ClaimKeys();
  size_t CountNewJobs() const;
  // Decides for each job whether the account covers it.
  Status DecideFunds();
  void DecideCall(size_t i, std::map<ProjectId, LockedAccount>& accounts);
  Result<JobView> DecideJob(const SubmitCall& call, const NewJob& job, std::map<ProjectId, LockedAccount>& accounts);
  // These travel together, with the replies.
  void WriteMoney();
  void WriteJobs();
  void WriteStates();
  Status WriteRefusals();
  Status WriteReplies();

  Transaction& tx_;
  IdSource& ids_;
  const std::vector<SubmitCall>& calls_;
  std::vector<SubmitVerdict> verdicts_;
  std::vector<Accepted> accepted_;
  std::vector<NewHold> holds_;
  std::vector<ProjectRefusal> refusals_;
  Rows numbers_;
  int numbers_used_ = 0;
};

}  // namespace turnpike
