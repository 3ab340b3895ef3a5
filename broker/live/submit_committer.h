#pragma once
// The group commit: whatever waits when the last commit returns goes into the next one.  No timers: the first
// submission of an idle time is committed at once, and under load the batches grow by themselves.  Two threads of its
// own: one commits, the other answers meanwhile.  Thread-safe.

#include <deque>
#include <functional>
#include <thread>

#include "base/metrics.h"
#include "base/mutex.h"
#include "broker/ports/submission_queue.h"

namespace turnpike {

class SubmitCommitter final : public SubmissionQueue {
 public:
  struct Limits {
    size_t jobs_per_commit_max = 2'000;
    size_t jobs_waiting_max = 20'000;
  };
  // `committed` is called after each commit that stored something.
  SubmitCommitter(JobStore& store, Limits limits, std::function<void()> committed);
  // Commits what waits, then ends.
  ~SubmitCommitter() override;
  SubmitCommitter(const SubmitCommitter&) = delete;
  SubmitCommitter& operator=(const SubmitCommitter&) = delete;

  void Enqueue(SubmitCall call, Done done) override EXCLUDES(mutex_);

  // Of each commit.
  const Histogram& commit_jobs() const { return commit_jobs_; }
  const Histogram& commit_seconds() const { return commit_seconds_; }
  size_t jobs_waiting() EXCLUDES(mutex_);

 private:
  struct Waiting {
    SubmitCall call;
    Done done;
  };
  // What was committed, or why it was not, and whom to tell.
  struct Answer {
    Result<SubmitVerdict> verdict;
    Done done;
  };
  void CommitAll() EXCLUDES(mutex_);
  void AnswerAll() EXCLUDES(mutex_);
  struct Batch {
    std::vector<SubmitCall> calls;
    std::vector<Done> done;  // of each
  };
  void Commit(Batch batch) EXCLUDES(mutex_);
  Result<std::vector<SubmitVerdict>> Store(const std::vector<SubmitCall>& calls);
  // One call that breaks the transaction must not take its neighbours along: halves, until it stands alone.
  void CommitHalves(Batch batch) EXCLUDES(mutex_);
  // Waits for work; empty when the committer ends.
  Batch TakeBatch() EXCLUDES(mutex_);

  JobStore& store_;
  const Limits limits_;
  const std::function<void()> committed_;
  Histogram commit_jobs_{MetricInfoOf(Metric::kCommitJobs).bounds};
  Histogram commit_seconds_{MetricInfoOf(Metric::kCommitSeconds).bounds};
  Mutex mutex_;
  CondVar changed_;
  std::deque<Waiting> waiting_ GUARDED_BY(mutex_);
  size_t jobs_waiting_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  CondVar answered_;
  std::vector<Answer> answers_ GUARDED_BY(mutex_);
  bool all_committed_ GUARDED_BY(mutex_) = false;
  std::thread committing_;
  std::thread answering_;
};

}  // namespace turnpike
