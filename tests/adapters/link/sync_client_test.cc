// The agent's stream against a broker that does what the test says, over real TLS.
#include "adapters/link/sync_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_reason.h"
#include "tests/adapters/link/desired_attempts.h"
#include "tests/adapters/link/fake_broker.h"
#include "tests/adapters/link/test_agent.h"
#include "tests/contracts/eventually.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<int64_t> SeqsOf(const std::vector<v1::Report>& reports) {
  std::vector<int64_t> seqs;
  for (const v1::Report& report : reports) {
    seqs.push_back(report.seq());
  }
  return seqs;
}

size_t CountCapacities(const std::vector<v1::SynchronizeRequest>& messages) {
  return static_cast<size_t>(std::count_if(
      messages.begin(), messages.end(), [](const v1::SynchronizeRequest& message) { return message.has_capacity(); }));
}

// The agent collects reports before it reads its capacity: whatever could be reported at the time of this call has
// arrived once a few more capacities have.
void LetItReport(FakeSession& session) {
  const size_t enough = CountCapacities(session.received()) + 3;
  ASSERT_TRUE(session.WaitFor([enough](const auto& messages) { return CountCapacities(messages) >= enough; }));
}

class Link : public testing::Test {
 protected:
  Link() { certificates_.Enroll(IdentityStore(folder_.path()), certificates_.now()); }

  TestAgentOptions Options() { return {.folder = folder_.path(), .address = broker_.address()}; }

  // Offer, GO and submission of the first attempt, in this session.
  LocalJob RunToSubmission(FakeSession& session) {
    session.Want(Offer(1));
    EXPECT_TRUE(HoldsFact(session.WaitForReports(1), v1::Report::kClaimed));
    session.Want(Go(1));
    const std::vector<LocalJob> jobs = scheduler_.WaitForJobs(1);
    CHECK(jobs.size() == 1);
    return jobs[0];
  }

  TestCertificates certificates_;
  ScratchFolder folder_;
  FakeBroker broker_{certificates_};
  FakeScheduler scheduler_{TestUser()};
};

TEST_F(Link, BeginsWithHelloAndGoesOnWithCapacity) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  const v1::Hello hello = session.WaitForHello();
  EXPECT_EQ(hello.protocol_min(), 1);
  EXPECT_EQ(hello.protocol_max(), 1);
  EXPECT_EQ(hello.agent_version(), "0.1.0-test");
  EXPECT_EQ(hello.journal_id(), agent.JournalNow().id.ToString());
  EXPECT_EQ(hello.journal_seq(), 0);
  EXPECT_EQ(hello.epoch_seen(), 0);
  EXPECT_EQ(hello.scheduler(), "fake 1.0");
  session.Send(WelcomeOf({.epoch = 3}));
  ASSERT_TRUE(session.WaitFor([](const auto& messages) { return CountCapacities(messages) >= 2; }));
  int64_t number = 0;
  for (const v1::SynchronizeRequest& message : session.received()) {
    if (message.has_capacity()) {
      EXPECT_EQ(message.capacity().number(), ++number);
      ASSERT_EQ(message.capacity().shares_size(), 1);
      EXPECT_EQ(message.capacity().shares(0).name(), "main");
      EXPECT_TRUE(message.capacity().shares(0).load().open());
    }
  }
  EXPECT_EQ(agent.JournalNow().epoch_seen, 3);
  EXPECT_TRUE(agent.Stop().ok());
}

TEST_F(Link, TakesAnAttemptFromOfferToEndWithItsOutputFirst) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({}));
  const LocalJob job = RunToSubmission(session);
  broker_.HoldLogs();
  scheduler_.RunToEnd(job);
  ASSERT_TRUE(Eventually([&] { return HoldsFact(session.Reports(), v1::Report::kStarted); }));
  LetItReport(session);
  EXPECT_FALSE(HoldsFact(session.Reports(), v1::Report::kEnded)) << "its output has not arrived";
  broker_.ReleaseLogs();
  ASSERT_TRUE(Eventually([&] { return HoldsFact(session.Reports(), v1::Report::kEnded); }));
  const std::vector<v1::SendLogRequest> logs = broker_.logs();
  ASSERT_EQ(logs.size(), 2U);
  EXPECT_EQ(logs[0].attempt_id(), AttemptText(1));
  EXPECT_EQ(logs[0].data(), "hello\n");
  EXPECT_EQ(logs[0].stream(), v1::ReadLogRequest::STREAM_OUTPUT);
  EXPECT_EQ(logs[1].data(), "oops\n");
  EXPECT_EQ(logs[1].stream(), v1::ReadLogRequest::STREAM_ERROR);
  const std::vector<v1::Report> reports = session.Reports();
  for (size_t index = 0; index < reports.size(); ++index) {
    EXPECT_EQ(reports[index].seq(), static_cast<int64_t>(index) + 1);
    EXPECT_EQ(reports[index].attempt_id(), AttemptText(1));
  }
  const v1::Ended ended = FindFact(reports, v1::Report::kEnded).ended();
  EXPECT_EQ(ended.cause(), v1::END_CAUSE_PROGRAM_ENDED);
  EXPECT_TRUE(ended.has_exit_code());
  EXPECT_EQ(ended.exit_code(), 0);
}

