#include "adapters/slurm/job_view.h"

#include "adapters/slurm/state_map.h"
#include "adapters/slurm/tag.h"

namespace turnpike::slurm {
namespace {

void Judge(const EndEvidence& evidence, LocalJobView& view) {
  const StateVerdict verdict = JudgeState(evidence);
  view.state = verdict.state;
  view.raw_state = evidence.raw_state;
  view.raw_reason =
      evidence.raw_reason == "None" ? "" : evidence.raw_reason;  // Slurm's word for having nothing to say.
  view.cause = verdict.cause;
  view.fault = verdict.fault;
  view.exit_code = verdict.exit_code;
  view.exit_signal = verdict.exit_signal;
}

}  // namespace

std::optional<LocalJobView> ViewOfQueueJob(const QueueJob& job, const std::string& cluster,
                                           const SlurmSettings& settings) {
  const std::string_view tag = TagOf(job.name, job.comment);
  if (tag.empty()) return std::nullopt;
  LocalJobView view;
  view.cluster = cluster;
  view.local_job_id = job.id;
  view.tag = tag;
  view.comment = job.comment;
  view.local_user = job.user;
  view.submit_time = job.submit_time;
  view.restarts = job.restarts;
  Judge({job.state, job.reason, job.exit, job.had_nodes, settings.own_uid}, view);
  if (view.state == LocalState::kEnded) view.end_time = job.end_time;
  if (!job.had_nodes || view.state == LocalState::kPending) return view;
  view.start_time = job.start_time;
  view.elapsed = job.elapsed;
  int64_t accelerators = CountAccelerators(job.tres.gres, settings.accelerators);
  // Without AccountingStorageTRES=gres/… the sum does not name them; what was asked for per node does.
  if (accelerators == 0) accelerators = CountAccelerators(job.gres_per_node, settings.accelerators) * job.nodes;
  view.allocated =
      ResourceAmounts{job.nodes, job.tres.cpus > 0 ? job.tres.cpus : job.cpus, accelerators, job.tres.memory_mib};
  return view;
}

std::optional<LocalJobView> ViewOfAccountingJob(const FoldedJob& folded, const SlurmSettings& settings) {
  const AccountingJob& job = folded.job;
  const std::string_view tag = TagOf(job.name, job.comment);
  if (tag.empty()) return std::nullopt;
  LocalJobView view;
  view.cluster = job.cluster;
  view.local_job_id = job.id;
  view.tag = tag;
  view.comment = job.comment;
  view.local_user = job.user;
  view.submit_time = job.submit_time;
  view.restarts = folded.restarts;
  Judge({job.state, job.reason, job.exit, job.had_nodes, settings.own_uid}, view);
  if (view.state == LocalState::kEnded) view.end_time = job.end_time;
  if (!job.had_nodes) return view;
  view.start_time = job.start_time;
  view.elapsed = job.elapsed;
  if (job.tres.cpus > 0) {  // "" until the start has been recorded
    view.allocated = ResourceAmounts{job.tres.nodes, job.tres.cpus,
                                     CountAccelerators(job.tres.gres, settings.accelerators), job.tres.memory_mib};
  }
  return view;
}

bool IsNamed(const LocalJobView& view, const LocalJobIdentity& identity) {
  if (view.cluster != identity.cluster || view.local_job_id != identity.local_job_id || view.tag != identity.tag)
    return false;
  return view.submit_time == identity.submit_time || (view.restarts > 0 && view.submit_time > identity.submit_time);
}

}  // namespace turnpike::slurm
