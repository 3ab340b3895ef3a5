#include "cli/interrupt_watch.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "base/stop_signal.h"

namespace turnpike {
namespace {

// In a process of its own, since it ends.
[[noreturn]] void InterruptMyself(int signal, const std::string& farewell) {
  BlockTerminationSignals();
  InterruptWatch watch;
  watch.SetFarewell(farewell);
  kill(getpid(), signal);
  while (true) {
    pause();
  }
}

TEST(InterruptWatchDeathTest, CtrlCSaysFarewellAndEndsWith130) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(InterruptMyself(SIGINT, "job 42 keeps running\n"), testing::ExitedWithCode(130), "job 42 keeps running");
  EXPECT_EXIT(InterruptMyself(SIGTERM, ""), testing::ExitedWithCode(143), "");
}

}  // namespace
}  // namespace turnpike
