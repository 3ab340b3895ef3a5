#include "base/stop_signal.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>
#include <vector>

#include "tests/base/fork_child.h"

namespace turnpike {
namespace {

using std::chrono::steady_clock;

TEST(StopSignal, WaitEndsWithTheTimeWhileNobodyStops) {
  StopSignal stop;
  EXPECT_FALSE(stop.stopped());
  EXPECT_FALSE(stop.WaitFor(std::chrono::milliseconds(1)));
  EXPECT_FALSE(stop.WaitFor(std::chrono::milliseconds(0)));
  EXPECT_FALSE(stop.WaitFor(std::chrono::milliseconds(-1)));
}

TEST(StopSignal, StaysStopped) {
  StopSignal stop;
  stop.Stop();
  stop.Stop();
  EXPECT_TRUE(stop.stopped());
  EXPECT_TRUE(stop.WaitFor(steady_clock::duration::max()));
  EXPECT_TRUE(stop.WaitFor(std::chrono::milliseconds(0)));
}

TEST(StopSignal, WakesEveryThreadThatWaitsForEver) {
  StopSignal stop;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&stop] { EXPECT_TRUE(stop.WaitFor(steady_clock::duration::max())); });
  }
  stop.Stop();
  for (std::thread& thread : threads) {
    thread.join();
  }
}

TEST(TerminationSignal, IsWaitedForAndDoesNotKill) {
  for (const int sent : {SIGINT, SIGTERM}) {
    const int status = WaitForFork(Fork([sent] {
      BlockTerminationSignals();
      ::kill(::getpid(), sent);
      return WaitForTerminationSignal();
    }));
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), sent);
  }
}

TEST(TerminationSignal, IsBlockedInThreadsStartedLater) {
  const int status = WaitForFork(Fork([] {
    BlockTerminationSignals();
    bool blocked = false;
    std::thread([&blocked] {
      sigset_t signals;
      ::pthread_sigmask(SIG_BLOCK, nullptr, &signals);
      blocked = ::sigismember(&signals, SIGINT) == 1 && ::sigismember(&signals, SIGTERM) == 1;
    }).join();
    return blocked ? 0 : 1;
  }));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace turnpike
