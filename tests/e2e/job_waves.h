#pragma once
// Many jobs at once, submitted in the background while something is done to the federation.

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/federation.h"

namespace turnpike {

class JobWaves {
 public:
  using Wave = std::vector<std::future<Result<std::string>>>;

  explicit JobWaves(Federation& federation) : federation_(federation) {}

  // One of a name of its own.
  v1::JobSpec NextJob() { return federation_.payload().Job(fmt::format("job{}", ++jobs_)); }
  Wave Submit() {
    Wave wave;
    for (int i = 0; i < kJobs; ++i) {
      wave.push_back(federation_.SubmitInBackground(NextJob()));
    }
    return wave;
  }
  void ExpectAllCompleted(Wave wave) {
    for (auto& submission : wave) {
      const Result<std::string> job_id = submission.get();
      ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
      const Result<v1::Job> job = federation_.WaitForEnd(*job_id, kEndTime);
      ASSERT_TRUE(job.ok()) << MessageOf(job.status());
      EXPECT_EQ(job->state(), v1::JOB_STATE_COMPLETED) << job->ShortDebugString();
    }
  }

 private:
  static constexpr int kJobs = 20;
  static constexpr std::chrono::minutes kEndTime{5};

  Federation& federation_;
  int jobs_ = 0;
};

}  // namespace turnpike
