#include "adapters/slurm/sacct_parser.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "adapters/slurm/delimited_table.h"
#include "adapters/slurm/tag.h"

namespace turnpike::slurm {
namespace {

Result<AccountingJob> ParseJob(const std::vector<std::string_view>& fields, const std::vector<size_t>& places) {
  const auto text = [&](size_t column) { return fields[places[column]]; };
  AccountingJob job;
  job.id = text(0);
  job.cluster = text(1);
  job.user = text(2);
  job.state = text(3);
  const std::optional<ExitStatus> exit = ParseExitCode(text(4));
  const std::optional<Moment> submitted = ParseMoment(text(5));
  const std::optional<Moment> started = ParseMoment(text(6));
  const std::optional<Moment> ended = ParseMoment(text(7));
  const std::optional<int64_t> elapsed = ParseWhole(text(8));
  const std::optional<Tres> tres = ParseTres(text(9));
  if (!exit || !submitted || !submitted->at || !started || !ended || !elapsed || !tres) {
    return DataLoss(
        "job {}: one of ExitCode '{}', Submit '{}', Start '{}', End '{}', ElapsedRaw '{}', AllocTRES '{}' "
        "is not of its form",
        job.id, text(4), text(5), text(6), text(7), text(8), text(9));
  }
  if (job.id.empty() || job.id.front() < '0' || job.id.front() > '9' || job.state.empty()) {
    return DataLoss("JobID '{}' with State '{}' is no job", job.id, job.state);
  }
  job.exit = *exit;
  job.submit_time = *submitted->at;
  job.start_time = started->at;
  job.end_time = ended->at;
  job.elapsed = std::chrono::seconds(*elapsed);
  job.tres = *tres;
  job.had_nodes = !text(10).empty() && text(10) != "None assigned";
  job.reason = text(11);
  job.name = text(12);
  job.comment = text(13);
  return job;
}

// The ends after which Slurm may run a job again under its id.  A row that stays PENDING is another story: the
// controller forgot that job and gave its id away, perhaps to a second submission of the same attempt.
bool WasRequeued(const AccountingJob& job) {
  return job.state == "REQUEUED" || job.state == "NODE_FAIL" || job.state == "PREEMPTED" || job.state == "SPECIAL_EXIT";
}

}  // namespace

Result<std::vector<AccountingJob>> ParseAccounting(std::string_view text, std::string_view separator) {
  ASSIGN_OR_RETURN(const DelimitedTable table, DelimitedTable::Parse(text, separator));
  ASSIGN_OR_RETURN(const std::vector<size_t> places,
                   table.Find({kAccountingColumns.begin(), kAccountingColumns.end()}));
  std::vector<AccountingJob> jobs;
  size_t row = 0;
  for (const std::vector<std::string_view>& fields : table.rows()) {
    ++row;
    if (fields[places[0]].find('.') != std::string_view::npos) continue;  // "5.batch", "5.extern", "5.0": steps
    Result<AccountingJob> job = ParseJob(fields, places);
    if (!job.ok()) return DataLoss("row {}: {}", row, MessageOf(job.status()));
    jobs.push_back(*std::move(job));
  }
  return jobs;
}

std::vector<FoldedJob> FoldRuns(std::vector<AccountingJob> jobs) {
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const AccountingJob& a, const AccountingJob& b) { return a.submit_time < b.submit_time; });
  std::vector<FoldedJob> folded;
  std::map<std::tuple<std::string, std::string, std::string>, size_t> requeued;  // cluster, id and tag; places
  for (AccountingJob& job : jobs) {
    const std::string tag(TagOf(job.name, job.comment));
    const bool may_run_again = WasRequeued(job) && !tag.empty();
    std::tuple key(job.cluster, job.id, tag);
    const auto same = requeued.find(key);
    if (same == requeued.end()) {
      if (may_run_again) requeued.emplace(std::move(key), folded.size());
      folded.push_back({std::move(job), 0});
      continue;
    }
    FoldedJob& run = folded[same->second];
    if (!may_run_again) requeued.erase(same);
    // A requeue gives the next run a new submit time; the job keeps the one that it was submitted with.
    job.submit_time = std::min(run.job.submit_time, job.submit_time);
    run.job = std::move(job);
    ++run.restarts;
  }
  return folded;
}

}  // namespace turnpike::slurm