TEST_F(Link, ReportsAnEndWithoutItsOutputAfterAWhile) {
  TestAgentOptions options = Options();
  options.log_wait_max = std::chrono::milliseconds(1);
  TestAgent agent(options, scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({}));
  const LocalJob job = RunToSubmission(session);
  broker_.HoldLogs();
  scheduler_.RunToEnd(job);
  EXPECT_TRUE(Eventually([&] { return HoldsFact(session.Reports(), v1::Report::kEnded); }));
  EXPECT_EQ(broker_.logs().size(), 0U);
  broker_.ReleaseLogs();
  EXPECT_EQ(broker_.WaitForLogs(2).size(), 2U);
}

TEST_F(Link, ClaimsOffersOfTheSnapshot) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({.desired = {Offer(1), Offer(2)}}));
  const std::vector<v1::Report> reports = session.WaitForReports(2);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].fact_case(), v1::Report::kClaimed);
  EXPECT_EQ(reports[1].fact_case(), v1::Report::kClaimed);
  LetItReport(session);
  EXPECT_EQ(scheduler_.submissions(), 0U) << "GO has not come";
}

TEST_F(Link, ResumesReportsExactlyAfterACut) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  FakeSession& first = broker_.Session(0);
  first.Send(WelcomeOf({.epoch = 1, .desired = {Offer(1), Offer(2), Offer(3)}}));
  ASSERT_THAT(SeqsOf(first.WaitForReports(3)), ElementsAre(1, 2, 3));
  first.Acknowledge(1);
  ASSERT_TRUE(Eventually([&] { return agent.JournalNow().acked_seq == 1; }));
  first.Cut();
  FakeSession& second = broker_.Session(1);
  const v1::Hello hello = second.WaitForHello();
  EXPECT_EQ(hello.journal_seq(), 3);
  EXPECT_EQ(hello.epoch_seen(), 1);
  EXPECT_EQ(hello.attempts_size(), 3);
  second.Send(WelcomeOf({.epoch = 2, .acked_seq = 2}));
  EXPECT_THAT(SeqsOf(second.WaitForReports(1)), ElementsAre(3)) << "the broker had committed two, and said so";
  for (const v1::SynchronizeRequest& message : second.received()) {
    EXPECT_TRUE(!message.has_reports() || message.reports().epoch() == 2);
  }
}

TEST_F(Link, ANewProcessResumesWhereTheJournalStands) {
  {
    TestAgent agent(Options(), scheduler_);
    agent.Start();
    broker_.Session(0).Send(WelcomeOf({.epoch = 1, .desired = {Offer(1), Offer(2)}}));
    ASSERT_EQ(broker_.Session(0).WaitForReports(2).size(), 2U);
  }
  TestAgent successor(Options(), scheduler_);
  successor.Start();
  FakeSession& session = broker_.Session(1);
  EXPECT_EQ(session.WaitForHello().journal_seq(), 2);
  session.Send(WelcomeOf({.epoch = 2}));
  EXPECT_THAT(SeqsOf(session.WaitForReports(2)), ElementsAre(1, 2));
}

TEST_F(Link, KeepsToItsCredit) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({.credit = 2, .desired = {Offer(1), Offer(2), Offer(3), Offer(4)}}));
  ASSERT_EQ(session.WaitForReports(2).size(), 2U);
  LetItReport(session);
  EXPECT_THAT(SeqsOf(session.Reports()), ElementsAre(1, 2));
  session.Acknowledge(1);
  ASSERT_EQ(session.WaitForReports(3).size(), 3U);
  LetItReport(session);
  EXPECT_THAT(SeqsOf(session.Reports()), ElementsAre(1, 2, 3));
  session.Acknowledge(3);
  EXPECT_EQ(session.WaitForReports(4).size(), 4U);
}

TEST_F(Link, StopsForGoodWhenAnotherAgentTookOver) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({.desired = {Offer(1)}}));
  ASSERT_EQ(session.WaitForReports(1).size(), 1U);
  session.End(WithReason(Aborted("site alpha has a newer session"), ErrorReason::kSessionReplaced));
  const Status status = agent.JoinLink();
  EXPECT_EQ(status.code(), StatusCode::kAborted);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("newer session"));
  std::string pause_reason;
  ASSERT_TRUE(agent.loop()
                  .Call([&pause_reason](AgentRound& round) {
                    pause_reason = round.PauseReason();
                    return OkStatus();
                  })
                  .ok());
  EXPECT_THAT(pause_reason, HasSubstr("took over"));
}

TEST_F(Link, ComesBackAfterAnyOtherEnd) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  const Status ends[] = {OkStatus(), Unavailable("restarting"), Aborted("no reason given"), Internal("a bug"),
                         PermissionDenied("the site is quarantined")};
  size_t number = 0;
  for (const Status& end : ends) {
    FakeSession& session = broker_.Session(number++);
    session.Send(WelcomeOf({.epoch = static_cast<int64_t>(number)}));
    session.End(end);
  }
  EXPECT_EQ(broker_.Session(number).WaitForHello().epoch_seen(), static_cast<int64_t>(number));
}

