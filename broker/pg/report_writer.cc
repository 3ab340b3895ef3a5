#include "broker/pg/report_writer.h"

#include <algorithm>
#include <set>

#include "base/error_reason.h"
#include "base/failpoint.h"

namespace turnpike {
namespace {

// $1 site.
constexpr char kSession[] = R"sql(
    SELECT epoch
      FROM site_session
     WHERE site_id = $1
)sql";

// $1 site, $2 journal.
constexpr char kReadMark[] = R"sql(
    SELECT seq
      FROM site_high_water
     WHERE site_id = $1
       AND journal_id = $2
)sql";

// The last of all locks.  Only from the mark that was read, and only under the session that was: else nothing of this
// batch counts. $1 site, $2 journal, $3 old mark, $4 new mark, $5 epoch.
constexpr char kMoveMark[] = R"sql(
    INSERT INTO site_high_water (site_id, journal_id, seq)
    SELECT $1, $2, $4
     WHERE EXISTS (SELECT FROM site_session WHERE site_id = $1 AND epoch = $5 FOR SHARE)
        ON CONFLICT (site_id, journal_id) DO UPDATE
       SET seq = $4
     WHERE site_high_water.seq = $3
)sql";

// $1 the projects of the attempts at hand.
constexpr char kSeeProjects[] = R"sql(
    SELECT set_config('turnpike.projects', $1::uuid[]::text, true)
)sql";

// $1 site, $2 journal, $3 numbers, $4 attempts, $5 kinds, $6 reasons.
constexpr char kInsertRefused[] = R"sql(
    INSERT INTO refused_report (site_id, journal_id, seq, attempt_id, kind, why)
    SELECT $1, $2, seq, attempt_id, kind, why
      FROM unnest($3::bigint[], $4::uuid[], $5::text[], $6::text[]) AS new(seq, attempt_id, kind, why)
        ON CONFLICT DO NOTHING
)sql";

Status SessionReplaced(const ReportBatch& batch) {
  return WithReason(Aborted("session {} of the site has been replaced by a newer one", batch.epoch),
                    ErrorReason::kSessionReplaced, {{"epoch", std::to_string(batch.epoch)}});
}

AttemptEndKind EndKindOf(const AttemptStanding& standing, ChargeStep step) {
  if (step == ChargeStep::kNothing) {
    return AttemptEndKind::kNeverStarted;
  }
  return standing.state == AttemptState::kInterrupted ? AttemptEndKind::kInterruptedBySite : AttemptEndKind::kRan;
}

}  // namespace

Result<AppliedReports> ReportWriter::Run() {
  ASSIGN_OR_RETURN(const int64_t mark, ReadMark());
  result_.acked_seq = std::max(mark, batch_.reports.back().seq);
  if (batch_.reports.front().seq > mark + 1) {
    return FailedPrecondition("report {} came, report {} is the next one", batch_.reports.front().seq, mark + 1);
  }
  RETURN_IF_ERROR(LockAll());
  ApplyAll(mark);
  RETURN_IF_ERROR(AvoidShares());
  RETURN_IF_ERROR(ChargeEnded());
  RETURN_IF_ERROR(WriteAttempts());
  RETURN_IF_ERROR(pauses_.Write());
  RETURN_IF_ERROR(breakers_.Write());
  RETURN_IF_ERROR(WriteRefused());
  if (result_.acked_seq > mark) {
    RETURN_IF_ERROR(MoveMark(mark));
  }
  result_.changed_jobs = !events_.empty();
  return std::move(result_);
}

Result<AppliedReports> ReportWriter::RunRefused(std::string why) {
  refused_because_ = std::move(why);
  return Run();
}

Result<AppliedReports> ReportWriter::RefuseAll(const std::string& why) {
  ASSIGN_OR_RETURN(const int64_t mark, ReadMark());
  result_.acked_seq = std::max(mark, batch_.reports.back().seq);
  for (const SiteReport& report : batch_.reports) {
    if (report.seq > mark) {
      refused_.push_back({&report, why});
    }
  }
  RETURN_IF_ERROR(WriteRefused());
  if (result_.acked_seq > mark) {
    RETURN_IF_ERROR(MoveMark(mark));
  }
  return std::move(result_);
}

