// The agent is killed at each of its failpoints (docs/faults.md A7 to A12) and at each write of its journal (D1), with
// the real process scheduler and the real wrapper.  Its successor must bring the attempt to its end, and the program
// must have run once.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "adapters/process/process_scheduler.h"
#include "base/system_clock.h"
#include "tests/adapters/host/agent_site.h"
#include "tests/adapters/host/own_process.h"
#include "tests/base/scratch_folder.h"
#include "tests/contracts/eventually.h"

namespace turnpike {
namespace {

const AttemptId kAttempt = *AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff");

// One life of the agent, from its start to the attempt's acknowledged end.
void Live(const std::string& folder) {
  const SystemClock clock;
  ProcessOptions options;
  options.state_directory = folder + "/state";
  options.user = OwnUser();
  options.cores = 8;
  options.tick_interval = std::chrono::milliseconds(0);
  const std::unique_ptr<ProcessScheduler> scheduler = ProcessScheduler::Open(options, clock).value();
  AgentSite site(folder, *scheduler, clock);
  site.policy().settle_time = std::chrono::seconds(0);
  site.Restart();
  const int64_t epoch = site.journal().state().epoch_seen + 1;
  const int64_t acked_before = site.journal().state().acked_seq;
  ASSERT_TRUE(site.round()
                  .StartSession({epoch, 0, false, {AgentSite::Offer(kAttempt, "echo ran >> ../../../ran; exit 4")}})
                  .ok());
  EXPECT_TRUE(Eventually([&] {
    EXPECT_TRUE(site.round().RunRound().ok());
    const std::vector<std::string> names = site.Receive();
    if (std::count(names.begin(), names.end(), "CLAIMED") > 0) {
      EXPECT_TRUE(site.round().Apply(AgentSite::Go(kAttempt)).ok());
    }
    return site.Last<EndedFact>() != nullptr;
  }));
  EXPECT_EQ(site.Last<EndedFact>()->exit_code, 4);
  // Every report that is not acknowledged, without a gap; an earlier life may have had some acknowledged.
  for (size_t index = 0; index < site.received().size(); ++index) {
    EXPECT_EQ(site.received()[index].seq, acked_before + static_cast<int64_t>(index) + 1);
  }
  site.AcknowledgeAll();
  EXPECT_TRUE(Eventually([&] { return scheduler->Poll({}).sources.front().jobs.empty(); }));
}

[[maybe_unused]] const bool kLive = DeclareProcessRole("LivesUntilItsFailpoint", Live);

ChildResult LiveUntil(const std::string& folder, const std::string& failpoint) {
#if !defined(TURNPIKE_FAILPOINTS)
  ADD_FAILURE() << "built without failpoints; use the preset dev";
#endif
  return RunInOwnProcess({.role = "LivesUntilItsFailpoint", .folder = folder, .failpoints = failpoint});
}

class AgentCrash : public testing::TestWithParam<const char*> {
 protected:
  ScratchFolder scratch_;
};

INSTANTIATE_TEST_SUITE_P(Failpoints, AgentCrash,
                         testing::Values("agent.pre_claim", "agent.post_intent", "agent.post_spawn",
                                         "agent.post_submitted", "agent.pre_terminal"),
                         [](const auto& point) {
                           std::string name = point.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST_P(AgentCrash, IsSurvivedAndTheProgramRunsOnce) {
  const ChildResult first = LiveUntil(scratch_.path(), std::string(GetParam()) + "=kill");
  ASSERT_EQ(first.signal, SIGKILL) << "the failpoint was not reached\n" << first.output;
  Live(scratch_.path());
  EXPECT_EQ(ReadFile(scratch_.File("ran")).value_or(""), "ran\n");
}

// Each step that the agent takes outside stands between two of them.
TEST(AgentCrashAtEveryWrite, IsSurvivedAndTheProgramRunsOnce) {
  constexpr int kWritesMin = 6;  // session, claim, GO, intent, submitted, ended
  for (int write = 1;; ++write) {
    SCOPED_TRACE(write);
    const ScratchFolder scratch;
    const ChildResult first = LiveUntil(scratch.path(), fmt::format("journal.sync=kill@{}", write));
    if (first.signal == 0) {
      EXPECT_TRUE(HasPassed(first)) << first.output;
      EXPECT_GT(write, kWritesMin);
      return;
    }
    ASSERT_EQ(first.signal, SIGKILL) << first.output;
    Live(scratch.path());
    EXPECT_EQ(ReadFile(scratch.File("ran")).value_or(""), "ran\n");
  }
}

TEST_F(AgentCrash, WithoutACrashItRunsOnceToo) {
  Live(scratch_.path());
  EXPECT_EQ(ReadFile(scratch_.File("ran")).value_or(""), "ran\n");
}

}  // namespace
}  // namespace turnpike
