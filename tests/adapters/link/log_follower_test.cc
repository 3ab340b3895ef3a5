// Output that the broker wishes for while jobs run, by a whole agent against a broker that does what the test says.
#include "adapters/link/log_follower.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/adapters/link/desired_attempts.h"
#include "tests/adapters/link/fake_broker.h"
#include "tests/adapters/link/test_agent.h"
#include "tests/contracts/eventually.h"

namespace turnpike {
namespace {

using testing::ElementsAre;

constexpr size_t kMebibyte = 1U << 20U;

class FollowedOutput : public testing::Test {
 protected:
  FollowedOutput() { certificates_.Enroll(IdentityStore(folder_.path()), certificates_.now()); }

  // The first attempt in the scheduler's hands, in a new session.
  void Begin() {
    agent_ = std::make_unique<TestAgent>(TestAgentOptions{.folder = folder_.path(), .address = broker_.address()},
                                         scheduler_);
    agent_->Start();
    session_ = &broker_.Session(0);
    session_->Send(WelcomeOf({}));
    session_->Want(Offer(1));
    EXPECT_TRUE(HoldsFact(session_->WaitForReports(1), v1::Report::kClaimed));
    session_->Want(Go(1));
    const std::vector<LocalJob> jobs = scheduler_.WaitForJobs(1);
    CHECK(jobs.size() == 1);
    job_ = jobs[0];
  }
  static v1::DesiredAttempt Wish(int64_t offset, bool error_stream = false) {
    v1::DesiredAttempt desired = Go(1);
    v1::LogWish& wish = *desired.add_log_wishes();
    wish.set_offset(offset);
    wish.set_error_stream(error_stream);
    return desired;
  }
  // As the job does.
  void Write(const std::string& text) const { std::ofstream(job_.output_path, std::ios::app) << text << std::flush; }
  void WriteError(const std::string& text) const {
    std::ofstream(job_.error_path, std::ios::app) << text << std::flush;
  }
  // "offset:bytes" of standard output, as they came.
  std::vector<std::string> Pieces() {
    std::vector<std::string> pieces;
    for (const v1::SendLogRequest& piece : broker_.logs()) {
      if (piece.stream() == v1::ReadLogRequest::STREAM_OUTPUT) {
        pieces.push_back(std::to_string(piece.offset()) + ":" + piece.data());
      }
    }
    return pieces;
  }

  TestCertificates certificates_;
  ScratchFolder folder_;
  FakeBroker broker_{certificates_};
  FakeScheduler scheduler_{TestUser()};
  std::unique_ptr<TestAgent> agent_;
  FakeSession* session_ = nullptr;
  LocalJob job_;
};

TEST_F(FollowedOutput, IsSentAsItIsWritten) {
  Begin();
  Write("one\n");
  session_->Want(Wish(0));
  broker_.WaitForLogs(1);
  Write("two\n");
  broker_.WaitForLogs(2);
  EXPECT_THAT(Pieces(), ElementsAre("0:one\n", "4:two\n"));
}

TEST_F(FollowedOutput, GoesOnWhereTheBrokerSays) {
  Begin();
  Write("one\ntwo\n");
  session_->Want(Wish(4));
  broker_.WaitForLogs(1);
  session_->Want(Wish(2));
  broker_.WaitForLogs(2);
  EXPECT_THAT(Pieces(), ElementsAre("4:two\n", "2:e\ntwo\n"));
}

TEST_F(FollowedOutput, IsNotSentWhenNobodyReadsAnyMore) {
  Begin();
  Write("one\n");
  session_->Want(Wish(0));
  broker_.WaitForLogs(1);
  WriteError("oops");
  session_->Want(Wish(0, true));
  broker_.WaitForLogs(2);
  Write("two\n");
  WriteError("again");
  const std::vector<v1::SendLogRequest> logs = broker_.WaitForLogs(3);
  ASSERT_EQ(logs.size(), 3U);
  EXPECT_EQ(logs[1].data(), "oops");
  EXPECT_EQ(logs[2].data(), "again");
  EXPECT_EQ(logs[2].stream(), v1::ReadLogRequest::STREAM_ERROR);
}

TEST_F(FollowedOutput, ComesInPiecesOfABoundedSize) {
  Begin();
  Write(std::string(kMebibyte * 5 / 2, 'x'));
  session_->Want(Wish(0));
  const std::vector<v1::SendLogRequest> logs = broker_.WaitForLogs(40);
  ASSERT_EQ(logs.size(), 40U);
  int64_t end = 0;
  for (const v1::SendLogRequest& piece : logs) {
    EXPECT_EQ(piece.offset(), end);
    EXPECT_LE(piece.data().size(), kMebibyte / 16);
    end += static_cast<int64_t>(piece.data().size());
  }
  EXPECT_EQ(end, static_cast<int64_t>(kMebibyte * 5 / 2));
}

TEST_F(FollowedOutput, GoesOnInTheNextSession) {
  Begin();
  Write("one\n");
  session_->Want(Wish(0));
  broker_.WaitForLogs(1);
  session_->End(Unavailable("restart"));
  FakeSession& next = broker_.Session(1);
  next.Send(WelcomeOf({.epoch = 2, .acked_seq = 2, .desired = {Wish(4)}}));
  Write("two\n");
  broker_.WaitForLogs(2);
  EXPECT_THAT(Pieces(), ElementsAre("0:one\n", "4:two\n"));
}

TEST_F(FollowedOutput, IsSentToItsEndBeforeTheEndIsReported) {
  Begin();
  session_->Want(Wish(3));
  broker_.HoldLogs();
  scheduler_.RunToEnd(job_);
  ASSERT_TRUE(Eventually([&] { return HoldsFact(session_->Reports(), v1::Report::kStarted); }));
  EXPECT_FALSE(HoldsFact(session_->Reports(), v1::Report::kEnded));
  broker_.ReleaseLogs();
  ASSERT_TRUE(Eventually([&] { return HoldsFact(session_->Reports(), v1::Report::kEnded); }));
  const std::vector<std::string> pieces = Pieces();
  EXPECT_EQ(pieces.front(), "3:lo\n");
  EXPECT_EQ(pieces[pieces.size() - 2], "0:hello\n");
  EXPECT_EQ(pieces.back(), "6:") << "where it ends";
}

}  // namespace
}  // namespace turnpike
