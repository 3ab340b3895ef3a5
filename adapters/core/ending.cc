#include "adapters/core/ending.h"

#include <algorithm>

#include "adapters/core/usage.h"

namespace turnpike {
namespace {

bool IsSuccess(const ExitRecord& exit) {
  return exit.exit_code == 0;
}

bool IsCancelled(EndCause cause) {
  return cause == EndCause::kCancelledByUser || cause == EndCause::kCancelledBySite;
}

// A scheduler knows at best the local account that cancelled a job, and that may be one account for all; whether the
// job's user wanted it, the broker knows.  What it did not ask for was done at the site.
EndCause SaidByScheduler(const AttemptRecord& record, const LocalJobView* job) {
  if (job == nullptr) {
    return EndCause::kNone;
  }
  if (IsCancelled(job->cause)) {
    return record.cancel_wanted ? EndCause::kCancelledByUser : EndCause::kCancelledBySite;
  }
  return job->cause;
}

// The scheduler's word counts where it ended the program; a program that ended well by itself did so whatever came
// after.
EndCause CauseOf(const AttemptRecord& record, const EndSources& sources) {
  const EndCause said = SaidByScheduler(record, sources.job);
  const bool said_nothing = said == EndCause::kNone || said == EndCause::kUnknown || said == EndCause::kRefused;
  if (sources.exit == nullptr) {
    return said_nothing ? EndCause::kUnknown : said;
  }
  if (IsSuccess(*sources.exit)) {
    return EndCause::kProgramEnded;
  }
  if (record.cancel_wanted && said_nothing && sources.exit->exit_signal != 0) {
    return EndCause::kCancelledByUser;
  }
  return said_nothing ? EndCause::kProgramEnded : said;
}

FaultClass FaultOf(const EndedFact& end, const LocalJobView* job) {
  switch (end.cause) {
    case EndCause::kProgramEnded:
      return end.exit_code == 0 ? FaultClass::kNone : FaultClass::kUser;
    case EndCause::kTimeLimit:
    case EndCause::kOutOfMemory:
      return FaultClass::kUser;
    case EndCause::kSiteInterrupted:
    case EndCause::kPreempted:
    case EndCause::kCancelledBySite:
      return FaultClass::kSite;
    case EndCause::kCancelledByUser:
    case EndCause::kNone:
      return FaultClass::kNone;
    case EndCause::kRefused:
    case EndCause::kUnknown:
      return job != nullptr ? job->fault : FaultClass::kNone;
  }
  return FaultClass::kNone;
}

void FillTimes(const AttemptRecord& record, const EndSources& sources, Timestamp now, EndedFact& end) {
  std::optional<Timestamp> start = record.start_time;
  std::optional<Timestamp> stop;
  if (sources.job != nullptr) {
    start = start ? start : sources.job->start_time;
    stop = sources.job->end_time;
  }
  if (sources.exit != nullptr) {
    start = sources.exit->start_time;
    stop = sources.exit->end_time;
  }
  end.end_time = stop.value_or(now);
  end.start_time = std::min(start.value_or(end.end_time), end.end_time);
}

}  // namespace

bool WasKilledToRunAgain(const AttemptRecord& record, const Evidence& evidence) {
  const std::optional<ExitRecord>& exit = evidence.directory.exit;
  return exit && exit->exit_signal != 0 && !exit->local_job_id.empty() && !record.cancel_wanted &&
         std::any_of(evidence.jobs.begin(), evidence.jobs.end(), [&exit](const LocalJobView& job) {
           return job.state == LocalState::kPending && job.local_job_id == exit->local_job_id;
         });
}

EndedFact MakeEnd(const AttemptRecord& record, const EndSources& sources, Timestamp now) {
  EndedFact end;
  if (sources.job != nullptr) {
    end.exit_code = sources.job->exit_code;
    end.exit_signal = sources.job->exit_signal;
    end.site_state = sources.job->raw_state;
    end.site_reason = sources.job->raw_reason;
    if (const std::optional<ResourceSeconds> used = UsageOf(*sources.job)) {
      end.usage = UsageFact{.used = *used, .provisional = false};
    }
  }
  if (sources.exit != nullptr) {
    end.exit_code = sources.exit->exit_code;
    end.exit_signal = sources.exit->exit_signal;
  }
  FillTimes(record, sources, now, end);
  end.cause = CauseOf(record, sources);
  end.fault = FaultOf(end, sources.job);
  return end;
}

NotStartedFact MakeNotStarted(const LocalJobView& job) {
  if (job.exit_code == kExitNoDirectory) {
    return {NotStartedKind::kFenced,
            "the compute node could not use the attempt's folder (exit 87); see `turnpike-agent check`"};
  }
  std::string detail = "the scheduler ended it before its start: " + job.raw_state;
  if (!job.raw_reason.empty()) {
    detail += " (" + job.raw_reason + ")";
  }
  return {job.cause == EndCause::kRefused ? NotStartedKind::kRefused : NotStartedKind::kFenced, std::move(detail)};
}

bool IsInterruption(const EndedFact& end) {
  return end.cause == EndCause::kSiteInterrupted || end.cause == EndCause::kPreempted;
}

InterruptedFact MakeInterruption(const AttemptRecord& record, std::string detail) {
  return {.detail = std::move(detail),
          .start_time = record.start_time,
          .last_seen_time = record.last_seen_time,
          .usage = record.last_usage};
}

std::string_view LossDetail(const LocalJobView& job) {
  return job.exit_code == kExitNoDirectory
             ? "the attempt's folder could not be written to after the start guard was taken, so the program was not "
               "started (exit 87); is its disk full?"
             : "the scheduler ran it a second time, which was refused; the first run left no exit record";
}

std::optional<UsageFact> ProvisionalUsage(const AttemptRecord& record, const EndedFact& end) {
  const auto elapsed = std::chrono::ceil<std::chrono::seconds>(end.end_time - end.start_time);
  if (const std::optional<ResourceSeconds> used = UsageOver(record.requested, elapsed)) {
    return UsageFact{.used = *used, .provisional = true};
  }
  return std::nullopt;
}

}  // namespace turnpike
