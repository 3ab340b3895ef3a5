// What clients were told against what is stored: I1 and I19 of docs/faults.md.
#include <set>

#include "tests/e2e/call_history.h"
#include "tests/e2e/invariants.h"
#include "tests/e2e/violation.h"

namespace turnpike {
namespace {

// A request as its client saw it, over all retries.
struct Submission {
  std::string job_name;
  std::set<std::string> job_ids;  // that it was told
  int asked = 0;
  int refused = 0;

  // Some try may have made a job without the client's knowledge.
  bool may_have_made_one() const { return refused < asked; }
};

struct Told {
  std::map<std::string, Submission> submissions;  // by request
  std::set<std::string> jobs;                     // every job id that anybody was told
  std::set<std::string> cancelled_jobs;
  std::map<std::string, std::string> reads;  // request to job id
  std::set<std::string> reads_not_found;     // requests
};

constexpr char kNotFound[] = "5";

void Take(const CallRecord& record, Told& told) {
  if (record.call == "submit") {
    Submission& submission = told.submissions[record.request];
    if (record.what == "invoke") {
      ++submission.asked;
      submission.job_name = record.subject;
    } else if (record.what == "fail") {
      ++submission.refused;
    } else if (record.what == "ok") {
      submission.job_ids.insert(record.subject);
      told.jobs.insert(record.subject);
    }
  } else if (record.call == "cancel" && record.what == "ok") {
    told.cancelled_jobs.insert(record.subject);
  } else if (record.call == "read") {
    if (record.what == "invoke") {
      told.reads[record.request] = record.subject;
    } else if (record.what == "fail" && record.subject == kNotFound) {
      told.reads_not_found.insert(record.request);
    }
  }
}

constexpr char kJobs[] = R"sql(
    SELECT job_id, name
      FROM job
     ORDER BY job_id
)sql";

// Jobs of which the broker knows that somebody wanted them cancelled.
constexpr char kCancelled[] = R"sql(
    SELECT DISTINCT job_id
      FROM job_event
     WHERE kind IN ('CANCEL_REQUESTED', 'CANCELLED')
)sql";

// How many jobs of a name there may be: one for each submission that was not refused.
std::map<std::string, int> JobsAllowed(const Told& told) {
  std::map<std::string, int> allowed;
  for (const auto& [request, submission] : told.submissions) {
    if (submission.may_have_made_one()) {
      ++allowed[submission.job_name];
    }
  }
  return allowed;
}

// Every job is somebody's, and no request made two.
Status CheckStored(const Told& told, const std::map<std::string, std::string>& name_by_job) {
  std::map<std::string, int> allowed = JobsAllowed(told);
  for (const auto& [job, name] : name_by_job) {
    const auto submitted = allowed.find(name);
    if (submitted != allowed.end() && submitted->second-- == 0) {
      return Violated("I1", "there are more jobs of the name {} than requests for one, such as {}", name, job);
    }
    if (submitted == allowed.end() && !told.jobs.contains(job)) {
      return Violated("I1", "job {} ({}) is there, and no client was told of it", job, name);
    }
  }
  return OkStatus();
}

// What was answered is there.
Status CheckAnswers(const Told& told, const std::map<std::string, std::string>& name_by_job) {
  for (const std::string& job : told.jobs) {
    if (!name_by_job.contains(job)) {
      return Violated("I1", "job {} was accepted, and is not there", job);
    }
  }
  for (const auto& [request, submission] : told.submissions) {
    if (request != "-" && submission.job_ids.size() > 1) {
      return Violated("I1", "request {} was answered with {} jobs: {}", request, submission.job_ids.size(),
                      fmt::join(submission.job_ids, ", "));
    }
  }
  return OkStatus();
}

Status CheckCancels(const Told& told, Database& database) {
  ASSIGN_OR_RETURN(const std::vector<Database::Row> rows, database.Query(kCancelled));
  std::set<std::string> wanted;
  for (const Database::Row& row : rows) {
    wanted.insert(row[0]);
  }
  for (const std::string& job : told.cancelled_jobs) {
    if (!wanted.contains(job)) {
      return Violated("I1", "the cancel of job {} was accepted, and nothing knows of it", job);
    }
  }
  return OkStatus();
}

// Whoever was told of a job finds it from then on, at every broker.
Status CheckReads(const Told& told) {
  for (const std::string& request : told.reads_not_found) {
    const auto read = told.reads.find(request);
    if (read != told.reads.end() && told.jobs.contains(read->second)) {
      return Violated("I19", "job {} was accepted, and a read of it was answered with NOT_FOUND", read->second);
    }
  }
  return OkStatus();
}

}  // namespace

Status CheckCalls(const RunEvidence& evidence) {
  ASSIGN_OR_RETURN(const std::vector<CallRecord> records, ReadCallHistory(evidence.call_history));
  Told told;
  for (const CallRecord& record : records) {
    Take(record, told);
  }
  ASSIGN_OR_RETURN(const std::vector<Database::Row> rows, evidence.database.Query(kJobs));
  std::map<std::string, std::string> name_by_job;
  for (const Database::Row& row : rows) {
    name_by_job[row[0]] = row[1];
  }
  RETURN_IF_ERROR(CheckStored(told, name_by_job));
  RETURN_IF_ERROR(CheckAnswers(told, name_by_job));
  RETURN_IF_ERROR(CheckCancels(told, evidence.database));
  return CheckReads(told);
}

}  // namespace turnpike