TEST_F(Link, GivesUpASilentStreamAndComesBack) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  FakeSession& silent = broker_.Session(0);
  silent.Send(WelcomeOf({.epoch = 1, .heartbeat = std::chrono::milliseconds(50)}));
  EXPECT_TRUE(silent.WaitFor([](const auto& messages) {
    return std::any_of(messages.begin(), messages.end(), [](const auto& message) { return message.has_heartbeat(); });
  })) << "its own heartbeats go out";
  EXPECT_EQ(broker_.Session(1).WaitForHello().epoch_seen(), 1);
  EXPECT_TRUE(silent.WaitForEnd());
}

TEST_F(Link, TakesNothingNewWhileItRecovers) {
  TestAgentOptions options = Options();
  options.poll_interval = std::chrono::minutes(10);  // After the one at the start no look-up comes.
  TestAgent agent(options, scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({.recovery = true, .desired = {Offer(1)}}));
  ASSERT_TRUE(session.WaitFor([](const auto& messages) { return CountCapacities(messages) >= 1; }));
  const std::vector<v1::SynchronizeRequest> messages = session.received();
  const auto capacity =
      std::find_if(messages.begin(), messages.end(), [](const auto& message) { return message.has_capacity(); });
  EXPECT_FALSE(capacity->capacity().shares(0).load().open());
  EXPECT_THAT(capacity->capacity().shares(0).load().closed_reason(), HasSubstr("looking everything up"));
  EXPECT_EQ(session.Reports().size(), 0U);
}

TEST_F(Link, AppliesNoPartOfAListThatItCannotRead) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  v1::DesiredAttempt broken = Offer(2);
  broken.set_attempt_id("not an id");
  broker_.Session(0).Send(WelcomeOf({.epoch = 1, .desired = {Offer(1), broken}}));
  FakeSession& second = broker_.Session(1);
  EXPECT_EQ(second.WaitForHello().epoch_seen(), 0);
  second.Send(WelcomeOf({.epoch = 2, .desired = {Offer(1)}}));
  ASSERT_EQ(second.WaitForReports(1).size(), 1U);
  second.Want(broken);
  EXPECT_EQ(broker_.Session(2).WaitForHello().attempts_size(), 1);
}

TEST_F(Link, DoesNotGoOnWithAnEpochThatIsNotNewer) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  broker_.Session(0).Send(WelcomeOf({.epoch = 5}));
  ASSERT_TRUE(Eventually([&] { return agent.JournalNow().epoch_seen == 5; }));
  broker_.Session(0).Cut();
  broker_.Session(1).Send(WelcomeOf({.epoch = 4, .desired = {Offer(1)}}));
  EXPECT_EQ(broker_.Session(2).WaitForHello().attempts_size(), 0);
  EXPECT_EQ(broker_.Session(1).Reports().size(), 0U);
}

TEST_F(Link, CancelsAtTheBrokersWish) {
  TestAgent agent(Options(), scheduler_);
  agent.Start();
  FakeSession& session = broker_.Session(0);
  session.Send(WelcomeOf({}));
  RunToSubmission(session);
  v1::DesiredAttempt cancel = Go(1);
  cancel.set_phase(v1::DESIRED_PHASE_CANCEL);
  cancel.set_fence(2);
  session.Want(cancel);
  EXPECT_TRUE(Eventually([&] { return HoldsFact(session.Reports(), v1::Report::kNotStarted); }));
}

TEST_F(Link, StopsWhileNobodyAnswers) {
  TestAgentOptions options = Options();
  options.address = "127.0.0.1:1";
  TestAgent agent(options, scheduler_);
  agent.Start();
  EXPECT_TRUE(agent.Stop().ok());
}

TEST(LinkWithoutIdentity, DoesNotBegin) {
  const ScratchFolder folder;
  FakeScheduler scheduler(TestUser());
  TestAgent agent({.folder = folder.path(), .address = "127.0.0.1:1"}, scheduler);
  agent.Start();
  EXPECT_EQ(agent.JoinLink().code(), StatusCode::kNotFound);
}

TEST(LinkWithAnOldCertificate, RenewsItBeforeAnythingElse) {
  TestCertificates certificates;
  const ScratchFolder folder;
  const IdentityStore store(folder.path());
  certificates.Enroll(store, certificates.now() - std::chrono::days(20));  // of 30
  const CertificateFacts before = store.Load()->certificate;
  FakeBroker broker(certificates);
  FakeScheduler scheduler(TestUser());
  TestAgent agent({.folder = folder.path(), .address = broker.address()}, scheduler);
  agent.Start();
  broker.Session(0).WaitForHello();
  EXPECT_EQ(broker.renewals(), 1);
  EXPECT_GT(store.Load()->certificate.not_after, before.not_after);
}

}  // namespace
}  // namespace turnpike
