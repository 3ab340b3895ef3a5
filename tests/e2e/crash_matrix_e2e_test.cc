// Each process is killed at every named point of a job's way, or PostgreSQL while the broker stands at that point, and
// then started again.  What is stored at that moment shows that the point is where its name says.  Whatever came: the
// job ends once, ran at most once, is charged once (docs/faults.md A2 to A13, A16, C13, D2).
#include <filesystem>

#include "tests/e2e/crash_test.h"

namespace turnpike {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// "submit.pre_commit" as a test's name may be.
std::string TestName(std::string name) {
  for (char& character : name) {
    if (character == '.' || character == '=' || character == '@') {
      character = '_';
    }
  }
  return name;
}

// --- Points on the broker's way, and what is stored there.

struct BrokerPoint {
  std::string failpoint;
  std::string stored;
  friend void PrintTo(const BrokerPoint& point, std::ostream* out) { *out << point.failpoint; }
};

std::string BrokerPointName(const testing::TestParamInfo<BrokerPoint>& info) {
  return TestName(info.param.failpoint);
}

const auto kBrokerPoints =
    testing::Values(BrokerPoint{"submit.mid", kNothing}, BrokerPoint{"submit.pre_commit", kNothing},
                    BrokerPoint{"submit.post_commit", kAccepted}, BrokerPoint{"offer.planned", kAccepted},
                    BrokerPoint{"offer.pre_commit", kAccepted}, BrokerPoint{"offer.post_commit", kOffered},
                    BrokerPoint{"report.pre_commit", kOffered}, BrokerPoint{"report.post_commit", kClaimed},
                    BrokerPoint{"settle.mid", kUnsettled});

class AtBrokerPoint : public CrashTest, public testing::WithParamInterface<BrokerPoint> {
 protected:
  void ExpectAtPoint() {
    EXPECT_TRUE(federation_.FailpointReached(GetParam().failpoint));
    EXPECT_THAT(Stored(), MatchesRegex(GetParam().stored));
  }
};

// The broker dies, and is started again.

class BrokerCrash : public AtBrokerPoint {};

TEST_P(BrokerCrash, LeavesOneEndAndOneCharge) {
  ASSERT_NO_FATAL_FAILURE(Start(GetParam().failpoint + "=kill", ""));
  auto submission = federation_.SubmitInBackground(federation_.payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilDead()));
  ExpectAtPoint();
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.StartBroker()));
  ExpectOneEnd(submission);
}

INSTANTIATE_TEST_SUITE_P(At, BrokerCrash, kBrokerPoints, BrokerPointName);

// PostgreSQL dies while the broker stands at that point; the broker lives, and starts it again.

class PostgresCrash : public AtBrokerPoint {};

TEST_P(PostgresCrash, LeavesOneEndAndOneCharge) {
  ASSERT_NO_FATAL_FAILURE(Start(GetParam().failpoint + "=stop", ""));
  auto submission = federation_.SubmitInBackground(federation_.payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilStopped()));
  ExpectAtPoint();
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.KillPostgres()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().Resume()));
  ExpectOneEnd(submission);
  EXPECT_TRUE(federation_.broker().alive()) << "a lost database is no reason for the broker to end";
}

INSTANTIATE_TEST_SUITE_P(At, PostgresCrash, kBrokerPoints, BrokerPointName);

// --- The agent dies at a point, and is started again.

struct AgentPoint {
  std::string failpoint;
  std::string phase;  // of the attempt in the journal
  int local_jobs;     // that the scheduler has
  friend void PrintTo(const AgentPoint& point, std::ostream* out) { *out << point.failpoint; }
};

class AgentCrash : public CrashTest, public testing::WithParamInterface<AgentPoint> {
 protected:
  std::string JournaledPhase() const {
    const JournalState journal = Journal();
    return journal.attempts.empty() ? "none" : std::string(AttemptPhaseName(journal.attempts.begin()->second.phase));
  }
  int LocalJobs() const {
    const std::filesystem::directory_iterator jobs(site_->data_directory() + "/process/jobs");
    return static_cast<int>(std::distance(begin(jobs), end(jobs)));
  }
};

TEST_P(AgentCrash, LeavesOneEndAndOneCharge) {
  ASSERT_NO_FATAL_FAILURE(Start("", GetParam().failpoint + "=kill"));
  auto submission = federation_.SubmitInBackground(federation_.payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().WaitUntilDead()));
  EXPECT_TRUE(federation_.FailpointReached(GetParam().failpoint));
  EXPECT_THAT(JournaledPhase(), MatchesRegex(GetParam().phase));
  EXPECT_EQ(LocalJobs(), GetParam().local_jobs);
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start()));
  ExpectOneEnd(submission);
}

