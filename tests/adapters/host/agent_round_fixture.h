#pragma once
// An agent with a scheduler and a clock that the test plays.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/adapters/host/agent_site.h"
#include "tests/adapters/host/fake_clock.h"
#include "tests/adapters/host/fake_scheduler.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {

class AgentRoundTest : public testing::Test {
 protected:
  void SetUp() override { scheduler_.user = OwnUser(); }
  // Offered, claimed, submitted, and its program runs.
  AttemptId SubmitAndStart() {
    const AttemptId id = site_.Submit();
    scheduler_.Run();
    site_.StartProgram(id);
    return id;
  }
  void Round() { ASSERT_TRUE(site_.round().RunRound().ok()); }
  void Rounds(int count, std::chrono::seconds apart) {
    for (int round = 0; round < count; ++round) {
      Round();
      clock_.Advance(apart);
    }
  }
  std::vector<std::string> RoundAndReceive() {
    Round();
    return site_.Receive();
  }

  ScratchFolder scratch_;
  FakeClock clock_;
  FakeScheduler scheduler_{clock_};
  AgentSite site_{scratch_.path(), scheduler_, clock_};
};

}  // namespace turnpike
