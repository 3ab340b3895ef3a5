// The checker that judges every other run must itself see what it is there to see: a sound run is spoiled in one way
// after the other, and each time the right invariant is named.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/e2e/federation.h"
#include "tests/e2e/invariants.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {
namespace {

struct Damage {
  std::string name;
  std::string sql;  // rolled back afterwards
  std::string invariant;
};

void PrintTo(const Damage& damage, std::ostream* out) {
  *out << damage.name;
}

const Damage kDamages[] = {
    {"AJobNobodyWasToldOf",
     "INSERT INTO job SELECT project_id, gen_random_uuid(), number + 100, name, subject, spec, payload_sha256, "
     "priority, "
     "nodes, cores, accelerators, time_limit_seconds, attempts_max, rerun_safe, created_at FROM job",
     "I1"},
    {"AnAcceptedJobThatIsGone", "DELETE FROM job", "I1"},
    {"AJobWithoutAnEnd", "DELETE FROM job_end", "I2"},
    {"ASecondTerminalEvent",
     "INSERT INTO job_event (at, project_id, job_id, version, kind, state, body) "
     "SELECT at, project_id, job_id, version + 1, 'FAILED', 'FAILED', body FROM job_event WHERE kind = 'COMPLETED'",
     "I2"},
    {"AnAttemptThatStillLives",
     "INSERT INTO attempt (attempt_id, job_id, project_id, site_id, share, price_version, nodes, cores, accelerators, "
     "memory_mib, fence, state, time_limit_seconds, offer_expires_at) SELECT gen_random_uuid(), job_id, project_id, "
     "site_id, share, 1, 1, 1, 0, 0, 1, 'OFFERED', 60, now() FROM attempt_end",
     "I3"},
    {"AnAttemptTooMany",
     "INSERT INTO attempt_end SELECT gen_random_uuid(), job_id, task_index, project_id, site_id, share, price_version, "
     "nodes, cores, accelerators, memory_mib, fence, state, cluster, local_job_id, started_at, ended_at, detail, "
     "charge_state, charge_due_at FROM attempt_end",
     "I3"},
    {"AStartOfAFencedAttempt", "UPDATE attempt_end SET state = 'FENCED', started_at = NULL", "I5"},
    {"AVersionTwice", "UPDATE job_event SET version = 1", "I10"},
    {"AStepThatTheTableDoesNotHave", "UPDATE job_event SET state = 'QUEUED' WHERE kind = 'PLACED'", "I10"},
    {"ABalanceThatIsWrong", "UPDATE account SET balance_micros = balance_micros + 1 WHERE kind = 'project'", "I6"},
    {"ATransferOfAnotherUnit", "UPDATE transfer SET unit = 'USD' WHERE kind = 'CHARGE'", "I6"},
    {"AHoldThatIsOpen", "UPDATE funds_hold SET released_micros = released_micros - 1", "I7"},
    {"AHeldSumThatIsWrong", "UPDATE account SET held_micros = 1 WHERE kind = 'project'", "I7"},
    {"AChargeWithoutItsTransfer",
     "UPDATE funds_hold SET charged_micros = charged_micros + 1, released_micros = released_micros - 1", "I7"},
    {"AStartedAttemptWithoutABill", "DELETE FROM usage_record", "I8"},
    {"AnInterruptedAttemptThatPaid", "UPDATE attempt_end SET state = 'INTERRUPTED'", "I8"},
    {"AReportThatWasRefused",
     "INSERT INTO refused_report (site_id, journal_id, seq, kind, why) "
     "SELECT site_id, journal_id, 1, 'ended', 'test' FROM site_high_water",
     "I13"},
    {"AMarkBeyondTheJournal", "UPDATE site_high_water SET seq = seq + 1", "I13"},
};

class Checker : public testing::TestWithParam<Damage> {
 protected:
  static void SetUpTestSuite() {
    federation_ = std::make_unique<Federation>(Federation::Settings{});
    const Status started = federation_->StartBroker();
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    const Result<std::string> job_id = federation_->Submit(federation_->payload().Job("sound"));
    ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
    const Result<v1::Job> job = federation_->WaitForEnd(*job_id);
    ASSERT_TRUE(job.ok()) << MessageOf(job.status());
    const Status sound = CheckSoundRun(*federation_);
    ASSERT_TRUE(sound.ok()) << MessageOf(sound);
  }
  static void TearDownTestSuite() { federation_.reset(); }

  static Status Check(Database& database) {
    return CheckInvariants({.database = database,
                            .payload_log = federation_->payload().log_path(),
                            .call_history = federation_->calls().path(),
                            .journals = federation_->Journals()});
  }
  static bool Names(const Status& status, const std::string& invariant) {
    return MessageOf(status).starts_with(invariant + " is violated: ");
  }

  static std::unique_ptr<Federation> federation_;
};

std::unique_ptr<Federation> Checker::federation_;

TEST_P(Checker, NamesTheInvariantThatIsViolated) {
  const Result<std::unique_ptr<Database>> database = federation_->OpenDatabase("turnpike");
  ASSERT_TRUE(database.ok()) << MessageOf(database.status());
  ASSERT_TRUE((*database)->Execute("BEGIN").ok());
  const Status damaged = (*database)->Execute(GetParam().sql);
  ASSERT_TRUE(damaged.ok()) << MessageOf(damaged);
  const Status verdict = Check(**database);
  EXPECT_TRUE(Names(verdict, GetParam().invariant)) << verdict;
  ASSERT_TRUE((*database)->Execute("ROLLBACK").ok());
  const Status sound = Check(**database);
  EXPECT_TRUE(sound.ok()) << sound;
}

INSTANTIATE_TEST_SUITE_P(After, Checker, testing::ValuesIn(kDamages),
                         [](const testing::TestParamInfo<Damage>& at) { return at.param.name; });

// Last, since the payload's own log cannot be rolled back.
TEST_F(Checker, SeesASecondStartInThePayloadsOwnLog) {
  const Result<std::unique_ptr<Database>> database = federation_->OpenDatabase("turnpike");
  ASSERT_TRUE(database.ok()) << MessageOf(database.status());
  ASSERT_TRUE(Check(**database).ok());
  std::ofstream(federation_->payload().log_path(), std::ios::app) << "start sound\n";
  const Status verdict = Check(**database);
  EXPECT_TRUE(Names(verdict, "I4")) << verdict;
}

}  // namespace
}  // namespace turnpike
