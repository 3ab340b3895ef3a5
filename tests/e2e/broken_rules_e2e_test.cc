// The checker of runs proves something only if it sees what the safety rules prevent: each of ten rules is left out
// (the action "break" of base/failpoint.h, or a setting of PostgreSQL's), a run is led to where it is needed, and the
// checker must name the invariant.  That the same runs are sound with the rules in force is what crash_matrix_e2e_test
// and lost_answers_e2e_test show.
#include <algorithm>

#include "tests/e2e/crash_test.h"
#include "tests/e2e/invariants.h"

namespace turnpike {
namespace {

constexpr char kWithdrawn[] = "SELECT count(*) FROM attempt_end WHERE state = 'WITHDRAWN'";
constexpr char kOver[] = "SELECT count(*) FROM job_end";

class BrokenRule : public CrashTest {
 protected:
  BrokenRule() : CrashTest({.local_site = false, .offer_time = std::chrono::seconds(2)}) {}

  std::vector<std::string> Violations() const {
    const Result<std::unique_ptr<Database>> database = federation_.OpenDatabase();
    if (!database.ok()) {
      return {};  // PostgreSQL is on its way.
    }
    std::vector<std::string> found;
    for (const Status& fault : FindViolations({.database = **database,
                               .payload_log = federation_.payload().log_path(),
                               .call_history = federation_.calls().path(),
                               .journals = federation_.Journals()})) {
      found.emplace_back(MessageOf(fault));
    }
    return found;
  }
  void ExpectCaught(const std::string& invariant) const {
    std::vector<std::string> found;
    const bool caught = Eventually([&] {
      found = Violations();
      return std::ranges::any_of(
          found, [&](const std::string& fault) { return fault.starts_with(invariant + " is violated"); });
    });
    EXPECT_TRUE(caught) << "the checker does not name " << invariant << "; it says: " << testing::PrintToString(found);
  }
  bool Becomes(const char* count_sql) const {
    return Eventually([&] {
      const Result<std::unique_ptr<Database>> database = federation_.OpenDatabase();
      return database.ok() && (*database)->Number(count_sql).value_or(0) == 1;
    });
  }
  // At a point where it stands, the broker loses its database before the commit.
  void LoseTheCommit() {
    ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilStopped()));
    ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.KillPostgres()));
    ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().Resume()));
  }
  std::future<Result<std::string>> SubmitJob() {
    return federation_.SubmitInBackground(federation_.payload().Job(kJobName));
  }
};

TEST_F(BrokenRule, AnAnswerBeforeTheCommitLosesAJob) {
  ASSERT_NO_FATAL_FAILURE(Start("submit.pre_commit=stop,submit.answer_after_commit=break", ""));
  auto submission = SubmitJob();
  ASSERT_NO_FATAL_FAILURE(LoseTheCommit());
  EXPECT_TRUE(submission.get().ok());
  ExpectCaught("I1");
}

TEST_F(BrokenRule, AnUnknownCommitTakenForAFailureLeavesAJobThatNobodyKnows) {
  ASSERT_NO_FATAL_FAILURE(Start("submit.unknown_is_no_failure=break", ""));
  EXPECT_FALSE(SubmitJob().get().ok());
  ExpectCaught("I1");
}

TEST_F(BrokenRule, AnIgnoredRequestKeyMakesTwoJobs) {
  ASSERT_NO_FATAL_FAILURE(Start("submit.post_commit=kill,request_key.repeat=break", ""));
  auto submission = SubmitJob();
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilDead()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.StartBroker("request_key.repeat=break")));
  EXPECT_TRUE(submission.get().ok());
  ExpectCaught("I1");
}

// Asynchronous commits stay in the server's memory until its walwriter looks, here for ten seconds.
TEST_F(BrokenRule, ACommitThatIsNotFlushedLosesAJob) {
  ASSERT_NO_FATAL_FAILURE(Start("", ""));
  const Result<std::unique_ptr<Database>> database = federation_.OpenDatabase("postgres");
  ASSERT_TRUE(database.ok()) << MessageOf(database.status());
  ASSERT_NO_FATAL_FAILURE(ExpectOk((*database)->Execute("ALTER DATABASE turnpike SET synchronous_commit = off")));
  ASSERT_NO_FATAL_FAILURE(ExpectOk((*database)->Execute("ALTER SYSTEM SET wal_writer_delay = '10s'")));
  ASSERT_TRUE((*database)->Value("SELECT pg_reload_conf()").ok());
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().Kill()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.StartBroker()));
  EXPECT_TRUE(SubmitJob().get().ok());
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.KillPostgres()));
  ExpectCaught("I1");
}

TEST_F(BrokenRule, AJobWithoutAHoldIsSeen) {
  ASSERT_NO_FATAL_FAILURE(Start("submit.hold=break", ""));
  EXPECT_TRUE(SubmitJob().get().ok());
  ExpectCaught("I7");
}

TEST_F(BrokenRule, AChargeThatIsPostedTwiceIsSeen) {
  ASSERT_NO_FATAL_FAILURE(Start("settle.once=break", ""));
  EXPECT_TRUE(SubmitJob().get().ok());
  ASSERT_TRUE(Becomes(kOver));
  ExpectCaught("I6");
}

TEST_F(BrokenRule, ReportsAcknowledgedBeforeTheirCommitAreMissed) {
  ASSERT_NO_FATAL_FAILURE(Start("report.pre_commit=stop,report.answer_after_commit=break", ""));
  auto submission = SubmitJob();
  ASSERT_NO_FATAL_FAILURE(LoseTheCommit());
  EXPECT_TRUE(submission.get().ok());
  ExpectCaught("I13");
}

TEST_F(BrokenRule, AStartWithoutGoIsSeen) {
  ASSERT_NO_FATAL_FAILURE(Start("report.pre_commit=stop", "claim.awaits_go=break"));
  auto submission = SubmitJob();
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilStopped()));
  ASSERT_TRUE(Eventually([&] { return HasStarted(federation_.payload(), kJobName); }));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Kill()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().Kill()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.StartBroker()));
  EXPECT_TRUE(submission.get().ok());
  ASSERT_TRUE(Becomes(kWithdrawn));
  ExpectCaught("I5");
}

// An agent that does not find its job submits it again, which the guard alone makes harmless.
TEST_F(BrokenRule, WithoutTheGuardAJobRunsTwice) {
  ASSERT_NO_FATAL_FAILURE(Start("", "agent.post_spawn=kill,wrapper.guard=break"));
  auto submission = federation_.SubmitInBackground(federation_.payload().Job(kJobName, federation_.Path("never")));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().WaitUntilDead()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start(federation_.Armed("wrapper.guard=break,evidence.absence=break"))));
  EXPECT_TRUE(submission.get().ok());
  ExpectCaught("I4");
}

TEST_F(BrokenRule, AJobTakenForGoneBecauseItWasNotSeenGoesOn) {
  ASSERT_NO_FATAL_FAILURE(Start("", ""));
  const std::string gate = federation_.Path("gate");
  SubmitUntil(gate);
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Kill()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start(federation_.Armed("evidence.absence=break"))));
  ASSERT_TRUE(Becomes(kOver));
  ASSERT_TRUE(OpenGate(gate).ok());
  ExpectCaught("I11");
}

}  // namespace
}  // namespace turnpike
