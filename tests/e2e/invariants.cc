#include "tests/e2e/invariants.h"

#include <fmt/ranges.h>

#include <optional>

#include "broker/core/job_state.h"
#include "tests/e2e/read_journal.h"

namespace turnpike {
namespace {

template <class... Args>
Status Violated(const char* invariant, fmt::format_string<Args...> format, Args&&... args) {
  return Internal("{} is violated: {}", invariant, fmt::format(format, std::forward<Args>(args)...));
}

// The first row of a query that must have none.
Status MustBeEmpty(Database& database, const char* invariant, const char* sql) {
  ASSIGN_OR_RETURN(const std::vector<Database::Row> rows, database.Query(sql));
  return rows.empty() ? OkStatus() : Violated(invariant, "{}", fmt::join(rows.front(), ", "));
}

constexpr char kJobs[] = R"sql(
    SELECT job_id, name
      FROM job
     ORDER BY job_id
)sql";

// A job that is both live and over, or neither; or one that did not end.
constexpr char kNotOnceOver[] = R"sql(
    SELECT j.job_id, j.name, 'live rows: ' || count(DISTINCT s.job_id), 'end rows: ' || count(DISTINCT e.job_id)
      FROM job AS j
      LEFT JOIN job_state AS s ON s.job_id = j.job_id
      LEFT JOIN job_end AS e ON e.job_id = j.job_id
     GROUP BY j.job_id, j.name
    HAVING count(s.job_id) <> 0 OR count(e.job_id) <> 1
)sql";

constexpr char kLiveAttempts[] = R"sql(
    SELECT attempt_id, job_id, state
      FROM attempt
)sql";

constexpr char kAttemptsMiscounted[] = R"sql(
    SELECT e.job_id, 'attempts by the job: ' || e.attempt_count, 'attempts that ended: ' || count(a.attempt_id)
      FROM job_end AS e
      LEFT JOIN attempt_end AS a ON a.job_id = e.job_id
     GROUP BY e.job_id, e.attempt_count
    HAVING count(a.attempt_id) <> e.attempt_count
)sql";

constexpr char kEvents[] = R"sql(
    SELECT job_id, version, kind, state, coalesce(attempt_id::text, '')
      FROM job_event
     ORDER BY job_id, version, xid, seq
)sql";

constexpr char kStartedAttempts[] = R"sql(
    SELECT j.name, count(a.attempt_id) FILTER (WHERE a.started_at IS NOT NULL),
           count(a.attempt_id) FILTER (WHERE a.state IN ('ENDED', 'INTERRUPTED'))
      FROM job AS j
      LEFT JOIN attempt_end AS a ON a.job_id = j.job_id
     GROUP BY j.job_id, j.name
     ORDER BY j.job_id
)sql";

constexpr char kMarks[] = R"sql(
    SELECT s.name, m.journal_id, m.seq
      FROM site_high_water AS m
      JOIN site AS s ON s.site_id = m.site_id
     ORDER BY s.name
)sql";

constexpr char kRefusedReports[] = R"sql(
    SELECT s.name, 'report ' || r.seq, r.kind, r.why
      FROM refused_report AS r
      JOIN site AS s ON s.site_id = r.site_id
)sql";

// I1: every job that a client was told of is there.
Status CheckAccepted(const RunEvidence& evidence) {
  ASSIGN_OR_RETURN(const std::vector<Database::Row> rows, evidence.database.Query(kJobs));
  std::set<std::string> stored;
  for (const Database::Row& row : rows) {
    stored.insert(row[0]);
    if (!evidence.accepted_jobs.contains(row[0])) {
      return Violated("I1", "job {} ({}) is there, and no client was told of it", row[0], row[1]);
    }
  }
  for (const std::string& job_id : evidence.accepted_jobs) {
    if (!stored.contains(job_id)) {
      return Violated("I1", "job {} was accepted, and is not there", job_id);
    }
  }
  return OkStatus();
}

// One job's events, one after the other.
class EventReplay {
 public:
  Status Take(const Database::Row& row) {
    const std::string& job = row[0];
    const int64_t version = ToNumber(row[1]);
    const std::string& kind = row[2];
    const std::optional<JobState> state = ParseJobState(row[3]);
    if (!state) {
      return Violated("I10", "job {}: '{}' is no state", job, row[3]);
    }
    if (job != job_) {
      *this = EventReplay();
      job_ = job;
      if (kind != "SUBMITTED" || *state != JobState::kPending) {
        return Violated("I10", "job {} begins with {} as {}", job, kind, row[3]);
      }
    } else if (version <= version_) {
      return Violated("I10", "job {}: version {} ({}) does not rise above {}", job, version, kind, version_);
    } else {
      RETURN_IF_ERROR(Step(job, kind, *state, row[4]));
    }
    version_ = version;
    state_ = *state;
    return OkStatus();
  }

