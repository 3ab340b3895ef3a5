// What should not be there: local jobs with our tag that nobody knows, and folders of attempts that are long done with.
#include <set>

#include "adapters/core/local_tag.h"
#include "adapters/core/pick_job.h"
#include "adapters/host/agent_round.h"
#include "adapters/host/agent_work.h"
#include "base/log.h"

namespace turnpike {
namespace {

constexpr auto kFolderSweepInterval = std::chrono::hours(1);

std::set<AttemptId> AttemptsInSight(const PollResult& poll) {
  std::set<AttemptId> attempts;
  for (const SourceReading& source : poll.sources) {
    for (const LocalJobView& job : source.jobs) {
      if (const std::optional<AttemptId> attempt_id = AttemptOfTag(job.tag); attempt_id && IsAlive(job)) {
        attempts.insert(*attempt_id);
      }
    }
  }
  return attempts;
}

}  // namespace

// Only with the broker's whole list at hand can an attempt be called unknown.
Status AgentRound::SweepOrphans(const PollResult& poll) {
  if (!in_session_ || recovering_ || !may_spawn_) {
    return OkStatus();
  }
  Work work;
  for (const SourceReading& source : poll.sources) {
    for (const LocalJobView& job : source.jobs) {
      const std::optional<AttemptId> attempt_id = AttemptOfTag(job.tag);
      const bool is_unknown = attempt_id && !attempts_.contains(*attempt_id) && !desired_ids_.contains(*attempt_id);
      if (source.kind != SourceKind::kQueue || !IsAlive(job) || !is_unknown) {
        continue;
      }
      const bool is_first = orphans_reported_.insert(job.tag + " " + job.local_job_id).second;
      if (!IsGenuineComment(job.comment, job.tag, parts_.site_key)) {
        if (is_first) {
          LogError("a local job has a tag of ours and a comment that is not; it is left alone",
                   {{"tag", job.tag}, {"local_job", job.local_job_id}, {"user", job.local_user}});
        }
        continue;
      }
      work.cancel.push_back(NameOf(job));
      if (is_first && !parts_.journal.state().endings.contains(*attempt_id)) {
        LogError("a local job of ours is known to nobody and is cancelled",
                 {{"tag", job.tag}, {"local_job", job.local_job_id}});
        work.batch.AddReport({.seq = 0,
                              .attempt_id = AttemptId(),
                              .fence = 0,
                              .time = Now().civil,
                              .fact = OrphanFact{.tag = job.tag, .local_job_id = job.local_job_id}});
      }
    }
  }
  return CommitWork(work);
}

// Only with the broker's whole list and a full look is it known whose folders are in use, as for orphans.
void AgentRound::RemoveOldFolders(const PollResult& poll) {
  if (!in_session_ || recovering_ || !IsCompleteLook(poll)) {
    return;
  }
  const Moment now = Now();
  if (folders_swept_ != MonotonicTime{} && now.monotonic - folders_swept_ < kFolderSweepInterval) {
    return;
  }
  folders_swept_ = now.monotonic;
  const Result<std::vector<AttemptId>> folders = parts_.directories.List();
  if (!folders.ok()) {
    LogWarn("the spool directory cannot be swept", {{"why", std::string(MessageOf(folders.status()))}});
    return;
  }
  const std::set<AttemptId> in_sight = AttemptsInSight(poll);
  for (const AttemptId& attempt_id : *folders) {
    const Result<Timestamp> changed = parts_.directories.ChangeTimeOf(attempt_id);
    const bool in_use =
        attempts_.contains(attempt_id) || desired_ids_.contains(attempt_id) || in_sight.contains(attempt_id);
    if (in_use || !changed.ok() || now.civil - *changed < parts_.limits.folders_kept) {
      continue;
    }
    if (const Status removed = parts_.directories.Remove(attempt_id); !removed.ok()) {
      LogWarn("an old folder cannot be removed", {{"why", std::string(MessageOf(removed))}});
    }
  }
}

}  // namespace turnpike
