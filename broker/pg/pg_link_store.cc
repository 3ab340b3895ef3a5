#include "broker/pg/pg_link_store.h"

#include <set>

#include "base/error_reason.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "broker/core/log_limits.h"
#include "broker/pg/data_error.h"
#include "broker/pg/log_rows.h"
#include "broker/pg/log_writer.h"
#include "broker/pg/network_rows.h"
#include "broker/pg/report_writer.h"

namespace turnpike {
namespace {

// A number above every epoch that the agent or we have seen.  $1 site, $2 replica, $3 the newest that the agent has
// seen.
constexpr char kOpenSession[] = R"sql(
    INSERT INTO site_session AS s (site_id, epoch, replica, connected_at, connected)
    VALUES ($1, $3 + 1, $2, now(), true)
        ON CONFLICT (site_id) DO UPDATE
       SET epoch = greatest(s.epoch, $3) + 1,
           replica = $2,
           connected_at = now(),
           connected = true
 RETURNING epoch
)sql";

// $1 site, $2 scheduler.
constexpr char kNoteScheduler[] = R"sql(
    UPDATE site
       SET scheduler = $2,
           last_seen_at = now()
     WHERE site_id = $1
)sql";

// What was applied of the journal, and whether another journal of the site is known.  $1 site, $2 journal.
constexpr char kMarks[] = R"sql(
    SELECT coalesce(max(seq) FILTER (WHERE journal_id = $2), 0),
           count(*) FILTER (WHERE journal_id <> $2)
      FROM site_high_water
     WHERE site_id = $1
)sql";

// $1 site, $2 epoch.
constexpr char kCloseSession[] = R"sql(
    UPDATE site_session
       SET connected = false
     WHERE site_id = $1
       AND epoch = $2
)sql";

// $1 site, $2 attempts or NULL for all.
constexpr char kOpenAttempts[] = R"sql(
    SELECT attempt_id, fence, state, cancel_wanted, project_id
      FROM attempt
     WHERE site_id = $1
       AND ($2::uuid[] IS NULL OR attempt_id = ANY($2))
     ORDER BY attempt_id
)sql";

// $1 the projects of the offers at hand.
constexpr char kSeeProjects[] = R"sql(
    SELECT set_config('turnpike.projects', $1::uuid[]::text, true)
)sql";

// $1 attempts.
constexpr char kOrders[] = R"sql(
    SELECT a.attempt_id, a.job_id, a.task_index, j.number, j.project_id, p.name, j.subject, a.share, j.spec, coalesce(y.bytes, ''),
           a.time_limit_seconds, coalesce(j.traceparent, ''), coalesce(j.call_id, '')
      FROM attempt AS a
      JOIN job AS j
        ON j.project_id = a.project_id
       AND j.job_id = a.job_id
      JOIN project AS p
        ON p.project_id = j.project_id
      LEFT JOIN payload AS y
        ON y.project_id = j.project_id
       AND y.sha256 = j.payload_sha256
     WHERE a.attempt_id = ANY($1)
     ORDER BY a.attempt_id
)sql";

// $1 site, $2 epoch, $3 number, $4 body.
constexpr char kStoreCapacity[] = R"sql(
    INSERT INTO site_capacity AS c (site_id, epoch, number, body, reported_at)
    SELECT $1, $2, $3, $4, now()
     WHERE EXISTS (SELECT FROM site_session WHERE site_id = $1 AND epoch = $2)
        ON CONFLICT (site_id) DO UPDATE
       SET epoch = $2,
           number = $3,
           body = $4,
           reported_at = now()
     WHERE (c.epoch, c.number) < ($2, $3)
)sql";

// Output that the site is asked for.  $1 site, $2 attempts, $3 and $4 the limits.
constexpr char kWishes[] = R"sql(
    SELECT w.attempt_id, w.stream = 'error', w.stored_end
      FROM log_wish AS w
     WHERE w.site_id = $1
       AND w.attempt_id = ANY($2)
       AND )sql" TURNPIKE_LOG_IS_WANTED("$3", "$4") R"sql(
     ORDER BY w.attempt_id, w.stream DESC
)sql";

TransactionSettings SettingsFor(SiteId site_id) {
  return {.projects = {}, .site = site_id};
}

// Before GO an attempt may be claimed; from then on it may run, until its end is wanted.
DesiredPhase PhaseOf(std::string_view state, bool cancel_wanted) {
  if (cancel_wanted) {
    return DesiredPhase::kCancel;
  }
  return state == AttemptStateName(AttemptState::kOffered) ? DesiredPhase::kOffered : DesiredPhase::kGo;
}

