// What the broker writes is sound, and what it never writes is found.

#include <gmock/gmock.h>

#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;

class AuditBooksTest : public JobLifeTest {
 protected:
  // A job that was charged provisionally and corrected, one that was charged, one that never ran, one that waits.
  void SetUp() override {
    JobLifeTest::SetUp();
    std::vector<SiteReport> reports = WholeLife(Place(Submit(Job(1'000'000))));
    reports.back().usage.reset();
    ASSERT_TRUE(Apply(reports).ok());
    ASSERT_EQ(*placement_.SettleOverdue(10), 1U);
    SiteReport late = Report(ReportKind::kUsage, *reports.back().attempt_id);
    late.usage = UsageFigures{.used = {.core_seconds = 4}, .provisional = false};
    ASSERT_TRUE(Apply({late}).ok());
    ASSERT_TRUE(Apply(WholeLife(Place(Submit(Job(1'000'000))))).ok());
    SiteReport refused = Report(ReportKind::kNotStarted, Place(Submit(Job(1'000'000))));
    ASSERT_TRUE(Apply({refused}).ok());
    waiting_ = Submit(Job(1'000'000)).job_id;
  }

  std::string Audit() {
    const Result<std::vector<AuditCheck>> checks = AuditBooks(placement_transactions_);
    EXPECT_TRUE(checks.ok()) << checks.status();
    return checks.ok() ? FormatAudit(*checks) : "";
  }

  JobId waiting_;
};

TEST_F(AuditBooksTest, FindsTheBooksOfJobsSound) {
  EXPECT_EQ(Audit(),
            "transfers add up to the balances: 3 accounts, sound\n"
            "both sides of a transfer are kept in its unit: 4 transfers, sound\n"
            "open holds add up to what accounts hold: 3 accounts, sound\n"
            "each job is live or over, and not both: 4 jobs, sound\n"
            "jobs that are over hold nothing but what is still to be charged: 2 jobs, sound\n"
            "charges stay within their holds: 4 jobs, sound\n"
            "no attempt is charged twice: 2 attempts, sound\n");
}

TEST_F(AuditBooksTest, FindsMoneyThatCameFromNowhere) {
  database_.AsSuperuser("UPDATE account SET balance_micros = balance_micros + 1 WHERE kind = 'project'");
  EXPECT_THAT(Audit(), HasSubstr("transfers add up to the balances: 3 accounts, 1 wrong\n"));
}

TEST_F(AuditBooksTest, FindsAHoldThatNoJobHas) {
  database_.AsSuperuser("UPDATE account SET held_micros = held_micros + 1 WHERE kind = 'project'");
  EXPECT_THAT(Audit(), HasSubstr("open holds add up to what accounts hold: 3 accounts, 1 wrong\n"));
}

TEST_F(AuditBooksTest, FindsAChargeThatWasMadeTwice) {
  database_.AsSuperuser(R"(
      INSERT INTO transfer (transfer_id, entry_id, at, kind, debit_account, credit_account, unit, amount_micros, project_id, job_id,
                            attempt_id)
      SELECT gen_random_uuid(), entry_id, at, kind, debit_account, credit_account, unit, amount_micros, project_id, job_id, attempt_id
        FROM transfer WHERE kind = 'CHARGE' LIMIT 1)");
  const std::string audit = Audit();
  EXPECT_THAT(audit, HasSubstr("no attempt is charged twice: 2 attempts, 1 wrong\n"));
  EXPECT_THAT(audit, HasSubstr("charges stay within their holds: 4 jobs, 1 wrong\n"));
  EXPECT_THAT(audit, HasSubstr("transfers add up to the balances: 3 accounts, 1 wrong\n"));
}

TEST_F(AuditBooksTest, FindsATransferInAnotherUnit) {
  database_.AsSuperuser("UPDATE transfer SET unit = 'USD' WHERE kind = 'REFUND'");
  EXPECT_THAT(Audit(), HasSubstr("both sides of a transfer are kept in its unit: 4 transfers, 1 wrong\n"));
}

TEST_F(AuditBooksTest, FindsAJobWhoseHoldIsGone) {
  database_.AsSuperuser("DELETE FROM funds_hold WHERE charged_micros > 0 AND refunded_micros = 0");
  EXPECT_THAT(Audit(), HasSubstr("charges stay within their holds: 4 jobs, 1 wrong\n"));
}

TEST_F(AuditBooksTest, FindsAJobThatIsLost) {
  database_.AsSuperuser("DELETE FROM job_state WHERE job_id = $1", Params().Id(waiting_));
  EXPECT_THAT(Audit(), HasSubstr("\n  " + waiting_.ToString() + ": it is neither live nor over\n"));
}

TEST_F(AuditBooksTest, FindsAHoldThatNobodyWillEnd) {
  database_.AsSuperuser(R"(
      WITH over AS (UPDATE funds_hold SET released_micros = released_micros - 1
                     WHERE job_id IN (SELECT job_id FROM job_end) AND released_micros > 0 RETURNING account_id)
      UPDATE account SET held_micros = held_micros + (SELECT count(*) FROM over)
       WHERE account_id IN (SELECT account_id FROM over))");
  EXPECT_THAT(Audit(), HasSubstr("hold nothing but what is still to be charged: 2 jobs, 2 wrong\n"));
}

TEST_F(AuditBooksTest, FindsAHoldWhoseJobIsGone) {
  database_.AsSuperuser("DELETE FROM job WHERE job_id = $1", Params().Id(waiting_));
  EXPECT_THAT(Audit(), HasSubstr("\n  " + waiting_.ToString() + ": the job of this hold is not there\n"));
}

TEST_F(AuditBooksTest, FindsAChargeOfAnAttemptThatIsNotOver) {
  database_.AsSuperuser("UPDATE attempt_end SET charge_state = 'PENDING' WHERE charge_state = 'FINAL'");
  EXPECT_THAT(Audit(), HasSubstr("no attempt is charged twice: 2 attempts, 2 wrong\n"));
}

TEST_F(AuditBooksTest, NamesWhatIsWrong) {
  database_.AsSuperuser("UPDATE funds_hold SET released_micros = 7 WHERE job_id = $1", Params().Id(waiting_));
  database_.AsSuperuser("UPDATE funds_hold SET charged_micros = 3 WHERE job_id = $1", Params().Id(waiting_));
  EXPECT_THAT(Audit(), HasSubstr("\n  " + waiting_.ToString() + ": 0.000003 charged, 0.00 by transfers\n"));
}

}  // namespace
}  // namespace turnpike
