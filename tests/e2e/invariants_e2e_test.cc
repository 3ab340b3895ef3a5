// The checker that judges every other run must itself see what it is there to see: a sound run is spoiled in one way
// after the other, and each time the right invariant is named.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/file_sync.h"
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

// To what a run leaves beside the database.
struct EvidenceDamage {
  std::string name;
  std::function<void(RunEvidence&)> spoil;
  std::string invariant;
};

void PrintTo(const EvidenceDamage& damage, std::ostream* out) {
  *out << damage.name;
}

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
    {"ALocalJobOfAnother", "UPDATE attempt_end SET local_job_id = local_job_id || '0'", "I12"},
    {"AVersionTwice", "UPDATE job_event SET version = 1", "I10"},
    {"AStepThatTheTableDoesNotHave", "UPDATE job_event SET state = 'QUEUED' WHERE kind = 'PLACED'", "I10"},
    {"ABalanceThatIsWrong", "UPDATE account SET balance_micros = balance_micros + 1 WHERE kind = 'project'", "I6"},
    {"ATransferOfAnotherUnit", "UPDATE transfer SET unit = 'USD' WHERE kind = 'CHARGE'", "I6"},
    {"ATransferToNobody",
     "INSERT INTO transfer (transfer_id, entry_id, at, kind, debit_account, credit_account, unit, amount_micros, "
     "project_id) SELECT gen_random_uuid(), gen_random_uuid(), now(), 'ADJUSTMENT', s.account_id, gen_random_uuid(), "
     "s.unit, 1, p.project_id FROM account AS s, account AS p WHERE s.kind = 'site' AND p.kind = 'project'",
     "I6"},
    {"ARollUpThatIsWrong",
     "INSERT INTO account_rollup SELECT account_id, 1, pg_current_xact_id() FROM account WHERE kind = 'project'", "I6"},
    {"ABalanceBelowItsFloor",
     "ALTER TABLE account DROP CONSTRAINT account_floor_micros_check, DROP CONSTRAINT account_check2; "
     "UPDATE account SET floor_micros = balance_micros + 1 WHERE kind = 'project'",
     "I9"},
    {"ABalanceBelowItsFloorInBetween",
     "INSERT INTO transfer (transfer_id, entry_id, at, kind, debit_account, credit_account, unit, amount_micros, "
     "project_id) SELECT t.id::uuid, gen_random_uuid(), now(), 'ADJUSTMENT', "
     "CASE WHEN t.out THEN p.account_id ELSE s.account_id END, CASE WHEN t.out THEN s.account_id ELSE p.account_id "
     "END, "
     "p.unit, p.balance_micros + 1, p.project_id "
     "FROM (VALUES ('00000000-0000-7000-8000-000000000000', true), ('ffffffff-ffff-7fff-8fff-ffffffffffff', false)) "
     "AS t(id, out), account AS s, account AS p WHERE s.kind = 'site' AND p.kind = 'project'",
     "I9"},
    {"AHoldThatIsOpen", "UPDATE funds_hold SET released_micros = released_micros - 1", "I7"},
    {"AHeldSumThatIsWrong", "UPDATE account SET held_micros = 1 WHERE kind = 'project'", "I7"},
    {"AChargeWithoutItsTransfer",
     "UPDATE funds_hold SET charged_micros = charged_micros + 1, released_micros = released_micros - 1", "I7"},
    {"AStartedAttemptWithoutABill", "DELETE FROM usage_record", "I8"},
    {"AnInterruptedAttemptThatPaid", "UPDATE attempt_end SET state = 'INTERRUPTED'", "I8"},
    {"ABillForAnAttemptThatNeverStarted", "UPDATE attempt_end SET started_at = NULL", "I8"},
    {"AChargeForNothing",
     "INSERT INTO transfer (transfer_id, entry_id, at, kind, debit_account, credit_account, unit, amount_micros, "
     "project_id) SELECT gen_random_uuid(), gen_random_uuid(), now(), 'CHARGE', e.account_id, s.account_id, s.unit, 1, "
     "p.project_id FROM account AS e, account AS s, account AS p "
     "WHERE e.kind = 'external' AND s.kind = 'site' AND p.kind = 'project'",
     "I8"},
    {"AnEndThatItsEventsDoNotTell", "UPDATE job_end SET version = version + 1", "I20"},
    {"AReportThatWasRefused",
     "INSERT INTO refused_report (site_id, journal_id, seq, kind, why) "
     "SELECT site_id, journal_id, 1, 'ended', 'test' FROM site_high_water",
     "I13"},
    {"AMarkBeyondTheJournal", "UPDATE site_high_water SET seq = seq + 1", "I13"},
};

std::string OnlyJob(RunEvidence& evidence) {
  return evidence.database.Value("SELECT job_id FROM job").value_or("");
}

// A copy of the file with `text` in the place of what it holds, or behind it.
std::string Copy(const std::string& path, const std::string& text, bool behind) {
  std::string copy = path + ".copy";
  EXPECT_TRUE(WriteFileAtomically(copy, behind ? ReadFile(path).value_or("") + text : text).ok());
  return copy;
}

void ReplaceInPayloadLog(RunEvidence& evidence, const std::string& what, const std::string& by) {
  std::string text = ReadFile(evidence.payload_log).value_or("");
  EXPECT_TRUE(text.find(what) != std::string::npos) << text;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  evidence.payload_log = Copy(evidence.payload_log, text, false);
}

