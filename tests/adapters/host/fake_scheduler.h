#pragma once
// A scheduler in memory that answers as the test says: it may lose jobs, show less than it has, and answer wrongly.

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "adapters/core/pick_job.h"
#include "adapters/core/scheduler.h"

namespace turnpike {

class FakeScheduler final : public Scheduler {
 public:
  explicit FakeScheduler(const Clock& clock) : clock_(clock) {}

  // --- What the test sets and reads.
  std::deque<SubmitOutcome::Kind> answers;    // for the next submissions; empty: accepted
  bool keep_ambiguous = true;                 // an ambiguous submission is in the queue all the same
  bool complete = true;                       // of both sources
  std::map<std::string, LocalJobView> queue;  // by local id
  std::vector<LocalJobView> accounting;
  std::vector<LocalJob> submitted;
  std::vector<std::string> asked_tags;  // by the last look
  std::vector<LocalJobIdentity> cancelled;

  LocalJobView& Only() { return queue.begin()->second; }
  void Run() { Only().state = LocalState::kRunning; }
  // Moves the only job to accounting.
  void End(EndCause cause, std::optional<int> code) {
    LocalJobView job = Only();
    queue.clear();
    job.state = LocalState::kEnded;
    job.raw_state = "ENDED";
    job.cause = cause;
    job.exit_code = code;
    job.allocated = ResourceAmounts{.nodes = 1, .cores = 2, .accelerators = 0, .memory_mib = 0};
    job.elapsed = std::chrono::seconds(30);
    accounting.push_back(job);
  }

  // --- The port.
  Result<std::string> Describe() override { return std::string("fake 1"); }
  SubmitOutcome Submit(const LocalJob& job) override {
    submitted.push_back(job);
    SubmitOutcome outcome;
    outcome.kind = SubmitOutcome::Kind::kAccepted;
    if (!answers.empty()) {
      outcome.kind = answers.front();
      answers.pop_front();
    }
    outcome.detail = "as the test says";
    const bool is_kept = outcome.kind == SubmitOutcome::Kind::kAccepted ||
                         (outcome.kind == SubmitOutcome::Kind::kAmbiguous && keep_ambiguous);
    if (is_kept) {
      LocalJobView view;
      view.cluster = "fake";
      view.local_job_id = std::to_string(++last_id_);
      view.tag = job.tag;
      view.comment = job.comment;
      view.local_user = job.account.local_user;
      view.submit_time = clock_.Now();
      view.state = LocalState::kPending;
      view.raw_state = "PENDING";
      queue[view.local_job_id] = view;
      outcome.identity = outcome.kind == SubmitOutcome::Kind::kAccepted ? NameOf(view) : LocalJobIdentity{};
    }
    return outcome;
  }
  std::vector<std::string> CommandFor(const LocalJob& job) override { return {"fake", job.tag}; }
  PollResult Poll(const PollRequest& request) override {
    asked_tags = request.tags;
    SourceReading queue_reading{SourceKind::kQueue, complete, "", {user}, {}};
    for (const auto& [id, job] : queue) {
      queue_reading.jobs.push_back(job);
    }
    return {{queue_reading, {SourceKind::kAccounting, complete, "", {user}, accounting}}};
  }
  Status Cancel(const LocalJobIdentity& job) override {
    cancelled.push_back(job);
    queue.erase(job.local_job_id);
    return OkStatus();
  }
  Result<std::vector<ShareCapacity>> ReadCapacity() override { return std::vector<ShareCapacity>{}; }
  std::vector<CheckLine> Check(const LocalJob&) override { return {}; }

  std::string user;

 private:
  const Clock& clock_;
  int last_id_ = 0;
};

}  // namespace turnpike