Status ReportWriter::MoveMark(int64_t mark) {
  Params params;
  params.Id(batch_.site_id).Id(batch_.journal_id).Int(mark).Int(result_.acked_seq).Int(batch_.epoch);
  ASSIGN_OR_RETURN(const Rows moved, tx_.Execute(kMoveMark, params));
  return moved.affected() == 1 ? OkStatus() : SessionReplaced(batch_);
}

Result<int64_t> ReportWriter::ReadMark() {
  const Params site = std::move(Params().Id(batch_.site_id));
  const Params journal = std::move(Params().Id(batch_.site_id).Id(batch_.journal_id));
  const Statement statements[] = {{kSession, &site}, {kReadMark, &journal}};
  ASSIGN_OR_RETURN(const std::vector<Rows> results, tx_.ExecuteAll(statements));
  if (results[0].empty() || results[0].Int(0, 0) != batch_.epoch) {
    return SessionReplaced(batch_);
  }
  return results[1].empty() ? 0 : results[1].Int(0, 0);
}

Status ReportWriter::LockAll() {
  std::vector<AttemptId> attempts;
  std::set<AttemptId> moving_money;
  for (const SiteReport& report : batch_.reports) {
    if (!report.attempt_id) {
      continue;
    }
    attempts.push_back(*report.attempt_id);
    if (MayMoveMoney(report.kind)) {
      moving_money.insert(*report.attempt_id);
    }
  }
  if (attempts.empty()) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<AttemptOwner> owners, FindOwners(tx_, attempts));
  std::vector<ProjectId> projects, payers;
  std::vector<JobId> paid_jobs;
  std::vector<AttemptId> live;
  for (const AttemptOwner& owner : owners) {
    owners_.emplace(owner.attempt_id, owner);
    projects.push_back(owner.project_id);
    live.push_back(owner.attempt_id);
    if (moving_money.contains(owner.attempt_id)) {
      payers.push_back(owner.project_id);
      paid_jobs.push_back(owner.job_id);
    }
  }
  RETURN_IF_ERROR(tx_.Execute(kSeeProjects, Params().IdArray(projects)).status());
  // Else every site's news would wait for each other's, and for the project's submissions.
  if (!payers.empty()) {
    RETURN_IF_ERROR(charges_.Lock(payers, paid_jobs));
  }
  ASSIGN_OR_RETURN(std::vector<AttemptStanding> standings, LockStandings(tx_, live));
  for (AttemptStanding& standing : standings) {
    Entry& entry = entries_[standing.attempt_id];
    entry.share = standing.job.share;
    entry.site_name = standing.job.site_name;
    entry.standing = std::move(standing);
  }
  return OkStatus();
}

void ReportWriter::ApplyAll(int64_t mark) {
  for (const SiteReport& report : batch_.reports) {
    if (report.seq > mark) {
      ApplyOne(report);
    } else if (report.kind == ReportKind::kClaimed) {
      ApplyOne(report);  // A repeated claim changes nothing, and asks for its answer again.
    }
  }
}

void ReportWriter::ApplyOne(const SiteReport& report) {
  if (report.kind == ReportKind::kUnreadable) {
    refused_.push_back({&report, report.detail});
    return;
  }
  if (!report.attempt_id) {
    return;
  }
  const auto found = entries_.find(*report.attempt_id);
  if (found == entries_.end()) {
    ApplyToEnded(report);
    return;
  }
  Entry& entry = found->second;
  ReportEffect effect;
  effect.refused = refused_because_;
  if (!effect.refused) {
    effect = ApplyReport(entry.standing, report, tx_.now());
  }
  if (!effect.refused) {
    NoteEffect(entry, report, effect);
    return;
  }
  refused_.push_back({&report, std::move(*effect.refused)});
  if (const std::optional<SiteReport> end = EndAlone(report)) {
    effect = ApplyReport(entry.standing, *end, tx_.now());
    if (!effect.refused) {
      NoteEffect(entry, *end, effect);
    }
  }
}