std::string AttemptInPayloadLog(const RunEvidence& evidence) {
  const Result<std::vector<PayloadLine>> lines = ReadPayloadLog(evidence.payload_log);
  EXPECT_TRUE(lines.ok() && lines->size() == 3);
  return ToBase32(*Uuid::Parse(lines->back().attempt));
}

const EvidenceDamage kEvidenceDamages[] = {
    {"ASecondStart",
     [](RunEvidence& evidence) {
       evidence.payload_log =
           Copy(evidence.payload_log, fmt::format("start sound {}\n", AttemptInPayloadLog(evidence)), true);
     },
     "I4"},
    {"AnAttemptThatNobodyKnows",
     [](RunEvidence& evidence) { ReplaceInPayloadLog(evidence, AttemptInPayloadLog(evidence), ToBase32(Uuid{})); },
     "I5"},
    {"AStartOutsideAnyAttempt",
     [](RunEvidence& evidence) { ReplaceInPayloadLog(evidence, AttemptInPayloadLog(evidence), "elsewhere"); }, "I5"},
    {"ACompletedJobThatNeverRan",
     [](RunEvidence& evidence) { evidence.payload_log = Copy(evidence.payload_log, "made sound -\n", false); }, "I8"},
    {"AJobThatWritesAfterItsEnd",
     [](RunEvidence& evidence) {
       ReplaceInPayloadLog(evidence, "end sound " + AttemptInPayloadLog(evidence) + " ",
                           "end sound " + AttemptInPayloadLog(evidence) + " 9");
     },
     "I11"},
    {"ACancelThatNothingKnowsOf",
     [](RunEvidence& evidence) {
       evidence.call_history =
           Copy(evidence.call_history, fmt::format("invoke cancel r {0}\nok cancel r {0}\n", OnlyJob(evidence)), true);
     },
     "I1"},
    {"AReadThatDidNotFindIt",
     [](RunEvidence& evidence) {
       evidence.call_history =
           Copy(evidence.call_history, fmt::format("invoke read r {}\nfail read r 5\n", OnlyJob(evidence)), true);
     },
     "I19"},
    {"ALocalJobThatIsStillThere",
     [](RunEvidence& evidence) {
       evidence.local_jobs.push_back({"alpha", "7", "tag", "RUNNING"});
     },
     "I11"},
    {"AProcessThatGrows",
     [](RunEvidence& evidence) { evidence.samples.push_back({.name = "broker", .memory_kib = int64_t{1} << 40}); },
     "I18"},
};

class Run : public testing::Test {
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

  void SetUp() override {
    Result<std::unique_ptr<Database>> database = federation_->OpenDatabase("turnpike");
    ASSERT_TRUE(database.ok()) << MessageOf(database.status());
    database_ = *std::move(database);
  }
  RunEvidence Evidence() {
    return {.database = *database_,
            .payload_log = federation_->payload().log_path(),
            .call_history = federation_->calls().path(),
            .journals = federation_->Journals()};
  }
  static void ExpectNamed(const RunEvidence& evidence, const std::string& invariant) {
    const std::vector<Status> faults = FindViolations(evidence);
    EXPECT_TRUE(std::ranges::any_of(faults, [&](const Status& fault) {
      return MessageOf(fault).starts_with(invariant + " is violated: ");
    })) << testing::PrintToString(faults);
  }
  void ExpectSound() {
    const Status sound = CheckInvariants(Evidence());
    EXPECT_TRUE(sound.ok()) << sound;
  }

  std::unique_ptr<Database> database_;
  static std::unique_ptr<Federation> federation_;
};

std::unique_ptr<Federation> Run::federation_;

class Checker : public Run, public testing::WithParamInterface<Damage> {};

TEST_P(Checker, NamesTheInvariantThatIsViolated) {
  ASSERT_TRUE(database_->Execute("BEGIN").ok());
  const Status damaged = database_->Execute(GetParam().sql);
  ASSERT_TRUE(damaged.ok()) << MessageOf(damaged);
  ExpectNamed(Evidence(), GetParam().invariant);
  ASSERT_TRUE(database_->Execute("ROLLBACK").ok());
  ExpectSound();
}

INSTANTIATE_TEST_SUITE_P(After, Checker, testing::ValuesIn(kDamages),
                         [](const testing::TestParamInfo<Damage>& at) { return at.param.name; });

class EvidenceChecker : public Run, public testing::WithParamInterface<EvidenceDamage> {};

TEST_P(EvidenceChecker, NamesTheInvariantThatIsViolated) {
  RunEvidence evidence = Evidence();
  GetParam().spoil(evidence);
  ExpectNamed(evidence, GetParam().invariant);
  ExpectSound();
}

INSTANTIATE_TEST_SUITE_P(After, EvidenceChecker, testing::ValuesIn(kEvidenceDamages),
                         [](const testing::TestParamInfo<EvidenceDamage>& at) { return at.param.name; });

// What cannot be read proves nothing.
TEST_F(Run, WithoutThePayloadsLogIsNotSound) {
  RunEvidence evidence = Evidence();
  evidence.payload_log += ".missing";
  EXPECT_FALSE(CheckInvariants(evidence).ok());
}

}  // namespace
}  // namespace turnpike
