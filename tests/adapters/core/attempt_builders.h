#pragma once
// Short ways to say what a test knows of an attempt and what one round shows of it.

#include <string>

#include "adapters/core/evidence.h"
#include "adapters/core/local_tag.h"
#include "adapters/core/reconcile.h"

namespace turnpike {

inline constexpr char kTestSiteKey[] = "a site key of the tests";
inline constexpr char kTestUser[] = "ada";

inline AttemptId TestAttemptId() {
  return *AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff");
}
inline std::string TestTag() {
  return LocalTag(TestAttemptId());
}

inline Timestamp At(int64_t second) {
  return TimestampFromSeconds(1'700'000'000 + second);
}
inline Moment MomentAt(int64_t second) {
  return {.civil = At(second), .monotonic = MonotonicTime(std::chrono::seconds(1'000 + second))};
}

inline AttemptRecord RecordIn(AttemptPhase phase) {
  AttemptRecord record;
  record.attempt_id = TestAttemptId();
  record.fence = 1;
  record.phase = phase;
  record.local_user = kTestUser;
  record.order = "an order";
  record.requested = {.nodes = 1, .cores = 4, .accelerators = 0, .memory_mib = 1024};
  record.lease_end = MomentAt(2'400).monotonic;
  return record;
}

inline LocalJobIdentity NamedJob(const std::string& id = "17") {
  return {.cluster = "c1", .local_job_id = id, .submit_time = At(0), .tag = TestTag()};
}

inline AttemptRecord SubmittedRecord() {
  AttemptRecord record = RecordIn(AttemptPhase::kSubmitted);
  record.identity = NamedJob();
  return record;
}

inline AttemptRecord StartedRecord() {
  AttemptRecord record = RecordIn(AttemptPhase::kStarted);
  record.identity = NamedJob();
  record.start_time = At(10);
  return record;
}

inline LocalJobView JobIn(LocalState state, const std::string& id = "17") {
  LocalJobView job;
  job.cluster = "c1";
  job.local_job_id = id;
  job.tag = TestTag();
  job.comment = LocalComment(job.tag, kTestSiteKey);
  job.local_user = kTestUser;
  job.submit_time = At(0);
  job.state = state;
  return job;
}

inline LocalJobView EndedJob(EndCause cause, std::optional<int> exit_code, const std::string& id = "17") {
  LocalJobView job = JobIn(LocalState::kEnded, id);
  job.cause = cause;
  job.exit_code = exit_code;
  job.raw_state = "ENDED";
  job.start_time = At(10);
  job.end_time = At(70);
  job.elapsed = std::chrono::seconds(60);
  job.allocated = ResourceAmounts{.nodes = 1, .cores = 4, .accelerators = 0, .memory_mib = 1024};
  return job;
}

inline ExitRecord ExitWith(int code) {
  return {.exit_code = code, .exit_signal = 0, .start_time = At(10), .end_time = At(70), .local_job_id = "17"};
}
inline ExitRecord ExitBySignal(int signal) {
  return {
      .exit_code = std::nullopt, .exit_signal = signal, .start_time = At(10), .end_time = At(70), .local_job_id = "17"};
}

inline Evidence Seen(GuardState guard, std::vector<LocalJobView> jobs) {
  Evidence evidence;
  evidence.presence = jobs.empty() ? Presence::kAbsent : Presence::kPresent;
  evidence.jobs = std::move(jobs);
  evidence.directory.guard = guard;
  return evidence;
}
inline Evidence SeenWithExit(ExitRecord exit, std::vector<LocalJobView> jobs) {
  Evidence evidence = Seen(GuardState::kTakenByWrapper, std::move(jobs));
  evidence.directory.start =
      StartRecord{.start_time = exit.start_time, .host = "n1", .local_job_id = exit.local_job_id};
  evidence.directory.exit = std::move(exit);
  return evidence;
}

// The same evidence round after round, `step` seconds apart, until something other than waiting is decided; at most
// `rounds` times.
inline Decision ReconcileRepeatedly(AttemptRecord record, const Evidence& evidence, int rounds, int64_t step) {
  Decision decision;
  for (int round = 0; round < rounds; ++round) {
    decision = Reconcile(record, evidence, ReconcilePolicy{}, MomentAt(100 + round * step));
    const bool acts = decision.record.phase != record.phase || decision.submit || decision.take_guard;
    if (acts && IsFinal(decision.record.phase)) {
      break;
    }
    if (decision.submit || decision.take_guard) {
      break;
    }
    record = decision.record;
  }
  return decision;
}

template <class WantedFact>
const WantedFact* FindFact(const Decision& decision) {
  for (const Fact& fact : decision.facts) {
    if (const auto* found = std::get_if<WantedFact>(&fact)) {
      return found;
    }
  }
  return nullptr;
}

}  // namespace turnpike