void ReportWriter::NoteEffect(Entry& entry, const SiteReport& report, const ReportEffect& effect) {
  Answer(report, effect.answer, entry.standing.fence);
  entry.attempt_changed = entry.attempt_changed || effect.attempt_changed;
  entry.job_changed = entry.job_changed || effect.job_changed;
  if (effect.charge != ChargeStep::kNone) {
    entry.ended = true;
    entry.charge = effect.charge;
    entry.usage = effect.usage;
  } else if (entry.ended && report.kind == ReportKind::kUsage && report.usage) {
    TakeUsage(entry, *report.usage);
  }
  NoteLimits(entry, report, effect);
  if (effect.refused_for_ever && entry.standing.job.state == JobState::kPending) {
    avoiding_.push_back(*report.attempt_id);
  }
  NoteProof(entry, report, effect.proof);
  if (effect.job_changed) {
    events_.push_back({effect.job_event ? JobEventName(*effect.job_event) : kEventUpdated, entry.standing.job});
  }
}

void ReportWriter::ApplyToEnded(const SiteReport& report) {
  if (refused_because_) {
    refused_.push_back({&report, *refused_because_});
    return;
  }
  if (report.kind == ReportKind::kClaimed) {
    Answer(report, ClaimAnswer::kGone, report.fence);
    return;
  }
  const auto found = owners_.find(*report.attempt_id);
  if (found == owners_.end()) {
    refused_.push_back({&report, "this site has no such attempt"});
    return;
  }
  const AttemptOwner& owner = found->second;
  if (report.kind == ReportKind::kUsage && report.usage) {
    late_.push_back({.attempt_id = owner.attempt_id,
                     .project_id = owner.project_id,
                     .job_id = owner.job_id,
                     .usage = report.usage});
  } else if (std::optional<std::string> why = owner.ended ? Contradiction(*owner.ended, report) : std::nullopt) {
    refused_.push_back({&report, *std::move(why)});
  }
}

// Told after the end, in the same batch: the scheduler's own word stays, and what never started has used nothing.
void ReportWriter::TakeUsage(Entry& entry, const UsageFigures& usage) {
  const bool known = entry.usage && !entry.usage->provisional;
  if (!known && entry.charge != ChargeStep::kNothing) {
    entry.charge = ChargeStep::kNow;
    entry.usage = usage;
  }
}

void ReportWriter::NoteProof(const Entry& entry, const SiteReport& report, SiteProof proof) {
  if (proof == SiteProof::kSound) {
    breakers_.NoteSound(entry.share);
  }
  if (proof == SiteProof::kFailed) {
    const std::string& words = report.detail.empty() ? report.site_reason : report.detail;
    breakers_.NoteFailed(entry.share, words.empty() ? report.site_state : words);
    if (entry.standing.job.state == JobState::kPending) {
      failed_.push_back(*report.attempt_id);
    }
  }
}

void ReportWriter::NoteLimits(const Entry& entry, const SiteReport& report, const ReportEffect& effect) {
  if (effect.back_pressure) {
    pauses_.NoteTurnedAway(entry.standing.job.project_id, entry.share, report.detail);
  } else if (effect.job_event == JobEvent::kQueued) {
    pauses_.NoteTaken(entry.standing.job.project_id, entry.share);
  }
}

void ReportWriter::Answer(const SiteReport& report, ClaimAnswer answer, int64_t fence) {
  if (answer == ClaimAnswer::kNone) {
    return;
  }
  const auto found = entries_.find(*report.attempt_id);
  DesiredPhase phase = answer == ClaimAnswer::kGo ? DesiredPhase::kGo : DesiredPhase::kGone;
  if (phase == DesiredPhase::kGo && found->second.standing.cancel_wanted) {
    phase = DesiredPhase::kCancel;
  }
  result_.answers.push_back({.attempt_id = *report.attempt_id, .fence = fence, .phase = phase, .order = {}});
}

