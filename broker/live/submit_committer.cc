#include "broker/live/submit_committer.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "base/error_reason.h"

namespace turnpike {
namespace {

// A call without jobs still costs a row.
size_t CostOf(const SubmitCall& call) {
  return std::max<size_t>(call.jobs.size(), 1);
}

Status Overloaded(size_t waiting) {
  return WithDetails(
      ResourceExhausted("{} jobs wait to be stored already; try again in a second", waiting),
      {.reason = ErrorReason::kOverloaded, .metadata = {}, .violations = {}, .retry_after = std::chrono::seconds(1)});
}

// The statement itself failed, whoever's fault; nothing was committed.
bool MayBeOneCallsFault(const Status& status) {
  return status.code() == StatusCode::kInternal;
}

}  // namespace

SubmitCommitter::SubmitCommitter(JobStore& store, Limits limits, std::function<void()> committed)
    : store_(store),
      limits_(limits),
      committed_(std::move(committed)),
      committing_([this] { CommitAll(); }),
      answering_([this] { AnswerAll(); }) {}

SubmitCommitter::~SubmitCommitter() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  committing_.join();
  {
    MutexLock lock(mutex_);
    all_committed_ = true;
    answered_.NotifyAll();
  }
  answering_.join();
}

void SubmitCommitter::Enqueue(SubmitCall call, Done done) {
  size_t waiting = 0;
  {
    MutexLock lock(mutex_);
    if (jobs_waiting_ + CostOf(call) <= limits_.jobs_waiting_max) {
      jobs_waiting_ += CostOf(call);
      waiting_.push_back({std::move(call), std::move(done)});
      changed_.NotifyOne();
      return;
    }
    waiting = jobs_waiting_;
  }
  done(Overloaded(waiting));
}

size_t SubmitCommitter::jobs_waiting() {
  MutexLock lock(mutex_);
  return jobs_waiting_;
}

void SubmitCommitter::CommitAll() {
  while (true) {
    Batch batch = TakeBatch();
    if (batch.calls.empty()) {
      return;
    }
    Commit(std::move(batch));
  }
}

// Making and sending answers takes about as long as a commit needs of this program: meanwhile the next one is under
// way.
void SubmitCommitter::AnswerAll() {
  while (true) {
    std::vector<Answer> answers;
    {
      MutexLock lock(mutex_);
      while (answers_.empty() && !all_committed_) {
        answered_.Wait(mutex_);
      }
      answers.swap(answers_);
    }
    if (answers.empty()) {
      return;
    }
    for (Answer& answer : answers) {
      answer.done(std::move(answer.verdict));
    }
  }
}

SubmitCommitter::Batch SubmitCommitter::TakeBatch() {
  MutexLock lock(mutex_);
  while (waiting_.empty() && !stopping_) {
    changed_.Wait(mutex_);
  }
  Batch batch;
  std::set<std::tuple<ProjectId, std::string, RequestId>> keys;
  size_t jobs = 0;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const size_t cost = CostOf(next->call);
    if (!batch.calls.empty() && jobs + cost > limits_.jobs_per_commit_max) {
      break;
    }
    // Of the calls under one key one a commit: the others find its answer stored.
    const RequestKey& key = next->call.key;
    if (!keys.emplace(key.project_id, key.method, key.request_id).second) {
      ++next;
      continue;
    }
    jobs += cost;
    batch.calls.push_back(std::move(next->call));
    batch.done.push_back(std::move(next->done));
    next = waiting_.erase(next);
  }
  jobs_waiting_ -= jobs;
  return batch;
}

void SubmitCommitter::Commit(Batch batch) {
  size_t jobs = 0;
  for (const SubmitCall& call : batch.calls) {
    jobs += call.jobs.size();
  }
  commit_jobs_.Observe(static_cast<double>(jobs));
  Result<std::vector<SubmitVerdict>> verdicts = Store(batch.calls);
  if (!verdicts.ok() && batch.calls.size() > 1 && MayBeOneCallsFault(verdicts.status())) {
    CommitHalves(std::move(batch));
    return;
  }
  if (verdicts.ok()) {
    committed_();
  }
  MutexLock lock(mutex_);
  for (size_t i = 0; i < batch.done.size(); ++i) {
    Result<SubmitVerdict> verdict =
        verdicts.ok() ? Result<SubmitVerdict>(std::move((*verdicts)[i])) : verdicts.status();
    answers_.push_back({.verdict = std::move(verdict), .done = std::move(batch.done[i])});
  }
  answered_.NotifyOne();
}

Result<std::vector<SubmitVerdict>> SubmitCommitter::Store(const std::vector<SubmitCall>& calls) {
  const SecondsTimer timer(commit_seconds_);
  return store_.Submit(calls);
}

void SubmitCommitter::CommitHalves(Batch batch) {
  const auto middle = static_cast<std::ptrdiff_t>(batch.calls.size() / 2);
  Batch second{
      .calls = {std::make_move_iterator(batch.calls.begin() + middle), std::make_move_iterator(batch.calls.end())},
      .done = {std::make_move_iterator(batch.done.begin() + middle), std::make_move_iterator(batch.done.end())}};
  batch.calls.erase(batch.calls.begin() + middle, batch.calls.end());
  batch.done.erase(batch.done.begin() + middle, batch.done.end());
  Commit(std::move(batch));
  Commit(std::move(second));
}

}  // namespace turnpike
