#pragma once
// One batch of a site's reports, inside one transaction: lock, apply the rules in the journal's order, write what came
// of it once. Made for one pass of one transaction.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/pg/attempt_rows.h"
#include "broker/pg/breaker_writer.h"
#include "broker/pg/charge_writer.h"
#include "broker/pg/job_rows.h"
#include "broker/pg/late_charges.h"
#include "broker/pg/pause_writer.h"
#include "broker/ports/link_store.h"

namespace turnpike {

class ReportWriter {
 public:
  ReportWriter(Transaction& tx, IdSource& ids, const ReportBatch& batch, std::chrono::seconds usage_wait_max)
      : tx_(tx),
        ids_(ids),
        batch_(batch),
        usage_wait_max_(usage_wait_max),
        charges_(tx, ids),
        pauses_(tx, batch.site_id),
        breakers_(tx, batch.site_id) {}

  Result<AppliedReports> Run();
  // In place of Run, for one report that could not be stored: it goes to refused_report, and of an end, only that it is
  // one is applied.
  Result<AppliedReports> RunRefused(std::string why);
  // In place of Run: all of it goes to refused_report, and the mark moves on.
  Result<AppliedReports> RefuseAll(const std::string& why);

 private:
  struct Refused {
    const SiteReport* report;
    std::string why;
  };
  // An attempt of this batch, with what has become of it so far.
  struct Entry {
    AttemptStanding standing;
    std::string share;  // and site, which the job forgets when it waits again
    std::string site_name;
    bool attempt_changed = false;
    bool job_changed = false;
    bool ended = false;
    ChargeStep charge = ChargeStep::kNone;
    std::optional<UsageFigures> usage;
  };

  // The mark before this batch; reports at or below it have been applied.
  Result<int64_t> ReadMark();
  Status LockAll();
  void ApplyAll(int64_t mark);
  void ApplyOne(const SiteReport& report);
  void NoteEffect(Entry& entry, const SiteReport& report, const ReportEffect& effect);
  // Of an attempt that had ended before this batch, or that is not there.
  void ApplyToEnded(const SiteReport& report);
  static void TakeUsage(Entry& entry, const UsageFigures& usage);
  void NoteProof(const Entry& entry, const SiteReport& report, SiteProof proof);
  void NoteLimits(const Entry& entry, const SiteReport& report, const ReportEffect& effect);
  void Answer(const SiteReport& report, ClaimAnswer answer, int64_t fence);
  Status AvoidShares();
  enum class Avoidance { kForEver, kWhileThereAreOthers };
  Status MoveToClassWithout(AttemptId attempt_id, Avoidance avoidance);
  Status ChargeEnded();
  Status WriteAttempts();
  Status WriteRefused();
  Status MoveMark(int64_t mark);

  Transaction& tx_;
  IdSource& ids_;
  const ReportBatch& batch_;
  const std::chrono::seconds usage_wait_max_;
  std::optional<std::string> refused_because_;
  ChargeWriter charges_;
  PauseWriter pauses_;
  BreakerWriter breakers_;
  std::map<AttemptId, Entry> entries_;
  std::map<AttemptId, AttemptOwner> owners_;
  std::vector<AttemptId> avoiding_;  // whose share will never take the job
  std::vector<AttemptId> failed_;    // whose share failed under the job, which waits again
  std::vector<NewEvent> events_;
  std::vector<Refused> refused_;
  std::vector<LateCharge> late_;
  AppliedReports result_;
};

}  // namespace turnpike
