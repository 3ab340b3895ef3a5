#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace turnpike {
namespace {

TEST(WorkerPool, RunsAllThatWasTakenBeforeItEnds) {
  std::atomic<int> done = 0;
  {
    WorkerPool pool({.threads = 2, .waiting_max = 1'000});
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(pool.TryRun([&] { ++done; }));
    }
  }
  EXPECT_EQ(done, 100);
}

TEST(WorkerPool, RefusesWhenItsQueueIsFullButNotWhatGoesOn) {
  std::latch started(1);
  std::latch release(1);
  std::atomic<int> done = 0;
  {
    WorkerPool pool({.threads = 1, .waiting_max = 1});
    EXPECT_TRUE(pool.TryRun([&] {
      started.count_down();
      release.wait();
    }));
    started.wait();
    EXPECT_TRUE(pool.TryRun([&] { ++done; }));
    EXPECT_FALSE(pool.TryRun([&] { ++done; }));
    pool.Run([&] { ++done; });
    release.count_down();
  }
  EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace turnpike
