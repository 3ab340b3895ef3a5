#include "adapters/host/agent_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/system_clock.h"
#include "tests/adapters/host/agent_site.h"
#include "tests/adapters/host/fake_scheduler.h"
#include "tests/base/scratch_folder.h"
#include "tests/contracts/eventually.h"

namespace turnpike {
namespace {

class AgentLoopTest : public testing::Test {
 protected:
  void SetUp() override { scheduler_.user = OwnUser(); }
  void TearDown() override { Stop(); }
  void Start() {
    thread_ = std::thread([this] { ended_with_ = loop_.Run(); });
  }
  void Stop() {
    loop_.Stop();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  ScratchFolder scratch_;
  SystemClock clock_;
  FakeScheduler scheduler_{clock_};
  AgentSite site_{scratch_.path(), scheduler_, clock_};
  std::atomic<int> steps_ = 0;
  AgentLoop loop_{site_.round(),
                  {.poll_interval = std::chrono::hours(1), .posted_max = 3, .after_each_step = [this] { ++steps_; }}};
  std::thread thread_;
  Status ended_with_;
};

TEST_F(AgentLoopTest, RunsWhatIsPostedAndAdvancesAtOnce) {
  Start();
  const AttemptId id = site_.NewAttempt();
  ASSERT_TRUE(loop_.Call([](AgentRound& round) { return round.StartSession({1, 0, false, {}}); }).ok());
  ASSERT_TRUE(loop_.Post([&](AgentRound& round) { return round.Apply(AgentSite::Offer(id)); }).ok());
  EXPECT_TRUE(Eventually([&] {
    bool claimed = false;
    EXPECT_TRUE(loop_
                    .Call([&](AgentRound& round) {
                      claimed = !round.journal_state().reports.empty();
                      return OkStatus();
                    })
                    .ok());
    return claimed;
  }));
  EXPECT_GT(steps_, 0);
  Stop();
  EXPECT_TRUE(ended_with_.ok());
}

TEST_F(AgentLoopTest, ACancelIsActedOnBeforeTheNextPoll) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  scheduler_.Run();
  site_.StartProgram(id);
  Start();
  ASSERT_TRUE(Eventually([&] { return steps_ > 0; }));
  ASSERT_TRUE(
      loop_.Post([&](AgentRound& round) { return round.Apply(AgentSite::Want(DesiredPhase::kCancel, id, 2)); }).ok());
  EXPECT_TRUE(Eventually([&] {
    size_t cancelled = 0;
    EXPECT_TRUE(loop_
                    .Call([&](AgentRound&) {
                      cancelled = scheduler_.cancelled.size();
                      return OkStatus();
                    })
                    .ok());
    return cancelled > 0;
  }));
}

TEST_F(AgentLoopTest, CallsGetTheTasksOwnAnswer) {
  Start();
  EXPECT_EQ(loop_.Call([](AgentRound&) { return NotFound("nothing there"); }).code(), StatusCode::kNotFound);
  EXPECT_TRUE(loop_.Call([](AgentRound&) { return OkStatus(); }).ok()) << "an ordinary error ends nothing";
}

TEST_F(AgentLoopTest, ALostJournalEndsTheLoop) {
  Start();
  EXPECT_EQ(loop_.Call([](AgentRound&) { return DataLoss("the disk is gone"); }).code(), StatusCode::kDataLoss);
  thread_.join();
  EXPECT_EQ(ended_with_.code(), StatusCode::kDataLoss);
  EXPECT_EQ(loop_.Call([](AgentRound&) { return OkStatus(); }).code(), StatusCode::kUnavailable);
}

TEST_F(AgentLoopTest, TooMuchThatWaitsIsRefused) {
  for (int task = 0; task < 3; ++task) {
    EXPECT_TRUE(loop_.Post([](AgentRound&) { return OkStatus(); }).ok());
  }
  EXPECT_EQ(loop_.Post([](AgentRound&) { return OkStatus(); }).code(), StatusCode::kResourceExhausted);
}

TEST_F(AgentLoopTest, ACallerWhoseTaskIsNeverRunIsAnswered) {
  Status answer;
  std::thread caller([&] { answer = loop_.Call([](AgentRound&) { return OkStatus(); }); });
  loop_.Stop();
  Start();
  caller.join();
  EXPECT_EQ(answer.code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace turnpike
