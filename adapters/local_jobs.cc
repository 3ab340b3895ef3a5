#include "adapters/local_jobs.h"

#include <optional>

#include "adapters/core/local_tag.h"
#include "adapters/host/cancel_requests.h"

namespace turnpike {
namespace {

std::optional<AttemptId> AttemptNamed(const std::string& name) {
  const std::optional<AttemptId> attempt_id = AttemptId::Parse(name);
  return attempt_id ? attempt_id : AttemptOfTag(name);
}

// A job that the journal does not have may still be in the scheduler.
Result<LocalJobIdentity> FindInScheduler(Scheduler& scheduler, const std::string& tag) {
  const PollResult poll = scheduler.Poll({.tags = {tag}, .oldest_submit = {}});
  for (const SourceReading& source : poll.sources) {
    for (const LocalJobView& job : source.jobs) {
      if (job.tag == tag && job.state != LocalState::kEnded) {
        return LocalJobIdentity{job.cluster, job.local_job_id, job.submit_time, job.tag};
      }
    }
  }
  return NotFound("no job with the tag {} is in the scheduler", tag);
}

Result<std::string> AskRunningAgent(const AgentSite& site, const std::string& tag) {
  RETURN_IF_ERROR(CancelRequests::Ask(CancelFolder(site.config()), tag));
  return fmt::format("asked the running agent to end {}", tag);
}

}  // namespace

void PrintJobs(const JournalState& state, std::ostream& out) {
  out << fmt::format("{:36}  {:27}  {:11}  {:12}  {:12}  {}\n", "ATTEMPT", "TAG", "PHASE", "USER", "LOCAL-JOB",
                     "STATE");
  for (const auto& [attempt_id, record] : state.attempts) {
    out << fmt::format("{:36}  {:27}  {:11}  {:12}  {:12}  {}\n", attempt_id.ToString(), record.tag(),
                       AttemptPhaseName(record.phase), record.local_user,
                       record.identity ? record.identity->local_job_id : "-", record.site_state);
  }
  out << fmt::format("{} attempts, {} reports that the broker has not confirmed\n", state.attempts.size(),
                     state.report_seq - state.acked_seq);
}

Result<std::string> CancelLocally(AgentSite& site, const std::string& name) {
  const std::optional<AttemptId> attempt_id = AttemptNamed(name);
  if (!attempt_id) {
    return InvalidArgument("'{}' is neither an attempt's id nor a tag; `turnpike-agent jobs` shows both", name);
  }
  const std::string tag = LocalTag(*attempt_id);
  const Status opened = site.OpenScheduler();
  if (opened.code() == StatusCode::kFailedPrecondition) {
    return AskRunningAgent(site, tag);
  }
  RETURN_IF_ERROR(opened);
  ASSIGN_OR_RETURN(const LocalJobIdentity job, FindInScheduler(site.scheduler(), tag));
  RETURN_IF_ERROR(site.scheduler().Cancel(job));
  return fmt::format("ended local job {} ({})", job.local_job_id, tag);
}

}  // namespace turnpike