Status FillOrders(Transaction& tx, const std::vector<ProjectId>& projects, std::vector<DesiredAttempt>& desired) {
  std::vector<AttemptId> offers;
  std::map<AttemptId, DesiredAttempt*> by_id;
  for (DesiredAttempt& attempt : desired) {
    if (attempt.phase == DesiredPhase::kOffered) {
      offers.push_back(attempt.attempt_id);
      by_id[attempt.attempt_id] = &attempt;
    }
  }
  if (offers.empty()) {
    return OkStatus();
  }
  RETURN_IF_ERROR(tx.Execute(kSeeProjects, Params().IdArray(projects)).status());
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kOrders, Params().IdArray(offers)));
  for (int row = 0; row < rows.size(); ++row) {
    by_id.at(rows.Id<AttemptId>(row, 0))->order = AttemptOrder{
        .job_id = rows.Id<JobId>(row, 1),
        .task_index = static_cast<int32_t>(rows.Int(row, 2)),
        .job_number = rows.Int(row, 3),
        .project_id = rows.Id<ProjectId>(row, 4),
        .project_name = std::string(rows.Text(row, 5)),
        .subject = std::string(rows.Text(row, 6)),
        .share = std::string(rows.Text(row, 7)),
        .spec = std::string(rows.Bytes(row, 8)),
        .script = std::string(rows.Bytes(row, 9)),
        .time_limit_seconds = rows.Int(row, 10),
        .trace = {.traceparent = std::string(rows.Text(row, 11)), .request_id = std::string(rows.Text(row, 12))}};
  }
  return OkStatus();
}

Status FillWishes(Transaction& tx, SiteId site_id, std::vector<DesiredAttempt>& desired) {
  std::map<AttemptId, DesiredAttempt*> by_id;
  std::vector<AttemptId> attempts;
  for (DesiredAttempt& attempt : desired) {
    by_id[attempt.attempt_id] = &attempt;
    attempts.push_back(attempt.attempt_id);
  }
  if (attempts.empty()) {
    return OkStatus();
  }
  Params params;
  params.Id(site_id).IdArray(attempts).Int(kFollowedBytesMax).Int(kSiteBytesPerHourMax);
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kWishes, params));
  for (int row = 0; row < rows.size(); ++row) {
    by_id.at(rows.Id<AttemptId>(row, 0))
        ->log_wishes.push_back({.error_stream = rows.Bool(row, 1), .offset = rows.Int(row, 2)});
  }
  return OkStatus();
}

std::vector<DesiredAttempt> AttemptsIn(const Rows& rows) {
  std::vector<DesiredAttempt> attempts;
  for (int row = 0; row < rows.size(); ++row) {
    attempts.push_back({.attempt_id = rows.Id<AttemptId>(row, 0),
                        .fence = rows.Int(row, 1),
                        .phase = PhaseOf(rows.Text(row, 2), rows.Bool(row, 3)),
                        .order = {}});
  }
  return attempts;
}

}  // namespace

Result<OpenedSession> PgLinkStore::OpenSession(const SessionRequest& request) {
  OpenedSession session;
  RETURN_IF_ERROR(transactions_.Run(SettingsFor(request.site_id), [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(
        const Rows opened,
        tx.Execute(kOpenSession, Params().Id(request.site_id).Text(request.replica).Int(request.epoch_seen)));
    ASSIGN_OR_RETURN(const Rows marks, tx.Execute(kMarks, Params().Id(request.site_id).Id(request.journal_id)));
    session.epoch = opened.Int(0, 0);
    session.acked_seq = marks.Int(0, 0);
    const bool rolled_back = request.journal_seq < session.acked_seq;
    const bool new_journal = session.acked_seq == 0 && marks.Int(0, 1) > 0;
    session.recovery = rolled_back || new_journal;
    return tx.Execute(kNoteScheduler, Params().Id(request.site_id).Text(request.scheduler)).status();
  }));
  return session;
}

Status PgLinkStore::CloseSession(SiteId site_id, int64_t epoch) {
  return transactions_.Run(SettingsFor(site_id), [&](Transaction& tx) -> Status {
    return tx.Execute(kCloseSession, Params().Id(site_id).Int(epoch)).status();
  });
}

Result<std::vector<DesiredAttempt>> PgLinkStore::DesiredWithoutOrders(SiteId site_id) {
  std::vector<DesiredAttempt> desired;
  RETURN_IF_ERROR(transactions_.Run(SettingsFor(site_id), [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kOpenAttempts, Params().Id(site_id).Null(PgType::kUuidArray)));
    desired = AttemptsIn(rows);
    return FillWishes(tx, site_id, desired);
  }));
  return desired;
}