INSTANTIATE_TEST_SUITE_P(At, AgentCrash,
                         testing::Values(AgentPoint{"agent.pre_claim", "none", 0},
                                         AgentPoint{"agent.pre_report", "CLAIMED", 0},
                                         AgentPoint{"agent.post_intent", "INTENT", 0},
                                         AgentPoint{"agent.post_spawn", "INTENT", 1},
                                         AgentPoint{"agent.post_submitted", "SUBMITTED", 1},
                                         AgentPoint{"agent.pre_terminal", "SUBMITTED|STARTED", 1}),
                         [](const auto& at) { return TestName(at.param.failpoint); });

// --- A journal that cannot be synced ends the agent; which sync it is, is a step of the job's way each.

class JournalCrash : public CrashTest, public testing::WithParamInterface<int> {};

TEST_P(JournalCrash, EndsTheAgentAtOnceAndLeavesOneEndAndOneCharge) {
  ASSERT_NO_FATAL_FAILURE(Start("", fmt::format("journal.sync=error@{}", GetParam())));
  auto submission = federation_.SubmitInBackground(federation_.payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().WaitUntilDead()));
  EXPECT_TRUE(federation_.FailpointReached("journal.sync"));
  EXPECT_THAT(site_->daemon().LogTail(), HasSubstr("cannot sync the journal"));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start()));
  ExpectOneEnd(submission);
}

INSTANTIATE_TEST_SUITE_P(AtSync, JournalCrash, testing::Values(3, 4, 5, 6), testing::PrintToStringParamName());

// --- Everything dies at once.

class EverythingCrash : public AtBrokerPoint {};

TEST_P(EverythingCrash, ConvergesWithoutAPerson) {
  ASSERT_NO_FATAL_FAILURE(Start(GetParam().failpoint + "=stop", ""));
  auto submission = federation_.SubmitInBackground(federation_.payload().Job(kJobName));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().WaitUntilStopped()));
  ExpectAtPoint();
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.broker().Kill()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->daemon().Kill()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.KillPostgres()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(federation_.StartBroker()));
  ASSERT_NO_FATAL_FAILURE(ExpectOk(site_->Start()));
  ExpectOneEnd(submission);
}

INSTANTIATE_TEST_SUITE_P(At, EverythingCrash,
                         testing::Values(BrokerPoint{"submit.post_commit", kAccepted},
                                         BrokerPoint{"offer.post_commit", kOffered},
                                         BrokerPoint{"report.pre_commit", kOffered},
                                         BrokerPoint{"settle.mid", kUnsettled}),
                         BrokerPointName);

// A running job outlives all of them, and counts once.  Here it is the broker's own site, whose agent the broker
// starts.
TEST(EverythingAtOnce, WhileAJobRunsItGoesOnAndIsAdopted) {
  Federation federation({.local_site = true});
  const Status started = federation.StartBroker();
  ASSERT_TRUE(started.ok()) << MessageOf(started);
  const std::string gate = federation.Path("gate");
  const Result<std::string> job_id = federation.Submit(federation.payload().Job(kJobName, gate));
  ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
  ASSERT_TRUE(Eventually([&] { return HasStarted(federation.payload(), kJobName); }));

  const Result<ProcessIdentity> agent = federation.LocalAgent();
  ASSERT_TRUE(agent.ok()) << MessageOf(agent.status());
  EXPECT_TRUE(federation.broker().Kill().ok());
  EXPECT_TRUE(SignalProcess(*agent, SIGKILL).ok());
  EXPECT_TRUE(WaitUntilGone(*agent, std::chrono::seconds(10)));
  EXPECT_TRUE(federation.KillPostgres().ok());
  EXPECT_EQ(federation.payload().Runs()[kJobName].ends, 0);

  const Status restarted = federation.StartBroker();
  ASSERT_TRUE(restarted.ok()) << MessageOf(restarted);
  ASSERT_TRUE(OpenGate(gate).ok());
  const Result<v1::Job> job = federation.WaitForEnd(*job_id);
  ASSERT_TRUE(job.ok()) << MessageOf(job.status());
  EXPECT_EQ(job->state(), v1::JOB_STATE_COMPLETED) << job->ShortDebugString();
  const Status sound = CheckSoundRun(federation);
  EXPECT_TRUE(sound.ok()) << MessageOf(sound);
}

}  // namespace
}  // namespace turnpike