Status ReportWriter::ChargeEnded() {
  std::vector<ChargeOrder> orders;
  for (auto& [id, entry] : entries_) {
    const bool now =
        entry.charge == ChargeStep::kNow || (entry.charge == ChargeStep::kNothing && IsFinal(entry.standing.job.state));
    if (entry.ended && now) {
      orders.push_back({.standing = entry.standing,
                        .site_id = batch_.site_id,
                        .share = entry.share,
                        .end_kind = EndKindOf(entry.standing, entry.charge),
                        .usage = entry.usage,
                        .release_rest = IsFinal(entry.standing.job.state),
                        .provisional_micros = {},
                        .known_at = {}});
    }
  }
  if (!orders.empty()) {
    RETURN_IF_ERROR(charges_.Charge(orders));
  }
  for (const ChargeOrder& order : orders) {
    Entry& entry = entries_.at(order.standing.attempt_id);
    if (order.failed) {
      entry.charge = ChargeStep::kWhenKnown;  // The end counts all the same.
      continue;
    }
    JobView& job = entry.standing.job;
    job.money = order.standing.job.money;
    for (NewEvent& event : events_) {
      if (event.job.job_id == job.job_id && event.job.version == job.version) {
        event.job.money = job.money;
      }
    }
  }
  return WriteLateCharges(tx_, ids_, late_).status();
}

Status ReportWriter::WriteAttempts() {
  std::vector<AttemptStanding> attempts, jobs;
  std::vector<EndedAttempt> ended;
  std::vector<JobView> ended_jobs;
  for (const auto& [id, entry] : entries_) {
    if (entry.job_changed) {
      (IsFinal(entry.standing.job.state) ? ended_jobs.push_back(entry.standing.job) : jobs.push_back(entry.standing));
    }
    if (!entry.attempt_changed) {
      continue;
    }
    if (!entry.ended) {
      attempts.push_back(entry.standing);
      continue;
    }
    EndedAttempt end{.standing = entry.standing,
                     .site_id = batch_.site_id,
                     .share = entry.share,
                     .charge = ChargeState::kNone,
                     .charge_due_at = {}};
    if (entry.charge == ChargeStep::kNow) {
      end.charge = entry.usage && entry.usage->provisional ? ChargeState::kProvisional : ChargeState::kFinal;
    } else if (entry.charge == ChargeStep::kWhenKnown) {
      end.charge = ChargeState::kPending;
      end.charge_due_at = tx_.now() + usage_wait_max_;
    }
    ended.push_back(std::move(end));
  }
  RETURN_IF_ERROR(UpdateJobs(tx_, jobs));
  RETURN_IF_ERROR(WriteJobEnds(tx_, ended_jobs));
  RETURN_IF_ERROR(UpdateAttempts(tx_, attempts));
  RETURN_IF_ERROR(WriteAttemptEnds(tx_, ended));
  WriteEvents(tx_, events_);
  return OkStatus();
}

Status ReportWriter::WriteRefused() {
  if (refused_.empty()) {
    return OkStatus();
  }
  std::vector<int64_t> seqs;
  std::vector<std::optional<AttemptId>> attempts;
  std::vector<std::string_view> kinds, whys;
  for (const auto& [report, why] : refused_) {
    seqs.push_back(report->seq);
    attempts.push_back(report->attempt_id);
    kinds.push_back(ReportKindName(report->kind));
    whys.push_back(why);
  }
  Params params;
  params.Id(batch_.site_id)
      .Id(batch_.journal_id)
      .IntArray(seqs)
      .OptionalIdArray(attempts)
      .TextArray(kinds)
      .TextArray(whys);
  return tx_.Execute(kInsertRefused, params).status();
}

}  // namespace turnpike
