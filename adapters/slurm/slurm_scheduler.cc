#include "adapters/slurm/slurm_scheduler.h"

#include <algorithm>
#include <utility>

#include "adapters/core/local_tag.h"
#include "adapters/slurm/capacity.h"
#include "adapters/slurm/commands.h"
#include "adapters/slurm/job_view.h"
#include "adapters/slurm/maintenance.h"
#include "adapters/slurm/refusal.h"
#include "adapters/slurm/submit_arguments.h"
#include "adapters/slurm/tag.h"
#include "base/log.h"

namespace turnpike {
namespace {

using Kind = SubmitOutcome::Kind;
constexpr std::string_view kNameUnrecorded = "allocation";  // sacct's name for a job whose start is not recorded yet

SubmitOutcome Outcome(Kind kind, std::string detail) {
  return {.kind = kind, .identity = {}, .detail = std::move(detail)};
}

// "ID" or "ID;CLUSTER", nothing else.
std::optional<std::string> ParseSubmitAnswer(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::string_view id = text.substr(0, text.find(';'));
  if (!slurm::ParseWhole(id) || text.find('\n') != std::string_view::npos) return std::nullopt;
  return std::string(id);
}

}  // namespace

SlurmScheduler::SlurmScheduler(Parts parts)
    : settings_(std::move(parts.settings)),
      runner_(parts.runner),
      clock_(parts.clock),
      wait_(std::move(parts.wait)),
      earlier_tags_(std::move(parts.earlier_tags)),
      client_(settings_, parts.runner, parts.random),
      accounting_(settings_.accounting) {}

Result<std::string> SlurmScheduler::Describe() {
  ASSIGN_OR_RETURN(const auto config, client_.ReadConfig());
  const auto version = config.find("SLURM_VERSION");
  return fmt::format("slurm {}", version == config.end() ? "of unknown version" : version->second);
}

std::vector<std::string> SlurmScheduler::CommandFor(const LocalJob& job) {
  Result<std::vector<std::string>> arguments = slurm::SubmitArguments(job, settings_);
  if (!arguments.ok()) return {"refused:", std::string(MessageOf(arguments.status()))};
  return slurm::SubmitCommand(settings_, *std::move(arguments), "").argv;
}

SubmitOutcome SlurmScheduler::Submit(const LocalJob& job) {
  Result<std::vector<std::string>> arguments = slurm::SubmitArguments(job, settings_);
  if (!arguments.ok()) return Outcome(Kind::kRefused, std::string(MessageOf(arguments.status())));
  const Result<ChildResult> result = runner_.Run(slurm::SubmitCommand(settings_, *std::move(arguments), job.wrapper));
  if (!result.ok()) {
    const bool never_ran =
        result.status().code() == StatusCode::kNotFound || result.status().code() == StatusCode::kPermissionDenied;
    return Outcome(never_ran ? Kind::kBackPressure : Kind::kAmbiguous, std::string(MessageOf(result.status())));
  }
  if (!result->succeeded()) {
    slurm::FailureVerdict verdict = slurm::JudgeFailedSubmission(*result);
    return Outcome(verdict.kind, std::move(verdict.detail));
  }
  const std::optional<std::string> id = ParseSubmitAnswer(result->output);
  if (!id)
    return Outcome(Kind::kAmbiguous, fmt::format("sbatch's answer is no job id: '{}'", result->output.substr(0, 200)));
  return ReadBack(job, *id);
}

// The id alone names nothing: it may be somebody else's soon.  The submit time is part of the name, and a submit filter
// may have rewritten what we are to find the job by.
SubmitOutcome SlurmScheduler::ReadBack(const LocalJob& job, const std::string& local_job_id) {
  const Result<std::string> cluster = client_.ClusterName();
  const auto rows = client_.ReadQueueOf(local_job_id);
  if (!cluster.ok() || !rows.ok()) {
    return Outcome(Kind::kAmbiguous, fmt::format("sbatch answered {}, but reading it back failed: {}", local_job_id,
                                                 MessageOf(cluster.ok() ? rows.status() : cluster.status())));
  }
  for (const slurm::QueueJob& row : *rows) {
    if (row.id != local_job_id) continue;
    if (slurm::TagOf(row.name, row.comment) != job.tag) {
      return Outcome(Kind::kAmbiguous, fmt::format("job {} does not carry our tag: its name is '{}', its comment '{}'; "
                                                   "does a submit filter rewrite both?",
                                                   local_job_id, row.name, row.comment));
    }
    const LocalJobIdentity identity{*cluster, local_job_id, row.submit_time, job.tag};
    known_[job.tag] = identity;
    return {.kind = Kind::kAccepted, .identity = identity, .detail = ""};
  }
  return Outcome(Kind::kAmbiguous, fmt::format("sbatch answered {}, and squeue does not know it", local_job_id));
}

PollResult SlurmScheduler::Poll(const PollRequest& request) {
  PollResult result;
  result.sources.push_back(ReadQueueSource());
  if (accounting_) {
    SourceReading reading = ReadAccountingSource(request);
    if (accounting_) result.sources.push_back(std::move(reading));
  }
  Remember(request, result);
  return result;
}

SourceReading SlurmScheduler::ReadQueueSource() {
  SourceReading reading;
  reading.kind = SourceKind::kQueue;
  const Result<std::string> cluster = client_.ClusterName();
  const auto rows = cluster.ok() ? client_.ReadQueue() : cluster.status();
  if (!rows.ok()) {
    reading.error = MessageOf(rows.status());
    return reading;
  }
  for (const slurm::QueueJob& row : *rows) {
    std::optional<LocalJobView> view = slurm::ViewOfQueueJob(row, *cluster, settings_);
    if (!view) continue;
    Settle(*view);
    reading.users_in_sight.insert(view->local_user);
    reading.jobs.push_back(*std::move(view));
  }
  reading.complete = true;
  return reading;
}

SourceReading SlurmScheduler::ReadAccountingSource(const PollRequest& request) {
  SourceReading reading;
  reading.kind = SourceKind::kAccounting;
  auto rows = AskAccounting(request);
  if (rows.status().code() == StatusCode::kFailedPrecondition) {
    LogInfo("no accounting at this cluster, the queue is the only source",
            {{"reason", std::string(MessageOf(rows.status()))}});
    accounting_ = false;
    return reading;
  }
  if (!rows.ok()) {
    reading.error = MessageOf(rows.status());
    return reading;
  }
  const std::set<std::string> open(request.tags.begin(), request.tags.end());
  for (const slurm::FoldedJob& row : slurm::FoldRuns(*std::move(rows))) {
    std::optional<LocalJobView> view = slurm::ViewOfAccountingJob(row, settings_);
    if (!view) continue;
    reading.users_in_sight.insert(view->local_user);
    Witness& witness = witnesses_[view->local_user];
    if (view->submit_time >= witness.submit_time) witness = {view->tag, view->submit_time};
    if (!open.contains(view->tag)) continue;
    Settle(*view);
    reading.jobs.push_back(*std::move(view));
  }
  reading.complete = true;
  return reading;
}

Result<std::vector<slurm::AccountingJob>> SlurmScheduler::AskAccounting(const PollRequest& request) {
  slurm::AccountingQuery query;
  query.oldest = request.oldest_submit - std::chrono::minutes(1);  // Slurm's clock need not be ours
  std::vector<std::string> names = request.tags;
  if (witnesses_.empty()) {
    names.insert(names.end(), earlier_tags_.begin(), earlier_tags_.end());
  }
  for (const auto& [user, witness] : witnesses_) {
    names.push_back(witness.tag);
    query.oldest = std::min(query.oldest, witness.submit_time - std::chrono::minutes(1));
  }
  std::erase_if(names, [](const std::string& name) { return !AttemptOfTag(name).has_value(); });
  std::vector<slurm::AccountingJob> all;
  for (size_t at = 0; at < names.size(); at += slurm::kAccountingNamesMax) {
    const size_t end = std::min(names.size(), at + slurm::kAccountingNamesMax);
    query.names.assign(names.begin() + static_cast<long>(at), names.begin() + static_cast<long>(end));
    ASSIGN_OR_RETURN(auto rows, client_.ReadAccounting(query));
    std::move(rows.begin(), rows.end(), std::back_inserter(all));
  }
  RETURN_IF_ERROR(AddRowsById(request, all));
  return all;
}

// A job that ended within milliseconds has, for a while, neither its name nor its comment in accounting: those whose id
// is known are asked for by it, and taken for ours only if the submit time is the same as well.
Status SlurmScheduler::AddRowsById(const PollRequest& request, std::vector<slurm::AccountingJob>& rows) {
  std::set<std::string> found;
  for (const slurm::AccountingJob& row : rows) found.emplace(slurm::TagOf(row.name, row.comment));
  std::map<std::string, const LocalJobIdentity*> missing;  // by id
  for (const std::string& tag : request.tags) {
    const auto known = known_.find(tag);
    if (known != known_.end() && !found.contains(tag)) missing[known->second.local_job_id] = &known->second;
  }
  slurm::AccountingQuery query;
  const auto ask = [&]() -> Status {
    if (query.local_job_ids.empty()) return OkStatus();
    ASSIGN_OR_RETURN(auto by_id, client_.ReadAccounting(query));
    for (slurm::AccountingJob& row : by_id) {
      const auto wanted = missing.find(row.id);
      if (wanted == missing.end() || row.name != kNameUnrecorded) continue;
      if (row.submit_time != wanted->second->submit_time || row.cluster != wanted->second->cluster) continue;
      row.name = wanted->second->tag;
      rows.push_back(std::move(row));
    }
    query.local_job_ids.clear();
    return OkStatus();
  };
  for (const auto& [id, identity] : missing) {
    query.local_job_ids.push_back(id);
    if (query.local_job_ids.size() == slurm::kAccountingNamesMax) RETURN_IF_ERROR(ask());
  }
  return ask();
}

// What this process knows beyond the row: what it cancelled itself, and under which submit time a requeued job was
// submitted.
void SlurmScheduler::Settle(LocalJobView& view) {
  if (view.state == LocalState::kUnknown && unknown_words_.insert(view.raw_state).second) {
    LogWarn("a job state that this adapter does not know; its jobs count as unknown",
            {{"state", view.raw_state}, {"local_job", view.local_job_id}});
  }
  if (view.cause == EndCause::kCancelledBySite && cancelled_.contains(view.tag)) {
    view.cause = EndCause::kCancelledByUser;
    view.fault = FaultClass::kNone;
  }
  const auto known = known_.find(view.tag);
  if (known != known_.end() && slurm::IsNamed(view, known->second)) view.submit_time = known->second.submit_time;
}

void SlurmScheduler::Remember(const PollRequest& request, const PollResult& result) {
  const std::set<std::string> open(request.tags.begin(), request.tags.end());
  for (const SourceReading& reading : result.sources) {
    for (const LocalJobView& view : reading.jobs) {
      if (!open.contains(view.tag)) continue;
      known_.try_emplace(view.tag, LocalJobIdentity{view.cluster, view.local_job_id, view.submit_time, view.tag});
    }
  }
  std::erase_if(known_, [&open](const auto& entry) { return !open.contains(entry.first); });
  std::erase_if(cancelled_, [&open](const std::string& tag) { return !open.contains(tag); });
}

Status SlurmScheduler::Cancel(const LocalJobIdentity& job) {
  if (job.local_job_id.empty() || job.local_job_id.find_first_not_of("0123456789_+") != std::string::npos) {
    return InvalidArgument("'{}' is no job id of Slurm", job.local_job_id);
  }
  ASSIGN_OR_RETURN(const std::string cluster, client_.ClusterName());
  if (!job.cluster.empty() && cluster != job.cluster)
    return FailedPrecondition("job {} is of cluster {}, this is {}", job.local_job_id, job.cluster, cluster);
  ASSIGN_OR_RETURN(const auto rows, client_.ReadQueueOf(job.local_job_id));
  for (const slurm::QueueJob& row : rows) {
    const std::optional<LocalJobView> view = slurm::ViewOfQueueJob(row, cluster, settings_);
    if (!view || !slurm::IsNamed(*view, job) || view->state == LocalState::kEnded) continue;
    const std::string_view name = AttemptOfTag(row.name).has_value() ? std::string_view(row.name) : std::string_view();
    ASSIGN_OR_RETURN(const ChildResult result, runner_.Run(slurm::CancelCommand(settings_, name, job.local_job_id)));
    const std::string_view said = result.error_output;
    if (result.timed_out) return DeadlineExceeded("scancel {} did not answer in time", job.local_job_id);
    if (said.find("Access/permission denied") != std::string_view::npos) {
      return PermissionDenied("scancel {}: this user may not cancel jobs of {}", job.local_job_id, row.user);
    }
    const bool gone = said.find("Invalid job id specified") != std::string_view::npos ||
                      said.find("already completing or completed") != std::string_view::npos;
    if (!result.succeeded() && !gone) {
      return Unavailable("scancel {} ended with {}: {}", job.local_job_id, result.exit_code, said.substr(0, 300));
    }
    cancelled_.insert(job.tag);
  }
  return OkStatus();
}

Result<std::vector<ShareCapacity>> SlurmScheduler::ReadCapacity() {
  ASSIGN_OR_RETURN(const auto partitions, client_.ReadPartitions());
  ASSIGN_OR_RETURN(const auto nodes, client_.ReadNodes());
  ASSIGN_OR_RETURN(const auto jobs, client_.ReadQueue());
  ASSIGN_OR_RETURN(const auto reservations, client_.ReadReservations());
  std::vector<ShareCapacity> shares = slurm::ComputeCapacity(settings_, partitions, nodes, jobs);
  slurm::AddMaintenance(settings_, nodes, reservations, shares);
  return shares;
}

std::vector<CheckLine> SlurmScheduler::Check(const LocalJob& probe) {
  return slurm::SiteCheck({settings_, client_, *this, clock_, wait_}).Run(probe);
}

}  // namespace turnpike
