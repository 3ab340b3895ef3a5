#include "adapters/slurm/squeue_parser.h"

#include "adapters/slurm/delimited_table.h"

namespace turnpike::slurm {
namespace {

// Reads one row's fields by column and remembers the first that is not of its form.
class Row {
 public:
  Row(const std::vector<std::string_view>& fields, const std::vector<size_t>& places)
      : fields_(fields), places_(places) {}

  std::string_view Text(size_t column) const { return fields_[places_[column]]; }

  template <class T>
  T Take(size_t column, std::optional<T> value) {
    if (!value && error_.ok())
      error_ = DataLoss("{} '{}' is not of its form", kQueueColumns[column].printed, Text(column));
    return value.value_or(T{});
  }
  const Status& error() const { return error_; }

 private:
  const std::vector<std::string_view>& fields_;
  const std::vector<size_t>& places_;
  Status error_;
};

// Slurm counts down here in a few states, and prints "INVALID" for a start in the future.
std::optional<std::chrono::seconds> ParseElapsed(std::string_view text) {
  if (text == "INVALID" || text == "N/A") return std::chrono::seconds(0);
  return ParseDuration(text);
}

std::string TextOrNone(std::string_view text) {
  return text == "(null)" ? std::string() : std::string(text);
}

Result<QueueJob> ParseJob(Row row) {
  QueueJob job;
  job.id = row.Text(0);
  job.state = row.Text(1);
  job.reason = row.Text(2);
  job.user = row.Text(3);
  const std::optional<Timestamp> submitted = row.Take(4, ParseMoment(row.Text(4))).at;
  job.start_time = row.Take(5, ParseMoment(row.Text(5))).at;
  job.end_time = row.Take(6, ParseMoment(row.Text(6))).at;
  job.elapsed = row.Take(7, ParseElapsed(row.Text(7)));
  job.time_limit = row.Take(8, ParseTimeLimit(row.Text(8))).limit;
  job.cpus = row.Take(9, ParseWhole(row.Text(9)));
  job.nodes = row.Take(10, ParseWhole(row.Text(10)));
  job.had_nodes = !row.Text(11).empty() && row.Text(11) != "(null)" && row.Text(11) != "N/A";
  job.tres = row.Take(12, ParseTres(row.Text(12)));
  job.gres_per_node = row.Take(13, ParseGres(row.Text(13)));
  job.restarts = static_cast<int>(row.Take(14, ParseWhole(row.Text(14))));
  job.exit = row.Take(15, ParseWaitStatus(row.Text(15)));
  job.partition = row.Text(16);
  job.name = row.Text(17);
  job.comment = TextOrNone(row.Text(18));
  RETURN_IF_ERROR(row.error());
  if (job.id.empty() || job.id.front() < '0' || job.id.front() > '9') return DataLoss("JOBID '{}' is no id", job.id);
  if (job.state.empty() || job.user.empty() || !submitted) {
    return DataLoss("job {} lacks its state, user or submit time", job.id);
  }
  job.submit_time = *submitted;
  return job;
}

}  // namespace

Result<std::vector<QueueJob>> ParseQueue(std::string_view text, std::string_view separator) {
  ASSIGN_OR_RETURN(const DelimitedTable table, DelimitedTable::Parse(text, separator));
  std::vector<std::string_view> names;
  for (const QueueColumn& column : kQueueColumns) names.push_back(column.printed);
  ASSIGN_OR_RETURN(const std::vector<size_t> places, table.Find(names));
  std::vector<QueueJob> jobs;
  for (const std::vector<std::string_view>& fields : table.rows()) {
    Result<QueueJob> job = ParseJob(Row(fields, places));
    if (!job.ok()) return DataLoss("row {}: {}", jobs.size() + 1, MessageOf(job.status()));
    jobs.push_back(*std::move(job));
  }
  return jobs;
}

}  // namespace turnpike::slurm
