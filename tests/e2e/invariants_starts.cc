// What really ran, by the payload's own log, which is the only independent witness, against what the broker believes:
// I4, I5, I8, I11 and I12 of docs/faults.md.
#include "tests/e2e/invariants.h"
#include "tests/e2e/payload.h"
#include "tests/e2e/violation.h"

namespace turnpike {
namespace {

constexpr char kStartedAttempts[] = R"sql(
    SELECT j.name, count(a.attempt_id) FILTER (WHERE a.started_at IS NOT NULL),
           count(a.attempt_id) FILTER (WHERE a.state IN ('ENDED', 'INTERRUPTED')),
           coalesce((SELECT e.state FROM job_end AS e WHERE e.job_id = j.job_id), '')
      FROM job AS j
      LEFT JOIN attempt_end AS a ON a.job_id = j.job_id
     GROUP BY j.job_id, j.name
     ORDER BY j.job_id
)sql";

constexpr char kAttempts[] = R"sql(
    SELECT a.attempt_id, j.name, a.state, a.local_job_id
      FROM attempt_end AS a
      JOIN job AS j ON j.job_id = a.job_id
)sql";

// When the broker wrote down that a job was over, in microseconds.
constexpr char kEnds[] = R"sql(
    SELECT j.name, min((extract(epoch FROM e.at) * 1000000)::bigint), min(e.kind)
      FROM job_event AS e
      JOIN job AS j ON j.job_id = e.job_id
     WHERE e.kind IN ('COMPLETED', 'FAILED', 'CANCELLED')
     GROUP BY j.name
)sql";

// By job: none of these jobs may be run again.
Status CheckCounts(Database& database, std::map<std::string, PayloadRuns> runs) {
  ASSIGN_OR_RETURN(const std::vector<Database::Row> rows, database.Query(kStartedAttempts));
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
    if (run.made && row[3] == "COMPLETED" && run.starts + run.ends != 2) {
      return Violated("I8", "job {} is COMPLETED and was charged as such; it started {} times and ended {} times",
                      row[0], run.starts, run.ends);
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

// By attempt: only one that was claimed and not fenced may have started, and what was adopted as it is what ran.
Status CheckAttempts(Database& database, const std::vector<PayloadLine>& lines) {
  ASSIGN_OR_RETURN(const std::vector<Database::Row> rows, database.Query(kAttempts));
  std::map<std::string, Database::Row> attempts;
  for (const Database::Row& row : rows) {
    attempts[row[0]] = row;
  }
  for (const PayloadLine& line : lines) {
    if (line.what == "made") {
      continue;
    }
    if (line.attempt.empty()) {
      return Violated("I5", "job {} ran elsewhere than in an attempt's folder", line.job);
    }
    const auto attempt = attempts.find(line.attempt);
    if (attempt == attempts.end()) {
      return Violated("I5", "attempt {} of job {} ran, and the broker has no such attempt", line.attempt, line.job);
    }
    const std::string& state = attempt->second[2];
    if (state != "ENDED" && state != "INTERRUPTED") {
      return Violated("I5", "attempt {} of job {} ran, and counts as {}", line.attempt, line.job, state);
    }
    if (attempt->second[1] != line.job) {
      return Violated("I5", "attempt {} is of job {}, and ran {}", line.attempt, attempt->second[1], line.job);
    }
    // An attempt that was lost before anyone saw it at the scheduler has no local job.
    const std::string& believed = attempt->second[3];
    if (!believed.empty() && !line.local_job_id.empty() && believed != line.local_job_id) {
      return Violated("I12", "attempt {} of job {} ran as local job {}, and the broker took {} for it", line.attempt,
                      line.job, line.local_job_id, believed);
    }
  }
  return OkStatus();
}

// What is over writes no more.  The broker, the database and the payloads of these runs have one clock.
Status CheckSilenceAfterEnd(Database& database, const std::vector<PayloadLine>& lines) {
  ASSIGN_OR_RETURN(const std::vector<Database::Row> rows, database.Query(kEnds));
  std::map<std::string, Database::Row> ends;
  for (const Database::Row& row : rows) {
    ends[row[0]] = row;
  }
  for (const PayloadLine& line : lines) {
    const auto end = ends.find(line.job);
    if (line.what == "made" || end == ends.end()) {
      continue;
    }
    const int64_t late_micros = line.at_micros - ToNumber(end->second[1]);
    if (late_micros > 0) {
      return Violated("I11", "job {} wrote its {} {} ms after the broker had noted that it was {}", line.job, line.what,
                      late_micros / 1000, end->second[2]);
    }
  }
  return OkStatus();
}

}  // namespace

Status CheckStarts(const RunEvidence& evidence) {
  ASSIGN_OR_RETURN(const std::vector<PayloadLine> lines, ReadPayloadLog(evidence.payload_log));
  RETURN_IF_ERROR(CheckCounts(evidence.database, CountRuns(lines)));
  RETURN_IF_ERROR(CheckAttempts(evidence.database, lines));
  return CheckSilenceAfterEnd(evidence.database, lines);
}

}  // namespace turnpike
