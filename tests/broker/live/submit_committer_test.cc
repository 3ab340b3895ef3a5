// What shares a commit, and what one call that cannot be stored does to its neighbours.

#include "broker/live/submit_committer.h"

#include <gmock/gmock.h>

namespace turnpike {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// Refuses every commit that holds a call of the name "broken", as a statement that breaks the transaction does.
class BreakableStore final : public JobStore {
 public:
  Result<std::vector<SubmitVerdict>> Submit(const std::vector<SubmitCall>& calls) override EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    sizes_.push_back(calls.size());
    begun_.NotifyAll();
    while (held_) {
      begun_.Wait(mutex_);
    }
    for (const SubmitCall& call : calls) {
      if (call.jobs.front().name == "broken") {
        return Internal("a statement failed");
      }
    }
    return std::vector<SubmitVerdict>(calls.size());
  }
  Result<StoredJob> Get(ProjectId, JobId) override { return Internal("not asked for"); }
  Result<JobId> FindByNumber(ProjectId, int64_t) override { return Internal("not asked for"); }
  Result<std::vector<JobView>> List(const JobListRequest&) override { return Internal("not asked for"); }
  Result<JobView> Cancel(const RequestKey&, JobId) override { return Internal("not asked for"); }

  void WaitForCommit() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (sizes_.empty()) {
      begun_.Wait(mutex_);
    }
  }
  void LetGo() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    held_ = false;
    begun_.NotifyAll();
  }
  std::vector<size_t> sizes() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return sizes_;
  }

 private:
  Mutex mutex_;
  CondVar begun_;
  bool held_ GUARDED_BY(mutex_) = true;
  std::vector<size_t> sizes_ GUARDED_BY(mutex_);  // of each commit, in calls
};

SubmitCall CallNamed(uint8_t number, const std::string& name) {
  SubmitCall call;
  call.key.request_id = RequestId(Uuid{{number}});
  call.jobs.emplace_back().name = name;
  return call;
}

// What became of each call, in the order of calls; the first is alone in its commit, the others wait meanwhile.
std::vector<StatusCode> Outcomes(BreakableStore& store, SubmitCommitter::Limits limits,
                                 const std::vector<std::string>& names) {
  std::vector<StatusCode> outcomes(names.size(), StatusCode::kUnknown);
  {
    SubmitCommitter committer(store, limits, [] {});
    for (size_t i = 0; i < names.size(); ++i) {
      committer.Enqueue(
          CallNamed(static_cast<uint8_t>(i), names[i]),
          [&outcomes, i](const Result<SubmitVerdict>& verdict) { outcomes[i] = verdict.status().code(); });
      store.WaitForCommit();
    }
    store.LetGo();
  }
  return outcomes;
}

TEST(SubmitCommitter, OneCallThatCannotBeStoredTakesNoOtherAlong) {
  BreakableStore store;
  EXPECT_THAT(Outcomes(store, {}, {"first", "a", "b", "c", "broken", "d"}),
              ElementsAre(StatusCode::kOk, StatusCode::kOk, StatusCode::kOk, StatusCode::kOk, StatusCode::kInternal,
                          StatusCode::kOk));
  // All five, then halves: two that are sound, three of which the broken one is looked for.
  EXPECT_THAT(store.sizes(), ElementsAre(1, 5, 2, 3, 1, 2, 1, 1));
}

TEST(SubmitCommitter, ACommitTakesAsManyJobsAsItMayAndTheNextTheRest) {
  BreakableStore store;
  EXPECT_THAT(Outcomes(store, {.jobs_per_commit_max = 2, .jobs_waiting_max = 100}, {"first", "a", "b", "c", "d", "e"}),
              Each(StatusCode::kOk));
  EXPECT_THAT(store.sizes(), ElementsAre(1, 2, 2, 1));
}

TEST(SubmitCommitter, MoreThanMayWaitIsRefusedAtOnce) {
  BreakableStore store;
  EXPECT_THAT(Outcomes(store, {.jobs_per_commit_max = 2, .jobs_waiting_max = 1}, {"first", "a", "b"}),
              ElementsAre(StatusCode::kOk, StatusCode::kOk, StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace turnpike