Result<std::vector<DesiredAttempt>> PgLinkStore::Desired(SiteId site_id, const std::vector<AttemptId>& attempts) {
  std::vector<DesiredAttempt> desired;
  RETURN_IF_ERROR(transactions_.Run(SettingsFor(site_id), [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kOpenAttempts, Params().Id(site_id).IdArray(attempts)));
    desired = AttemptsIn(rows);
    std::set<AttemptId> missing(attempts.begin(), attempts.end());
    std::vector<ProjectId> projects;
    for (int row = 0; row < rows.size(); ++row) {
      projects.push_back(rows.Id<ProjectId>(row, 4));
      missing.erase(desired[static_cast<size_t>(row)].attempt_id);
    }
    RETURN_IF_ERROR(FillOrders(tx, projects, desired));
    RETURN_IF_ERROR(FillWishes(tx, site_id, desired));
    for (const AttemptId& gone : missing) {
      desired.push_back({.attempt_id = gone, .fence = INT64_MAX, .phase = DesiredPhase::kGone, .order = {}});
    }
    return OkStatus();
  }));
  return desired;
}

// One report that the database cannot store must not keep a site's journal waiting for ever.
Result<AppliedReports> PgLinkStore::Apply(const ReportBatch& batch) {
  Result<AppliedReports> applied = ApplyAtOnce(batch, &ReportWriter::Run);
  if (applied.ok() || !IsDataError(applied.status())) {
    return applied;
  }
  if (batch.reports.size() > 1) {
    return ApplyHalves(batch);
  }
  LogError("a report cannot be stored and is refused", {{"site", batch.site_id.ToString()},
                                                        {"seq", std::to_string(batch.reports.front().seq)},
                                                        {"why", std::string(MessageOf(applied.status()))}});
  const std::string why(MessageOf(applied.status()));
  applied = ApplyAtOnce(batch, [&why](ReportWriter& writer) { return writer.RunRefused(why); });
  if (applied.ok() || !IsDataError(applied.status())) {
    return applied;
  }
  return ApplyAtOnce(batch, [&why](ReportWriter& writer) { return writer.RefuseAll(why); });
}

Result<AppliedReports> PgLinkStore::ApplyHalves(const ReportBatch& batch) {
  const auto middle = batch.reports.begin() + static_cast<ptrdiff_t>(batch.reports.size() / 2);
  ReportBatch half = batch;
  half.reports.assign(batch.reports.begin(), middle);
  ASSIGN_OR_RETURN(AppliedReports applied, Apply(half));
  half.reports.assign(middle, batch.reports.end());
  ASSIGN_OR_RETURN(const AppliedReports rest, Apply(half));
  applied.acked_seq = rest.acked_seq;
  applied.answers.insert(applied.answers.end(), rest.answers.begin(), rest.answers.end());
  applied.changed_jobs = applied.changed_jobs || rest.changed_jobs;
  return applied;
}

Result<AppliedReports> PgLinkStore::ApplyAtOnce(const ReportBatch& batch, const WriteReports& write) {
  AppliedReports applied;
  const Status stored = transactions_.Run(SettingsFor(batch.site_id), [&](Transaction& tx) -> Status {
    ReportWriter writer(tx, ids_, batch, usage_wait_max_);
    ASSIGN_OR_RETURN(applied, write(writer));
    RETURN_IF_ERROR(FillWishes(tx, batch.site_id, applied.answers));
    TURNPIKE_FAILPOINT("report.pre_commit");
    return OkStatus();
  });
  if (!TURNPIKE_RULE_IS_BROKEN("report.answer_after_commit")) {
    RETURN_IF_ERROR(stored);
  }
  TURNPIKE_FAILPOINT("report.post_commit");
  return applied;
}

Status PgLinkStore::StoreCapacity(SiteId site_id, int64_t epoch, int64_t number, const std::string& body) {
  return transactions_.Run(SettingsFor(site_id), [&](Transaction& tx) -> Status {
    return tx.Execute(kStoreCapacity, Params().Id(site_id).Int(epoch).Int(number).Bytes(body)).status();
  });
}

Result<std::vector<ProbeTarget>> PgLinkStore::StoreNetwork(const NetworkMeasured& measured) {
  std::vector<ProbeTarget> targets;
  RETURN_IF_ERROR(transactions_.Run(SettingsFor(measured.site_id), [&](Transaction& tx) -> Status {
    RETURN_IF_ERROR(WriteNetwork(tx, measured));
    ASSIGN_OR_RETURN(targets, ReadProbeTargets(tx, measured.site_id));
    return OkStatus();
  }));
  return targets;
}

Result<StoredLog> PgLinkStore::StoreLog(SiteId site_id, const std::vector<LogPiece>& pieces) {
  StoredLog stored;
  RETURN_IF_ERROR(transactions_.Run(SettingsFor(site_id), [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(stored, LogWriter(tx, site_id, pieces).Run());
    return OkStatus();
  }));
  return stored;
}

}  // namespace turnpike