 private:
  Status Step(const std::string& job, const std::string& kind, JobState state, const std::string& attempt) {
    const std::optional<JobEvent> event = ParseJobEvent(kind);
    if (!event) {  // The job was touched, its state not.
      return state == state_ ? OkStatus()
                             : Violated("I10", "job {}: {} changed its state from {} to {}", job, kind,
                                        JobStateName(state_), JobStateName(state));
    }
    if (IsFinal(state_)) {
      return Violated("I2", "job {}: {} after its end as {}", job, kind, JobStateName(state_));
    }
    if (NextJobState(state_, *event) != state) {
      return Violated("I10", "job {}: {} leads from {} to {}", job, kind, JobStateName(state_), JobStateName(state));
    }
    if (*event == JobEvent::kPlaced && !attempt_.empty()) {
      return Violated("I3", "job {} was placed again while attempt {} was under way", job, attempt_);
    }
    attempt_ = *event == JobEvent::kPlaced ? attempt : *event == JobEvent::kReturned ? std::string() : attempt_;
    return OkStatus();
  }

  std::string job_;
  int64_t version_ = 0;
  JobState state_ = JobState::kPending;
  std::string attempt_;
};

Status CheckHistories(Database& database) {
  ASSIGN_OR_RETURN(const std::vector<Database::Row> rows, database.Query(kEvents));
  EventReplay replay;
  for (const Database::Row& row : rows) {
    RETURN_IF_ERROR(replay.Take(row));
  }
  return OkStatus();
}

// The payload's own log is the only witness of what really ran.
Status CheckStarts(const RunEvidence& evidence) {
  std::map<std::string, PayloadRuns> runs = evidence.payload.Runs();
  ASSIGN_OR_RETURN(const std::vector<Database::Row> rows, evidence.database.Query(kStartedAttempts));
  for (const Database::Row& row : rows) {
    const PayloadRuns run = runs[row[0]];
    if (run.starts > 1) {
      return Violated("I4", "job {} started {} times", row[0], run.starts);
    }
    if (run.ends > run.starts) {
      return Violated("I4", "job {} ended {} times and started {} times", row[0], run.ends, run.starts);
    }
    if (run.starts > ToNumber(row[1]) || run.starts > ToNumber(row[2])) {
      return Violated("I5", "job {} started, and each of its attempts ended as one that never did", row[0]);
    }
    if (ToNumber(row[1]) > 1) {
      return Violated("I5", "{} attempts of job {} count as started", row[1], row[0]);
    }
    runs.erase(row[0]);
  }
  for (const auto& [name, run] : runs) {
    if (run.starts > 0) {
      return Violated("I1", "'{}' ran, and there is no such job", name);
    }
  }
  return OkStatus();
}

}  // namespace

Status CheckJobs(const RunEvidence& evidence) {
  RETURN_IF_ERROR(CheckAccepted(evidence));
  RETURN_IF_ERROR(MustBeEmpty(evidence.database, "I2", kNotOnceOver));
  RETURN_IF_ERROR(MustBeEmpty(evidence.database, "I3", kLiveAttempts));
  RETURN_IF_ERROR(MustBeEmpty(evidence.database, "I3", kAttemptsMiscounted));
  RETURN_IF_ERROR(CheckHistories(evidence.database));
  return CheckStarts(evidence);
}

// One journal a site, applied up to its last report, none refused.
Status CheckJournals(const RunEvidence& evidence) {
  RETURN_IF_ERROR(MustBeEmpty(evidence.database, "I13", kRefusedReports));
  ASSIGN_OR_RETURN(const std::vector<Database::Row> marks, evidence.database.Query(kMarks));
  std::set<std::string> seen;
  for (const Database::Row& mark : marks) {
    if (!seen.insert(mark[0]).second) {
      return Violated("I13", "site {} reported from more than one journal", mark[0]);
    }
    const auto folder = evidence.journals.find(mark[0]);
    if (folder == evidence.journals.end()) {
      return Violated("I13", "site {} reported, and is not of this test", mark[0]);
    }
    ASSIGN_OR_RETURN(const JournalState journal, ReadJournal(folder->second));
    if (journal.id.ToString() != mark[1] || journal.report_seq != ToNumber(mark[2])) {
      return Violated("I13", "the journal of site {} is {} and ends with report {}, the broker applied {} up to {}",
                      mark[0], journal.id.ToString(), journal.report_seq, mark[1], mark[2]);
    }
  }
  return OkStatus();
}

Status CheckInvariants(const RunEvidence& evidence) {
  RETURN_IF_ERROR(CheckJobs(evidence));
  RETURN_IF_ERROR(CheckMoney(evidence));
  return CheckJournals(evidence);
}

}  // namespace turnpike
