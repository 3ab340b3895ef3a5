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
    : store_(store), limits_(limits), committed_(std::move(committed)), thread_([this] { Work(); }) {}

SubmitCommitter::~SubmitCommitter() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
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

void SubmitCommitter::Work() {
  while (true) {
    std::vector<Waiting> batch = TakeBatch();
    if (batch.empty()) {
      return;
    }
    Commit(std::move(batch));
  }
}

std::vector<SubmitCommitter::Waiting> SubmitCommitter::TakeBatch() {
  MutexLock lock(mutex_);
  while (waiting_.empty() && !stopping_) {
    changed_.Wait(mutex_);
  }
  std::vector<Waiting> batch;
  std::set<std::tuple<ProjectId, std::string, RequestId>> keys;
  size_t jobs = 0;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const size_t cost = CostOf(next->call);
    if (!batch.empty() && jobs + cost > limits_.jobs_per_commit_max) {
      break;
    }
    // Of the calls under one key one a commit: the others find its answer stored.
    const RequestKey& key = next->call.key;
    if (!keys.emplace(key.project_id, key.method, key.request_id).second) {
      ++next;
      continue;
    }
    jobs += cost;
    batch.push_back(std::move(*next));
    next = waiting_.erase(next);
  }
  jobs_waiting_ -= jobs;
  return batch;
}

void SubmitCommitter::Commit(std::vector<Waiting> batch) {
  std::vector<SubmitCall> calls;
  for (const Waiting& waiting : batch) {
    calls.push_back(waiting.call);
  }
  Result<std::vector<SubmitVerdict>> verdicts = store_.Submit(calls);
  if (!verdicts.ok() && batch.size() > 1 && MayBeOneCallsFault(verdicts.status())) {
    CommitHalves(std::move(batch));
    return;
  }
  if (verdicts.ok()) {
    committed_();
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    verdicts.ok() ? batch[i].done(std::move((*verdicts)[i])) : batch[i].done(verdicts.status());
  }
}

void SubmitCommitter::CommitHalves(std::vector<Waiting> batch) {
  const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
  std::vector<Waiting> second(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
  batch.erase(middle, batch.end());
  Commit(std::move(batch));
  Commit(std::move(second));
}

}  // namespace turnpike
