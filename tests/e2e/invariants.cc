#include "tests/e2e/invariants.h"

#include <optional>
#include <set>

#include "broker/core/job_state.h"
#include "tests/e2e/read_journal.h"
#include "tests/e2e/violation.h"

namespace turnpike {
namespace {

// A job that is both live and over, or neither; or one that did not end.
constexpr InvariantRule kNotOnceOver{"I2", "a job did not come to exactly one end", R"sql(
    SELECT j.job_id, j.name, 'live rows: ' || count(DISTINCT s.job_id), 'end rows: ' || count(DISTINCT e.job_id)
      FROM job AS j
      LEFT JOIN job_state AS s ON s.job_id = j.job_id
      LEFT JOIN job_end AS e ON e.job_id = j.job_id
     GROUP BY j.job_id, j.name
    HAVING count(s.job_id) <> 0 OR count(e.job_id) <> 1
)sql"};

constexpr InvariantRule kLiveAttempts{"I3", "an attempt is left over", R"sql(
    SELECT attempt_id, job_id, state
      FROM attempt
)sql"};

constexpr InvariantRule kAttemptsMiscounted{"I3", "a job counts other attempts than it has", R"sql(
    SELECT e.job_id, 'attempts by the job: ' || e.attempt_count, 'attempts that ended: ' || count(a.attempt_id)
      FROM job_end AS e
      LEFT JOIN attempt_end AS a ON a.job_id = e.job_id
     GROUP BY e.job_id, e.attempt_count
    HAVING count(a.attempt_id) <> e.attempt_count
)sql"};

constexpr InvariantRule kEventOrder{"I10", "followers see a job's changes in another order than they were made", R"sql(
    SELECT job_id, kind || ' of version ' || version, 'behind version ' || before
      FROM (SELECT job_id, kind, version, lag(version) OVER (PARTITION BY job_id ORDER BY xid, seq) AS before
              FROM job_event) AS followed
     WHERE version <= before
)sql"};

constexpr InvariantRule kLastEvent{"I20", "a job's events lead elsewhere than to where it stands", R"sql(
    SELECT e.job_id, 'by its events ' || last.state || ' in version ' || last.version,
           'stored ' || e.state || ' in version ' || e.version
      FROM job_end AS e
      JOIN (SELECT DISTINCT ON (job_id) job_id, state, version
              FROM job_event
             ORDER BY job_id, version DESC) AS last
        ON last.job_id = e.job_id
     WHERE last.state <> e.state
        OR last.version <> e.version
)sql"};

constexpr char kEvents[] = R"sql(
    SELECT job_id, version, kind, state, coalesce(attempt_id::text, '')
      FROM job_event
     ORDER BY job_id, version, xid, seq
)sql";

constexpr char kMarks[] = R"sql(
    SELECT s.name, m.journal_id, m.seq
      FROM site_high_water AS m
      JOIN site AS s ON s.site_id = m.site_id
     ORDER BY s.name
)sql";

constexpr InvariantRule kRefusedReports{"I13", "a report was refused", R"sql(
    SELECT s.name, 'report ' || r.seq, r.kind, r.why
      FROM refused_report AS r
      JOIN site AS s ON s.site_id = r.site_id
)sql"};

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

}  // namespace

Status CheckJobs(const RunEvidence& evidence) {
  RETURN_IF_ERROR(CheckRule(evidence.database, kNotOnceOver));
  RETURN_IF_ERROR(CheckRule(evidence.database, kLiveAttempts));
  RETURN_IF_ERROR(CheckRule(evidence.database, kAttemptsMiscounted));
  RETURN_IF_ERROR(CheckHistories(evidence.database));
  RETURN_IF_ERROR(CheckRule(evidence.database, kEventOrder));
  return CheckRule(evidence.database, kLastEvent);
}

// One journal a site, applied up to its last report, none refused.
Status CheckJournals(const RunEvidence& evidence) {
  RETURN_IF_ERROR(CheckRule(evidence.database, kRefusedReports));
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
  for (const auto& [site, folder] : evidence.journals) {
    const Result<JournalState> journal = seen.contains(site) ? JournalState{} : ReadJournal(folder);
    if (journal.ok() && journal->report_seq > 0) {
      return Violated("I13", "site {} has made {} reports, and the broker applied none", site, journal->report_seq);
    }
  }
  return OkStatus();
}

Status CheckInvariants(const RunEvidence& evidence) {
  const std::vector<Status> faults = FindViolations(evidence);
  return faults.empty() ? OkStatus() : faults.front();
}

std::vector<Status> FindViolations(const RunEvidence& evidence) {
  std::vector<Status> faults;
  for (const auto check :
       {CheckCalls, CheckJobs, CheckStarts, CheckMoney, CheckJournals, CheckLocalJobs, CheckProcesses}) {
    if (Status fault = check(evidence); !fault.ok()) {
      faults.push_back(std::move(fault));
    }
  }
  return faults;
}

}  // namespace turnpike
