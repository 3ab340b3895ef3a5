#include "adapters/core/evidence.h"

#include <algorithm>

#include "adapters/core/local_tag.h"
#include "adapters/core/pick_job.h"
#include "base/failpoint.h"

namespace turnpike {
namespace {

bool IsOfAttempt(const LocalJobView& job, const AttemptRecord& record, std::string_view tag,
                 std::string_view site_key) {
  if (job.tag != tag || (!job.local_user.empty() && job.local_user != record.local_user)) {
    return false;
  }
  return job.comment.empty() || IsGenuineComment(job.comment, tag, site_key);
}

// The queue knows what lives, accounting what is over: a row that accounting still calls alive may be a lost job's.
bool IsWorthReading(const SourceReading& source, const LocalJobView& job) {
  return source.kind == SourceKind::kQueue || job.state == LocalState::kEnded;
}

void Merge(const SourceReading& source, const LocalJobView& job, std::vector<LocalJobView>& jobs) {
  const auto same = std::find_if(jobs.begin(), jobs.end(), [&](const LocalJobView& known) {
    return known.local_job_id == job.local_job_id && IsSameSubmitTime(known.submit_time, job.submit_time);
  });
  if (same == jobs.end()) {
    jobs.push_back(job);
    return;
  }
  if (source.kind == SourceKind::kAccounting) {
    const std::string reason = job.raw_reason.empty() ? same->raw_reason : job.raw_reason;
    *same = job;
    same->raw_reason = reason;
  }
}

}  // namespace

Evidence GatherEvidence(const AttemptRecord& record, const PollResult& poll, const DirectoryEvidence& directory,
                        std::string_view site_key) {
  Evidence evidence{.directory = directory};
  const std::string tag = record.tag();
  bool all_fit_to_show_it = !poll.sources.empty();
  for (const SourceReading& source : poll.sources) {
    evidence.has_accounting = evidence.has_accounting || source.kind == SourceKind::kAccounting;
    all_fit_to_show_it = all_fit_to_show_it && source.complete && source.users_in_sight.contains(record.local_user);
    for (const LocalJobView& job : source.jobs) {
      if (IsOfAttempt(job, record, tag, site_key) && IsWorthReading(source, job)) {
        Merge(source, job, evidence.jobs);
      }
    }
  }
  if (TURNPIKE_RULE_IS_BROKEN("evidence.absence")) {
    evidence.jobs.clear();
    evidence.presence = Presence::kAbsent;
  } else if (!evidence.jobs.empty()) {
    evidence.presence = Presence::kPresent;
  } else if (all_fit_to_show_it) {
    evidence.presence = Presence::kAbsent;
  }
  return evidence;
}

}  // namespace turnpike
