#include <algorithm>

#include "broker/core/stored_request.h"
#include "broker/pg/report_writer.h"

namespace turnpike {
namespace {

// $1 class.
constexpr char kReadClass[] = R"sql(
    SELECT request
      FROM job_class
     WHERE class_id = $1
)sql";

// $1 class, $2 request.
constexpr char kInsertClass[] = R"sql(
    INSERT INTO job_class (class_id, request)
    VALUES ($1, $2)
        ON CONFLICT DO NOTHING
)sql";

}  // namespace

// A share that refused the job for ever, or failed under it, is left out from now on: the job moves to the class that
// avoids it.
Status ReportWriter::AvoidShares() {
  for (const AttemptId& id : avoiding_) {
    RETURN_IF_ERROR(MoveToClassWithout(id, Avoidance::kForEver));
  }
  for (const AttemptId& id : failed_) {
    RETURN_IF_ERROR(MoveToClassWithout(id, Avoidance::kWhileThereAreOthers));
  }
  return OkStatus();
}

Status ReportWriter::MoveToClassWithout(AttemptId attempt_id, Avoidance avoidance) {
  Entry& entry = entries_.at(attempt_id);
  JobView& job = entry.standing.job;
  ASSIGN_OR_RETURN(const Rows rows, tx_.Execute(kReadClass, Params().Id(job.class_id)));
  if (rows.empty()) {
    return Internal("job {} is of class {}, which is not there", job.job_id.ToString(), job.class_id.ToString());
  }
  ASSIGN_OR_RETURN(JobRequest request, DecodeJobRequest(rows.Bytes(0, 0)));
  const auto event = std::ranges::find_if(
      events_, [&](const NewEvent& one) { return one.job.job_id == job.job_id && one.job.version == job.version; });
  std::vector<std::string>& without = avoidance == Avoidance::kForEver ? request.avoided_shares : request.failed_shares;
  const std::string label = fmt::format("{}/{}", entry.site_name, entry.share);
  if (std::ranges::find(without, label) == without.end()) {
    without.push_back(label);
  }
  const std::string encoded = EncodeJobRequest(request);
  job.class_id = ClassIdOf(encoded);
  RETURN_IF_ERROR(tx_.Execute(kInsertClass, Params().Id(job.class_id).Bytes(encoded)).status());
  if (event != events_.end()) {
    event->job.class_id = job.class_id;
  }
  return OkStatus();
}

}  // namespace turnpike
